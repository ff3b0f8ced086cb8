//! The settings in force (SPEC §4.15).

use ledger_core::engine::{Payload, SettingsInForce};
use ledger_core::{Currency, SettingValue, Settings};
use rusqlite::Connection;

use crate::StoreError;
use crate::database::GroupKey;
use crate::entries::LoadedLedger;
use crate::entries::index::stored_entry;
use crate::session::GroupSession;

/// Applied settings, newest first.
pub(super) const APPLIED: &str = "SELECT entry, signature, chain FROM entries
     WHERE grp = ?1 AND kind = 25 AND verdict = 0
     ORDER BY lamport DESC, id DESC";

/// The settings in force in a group.
pub(crate) fn settings(group: &GroupSession) -> Result<Settings, StoreError> {
    group.read(|connection, loaded| settings_in_force(connection, loaded, group.key))
}

/// The settings in force in a snapshot of a group.
pub(super) fn settings_in_force(
    connection: &Connection,
    loaded: &LoadedLedger,
    group: GroupKey,
) -> Result<Settings, StoreError> {
    let mut settings = SettingsInForce::new(loaded.ledger.state());
    let mut statement = connection.prepare_cached(APPLIED)?;
    let mut rows = statement.query([group.0])?;
    while let Some(row) = rows.next()? {
        let entry = stored_entry(row)?;
        if let Payload::Setting(setting) = entry.decoded().payload() {
            settings.add(loaded.ledger.member_of_chain(row.get(2)?), setting);
        }
    }
    Ok(settings.finish())
}

/// The default currency in force: that of the newest applied setting of it. Reads the settings after
/// that one, and no ledger.
pub(super) fn default_currency(
    connection: &Connection,
    group: GroupKey,
) -> Result<Option<Currency>, StoreError> {
    let mut statement = connection.prepare_cached(APPLIED)?;
    let mut rows = statement.query([group.0])?;
    while let Some(row) = rows.next()? {
        let entry = stored_entry(row)?;
        let Payload::Setting(setting) = entry.decoded().payload() else { continue };
        if let Some(SettingValue::DefaultCurrency(currency)) = setting.value() {
            return Ok(currency);
        }
    }
    Ok(None)
}
