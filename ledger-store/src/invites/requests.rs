//! Requests that came for invites of this device.

use ledger_core::keys::Fingerprint;
use ledger_core::messages::invite::{InviteId, JoinRequest};
use ledger_core::{GroupId, MemberId};
use rusqlite::{Connection, OptionalExtension as _};

use super::admit::{Admitted, Way};
use super::inviter::Found;
use crate::group::GroupTransaction;
use crate::{Group, Store, StoreError};

/// How many requests of one invite wait to be looked at.
const MAX_WAITING: u32 = 100;

/// The number of a request on this device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub(super) i64);

/// Somebody who asks to join.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What tells it from others.
    pub id: RequestId,
    /// The invite by which it came.
    pub invite: InviteId,
    /// The name that the person goes by.
    pub name: String,
    /// The person's keys, to be compared by voice.
    pub fingerprint: Fingerprint,
    /// Whose place the person would take; a new member's if none.
    pub claims: Option<MemberId>,
    /// When it came, in milliseconds since 1970 UTC.
    pub came_ms: u64,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Received {
    /// The person is in; send the answer back.
    Admitted(Admitted),
    /// It waits for [`Group::admit`] or [`Group::decline`].
    Waiting(GroupId, RequestId),
}

impl Store {
    /// Takes a request to join that came in any way. One that came before gives
    /// the same as then.
    ///
    /// # Errors
    /// [`StoreError::Join`] or [`StoreError::Message`] if it is not whole or
    /// not honest; [`StoreError::UnknownInvite`], [`StoreError::InviteExpired`],
    /// [`StoreError::InviteUsedUp`] if the invite does not let anybody in.
    pub fn receive_request(&self, message: &[u8]) -> Result<Received, StoreError> {
        let id = JoinRequest::invite_of(message)?;
        let found = self.find_invite(id)?;
        let secret = self.invite_secret(id)?;
        let group = self.group_of(found.group)?;
        let request = JoinRequest::open(message, &secret, group.id())?;
        let device = group.signing_key()?;
        let now_ms = self.environment().now_ms();
        group.write(|writer| {
            let member = request.card().card().member();
            let known = earlier(writer.connection(), found.inv, member)?;
            if let Some(Earlier { admitted_by: Some(entry), .. }) = known {
                return Ok(Received::Admitted(group.answer(writer, &request, entry)?));
            }
            // Read again inside: another process may have admitted meanwhile.
            check_policy(writer.connection(), &found, now_ms)?;
            let way = group.way(writer, found.invite.policy.claims)?;
            let asks = found.invite.policy.asks || matches!(way, Way::Bind(_));
            let request_id = match known {
                Some(Earlier { declined: true, .. }) => return Err(StoreError::UnknownRequest),
                Some(earlier) => earlier.id,
                None => note(writer.connection(), &found, member, message, now_ms)?,
            };
            if asks {
                return Ok(Received::Waiting(group.id(), request_id));
            }
            let entry = group.let_in(writer, &device, &way, &request)?;
            mark(writer.connection(), request_id, entry)?;
            Ok(Received::Admitted(group.answer(writer, &request, entry)?))
        })
    }
}

fn check_policy(connection: &Connection, found: &Found, now_ms: u64) -> Result<(), StoreError> {
    let policy = &found.invite.policy;
    if policy.expires_ms.is_some_and(|end| now_ms >= end) {
        return Err(StoreError::InviteExpired);
    }
    let used: u32 = connection.query_row(
        "SELECT count(*) FROM requests WHERE inv = ?1 AND admitted_by IS NOT NULL",
        [found.inv],
        |row| row.get(0),
    )?;
    if policy.uses.is_some_and(|uses| used >= uses) {
        return Err(StoreError::InviteUsedUp);
    }
    Ok(())
}

/// Keeps a request that is new here.
fn note(
    connection: &Connection,
    found: &Found,
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

/// What became of a request that came before.
struct Earlier {
    id: RequestId,
    declined: bool,
    admitted_by: Option<ledger_core::EntryId>,
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
            admitted_by: entry.map(ledger_core::EntryId::from_bytes),
        })
    });
    Ok(found.optional()?)
}

/// Notes that a request was granted.
pub(super) fn mark(
    connection: &Connection,
    id: RequestId,
    entry: ledger_core::EntryId,
) -> Result<(), StoreError> {
    let sql = "UPDATE requests SET admitted_by = ?2 WHERE req = ?1";
    connection.prepare_cached(sql)?.execute((id.0, entry.as_bytes()))?;
    Ok(())
}

/// A request as it was kept, with its invite.
pub(super) struct Kept {
    pub(super) id: RequestId,
    pub(super) request: JoinRequest,
    pub(super) claims: Option<MemberId>,
    pub(super) came_ms: u64,
}

impl Group {
    /// The requests that wait to be admitted or declined, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn requests(&self) -> Result<Vec<Request>, StoreError> {
        let kept = self.kept("grp = ?1", self.key.0)?;
        let requests = kept.into_iter().map(|kept| {
            let card = kept.request.card().card();
            Request {
                id: kept.id,
                invite: kept.request.invite(),
                name: card.name().to_owned(),
                fingerprint: card.fingerprint(),
                claims: kept.claims,
                came_ms: kept.came_ms,
            }
        });
        Ok(requests.collect())
    }

    /// Says no to a request. The person is not told, and cannot ask again with
    /// the same keys by this invite.
    ///
    /// # Errors
    /// [`StoreError::UnknownRequest`] if it does not wait in this group.
    pub fn decline(&self, id: RequestId) -> Result<(), StoreError> {
        self.waiting(id)?;
        let sql = "UPDATE requests SET declined = 1 WHERE req = ?1";
        self.store().write(|connection| Ok(connection.execute(sql, [id.0])?))?;
        Ok(())
    }

    /// A request of this group that waits.
    pub(super) fn waiting(&self, id: RequestId) -> Result<Kept, StoreError> {
        let mut kept = self.kept("req = ?1", id.0)?;
        kept.pop().ok_or(StoreError::UnknownRequest)
    }

    fn kept(&self, which: &str, value: i64) -> Result<Vec<Kept>, StoreError> {
        type Raw = (i64, Vec<u8>, Option<[u8; 32]>, u64);
        let rows: Vec<Raw> = self.store().read(|connection| {
            let sql = format!(
                "SELECT req, message, claims, came_ms FROM requests JOIN invites USING (inv)
                 WHERE {which} AND grp = ?2 AND admitted_by IS NULL AND NOT declined ORDER BY req"
            );
            let mut statement = connection.prepare_cached(&sql)?;
            let rows = statement.query_map((value, self.key.0), |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })?;
        let open = |(id, message, claims, came_ms): Raw| {
            let secret = self.store().invite_secret(JoinRequest::invite_of(&message)?)?;
            Ok(Kept {
                id: RequestId(id),
                request: JoinRequest::open(&message, &secret, self.id())?,
                claims: claims.map(MemberId::from_bytes),
                came_ms,
            })
        };
        rows.into_iter().map(open).collect()
    }
}

impl GroupTransaction<'_> {
    /// The group's genesis entry.
    pub(super) fn genesis(
        &self,
        group: GroupId,
    ) -> Result<std::sync::Arc<ledger_core::engine::VerifiedEntry>, StoreError> {
        let id = group.genesis();
        self.stored(id)
    }
}
