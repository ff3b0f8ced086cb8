//! Checkpoint: a ledger as bytes, for this device only (SPEC §7.2).

use super::idle_entries::IdleEntries;
use super::ledger::Ledger;
use crate::base::codec::{Reader, Writer};
use crate::base::hash::{Tag, digest};
use crate::base::id::GroupId;
use crate::base::rule::Refusal;
use crate::incremental::AuthorityState;
use crate::state::{Frontier, GroupState, View};

/// Number of the layout. A checkpoint with another number is dropped and made anew from
/// the entries, so a change of layout needs no migration.
const VERSION: u64 = 6;

/// Reason why a checkpoint cannot be used. A checkpoint is only a shortcut: drop it and
/// replay the entries.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The bytes are not what was saved.
    #[error("the checkpoint is damaged; it will be rebuilt from the entries")]
    Damaged,
    /// Another version of this library saved it.
    #[error("the checkpoint has layout {0}; it will be rebuilt from the entries")]
    Layout(u64),
    /// It is of another group.
    #[error("the checkpoint belongs to another group; it will be rebuilt from the entries")]
    Foreign,
}

impl From<Refusal> for CheckpointError {
    fn from(_: Refusal) -> Self {
        Self::Damaged
    }
}

impl Ledger {
    /// Returns the ledger as bytes.
    ///
    /// A digest over the body shows damage. It is no protection against forgery: only
    /// this device writes and reads the bytes.
    #[must_use]
    pub fn to_checkpoint(&self) -> Vec<u8> {
        let mut body = Writer::new();
        body.array(4);
        self.view.state.encode(&mut body);
        self.view.frontier.encode(&mut body);
        self.authority.encode(&mut body);
        self.idle.encode(&mut body);
        let mut w = Writer::new();
        w.array(3);
        w.uint(VERSION);
        w.bytes(body.as_bytes());
        w.bytes(&digest(Tag::CHECKPOINT, &[body.as_bytes()]));
        w.into_bytes()
    }

    /// Reads what [`Ledger::to_checkpoint`] returned.
    ///
    /// # Errors
    /// [`CheckpointError`] if the bytes do not check out.
    pub fn from_checkpoint(group: GroupId, bytes: &[u8]) -> Result<Self, CheckpointError> {
        let mut r = Reader::new(bytes);
        r.array(3)?;
        let version = r.uint()?;
        if version != VERSION {
            return Err(CheckpointError::Layout(version));
        }
        let body = r.bytes()?;
        let expected = digest(Tag::CHECKPOINT, &[body]);
        if r.bytes_n()? != expected {
            return Err(CheckpointError::Damaged);
        }
        r.finish()?;
        let mut r = Reader::new(body);
        r.array(4)?;
        let state = GroupState::decode(&mut r)?;
        let frontier = Frontier::decode(&mut r)?;
        let authority = AuthorityState::decode(&mut r)?;
        let idle = IdleEntries::decode(&mut r)?;
        r.finish()?;
        if state.group() != group {
            return Err(CheckpointError::Foreign);
        }
        Ok(Self { view: View::new(state, frontier), authority, idle })
    }
}
