//! Comparison of the ledger with the model on one history.

use std::collections::BTreeMap;

use ledger_core::engine::{
    Admission, DecodedEntry, EntryIndex, Evaluation, Ledger, MemoryIndex, Payload, Slot,
    VerifiedEntry, evaluate, verify_batch,
};
use ledger_core::{EntryId, Rule, Verdict};
use ledger_model::sim::prng::Prng;
use ledger_model::sim::replay::{another_order, generate};
use ledger_model::sim::world::Step;
use ledger_model::{History, Refusal, Rules, resolve_with};

use super::view::View;
use super::{Error, RealHistory};

/// Counts of what was compared.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Entries in the histories.
    pub entries: u64,
    /// Entries that both the model and the ledger refused.
    pub refused: u64,
    /// Sets of entries that both evaluated.
    pub sets: u64,
    /// Verdicts on earlier entries that an arrival changed.
    pub flips: u64,
    /// Entries by verdict, in words.
    pub verdicts: BTreeMap<&'static str, u64>,
}

/// An error that names a difference.
fn differs<T>(what: impl Into<String>) -> Result<T, Error> {
    Err(what.into().into())
}

/// Compares everything on the history of this seed.
///
/// # Errors
/// The first difference.
pub fn compare(seed: u64, limit: usize, tally: &mut Tally) -> Result<(), Error> {
    let real_history = RealHistory::play(&generate(seed, limit), seed)?;
    bytes(&real_history)?;
    refusals(&real_history, tally)?;
    let mut rng = Prng::new(!seed);
    incremental(&real_history, &real_history.steps, tally)?;
    incremental(&real_history, &another_order(&real_history.steps, &mut rng), tally)?;
    let mut shuffled: Vec<VerifiedEntry> = real_history.entries.values().cloned().collect();
    rng.shuffle(&mut shuffled);
    let one = evaluate(real_history.group, shuffled)?;
    let other = evaluate(real_history.group, real_history.entries.values().cloned().collect())?;
    if one.view() != other.view() || !one.verdicts().eq(other.verdicts()) {
        return differs("the order of the input matters");
    }
    for (_, verdict) in one.verdicts() {
        let word = match verdict {
            Verdict::Applied => "applied",
            Verdict::Unknown => "unknown",
            Verdict::Void(reason) => reason.slug(),
        };
        *tally.verdicts.entry(word).or_default() += 1;
    }
    tally.entries += real_history.entries.len() as u64;
    tally.refused += real_history.refused.len() as u64;
    Ok(())
}

/// Whether the ledger differs from a model that lacks a rule, on the history of this seed. If so, the
/// comparison would notice a ledger that lacks the rule.
///
/// # Errors
/// If the history cannot be signed.
pub fn notices(seed: u64, limit: usize, rules: &Rules) -> Result<bool, Error> {
    let real_history = RealHistory::play(&generate(seed, limit), seed)?;
    let ledger = evaluate(real_history.group, real_history.entries.values().cloned().collect())?;
    let model = View::of_model(&resolve_with(&real_history.history, rules));
    Ok(model != View::of_ledger(&real_history, &ledger)?)
}

/// Checks that every signed entry decodes and verifies, as on another device.
fn bytes(real_history: &RealHistory) -> Result<(), Error> {
    let all =
        real_history.entries.values().chain(real_history.refused.iter().map(|(entry, _)| entry));
    let decoded =
        |e: &VerifiedEntry| DecodedEntry::decode(e.decoded().as_bytes(), e.decoded().signature());
    let entries = all.clone().map(decoded).collect::<Result<Vec<_>, _>>()?;
    for (verified, entry) in verify_batch(entries, &[1; 32]).into_iter().zip(all) {
        if verified? != *entry {
            return differs(format!("{} decodes to something else", entry.id()));
        }
    }
    Ok(())
}

/// The rule of admission by which the ledger must refuse what the model refuses.
pub fn rule(refusal: &Refusal) -> Option<Rule> {
    match refusal {
        Refusal::Lamport => Some(Rule::A3),
        Refusal::Chain | Refusal::ChainStart => Some(Rule::A2),
        _ => None,
    }
}

/// Checks that the ledger refuses what the model refuses, for the same reason, in both evaluations.
fn refusals(real_history: &RealHistory, tally: &mut Tally) -> Result<(), Error> {
    let refused = real_history.refused.iter().map(|(entry, _)| entry);
    let all = real_history.entries.values().chain(refused).cloned().collect();
    let whole = evaluate(real_history.group, all)?;
    let (ledger, index) = one_by_one(&whole)?;
    let rules: BTreeMap<EntryId, Rule> =
        whole.refused().iter().filter_map(|r| Some((r.entry()?, r.rule()))).collect();
    let admitted = whole.verdicts().count();
    if admitted != real_history.entries.len() {
        return differs(format!("{admitted} admitted, not {}", real_history.entries.len()));
    }
    for (entry, refusal) in &real_history.refused {
        let (id, rule) = (entry.id(), rule(refusal));
        let waits = matches!(refusal, Refusal::Waiting(_));
        if rules.get(&id).copied() != rule || whole.missing().contains_key(&id) != waits {
            let found = rules.get(&id);
            return differs(format!("{id} ({refusal:?}) is refused by {found:?}"));
        }
        let Ok(admission) = ledger.admit(entry.clone(), &index);
        let same = match &admission {
            Admission::Refused(found) => Some(found.rule()) == rule,
            Admission::Missing(_) => waits,
            Admission::Admitted(_) | Admission::Duplicate => false,
        };
        if !same {
            return differs(format!("{id} ({refusal:?}): {admission:?}"));
        }
    }
    tally.sets += 1;
    Ok(())
}

/// A ledger that replayed the admitted entries in the total order.
fn one_by_one(whole: &Evaluation) -> Result<(Ledger, MemoryIndex), Error> {
    let mut index = MemoryIndex::new();
    let mut entries = whole.verdicts().map(|(entry, _)| entry);
    let mut ledger = Ledger::begin(entries.next().ok_or("no entries")?, &mut index)?;
    let mut tally = Tally::default();
    entries.try_for_each(|e| arrive(&mut ledger, &mut index, e.clone(), &mut tally))?;
    Ok((ledger, index))
}

/// Checks after every entry, in this order, that incremental evaluation, evaluation from scratch and
/// the model agree.
fn incremental(real_history: &RealHistory, steps: &[Step], tally: &mut Tally) -> Result<(), Error> {
    let mut history = History::new();
    let mut known: Vec<VerifiedEntry> = Vec::new();
    let mut at: Option<(Ledger, MemoryIndex)> = None;
    for step in steps {
        let entry = real_history.entries.get(&step.entry.id).ok_or("no such entry")?.clone();
        known.push(entry.clone());
        if let Err(refusal) = history.admit(step.entry.clone()) {
            return differs(format!("{}: {refusal:?} in another order", entry.id()));
        }
        let whole = evaluate(real_history.group, known.clone())?;
        match &mut at {
            None => {
                let mut index = MemoryIndex::new();
                at = Some((Ledger::begin(&entry, &mut index)?, index));
            }
            Some((ledger, index)) => arrive(ledger, index, entry, tally)?,
        }
        same_as_whole(at.as_ref(), &whole)?;
        let model = View::of_model(&resolve_with(&history, &Rules::ALL));
        if let Some(difference) = model.difference(&View::of_ledger(real_history, &whole)?) {
            return differs(format!("after {} entries: {difference}", known.len()));
        }
        tally.sets += 1;
    }
    Ok(())
}

fn arrive(
    ledger: &mut Ledger,
    index: &mut MemoryIndex,
    entry: VerifiedEntry,
    tally: &mut Tally,
) -> Result<(), Error> {
    let id = entry.id();
    let Ok(admission) = ledger.admit(entry, index);
    let Admission::Admitted(admitted) = &admission else {
        return differs(format!("{id}: {admission:?}"));
    };
    let Ok(replayed) = ledger.replay(admitted, index);
    index.insert(admitted, &replayed);
    tally.flips += replayed.flips().len() as u64;
    let saved = Ledger::from_checkpoint(ledger.group(), &ledger.to_checkpoint())?;
    if saved != *ledger {
        return differs(format!("after {id} the checkpoint holds another ledger"));
    }
    Ok(())
}

fn same_as_whole(at: Option<&(Ledger, MemoryIndex)>, whole: &Evaluation) -> Result<(), Error> {
    let Some((ledger, index)) = at else { return Ok(()) };
    let last = whole.verdicts().count();
    if ledger.view() != whole.view() {
        let (one, other) = (ledger.view(), whole.view());
        return differs(format!("after {last} entries replay comes to {one:#?}, not {other:#?}"));
    }
    let from_scratch: BTreeMap<EntryId, Verdict> =
        whole.verdicts().map(|(entry, verdict)| (entry.id(), verdict)).collect();
    if !index.verdicts().eq(from_scratch.clone()) {
        let mut both = index.verdicts().zip(from_scratch);
        let first = both.find(|(one, other)| one != other);
        return differs(format!("after {last} entries, verdicts: {first:?}"));
    }
    for (original, slot) in whole.slots() {
        let Ok(entries) = index.slot(&first_that_came(index, original));
        if Slot::from_entries(entries) != slot {
            return differs(format!("after {last} entries, slot {original}"));
        }
    }
    Ok(())
}

/// The name of an original's slot in an index: of several originals with one origin, the first that
/// came.
fn first_that_came(index: &MemoryIndex, original: EntryId) -> EntryId {
    let Ok(entry) = index.entry(&original);
    let transaction = entry.and_then(|entry| match entry.decoded().payload() {
        Payload::Transaction(transaction) => transaction.origin(),
        _ => None,
    });
    let Some(origin) = transaction else { return original };
    let Ok(first) = index.first_with_origin(&origin);
    first.unwrap_or(original)
}

/// Checks that an evaluation by the ledger agrees with a resolution by the model.
///
/// # Errors
/// The first difference.
pub fn agree(
    real_history: &RealHistory,
    resolution: &ledger_model::Resolution,
    evaluation: &Evaluation,
) -> Result<(), Error> {
    match View::of_model(resolution).difference(&View::of_ledger(real_history, evaluation)?) {
        Some(difference) => differs(difference),
        None => Ok(()),
    }
}

/// The history of this seed in words, for a person who looks into a difference.
///
/// # Errors
/// If it cannot be made.
pub fn show(seed: u64, limit: usize) -> Result<String, Error> {
    let real_history = RealHistory::play(&generate(seed, limit), seed)?;
    Ok(ledger_model::sim::replay::show(&real_history.steps, &Rules::ALL))
}
