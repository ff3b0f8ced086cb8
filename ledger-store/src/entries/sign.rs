//! Signing entries of this device inside a transaction.

#[cfg(feature = "import")]
use ledger_core::GroupState;
use ledger_core::engine::{Admission, Draft, Payload, VerifiedEntry};
use ledger_core::keys::DeviceKey;
use ledger_core::{DeviceId, DraftError, EntryId, Verdict};

use super::waiting::waiting_of;
use super::{GroupTransaction, NewEntry};
use crate::StoreError;

impl GroupTransaction<'_> {
    /// Drafts, signs and appends one entry.
    pub(crate) fn record(
        &mut self,
        device: &DeviceKey,
        entry: &NewEntry,
    ) -> Result<EntryId, StoreError> {
        // Before drafting: a merge entry may change the state that the draft is made from.
        self.prepare_to_sign(device)?;
        self.speak(device)?;
        let draft = entry.draft(self, device.id(), self.environment())?;
        self.sign_and_append(device, draft)
    }

    /// Signs and appends what `draft` makes of the state.
    #[cfg(feature = "import")]
    pub(crate) fn record_with(
        &mut self,
        device: &DeviceKey,
        draft: impl FnOnce(&GroupState) -> Result<Draft, DraftError>,
    ) -> Result<EntryId, StoreError> {
        self.prepare_to_sign(device)?;
        self.speak(device)?;
        let draft = draft(self.ledger().state())?;
        self.sign_and_append(device, draft)
    }

    /// Signs a draft at the next position of the device's chain, and appends it.
    pub(crate) fn sign_and_append(
        &mut self,
        device: &DeviceKey,
        draft: Draft,
    ) -> Result<EntryId, StoreError> {
        self.refuse_unsafe_chain(device.id())?;
        self.sign_after_known(device, draft)
    }

    /// Signs a draft behind the last entry of the device's chain that is here, without asking whether
    /// the chain forked or more of it is known to be elsewhere. For callers who have asked, and for the
    /// last entry of a key that is replaced.
    pub(crate) fn sign_after_known(
        &mut self,
        device: &DeviceKey,
        draft: Draft,
    ) -> Result<EntryId, StoreError> {
        let position = self.ledger().position_of_draft(device.id(), &draft, self.index())?;
        let position = position.ok_or(DraftError::ForeignDevice)?;
        let signed = draft.sign(device, &position, self.environment().now_ms())?;
        self.append_signed(signed)
    }

    /// Appends what stands before the next own entry: carriers of statements that only idle entries
    /// carry, and merge entries until one entry can have all agreed heads as parents, so that nobody
    /// can keep others from writing by forking.
    pub(crate) fn prepare_to_sign(&mut self, device: &DeviceKey) -> Result<(), StoreError> {
        self.refuse_unsafe_chain(device.id())?;
        self.carry_statements(device)?;
        while self.ledger().next_position(device.id()).is_none() {
            self.sign_after_known(device, Draft::merge())?;
        }
        Ok(())
    }

    /// Carries again each removal, bind, revocation and leave that no entry carries on which this
    /// device builds (SPEC §5.3): once, with the next own entry and never by itself, as else all
    /// devices would answer one statement at once. Of one member's, a few with each own entry.
    fn carry_statements(&mut self, device: &DeviceKey) -> Result<(), StoreError> {
        let most = self.limits().carried_at_once;
        for carrier in self.ledger().statements_to_carry(device.id(), most) {
            if let Payload::Statement(signed) = self.stored(carrier)?.decoded().payload() {
                self.sign_and_append(device, Draft::carry(signed))?;
            }
        }
        Ok(())
    }

    fn append_signed(&mut self, signed: VerifiedEntry) -> Result<EntryId, StoreError> {
        let id = signed.id();
        match self.admit(signed)? {
            Admission::Admitted(entry) => {
                // A person who records something wants it to count; a void entry would stay
                // in everybody's ledger for nothing.
                if let Verdict::Void(reason) = self.append(&entry)? {
                    return Err(StoreError::WouldBeVoid(reason));
                }
            }
            Admission::Duplicate => {}
            Admission::Refused(refusal) => return Err(StoreError::Refused(refusal)),
            // A caller can name an original that is not in the ledger.
            Admission::Missing(ids) => {
                return Err(StoreError::UnknownEntry(ids.into_iter().collect()));
            }
        }
        Ok(id)
    }

    /// Refuses to sign for a device whose chain forked, or would fork: entries of it wait.
    ///
    /// # Errors
    /// [`StoreError::Forked`] or [`StoreError::OwnEntriesWait`].
    fn refuse_unsafe_chain(&self, device: DeviceId) -> Result<(), StoreError> {
        if self.ledger().has_forked(device) {
            return Err(StoreError::Forked(device));
        }
        match waiting_of(self.connection(), self.group(), device)? {
            0 => Ok(()),
            waiting => Err(StoreError::OwnEntriesWait(waiting)),
        }
    }
}
