//! Index of names.

use std::collections::BTreeMap;

use crate::base::id::{DeviceId, EntryId, MemberId};
use crate::money::Currency;

/// Names that drafts and lists look up. Follows from the admitted entries like the state,
/// but is not in the digest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct NameIndex {
    /// Entries that introduce a member, whatever their verdict, with the member.
    pub(crate) introductions: BTreeMap<EntryId, MemberId>,
    /// Clock and id of each member's first introduction. One with a fault goes behind all
    /// others.
    pub(crate) order: BTreeMap<MemberId, (u64, EntryId)>,
    /// Owner of each device key.
    pub(crate) owners: BTreeMap<DeviceId, MemberId>,
    /// Currencies of applied entries, with the number of these entries. Never 0.
    pub(crate) currencies: BTreeMap<Currency, u64>,
    /// Number of entries that this build cannot judge.
    pub(crate) unknown: u64,
}

impl NameIndex {
    /// Adds an entry that introduces a member.
    pub(crate) fn introduce(&mut self, entry: EntryId, lamport: u64, member: MemberId) {
        self.introductions.insert(entry, member);
        let first = self.order.entry(member).or_insert((lamport, entry));
        *first = (*first).min((lamport, entry));
    }

    /// Counts one more applied entry in a currency, or one less.
    pub(crate) fn count_currency(&mut self, currency: Currency, applied: bool) {
        let entries = self.currencies.entry(currency).or_default();
        *entries = if applied { entries.saturating_add(1) } else { entries.saturating_sub(1) };
        if *entries == 0 {
            self.currencies.remove(&currency);
        }
    }
}
