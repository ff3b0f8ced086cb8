//! What is open, shared by a ledger and what came from it.

use std::sync::{Arc, PoisonError, RwLock};

use ledger_core::GroupId;
use ledger_store::{Group, Store};

use crate::{ErrorCode, LedgerError};

/// An open database, until it is closed. Handles of the store are taken out for
/// the length of one call, so that closing closes the file as soon as the calls
/// under way have ended, whoever still holds a ledger or a group.
#[derive(Clone)]
pub(crate) struct Open(Arc<RwLock<Option<Store>>>);

impl Open {
    pub(crate) fn new(store: Store) -> Self {
        Self(Arc::new(RwLock::new(Some(store))))
    }

    pub(crate) fn store(&self) -> Result<Store, LedgerError> {
        let open = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        open.ok_or_else(|| LedgerError::plain(ErrorCode::Closed))
    }

    pub(crate) fn group(&self, id: GroupId) -> Result<Group, LedgerError> {
        Ok(self.store()?.group(id)?)
    }

    pub(crate) fn close(&self) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).take();
    }
}
