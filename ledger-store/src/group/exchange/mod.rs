//! Entries on their way to other devices, sealed (SPEC §11, §12).
//!
//! Epoch keys live in the database, which is encrypted and overwrites what it
//! deletes: it holds in clear all that they seal, and a key must appear and
//! vanish in one transaction with the entry that begins its epoch. X25519 keys
//! live in the secret store, as they would open what comes in future.

mod begin;
mod cursor;
mod export;
mod guard;
mod import;
mod plan;
mod quarantine;
mod ring;
mod rotate;

pub use cursor::{BundleCursor, BundleCursorError};
pub use export::{Exported, Since};
pub use import::Imported;

use ledger_core::seal::{EpochKey, Topic};

use crate::StoreError;
use crate::group::Group;

impl Group {
    /// The key of a topic, if it is here.
    pub(crate) fn epoch_key(&self, topic: &Topic) -> Result<Option<EpochKey>, StoreError> {
        let (group, id) = (self.key, self.id);
        let found = self
            .store
            .read(|connection| ring::EpochKeyring { connection, group, id }.find(topic))?;
        Ok(found.map(|(_, key)| key))
    }

    /// A key that those who know the group best hold: of those in no box, the
    /// newest.
    pub(crate) fn newest_epoch_key(&self) -> Result<Option<EpochKey>, StoreError> {
        let (group, id) = (self.key, self.id);
        let keys = self
            .store
            .read(|connection| ring::EpochKeyring { connection, group, id }.uncovered())?;
        Ok(keys.into_iter().next_back())
    }
}
