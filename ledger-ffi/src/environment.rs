//! A clock that is set by hand and randomness from a seed, for unit tests and
//! previews of apps.

use std::sync::{Mutex, PoisonError};

use ledger_store::{Environment, StoreError};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

use crate::LedgerError;

/// What an in-memory ledger has instead of the system's clock and randomness.
/// With the same seed, times and calls, everything comes out the same, ids and
/// digests included.
#[derive(uniffi::Object)]
pub struct TestClock {
    now_ms: Mutex<u64>,
    random: Mutex<ChaCha20Rng>,
}

#[uniffi::export]
impl TestClock {
    /// Stands at `now_ms`, milliseconds since 1970-01-01 UTC.
    ///
    /// # Errors
    /// None; as with every call, a binding may report [`LedgerError`].
    #[uniffi::constructor]
    pub fn new(now_ms: u64, seed: u64) -> Result<Self, LedgerError> {
        let random = Mutex::new(ChaCha20Rng::seed_from_u64(seed));
        Ok(Self { now_ms: Mutex::new(now_ms), random })
    }

    /// Stands at another time from now on.
    ///
    /// # Errors
    /// None; as with every call, a binding may report [`LedgerError`].
    pub fn set(&self, now_ms: u64) -> Result<(), LedgerError> {
        *self.now_ms.lock().unwrap_or_else(PoisonError::into_inner) = now_ms;
        Ok(())
    }
}

impl Environment for TestClock {
    fn now_ms(&self) -> u64 {
        *self.now_ms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fill_random(&self, bytes: &mut [u8]) -> Result<(), StoreError> {
        self.random.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use ledger_store::StoreOptions;

    use super::{Environment, StoreError, TestClock};
    use crate::open::Open;
    use crate::{ErrorCode, LedgerGroup};

    /// A system whose randomness ends.
    struct Drying {
        clock: TestClock,
        dry: AtomicBool,
    }

    impl Environment for Drying {
        fn now_ms(&self) -> u64 {
            self.clock.now_ms()
        }

        fn fill_random(&self, bytes: &mut [u8]) -> Result<(), StoreError> {
            match self.dry.load(Ordering::Relaxed) {
                true => Err(StoreError::Randomness("none is left".to_owned())),
                false => self.clock.fill_random(bytes),
            }
        }
    }

    #[test]
    fn without_randomness_nothing_is_signed() {
        let clock = TestClock::new(1_763_700_000_000, 7).unwrap();
        let system = Arc::new(Drying { clock, dry: AtomicBool::new(false) });
        let store = StoreOptions::new().environment(system.clone()).in_memory().unwrap();
        let id = store.create_group("Flat", "Anna").unwrap().id();
        let group = LedgerGroup::new(Open::new(store), id);
        let before = group.info().unwrap().entries;
        system.dry.store(true, Ordering::Relaxed);
        let error = group.add_placeholder("Ben").unwrap_err();
        assert_eq!(error.code(), ErrorCode::NoRandomness);
        assert_eq!(group.info().unwrap().entries, before);
        system.dry.store(false, Ordering::Relaxed);
        group.add_placeholder("Ben").unwrap();
    }
}
