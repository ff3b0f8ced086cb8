//! Idle entries, which a device may leave out beyond a limit (SPEC §5.3).

use super::admission::AdmittedEntry;
use super::ledger::Ledger;
use crate::base::limits::{MAX_ENTRIES_OUTSIDE_CUTS, MAX_UNACCEPTED_ENTRIES};

impl Ledger {
    /// Returns whether a device may leave the entry out. So it is if the entry is idle,
    /// and there are [`MAX_ENTRIES_OUTSIDE_CUTS`] entries of its enrolment here that are
    /// outside the cuts, or [`MAX_UNACCEPTED_ENTRIES`] of enrolments that are not
    /// accepted.
    ///
    /// An entry that carries a new statement which may count is never surplus,
    /// whatever device carries it. The caller must keep an entry on which another one depends that a
    /// device which may write has signed.
    #[must_use]
    pub fn is_surplus(&self, entry: &AdmittedEntry) -> bool {
        let backlink = entry.backlink();
        let author = backlink.author;
        let position = self.authority.position_behind(backlink);
        let is_idle = self.authority.judge(author, position).is_some();
        if !is_idle || self.authority.carries_new_statement(entry.verified().decoded()) {
            return false;
        }
        if self.authority.is_enrolment_accepted(author) {
            self.authority.count_entries_outside_cuts(author) >= MAX_ENTRIES_OUTSIDE_CUTS
        } else {
            self.authority.count_unaccepted_entries() >= MAX_UNACCEPTED_ENTRIES
        }
    }
}
