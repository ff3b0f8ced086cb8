//! Heads of a part of the ledger.

use std::collections::{BTreeMap, BTreeSet};

use super::ledger::Ledger;
use crate::id::EntryId;
use crate::state::{EntryIndex, Link};

impl Ledger {
    /// The heads by which devices compare what they have: those of the entries
    /// without the idle ones, which stand where their device is cut, or was never
    /// accepted. Two devices with the same heads and the same
    /// [`StateDigest`](crate::StateDigest) agree: what an idle entry carries for
    /// others shows in the digest.
    ///
    /// # Errors
    /// The index's own, if it cannot be read.
    pub fn agreed_heads<I: EntryIndex>(&self, index: &I) -> Result<BTreeSet<EntryId>, I::Error> {
        self.heads_without(index, |_, link| self.control.judge_at(link.point).is_some())
    }

    /// The heads of what does not depend on an entry: the base of a statement
    /// that spares nothing its target signed from that entry on. All heads, if
    /// the entry is not here. Reads every entry whose clock is not smaller.
    ///
    /// # Errors
    /// The index's own, if it cannot be read.
    pub fn heads_before<I: EntryIndex>(
        &self,
        index: &I,
        entry: &EntryId,
    ) -> Result<BTreeSet<EntryId>, I::Error> {
        let Some(first) = index.link(entry)? else { return Ok(self.frontier().heads().collect()) };
        let mut above = BTreeMap::new();
        let mut open: Vec<EntryId> = self.frontier().heads().collect();
        while let Some(id) = open.pop() {
            let Some(link) = self.control.link(&id, index)? else { continue };
            if link.lamport > first.lamport && !above.contains_key(&(link.lamport, id)) {
                let dependencies = index.dependencies(&id)?;
                open.extend(&dependencies);
                above.insert((link.lamport, id), dependencies);
            }
        }
        let mut after = BTreeSet::from([*entry]);
        // In the order of clocks, so dependencies come first.
        for ((_, id), dependencies) in above {
            if dependencies.iter().any(|id| after.contains(id)) {
                after.insert(id);
            }
        }
        self.heads_without(index, |id, _| after.contains(id))
    }

    /// The heads of the entries that are not left out.
    fn heads_without<I: EntryIndex>(
        &self,
        index: &I,
        left_out: impl Fn(&EntryId, &Link) -> bool,
    ) -> Result<BTreeSet<EntryId>, I::Error> {
        let mut heads = BTreeSet::new();
        // Largest clock first, so that whatever depends on an entry was met
        // before it; and whether something that is not left out does.
        let mut open = BTreeMap::new();
        for id in self.frontier().heads() {
            let link = self.control.link(&id, index)?;
            open.extend(link.map(|link| ((link.lamport, id), (link, false))));
        }
        while open.values().any(|(_, covered)| !covered) {
            let Some(((_, id), (link, covered))) = open.pop_last() else { break };
            let out = left_out(&id, &link);
            if !out && !covered {
                heads.insert(id);
            }
            for dependency in index.dependencies(&id)? {
                let Some(link) = self.control.link(&dependency, index)? else { continue };
                let below = open.entry((link.lamport, dependency)).or_insert((link, false));
                below.1 |= covered || !out;
            }
        }
        Ok(heads)
    }
}
