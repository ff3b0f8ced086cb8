//! Heads of a part of the ledger.

use std::collections::{BTreeMap, BTreeSet};

use super::ledger::Ledger;
use crate::base::id::EntryId;
use crate::incremental::CausalWalk;
use crate::state::{EntryIndex, Link};

impl Ledger {
    /// Returns the heads by which devices compare what they have: those of all entries
    /// but the idle ones (SPEC §5.3), whose device is cut there or was never accepted.
    ///
    /// Two devices with the same agreed heads and the same
    /// [`StateDigest`](crate::StateDigest) agree. What an idle entry carries for others
    /// shows in the digest.
    ///
    /// # Errors
    /// The index's own, if it cannot be read.
    pub fn agreed_heads<I: EntryIndex>(&self, index: &I) -> Result<BTreeSet<EntryId>, I::Error> {
        self.heads_without(index, |_, link| self.authority.judge_at(link.position).is_some())
    }

    /// Returns the heads of all entries that do not depend on an entry; all heads, if
    /// the entry is not here. They are the base of a statement that spares nothing which
    /// its target signed from that entry on.
    ///
    /// Reads every entry whose clock is not smaller, and below it what those depend on.
    ///
    /// # Errors
    /// The index's own, if it cannot be read.
    pub fn heads_before<I: EntryIndex>(
        &self,
        index: &I,
        entry: &EntryId,
    ) -> Result<BTreeSet<EntryId>, I::Error> {
        let heads: Vec<EntryId> = self.frontier().heads().collect();
        let Some(first) = index.link(entry)? else { return Ok(heads.into_iter().collect()) };
        let mut above = Vec::new();
        let mut walk = CausalWalk::from(&heads, &self.authority, index)?;
        // What depends on the entry has a larger clock.
        while let Some(visit) = walk.next().transpose()?
            && visit.link.lamport > first.lamport
        {
            above.push((visit.id, walk.expand()?));
        }
        let mut after = BTreeSet::from([*entry]);
        // In ascending order, so that an entry comes behind all its dependencies.
        for (id, dependencies) in above.into_iter().rev() {
            if dependencies.iter().any(|dependency| after.contains(dependency)) {
                after.insert(id);
            }
        }
        self.heads_without(index, |id, _| after.contains(id))
    }

    /// Returns the heads of all entries but those that `is_left_out` names.
    ///
    /// An entry is a head if it is kept and no kept entry has it in its past, also not
    /// through entries that are left out. The walk meets whatever depends on an entry
    /// before the entry, so this is known when it gets there. It ends when all entries
    /// that are left are in the past of a kept one.
    fn heads_without<I: EntryIndex>(
        &self,
        index: &I,
        is_left_out: impl Fn(&EntryId, &Link) -> bool,
    ) -> Result<BTreeSet<EntryId>, I::Error> {
        let mut heads = BTreeSet::new();
        // Whether each entry that the walk will visit is in the past of a kept one.
        let mut covered: BTreeMap<EntryId, bool> =
            self.frontier().heads().map(|id| (id, false)).collect();
        let starts: Vec<EntryId> = covered.keys().copied().collect();
        let mut walk = CausalWalk::from(&starts, &self.authority, index)?;
        while covered.values().any(|covered| !covered) {
            let Some(visit) = walk.next().transpose()? else { break };
            let is_covered = covered.remove(&visit.id).unwrap_or(false);
            let is_kept = !is_left_out(&visit.id, &visit.link);
            if is_kept && !is_covered {
                heads.insert(visit.id);
            }
            for dependency in walk.expand()? {
                *covered.entry(dependency).or_default() |= is_covered || is_kept;
            }
        }
        Ok(heads)
    }
}
