//! The layout of the database, as numbered migrations that never change once
//! they are released.

use rusqlite::{Connection, TransactionBehavior};

use crate::StoreError;

/// Each migration leads from its place in the list to the next version.
const MIGRATIONS: &[&str] = &[
    // Version 1. Integer keys throughout: a hash as clustered key scatters
    // writes over the whole file.
    "
    CREATE TABLE groups (
        grp        INTEGER PRIMARY KEY AUTOINCREMENT, -- never used twice
        id         BLOB NOT NULL UNIQUE,
        device     BLOB NOT NULL,            -- this device's id in the group
        root_index INTEGER NOT NULL UNIQUE,  -- which of the person's root keys
        flipped    INTEGER NOT NULL DEFAULT 0 -- n of the last entry that changed
                                              -- verdicts on others
    ) STRICT;

    CREATE TABLE spent (                     -- of groups that were deleted here:
        root_index INTEGER PRIMARY KEY       -- no other group may derive that key
    ) STRICT;

    CREATE TABLE entries (
        n         INTEGER PRIMARY KEY,       -- order of ingest on this device
        grp       INTEGER NOT NULL REFERENCES groups,
        id        BLOB NOT NULL UNIQUE,
        chain     INTEGER NOT NULL,          -- of its device, as met here
        seq       INTEGER NOT NULL,
        lamport   INTEGER NOT NULL,
        kind      INTEGER NOT NULL,
        verdict   INTEGER NOT NULL,
        slot      INTEGER,                   -- n of the slot's original
        entry     BLOB NOT NULL,             -- header and payload as received
        signature BLOB NOT NULL
    ) STRICT;
    CREATE INDEX entries_by_order ON entries (grp, lamport);
    CREATE INDEX entries_by_chain ON entries (grp, chain, seq);
    -- An original is found by its own n; only changes need the index.
    CREATE INDEX entries_by_slot ON entries (slot) WHERE slot <> n;
    CREATE INDEX entries_void ON entries (grp, lamport) WHERE verdict > 1;

    CREATE TABLE named (                     -- changes and endorsements of an
                                             -- original, void ones as well
        original INTEGER NOT NULL,           -- n of the original
        endorses INTEGER NOT NULL,           -- 1: an endorsement; 0: a change
        lamport  INTEGER NOT NULL,
        id       BLOB NOT NULL,
        n        INTEGER NOT NULL,
        PRIMARY KEY (original, endorses, lamport, id)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE expenses (
        n         INTEGER PRIMARY KEY,       -- n of the slot's original
        grp       INTEGER NOT NULL REFERENCES groups,
        date      INTEGER NOT NULL,          -- YYYYMMDD of the content shown
        content   INTEGER NOT NULL,          -- n of the entry whose content is shown
        cancelled INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;  -- so that a page can begin within a day by index
    CREATE INDEX expenses_by_date ON expenses (grp, date);

    CREATE TABLE terms (                     -- what expenses can be found by
        term  INTEGER PRIMARY KEY,
        grp   INTEGER NOT NULL REFERENCES groups,
        kind  INTEGER NOT NULL,              -- 1 member, 2 category, 3 currency
        value BLOB NOT NULL,
        UNIQUE (grp, kind, value)
    ) STRICT;

    CREATE TABLE found_by (
        term INTEGER NOT NULL,
        date INTEGER NOT NULL,               -- as in expenses
        n    INTEGER NOT NULL,               -- n of the slot's original
        PRIMARY KEY (term, date, n)
    ) STRICT, WITHOUT ROWID;

    -- Words of the contents shown; rowid is date * 2^36 + n, so that matches
    -- come in the order of the list. Keeps no text, only where words occur.
    CREATE VIRTUAL TABLE texts USING fts5 (
        words, content = '', contentless_delete = 1,
        tokenize = 'unicode61 remove_diacritics 2'
    );

    CREATE TABLE origins (
        grp    INTEGER NOT NULL REFERENCES groups,
        origin BLOB NOT NULL,
        n      INTEGER NOT NULL,             -- an applied entry that has it
        PRIMARY KEY (grp, origin, n)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE pending (                   -- verified, waiting for others
        p         INTEGER PRIMARY KEY,
        grp       INTEGER NOT NULL REFERENCES groups,
        id        BLOB NOT NULL UNIQUE,
        entry     BLOB NOT NULL,
        signature BLOB NOT NULL
    ) STRICT;

    CREATE TABLE checkpoints (
        grp    INTEGER NOT NULL REFERENCES groups,
        upto   INTEGER NOT NULL,             -- n of the last entry covered
        ledger BLOB NOT NULL,
        PRIMARY KEY (grp, upto)
    ) STRICT, WITHOUT ROWID;
    ",
];

/// Brings the database to the newest version, one transaction per migration.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if version(connection)? == known {
        return Ok(());
    }
    loop {
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Read again inside: another process may have migrated meanwhile.
        let found = version(&tx)?;
        if found > known || found < 0 {
            return Err(StoreError::FromTheFuture { found, known });
        }
        let place = usize::try_from(found).unwrap_or(usize::MAX);
        let Some(migration) = MIGRATIONS.get(place) else { return Ok(()) };
        tx.execute_batch(migration)?;
        tx.pragma_update(None, "user_version", found.saturating_add(1))?;
        tx.commit()?;
    }
}

fn version(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}
