//! Checking everything again from the stored bytes.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use ledger_core::{
    Admission, Balance, EntryId, EntryIndex as _, Evaluation, Ledger, MemoryIndex, Rule,
    StateDigest, VerifiedEntry, View, evaluate, verify_batch,
};
use rusqlite::Connection;

use super::index::find_number;
use super::stored::Stored;
use super::{Group, derived, derived_lists};
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

impl Problem {
    /// One that breaks no rule of the format.
    pub(super) fn new(entry: Option<EntryId>, found: impl Into<String>) -> Self {
        Self { entry, rule: None, found: found.into() }
    }
}

impl Group {
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
            rows: Vec::new(),
            entries: Vec::new(),
            verification: Verification { entries: 0, digest: None, problems: Vec::new() },
        };
        check.entries(self, progress)?;
        check.order();
        let entries = std::mem::take(&mut check.entries);
        let replayed = check.replay(&entries);
        match evaluate(self.id, entries) {
            Ok(evaluation) => {
                let intact = check.verification.problems.is_empty();
                check.verification.digest = Some(evaluation.state().digest());
                check.links(&evaluation);
                check.verdicts(&evaluation, replayed.as_ref().map(|(_, index)| index))?;
                check.problems(derived::expenses(&tx, self.key, &evaluation)?);
                check.problems(derived::origins(&tx, self.key, &evaluation)?);
                check.problems(derived_lists::found_by(&tx, self.key, &evaluation)?);
                check.problems(derived_lists::named(&tx, self.key, &evaluation)?);
                check.state(evaluation.view(), shown, intact);
                if let Some((ledger, _)) = replayed.filter(|_| intact)
                    && ledger.view() != evaluation.view()
                {
                    check.report(None, "replay and evaluation differ: a bug".to_owned());
                }
            }
            Err(error) => check.report(None, error.to_string()),
        }
        check.problems(derived::pages(&tx)?);
        Ok(check.verification)
    }
}

struct Check<'a> {
    connection: &'a Connection,
    environment: &'a dyn Environment,
    /// The rows whose entries are sound by themselves.
    rows: Vec<Stored>,
    /// Their entries.
    entries: Vec<VerifiedEntry>,
    verification: Verification,
}

impl Check<'_> {
    fn report(&mut self, entry: Option<EntryId>, found: String) {
        self.problems([Problem::new(entry, found)]);
    }

    fn problems(&mut self, problems: impl IntoIterator<Item = Problem>) {
        self.verification.problems.extend(problems);
    }

    /// Checks the entries in the order of ingest, a batch at a time.
    fn entries(&mut self, group: &Group, progress: OnProgress<'_>) -> Result<(), StoreError> {
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
            self.batch(batch)?;
        }
        // The end is told, too; there is nothing left to stop.
        let done = self.verification.entries;
        let _ = progress(Progress { phase: Phase::Verifying, done, total });
        Ok(())
    }

    fn batch(&mut self, numbers: &[i64]) -> Result<(), StoreError> {
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
                    self.report(None, found);
                    continue;
                }
            };
            match stored.decode() {
                Ok(entry) => {
                    decoded.push(entry);
                    rows.push(stored);
                }
                Err(problem) => self.problems([problem]),
            }
        }
        let seed = random(self.environment)?;
        for (stored, verified) in rows.into_iter().zip(verify_batch(decoded, &seed)) {
            match verified {
                Ok(entry) => {
                    self.entries.push(entry);
                    self.rows.push(stored);
                }
                Err(refusal) => self.problems([stored.refused(&refusal)]),
            }
        }
        Ok(())
    }

    fn read(&self, n: i64) -> Result<Stored, rusqlite::Error> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id, chain, seq, lamport, kind, verdict, slot, entry, signature
             FROM entries WHERE n = ?1",
        )?;
        statement.query_row([n], Stored::read)
    }

    /// Every entry stands behind what it depends on, as it was ingested: the
    /// tail after a checkpoint is replayed in this order.
    fn order(&mut self) {
        let mut ahead: BTreeSet<EntryId> = self.entries.iter().map(VerifiedEntry::id).collect();
        let mut wrong = Vec::new();
        for entry in &self.entries {
            ahead.remove(&entry.id());
            if entry.decoded().header().dependencies().any(|id| ahead.contains(id)) {
                wrong.push(entry.id());
            }
        }
        for entry in wrong {
            self.report(Some(entry), "it stands before its dependencies".to_owned());
        }
    }

    /// The ledger, as the entries make it in the order of ingest; none if they
    /// do not fit together.
    fn replay(&self, entries: &[VerifiedEntry]) -> Option<(Ledger, MemoryIndex)> {
        let mut index = MemoryIndex::new();
        let (genesis, rest) = entries.split_first()?;
        let mut ledger = Ledger::begin(genesis, &mut index).ok()?;
        for entry in rest {
            let Ok(Admission::Admitted(entry)) = ledger.admit(entry.clone(), &index) else {
                return None;
            };
            let Ok(replayed) = ledger.replay(&entry, &index);
            index.insert(&entry, &replayed);
        }
        Some((ledger, index))
    }

    /// Links: what evaluation could not admit.
    fn links(&mut self, evaluation: &Evaluation) {
        for refusal in evaluation.refused() {
            let (entry, rule) = (refusal.entry(), Some(refusal.rule()));
            self.problems([Problem { entry, rule, found: refusal.to_string() }]);
        }
        for (entry, missing) in evaluation.missing() {
            let ids: Vec<String> = missing.iter().map(EntryId::to_string).collect();
            let found = format!("it depends on entries that are not there: {}", ids.join(", "));
            self.problems([Problem { entry: Some(*entry), rule: Some(Rule::A4), found }]);
        }
    }

    /// Every stored verdict and slot is what evaluation says.
    fn verdicts(
        &mut self,
        evaluation: &Evaluation,
        index: Option<&MemoryIndex>,
    ) -> Result<(), StoreError> {
        for stored in std::mem::take(&mut self.rows) {
            let Some((verdict, original)) = derived::judged(evaluation, stored.id()) else {
                continue;
            };
            let slot = match original {
                Some(original) => find_number(self.connection, original)?,
                None => None,
            };
            let link = index.and_then(|index| index.link(&stored.id()).ok().flatten());
            let chain = link.map(|link| link.point.chain);
            self.problems(stored.check_replayed(chain, verdict, slot).err());
        }
        Ok(())
    }

    /// The state that the app sees is that of the entries, and sums to zero.
    fn state(&mut self, view: &View, shown: Result<Arc<Ledger>, StoreError>, intact: bool) {
        match shown {
            Ok(shown) if shown.view() == view => {}
            Ok(_) if intact => {
                self.report(None, "the checkpoint shows another state than the entries".to_owned());
            }
            Err(error) if intact => self.report(None, error.to_string()),
            _ => {}
        }
        for currency in view.state().currencies() {
            let balances = view.state().open_balances(currency);
            let sum = balances.fold(Balance::ZERO, |sum, (_, balance)| sum.plus(balance));
            if !sum.is_zero() {
                self.report(None, format!("balances in {currency} sum to {sum} instead of zero"));
            }
        }
    }
}
