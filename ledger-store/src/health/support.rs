//! A text about a database for the person who helps with a problem. It shows nothing private.

use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};
use std::sync::Arc;
use std::time::Instant;

use ledger_core::Verdict;
use ledger_core::engine::Kind;
use rusqlite::types::Value;
use rusqlite::{Connection, ToSql};

use crate::StoreError;
use crate::database::GroupKey;
use crate::entries::LoadedLedger;
use crate::lists::Lists;
use crate::platform::files::with_ending;
use crate::session::Session;

/// The tables whose rows are counted.
const TABLES: [&str; 26] = [
    "groups",
    "spent",
    "entries",
    "named",
    "expenses",
    "terms",
    "found_by",
    "underived",
    "origins",
    "pending",
    "checkpoints",
    "person",
    "invites",
    "requests",
    "joins",
    "shares",
    "returned",
    "epochs",
    "sealed",
    "leaving",
    "came_under",
    "arrivals",
    "left_out",
    "quarantine",
    "imports",
    "imported",
];

/// The settings in the text.
const PRAGMAS: [&str; 6] =
    ["cipher_version", "journal_mode", "user_version", "page_size", "page_count", "freelist_count"];

pub(super) fn support_dump(session: &Arc<Session>) -> Result<String, StoreError> {
    let mut dump = Dump::default();
    dump.line("ledger-store", env!("CARGO_PKG_VERSION"));
    dump.line("system", std::env::consts::OS);
    dump.line("processor", std::env::consts::ARCH);
    dump.line("sqlite", rusqlite::version());
    for ending in ["", "-wal"] {
        let file = with_ending(session.path(), ending);
        let bytes = std::fs::metadata(file).map_or(0, |file| file.len());
        dump.line(&format!("bytes of file{ending}"), bytes);
    }
    session.snapshot_apart(|snapshot| {
        let connection = snapshot.connection();
        for pragma in PRAGMAS {
            dump.line(pragma, setting(connection, pragma)?);
        }
        for table in TABLES {
            let rows = number(connection, &format!("SELECT count(*) FROM {table}"), [])?;
            dump.line(&format!("rows of {table}"), rows);
        }
        for (place, (key, id)) in snapshot.groups()?.into_iter().enumerate() {
            let _ = writeln!(dump.text, "group {}", place.saturating_add(1));
            dump.entries(connection, key)?;
            let start = Instant::now();
            match snapshot.ledger(key, id) {
                Ok(loaded) => dump.ledger(&loaded, start),
                // The text of the error may name an entry.
                Err(error) => dump.line("  cannot be opened", kind_of(&error)),
            }
        }
        Ok(())
    })?;
    time_a_page(session, &mut dump)?;
    Ok(dump.text)
}

/// Measures how long apps wait for the first page.
fn time_a_page(session: &Arc<Session>, dump: &mut Dump) -> Result<(), StoreError> {
    for (place, id) in session.group_ids()?.into_iter().enumerate() {
        let start = Instant::now();
        if session.group(id).and_then(|group| Lists::new(&group).expenses(None, 50)).is_ok() {
            let ms = start.elapsed().as_millis();
            dump.line(&format!("ms for expenses of group {}", place.saturating_add(1)), ms);
        }
    }
    Ok(())
}

#[derive(Default)]
struct Dump {
    text: String,
}

impl Dump {
    fn line(&mut self, what: &str, value: impl Display) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "{what}: {value}");
    }

    fn ledger(&mut self, loaded: &LoadedLedger, start: Instant) {
        let (state, opening) = (loaded.ledger.state(), loaded.opening);
        self.line("  ms to open", start.elapsed().as_millis());
        self.line("  heads", loaded.ledger.frontier().heads().count());
        self.line("  members", state.members().len());
        self.line("  devices", state.devices().count());
        self.line("  currencies", state.currencies().count());
        self.line("  entries that need an update", state.entries_needing_update());
        self.line("  opened from a checkpoint of", opening.from_checkpoint);
        self.line("  replayed on top", opening.replayed);
        self.line("  checkpoints dropped", opening.dropped_checkpoints);
    }

    /// Counts of one group, from its rows alone.
    fn entries(&mut self, connection: &Connection, group: GroupKey) -> Result<(), StoreError> {
        let mut statement = connection.prepare(
            "SELECT kind, verdict, count(*), sum(length(entry) + 64) FROM entries
             WHERE grp = ?1 GROUP BY kind, verdict",
        )?;
        let mut rows = statement.query([group.0])?;
        let mut kinds: BTreeMap<u16, u64> = BTreeMap::new();
        let mut verdicts: BTreeMap<u8, u64> = BTreeMap::new();
        let (mut entries, mut bytes): (u64, u64) = (0, 0);
        while let Some(row) = rows.next()? {
            let count: u64 = row.get(2)?;
            let kind = kinds.entry(row.get(0)?).or_default();
            *kind = kind.saturating_add(count);
            let verdict = verdicts.entry(row.get(1)?).or_default();
            *verdict = verdict.saturating_add(count);
            entries = entries.saturating_add(count);
            bytes = bytes.saturating_add(row.get(3)?);
        }
        self.line("  entries", entries);
        self.line("  bytes of entries", bytes);
        for (kind, count) in kinds {
            let name = Kind::from_number(kind).name();
            self.line(&format!("  entries of kind {kind} ({name})"), count);
        }
        for (code, count) in verdicts {
            let name = match Verdict::from_code(code) {
                Some(Verdict::Applied) => "applied",
                Some(Verdict::Unknown) => "unknown",
                Some(Verdict::Void(reason)) => reason.slug(),
                None => "none that is known",
            };
            self.line(&format!("  verdict {code} ({name})"), count);
        }
        for (what, sql) in [
            ("expenses", "SELECT count(*) FROM expenses WHERE grp = ?1"),
            ("expenses cancelled", "SELECT count(*) FROM expenses WHERE grp = ?1 AND cancelled"),
            ("entries waiting", "SELECT count(*) FROM pending WHERE grp = ?1"),
            ("checkpoints", "SELECT count(*) FROM checkpoints WHERE grp = ?1"),
            (
                "bytes of checkpoints",
                "SELECT coalesce(sum(length(ledger)), 0) FROM checkpoints WHERE grp = ?1",
            ),
        ] {
            self.line(&format!("  {what}"), number(connection, sql, [&group.0])?);
        }
        Ok(())
    }
}

/// Reads a setting; SQLCipher returns some numbers as text.
fn setting(connection: &Connection, pragma: &str) -> Result<String, StoreError> {
    let mut statement = connection.prepare(&format!("PRAGMA {pragma}"))?;
    let mut rows = statement.query([])?;
    Ok(match rows.next()?.map(|row| row.get(0)).transpose()? {
        Some(Value::Integer(number)) => number.to_string(),
        Some(Value::Text(text)) => text,
        _ => "none".to_owned(),
    })
}

fn number<const N: usize>(
    connection: &Connection,
    sql: &str,
    parameters: [&dyn ToSql; N],
) -> Result<i64, StoreError> {
    Ok(connection.query_row(sql, parameters.as_slice(), |row| row.get(0))?)
}

/// The kind of an error, without its details.
fn kind_of(error: &StoreError) -> &'static str {
    match error {
        StoreError::Damaged(_) => "damaged",
        StoreError::Busy => "busy",
        StoreError::DiskFull => "the disk is full",
        StoreError::ReadOnly | StoreError::ReadOnlyLog(_) | StoreError::ReadOnlyOlder => {
            "read-only"
        }
        StoreError::CannotOpen => "it cannot be opened",
        StoreError::Storage(_) => "the storage failed",
        StoreError::Refused(refusal) => refusal.rule().code(),
        StoreError::Database(_) => "the database failed",
        StoreError::UnknownGroup(_) => "it was deleted",
        _ => "another error",
    }
}
