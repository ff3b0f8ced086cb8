//! Judgement of a history: as a device judges it, entry by entry, and from scratch.

use std::collections::{BTreeMap, BTreeSet};

use ledger_core::engine::{
    Admission, DecodedEntry, Evaluation, Ledger, MemoryIndex, VerifiedEntry, WaitingEntries,
    evaluate, verify_batch,
};
use ledger_core::{EntryId, Rule, Verdict};
use ledger_model::{History, resolve};

use super::{Arrival, ArrivingHistory};
use crate::Error;
use crate::real_entries::check::agree;

/// Verdict on one arrival, once everything arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JudgedEntry {
    /// The entry is part of the ledger.
    Admitted(Verdict),
    /// The entry breaks a rule and is never part of the ledger.
    Refused(Rule),
    /// The entry lacks dependencies.
    Waiting,
}

/// Judgement of a history.
pub struct Judgement {
    /// What became of each arrival, in the order of arrival.
    pub results: Vec<(EntryId, JudgedEntry)>,
    /// The agreed heads (SPEC §5.3).
    pub heads: BTreeSet<EntryId>,
    /// The evaluation from scratch.
    pub evaluation: Evaluation,
}

/// Offers the arrivals to a ledger one by one, and compares with an evaluation from scratch and with
/// the model.
///
/// # Errors
/// The first difference.
pub fn judge(history: &ArrivingHistory) -> Result<Judgement, Error> {
    let mut device = Device::default();
    for arrival in &history.arrivals {
        device.arrive(arrival)?;
    }
    let entries: Vec<VerifiedEntry> = device.verified.into_values().collect();
    let evaluation = evaluate(history.group, entries)?;
    let (ledger, index) = device.ledger.ok_or("no genesis entry")?;
    if ledger.view() != evaluation.view() {
        return Err("the order of arrival matters for the state".into());
    }
    let whole: BTreeMap<EntryId, Verdict> =
        evaluation.verdicts().map(|(entry, verdict)| (entry.id(), verdict)).collect();
    let verdicts: BTreeMap<EntryId, Verdict> = index.verdicts().collect();
    if verdicts != whole {
        return Err("the order of arrival matters for verdicts".into());
    }
    let waiting: BTreeSet<EntryId> = device.waiting.entries().map(VerifiedEntry::id).collect();
    // An entry that lies about its clock may wait for an entry which waits itself.
    let refused: BTreeMap<EntryId, Rule> =
        evaluation.refused().iter().filter_map(|r| Some((r.entry()?, r.rule()))).collect();
    if device.refused != refused || !waiting.iter().eq(evaluation.missing().keys()) {
        return Err("the order of arrival matters for admission".into());
    }
    against_model(history, &whole, &evaluation)?;
    let outcome = |arrival: &Arrival, broken: &Option<Rule>| match broken {
        Some(rule) => JudgedEntry::Refused(*rule),
        None => match (whole.get(&arrival.id), refused.get(&arrival.id)) {
            (Some(verdict), _) => JudgedEntry::Admitted(*verdict),
            (None, Some(rule)) => JudgedEntry::Refused(*rule),
            (None, None) => JudgedEntry::Waiting,
        },
    };
    let arrivals = history.arrivals.iter().zip(&device.broken);
    let results = arrivals.map(|(arrival, broken)| (arrival.id, outcome(arrival, broken)));
    let heads = ledger.agreed_heads();
    Ok(Judgement { results: results.collect(), heads, evaluation })
}

/// A device to which entries arrive.
#[derive(Default)]
struct Device {
    ledger: Option<(Ledger, MemoryIndex)>,
    waiting: WaitingEntries,
    verified: BTreeMap<EntryId, VerifiedEntry>,
    refused: BTreeMap<EntryId, Rule>,
    /// Of each arrival, the rule that its bytes or signature break.
    broken: Vec<Option<Rule>>,
}

impl Device {
    fn arrive(&mut self, arrival: &Arrival) -> Result<(), Error> {
        let entry = match checked(arrival) {
            Ok(entry) => entry,
            Err(rule) => {
                self.broken.push(Some(rule));
                return Ok(());
            }
        };
        self.broken.push(None);
        self.verified.insert(entry.id(), entry.clone());
        let Some((ledger, index)) = &mut self.ledger else {
            let mut index = MemoryIndex::new();
            let ledger = Ledger::begin(&entry, &mut index)?;
            self.ledger = Some((ledger, index));
            return Ok(());
        };
        let mut offered = vec![entry];
        while let Some(entry) = offered.pop() {
            let id = entry.id();
            let Ok(admission) = ledger.admit(entry.clone(), index);
            match admission {
                Admission::Admitted(admitted) => {
                    let Ok(replayed) = ledger.replay(&admitted, index);
                    index.insert(&admitted, &replayed);
                    offered.extend(self.waiting.release(&id));
                }
                Admission::Missing(missing) => {
                    if !self.waiting.hold(entry, missing).is_empty() {
                        return Err("more entries wait than may".into());
                    }
                }
                Admission::Refused(refusal) => {
                    self.refused.insert(id, refusal.rule());
                }
                Admission::Duplicate => {}
            }
        }
        Ok(())
    }
}

/// Decodes an arrival and checks its signature.
fn checked(arrival: &Arrival) -> Result<VerifiedEntry, Rule> {
    let decoded = DecodedEntry::decode(&arrival.bytes, &arrival.signature).map_err(|r| r.rule())?;
    let mut verified = verify_batch(vec![decoded], &[1; 32]);
    match verified.pop() {
        Some(Ok(entry)) => Ok(entry),
        Some(Err(refusal)) => Err(refusal.rule()),
        None => Err(Rule::A1),
    }
}

/// Compares with the model, to which the entries come in the order in which they were made.
fn against_model(
    history: &ArrivingHistory,
    whole: &BTreeMap<EntryId, Verdict>,
    evaluation: &Evaluation,
) -> Result<(), Error> {
    let mut model = History::new();
    for made in &history.made.made {
        let id = made.real.id();
        if whole.contains_key(&id) {
            model.admit(made.step.entry.clone()).map_err(|why| format!("{id}: {why:?}"))?;
        }
    }
    agree(&history.made, &resolve(&model), evaluation)
}
