//! Making, listing and cancelling invites.

use ledger_core::DraftError;
use ledger_core::messages::invite::{InviteId, InviteLink, InviteSecret};
use rusqlite::{OptionalExtension as _, Row};

use super::{Invite, NewInvite};
use crate::environment::random;
use crate::group::GroupKey;
use crate::{Group, Secret, SecretName, Store, StoreError};

/// A row of the table, in the order in which [`read`] takes it.
const COLUMNS: &str = "invites.inv, id, label, asks, uses, expires_ms, claims, made_ms,
    (SELECT count(*) FROM requests
     WHERE requests.inv = invites.inv AND admitted_by IS NOT NULL),
    (SELECT count(*) FROM requests
     WHERE requests.inv = invites.inv AND admitted_by IS NULL AND NOT declined), grp";

/// An invite with the numbers of its rows.
pub(super) struct Found {
    pub(super) inv: i64,
    pub(super) group: GroupKey,
    pub(super) invite: Invite,
}

impl Group {
    /// Makes an invite. Its secret is durable before the link exists.
    ///
    /// # Errors
    /// [`StoreError::Draft`] if it is for a member whom the group does not know,
    /// [`StoreError::InviteMustAsk`] if that member has keys and the invite would
    /// not ask, [`StoreError`] if the database or the secrets cannot be used.
    pub fn invite(&self, new: &NewInvite) -> Result<InviteLink, StoreError> {
        if let Some(member) = new.claims {
            let ledger = self.ledger()?;
            let known = ledger.state().member(member).ok_or(DraftError::UnknownMember(member))?;
            if !new.asks && !known.is_placeholder() {
                return Err(StoreError::InviteMustAsk(member));
            }
        }
        let bytes = random::<32>(self.store().environment())?;
        let secret = InviteSecret::from_bytes(*bytes);
        let name = SecretName::invite(&secret.id());
        self.store().secrets().set(&name, &Secret::new(bytes.to_vec()))?;
        let now_ms = self.store().environment().now_ms();
        let id = secret.id();
        let row = (
            self.key.0,
            id.as_bytes(),
            &new.label,
            new.asks,
            new.uses,
            new.expires_ms,
            new.claims.as_ref().map(|member| member.as_bytes().as_slice()),
            now_ms,
        );
        self.store().write(|connection| {
            let sql = "INSERT INTO invites
                 (grp, id, label, asks, uses, expires_ms, claims, made_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
            Ok(connection.execute(sql, row)?)
        })?;
        Ok(secret.link(self.id()))
    }

    /// The invites of this group that were made on this device, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn invites(&self) -> Result<Vec<Invite>, StoreError> {
        self.store().read(|connection| {
            let sql = format!("SELECT {COLUMNS} FROM invites WHERE grp = ?1 ORDER BY invites.inv");
            let mut statement = connection.prepare_cached(&sql)?;
            let rows = statement.query_map([self.key.0], read)?;
            rows.map(|row| Ok(row?.invite)).collect()
        })
    }

    /// The link of an invite, to show it once more.
    ///
    /// # Errors
    /// [`StoreError::UnknownInvite`] if it was cancelled or is not of this group
    /// and device.
    pub fn invite_link(&self, id: InviteId) -> Result<InviteLink, StoreError> {
        let found = self.store().find_invite(id)?;
        if found.group != self.key {
            return Err(StoreError::UnknownInvite);
        }
        Ok(self.store().invite_secret(id)?.link(self.id()))
    }

    /// Cancels an invite: its link is of no use any more, and whoever asked by
    /// it has to ask again. Who joined by it stays.
    ///
    /// # Errors
    /// [`StoreError::UnknownInvite`] if it was cancelled before or is not of
    /// this group and device.
    pub fn cancel_invite(&self, id: InviteId) -> Result<(), StoreError> {
        self.store().write(|connection| {
            let tx = connection.transaction()?;
            tx.execute(
                "DELETE FROM requests WHERE inv IN
                     (SELECT inv FROM invites WHERE id = ?1 AND grp = ?2)",
                (id.as_bytes(), self.key.0),
            )?;
            let gone = tx.execute(
                "DELETE FROM invites WHERE id = ?1 AND grp = ?2",
                (id.as_bytes(), self.key.0),
            )?;
            if gone == 0 {
                return Err(StoreError::UnknownInvite);
            }
            Ok(tx.commit()?)
        })?;
        Ok(self.store().secrets().remove(&SecretName::invite(&id))?)
    }
}

impl Store {
    /// The row of an invite.
    pub(super) fn find_invite(&self, id: InviteId) -> Result<Found, StoreError> {
        let found = self.read(|connection| {
            let sql = format!("SELECT {COLUMNS} FROM invites WHERE id = ?1");
            let mut statement = connection.prepare_cached(&sql)?;
            Ok(statement.query_row([id.as_bytes()], read).optional()?)
        })?;
        found.ok_or(StoreError::UnknownInvite)
    }

    pub(super) fn invite_secret(&self, id: InviteId) -> Result<InviteSecret, StoreError> {
        let secret = self.secrets().get(&SecretName::invite(&id))?;
        let secret = secret.ok_or(StoreError::UnknownInvite)?;
        let bytes: &[u8; 32] = secret.expose().try_into().map_err(|_| StoreError::UnknownInvite)?;
        Ok(InviteSecret::from_bytes(*bytes))
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Found> {
    let claims: Option<[u8; 32]> = row.get(6)?;
    let policy = NewInvite {
        label: row.get(2)?,
        asks: row.get(3)?,
        uses: row.get(4)?,
        expires_ms: row.get(5)?,
        claims: claims.map(ledger_core::MemberId::from_bytes),
    };
    let invite = Invite {
        id: InviteId::from_bytes(row.get(1)?),
        policy,
        made_ms: row.get(7)?,
        used: row.get(8)?,
        waiting: row.get(9)?,
    };
    Ok(Found { inv: row.get(0)?, group: GroupKey(row.get(10)?), invite })
}
