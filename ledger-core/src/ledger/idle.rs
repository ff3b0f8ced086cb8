//! Entries of devices without standing: kept up to a limit, and left out when
//! devices compare what they have (SPEC §5.3).

use std::collections::{BTreeMap, BTreeSet};

use super::{AdmittedEntry, EntryIndex, Ledger};
use crate::id::EntryId;
use crate::limits::{MAX_OUTSIDE, MAX_STRANGERS};

impl Ledger {
    /// Whether a device may leave the entry out: it is idle, and there are
    /// [`MAX_OUTSIDE`] idle entries of its enrolment here, or [`MAX_STRANGERS`]
    /// of enrolments that were never accepted. Not so with a statement that is
    /// new and may count, whoever carries it. An entry that another depends on,
    /// by a device that may write, must not be left out.
    #[must_use]
    pub fn is_surplus(&self, entry: &AdmittedEntry) -> bool {
        let after = entry.after();
        let idle = self.control.judge(after.author, self.control.next(after)).is_some();
        if !idle || self.control.is_news(entry.verified().decoded()) {
            return false;
        }
        if self.control.is_accepted(after.author) {
            self.control.outside(after.author) >= MAX_OUTSIDE
        } else {
            self.control.by_strangers() >= MAX_STRANGERS
        }
    }

    /// The heads by which devices compare what they have: those of the entries
    /// without the idle ones, which stand where their device is cut, or was never
    /// accepted. Two devices with the same heads and the same
    /// [`StateDigest`](crate::StateDigest) agree: what an idle entry carries for
    /// others shows in the digest.
    ///
    /// # Errors
    /// The index's own, if it cannot be read.
    pub fn agreed_heads<I: EntryIndex>(&self, index: &I) -> Result<BTreeSet<EntryId>, I::Error> {
        let mut heads = BTreeSet::new();
        // Largest clock first, so that whatever depends on an entry was met
        // before it; and whether something that is not idle does.
        let mut open = BTreeMap::new();
        for id in self.frontier().heads() {
            let link = index.link(&id)?;
            open.extend(link.map(|link| ((link.lamport, id), (link, false))));
        }
        while open.values().any(|(_, covered)| !covered) {
            let Some(((_, id), (link, covered))) = open.pop_last() else { break };
            let idle = self.control.judge_at(link.point).is_some();
            if !idle && !covered {
                heads.insert(id);
            }
            for dependency in index.dependencies(&id)? {
                let Some(link) = index.link(&dependency)? else { continue };
                let below = open.entry((link.lamport, dependency)).or_insert((link, false));
                below.1 |= covered || !idle;
            }
        }
        Ok(heads)
    }
}
