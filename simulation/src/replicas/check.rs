//! Checks at a quiet point.
//!
//! Every replica must hold the entries that the model admits (nothing lost). Its ledger, frontier,
//! verdicts and slots must be those of [`Oracle`] (convergence, incremental = from scratch), and so
//! must the verdicts, state and slots of the model. `arrivals.rs` checks no back-dating and rank.

use std::collections::{BTreeMap, BTreeSet};

use ledger_core::engine::{EntryIndex, Ledger, Payload, Slot, VerifiedEntry};
use ledger_core::{Balance, EntryId, Rule, Verdict};
use ledger_model::sim::arrival::{Violation, violation};
use ledger_model::{Refusal, Resolution};

use super::disk::origin;
use super::replica::{Oracle, Replica};
use super::script::Entries;
use crate::Error;
use crate::real_entries::check::{agree, rule};
use crate::real_entries::model_id;

/// All replicas that hold the same entries have the same state.
pub(super) const CONVERGENCE: &str = "1: convergence";
/// Balances sum to zero.
pub(super) const CONSERVATION: &str = "2: conservation";
/// Every admitted entry is kept and judged.
pub(super) const NOTHING_LOST: &str = "5: nothing lost";
/// Entry by entry, a replica comes to the result of an evaluation from scratch.
pub(super) const FROM_SCRATCH: &str = "6: incremental = from scratch";
/// The model comes to the same verdicts.
pub(super) const MODEL: &str = "the model's verdicts";

/// Verdicts and slots of all written entries, evaluated from scratch.
pub(super) struct Reference {
    /// The oracle.
    pub(super) oracle: Oracle,
    /// The entries that are to be admitted.
    pub(super) expected: BTreeSet<EntryId>,
    verdicts: BTreeMap<EntryId, Verdict>,
    slots: BTreeMap<EntryId, Slot>,
}

impl Reference {
    /// Evaluates the written entries, and compares with the model which ones are admitted and refused.
    ///
    /// # Errors
    /// If there is no genesis entry.
    pub(super) fn new(
        entries: &Entries,
        written: &BTreeSet<EntryId>,
    ) -> Result<(Reference, Option<Violation>), Error> {
        let made = || written.iter().filter_map(|id| entries.by_id(id));
        let group = entries.real_history.group;
        let oracle = Oracle::new(group, made().map(|m| m.real.clone()).collect())?;
        let verdicts: BTreeMap<EntryId, Verdict> =
            oracle.0.verdicts().map(|(entry, verdict)| (entry.id(), verdict)).collect();
        let originals = oracle.0.verdicts().map(|(entry, _)| entry.id());
        let slots = originals.filter_map(|id| Some((id, oracle.0.slot(id)?))).collect();
        let expected: BTreeSet<EntryId> =
            made().filter(|m| m.refusal.is_none()).map(|m| m.real.id()).collect();
        let mut found = None;
        if !verdicts.keys().eq(&expected) {
            let odd = verdicts
                .keys()
                .chain(&expected)
                .find(|id| verdicts.contains_key(id) != expected.contains(id));
            found = violation(MODEL, format!("{odd:?} is admitted by one of the two only"));
        }
        let rules: BTreeMap<EntryId, Rule> =
            oracle.0.refused().iter().filter_map(|r| Some((r.entry()?, r.rule()))).collect();
        for (m, refusal) in made().filter_map(|m| Some((m, m.refusal.as_ref()?))) {
            let (id, said) = (m.real.id(), rules.get(&m.real.id()).copied());
            let waits = matches!(refusal, Refusal::Waiting(_));
            if said != rule(refusal) || oracle.0.missing().contains_key(&id) != waits {
                let detail = format!("{id} ({refusal:?}) is refused by {said:?}");
                found = found.or(violation(MODEL, detail));
            }
        }
        Ok((Reference { oracle, expected, verdicts, slots }, found))
    }

    /// Compares the oracle with the model.
    #[must_use]
    pub(super) fn against(&self, entries: &Entries, resolution: &Resolution) -> Option<Violation> {
        let difference = agree(&entries.real_history, resolution, &self.oracle.0).err()?;
        violation(MODEL, difference.to_string())
    }

    /// Checks that no self statement undoes an owner statement: these carriers must be applied.
    #[must_use]
    pub(super) fn owner(&self, carriers: &BTreeSet<u64>) -> Option<Violation> {
        let void = self
            .verdicts
            .iter()
            .find(|(id, verdict)| carriers.contains(&model_id(**id)) && !verdict.is_applied());
        void.and_then(|(id, verdict)| violation("4: rank", format!("{id} is {verdict:?}")))
    }

    /// Compares a replica with the oracle.
    #[must_use]
    pub(super) fn check(&self, replica: &Replica, entries: &Entries) -> Option<Violation> {
        self.kept(replica, entries)
            .or_else(|| self.ledger(replica.ledger()))
            .or_else(|| self.rows(replica))
            .or_else(|| saved(replica.ledger()))
            .or_else(|| conservation(replica.ledger()))
    }

    /// Checks that a replica holds the expected set, each entry byte for byte.
    fn kept(&self, replica: &Replica, entries: &Entries) -> Option<Violation> {
        let rows: BTreeSet<EntryId> = replica.disk.from(0).map(|row| row.entry.id()).collect();
        if let Some(odd) = rows.symmetric_difference(&self.expected).next() {
            let what = if rows.contains(odd) { "should not be kept" } else { "is not kept" };
            return violation(NOTHING_LOST, format!("{odd} {what}"));
        }
        let index = replica.disk.index_of_first(replica.disk.len());
        self.expected.iter().find_map(|id| {
            let Ok(kept) = index.entry(id);
            let made = entries.by_id(id).map(|made| &made.real);
            (kept.as_deref() != made)
                .then(|| violation(NOTHING_LOST, format!("{id} is kept as something else")))?
        })
    }

    fn ledger(&self, ledger: &Ledger) -> Option<Violation> {
        let (state, oracle) = (ledger.state(), self.oracle.state());
        if state.digest() != oracle.digest() {
            return violation(CONVERGENCE, format!("{state:#?}\nis not\n{oracle:#?}"));
        }
        if state != oracle {
            return violation(FROM_SCRATCH, format!("{state:#?}\nis not\n{oracle:#?}"));
        }
        if ledger.frontier() != self.oracle.frontier() {
            let (one, other) = (ledger.frontier(), self.oracle.frontier());
            return violation(FROM_SCRATCH, format!("{one:#?}\nis not\n{other:#?}"));
        }
        None
    }

    /// Checks the stored verdicts and slots.
    fn rows(&self, replica: &Replica) -> Option<Violation> {
        for row in replica.disk.from(0) {
            let (id, verdict) = (row.entry.id(), self.verdicts.get(&row.entry.id()));
            if verdict != Some(&row.verdict) {
                let detail = format!("{id} is stored as {:?}, and {verdict:?}", row.verdict);
                return violation(FROM_SCRATCH, detail);
            }
            if !matches!(row.entry.decoded().payload(), Payload::Transaction(_)) {
                continue;
            }
            let index = replica.disk.index_of_first(replica.disk.len());
            let named = origin(&row.entry).map(|origin| index.first_with_origin(&origin));
            let Ok(named) = named.unwrap_or(Ok(None));
            let Ok(parts) = index.slot(&named.unwrap_or(id));
            let (slot, whole) = (Slot::from_entries(parts), self.slots.get(&id).copied());
            if slot != whole.unwrap_or_default() {
                return violation(FROM_SCRATCH, format!("slot {id} is {slot:?}, not {whole:?}"));
            }
        }
        None
    }
}

/// Checks that a checkpoint reads back as the ledger that was saved.
fn saved(ledger: &Ledger) -> Option<Violation> {
    let back = Ledger::from_checkpoint(ledger.group(), &ledger.to_checkpoint());
    (back.as_ref() != Ok(ledger))
        .then(|| violation(FROM_SCRATCH, "a checkpoint reads back as another ledger".into()))?
}

/// Checks that balances sum to zero in every currency.
#[must_use]
pub(crate) fn conservation(ledger: &Ledger) -> Option<Violation> {
    let state = ledger.state();
    state.currencies().find_map(|currency| {
        let open = state.open_balances(currency);
        let sum = open.fold(0i128, |sum, (_, balance): (_, Balance)| {
            sum.saturating_add(balance.minor_units())
        });
        (sum != 0).then(|| violation(CONSERVATION, format!("{sum} in {currency:?}")))?
    })
}

/// Checks that bytes with a flipped bit are not believed. Returns in words what became of them.
pub(super) fn flipped_bit(
    entry: &VerifiedEntry,
    bytes: &[u8],
    signature: &[u8; 64],
) -> Result<&'static str, Violation> {
    let Ok(decoded) = ledger_core::engine::DecodedEntry::decode(bytes, signature) else {
        return Ok("mutated bytes do not decode");
    };
    let believed =
        ledger_core::engine::verify_batch(vec![decoded], &[3; 32]).iter().any(Result::is_ok);
    if believed {
        let detail = format!("{} with a bit flipped is believed", entry.id());
        return Err(Violation { property: CONVERGENCE, detail });
    }
    Ok("mutated bytes: the signature is bad")
}
