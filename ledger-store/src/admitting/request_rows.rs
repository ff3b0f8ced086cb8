//! Requests that came for invites of this device: the rows of the table `requests`.

use ledger_core::keys::Fingerprint;
use ledger_core::messages::invite::{InviteId, JoinRequest};
use ledger_core::{EntryId, MemberId};
use rusqlite::{Connection, OptionalExtension as _};

use super::invite_rows::{self, InviteRow};
use crate::StoreError;
use crate::session::GroupSession;

/// Most requests of one invite that wait for approval.
const MAX_WAITING: u32 = 100;

/// The number of a request on this device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub(super) i64);

/// A request to join a group.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
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

/// Stores a request that is new here.
pub(super) fn keep(
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
pub(super) struct Earlier {
    pub(super) id: RequestId,
    pub(super) declined: bool,
    pub(super) admitted_by: Option<EntryId>,
}

/// The state of an earlier request of this member for this invite.
pub(super) fn earlier(
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
