//! What replay asks of whoever keeps the entries.

use super::SlotEntry;
use crate::entry::VerifiedEntry;
use crate::id::{DeviceId, EntryId};

/// What a dependency's place in the graph is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The device that signed it.
    pub device: DeviceId,
    /// Its place in that device's chain.
    pub seq: u64,
    /// Its clock.
    pub lamport: u64,
}

/// The admitted entries, as a store keeps them. [`MemoryIndex`] keeps them in
/// memory.
///
/// [`MemoryIndex`]: super::MemoryIndex
pub trait EntryIndex {
    /// Why the store could not answer.
    type Error;

    /// The place in the graph of an admitted entry.
    ///
    /// # Errors
    /// The store's own, if it cannot be read.
    fn link(&self, id: &EntryId) -> Result<Option<Link>, Self::Error>;

    /// An admitted entry.
    ///
    /// # Errors
    /// The store's own, if it cannot be read.
    fn entry(&self, id: &EntryId) -> Result<Option<VerifiedEntry>, Self::Error>;

    /// The applied entries of the slot that `original` names, in any order.
    ///
    /// # Errors
    /// The store's own, if it cannot be read.
    fn slot(&self, original: &EntryId) -> Result<Vec<SlotEntry>, Self::Error>;
}
