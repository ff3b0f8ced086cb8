//! The groups of a database at a glance.

use ledger_core::{Balance, Currency, DecodedEntry, GroupId, MemberId};
use rusqlite::OptionalExtension as _;

use super::cursor::Cursor;
use crate::{Store, StoreError};

pub(super) const GROUPS: &str =
    "SELECT grp, id FROM groups WHERE grp < ?1 ORDER BY grp DESC LIMIT ?2";

pub(super) const LAST: &str = "SELECT e.entry, e.signature FROM groups g
     JOIN entries e ON e.grp = g.grp WHERE g.id = ?1
     ORDER BY e.lamport DESC, e.n DESC LIMIT 1";

/// A group at a glance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    /// The group.
    pub id: GroupId,
    /// Its name.
    pub name: String,
    /// The member who uses this device.
    pub me: Option<MemberId>,
    /// What the group owes me, in every currency in which that is not zero.
    pub balances: Vec<(Currency, Balance)>,
    /// How many members there are, without those removed.
    pub members: u64,
    /// When the last entry was made, by its author's clock: to be shown, not
    /// trusted.
    pub last_activity_ms: u64,
    /// Where the page after this row begins.
    pub cursor: Cursor,
}

impl Store {
    /// The groups with what a list of them shows, the one that came to this
    /// device last first.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn overview(&self, after: Option<Cursor>, limit: u32) -> Result<Vec<Overview>, StoreError> {
        let after = after.unwrap_or(Cursor::START);
        let groups: Vec<(u64, GroupId)> = {
            let inner = self.lock();
            let mut statement = inner.connection.prepare_cached(GROUPS)?;
            let rows = statement.query_map((after.major, limit), |row| {
                Ok((row.get(0)?, GroupId::from_bytes(row.get(1)?)))
            })?;
            rows.collect::<Result<_, _>>()?
        };
        let rows = groups.into_iter().map(|(place, id)| {
            let group = self.group(id)?;
            let ledger = group.ledger()?;
            let state = ledger.state();
            let me = state.device_owner(group.device);
            let balance = |currency| Some((currency, state.balance(me?, currency)));
            let balances = state.currencies().filter_map(balance);
            let members = state.members().iter().filter(|(_, m)| !m.is_removed()).count();
            Ok(Overview {
                id,
                name: state.name().to_owned(),
                me,
                balances: balances.filter(|(_, balance)| !balance.is_zero()).collect(),
                members: u64::try_from(members).unwrap_or(u64::MAX),
                last_activity_ms: self.last_activity(id)?,
                cursor: Cursor { major: place, minor: 0 },
            })
        });
        rows.collect()
    }

    fn last_activity(&self, id: GroupId) -> Result<u64, StoreError> {
        let inner = self.lock();
        let last: Option<(Vec<u8>, [u8; 64])> = inner
            .connection
            .prepare_cached(LAST)?
            .query_row([id.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let (bytes, signature) = last.ok_or(StoreError::UnknownGroup(id))?;
        Ok(DecodedEntry::decode(&bytes, &signature)?.header().timestamp_ms())
    }
}
