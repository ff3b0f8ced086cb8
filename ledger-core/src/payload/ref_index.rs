//! Indexes of refs, by which payloads name other entries.

use crate::base::codec::{Reader, Writer};
use crate::base::rule::{Refusal, Rule};

/// Index of an id among its entry's refs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RefIndex(u16);

impl RefIndex {
    pub(crate) const fn new(place: u16) -> Self {
        Self(place)
    }

    /// The index into [`Header::refs`](crate::header::Header::refs).
    #[must_use]
    pub const fn as_usize(self) -> usize {
        self.0 as usize
    }

    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        let number = r.uint()?;
        u16::try_from(number).map(Self).map_err(|_| Refusal::new(Rule::P1))
    }

    pub(super) fn write(self, w: &mut Writer) {
        w.uint(u64::from(self.0));
    }
}
