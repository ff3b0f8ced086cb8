//! Checking one group again from the stored bytes.

use std::ops::ControlFlow;

use ledger_core::StateDigest;

use super::{Group, audit};
use crate::StoreError;
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
        self.store.snapshot_apart(|snapshot| {
            let (store, connection) = (&self.store, snapshot.connection());
            let shown = super::load::load(connection, self.key, self.id, None, None);
            let shown = shown.map(|loaded| loaded.ledger);
            let (environment, mut progress) = (store.environment(), store.stopped_by(progress));
            let found =
                audit::audit(connection, self.key, self.id, shown, environment, &mut progress);
            let mut found = found?;
            found.problems.extend(audit::check_file(connection)?);
            Ok(found)
        })
    }
}
