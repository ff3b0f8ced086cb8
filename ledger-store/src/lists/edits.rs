//! Edits that another edit replaced without having known them.

use std::collections::{BTreeSet, BinaryHeap};

use ledger_core::EntryId;
use ledger_core::engine::{EntryIndex as _, Kind, VerifiedEntry};
use rusqlite::Connection;

use crate::StoreError;
use crate::database::GroupKey;
use crate::entries::index::StoredIndex;

/// The corrections that count of a slot, without the one that is shown.
pub(super) const OTHERS: &str = "SELECT chain, seq, lamport FROM entries
     WHERE slot = ?1 AND slot <> n AND kind = ?2 AND n <> ?3 LIMIT ?4";

/// Most other corrections of a slot that are looked at.
const MAX_OTHERS: u32 = 64;

/// Number of corrections of a slot, given by the numbers of its original and of the correction that it
/// shows, which the shown one did not know. None if there are more than 64 others, or if more entries
/// would have to be gone through than `budget` allows, from which those are taken that were.
///
/// Goes back from the shown one, largest clock first. An entry of a device stands behind all earlier
/// ones of that device, so the walk ends as soon as it meets a later entry of each author.
pub(super) fn lost_edits(
    connection: &Connection,
    group: GroupKey,
    (original, content): (u64, i64),
    shown: &VerifiedEntry,
    budget: &mut u32,
) -> Result<Option<u64>, StoreError> {
    let mut others: Vec<(u32, u64, u64)> = {
        let mut statement = connection.prepare_cached(OTHERS)?;
        let limit = MAX_OTHERS.saturating_add(1);
        let bounds = (original, Kind::CORRECTION.number(), content, limit);
        let rows =
            statement.query_map(bounds, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        rows.collect::<Result<_, _>>()?
    };
    if others.len() > usize::try_from(MAX_OTHERS).unwrap_or(usize::MAX) {
        return Ok(None);
    }
    let index = StoredIndex::whole(connection, group);
    let header = shown.decoded().header();
    let mut open = BinaryHeap::from([(header.lamport(), shown.id())]);
    let mut met: BTreeSet<EntryId> = [shown.id()].into();
    while let Some((lamport, id)) = open.pop() {
        let Some(oldest) = others.iter().map(|(_, _, lamport)| *lamport).min() else { break };
        // Everything that is left is older than what is looked for.
        if lamport < oldest {
            break;
        }
        let Some(left) = budget.checked_sub(1) else { return Ok(None) };
        *budget = left;
        if let Some(link) = index.link(&id)? {
            let position = link.position;
            others.retain(|(chain, seq, _)| *chain != position.chain || *seq > position.seq);
        }
        for dependency in index.dependencies(&id)? {
            let Some(link) = index.link(&dependency)? else { continue };
            if met.insert(dependency) {
                open.push((link.lamport, dependency));
            }
        }
    }
    Ok(Some(u64::try_from(others.len()).unwrap_or(u64::MAX)))
}
