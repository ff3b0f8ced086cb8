//! Secrets sealed under a key of the app: only that key opens them, another key replaces it
//! even if the process is killed meanwhile, and nothing is replaced by mistake.
#![cfg(feature = "sqlcipher")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex};

use ledger_core::EntryId;
use ledger_store::{
    AppKey, FileSecrets, Group, MemorySecrets, SealedSecrets, Secret, SecretError, SecretErrorKind,
    SecretName, SecretStore, Store, StoreError,
};

use crate::common::crashing::{DATABASE, SEED, run_and_kill, say};
use crate::common::{
    self, Folder, Rng, assert_sound, child_process, decode, entries, found, hex, only, record,
};

fn key(number: u8) -> AppKey {
    AppKey::from_bytes([number; 32])
}

fn sealed(folder: &Folder, number: u8) -> Arc<SealedSecrets<FileSecrets>> {
    Arc::new(SealedSecrets::new(FileSecrets::new(folder.keys()), key(number)))
}

fn open(folder: &Folder, number: u8) -> Result<Store, StoreError> {
    Store::open(&folder.db(), sealed(folder, number))
}

/// A ledger whose secrets are sealed under key 1.
fn filled(seed: u64) -> Folder {
    let folder = Folder::new(seed);
    let store = Store::open_or_create(&folder.db(), sealed(&folder, 1)).unwrap();
    record(&found(&store, 3), 10, 5, &mut Rng::new(seed));
    folder
}

/// Secrets of the key file by name.
fn kept(folder: &Folder) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(folder.keys()).unwrap();
    let lines = text.lines().skip(1).map(|line| line.split_once(' ').unwrap());
    lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn keep(folder: &Folder, kept: &BTreeMap<String, String>) {
    let text = std::fs::read_to_string(folder.keys()).unwrap();
    let mut text = format!("{}\n", text.lines().next().unwrap());
    kept.iter().for_each(|(name, value)| text.push_str(&format!("{name} {value}\n")));
    std::fs::write(folder.keys(), text).unwrap();
}

fn kind(error: &StoreError) -> Option<SecretErrorKind> {
    match error {
        StoreError::Secrets(error) => Some(error.kind()),
        _ => None,
    }
}

fn ids(group: &Group) -> BTreeSet<EntryId> {
    entries(group).iter().map(|entry| decode(entry).id()).collect()
}

/// Remembers every secret that the library keeps.
struct Seen(Arc<SealedSecrets<FileSecrets>>, Mutex<Vec<(SecretName, Secret)>>);

impl SecretStore for Seen {
    fn get(&self, name: &SecretName) -> Result<Option<Secret>, SecretError> {
        self.0.get(name)
    }

    fn set(&self, name: &SecretName, secret: &Secret) -> Result<(), SecretError> {
        self.1.lock().unwrap().push((name.clone(), secret.clone()));
        self.0.set(name, secret)
    }

    fn add(&self, name: &SecretName, secret: &Secret) -> Result<Secret, SecretError> {
        self.1.lock().unwrap().push((name.clone(), secret.clone()));
        self.0.add(name, secret)
    }

    fn remove(&self, name: &SecretName) -> Result<(), SecretError> {
        self.0.remove(name)
    }
}

#[test]
fn the_secret_store_alone_shows_no_secret() {
    let folder = Folder::new(1);
    let seen = Arc::new(Seen(sealed(&folder, 1), Mutex::default()));
    let store = Store::open_or_create(&folder.db(), seen.clone()).unwrap();
    let group = found(&store, 3);
    group
        .bundles()
        .export(ledger_store::Since::Beginning, &mut Vec::new(), &mut common::go_on)
        .unwrap();
    store.maintenance().rekey().unwrap();
    let text = std::fs::read_to_string(folder.keys()).unwrap();
    let seen = seen.1.lock().unwrap();
    assert!(seen.len() >= 5, "{}", seen.len());
    for (name, secret) in seen.iter() {
        assert!(text.contains(&format!("\n{} 01", name.as_str())));
        for part in secret.expose().chunks(8) {
            assert!(!text.contains(&hex(part)), "{} is readable", name.as_str());
        }
    }
    assert!(text.contains("\nwrapping-key 01"));
    drop((group, store));
    assert_sound(&only(&open(&folder, 1).unwrap()));
    // Without an app key at all.
    let error = folder.open().err().unwrap();
    assert_eq!(kind(&error), Some(SecretErrorKind::WrongAppKey), "{error}");
}

#[test]
fn a_wrong_app_key_is_told_and_changes_nothing() {
    let folder = filled(2);
    let before = std::fs::read(folder.keys()).unwrap();
    let error = open(&folder, 2).err().unwrap();
    assert_eq!(kind(&error), Some(SecretErrorKind::WrongAppKey), "{error}");
    assert!(error.to_string().contains("app's key is not the one"), "{error}");
    // Nor by what would make secrets anew.
    let elsewhere = Folder::new(3);
    let error = Store::open_or_create(&elsewhere.db(), sealed(&folder, 2)).err().unwrap();
    assert_eq!(kind(&error), Some(SecretErrorKind::WrongAppKey), "{error}");
    let wrong = sealed(&folder, 2);
    assert_eq!(wrong.rewrap(key(3)).unwrap_err().kind(), SecretErrorKind::WrongAppKey);
    for call in every_call(&*wrong) {
        assert_eq!(call.unwrap_err().kind(), SecretErrorKind::WrongAppKey);
    }
    assert_eq!(std::fs::read(folder.keys()).unwrap(), before);
    assert_sound(&only(&open(&folder, 1).unwrap()));
}

/// All calls that a store has, with a name of the library's.
fn every_call(secrets: &dyn SecretStore) -> [Result<(), SecretError>; 4] {
    let (name, secret) = (a_name("entropy"), Secret::new(vec![7; 32]));
    [
        secrets.get(&name).map(|_| ()),
        secrets.set(&name, &secret),
        secrets.add(&name, &secret).map(|_| ()),
        secrets.remove(&name),
    ]
}

/// The name of a secret that begins so.
fn a_name(start: &str) -> SecretName {
    let folder = Folder::new(4);
    let seen = Arc::new(Seen(sealed(&folder, 1), Mutex::default()));
    found(&Store::open_or_create(&folder.db(), seen.clone()).unwrap(), 1);
    let seen = seen.1.lock().unwrap();
    seen.iter().find(|(name, _)| name.as_str().starts_with(start)).unwrap().0.clone()
}

#[test]
fn another_app_key_replaces_one_secret_and_the_old_one_opens_nothing() {
    let folder = filled(5);
    let before = kept(&folder);
    let secrets = sealed(&folder, 1);
    let store = Store::open(&folder.db(), secrets.clone()).unwrap();
    let group = only(&store);
    let file = std::fs::read(folder.db()).unwrap();
    secrets.rewrap(key(2)).unwrap();
    assert_eq!(std::fs::read(folder.db()).unwrap(), file, "no page is written");
    let after = kept(&folder);
    let changed: Vec<_> = after.iter().filter(|(name, value)| before[*name] != **value).collect();
    assert_eq!(changed.len(), 1);
    assert_eq!(changed[0].0, "wrapping-key");
    assert_eq!(after.len(), before.len());
    // The open store goes on, and so does whoever opens it later.
    record(&group, 3, 3, &mut Rng::new(5));
    store.suspend().unwrap();
    store.resume().unwrap();
    drop((group, store));
    assert_eq!(kind(&open(&folder, 1).err().unwrap()), Some(SecretErrorKind::WrongAppKey));
    assert_sound(&only(&open(&folder, 2).unwrap()));
    // Once more by whoever was not told that it is done; not by one who is late.
    sealed(&folder, 1).rewrap(key(2)).unwrap();
    let late = sealed(&folder, 1).rewrap(key(3)).unwrap_err();
    assert_eq!(late.kind(), SecretErrorKind::WrongAppKey);
    assert_sound(&only(&open(&folder, 2).unwrap()));
}

#[test]
fn altered_swapped_and_foreign_secrets_are_told_and_kept() {
    let folder = filled(6);
    let other = filled(7);
    let (good, foreign) = (kept(&folder), kept(&other));
    let of = |kept: &BTreeMap<String, String>, start: &str| {
        let found = kept.iter().find(|(name, _)| name.starts_with(start)).unwrap();
        (found.0.clone(), found.1.clone())
    };
    let (database, sealed_key) = of(&good, "database-");
    let mut flipped = sealed_key.clone();
    flipped.replace_range(100..101, if &flipped[100..101] == "0" { "1" } else { "0" });
    let cases = [
        ("altered", database.clone(), Some(flipped)),
        ("cut off", database.clone(), Some(sealed_key[..sealed_key.len() - 2].to_owned())),
        ("not sealed", database.clone(), Some("11".repeat(32))),
        ("of another name", database.clone(), Some(good["entropy"].clone())),
        ("of other secrets", database.clone(), Some(of(&foreign, "database-").1)),
        ("a key of other secrets", "wrapping-key".into(), Some(foreign["wrapping-key"].clone())),
        ("a secret as the key", "wrapping-key".into(), Some(good["entropy"].clone())),
        ("no key", "wrapping-key".into(), None),
    ];
    for (case, name, value) in cases {
        let mut changed = good.clone();
        match value {
            Some(value) => changed.insert(name.clone(), value),
            None => changed.remove(&name),
        };
        keep(&folder, &changed);
        let error = open(&folder, 1).err().unwrap();
        let expected = match case {
            "a secret as the key" => SecretErrorKind::WrongAppKey,
            _ => SecretErrorKind::Damaged,
        };
        assert_eq!(kind(&error), Some(expected), "{case}: {error}");
        // Nor does making a database anew, or keeping a secret again.
        let _ = Store::open_or_create(&folder.db(), sealed(&folder, 1)).err().unwrap();
        if name == "wrapping-key" {
            let elsewhere = Folder::new(8);
            let made = Store::open_or_create(&elsewhere.db(), sealed(&folder, 1));
            let made = made.and_then(|store| store.create_group("Two", "Anna"));
            assert_eq!(kind(&made.err().unwrap()), Some(expected), "{case}");
            let found = kept(&folder);
            assert!(changed.iter().all(|(name, value)| found[name] == *value), "{case}");
            assert_eq!(found.get("wrapping-key"), changed.get("wrapping-key"), "{case}");
        }
    }
    keep(&folder, &good);
    // A value that does not open is not written over.
    let mut changed = good.clone();
    changed.insert("entropy".into(), "01".repeat(100));
    keep(&folder, &changed);
    let (secrets, name, secret) = (sealed(&folder, 1), a_name("entropy"), Secret::new(vec![7; 32]));
    let calls = [
        secrets.get(&name).map(|_| ()),
        secrets.set(&name, &secret),
        secrets.add(&name, &secret).map(|_| ()),
    ];
    for call in calls {
        assert_eq!(call.unwrap_err().kind(), SecretErrorKind::Damaged);
    }
    assert_eq!(kept(&folder), changed);
    keep(&folder, &good);
    assert_sound(&only(&open(&folder, 1).unwrap()));
}

#[test]
fn secrets_are_sealed_once() {
    let inside = Arc::new(SealedSecrets::new(MemorySecrets::new(), key(1)));
    let twice = SealedSecrets::new(inside.clone(), key(2));
    for call in every_call(&twice) {
        assert!(call.unwrap_err().to_string().contains("inside of another"));
    }
    every_call(&*inside).into_iter().for_each(|call| call.unwrap());
}

/// Somebody else makes key and secret when this one has just found none.
struct Overtaken {
    inner: Arc<MemorySecrets>,
    by: Mutex<Option<SecretName>>,
}

impl SecretStore for Overtaken {
    fn get(&self, name: &SecretName) -> Result<Option<Secret>, SecretError> {
        let found = self.inner.get(name)?;
        if let Some(other) = self.by.lock().unwrap().take() {
            assert_eq!((name.as_str(), &found), ("wrapping-key", &None));
            let theirs = SealedSecrets::new(self.inner.clone(), key(1));
            theirs.add(&other, &Secret::new(vec![9; 32])).unwrap();
        }
        Ok(found)
    }

    fn set(&self, name: &SecretName, secret: &Secret) -> Result<(), SecretError> {
        self.inner.set(name, secret)
    }

    fn add(&self, name: &SecretName, secret: &Secret) -> Result<Secret, SecretError> {
        self.inner.add(name, secret)
    }

    fn remove(&self, name: &SecretName) -> Result<(), SecretError> {
        self.inner.remove(name)
    }
}

#[test]
fn whoever_comes_first_makes_the_key_for_all() {
    let name = a_name("entropy");
    let overtaken = |by: &SecretName| {
        let inner = Arc::new(MemorySecrets::new());
        let by = Mutex::new(Some(by.clone()));
        (SealedSecrets::new(Overtaken { inner: inner.clone(), by }, key(1)), inner)
    };
    let (secrets, _) = overtaken(&name);
    assert_eq!(secrets.add(&name, &Secret::new(vec![1; 32])).unwrap().expose(), [9; 32]);
    let (secrets, _) = overtaken(&name);
    assert_eq!(secrets.get(&name).unwrap().unwrap().expose(), [9; 32]);
    // Theirs opens as before.
    let other = a_name("database-");
    let (secrets, inner) = overtaken(&other);
    secrets.add(&name, &Secret::new(vec![1; 32])).unwrap();
    let later = SealedSecrets::new(inner, key(1));
    assert_eq!(later.get(&name).unwrap().unwrap().expose(), [1; 32]);
    assert_eq!(later.get(&other).unwrap().unwrap().expose(), [9; 32]);
    // At any instant.
    for _ in 0..20 {
        let (inner, barrier) = (Arc::new(MemorySecrets::new()), Barrier::new(8));
        let kept: Vec<Secret> = std::thread::scope(|scope| {
            let (inner, barrier, name) = (&inner, &barrier, &name);
            let work = |n: u8| {
                move || {
                    let secrets = SealedSecrets::new(inner.clone(), key(1));
                    barrier.wait();
                    secrets.add(name, &Secret::new(vec![n; 32])).unwrap()
                }
            };
            let all: Vec<_> = (0..8).map(|n| scope.spawn(work(n))).collect();
            all.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(kept.iter().all(|secret| *secret == kept[0]));
        let found = SealedSecrets::new(inner, key(1)).get(&name).unwrap();
        assert_eq!(found.as_ref(), Some(&kept[0]));
    }
}

/// A store that fails once, before or after it does what it is asked.
struct Failing {
    inner: Arc<MemorySecrets>,
    calls: AtomicUsize,
    at: usize,
    done_before: bool,
}

impl Failing {
    fn call<T>(&self, work: impl FnOnce() -> Result<T, SecretError>) -> Result<T, SecretError> {
        let failed = || SecretError::new("the keychain", "it failed");
        match self.calls.fetch_add(1, SeqCst) == self.at {
            true if self.done_before => work().and(Err(failed())),
            true => Err(failed()),
            false => work(),
        }
    }
}

impl SecretStore for Failing {
    fn get(&self, name: &SecretName) -> Result<Option<Secret>, SecretError> {
        self.call(|| self.inner.get(name))
    }

    fn set(&self, name: &SecretName, secret: &Secret) -> Result<(), SecretError> {
        self.call(|| self.inner.set(name, secret))
    }

    fn add(&self, name: &SecretName, secret: &Secret) -> Result<Secret, SecretError> {
        self.call(|| self.inner.add(name, secret))
    }

    fn remove(&self, name: &SecretName) -> Result<(), SecretError> {
        self.call(|| self.inner.remove(name))
    }
}

/// Makes a ledger under key 1 and gives it key 2; stops at the first failure, or tries
/// that step once more.
fn story(
    db: &Path,
    failing: Failing,
    again: bool,
    ids: &mut BTreeSet<EntryId>,
) -> Result<(), StoreError> {
    fn step<T>(
        again: bool,
        mut work: impl FnMut() -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        work().or_else(|error| if again { work() } else { Err(error) })
    }
    let secrets = Arc::new(SealedSecrets::new(failing, key(1)));
    let store = step(again, || Store::open_or_create(db, secrets.clone()))?;
    let group = step(again, || store.create_group("Flat", "Anna"))?;
    let guest = |name: &str| ledger_store::NewEntry::Placeholder { name: name.to_owned() };
    ids.extend(step(again, || group.entries().append(vec![guest("Ben")]))?);
    step(again, || Ok(secrets.rewrap(key(2))?))?;
    ids.extend(step(again, || group.entries().append(vec![guest("Cleo")]))?);
    Ok(())
}

#[test]
fn a_secret_store_that_fails_at_any_call_leaves_one_app_key_that_opens_everything() {
    let (mut failed, mut calls) = (BTreeSet::new(), 0);
    for at in 0.. {
        let mut ended = 0;
        for (done_before, again) in [(false, false), (true, false), (false, true), (true, true)] {
            let (folder, inner) = (Folder::new(9), Arc::new(MemorySecrets::new()));
            let calls = AtomicUsize::new(0);
            let failing = Failing { inner: inner.clone(), calls, at, done_before };
            let mut ids_told = BTreeSet::new();
            let told = story(&folder.db(), failing, again, &mut ids_told);
            let case = format!("call {at}, {done_before}, {again}: {told:?}");
            assert!(told.is_ok() || !again, "{case}");
            ended += u32::from(told.is_ok());
            let open = |number| {
                let secrets = SealedSecrets::new(inner.clone(), key(number));
                Store::open(&folder.db(), Arc::new(secrets))
            };
            if !folder.db().exists() {
                continue;
            }
            let (old, new) = (open(1), open(2));
            let (right, wrong) = if old.is_ok() { (old, new) } else { (new, old) };
            assert_eq!(kind(&wrong.err().unwrap()), Some(SecretErrorKind::WrongAppKey), "{case}");
            let store = right.unwrap_or_else(|error| panic!("{case}: {error}"));
            let there: BTreeSet<EntryId> = store
                .groups()
                .unwrap()
                .iter()
                .flat_map(|g| ids(&store.group(g.id).unwrap()))
                .collect();
            assert!(there.is_superset(&ids_told), "{case}");
            // The secrets go with the entries: the next one can be signed.
            for summary in store.groups().unwrap() {
                let group = store.group(summary.id).unwrap();
                record_one(&group);
            }
            failed.insert(at);
        }
        if ended == 4 {
            calls = at;
            break;
        }
    }
    assert!(calls >= 15 && failed.len() >= 10, "{calls} calls, {} failed", failed.len());
}

fn record_one(group: &Group) {
    let name = "Late".to_owned();
    group.entries().append(vec![ledger_store::NewEntry::Placeholder { name }]).unwrap();
}

/// Child process of the other test.
#[test]
fn child_that_changes_the_app_key_until_it_is_killed() {
    let Some(path) = std::env::var_os(DATABASE).map(PathBuf::from) else { return };
    let first: u8 = std::env::var(SEED).unwrap().parse().unwrap();
    let inner = FileSecrets::new(path.with_extension("keys"));
    let secrets = Arc::new(SealedSecrets::new(inner, key(first)));
    let store = Store::open(&path, secrets.clone()).unwrap();
    let group = only(&store);
    for number in (first..100).cycle().skip(1) {
        say("rewrap", &[]);
        secrets.rewrap(key(number)).unwrap();
        let before = ids(&group);
        record(&group, 1, 1, &mut Rng::new(number.into()));
        let new: Vec<EntryId> = ids(&group).difference(&before).copied().collect();
        say("done", &new);
    }
}

#[test]
fn a_killed_process_leaves_an_app_key_that_opens_everything() {
    const ROUNDS: u64 = 12;
    let folder = filled(10);
    let (mut rng, mut number, mut busy) = (Rng::new(10), 1, 0);
    let mut met = BTreeSet::new();
    for round in 0..ROUNDS {
        let before = ids(&only(&open(&folder, number).unwrap()));
        let mut command =
            child_process("app_key::child_that_changes_the_app_key_until_it_is_killed");
        command.env(DATABASE, folder.db()).env(SEED, number.to_string());
        let said = run_and_kill(command, 1 + rng.below(6), rng.below(80_000));
        busy += u64::from(said.busy);
        let opening: Vec<u8> = (1..100).filter(|number| open(&folder, *number).is_ok()).collect();
        assert_eq!(opening.len(), 1, "round {round}: {opening:?}");
        number = opening[0];
        met.insert(number);
        let store = open(&folder, number).unwrap();
        let after = ids(&only(&store));
        assert!(after.is_superset(&before), "round {round}: nothing is lost");
        assert!(after.is_superset(&said.durable), "round {round}: what was durable is there");
        assert_sound(&only(&store));
    }
    assert!(busy > 0 && met.len() > 1, "{busy} kills, keys {met:?}");
}
