//! Drafts of entries, before a device signs them at its next position.

mod group;
mod keys;
mod members;
mod refs;
mod settings;
mod speaks;
mod statements;
mod templates;
mod transactions;

pub use group::NewGroup;

use crate::base::id::{EntryId, MemberId};
use crate::base::limits::{MAX_DEVICES, MAX_ENTRY_BYTES, MAX_MEMBERS, MAX_PARENTS, MAX_REFS};
use crate::base::name::NameError;
use crate::base::rule::Refusal;
use crate::entry::{DecodedEntry, VerifiedEntry};
use crate::header::{HeaderFields, Kind};
use crate::keys::DeviceKey;
use crate::payload::{Payload, SettingError};
use crate::state::NextEntryPosition;

/// Bytes of an id in a header.
const ID_BYTES: usize = 34;

/// Bytes of a header beside parents and refs, at most.
const OTHER_HEADER_BYTES: usize = 256;

/// Error of a draft that cannot become an entry. The caller is at fault; nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DraftError {
    /// The member is not in the group.
    #[error("member {} is not in this group; use an id that the group lists", .0.short())]
    UnknownMember(MemberId),
    /// One member stands twice among the payers or the shares.
    #[error("member {} is listed twice; add the two parts up", .0.short())]
    DuplicateMember(MemberId),
    /// The group is full.
    #[error("a group has at most {MAX_MEMBERS} members with keys, and as many without")]
    TooManyMembers,
    /// The member has the greatest number of devices that is allowed.
    #[error("a member has at most {MAX_DEVICES} devices; revoke one that is not used")]
    TooManyDevices,
    /// The draft names more members and entries than an entry can refer to.
    #[error("an entry refers to at most {MAX_REFS} others")]
    TooManyRefs,
    /// The signing device is not the device of the position.
    #[error("the device is not enrolled in this group")]
    ForeignDevice,
    /// A name is not one that this library writes.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A setting is out of bounds.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The entry would break a rule of the format.
    #[error(transparent)]
    Rule(#[from] Refusal),
}

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
