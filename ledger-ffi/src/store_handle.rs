//! The open database, shared by a ledger, its groups and their sub-handles.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use ledger_core::GroupId;
use ledger_store::{Group, Store, StoreError};

use crate::error::{ErrorCode, LedgerError};

/// Handle to an open database, until any clone of it closes the database.
///
/// Each call takes the store out for its own length only. So closing closes the file
/// as soon as the calls under way have ended, whoever still holds a ledger or a group.
#[derive(Clone)]
pub(crate) struct StoreHandle(Arc<RwLock<Option<OpenStore>>>);

struct OpenStore {
    store: Store,
    /// Groups that were read: looking one up costs as much as reading its balances.
    read_groups: Mutex<BTreeMap<GroupId, Group>>,
}

impl StoreHandle {
    pub(crate) fn new(store: Store) -> Self {
        Self(Arc::new(RwLock::new(Some(OpenStore { store, read_groups: Mutex::default() }))))
    }

    pub(crate) fn store(&self) -> Result<Store, LedgerError> {
        self.with_open(|open| open.store.clone())
    }

    pub(crate) fn group(&self, id: GroupId) -> Result<Group, LedgerError> {
        Ok(self.store()?.group(id)?)
    }

    /// Reads by the handle with which the group was first read. The device may have
    /// other keys by now, so `read` must not sign anything with that handle.
    pub(crate) fn read_group<T>(
        &self,
        id: GroupId,
        read: impl Fn(&Group) -> Result<T, StoreError>,
    ) -> Result<T, LedgerError> {
        let known = |open: &OpenStore| lock(&open.read_groups).get(&id).cloned();
        if let Some(group) = self.with_open(known)? {
            match read(&group) {
                // The group was deleted; it may be in the database again.
                Err(StoreError::UnknownGroup(_)) => {}
                result => return Ok(result?),
            }
        }
        let group = self.group(id)?;
        self.with_open(|open| lock(&open.read_groups).insert(id, group.clone()))?;
        Ok(read(&group)?)
    }

    fn with_open<T>(&self, work: impl FnOnce(&OpenStore) -> T) -> Result<T, LedgerError> {
        let store = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let open = store.as_ref().ok_or_else(|| LedgerError::plain(ErrorCode::Closed))?;
        Ok(work(open))
    }

    pub(crate) fn close(&self) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).take();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
