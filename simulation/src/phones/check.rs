//! Checks of phones, after every import and at the end.

use std::collections::{BTreeMap, BTreeSet};

use ledger_core::engine::{VerifiedEntry, evaluate};
use ledger_core::seal::Topic;
use ledger_core::{DeviceId, EntryId};
use ledger_model::sim::arrival::{Violation, violation};
use ledger_store::{Imported, StoreError};

use super::phone::{Phone, go_on, small};
use super::recurring::once;

/// A device that is cut off gets no entry that was sealed after the cut.
pub(super) const CUT_OFF: &str = "nothing reaches who is cut off";
/// A report says what happened.
pub(super) const TRUE_REPORTS: &str = "reports are true";
/// The owner's leave is signed after a confirmation alone.
pub(super) const CONFIRMED: &str = "the owner confirms to leave";
/// An entry that this version cannot read is kept, and says nothing.
pub(super) const OPAQUE: &str = "unknown entries say nothing";
/// What waits is bounded.
const BOUNDED: &str = "limits hold";
pub(super) const NO_BACK_DATING: &str = "3: no back-dating";
/// What means the same counts once, whoever recorded it.
pub(super) const ONCE: &str = "7: once";
const CONVERGENCE: &str = "1: convergence";
pub(super) const NOTHING_LOST: &str = "5: nothing lost";
const FROM_SCRATCH: &str = "6: incremental = from scratch";

/// Entries that must not reach a device, because they were sealed first by a person who knew that
/// the device was cut off.
#[derive(Default)]
pub(super) struct WithheldEntries(BTreeMap<DeviceId, BTreeSet<EntryId>>);

impl WithheldEntries {
    /// Adds entries that were sealed by a person who knew that these devices were cut off.
    pub(super) fn add(&mut self, devices: &[DeviceId], entries: &BTreeSet<EntryId>) {
        for device in devices {
            self.0.entry(*device).or_default().extend(entries);
        }
    }

    /// Number of pairs of a device and an entry.
    pub(super) fn len(&self) -> usize {
        self.0.values().map(BTreeSet::len).sum()
    }

    /// Checks that a phone holds no entry that must not reach it.
    pub(super) fn check(&self, phone: &Phone) -> Result<Option<Violation>, StoreError> {
        let Some(secrets) = self.0.get(&phone.device()) else { return Ok(None) };
        // What the phone wrote itself never came to it: an owner who left keeps a removal.
        let came = |entry: &VerifiedEntry| {
            entry.decoded().header().device() != phone.device()
                && !phone.entered_with.contains(&entry.id())
        };
        let entries = phone.entries()?;
        let mut came = entries.iter().filter(|entry| came(entry)).map(VerifiedEntry::id);
        let leaked = came.find(|id| secrets.contains(id));
        let detail = |id| format!("{} of person {} holds {id}", phone.device(), phone.person);
        Ok(leaked.and_then(|id| violation(CUT_OFF, detail(id))))
    }
}

/// Checks that balances sum to zero.
pub(super) fn conservation(phone: &Phone) -> Result<Option<Violation>, StoreError> {
    let ledger = phone.group.ledger()?;
    Ok(crate::replicas::conservation(&ledger))
}

/// Checks that no more entries wait than may.
pub(super) fn bounded(phone: &Phone) -> Result<Option<Violation>, StoreError> {
    let waiting = phone.group.waiting()?.total;
    let is_bounded = usize::try_from(waiting).is_ok_and(|n| n <= small().waiting_entries);
    let detail = || format!("{waiting} entries wait");
    Ok(if is_bounded { None } else { violation(BOUNDED, detail()) })
}

/// Checks that a report of an import tells what happened.
pub(super) fn report(
    report: &Imported,
    device: DeviceId,
    held: &BTreeSet<EntryId>,
    entries: &[VerifiedEntry],
) -> Option<Violation> {
    let untrue = |detail: String| violation(TRUE_REPORTS, detail);
    let ids: BTreeSet<EntryId> = entries.iter().map(VerifiedEntry::id).collect();
    let own = |entry: &&VerifiedEntry| entry.decoded().header().device() == device;
    let own: BTreeSet<EntryId> = entries.iter().filter(own).map(VerifiedEntry::id).collect();
    let new: BTreeSet<EntryId> = ids.difference(held).copied().collect();
    if usize::try_from(report.added) != Ok(new.len()) {
        return untrue(format!("{} entries are new, not {}", report.added, new.len()));
    }
    // Histories are shorter than the list.
    let arrived: BTreeSet<EntryId> = report.arrivals.iter().map(|arrival| arrival.entry).collect();
    if arrived != new || report.arrivals.iter().any(|a| a.signed_here != own.contains(&a.entry)) {
        return untrue(format!("{:?} arrived, not {new:?}", report.arrivals));
    }
    let present = report.missing.iter().chain(&report.needed).find(|id| ids.contains(id));
    if let Some(id) = present {
        return untrue(format!("{id} is here, and reported missing"));
    }
    let waits_for_nothing = report.incomplete > 0 && report.needed.is_empty();
    if waits_for_nothing {
        return untrue(format!("{} entries wait, and nothing is needed", report.incomplete));
    }
    None
}

/// Checks that a bundle of all that a phone holds, which the report calls complete, brought all of it,
/// but for what was left out.
pub(super) fn complete(
    report: &Imported,
    sent: &BTreeSet<EntryId>,
    held: &BTreeSet<EntryId>,
) -> Option<Violation> {
    let lacks = sent.difference(held).count();
    if !report.is_complete() || usize::try_from(report.left_out).is_ok_and(|out| lacks <= out) {
        return None;
    }
    violation(TRUE_REPORTS, format!("a complete bundle, of which {lacks} entries are not here"))
}

/// Checks phones that all have got everything.
pub(super) fn quiet(
    phones: &[&Phone],
    written: &BTreeSet<EntryId>,
    topics: &BTreeSet<Topic>,
) -> Result<Option<Violation>, StoreError> {
    let Some((first, others)) = phones.split_first() else { return Ok(None) };
    for phone in others {
        if phone.group.agreed_heads()? != first.group.agreed_heads()? {
            return Ok(violation(CONVERGENCE, "heads differ".to_owned()));
        }
        if phone.digest()? != first.digest()? {
            return Ok(violation(CONVERGENCE, "states differ".to_owned()));
        }
    }
    for phone in phones {
        let entries = phone.entries()?;
        let ids: BTreeSet<EntryId> = entries.iter().map(VerifiedEntry::id).collect();
        if let Some(lost) = written.iter().find(|id| !ids.contains(id)) {
            return Ok(violation(NOTHING_LOST, format!("{lost} is not everywhere")));
        }
        // Junk has topics of its own.
        let missing = phone.group.bundles().missing_topics()?;
        if let Some(topic) = missing.iter().find(|topic| topics.contains(topic)) {
            return Ok(violation(
                NOTHING_LOST,
                format!("the key of {topic:?} is missing at {}", phone.device()),
            ));
        }
        let found = from_scratch(phone, entries)?.or(once(phone)?);
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// Checks that verdicts and state are those of an evaluation from scratch, and that all tables
/// follow from them.
fn from_scratch(
    phone: &Phone,
    entries: Vec<VerifiedEntry>,
) -> Result<Option<Violation>, StoreError> {
    let whole = match evaluate(phone.group.id(), entries) {
        Ok(whole) => whole,
        Err(error) => return Ok(violation(FROM_SCRATCH, error.to_string())),
    };
    if *phone.group.ledger()?.view() != *whole.view() {
        return Ok(violation(FROM_SCRATCH, "another view".to_owned()));
    }
    let rows = phone.group.lists().activity(None, u32::MAX)?;
    let stored: BTreeMap<EntryId, _> =
        rows.iter().map(|row| (row.entry.id(), row.verdict)).collect();
    for (entry, verdict) in whole.verdicts() {
        if stored.get(&entry.id()) != Some(&verdict) {
            return Ok(violation(FROM_SCRATCH, format!("{} is {verdict:?}", entry.id())));
        }
    }
    let problems = phone.group.maintenance().verify_history(&mut go_on)?.problems;
    let first = problems.first().map(|problem| format!("{problem:?}"));
    Ok(first.and_then(|problem| violation(FROM_SCRATCH, problem)))
}
