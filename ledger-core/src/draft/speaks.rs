//! Drafts by which a device says what it reads.

use super::Draft;
use crate::payload::{Payload, Speaks};

impl Draft {
    /// Says what the signing device reads.
    #[must_use]
    pub fn speaks(speaks: Speaks) -> Self {
        Self { payload: Payload::Speaks(speaks), refs: Vec::new() }
    }
}
