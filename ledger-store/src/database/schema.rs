//! The schema of the database, as numbered migrations that never change once they are released.

/// Each migration leads from the version that is its index to the next version. A released one
/// never changes; `tests/fixtures` has a file of each version.
pub(super) const MIGRATIONS: &[&str] = &[
    // Version 1. Integer keys throughout: a hash as clustered key scatters
    // writes over the whole file.
    "
    CREATE TABLE groups (
        grp        INTEGER PRIMARY KEY AUTOINCREMENT, -- never used twice
        id         BLOB NOT NULL UNIQUE,
        device     BLOB NOT NULL,            -- this device's id in the group
        root_index INTEGER NOT NULL,         -- which of the person's root keys
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
    // Version 2. Invites, joins, and shares of friends' phrases.
    "
    CREATE TABLE person (
        first_index INTEGER NOT NULL         -- root keys of new groups, from here on
    ) STRICT;

    CREATE TABLE invites (                   -- made here; their secrets are elsewhere
        inv        INTEGER PRIMARY KEY,
        grp        INTEGER NOT NULL REFERENCES groups,
        id         BLOB NOT NULL UNIQUE,
        label      TEXT NOT NULL,
        asks       INTEGER NOT NULL,         -- 0: admits at once
        uses       INTEGER,                  -- how many are admitted at most
        expires_ms INTEGER,
        claims     BLOB,                     -- the member who gets the keys
        made_ms    INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX invites_by_group ON invites (grp);

    CREATE TABLE requests (                  -- that came for these invites
        req         INTEGER PRIMARY KEY,
        inv         INTEGER NOT NULL REFERENCES invites,
        member      BLOB NOT NULL,           -- whom the card inside would introduce
        message     BLOB NOT NULL,           -- as received, sealed
        came_ms     INTEGER NOT NULL,
        declined    INTEGER NOT NULL DEFAULT 0,
        admitted_by BLOB,                    -- the entry that did
        UNIQUE (inv, member)
    ) STRICT;

    CREATE TABLE joins (                     -- asked for from here, not yet answered
        j          INTEGER PRIMARY KEY,
        id         BLOB NOT NULL,            -- of the group
        device     BLOB NOT NULL,
        root_index INTEGER NOT NULL,
        name       TEXT NOT NULL,
        made_ms    INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE shares (                    -- that this person keeps for friends
        share   INTEGER PRIMARY KEY,
        grp     INTEGER NOT NULL REFERENCES groups,
        member  BLOB NOT NULL,               -- whose
        made_ms INTEGER NOT NULL,
        message BLOB NOT NULL UNIQUE         -- as received, sealed
    ) STRICT;
    CREATE INDEX shares_by_group ON shares (grp);

    CREATE TABLE returned (                  -- shares of this person's own phrase
        r       INTEGER PRIMARY KEY,
        message BLOB NOT NULL                -- as received, sealed
    ) STRICT;
    ",
    // Version 3. The entries of a group in the order in which they came: what
    // follows a checkpoint is found without reading the others.
    "CREATE INDEX entries_by_group ON entries (grp);",
    // Version 4. How entries travel.
    "
    CREATE TABLE epochs (                    -- the key ring
        e       INTEGER PRIMARY KEY,
        grp     INTEGER NOT NULL REFERENCES groups,
        topic   BLOB NOT NULL,
        secret  BLOB NOT NULL,               -- the epoch's key
        begun   INTEGER NOT NULL DEFAULT 0,  -- 1: its signed entry is here
        covered INTEGER NOT NULL DEFAULT 0,  -- 1: it is in the box of another
        wanted  INTEGER NOT NULL DEFAULT 0,  -- 1: somebody asked for it
        UNIQUE (grp, topic)
    ) STRICT;
    CREATE INDEX entries_epochs ON entries (grp, lamport) WHERE kind = 23;

    CREATE TABLE sealed (                    -- under which epoch an entry travels
        n     INTEGER PRIMARY KEY,
        epoch INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE came_under (                -- the same for entries that wait
        id    BLOB PRIMARY KEY,
        grp   INTEGER NOT NULL REFERENCES groups,
        epoch INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE quarantine (                -- envelopes whose key is not here
        q      INTEGER PRIMARY KEY,
        grp    INTEGER NOT NULL REFERENCES groups,
        topic  BLOB NOT NULL,
        nonce  BLOB NOT NULL,
        record BLOB NOT NULL,
        UNIQUE (grp, topic, nonce)
    ) STRICT;
    ",
    // Version 5. What covers what is computed from the epoch entries, and no
    // longer kept: an entry that nobody had verified could set it for good.
    // Entries that were left out, or gave way while they waited, are asked for again. Waiting entries
    // of one device are found at once: byte 39 begins the device key in every header. A join that
    // was answered stays known, so that it is not made twice.
    "
    ALTER TABLE epochs DROP COLUMN begun;
    ALTER TABLE epochs DROP COLUMN covered;

    CREATE TABLE arrivals (                  -- of statements, rotations and epochs
        n   INTEGER PRIMARY KEY,
        grp INTEGER NOT NULL REFERENCES groups,
        ms  INTEGER NOT NULL                 -- by the clock of this device
    ) STRICT;
    CREATE INDEX arrivals_by_time ON arrivals (grp, ms);
    ALTER TABLE sealed ADD COLUMN ms INTEGER; -- when it came under that epoch
    CREATE INDEX sealed_by_epoch ON sealed (epoch);

    CREATE TABLE leaving (                   -- assigned, and not yet handed out
        n      INTEGER PRIMARY KEY,
        before INTEGER                       -- the epoch to go back to, if any
    ) STRICT;

    CREATE TABLE left_out (
        l      INTEGER PRIMARY KEY,          -- the oldest are forgotten first
        grp    INTEGER NOT NULL REFERENCES groups,
        id     BLOB NOT NULL,
        device BLOB NOT NULL,
        topic  BLOB,                         -- of an epoch entry
        wanted INTEGER NOT NULL,             -- 1: it may count now
        UNIQUE (grp, id)
    ) STRICT;
    CREATE INDEX left_out_by_device ON left_out (grp, device);
    CREATE INDEX left_out_wanted ON left_out (grp) WHERE wanted = 1;
    CREATE INDEX left_out_topics ON left_out (grp, topic) WHERE topic IS NOT NULL;

    CREATE INDEX pending_by_device ON pending (grp, substr(entry, 39, 32));
    ALTER TABLE joins ADD COLUMN entered INTEGER NOT NULL DEFAULT 0; -- 1: answered

    -- Records in quarantine are told apart by all their bytes: anybody can make
    -- another record with the nonce of one.
    CREATE TABLE quarantined (
        q      INTEGER PRIMARY KEY,
        grp    INTEGER NOT NULL REFERENCES groups,
        topic  BLOB NOT NULL,
        nonce  BLOB NOT NULL,
        record BLOB NOT NULL
    ) STRICT;
    INSERT INTO quarantined SELECT * FROM quarantine;
    DROP TABLE quarantine;
    ALTER TABLE quarantined RENAME TO quarantine;
    CREATE INDEX quarantine_by_topic ON quarantine (grp, topic, nonce);
    ",
    // Version 6. How far a person has read: what was here before counts as read.
    "
    ALTER TABLE groups ADD COLUMN read_upto INTEGER NOT NULL DEFAULT 0; -- n of an entry
    UPDATE groups SET read_upto =
        coalesce((SELECT max(n) FROM entries e WHERE e.grp = groups.grp), 0);
    ",
    // Version 7. The lists of expenses with what filters and totals need. What they hold follows from
    // entries, so version 9 has them derived anew for the groups in `unlisted`.
    "
    CREATE TABLE unlisted (
        n         INTEGER PRIMARY KEY,       -- as in expenses
        grp       INTEGER NOT NULL REFERENCES groups,
        content   INTEGER NOT NULL,
        cancelled INTEGER NOT NULL
    ) STRICT;
    INSERT INTO unlisted SELECT n, grp, content, cancelled FROM expenses;
    DROP TABLE expenses;
    DROP TABLE terms;
    DROP TABLE found_by;
    DROP TABLE texts;

    CREATE TABLE expenses (
        n         INTEGER PRIMARY KEY,       -- n of the slot's original
        grp       INTEGER NOT NULL REFERENCES groups,
        date      INTEGER NOT NULL,          -- number of the day of the content shown
        content   INTEGER NOT NULL,          -- n of the entry whose content is shown
        cancelled INTEGER NOT NULL,
        kind      INTEGER NOT NULL,          -- 0 expense, 1 transfer, 2 income
        currency  INTEGER NOT NULL,          -- its term
        category  INTEGER,                   -- its term
        amount    INTEGER NOT NULL           -- in minor units
    ) STRICT, WITHOUT ROWID;  -- so that a page can begin within a day by index
    CREATE INDEX expenses_by_date ON expenses (grp, date);

    CREATE TABLE terms (                     -- what expenses can be found by
        term  INTEGER PRIMARY KEY,
        grp   INTEGER NOT NULL REFERENCES groups,
        kind  INTEGER NOT NULL,              -- 1 member and currency, 2 category,
                                             -- 3 currency, 4 payer, 5 transfers,
                                             -- 6 cancelled, 7 income
        value BLOB NOT NULL,
        UNIQUE (grp, kind, value)
    ) STRICT;

    CREATE TABLE found_by (
        term INTEGER NOT NULL,
        date INTEGER NOT NULL,               -- as in expenses
        n    INTEGER NOT NULL,               -- n of the slot's original
        PRIMARY KEY (term, date, n)
    ) STRICT, WITHOUT ROWID;

    -- Words of the contents shown, folded; rowid is day * 2^36 + n, so that
    -- matches come in the order of the list. Keeps no text, only where words
    -- occur.
    CREATE VIRTUAL TABLE texts USING fts5 (
        words, content = '', contentless_delete = 1,
        tokenize = 'unicode61 remove_diacritics 2'
    );
    ",
    // Version 8. Settings, templates and what devices read are few among many entries. Each list of
    // them goes by its own index.
    "
    CREATE INDEX entries_settings ON entries (grp, lamport, id) WHERE kind = 25;
    CREATE INDEX entries_templates ON entries (grp, lamport, id) WHERE kind = 26;
    CREATE INDEX entries_speaks ON entries (grp, lamport, id) WHERE kind = 27;
    ",
    // Version 9. The entries of a slot in the order in which they count, so that what a slot shows is
    // found without reading the others. What an older version derived is derived anew where it did not
    // know the kinds of all entries, or had no lists. So it is where entries are void or have an origin:
    // an older version forgot the origin of a void entry, which can name a slot. No ledger that an
    // older version saved is used.
    "
    DROP INDEX entries_by_slot;
    CREATE INDEX entries_by_slot ON entries (slot, kind, lamport, id) WHERE slot <> n;
    DELETE FROM checkpoints;
    CREATE TABLE underived (                 -- groups whose rows are to be derived anew
        grp INTEGER PRIMARY KEY REFERENCES groups
    ) STRICT;
    INSERT INTO underived
        SELECT grp FROM unlisted
        UNION SELECT grp FROM entries WHERE verdict <> 0 OR kind BETWEEN 24 AND 27
        UNION SELECT grp FROM origins;
    DROP TABLE unlisted;
    ",
    // Version 10. Expenses and transfers are found by their tags, too: terms of kind 8. Tags follow from
    // entries, so the lists of every group are derived anew.
    "
    INSERT OR IGNORE INTO underived SELECT DISTINCT grp FROM expenses;
    ",
    // Version 11. Imports of files, so that one that stopped half-way shows, and each can be undone. An
    // import of an older version cannot.
    "
    CREATE TABLE imports (
        imp    INTEGER PRIMARY KEY AUTOINCREMENT, -- never used twice
        grp    INTEGER NOT NULL REFERENCES groups,
        source BLOB NOT NULL,                -- of the rows of the file
        state  INTEGER NOT NULL,             -- 0 under way, 1 finished, 2 being undone
        done   INTEGER NOT NULL,             -- rows of the file; entries, if being undone
        total  INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX imports_by_group ON imports (grp);

    CREATE TABLE imported (                  -- entries that an import wrote, from n to n
        imp   INTEGER NOT NULL REFERENCES imports,
        first INTEGER NOT NULL,
        last  INTEGER NOT NULL,
        PRIMARY KEY (imp, first)
    ) STRICT, WITHOUT ROWID;
    ",
];
