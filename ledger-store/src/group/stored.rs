//! A row of the entries table, and whether it agrees with itself.

use ledger_core::{DecodedEntry, EntryId, Refusal, Rule, Verdict};
use rusqlite::Row;

use super::Problem;

/// A stored row: what the columns say, and the bytes.
pub(super) struct Stored {
    id: EntryId,
    chain: u32,
    seq: u64,
    lamport: u64,
    kind: u16,
    verdict: u8,
    slot: Option<i64>,
    bytes: Vec<u8>,
    signature: [u8; 64],
}

impl Stored {
    pub(super) fn read(row: &Row<'_>) -> Result<Self, rusqlite::Error> {
        Ok(Self {
            id: EntryId::from_bytes(row.get(0)?),
            chain: row.get(1)?,
            seq: row.get(2)?,
            lamport: row.get(3)?,
            kind: row.get(4)?,
            verdict: row.get(5)?,
            slot: row.get(6)?,
            bytes: row.get(7)?,
            signature: row.get(8)?,
        })
    }

    /// Rules about form, and that the columns say what the bytes say.
    pub(super) fn decode(&self) -> Result<DecodedEntry, Problem> {
        let entry = DecodedEntry::decode(&self.bytes, &self.signature)
            .map_err(|refusal| self.refused(&refusal))?;
        if entry.id() != self.id {
            // Another header, so that the signature, too, is another entry's.
            let found = format!("its bytes are those of another entry, {}", entry.id());
            return Err(Problem { rule: Some(Rule::S1), ..self.problem(found) });
        }
        let header = entry.header();
        let columns = (header.seq(), header.lamport(), header.kind().number());
        if columns != (self.seq, self.lamport, self.kind) {
            return Err(self.problem("the index beside it says something else".to_owned()));
        }
        Ok(entry)
    }

    pub(super) fn id(&self) -> EntryId {
        self.id
    }

    /// That the columns say what replay says of the entry.
    pub(super) fn check_replayed(
        &self,
        chain: Option<u32>,
        verdict: Verdict,
        slot: Option<i64>,
    ) -> Result<(), Problem> {
        if chain.is_some_and(|chain| chain != self.chain) {
            return Err(self.problem("it is stored on another chain".to_owned()));
        }
        if (verdict.code(), slot) == (self.verdict, self.slot) {
            return Ok(());
        }
        Err(self.problem("its stored verdict or slot is wrong".to_owned()))
    }

    pub(super) fn problem(&self, found: String) -> Problem {
        Problem::new(Some(self.id), found)
    }

    pub(super) fn refused(&self, refusal: &Refusal) -> Problem {
        Problem { rule: Some(refusal.rule()), ..self.problem(refusal.to_string()) }
    }
}
