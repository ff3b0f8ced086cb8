//! A row of the entries table, and whether it agrees with itself.

use ledger_core::engine::DecodedEntry;
use ledger_core::{EntryId, Refusal, Rule};
use rusqlite::{Connection, Row};

use super::compact::DerivedColumns;
use crate::health::{Problem, Table};

/// A stored row: its columns and its bytes.
pub(super) struct Stored {
    pub(super) n: i64,
    pub(super) id: EntryId,
    pub(super) columns: Columns,
    bytes: Vec<u8>,
    signature: [u8; 64],
}

/// The derived columns beside an entry.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Columns {
    pub(super) chain: u32,
    pub(super) seq: u64,
    pub(super) lamport: u64,
    pub(super) kind: u16,
    pub(super) verdict: u8,
    pub(super) slot: Option<i64>,
}

impl Columns {
    /// Whether the columns agree with the header.
    fn fit(&self, entry: &DecodedEntry) -> bool {
        let header = entry.header();
        (self.seq, self.lamport, self.kind)
            == (header.seq(), header.lamport(), header.kind().number())
    }

    /// The correct columns, if they differ from these.
    pub(super) fn corrected(&self, entry: &DecodedEntry, derived: DerivedColumns) -> Option<Self> {
        let header = entry.header();
        let right = Self {
            chain: derived.chain,
            seq: header.seq(),
            lamport: header.lamport(),
            kind: header.kind().number(),
            verdict: derived.verdict,
            slot: derived.slot,
        };
        (*self != right).then_some(right)
    }
}

impl Stored {
    pub(super) fn load(connection: &Connection, n: i64) -> Result<Self, rusqlite::Error> {
        let mut statement = connection.prepare_cached(
            "SELECT n, id, chain, seq, lamport, kind, verdict, slot, entry, signature
             FROM entries WHERE n = ?1",
        )?;
        statement.query_row([n], Self::read)
    }

    fn read(row: &Row<'_>) -> Result<Self, rusqlite::Error> {
        Ok(Self {
            n: row.get(0)?,
            id: EntryId::from_bytes(row.get(1)?),
            columns: Columns {
                chain: row.get(2)?,
                seq: row.get(3)?,
                lamport: row.get(4)?,
                kind: row.get(5)?,
                verdict: row.get(6)?,
                slot: row.get(7)?,
            },
            bytes: row.get(8)?,
            signature: row.get(9)?,
        })
    }

    /// Decodes the entry, which checks the rules of form.
    pub(super) fn decode(&self) -> Result<DecodedEntry, Problem> {
        DecodedEntry::decode(&self.bytes, &self.signature).map_err(|refusal| self.refused(&refusal))
    }

    /// Compares id and columns with the bytes, whose signature holds.
    pub(super) fn check(&self, entry: &DecodedEntry) -> Option<Problem> {
        if entry.id() != self.id {
            let found = format!("its bytes are those of another entry, {}", entry.id());
            let problem = Problem::derived(Table::Entries, Some(self.id), found);
            return Some(Problem { rule: Some(Rule::S1), ..problem });
        }
        let found = "the index beside it says something else";
        (!self.columns.fit(entry)).then(|| Problem::derived(Table::Entries, Some(self.id), found))
    }

    pub(super) fn refused(&self, refusal: &Refusal) -> Problem {
        Problem::refused(Some(self.id), refusal)
    }
}
