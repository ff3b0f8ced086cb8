//! Sets of entries of one history, one bit for each entry.

/// A set of entries, by their place in the history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Past(Vec<u64>);

/// Bits of a word.
const BITS: usize = 64;

impl Past {
    pub(super) fn contains(&self, place: usize) -> bool {
        let mask = Self::mask(place);
        self.0.get(place / BITS).is_some_and(|word| word & mask != 0)
    }

    /// Adds an entry. Returns whether it is new.
    pub(super) fn insert(&mut self, place: usize) -> bool {
        let at = place / BITS;
        if self.0.len() <= at {
            self.0.resize(at.saturating_add(1), 0);
        }
        let mask = Self::mask(place);
        match self.0.get_mut(at) {
            Some(word) if *word & mask == 0 => {
                *word |= mask;
                true
            }
            _ => false,
        }
    }

    fn mask(place: usize) -> u64 {
        // The remainder is below 64, so the shift never overflows.
        u32::try_from(place % BITS).ok().and_then(|bit| 1u64.checked_shl(bit)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_was_put_in() {
        let mut past = Past::default();
        for place in [0, 63, 64, 1000] {
            assert!(!past.contains(place));
            assert!(past.insert(place) && !past.insert(place) && past.contains(place));
        }
        assert!(!past.contains(65) && !past.contains(100_000));
    }
}
