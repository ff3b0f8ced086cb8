//! Receiving a request to join on the inviter's device.

use std::sync::Arc;

use ledger_core::GroupId;
use ledger_core::messages::invite::JoinRequest;
use rusqlite::Connection;

use super::admit::{AdmissionPath, Admitted, admission_path, append_admission, seal_answer};
use super::invite_rows::{self, InviteRow};
use super::request_rows::{Earlier, RequestId, earlier, keep, note_admitted};
use crate::StoreError;
use crate::keyring::signing_key;
use crate::session::Session;

/// Result of receiving a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Received {
    /// The person was admitted; send the answer back.
    Admitted(Admitted),
    /// The request waits for [`Invites::admit`](super::Invites::admit) or
    /// [`Invites::decline`](super::Invites::decline).
    Waiting(GroupId, RequestId),
}

/// Takes a request that came in any way. A request that came before gives the same result again.
pub(crate) fn receive_request(
    session: &Arc<Session>,
    message: &[u8],
) -> Result<Received, StoreError> {
    let id = JoinRequest::invite_id(message)?;
    let found = invite_rows::find(session, id)?;
    let secret = invite_rows::secret(session, id)?;
    let group = session.group_by_key(found.group)?;
    let request = JoinRequest::open(message, &secret, group.id)?;
    let device = signing_key(&group)?;
    let now_ms = session.environment().now_ms();
    group.write(|transaction| {
        let member = request.card().card().member();
        let known = earlier(transaction.connection(), found.inv, member)?;
        if let Some(Earlier { admitted_by: Some(entry), .. }) = known {
            return Ok(Received::Admitted(seal_answer(transaction, &request, entry)?));
        }
        // Read again inside the transaction: another process may have admitted somebody since.
        check_policy(transaction.connection(), &found, now_ms)?;
        let path = admission_path(transaction, &group, found.invite.policy.for_member)?;
        let waits = found.invite.policy.requires_approval || matches!(path, AdmissionPath::Bind(_));
        let request_id = match known {
            Some(Earlier { declined: true, .. }) => return Err(StoreError::UnknownRequest),
            Some(earlier) => earlier.id,
            None => keep(transaction.connection(), &found, member, message, now_ms)?,
        };
        if waits {
            return Ok(Received::Waiting(group.id, request_id));
        }
        let entry = append_admission(transaction, &device, &path, &request)?;
        note_admitted(transaction.connection(), request_id, entry)?;
        Ok(Received::Admitted(seal_answer(transaction, &request, entry)?))
    })
}

/// Refuses a request by an invite that expired or was used up.
fn check_policy(connection: &Connection, found: &InviteRow, now_ms: u64) -> Result<(), StoreError> {
    let policy = &found.invite.policy;
    if policy.expires_ms.is_some_and(|end| now_ms >= end) {
        return Err(StoreError::InviteExpired);
    }
    let used: u32 = connection.query_row(
        "SELECT count(*) FROM requests WHERE inv = ?1 AND admitted_by IS NOT NULL",
        [found.inv],
        |row| row.get(0),
    )?;
    if policy.max_uses.is_some_and(|most| used >= most) {
        return Err(StoreError::InviteUsedUp);
    }
    Ok(())
}
