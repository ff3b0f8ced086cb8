//! The settings with which a database is opened.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use ledger_core::Speaks;
use ledger_core::limits::LedgerLimits;

use crate::platform::{Environment, SystemEnvironment};

/// Time that a call waits for other writers, by default.
const BUSY_LIMIT: Duration = Duration::from_secs(5);

/// Number of reading connections, by default; ARCHITECTURE.md has the measurements.
const READERS: u8 = 3;

/// KiB of pages that each connection keeps, by default; ARCHITECTURE.md has the
/// measurements.
const CACHE_KIB: u32 = 2048;

/// Most threads that verify signatures at once, by default: a phone's small cores would only get
/// in the way of what is on the screen.
const THREADS: usize = 4;

/// Most rows of a file that one transaction goes through, by default.
#[cfg(feature = "import")]
const IMPORT_BATCH: usize = 20_000;

/// Settings of an open database. `StoreOptions` documents each of them for apps.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) busy_limit: Duration,
    pub(crate) readers: u8,
    pub(crate) cache_kib: u32,
    pub(crate) threads: usize,
    pub(crate) plaintext_header: Option<String>,
    pub(crate) environment: Arc<dyn Environment>,
    pub(crate) limits: LedgerLimits,
    pub(crate) speaks: Option<Speaks>,
    pub(crate) read_only: bool,
    #[cfg(feature = "import")]
    pub(crate) import_batch: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            busy_limit: BUSY_LIMIT,
            readers: READERS,
            cache_kib: CACHE_KIB,
            threads: thread::available_parallelism().map_or(1, usize::from).min(THREADS),
            plaintext_header: None,
            environment: Arc::new(SystemEnvironment),
            limits: LedgerLimits::default(),
            speaks: None,
            read_only: false,
            #[cfg(feature = "import")]
            import_batch: IMPORT_BATCH,
        }
    }
}
