//! Allowances of addresses by the day. In memory: a restart gives them anew, which is harmless.

use std::collections::BTreeMap;

use ledger_core::seal::Topic;

/// Most addresses and topics that are remembered in a day. Beyond it, whoever is not known yet gets
/// nothing: memory stays bounded.
const MAX_COUNTED: usize = 200_000;

/// Counts of one day.
#[derive(Debug, Default)]
pub(super) struct Allowances {
    day: u64,
    used: BTreeMap<([u8; 8], Option<Topic>), u64>,
}

impl Allowances {
    /// Takes one of the day's `most` of an address: new logs, or key envelopes of one log.
    pub(super) fn take(
        &mut self,
        address: [u8; 8],
        topic: Option<Topic>,
        most: u64,
        now_ms: u64,
    ) -> bool {
        let day = now_ms / 86_400_000;
        if day != self.day {
            (self.day, self.used) = (day, BTreeMap::new());
        }
        if self.used.len() >= MAX_COUNTED && !self.used.contains_key(&(address, topic)) {
            return false;
        }
        let used = self.used.entry((address, topic)).or_default();
        let is_free = *used < most;
        *used = used.saturating_add(u64::from(is_free));
        is_free
    }
}

/// Milliseconds until the next day begins.
pub(super) fn until_tomorrow(now_ms: u64) -> u64 {
    86_400_000_u64.saturating_sub(now_ms % 86_400_000)
}
