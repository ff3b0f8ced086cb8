//! The entries that came last, for those who are told what changed.

use std::collections::VecDeque;

use ledger_core::engine::DecodedEntry;
use ledger_core::{DeviceId, EntryId};

/// Most entries that are remembered of a group.
const REMEMBERED: usize = 256;

/// A new entry of a group: it came from elsewhere, or was recorded here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The entry.
    pub entry: EntryId,
    /// Whether this device signed it, with the keys that it has now. Otherwise another device did,
    /// perhaps one of the same person.
    pub signed_here: bool,
}

impl Arrival {
    pub(crate) fn new(entry: &DecodedEntry, device: DeviceId) -> Self {
        Self { entry: entry.id(), signed_here: entry.header().device() == device }
    }
}

/// The last 256 entries of a group in the order in which they came, each with its number. It may
/// hold fewer: only those that were read or written since the ledger was loaded.
#[derive(Clone, Default)]
pub(crate) struct RecentArrivals(VecDeque<(i64, Arrival)>);

impl RecentArrivals {
    pub(crate) fn push(&mut self, n: i64, arrival: Arrival) {
        if self.0.len() >= REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back((n, arrival));
    }

    /// Those after a number, in the order in which they came.
    pub(crate) fn after(&self, n: i64) -> impl Iterator<Item = Arrival> + '_ {
        self.0.iter().skip_while(move |(number, _)| *number <= n).map(|(_, arrival)| *arrival)
    }
}

/// Appends new entries to a list of such, and keeps the last 256.
pub(crate) fn join_arrivals(arrivals: &mut Vec<Arrival>, later: &[Arrival]) {
    arrivals.extend_from_slice(later);
    arrivals.drain(..arrivals.len().saturating_sub(REMEMBERED));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrival(n: u8) -> Arrival {
        Arrival { entry: EntryId::from_bytes([n; 32]), signed_here: false }
    }

    #[test]
    fn the_last_are_remembered_in_their_order() {
        let mut recent = RecentArrivals::default();
        let numbers: Vec<i64> = (0..300).collect();
        numbers.iter().for_each(|n| recent.push(*n, arrival((n % 256) as u8)));
        assert_eq!(recent.0.len(), REMEMBERED);
        let after: Vec<Arrival> = recent.after(297).collect();
        assert_eq!(after, [arrival(42), arrival(43)]);
        assert_eq!(recent.after(10).count(), REMEMBERED, "older ones are forgotten");
        let mut joined: Vec<Arrival> = recent.after(0).collect();
        join_arrivals(&mut joined, &[arrival(1)]);
        assert_eq!((joined.len(), joined.last()), (REMEMBERED, Some(&arrival(1))));
    }
}
