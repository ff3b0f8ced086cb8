//! What is open, shared by a ledger and what came from it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use ledger_core::GroupId;
use ledger_store::{Group, Store, StoreError};

use crate::{ErrorCode, LedgerError};

/// An open database, until it is closed. Handles of the store are taken out for
/// the length of one call, so that closing closes the file as soon as the calls
/// under way have ended, whoever still holds a ledger or a group.
#[derive(Clone)]
pub(crate) struct Open(Arc<RwLock<Option<Opened>>>);

struct Opened {
    store: Store,
    /// Groups that were read: looking one up costs as much as a balance.
    read: Mutex<BTreeMap<GroupId, Group>>,
}

impl Open {
    pub(crate) fn new(store: Store) -> Self {
        Self(Arc::new(RwLock::new(Some(Opened { store, read: Mutex::default() }))))
    }

    pub(crate) fn store(&self) -> Result<Store, LedgerError> {
        self.look(|opened| opened.store.clone())
    }

    pub(crate) fn group(&self, id: GroupId) -> Result<Group, LedgerError> {
        Ok(self.store()?.group(id)?)
    }

    /// Reads by the handle with which the group was first read. This device may
    /// have other keys by now, so it is not to sign with.
    pub(crate) fn reading<T>(
        &self,
        id: GroupId,
        work: impl Fn(&Group) -> Result<T, StoreError>,
    ) -> Result<T, LedgerError> {
        let known = |opened: &Opened| lock(&opened.read).get(&id).cloned();
        if let Some(group) = self.look(known)? {
            match work(&group) {
                // Deleted, and perhaps here again.
                Err(StoreError::UnknownGroup(_)) => {}
                result => return Ok(result?),
            }
        }
        let group = self.group(id)?;
        self.look(|opened| lock(&opened.read).insert(id, group.clone()))?;
        Ok(work(&group)?)
    }

    fn look<T>(&self, work: impl FnOnce(&Opened) -> T) -> Result<T, LedgerError> {
        let open = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let opened = open.as_ref().ok_or_else(|| LedgerError::plain(ErrorCode::Closed))?;
        Ok(work(opened))
    }

    pub(crate) fn close(&self) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).take();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
