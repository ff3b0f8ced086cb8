//! Checking one group again from the stored bytes.

use std::ops::ControlFlow;

use ledger_core::StateDigest;

use super::{Group, audit};
use crate::StoreError;
use crate::database::open_existing;
use crate::fsck::Problem;
use crate::progress::Progress;

/// What a full check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// How many entries were checked.
    pub entries: u64,
    /// The digest of the state that the entries give.
    pub digest: Option<StateDigest>,
    /// Everything that is not as it should be.
    pub problems: Vec<Problem>,
}

impl Group {
    /// Checks every hash, signature, link and rule again from the stored
    /// bytes, that everything derived from them agrees, and every page of the
    /// file. Changes nothing. Entries are read a batch at a time, so it works
    /// on groups that do not fit into memory; others may read and write
    /// meanwhile.
    ///
    /// `progress` is told how far the check has come, and may stop it.
    ///
    /// # Errors
    /// [`StoreError::Cancelled`] if it was stopped, or [`StoreError`] if the
    /// database cannot be read at all. What is merely wrong in it is in
    /// [`Verification::problems`].
    pub fn verify(
        &self,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Verification, StoreError> {
        let connection = open_existing(self.store.path(), self.store.secrets())?;
        let tx = connection.unchecked_transaction()?;
        let shown = super::load::load(&tx, self.key, self.id, None).map(|loaded| loaded.ledger);
        let environment = self.store.environment();
        let mut found = audit::audit(&tx, self.key, self.id, shown, environment, progress)?;
        found.problems.extend(audit::check_file(&tx)?);
        Ok(found)
    }
}
