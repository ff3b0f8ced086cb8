//! Slot: an expense or transfer together with what changes it (SPEC §6.7).

use crate::base::id::EntryId;

/// Part of an entry in its slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SlotRole {
    /// The entry recorded the expense or transfer, and copies nothing. One that has no origin is
    /// the only original of its slot.
    Original,
    /// The entry recorded the original again.
    Copy,
    /// The entry replaces the content.
    Correction,
    /// The entry ends the slot.
    Cancellation,
    /// The entry takes back the cancellations before it.
    Restoration,
}

impl SlotRole {
    /// All parts. At most one entry of each decides what a slot shows.
    pub const ALL: [Self; 5] =
        [Self::Original, Self::Copy, Self::Correction, Self::Cancellation, Self::Restoration];

    /// Returns whether the first entry of this part in the total order decides. Else the last
    /// one does.
    #[must_use]
    pub const fn first_decides(self) -> bool {
        matches!(self, Self::Original | Self::Copy)
    }
}

/// Applied entry of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotEntry {
    /// The entry.
    pub id: EntryId,
    /// Clock of the entry. With the id it gives the place in the total order.
    pub lamport: u64,
    /// Part of the entry.
    pub role: SlotRole,
}

/// Slot of an earlier entry that another entry names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotReference {
    /// Original that names the slot: the entry that recorded the expense or transfer, of several
    /// with one origin the first that came to this device. If the entry names a void copy, what
    /// that copy names, whatever it is.
    pub original: EntryId,
    /// Whether the entry confirms or disputes the slot. Else it corrects, cancels, restores
    /// or copies it, or records it once more under one origin.
    pub endorses: bool,
}

/// Content that a slot shows: a maximum over its applied entries.
///
/// A maximum does not depend on the order in which its arguments come. So devices that
/// hold the same applied entries show the same, whatever order they arrived in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slot {
    /// First original in the total order, else the first copy, and whether it is a copy.
    first: Option<(bool, u64, EntryId)>,
    /// Last correction in the total order.
    correction: Option<(u64, EntryId)>,
    /// Last cancellation or restoration in the total order, and whether it is a cancellation.
    ending: Option<(u64, EntryId, bool)>,
}

impl Slot {
    /// Returns the slot of some applied entries, in any order.
    #[must_use]
    pub fn from_entries(entries: impl IntoIterator<Item = SlotEntry>) -> Self {
        entries.into_iter().fold(Self::default(), Self::with)
    }

    /// Returns the slot with one more applied entry.
    #[must_use]
    pub fn with(mut self, entry: SlotEntry) -> Self {
        match entry.role {
            SlotRole::Original | SlotRole::Copy => {
                let first = (entry.role == SlotRole::Copy, entry.lamport, entry.id);
                self.first = Some(self.first.map_or(first, |other| other.min(first)));
            }
            SlotRole::Correction => {
                self.correction = self.correction.max(Some((entry.lamport, entry.id)));
            }
            SlotRole::Cancellation | SlotRole::Restoration => {
                let ending = (entry.lamport, entry.id, entry.role == SlotRole::Cancellation);
                self.ending = self.ending.max(Some(ending));
            }
        }
        self
    }

    /// Returns the entry that stands in the slot: the first applied original, else the first copy.
    #[must_use]
    pub fn shown(&self) -> Option<EntryId> {
        self.first.map(|(_, _, id)| id)
    }

    /// Returns the entry whose content the slot shows, cancelled or not: the last
    /// correction, else the entry that stands in it.
    #[must_use]
    pub fn content(&self) -> Option<EntryId> {
        let shown = self.shown()?;
        Some(self.correction.map_or(shown, |(_, id)| id))
    }

    /// Returns the entry whose content counts in balances. `None` if the slot is cancelled.
    #[must_use]
    pub fn effective(&self) -> Option<EntryId> {
        self.content().filter(|_| !self.is_cancelled())
    }

    /// Returns whether the slot is cancelled: whether the last of its cancellations and
    /// restorations is a cancellation.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.ending.is_some_and(|(_, _, is_cancellation)| is_cancellation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry(role: SlotRole, lamport: u64, id: u8) -> SlotEntry {
        SlotEntry { id: EntryId::from_bytes([id; 32]), lamport, role }
    }

    #[test]
    fn the_last_correction_counts_and_a_cancellation_ends() {
        let original = entry(SlotRole::Original, 5, 9);
        let first = entry(SlotRole::Correction, 6, 1);
        let tie = entry(SlotRole::Correction, 6, 2);
        let cancel = entry(SlotRole::Cancellation, 2, 3);
        assert_eq!(Slot::from_entries([original]).effective(), Some(original.id));
        assert_eq!(Slot::from_entries([original, tie, first]).effective(), Some(tie.id));
        let ended = Slot::from_entries([original, cancel, first]);
        assert_eq!((ended.effective(), ended.content()), (None, Some(first.id)));
        assert!(ended.is_cancelled() && !Slot::from_entries([original, first]).is_cancelled());
        assert_eq!(Slot::from_entries([first]).content(), None, "nothing without an original");
        let (early, late) = (entry(SlotRole::Copy, 7, 4), entry(SlotRole::Copy, 8, 5));
        assert_eq!(Slot::from_entries([late, early]).effective(), Some(early.id), "the first copy");
        assert_eq!(Slot::from_entries([late, original]).effective(), Some(original.id));
        assert_eq!(Slot::from_entries([late, first]).effective(), Some(first.id));
        // Of several originals with one origin, the first in the order is shown.
        let other = entry(SlotRole::Original, 4, 10);
        assert_eq!(Slot::from_entries([late, original, other]).effective(), Some(other.id));
        let tie = entry(SlotRole::Original, 5, 8);
        assert_eq!(Slot::from_entries([original, tie]).effective(), Some(tie.id));
    }

    #[test]
    fn the_last_of_cancellations_and_restorations_counts() {
        let original = entry(SlotRole::Original, 5, 9);
        let cancel = entry(SlotRole::Cancellation, 6, 2);
        let restore = entry(SlotRole::Restoration, 6, 3);
        let again = entry(SlotRole::Cancellation, 7, 1);
        assert_eq!(Slot::from_entries([original, restore, cancel]).effective(), Some(original.id));
        assert!(Slot::from_entries([again, original, restore, cancel]).is_cancelled());
        assert!(
            !Slot::from_entries([original, restore]).is_cancelled(),
            "of what nobody cancelled"
        );
        let earlier = entry(SlotRole::Restoration, 6, 1);
        assert!(
            Slot::from_entries([original, cancel, earlier]).is_cancelled(),
            "the larger id of a tie"
        );
    }

    proptest! {
        #[test]
        fn order_does_not_matter(
            lamports in proptest::collection::vec((1u64..5, 0u8..2), 0..6),
            endings in proptest::collection::vec((1u64..4, any::<bool>()), 0..5),
            seed in any::<prop::sample::Index>(),
        ) {
            let mut entries = vec![entry(SlotRole::Original, 2, 200)];
            for (place, (lamport, _)) in (50u8..).zip(lamports.iter().filter(|l| l.1 == 0)) {
                entries.push(entry(SlotRole::Original, *lamport, place));
            }
            for (place, (lamport, _)) in (1u8..).zip(&lamports) {
                entries.push(entry(SlotRole::Correction, *lamport, place));
            }
            for (place, (lamport, _)) in (100u8..).zip(lamports.iter().filter(|l| l.1 == 1)) {
                entries.push(entry(SlotRole::Copy, *lamport, place));
            }
            for (place, (lamport, cancels)) in (201u8..).zip(&endings) {
                let role = if *cancels { SlotRole::Cancellation } else { SlotRole::Restoration };
                entries.push(entry(role, *lamport, place));
            }
            let expected = Slot::from_entries(entries.iter().copied());
            // The first of the largest clock has the smallest id, so the last of equal ones counts.
            let last = endings.iter().rev().max_by_key(|(lamport, _)| *lamport);
            let last = last.map(|(lamport, _)| {
                endings.iter().rfind(|(other, _)| other == lamport).is_some_and(|(_, cancels)| *cancels)
            });
            prop_assert_eq!(expected.is_cancelled(), last == Some(true));
            let by = seed.index(entries.len());
            entries.rotate_left(by);
            prop_assert_eq!(Slot::from_entries(entries.iter().copied()), expected);
            entries.reverse();
            prop_assert_eq!(Slot::from_entries(entries.iter().copied()), expected);
        }
    }
}
