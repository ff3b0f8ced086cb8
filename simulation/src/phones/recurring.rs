//! Recurring expenses: several phones record what is due, and each occurrence counts once.

use std::collections::{BTreeMap, BTreeSet};

use ledger_core::engine::{Payload, VerifiedEntry};
use ledger_core::{Date, EntryId, Origin, Recurrence, RecurrenceUnit, Transaction};
use ledger_model::sim::arrival::{Violation, violation};
use ledger_store::StoreError;

use super::check::ONCE;
use super::phone::Phone;
use super::play::{Play, STEPS, StepResult};

/// Chance that a person who could record what is due begins another series instead.
const BEGINS: usize = 15;

impl Play {
    /// A person records what is due, or begins a series of a few days with this content. What other
    /// people's templates say is recorded after a tap, what their own say by itself.
    pub(super) fn recur(&mut self, at: usize, content: Transaction) -> StepResult {
        let phone = self.phones.get(at).ok_or(StoreError::UnknownRequest)?;
        // The clock of all phones is at 15 January 2027.
        let day = |day| Date::from_ymd(2027, 1, day);
        let (Ok(first), Ok(last), Ok(daily)) =
            (day(15), day(18), Recurrence::new(RecurrenceUnit::Days, 1))
        else {
            return Ok(None);
        };
        let recurring = phone.group.recurring();
        let due = recurring.due(last)?.occurrences;
        let begins = self.rng.chance(BEGINS);
        let (row, ids) = match self.rng.pick(&due).filter(|_| !begins) {
            None => ("series begun", vec![recurring.begin(&content.on(first), daily, Some(last))?]),
            Some(_) if self.rng.chance(30) => {
                ("own occurrences recorded", recurring.record_due(last)?.entries)
            }
            Some(one) => ("occurrence recorded", recurring.record(&[(one.series, one.number)])?),
        };
        self.tally.add(STEPS, row, ids.len());
        let device = phone.device();
        self.written.extend(ids.into_iter().map(|id| (id, device)));
        Ok(None)
    }

    /// Notes how often several phones recorded one row or occurrence.
    pub(super) fn note_doubles(&mut self, at: usize) -> Result<(), StoreError> {
        let doubles = originals(self.phone(at)?)?.values().filter(|all| all.len() > 1).count();
        self.tally.add(STEPS, "recorded on several phones", doubles);
        Ok(())
    }
}

/// Checks that everything with one origin is one row of the phone's list, however many recorded it.
pub(super) fn once(phone: &Phone) -> Result<Option<Violation>, StoreError> {
    let rows = phone.group.lists().expenses(None, u32::MAX)?;
    let listed: BTreeSet<EntryId> = rows.iter().map(|row| row.original).collect();
    for (origin, entries) in originals(phone)? {
        let count = entries.iter().filter(|(id, _)| listed.contains(id)).count();
        let counts = entries.iter().any(|(_, is_applied)| *is_applied);
        if count > 1 || (counts && count == 0) {
            let detail = format!("what {origin:?} stands for is in {count} rows");
            return Ok(violation(ONCE, detail));
        }
    }
    Ok(None)
}

/// Entries that record something with an origin, and whether they are applied.
type Originals = BTreeMap<Origin, Vec<(EntryId, bool)>>;

fn originals(phone: &Phone) -> Result<Originals, StoreError> {
    let mut found = Originals::new();
    for row in phone.group.lists().activity(None, u32::MAX)? {
        if let Some(origin) = origin(&row.entry) {
            found.entry(origin).or_default().push((row.entry.id(), row.verdict.is_applied()));
        }
    }
    Ok(found)
}

fn origin(entry: &VerifiedEntry) -> Option<Origin> {
    match entry.decoded().payload() {
        Payload::Transaction(transaction) => transaction.origin(),
        _ => None,
    }
}
