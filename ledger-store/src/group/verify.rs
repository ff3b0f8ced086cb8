//! Checking everything again from the stored bytes.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use ledger_core::{
    Admission, Balance, Content, EntryId, Ledger, Rule, StateDigest, Verdict, VerifiedEntry,
    verify_batch,
};
use rusqlite::Connection;

use super::index::StoredIndex;
use super::load::from_genesis;
use super::stored::Stored;
use super::{Group, derived};
use crate::environment::random;
use crate::progress::{OnProgress, Phase, Progress};
use crate::{Environment, StoreError};

/// How many signatures are checked at once.
const BATCH: usize = 256;

/// What a full check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// How many entries were checked.
    pub entries: u64,
    /// The digest of the state that the entries give.
    pub digest: Option<StateDigest>,
    /// Everything that is not as it should be.
    pub problems: Vec<Problem>,
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The entry as the database names it, if one is concerned.
    pub entry: Option<EntryId>,
    /// The rule that is broken, if it is one of the format.
    pub rule: Option<Rule>,
    /// What was found.
    pub found: String,
}

impl Group<'_> {
    /// Checks every hash, signature, link and rule again from the stored
    /// bytes, and that everything derived from them agrees. Changes nothing.
    ///
    /// `progress` is told how far the check has come, and may stop it.
    ///
    /// # Errors
    /// [`StoreError::Cancelled`] if it was stopped, or [`StoreError`] if the
    /// database cannot be read at all. What is merely wrong in it is in
    /// [`Verification::problems`].
    pub fn verify(
        &self,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Verification, StoreError> {
        let shown = self.ledger();
        let inner = self.store.lock();
        let tx = inner.connection.unchecked_transaction()?;
        let mut check = Check {
            connection: &tx,
            environment: self.store.environment(),
            ledger: None,
            origins: BTreeSet::new(),
            verification: Verification { entries: 0, digest: None, problems: Vec::new() },
        };
        check.entries(self, progress)?;
        check.problems(derived::expenses(&tx, self.key)?);
        check.problems(derived::origins(&tx, self.key, &check.origins)?);
        let mut verification = check.verification;
        if let Some(ledger) = check.ledger {
            verification.digest = Some(ledger.state().digest());
            let problem = |found: String| Problem { entry: None, rule: None, found };
            let intact = verification.problems.is_empty();
            match shown {
                Ok(shown) if shown == ledger => {}
                Ok(_) if intact => verification.problems.push(problem(
                    "the checkpoint shows another state than the entries".to_owned(),
                )),
                Err(error) if intact => verification.problems.push(problem(error.to_string())),
                _ => {}
            }
            for currency in ledger.state().currencies() {
                let balances = ledger.state().open_balances(currency);
                let sum = balances.fold(Balance::ZERO, |sum, (_, balance)| sum.plus(balance));
                if !sum.is_zero() {
                    let found = format!("balances in {currency} sum to {sum} instead of zero");
                    verification.problems.push(problem(found));
                }
            }
        }
        verification.problems.extend(derived::pages(&tx)?);
        Ok(verification)
    }
}

struct Check<'a> {
    connection: &'a Connection,
    environment: &'a dyn Environment,
    ledger: Option<Ledger>,
    /// What the applied entries say of imported rows.
    origins: BTreeSet<[u8; 16]>,
    verification: Verification,
}

impl Check<'_> {
    fn report(&mut self, problem: Problem) {
        self.verification.problems.push(problem);
    }

    fn problems(&mut self, problems: impl IntoIterator<Item = Problem>) {
        self.verification.problems.extend(problems);
    }

    /// Checks the entries in the order of ingest, a batch at a time.
    fn entries(&mut self, group: &Group<'_>, progress: OnProgress<'_>) -> Result<(), StoreError> {
        let numbers: Vec<i64> = {
            let mut statement =
                self.connection.prepare("SELECT n FROM entries WHERE grp = ?1 ORDER BY n")?;
            let rows = statement.query_map([group.key.0], |row| row.get(0))?;
            rows.collect::<Result<_, _>>()?
        };
        let total = u64::try_from(numbers.len()).unwrap_or(u64::MAX);
        for batch in numbers.chunks(BATCH) {
            let done = self.verification.entries;
            if progress(Progress { phase: Phase::Verifying, done, total }).is_break() {
                return Err(StoreError::Cancelled);
            }
            self.batch(group, batch)?;
        }
        // The end is told, too; there is nothing left to stop.
        let done = self.verification.entries;
        let _ = progress(Progress { phase: Phase::Verifying, done, total });
        Ok(())
    }

    fn batch(&mut self, group: &Group<'_>, numbers: &[i64]) -> Result<(), StoreError> {
        let mut rows = Vec::new();
        let mut decoded = Vec::new();
        for n in numbers {
            self.verification.entries = self.verification.entries.saturating_add(1);
            let stored = match self.read(*n).map_err(StoreError::from) {
                Ok(stored) => stored,
                // After a page that does not check out, SQLite reads nothing more.
                Err(StoreError::Damaged(found)) => {
                    return Err(StoreError::Damaged(format!("{found}, at entry number {n}")));
                }
                Err(error) => {
                    let found = format!("entry number {n} cannot be read: {error}");
                    self.report(Problem { entry: None, rule: None, found });
                    continue;
                }
            };
            match stored.decode() {
                Ok(entry) => {
                    decoded.push(entry);
                    rows.push(stored);
                }
                Err(problem) => self.report(problem),
            }
        }
        let seed = random(self.environment)?;
        for (stored, verified) in rows.iter().zip(verify_batch(decoded, &seed)) {
            match verified {
                Ok(entry) => self.replay(group, stored, entry)?,
                Err(refusal) => self.report(stored.refused(&refusal)),
            }
        }
        Ok(())
    }

    fn read(&self, n: i64) -> Result<Stored, rusqlite::Error> {
        let mut statement = self.connection.prepare_cached(
            "SELECT n, e.id, d.id, seq, lamport, kind, verdict, slot, entry, signature
             FROM entries e LEFT JOIN devices d USING (dev) WHERE n = ?1",
        )?;
        statement.query_row([n], Stored::read)
    }

    /// Links and rules: admits and replays an entry on what came before it.
    fn replay(
        &mut self,
        group: &Group<'_>,
        stored: &Stored,
        entry: VerifiedEntry,
    ) -> Result<(), StoreError> {
        let Some(mut ledger) = self.ledger.take() else {
            if entry.id() == group.id.genesis() {
                self.ledger = Some(from_genesis(self.connection, group.key, group.id, 0)?.ledger);
                self.problems(stored.check_replayed(Verdict::Applied, None).err());
            } else {
                self.report(stored.problem("it stands before the genesis entry".to_owned()));
            }
            return Ok(());
        };
        let origin = entry
            .decoded()
            .payload()
            .content()
            .and_then(Content::origin)
            .map(|origin| *origin.as_bytes());
        let upto = stored.n.saturating_sub(1);
        let index = StoredIndex { connection: self.connection, group: group.key, upto };
        let result = ledger.admit(entry, &index).and_then(|admission| match admission {
            Admission::Admitted(admitted) => ledger.replay(&admitted, &index).map(Ok),
            Admission::Refused(refusal) => Ok(Err(stored.refused(&refusal))),
            Admission::Duplicate => Ok(Err(stored.problem("it stands twice".to_owned()))),
            Admission::Missing(ids) => {
                let ids: Vec<String> = ids.iter().map(EntryId::to_string).collect();
                let found = format!("it depends on entries that are not there: {}", ids.join(", "));
                Ok(Err(Problem { rule: Some(Rule::A4), ..stored.problem(found) }))
            }
        });
        self.ledger = Some(ledger);
        match result {
            Ok(Ok(replayed)) => {
                let slot = match replayed.slot() {
                    Some((original, ..)) => self.number(&original)?,
                    None => None,
                };
                self.problems(stored.check_replayed(replayed.verdict(), slot).err());
                self.origins.extend(origin.filter(|_| replayed.slot().is_some()));
            }
            Ok(Err(problem)) => self.report(problem),
            Err(error) => {
                let found = format!("what it depends on cannot be read: {error}");
                self.report(stored.problem(found));
            }
        }
        Ok(())
    }

    fn number(&self, id: &EntryId) -> Result<Option<i64>, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT n FROM entries WHERE id = ?1")?;
        let mut rows = statement.query([id.as_bytes()])?;
        Ok(rows.next()?.map(|row| row.get(0)).transpose()?)
    }
}
