//! Idle entries, which a device may leave out beyond a limit (SPEC §5.3).

use super::admission::AdmittedEntry;
use super::ledger::Ledger;
use super::waiting::WaitingAccount;
use crate::base::id::{DeviceId, EntryId};
use crate::base::limits::LedgerLimits;
use crate::entry::DecodedEntry;
use crate::payload::Epoch;
use crate::state::EntryIndex;

impl Ledger {
    /// Returns whether a device may leave the entry out: it is idle, and with it there
    /// would be more bytes of idle entries than one accepted member, or all together, may
    /// account for.
    ///
    /// An entry that carries a new statement which may count is never surplus, whatever
    /// device carries it. The caller must keep an entry on which another one depends that
    /// is not idle, or waits and may count ([`Ledger::has_prospects`],
    /// [`Ledger::carries_needed_statement`]), and an epoch entry under whose key something
    /// came that is not idle.
    ///
    /// # Errors
    /// The index's own, if it cannot be read.
    pub fn is_surplus<I: EntryIndex>(
        &self,
        entry: &AdmittedEntry,
        limits: &LedgerLimits,
        index: &I,
    ) -> Result<bool, I::Error> {
        let (decoded, backlink) = (entry.verified().decoded(), entry.backlink());
        let position = self.authority.position_behind(backlink);
        let is_idle = self.authority.judge(backlink.author, position).is_some()
            || self.authority.search_leave(decoded, backlink, index)?.leave.is_some();
        if !is_idle || self.authority.carries_needed_statement(decoded) {
            return Ok(false);
        }
        let known = |chain| self.idle.counted(chain).map(|(member, _)| member);
        let member = self.authority.account_of(backlink.author, known);
        let bytes = u64::try_from(decoded.as_bytes().len()).unwrap_or(u64::MAX);
        let with = |sum: u64| sum.saturating_add(bytes);
        Ok(with(self.idle.bytes_of(member)) > limits.idle_bytes_per_member
            || with(self.idle.bytes()) > limits.idle_bytes)
    }

    /// Returns whether the enrolment of an entry's author is accepted.
    #[must_use]
    pub fn is_enrolment_accepted(&self, entry: &AdmittedEntry) -> bool {
        self.authority.is_enrolment_accepted(entry.backlink().author)
    }

    /// Returns the bytes of idle entries that no other entry needs.
    #[must_use]
    pub fn idle_bytes(&self) -> u64 {
        self.idle.bytes()
    }

    /// Returns whether a device has an enrolment with prospects: accepted, and no hard cut and
    /// no revocation concerns it (SPEC §5.3). A leave does not exclude.
    #[must_use]
    pub fn has_prospects(&self, device: DeviceId) -> bool {
        self.authority.device_has_prospects(device)
    }

    /// Returns carriers of the statements that a device carries again in front of its next own
    /// entry (SPEC §5.3), one of each.
    ///
    /// These are the accepted removals, binds, leaves and revocations of enrolled devices none
    /// of whose carriers is an agreed head or in the past of one, and which the device has not
    /// carried yet; of the revocations and leaves of one member at most `most`, the rest comes
    /// with later entries. None if the device may not write, or the group has no idle entries.
    #[must_use]
    pub fn statements_to_carry(&self, device: DeviceId, most: usize) -> Vec<EntryId> {
        if self.idle.is_empty() || !self.state().may_write(device) {
            return Vec::new();
        }
        let is_hidden = |position| self.idle.is_idle(position) && !self.idle.is_covered(position);
        self.authority.cuts_without_carrier(device, most, is_hidden)
    }

    /// Returns who accounts for an entry that waits. For the carrier of a statement that
    /// must be kept and is not here yet, it is the member who signed the statement, whatever
    /// device carries it.
    #[must_use]
    pub fn waiting_account(&self, entry: &DecodedEntry) -> WaitingAccount {
        if let Some(signer) = self.authority.signer_of_needed_statement(entry) {
            return WaitingAccount::WithProspects(signer);
        }
        let device = entry.header().device();
        let Some(member) = self.authority.account_of_device(device) else {
            return WaitingAccount::Stranger;
        };
        match self.has_prospects(device) {
            true => WaitingAccount::WithProspects(member),
            false => WaitingAccount::Introduced(member),
        }
    }

    /// Returns whether an epoch entry with this topic and commitment is here.
    #[must_use]
    pub fn knows_epoch(&self, epoch: &Epoch) -> bool {
        self.authority.knows_epoch(epoch)
    }

    /// Returns whether an entry carries a statement of which a device must keep one
    /// carrier, and no admitted entry is one: one that the owner's root key signed, or the
    /// root key of its generation if no hard cut concerns that (SPEC §5.3).
    #[must_use]
    pub fn carries_needed_statement(&self, entry: &DecodedEntry) -> bool {
        self.authority.carries_needed_statement(entry)
    }
}
