//! Endorsements: a member confirms or disputes a transaction (SPEC §4.9).

use super::RefIndex;
use crate::base::codec::{Reader, Writer};
use crate::base::limits::MAX_TEXT_BYTES;
use crate::base::rule::Refusal;

/// Review of what one entry says of a transaction, by a member who confirms or disputes it:
/// `[target, 1|0, note|null]`. Apps show it while the slot shows that entry's content; balances
/// do not change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endorsement {
    pub(crate) target: RefIndex,
    pub(crate) confirms: bool,
    pub(crate) note: Option<String>,
}

impl Endorsement {
    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(3)?;
        let target = RefIndex::read(r)?;
        let confirms = r.flag()?;
        let note = r.optional(|r| r.text(MAX_TEXT_BYTES).map(str::to_owned))?;
        Ok(Self { target, confirms, note })
    }

    pub(super) fn write(&self, w: &mut Writer) {
        w.array(3);
        self.target.write(w);
        w.flag(self.confirms);
        w.optional(self.note.as_deref(), Writer::text);
    }

    /// The entry that is reviewed: an expense, a transfer, a correction or a copy.
    #[must_use]
    pub fn target(&self) -> RefIndex {
        self.target
    }

    /// Whether the member confirms; otherwise the member disputes.
    #[must_use]
    pub fn confirms(&self) -> bool {
        self.confirms
    }

    /// The member's note.
    #[must_use]
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }
}
