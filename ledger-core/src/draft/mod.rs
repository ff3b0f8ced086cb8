//! Drafts of entries, before a device signs them at its next position.

mod error;
mod group;
mod keys;
mod members;
mod refs;
mod settings;
mod speaks;
mod statements;
mod templates;
mod transactions;

pub use error::DraftError;
pub use group::NewGroup;

use crate::base::id::EntryId;
use crate::base::limits::{MAX_ENTRY_BYTES, MAX_PARENTS};
use crate::entry::{DecodedEntry, VerifiedEntry};
use crate::header::{HeaderFields, Kind};
use crate::keys::DeviceKey;
use crate::payload::Payload;
use crate::state::NextEntryPosition;

/// Bytes of an id in a header.
const ID_BYTES: usize = 34;

/// Bytes of a header beside parents and refs, at most.
const OTHER_HEADER_BYTES: usize = 256;

/// Draft: payload and refs of an entry that no device has signed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    payload: Payload,
    refs: Vec<EntryId>,
}

impl Draft {
    /// Merges the heads into one. It must come first when an entry would have more than 16
    /// heads before it.
    #[must_use]
    pub fn merge() -> Self {
        Self { payload: Payload::Merge, refs: Vec::new() }
    }

    /// Returns the entries that the draft names.
    #[must_use]
    pub fn refs(&self) -> &[EntryId] {
        &self.refs
    }

    /// Returns whether the entry is within its limit of bytes wherever it stands: with the longest
    /// header that its refs allow.
    pub(crate) fn certainly_fits(&self) -> bool {
        let ids = self.refs.len().saturating_add(MAX_PARENTS).saturating_mul(ID_BYTES);
        let header = ids.saturating_add(OTHER_HEADER_BYTES);
        self.payload.encode().len().saturating_add(header) <= MAX_ENTRY_BYTES
    }

    /// Returns whether the entry may leave agreed heads out: a merge entry joins some of them,
    /// and parents never matter to a statement.
    pub(crate) fn may_leave_out_heads(&self) -> bool {
        matches!(self.payload, Payload::Merge | Payload::Statement(_))
    }

    /// Signs the draft for a position in the ledger. The result needs no further check of its
    /// signature.
    ///
    /// # Errors
    /// [`DraftError`] if the key is not the position's, or if what was drafted
    /// breaks a rule of the format, such as shares that do not sum up.
    pub fn sign(
        self,
        device: &DeviceKey,
        at: &NextEntryPosition,
        timestamp_ms: u64,
    ) -> Result<VerifiedEntry, DraftError> {
        if device.id() != at.device {
            return Err(DraftError::ForeignDevice);
        }
        assemble(self.payload, self.refs, device, Some(at), timestamp_ms)
    }
}

fn assemble(
    payload: Payload,
    refs: Vec<EntryId>,
    device: &DeviceKey,
    at: Option<&NextEntryPosition>,
    timestamp_ms: u64,
) -> Result<VerifiedEntry, DraftError> {
    // Drafts have known payloads only, so the fallback is never used.
    let kind = payload.kind().unwrap_or(Kind::MERGE);
    let bytes = payload.encode();
    let mut fields = HeaderFields::for_payload(device.id(), kind, &bytes);
    fields.refs = refs;
    fields.timestamp_ms = timestamp_ms;
    if let Some(at) = at {
        fields.group = Some(at.group);
        fields.seq = at.seq;
        fields.backlink = Some(at.backlink);
        fields.parents.clone_from(&at.parents);
        fields.lamport = at.lamport;
    }
    let entry = DecodedEntry::assemble(fields, &bytes, |id| device.sign_entry(id))?;
    Ok(VerifiedEntry::signed_here(entry))
}
