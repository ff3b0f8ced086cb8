//! Record of a member.

use std::collections::BTreeSet;

use crate::base::codec::{Reader, Writer};
use crate::base::id::{EntryId, MemberId, StatementId};
use crate::base::limits::MAX_NAME_BYTES;
use crate::base::rule::Refusal;
use crate::statement::Generation;

/// Member of whom at least one entry speaks, accepted or not, with the records
/// about them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct MemberRecord {
    /// Name on the card of which the `MemberId` is the digest.
    pub(crate) name: Option<String>,
    /// Whether the genesis entry introduces the member.
    pub(crate) in_genesis: bool,
    /// Whether step 4 of the resolution accepts the member.
    pub(crate) accepted: bool,
    /// Adds, placeholders, claims and adoptions of the member. Not in the bytes:
    /// rebuilt from the other records.
    pub(crate) introductions: BTreeSet<EntryId>,
    /// Key generations of the member. Not in the bytes either.
    pub(crate) generations: BTreeSet<Generation>,
    /// Removals, binds and self statements about the member. Not in the bytes
    /// either.
    pub(crate) statements: BTreeSet<StatementId>,
}

impl MemberRecord {
    pub(crate) fn write(w: &mut Writer, id: MemberId, member: &Self) {
        w.array(4);
        w.bytes(id.as_bytes());
        w.optional(member.name.as_deref(), Writer::text);
        w.flag(member.in_genesis);
        w.flag(member.accepted);
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Result<(MemberId, Self), Refusal> {
        r.array(4)?;
        let id = MemberId::from_bytes(r.bytes_n()?);
        let member = Self {
            name: r.optional(|r| r.text(MAX_NAME_BYTES).map(str::to_owned))?,
            in_genesis: r.flag()?,
            accepted: r.flag()?,
            ..Self::default()
        };
        Ok((id, member))
    }
}
