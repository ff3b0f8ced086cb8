//! Invites that were made on this device: the rows of the table `invites`.

use std::sync::Arc;

use ledger_core::MemberId;
use ledger_core::messages::invite::{InviteId, InviteSecret};
use rusqlite::{OptionalExtension as _, Row};

use crate::StoreError;
use crate::database::GroupKey;
use crate::secrets::SecretName;
use crate::session::{GroupSession, Session};

/// The terms of an invite to be made. By default it has no note, and admits every person who has
/// the link as a new member, at any time, any number of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewInvite {
    /// A note for the list of invites, such as the name of the invited person. Stays on this
    /// device.
    pub note: String,
    /// Whether this device's person must approve each request. Otherwise every person who has the
    /// link is admitted at once.
    pub requires_approval: bool,
    /// Most people who may join with it; unlimited if none.
    pub max_uses: Option<u32>,
    /// The time when it ends, by this device's clock, in milliseconds since 1970 UTC.
    pub expires_ms: Option<u64>,
    /// The member whose identity the joiner takes over: a placeholder, or a member who lost all
    /// keys. The joiner becomes a new member if none.
    pub for_member: Option<MemberId>,
}

impl NewInvite {
    /// Sets the note.
    #[must_use]
    pub fn note(self, note: impl Into<String>) -> Self {
        Self { note: note.into(), ..self }
    }

    /// Sets whether this device's person must approve each request.
    #[must_use]
    pub fn requires_approval(self, requires_approval: bool) -> Self {
        Self { requires_approval, ..self }
    }

    /// Sets or takes off the number of people who may join.
    #[must_use]
    pub fn max_uses(self, max_uses: impl Into<Option<u32>>) -> Self {
        Self { max_uses: max_uses.into(), ..self }
    }

    /// Sets or takes off the end, in milliseconds since 1970 UTC.
    #[must_use]
    pub fn expires_ms(self, expires_ms: impl Into<Option<u64>>) -> Self {
        Self { expires_ms: expires_ms.into(), ..self }
    }

    /// Sets or takes off the member whose identity the joiner takes over.
    #[must_use]
    pub fn for_member(self, for_member: impl Into<Option<MemberId>>) -> Self {
        Self { for_member: for_member.into(), ..self }
    }
}

/// An invite that was made on this device.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Invite {
    /// The id of the invite.
    pub id: InviteId,
    /// The terms with which it was made.
    pub policy: NewInvite,
    /// The time when it was made, in milliseconds since 1970 UTC.
    pub made_ms: u64,
    /// Number of people who have joined with it.
    pub used: u32,
    /// Number of people who ask to join with it.
    pub waiting: u32,
}

/// The columns of an invite, in the order in which [`read`] takes them.
const COLUMNS: &str = "invites.inv, id, label, asks, uses, expires_ms, claims, made_ms,
    (SELECT count(*) FROM requests
     WHERE requests.inv = invites.inv AND admitted_by IS NOT NULL),
    (SELECT count(*) FROM requests
     WHERE requests.inv = invites.inv AND admitted_by IS NULL AND NOT declined), grp";

/// An invite with the numbers of its row and of its group.
pub(super) struct InviteRow {
    pub(super) inv: i64,
    pub(super) group: GroupKey,
    pub(super) invite: Invite,
}

/// The row of an invite.
///
/// # Errors
/// [`StoreError::UnknownInvite`] if there is none.
pub(super) fn find(session: &Arc<Session>, id: InviteId) -> Result<InviteRow, StoreError> {
    let found = session.read(|connection| {
        let sql = format!("SELECT {COLUMNS} FROM invites WHERE id = ?1");
        let mut statement = connection.prepare_cached(&sql)?;
        Ok(statement.query_row([id.as_bytes()], read).optional()?)
    })?;
    found.ok_or(StoreError::UnknownInvite)
}

/// The invites of a group, oldest first.
pub(super) fn list(group: &GroupSession) -> Result<Vec<Invite>, StoreError> {
    group.session.read(|connection| {
        let sql = format!("SELECT {COLUMNS} FROM invites WHERE grp = ?1 ORDER BY invites.inv");
        let mut statement = connection.prepare_cached(&sql)?;
        let rows = statement.query_map([group.key.0], read)?;
        rows.map(|row| Ok(row?.invite)).collect()
    })
}

/// The secret of an invite.
///
/// # Errors
/// [`StoreError::UnknownInvite`] if it is not in the secret store.
pub(super) fn secret(session: &Session, id: InviteId) -> Result<InviteSecret, StoreError> {
    let secret = session.secrets().get(&SecretName::invite(&id))?;
    let secret = secret.ok_or(StoreError::UnknownInvite)?;
    let bytes: &[u8; 32] = secret.expose().try_into().map_err(|_| StoreError::UnknownInvite)?;
    Ok(InviteSecret::from_bytes(*bytes))
}

fn read(row: &Row<'_>) -> rusqlite::Result<InviteRow> {
    let for_member: Option<[u8; 32]> = row.get(6)?;
    let policy = NewInvite {
        note: row.get(2)?,
        requires_approval: row.get(3)?,
        max_uses: row.get(4)?,
        expires_ms: row.get(5)?,
        for_member: for_member.map(MemberId::from_bytes),
    };
    let invite = Invite {
        id: InviteId::from_bytes(row.get(1)?),
        policy,
        made_ms: row.get(7)?,
        used: row.get(8)?,
        waiting: row.get(9)?,
    };
    Ok(InviteRow { inv: row.get(0)?, group: GroupKey(row.get(10)?), invite })
}
