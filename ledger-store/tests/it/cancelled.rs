//! Cancelling what runs, from another thread.
#![cfg(feature = "sqlcipher")]

use std::io::Cursor;
use std::sync::{Arc, Mutex};

use ledger_store::{Environment, Store, StoreError, StoreOptions, SystemEnvironment};

use crate::common::sealed::export;
use crate::common::{
    Folder, Rng, assert_sound, count, digest, entries, found, go_on, only, record,
};

/// A person who taps "cancel" at the moment when a call asks for the time: after it began, and
/// before it holds the database.
#[derive(Default)]
struct Impatient {
    store: Mutex<Option<Store>>,
}

impl Environment for Impatient {
    fn now_ms(&self) -> u64 {
        if let Some(store) = &*self.store.lock().unwrap() {
            store.cancel_running();
        }
        SystemEnvironment.now_ms()
    }

    fn fill_random(&self, bytes: &mut [u8]) -> Result<(), StoreError> {
        SystemEnvironment.fill_random(bytes)
    }
}

/// The progress callback is not called while a batch is stored, since the database is locked then.
#[test]
fn a_batch_that_is_being_stored_can_be_cancelled_and_leaves_nothing() {
    let folder = Folder::new(1);
    let store = folder.store();
    drop(found(&store, 2));
    drop(store);
    let copy = folder.copy(2);
    let store = folder.store();
    let group = only(&store);
    record(&group, 30, 10, &mut Rng::new(1));
    let (all, bundle) = (entries(&group), export(&group));

    let person = Arc::new(Impatient::default());
    let options = StoreOptions::new().environment(person.clone());
    let store = options.open(&copy.db(), copy.secrets()).unwrap();
    let other = only(&store);
    let before = count(&other);
    let bundles = || other.bundles().import(&mut Cursor::new(&bundle), &mut go_on).map(|_| ());
    *person.store.lock().unwrap() = Some(store.clone());
    for stopped in [other.entries().ingest(&all).map(|_| ()), bundles()] {
        assert!(matches!(stopped, Err(StoreError::Cancelled)), "{stopped:?}");
        assert_eq!(count(&other), before);
    }
    *person.store.lock().unwrap() = None;
    // Only what ran then was cancelled.
    bundles().unwrap();
    assert_eq!(digest(&other), digest(&group));
    assert_sound(&other);
}
