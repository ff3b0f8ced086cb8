//! The clock and the source of randomness.

use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use chacha20::ChaCha20Rng;
use chacha20::rand_core::{Rng as _, SeedableRng as _};
use ledger_core::Speaks;
use ledger_core::limits::LedgerLimits;

use zeroize::Zeroizing;

use crate::StoreError;

/// A clock and a random generator. Tests have their own.
pub trait Environment: Send + Sync {
    /// Milliseconds since 1970-01-01 UTC. Only displayed, never trusted.
    fn now_ms(&self) -> u64;

    /// Fills `bytes` with cryptographically secure randomness.
    ///
    /// # Errors
    /// [`StoreError::Randomness`] if the system has none to give.
    fn fill_random(&self, bytes: &mut [u8]) -> Result<(), StoreError>;
}

/// The operating system's clock and random generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEnvironment;

impl Environment for SystemEnvironment {
    fn now_ms(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(0)
    }

    fn fill_random(&self, bytes: &mut [u8]) -> Result<(), StoreError> {
        getrandom::fill(bytes).map_err(|error| StoreError::Randomness(error.to_string()))
    }
}

/// Time, randomness and limits of one call, fetched before the call holds the database: an environment is
/// code of the app, and must not run while other calls wait.
pub(crate) struct CallContext {
    now_ms: u64,
    /// Seeded with 256 bits of the environment's randomness.
    rng: Mutex<ChaCha20Rng>,
    limits: LedgerLimits,
    speaks: Option<Speaks>,
}

impl CallContext {
    pub(crate) fn new(
        environment: &dyn Environment,
        limits: LedgerLimits,
        speaks: Option<Speaks>,
    ) -> Result<Self, StoreError> {
        let rng = Mutex::new(ChaCha20Rng::from_seed(*random(environment)?));
        Ok(Self { now_ms: environment.now_ms(), rng, limits, speaks })
    }

    /// What devices say that they read, if the app wants it.
    pub(crate) fn speaks(&self) -> Option<&Speaks> {
        self.speaks.as_ref()
    }

    /// Limits of what is kept for others.
    pub(crate) fn limits(&self) -> &LedgerLimits {
        &self.limits
    }
}

impl Environment for CallContext {
    fn now_ms(&self) -> u64 {
        self.now_ms
    }

    fn fill_random(&self, bytes: &mut [u8]) -> Result<(), StoreError> {
        self.rng.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(bytes);
        Ok(())
    }
}

/// Fresh random bytes.
pub(crate) fn random<const N: usize>(
    environment: &dyn Environment,
) -> Result<Zeroizing<[u8; N]>, StoreError> {
    let mut bytes = Zeroizing::new([0; N]);
    environment.fill_random(bytes.as_mut())?;
    Ok(bytes)
}
