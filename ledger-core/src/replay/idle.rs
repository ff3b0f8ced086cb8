//! Entries of devices without standing: kept up to a limit, and left out when
//! devices compare what they have (SPEC §5.3).

use super::admission::AdmittedEntry;
use super::ledger::Ledger;
use crate::limits::{MAX_OUTSIDE_CUTS, MAX_UNACCEPTED};

impl Ledger {
    /// Whether a device may leave the entry out: it is idle, and there are
    /// [`MAX_OUTSIDE_CUTS`] idle entries of its enrolment here, or [`MAX_UNACCEPTED`]
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
        if self.control.is_enrolled(after.author) {
            self.control.outside(after.author) >= MAX_OUTSIDE_CUTS
        } else {
            self.control.by_strangers() >= MAX_UNACCEPTED
        }
    }
}
