//! The comparison of the ledger with the model, on one history.

use std::collections::BTreeMap;

use ledger_core::engine::{
    Admission, DecodedEntry, EntryIndex, Evaluation, Ledger, MemoryIndex, Slot, VerifiedEntry,
    evaluate, verify_batch,
};
use ledger_core::{EntryId, Rule, Verdict};

use super::view::View;
use super::{Error, Scene};
use ledger_model::sim::prng::Prng;
use ledger_model::sim::replay::{another_order, generate};
use ledger_model::sim::world::Step;
use ledger_model::{History, Refusal, Rules, resolve_with};

/// How much was compared.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Entries in the histories.
    pub entries: u64,
    /// Entries that the model refused, and the ledger too.
    pub refused: u64,
    /// Sets of entries on which both were asked.
    pub sets: u64,
    /// Verdicts on earlier entries that an arrival changed.
    pub flips: u64,
    /// Entries by verdict, in words.
    pub verdicts: BTreeMap<&'static str, u64>,
}

/// What differs, in words.
fn differs<T>(what: impl Into<String>) -> Result<T, Error> {
    Err(what.into().into())
}

/// Compares everything on the history of this seed.
///
/// # Errors
/// The first difference.
pub fn compare(seed: u64, limit: usize, tally: &mut Tally) -> Result<(), Error> {
    let scene = Scene::play(&generate(seed, limit), seed)?;
    bytes(&scene)?;
    refusals(&scene, tally)?;
    let mut rng = Prng::new(!seed);
    incremental(&scene, &scene.steps, tally)?;
    incremental(&scene, &another_order(&scene.steps, &mut rng), tally)?;
    let mut shuffled: Vec<VerifiedEntry> = scene.entries.values().cloned().collect();
    rng.shuffle(&mut shuffled);
    let one = evaluate(scene.group, shuffled)?;
    let other = evaluate(scene.group, scene.entries.values().cloned().collect())?;
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
    tally.entries += scene.entries.len() as u64;
    tally.refused += scene.refused.len() as u64;
    Ok(())
}

/// Whether the ledger and a model with some rule switched off differ on the history of this seed: if
/// so, the comparison would notice that the ledger lacks the rule.
///
/// # Errors
/// If the history cannot be made.
pub fn notices(seed: u64, limit: usize, rules: &Rules) -> Result<bool, Error> {
    let scene = Scene::play(&generate(seed, limit), seed)?;
    let ledger = evaluate(scene.group, scene.entries.values().cloned().collect())?;
    let model = View::of_model(&resolve_with(&scene.history, rules));
    Ok(model != View::of_ledger(&scene, &ledger)?)
}

/// What was signed decodes and verifies, as it would on another device.
fn bytes(scene: &Scene) -> Result<(), Error> {
    let all = scene.entries.values().chain(scene.refused.iter().map(|(entry, _)| entry));
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

/// What the model does not admit, the ledger does not either, for the same reason, both ways.
fn refusals(scene: &Scene, tally: &mut Tally) -> Result<(), Error> {
    let refused = scene.refused.iter().map(|(entry, _)| entry);
    let all = scene.entries.values().chain(refused).cloned().collect();
    let whole = evaluate(scene.group, all)?;
    let (ledger, index) = one_by_one(&whole)?;
    let rules: BTreeMap<EntryId, Rule> =
        whole.refused().iter().filter_map(|r| Some((r.entry()?, r.rule()))).collect();
    let admitted = whole.verdicts().count();
    if admitted != scene.entries.len() {
        return differs(format!("{admitted} admitted, not {}", scene.entries.len()));
    }
    for (entry, refusal) in &scene.refused {
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

/// A ledger that met the admitted entries in the total order.
fn one_by_one(whole: &Evaluation) -> Result<(Ledger, MemoryIndex), Error> {
    let mut index = MemoryIndex::new();
    let mut entries = whole.verdicts().map(|(entry, _)| entry);
    let mut ledger = Ledger::begin(entries.next().ok_or("no entries")?, &mut index)?;
    let mut tally = Tally::default();
    entries.try_for_each(|e| arrive(&mut ledger, &mut index, e.clone(), &mut tally))?;
    Ok((ledger, index))
}

/// Entry by entry in this order: at every step the same view and verdicts as from scratch, and the
/// model's.
fn incremental(scene: &Scene, steps: &[Step], tally: &mut Tally) -> Result<(), Error> {
    let mut history = History::new();
    let mut known: Vec<VerifiedEntry> = Vec::new();
    let mut at: Option<(Ledger, MemoryIndex)> = None;
    for step in steps {
        let entry = scene.entries.get(&step.entry.id).ok_or("no such entry")?.clone();
        known.push(entry.clone());
        if let Err(refusal) = history.admit(step.entry.clone()) {
            return differs(format!("{}: {refusal:?} in another order", entry.id()));
        }
        let whole = evaluate(scene.group, known.clone())?;
        match &mut at {
            None => {
                let mut index = MemoryIndex::new();
                at = Some((Ledger::begin(&entry, &mut index)?, index));
            }
            Some((ledger, index)) => arrive(ledger, index, entry, tally)?,
        }
        same_as_whole(at.as_ref(), &whole)?;
        let model = View::of_model(&resolve_with(&history, &Rules::ALL));
        if let Some(difference) = model.difference(&View::of_ledger(scene, &whole)?) {
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
        let Ok(entries) = index.slot(&original);
        if Slot::of(entries) != slot {
            return differs(format!("after {last} entries, slot {original}"));
        }
    }
    Ok(())
}

/// Whether the ledger's evaluation of a set says what the model's resolution says.
///
/// # Errors
/// The first difference.
pub fn agree(
    scene: &Scene,
    resolution: &ledger_model::Resolution,
    evaluation: &Evaluation,
) -> Result<(), Error> {
    match View::of_model(resolution).difference(&View::of_ledger(scene, evaluation)?) {
        Some(difference) => differs(difference),
        None => Ok(()),
    }
}

/// The history of this seed in words, for a person who looks into a difference.
///
/// # Errors
/// If it cannot be made.
pub fn show(seed: u64, limit: usize) -> Result<String, Error> {
    let scene = Scene::play(&generate(seed, limit), seed)?;
    Ok(ledger_model::sim::replay::show(&scene.steps, &Rules::ALL))
}
