//! Requests that came for invites of this device.

use std::sync::Arc;

use ledger_core::keys::Fingerprint;
use ledger_core::messages::invite::{InviteId, JoinRequest};
use ledger_core::{EntryId, GroupId, MemberId};
use rusqlite::{Connection, OptionalExtension as _};

use super::admit::{AdmissionPath, Admitted, admission_path, append_admission, seal_answer};
use super::invite_rows::{self, InviteRow};
use crate::StoreError;
use crate::keyring::signing_key;
use crate::session::{GroupSession, Session};

/// Most requests of one invite that wait for approval.
const MAX_WAITING: u32 = 100;

/// The number of a request on this device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub(super) i64);

/// A request to join a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The id of the request.
    pub id: RequestId,
    /// The invite by which it came.
    pub invite: InviteId,
    /// The name of the person.
    pub name: String,
    /// The fingerprint of the person's keys, to be compared by voice.
    pub fingerprint: Fingerprint,
    /// The member whose identity the person would take over; a new member if none.
    pub for_member: Option<MemberId>,
    /// The time when it came, in milliseconds since 1970 UTC.
    pub came_ms: u64,
}

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

/// Stores a request that is new here.
fn keep(
    connection: &Connection,
    found: &InviteRow,
    member: MemberId,
    message: &[u8],
    now_ms: u64,
) -> Result<RequestId, StoreError> {
    if found.invite.waiting >= MAX_WAITING {
        return Err(StoreError::InviteUsedUp);
    }
    connection.execute(
        "INSERT INTO requests (inv, member, message, came_ms) VALUES (?1, ?2, ?3, ?4)",
        (found.inv, member.as_bytes(), message, now_ms),
    )?;
    Ok(RequestId(connection.last_insert_rowid()))
}

/// The state of a request that came before.
struct Earlier {
    id: RequestId,
    declined: bool,
    admitted_by: Option<EntryId>,
}

fn earlier(
    connection: &Connection,
    inv: i64,
    member: MemberId,
) -> Result<Option<Earlier>, StoreError> {
    let sql = "SELECT req, declined, admitted_by FROM requests WHERE inv = ?1 AND member = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_row((inv, member.as_bytes()), |row| {
        let entry: Option<[u8; 32]> = row.get(2)?;
        Ok(Earlier {
            id: RequestId(row.get(0)?),
            declined: row.get(1)?,
            admitted_by: entry.map(EntryId::from_bytes),
        })
    });
    Ok(found.optional()?)
}

/// Notes the entry that admitted the person.
pub(super) fn note_admitted(
    connection: &Connection,
    id: RequestId,
    entry: EntryId,
) -> Result<(), StoreError> {
    let sql = "UPDATE requests SET admitted_by = ?2 WHERE req = ?1";
    connection.prepare_cached(sql)?.execute((id.0, entry.as_bytes()))?;
    Ok(())
}

/// A stored request, with the terms of its invite.
pub(super) struct Kept {
    pub(super) id: RequestId,
    pub(super) request: JoinRequest,
    pub(super) for_member: Option<MemberId>,
    pub(super) came_ms: u64,
}

/// The requests of a group that wait, oldest first.
pub(super) fn list(group: &GroupSession) -> Result<Vec<Request>, StoreError> {
    let kept = kept(group, "grp = ?1", group.key.0)?;
    let requests = kept.into_iter().map(|kept| {
        let card = kept.request.card().card();
        Request {
            id: kept.id,
            invite: kept.request.invite(),
            name: card.name().to_owned(),
            fingerprint: card.fingerprint(),
            for_member: kept.for_member,
            came_ms: kept.came_ms,
        }
    });
    Ok(requests.collect())
}

/// Notes that a request was declined.
pub(super) fn decline(group: &GroupSession, id: RequestId) -> Result<(), StoreError> {
    waiting(group, id)?;
    let sql = "UPDATE requests SET declined = 1 WHERE req = ?1";
    group.session.write(|connection| Ok(connection.execute(sql, [id.0])?))?;
    Ok(())
}

/// A request of a group that waits.
///
/// # Errors
/// [`StoreError::UnknownRequest`] if it does not.
pub(super) fn waiting(group: &GroupSession, id: RequestId) -> Result<Kept, StoreError> {
    let mut kept = kept(group, "req = ?1", id.0)?;
    kept.pop().ok_or(StoreError::UnknownRequest)
}

/// The requests of a group that wait and for which a condition holds.
fn kept(group: &GroupSession, condition: &str, value: i64) -> Result<Vec<Kept>, StoreError> {
    type Raw = (i64, Vec<u8>, Option<[u8; 32]>, u64);
    let rows: Vec<Raw> = group.session.read(|connection| {
        let sql = format!(
            "SELECT req, message, claims, came_ms FROM requests JOIN invites USING (inv)
             WHERE {condition} AND grp = ?2 AND admitted_by IS NULL AND NOT declined ORDER BY req"
        );
        let mut statement = connection.prepare_cached(&sql)?;
        let rows = statement.query_map((value, group.key.0), |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    })?;
    let open = |(id, message, for_member, came_ms): Raw| {
        let secret = invite_rows::secret(&group.session, JoinRequest::invite_id(&message)?)?;
        Ok(Kept {
            id: RequestId(id),
            request: JoinRequest::open(&message, &secret, group.id)?,
            for_member: for_member.map(MemberId::from_bytes),
            came_ms,
        })
    };
    rows.into_iter().map(open).collect()
}
