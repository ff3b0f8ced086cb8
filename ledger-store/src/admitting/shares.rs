//! Shares of recovery phrases: giving them to friends, and keeping those of friends.

use std::sync::Arc;

use ledger_core::messages::recovery::{
    RecoveryRequest, RecoveryShare, ShareError, SharePlan, split_entropy,
};
use ledger_core::{DraftError, GroupId, MemberId};
use rusqlite::OptionalExtension as _;

use crate::StoreError;
use crate::platform::environment::random;
use crate::session::{GroupSession, Session};

/// The id of a share that is kept on this device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShareId(i64);

/// A share that this device keeps for a friend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeptShare {
    /// The id of the share.
    pub id: ShareId,
    /// The group by which the friends know each other.
    pub group: GroupId,
    /// The friend.
    pub member: MemberId,
    /// The time when the friend made it, in milliseconds since 1970 UTC.
    pub made_ms: u64,
}

/// Shares of recovery phrases in one group: of this person for friends, and of friends for this
/// person to keep. Borrowed from a `Group`.
#[derive(Clone, Copy)]
pub struct Shares<'a> {
    group: &'a GroupSession,
}

impl<'a> Shares<'a> {
    pub(crate) fn new(group: &'a GroupSession) -> Self {
        Self { group }
    }

    /// Splits this person's entropy among friends in this group: `needed` of them
    /// together can restore it, and then are this person in all groups. Gives a
    /// message for each friend, in their order. Shares handed out before keep
    /// their worth.
    ///
    /// # Errors
    /// [`StoreError::Share`] if the numbers make no sense,
    /// [`StoreError::Draft`] if a friend is not in the group or has no keys,
    /// [`StoreError::NoRootKey`] if this device does not hold the entropy.
    pub fn share_phrase(
        &self,
        needed: u8,
        friends: &[MemberId],
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        let entropy = self.group.session.known_entropy()?.ok_or(StoreError::NoRootKey)?;
        let index = self.group.root_index()?;
        let ledger = self.group.ledger()?;
        let root = entropy.root_key(index).id();
        let (member, _) = ledger.member_of_root(root).ok_or(StoreError::NoRootKey)?;
        let environment = self.group.session.environment();
        let plan = SharePlan {
            group: self.group.id,
            member,
            index,
            needed,
            holders: friends,
            made_ms: environment.now_ms(),
        };
        let shares = split_entropy(&entropy, &plan, &*random(environment)?)?;
        let sealed = shares.iter().map(|share| {
            let friend = share.holder();
            let key = ledger.state().recovery_key_of(friend);
            let key = key.ok_or(DraftError::UnknownMember(friend))?;
            Ok(share.seal_for_holder(&key, &*random(environment)?)?)
        });
        sealed.collect()
    }

    /// The shares that this device keeps for friends in this group.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn list(&self) -> Result<Vec<KeptShare>, StoreError> {
        self.group.session.read(|connection| {
            let sql = "SELECT share, member, made_ms FROM shares WHERE grp = ?1 ORDER BY share";
            let mut statement = connection.prepare_cached(sql)?;
            let rows = statement.query_map([self.group.key.0], |row| {
                Ok(KeptShare {
                    id: ShareId(row.get(0)?),
                    group: self.group.id,
                    member: MemberId::from_bytes(row.get(1)?),
                    made_ms: row.get(2)?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Gives a friend's share back, sealed to the friend's request. Make sure by
    /// voice or face that the request is the friend's: its fingerprint is on
    /// both screens.
    ///
    /// # Errors
    /// [`StoreError::UnknownRequest`] if the share is not kept in this group.
    pub fn return_share(
        &self,
        id: ShareId,
        request: &RecoveryRequest,
    ) -> Result<Vec<u8>, StoreError> {
        let message: Option<Vec<u8>> = self.group.session.read(|connection| {
            let sql = "SELECT message FROM shares WHERE share = ?1 AND grp = ?2";
            let mut statement = connection.prepare_cached(sql)?;
            Ok(statement.query_row((id.0, self.group.key.0), |row| row.get(0)).optional()?)
        })?;
        let message = message.ok_or(StoreError::UnknownRequest)?;
        let share = open_share(self.group, &message)?;
        Ok(request.answer(&share, &*random(self.group.session.environment())?)?)
    }

    /// Deletes a friend's share.
    ///
    /// # Errors
    /// [`StoreError::UnknownRequest`] if it is not kept in this group.
    pub fn forget(&self, id: ShareId) -> Result<(), StoreError> {
        let sql = "DELETE FROM shares WHERE share = ?1 AND grp = ?2";
        match self
            .group
            .session
            .write(|connection| Ok(connection.execute(sql, (id.0, self.group.key.0))?))?
        {
            0 => Err(StoreError::UnknownRequest),
            _ => Ok(()),
        }
    }
}

fn open_share(group: &GroupSession, message: &[u8]) -> Result<RecoveryShare, StoreError> {
    let entropy = group.session.known_entropy()?.ok_or(StoreError::NoRootKey)?;
    let key = entropy.recovery_key(group.root_index()?);
    Ok(RecoveryShare::open_as_holder(message, &key)?)
}

/// Most shares of one friend that are kept in a group. Each time a friend shares the phrase anew, there
/// is one more.
const MAX_SHARES: u32 = 32;

/// Keeps a share of a friend, after checking that it is the friend's and for this person.
pub(crate) fn keep_share(session: &Arc<Session>, message: &[u8]) -> Result<KeptShare, StoreError> {
    for id in session.group_ids()? {
        let group = session.group(id)?;
        let share = match open_share(&group, message) {
            Err(StoreError::Share(ShareError::NotForUs)) => continue,
            other => other?,
        };
        return keep_opened(&group, &share, message);
    }
    Err(ShareError::NotForUs.into())
}

fn keep_opened(
    group: &GroupSession,
    share: &RecoveryShare,
    message: &[u8],
) -> Result<KeptShare, StoreError> {
    let entropy = group.session.known_entropy()?.ok_or(StoreError::NoRootKey)?;
    let ledger = group.ledger()?;
    let me = ledger.member_of_root(entropy.root_key(group.root_index()?).id());
    if share.group() != group.id || me.map(|(member, _)| member) != Some(share.holder()) {
        return Err(ShareError::NotForUs.into());
    }
    // Signed, but by whose key?
    let owner = ledger.member_of_root(share.root());
    if owner.map(|(member, _)| member) != Some(share.member()) {
        return Err(ShareError::Forged.into());
    }
    let id = group.session.write(|connection| {
        let (group, member) = (group.key.0, share.member());
        let others = "SELECT count(*) FROM shares WHERE grp = ?1 AND member = ?2 AND message <> ?3";
        let kept: u32 =
            connection.query_row(others, (group, member.as_bytes(), message), |row| row.get(0))?;
        if kept >= MAX_SHARES {
            return Err(StoreError::TooManyShares { kept });
        }
        connection.execute(
            "INSERT INTO shares (grp, member, made_ms, message) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (message) DO NOTHING",
            (group, member.as_bytes(), share.made_ms(), message),
        )?;
        let sql = "SELECT share FROM shares WHERE message = ?1";
        Ok(connection.query_row(sql, [message], |row| row.get(0))?)
    })?;
    Ok(KeptShare {
        id: ShareId(id),
        group: group.id,
        member: share.member(),
        made_ms: share.made_ms(),
    })
}
