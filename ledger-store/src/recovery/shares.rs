//! Giving shares to friends, and keeping theirs.

use ledger_core::messages::recovery::{
    RecoveryRequest, RecoveryShare, ShareError, SharePlan, split_entropy,
};
use ledger_core::{DraftError, GroupId, MemberId};
use rusqlite::OptionalExtension as _;

use crate::environment::random;
use crate::{Group, Store, StoreError};

/// The number of a share that is kept on this device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShareId(i64);

/// A share that this device keeps for a friend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptShare {
    /// What tells it from others.
    pub id: ShareId,
    /// The group by which the friends know each other.
    pub group: GroupId,
    /// The friend.
    pub member: MemberId,
    /// When the friend made it, in milliseconds since 1970 UTC.
    pub made_ms: u64,
}

impl Group {
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
        let entropy = self.store().known_entropy()?.ok_or(StoreError::NoRootKey)?;
        let index = self.root_index()?;
        let ledger = self.ledger()?;
        let root = entropy.root_key(index).id();
        let (member, _) = ledger.member_of_root(root).ok_or(StoreError::NoRootKey)?;
        let environment = self.store().environment();
        let plan = SharePlan {
            group: self.id(),
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
    pub fn kept_shares(&self) -> Result<Vec<KeptShare>, StoreError> {
        self.store().read(|connection| {
            let sql = "SELECT share, member, made_ms FROM shares WHERE grp = ?1 ORDER BY share";
            let mut statement = connection.prepare_cached(sql)?;
            let rows = statement.query_map([self.key.0], |row| {
                Ok(KeptShare {
                    id: ShareId(row.get(0)?),
                    group: self.id(),
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
        let message: Option<Vec<u8>> = self.store().read(|connection| {
            let sql = "SELECT message FROM shares WHERE share = ?1 AND grp = ?2";
            let mut statement = connection.prepare_cached(sql)?;
            Ok(statement.query_row((id.0, self.key.0), |row| row.get(0)).optional()?)
        })?;
        let message = message.ok_or(StoreError::UnknownRequest)?;
        let share = self.open_share(&message)?;
        Ok(request.answer(&share, &*random(self.store().environment())?)?)
    }

    /// Keeps a friend's share no longer.
    ///
    /// # Errors
    /// [`StoreError::UnknownRequest`] if it is not kept in this group.
    pub fn forget_share(&self, id: ShareId) -> Result<(), StoreError> {
        let sql = "DELETE FROM shares WHERE share = ?1 AND grp = ?2";
        match self.store().write(|connection| Ok(connection.execute(sql, (id.0, self.key.0))?))? {
            0 => Err(StoreError::UnknownRequest),
            _ => Ok(()),
        }
    }

    fn open_share(&self, message: &[u8]) -> Result<RecoveryShare, StoreError> {
        let entropy = self.store().known_entropy()?.ok_or(StoreError::NoRootKey)?;
        let key = entropy.recovery_key(self.root_index()?);
        Ok(RecoveryShare::open_as_holder(message, &key)?)
    }
}

impl Store {
    /// Keeps a share that a friend handed over, after checking that it is the
    /// friend's and for this person. It is stored as it came, sealed.
    ///
    /// # Errors
    /// [`StoreError::Share`] if it is for somebody else or not what it claims to
    /// be, [`StoreError::NoRootKey`] if this device cannot open shares.
    pub fn keep_share(&self, message: &[u8]) -> Result<KeptShare, StoreError> {
        for id in self.group_ids()? {
            let group = self.group(id)?;
            let share = match group.open_share(message) {
                Err(StoreError::Share(ShareError::NotForUs)) => continue,
                other => other?,
            };
            return group.keep_opened(&share, message);
        }
        Err(ShareError::NotForUs.into())
    }
}

impl Group {
    fn keep_opened(&self, share: &RecoveryShare, message: &[u8]) -> Result<KeptShare, StoreError> {
        let entropy = self.store().known_entropy()?.ok_or(StoreError::NoRootKey)?;
        let ledger = self.ledger()?;
        let me = ledger.member_of_root(entropy.root_key(self.root_index()?).id());
        if share.group() != self.id() || me.map(|(member, _)| member) != Some(share.holder()) {
            return Err(ShareError::NotForUs.into());
        }
        // Signed, but by whose key?
        let owner = ledger.member_of_root(share.root());
        if owner.map(|(member, _)| member) != Some(share.member()) {
            return Err(ShareError::Forged.into());
        }
        let id = self.store().write(|connection| {
            connection.execute(
                "INSERT INTO shares (grp, member, made_ms, message) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (message) DO NOTHING",
                (self.key.0, share.member().as_bytes(), share.made_ms(), message),
            )?;
            let sql = "SELECT share FROM shares WHERE message = ?1";
            Ok(connection.query_row(sql, [message], |row| row.get(0))?)
        })?;
        Ok(KeptShare {
            id: ShareId(id),
            group: self.id(),
            member: share.member(),
            made_ms: share.made_ms(),
        })
    }
}
