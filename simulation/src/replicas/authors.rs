//! Check that the library places honest entries where the script placed them.

use std::collections::BTreeSet;

use ledger_core::engine::VerifiedEntry;
use ledger_core::{EntryId, hazmat};
use ledger_model::sim::arrival::{Violation, violation};
use ledger_model::sim::tally::Tally;
use ledger_model::{Entry, Id};

use super::Settings;
use super::replica::Replica;
use super::script::Entries;
use crate::Error;
use crate::real_entries::ScriptedEntry;

/// The admitted entries in the past of an entry, dependencies first.
pub(super) fn past<'a>(
    entries: &'a Entries,
    entry: &Entry,
) -> impl Iterator<Item = &'a VerifiedEntry> + use<'a> {
    let real_history = &entries.real_history;
    let past: Vec<Id> = real_history
        .history
        .closure(&entry.dependencies())
        .iter()
        .filter_map(|at| real_history.history.admitted.get(at).map(|a| a.entry.id))
        .collect();
    past.into_iter().filter_map(|id| real_history.entries.get(&id))
}

/// One in eight devices is checked, as building a replica of what the device knew takes long.
const ASKED: u64 = 8;

/// Builds a replica of an honest author, which knows the past of an entry and nothing else, and
/// compares the next position on it with the position of the entry.
///
/// # Errors
/// If the replica cannot be built.
pub(super) fn check(
    settings: &Settings,
    entries: &Entries,
    made: &ScriptedEntry,
    tally: &mut Tally,
) -> Result<Option<Violation>, Error> {
    let (entry, header) = (&made.step.entry, made.real.decoded().header());
    let asked = (u64::from(entry.device) ^ settings.seed).is_multiple_of(ASKED);
    // The ids decide which 16 of many heads a merge joins first, and the script knows no ids.
    let other = ["evil", "refused", "merge of"].iter().any(|tag| made.step.tag.starts_with(tag));
    let honest = entries.whole && !other;
    let (Some(backlink), true) = (header.backlink(), asked && honest && made.refusal.is_none())
    else {
        return Ok(None);
    };
    let mut replica = Replica::new(entries.genesis()?, None)?;
    for real in past(entries, entry).skip(1) {
        replica.take(real.clone())?;
    }
    let (ledger, device) = (replica.ledger(), header.device());
    let position = match header.seq() {
        0 => ledger.first_position(device, backlink),
        _ => ledger.next_position(device),
    };
    // An entry of a liar may refer to entries that the script did not know of. They are no heads
    // then, though the script took them for heads.
    let heads: BTreeSet<EntryId> = ledger.frontier().heads().collect();
    if heads != ledger.agreed_heads() {
        // The script builds on all heads.
        tally.add("authors", "idle heads", 1);
        return Ok(None);
    }
    let parents = header.parents().iter().copied().filter(|id| heads.contains(id)).collect();
    let (seq, clock) = (header.seq(), header.lamport());
    let scripted = hazmat::any_position(ledger.group(), device, seq, backlink, parents, clock);
    tally.add("authors", "next position asked for", 1);
    if position.as_ref() != Some(&scripted) {
        let detail = format!("{position:?}, not {scripted:?} ({})", made.step.tag);
        return Ok(violation("an honest author's position", detail));
    }
    Ok(None)
}
