//! A ledger in memory.

use std::sync::Arc;

use ledger_core::DeviceId;
use ledger_core::engine::Ledger;

use super::RecentArrivals;

/// The source of a ledger in memory: a checkpoint, and entries replayed after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Opening {
    /// Number of entries that the checkpoint covers; 0 if there was no usable checkpoint.
    pub from_checkpoint: u64,
    /// Number of entries that were replayed after the checkpoint.
    pub replayed: u64,
    /// Number of checkpoints that were dropped because they did not check out.
    pub dropped_checkpoints: u64,
}

/// A ledger in memory, with the stored entries that it covers.
#[derive(Clone)]
pub(crate) struct LoadedLedger {
    pub(crate) ledger: Arc<Ledger>,
    /// Number of the last entry that the ledger covers.
    pub(crate) upto: i64,
    /// Number of the last entry that changed verdicts on other entries.
    pub(crate) flipped: i64,
    /// Number of entries that the last checkpoint known to this process covers.
    pub(crate) saved: u64,
    pub(crate) opening: Opening,
    /// Whether control entries came since somebody found anew who accounts for the entries that
    /// wait in memory.
    pub(crate) standing_changed: bool,
    /// The device that writes here.
    pub(crate) device: DeviceId,
    /// The device that said here what it reads, as far as this process knows.
    pub(crate) spoken: Option<DeviceId>,
    /// The entries that came last.
    pub(crate) recent: Arc<RecentArrivals>,
}

impl LoadedLedger {
    /// Whether entries are there that no checkpoint covers.
    pub(crate) fn is_unsaved(&self) -> bool {
        self.ledger.frontier().entries() > self.saved
    }
}
