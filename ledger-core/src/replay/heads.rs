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
    #[must_use]
    pub fn agreed_heads(&self) -> BTreeSet<EntryId> {
        self.frontier().agreed_heads().collect()
    }

    /// Returns the heads, with their clocks, of some entries and their past, but for those
    /// that `is_left_out` names. Of the entries, only `open` ones need to be found.
    ///
    /// An entry is a head if it is kept and no kept entry has it in its past, also not
    /// through entries that are left out. The walk meets whatever depends on an entry
    /// before the entry, so this is known when it gets there. It ends when all entries
    /// that are left are in the past of a kept one.
    pub(super) fn heads_without<I: EntryIndex>(
        &self,
        starts: BTreeSet<EntryId>,
        mut open: BTreeSet<EntryId>,
        index: &I,
        is_left_out: impl Fn(&EntryId, &Link) -> bool,
    ) -> Result<BTreeMap<EntryId, u64>, I::Error> {
        let mut heads = BTreeMap::new();
        let mut walk = CausalWalk::from(&starts, &self.authority, index)?;
        // Of the entries that the walk will visit, those in the past of a kept one. The others
        // are open.
        let mut covered = BTreeSet::new();
        while !open.is_empty() {
            let Some(visit) = walk.next().transpose()? else { break };
            let is_covered = covered.remove(&visit.id);
            open.remove(&visit.id);
            let is_kept = !is_left_out(&visit.id, &visit.link);
            if is_kept && !is_covered {
                heads.insert(visit.id, visit.link.lamport);
            }
            for dependency in walk.expand()? {
                if is_covered || is_kept {
                    open.remove(&dependency);
                    covered.insert(dependency);
                } else if !covered.contains(&dependency) {
                    open.insert(dependency);
                }
            }
        }
        Ok(heads)
    }
}
