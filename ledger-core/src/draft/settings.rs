//! Drafts of settings.

use super::Draft;
use crate::payload::{Payload, Setting};

impl Draft {
    /// Sets something for the whole group.
    #[must_use]
    pub fn setting(setting: Setting) -> Self {
        Self { payload: Payload::Setting(setting), refs: Vec::new() }
    }
}
