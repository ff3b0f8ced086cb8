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
    /// Place of each member's first introduction.
    pub(crate) order: BTreeMap<MemberId, IntroductionPlace>,
    /// Owner of each device key.
    pub(crate) owners: BTreeMap<DeviceId, MemberId>,
    /// Currencies of applied entries, with the number of these entries. Never 0.
    pub(crate) currencies: BTreeMap<Currency, u64>,
    /// Number of entries that this build cannot judge.
    pub(crate) unknown: u64,
}

/// Place of an introduction among those of its member (SPEC §4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct IntroductionPlace {
    pub(crate) standing: IntroductionStanding,
    pub(crate) lamport: u64,
    pub(crate) entry: EntryId,
}

/// Standing of an introduction by itself: the verdict that it would have if nobody else had introduced the
/// member. Its verdict does not say: with the member all introductions of them without a fault are
/// applied, also of somebody who was removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum IntroductionStanding {
    /// It has no fault, its author is accepted, and no cut concerns it.
    Applied,
    /// It has no fault, but is idle: its author is not accepted, or was cut.
    Idle,
    /// It has a fault: anybody can write one of anybody's card.
    Faulty,
}

impl IntroductionStanding {
    /// Returns the standing of an introduction.
    pub(crate) fn new(has_fault: bool, is_idle: bool) -> Self {
        match (has_fault, is_idle) {
            (true, _) => Self::Faulty,
            (false, true) => Self::Idle,
            (false, false) => Self::Applied,
        }
    }

    /// Returns the number in a checkpoint.
    pub(crate) fn code(self) -> u64 {
        match self {
            Self::Applied => 0,
            Self::Idle => 1,
            Self::Faulty => 2,
        }
    }

    /// Returns the standing with a number.
    pub(crate) fn from_code(code: u64) -> Option<Self> {
        match code {
            0 => Some(Self::Applied),
            1 => Some(Self::Idle),
            2 => Some(Self::Faulty),
            _ => None,
        }
    }
}

impl NameIndex {
    /// Adds an entry that introduces a member.
    pub(crate) fn introduce(&mut self, place: IntroductionPlace, member: MemberId) {
        self.introductions.insert(place.entry, member);
        let first = self.order.entry(member).or_insert(place);
        *first = (*first).min(place);
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
