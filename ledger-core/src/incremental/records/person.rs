//! Members.

use std::collections::BTreeSet;

use crate::codec::{Reader, Writer};
use crate::id::{EntryId, MemberId, StatementId};
use crate::limits::MAX_NAME_BYTES;
use crate::rule::Refusal;
use crate::statement::Generation;

/// A member as entries speak of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Person {
    /// The name on the card that the MemberId is the digest of.
    pub(crate) name: Option<String>,
    /// Whether the genesis entry introduces them.
    pub(crate) original: bool,
    /// Whether step 4 accepts them.
    pub(crate) accepted: bool,
    /// Adds, placeholders, claims and adopts that name them.
    pub(crate) introductions: BTreeSet<EntryId>,
    pub(crate) generations: BTreeSet<Generation>,
    /// Removals, binds and self acts about them.
    pub(crate) statements: BTreeSet<StatementId>,
}

impl Person {
    pub(crate) fn write(w: &mut Writer, id: MemberId, person: &Self) {
        w.array(4);
        w.bytes(id.as_bytes());
        w.optional(person.name.as_deref(), Writer::text);
        w.flag(person.original);
        w.flag(person.accepted);
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Result<(MemberId, Self), Refusal> {
        r.array(4)?;
        let id = MemberId::from_bytes(r.bytes_n()?);
        let person = Self {
            name: r.optional(|r| r.text(MAX_NAME_BYTES).map(str::to_owned))?,
            original: r.flag()?,
            accepted: r.flag()?,
            ..Self::default()
        };
        Ok((id, person))
    }
}
