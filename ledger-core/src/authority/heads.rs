//! Idle entries and agreed heads (SPEC §5.3).

use std::collections::BTreeMap;

use super::cuts::first_cut;
use super::history::History;
use super::resolve::Resolution;
use crate::base::id::EntryId;

/// Returns whether the entry with a number is idle: whether it would be cut as a plain
/// entry, or its enrolment is not accepted.
pub(super) fn is_idle(history: &History, resolution: &Resolution, number: usize) -> bool {
    let author = history.nodes.get(number).map(|node| node.author);
    let accepted = author.is_some_and(|author| resolution.enrolments.contains(&author));
    !accepted || first_cut(history, &resolution.cuts, number).is_some()
}

/// Returns the agreed heads with their clocks: the entries that are not idle, and in the
/// past of no other entry that is not idle.
pub(super) fn agreed_heads(history: &History, resolution: &Resolution) -> BTreeMap<EntryId, u64> {
    let mut heads = BTreeMap::new();
    let mut covered = vec![false; history.nodes.len()];
    // Dependencies have smaller numbers, so an entry comes behind all that depend on it.
    for (number, node) in history.nodes.iter().enumerate().rev() {
        let is_covered = covered.get(number).copied().unwrap_or(false);
        let is_kept = !is_idle(history, resolution, number);
        if is_kept && !is_covered {
            let (clock, id) = node.order();
            heads.insert(id, clock);
        }
        if is_kept || is_covered {
            for dependency in &node.dependencies {
                if let Some(covered) = covered.get_mut(*dependency) {
                    *covered = true;
                }
            }
        }
    }
    heads
}
