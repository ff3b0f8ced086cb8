//! Whether the API would have put honest people's entries where the script put them.

use std::collections::BTreeSet;

use ledger_core::engine::VerifiedEntry;
use ledger_core::{EntryId, hazmat};

use super::Settings;
use super::replica::Replica;
use super::script::Entries;
use crate::Error;
use crate::real_entries::Made;
use ledger_model::sim::arrival::{Violation, violation};
use ledger_model::sim::tally::Tally;
use ledger_model::{Entry, Id};

/// The admitted entries in the past of an entry, dependencies first.
pub(super) fn past<'a>(
    entries: &'a Entries,
    entry: &Entry,
) -> impl Iterator<Item = &'a VerifiedEntry> + use<'a> {
    let scene = &entries.scene;
    let past: Vec<Id> = scene
        .history
        .closure(&entry.dependencies())
        .iter()
        .filter_map(|at| scene.history.admitted.get(at).map(|a| a.entry.id))
        .collect();
    past.into_iter().filter_map(|id| scene.entries.get(&id))
}

/// One in eight devices is asked: its replica is made anew from what it knew, so that takes long.
const ASKED: u64 = 8;

/// An honest author's replica knows the entry's past and nothing else: its next position must be the
/// one at which the entry stands.
///
/// # Errors
/// If its replica cannot be made.
pub(super) fn check(
    settings: &Settings,
    entries: &Entries,
    made: &Made,
    tally: &mut Tally,
) -> Result<Option<Violation>, Error> {
    let (entry, header) = (&made.step.entry, made.real.decoded().header());
    let asked = (u64::from(entry.device) ^ settings.seed).is_multiple_of(ASKED);
    // Which 16 of many heads a merge joins first, goes by ids, which the script does not know.
    let other = ["evil", "refused", "merge of"].iter().any(|tag| made.step.tag.starts_with(tag));
    let honest = entries.whole && !other;
    let (Some(backlink), true) = (header.backlink(), asked && honest && made.refusal.is_none())
    else {
        return Ok(None);
    };
    let mut replica = Replica::found(entries.genesis()?, None)?;
    for real in past(entries, entry).skip(1) {
        replica.take(real.clone())?;
    }
    let (ledger, device) = (replica.ledger(), header.device());
    let position = match header.seq() {
        0 => ledger.first_position(device, backlink),
        _ => ledger.next_position(device),
    };
    // A liar's entry may refer to what the script did not know of. What seemed a head beside it to
    // the script is then none.
    let heads: BTreeSet<EntryId> = ledger.frontier().heads().collect();
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
