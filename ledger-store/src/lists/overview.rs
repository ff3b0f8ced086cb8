//! Groups at a glance.

use ledger_core::{Balance, Currency, DeviceId, GroupId, MemberId};
use rusqlite::Connection;

use super::arrived::unread;
use super::cursor::ListId;
use super::settings::default_currency;
use super::unfinished::unfinished_import;
use super::{Cursor, Lists, UnfinishedImport, Unread};
use crate::StoreError;
use crate::database::GroupKey;
use crate::entries::index::stored_entry;
use crate::entries::{LoadedLedger, WaitingCount};
use crate::session::Session;

pub(super) const GROUPS: &str = "SELECT grp, id, device FROM groups WHERE grp < ?1
     AND EXISTS (SELECT 1 FROM entries e WHERE e.grp = groups.grp) ORDER BY grp DESC LIMIT ?2";

pub(super) const LAST: &str = "SELECT entry, signature FROM entries
     WHERE grp = ?1 ORDER BY n DESC LIMIT 1";

/// A group at a glance.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Overview {
    /// The group.
    pub id: GroupId,
    /// Its name.
    pub name: String,
    /// The member who uses this device.
    pub me: Option<MemberId>,
    /// The balances of this member that are not zero, in every currency.
    pub balances: Vec<(Currency, Balance)>,
    /// The currency that an app offers first, if one is set.
    pub default_currency: Option<Currency>,
    /// Number of members, without removed ones.
    pub members: u64,
    /// Number of entries that wait for others that are not here.
    pub waiting: WaitingCount,
    /// The import of a file that stopped half-way, if there is one.
    pub unfinished_import: Option<UnfinishedImport>,
    /// Entries of other devices that came since the group was marked as read.
    pub unread: Unread,
    /// The time of the entry that came here last, by its author's clock: for display only, never
    /// trusted.
    pub last_activity_ms: u64,
    /// The position after this row, where the next page begins.
    pub cursor: Cursor,
}

impl Lists<'_> {
    /// This group at a glance.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn overview(&self) -> Result<Overview, StoreError> {
        let group = self.group;
        group.read(|connection, loaded| {
            group_overview(connection, (group.key, group.id), group.device, loaded)
        })
    }
}

/// A page of all groups at a glance, the one that came to this device last first.
pub(crate) fn overview(
    session: &Session,
    after: Option<Cursor>,
    limit: u32,
) -> Result<Vec<Overview>, StoreError> {
    let after = ListId::GROUPS.before(after)?;
    session.snapshot(|snapshot| {
        let connection = snapshot.connection();
        let mut statement = connection.prepare_cached(GROUPS)?;
        let groups = statement.query_map((after.major, limit), |row| {
            let (key, id, device) = (GroupKey(row.get(0)?), row.get(1)?, row.get(2)?);
            Ok((key, GroupId::from_bytes(id), DeviceId::from_bytes(device)))
        })?;
        let mut page = Vec::new();
        for group in groups {
            let (key, id, device) = group?;
            let loaded = snapshot.ledger(key, id)?;
            page.push(group_overview(connection, (key, id), device, &loaded)?);
        }
        Ok(page)
    })
}

fn group_overview(
    connection: &Connection,
    (key, id): (GroupKey, GroupId),
    device: DeviceId,
    loaded: &LoadedLedger,
) -> Result<Overview, StoreError> {
    let state = loaded.ledger.state();
    let me = state.device_owner(device);
    let balance = |currency| Some((currency, state.balance(me?, currency)));
    let balances = state.currencies().filter_map(balance);
    let members = state.members().iter().filter(|(_, member)| !member.is_removed()).count();
    Ok(Overview {
        id,
        name: state.name().to_owned(),
        me,
        balances: balances.filter(|(_, balance)| !balance.is_zero()).collect(),
        default_currency: default_currency(connection, key)?,
        members: u64::try_from(members).unwrap_or(u64::MAX),
        waiting: WaitingCount::read(connection, key, device)?,
        unfinished_import: unfinished_import(connection, key)?,
        unread: unread(connection, key, loaded)?,
        last_activity_ms: last_activity_ms(connection, key)?,
        cursor: ListId::GROUPS.cursor(u64::try_from(key.0).unwrap_or(0), 0),
    })
}

fn last_activity_ms(connection: &Connection, group: GroupKey) -> Result<u64, StoreError> {
    let mut statement = connection.prepare_cached(LAST)?;
    let mut rows = statement.query([group.0])?;
    let Some(row) = rows.next()? else { return Ok(0) };
    Ok(stored_entry(row)?.decoded().header().timestamp_ms())
}
