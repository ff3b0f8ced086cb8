//! Causal past as a set of bits.

/// Set of entries of one history, by their number in it: the causal past of some
/// entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Past(Vec<u64>);

/// Bits of a word.
const BITS: usize = 64;

impl Past {
    pub(super) fn contains(&self, number: usize) -> bool {
        let mask = Self::mask(number);
        self.0.get(number / BITS).is_some_and(|word| word & mask != 0)
    }

    /// Adds an entry. Returns whether it is new.
    pub(super) fn insert(&mut self, number: usize) -> bool {
        let word = number / BITS;
        if self.0.len() <= word {
            self.0.resize(word.saturating_add(1), 0);
        }
        let mask = Self::mask(number);
        match self.0.get_mut(word) {
            Some(word) if *word & mask == 0 => {
                *word |= mask;
                true
            }
            _ => false,
        }
    }

    fn mask(number: usize) -> u64 {
        // The remainder is below 64, so the shift never overflows.
        u32::try_from(number % BITS).ok().and_then(|bit| 1u64.checked_shl(bit)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_was_put_in() {
        let mut past = Past::default();
        for number in [0, 63, 64, 1000] {
            assert!(!past.contains(number));
            assert!(past.insert(number) && !past.insert(number) && past.contains(number));
        }
        assert!(!past.contains(65) && !past.contains(100_000));
    }
}
