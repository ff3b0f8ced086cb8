//! The rows of the table `invites`.

use std::sync::Arc;

use ledger_core::MemberId;
use ledger_core::messages::invite::{InviteId, InviteSecret};
use rusqlite::{OptionalExtension as _, Row};

use super::{Invite, NewInvite};
use crate::StoreError;
use crate::database::GroupKey;
use crate::secrets::SecretName;
use crate::session::{GroupSession, Session};

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
