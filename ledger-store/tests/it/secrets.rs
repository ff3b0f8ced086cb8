//! Keys: without them nothing opens, and neither they nor the data that they protect are
//! readable anywhere else.
#![cfg(feature = "sqlcipher")]

use std::path::Path;
use std::sync::Arc;

use ledger_store::{
    FileSecrets, NewEntry, Secret, SecretError, SecretName, SecretStore, Store, StoreError,
};

use crate::common::{
    Folder, Rng, assert_sound, beside, filled, hex, only, read_all, record, refused,
};

/// Secrets behind a lock that nobody opens.
struct Locked {
    inside: FileSecrets,
    readable: bool,
}

impl SecretStore for Locked {
    fn get(&self, name: &SecretName) -> Result<Option<Secret>, SecretError> {
        if self.readable { self.inside.get(name) } else { Err(locked()) }
    }

    fn set(&self, _: &SecretName, _: &Secret) -> Result<(), SecretError> {
        Err(locked())
    }

    fn remove(&self, _: &SecretName) -> Result<(), SecretError> {
        Err(locked())
    }
}

fn locked() -> SecretError {
    SecretError::new("the keychain", "it is locked")
}

#[test]
fn secrets_that_cannot_be_had_stop_everything() {
    let folder = filled(11);
    let locked = Locked { inside: FileSecrets::new(folder.keys()), readable: false };
    let error = refused(&folder.db(), Arc::new(locked));
    assert!(matches!(error, StoreError::Secrets(_)), "{error:?}");
    assert_eq!(error.to_string(), "the secrets in the keychain cannot be used: it is locked");

    let new = Folder::new(12);
    let locked = Locked { inside: FileSecrets::new(new.keys()), readable: true };
    let error = Store::open_or_create(&new.db(), Arc::new(locked)).err();
    assert!(matches!(error, Some(StoreError::Secrets(_))), "{error:?}");
    assert!(!new.db().exists(), "no file whose key would be lost");

    // A group needs new device keys, which cannot be kept.
    let locked = Locked { inside: FileSecrets::new(folder.keys()), readable: true };
    let store = Store::open(&folder.db(), Arc::new(locked)).unwrap();
    assert!(matches!(store.create_group("Two", "Anna"), Err(StoreError::Secrets(_))));
    assert_sound(&only(&store));
}

#[test]
fn without_the_keys_of_the_device_one_can_read_but_not_write() {
    let folder = filled(13);
    let text = std::fs::read_to_string(folder.keys()).unwrap();
    let without: String =
        text.lines().filter(|l| !l.starts_with("device-")).map(|l| format!("{l}\n")).collect();
    assert_ne!(without, text);
    let device = text.lines().find(|l| l.starts_with("device-")).unwrap();
    let (name, key) = device.split_once(' ').unwrap();
    // Keys of another device, or of the wrong length, are as good as none.
    let foreign = format!("{without}{name} {}\n", "5a".repeat(64));
    let short = format!("{without}{name} {}\n", &key[2..]);
    for keys in [without, foreign, short] {
        std::fs::write(folder.keys(), keys).unwrap();
        let store = folder.open().unwrap();
        let group = only(&store);
        let added = group.entries().append(vec![NewEntry::Placeholder { name: "Late".to_owned() }]);
        assert!(matches!(added, Err(StoreError::Secrets(_))), "{added:?}");
        assert_eq!(group.state().unwrap().members().len(), 4);
        assert_sound(&group);
    }
    std::fs::write(folder.keys(), text).unwrap();
    let store = folder.open().unwrap();
    only(&store).entries().append(vec![NewEntry::Placeholder { name: "Late".to_owned() }]).unwrap();
}

#[test]
fn errors_hold_no_secret() {
    let folder = filled(15);
    let keys = std::fs::read_to_string(folder.keys()).unwrap();
    let values: Vec<&str> = keys.lines().skip(1).filter_map(|l| l.split(' ').nth(1)).collect();
    assert!(values.len() >= 3 && values.iter().all(|value| value.len() >= 64));
    let whole = std::fs::read(folder.db()).unwrap();
    let mut errors: Vec<StoreError> = Vec::new();
    for place in [0, 50, whole.len() - 2000] {
        let mut bytes = whole.clone();
        bytes[place] ^= 0x80;
        std::fs::write(folder.db(), bytes).unwrap();
        errors.extend(read_all(&folder).err());
    }
    std::fs::write(folder.db(), &whole).unwrap();
    for (from, to) in [("device-", "gerät-"), (values[0], "0g"), ("group-ledger", "ledger")] {
        std::fs::write(folder.keys(), keys.replace(from, to)).unwrap();
        let store = folder.open();
        errors.extend(
            store
                .and_then(|store| {
                    only(&store)
                        .entries()
                        .append(vec![NewEntry::Placeholder { name: "X".to_owned() }])
                })
                .err(),
        );
    }
    assert_eq!(errors.len(), 6, "{errors:?}");
    for error in errors {
        let text = format!("{error} {error:?}").to_lowercase();
        for value in &values {
            for part in value.as_bytes().chunks(16) {
                assert!(!text.contains(std::str::from_utf8(part).unwrap()), "{text}");
            }
        }
    }
    let secret = Secret::new(vec![0xab; 32]);
    assert!(!format!("{secret:?}").contains("ab"));
    assert!(!format!("{secret:?}").contains("171"));
}

#[test]
fn nothing_readable_lies_on_the_disk() {
    let folder = Folder::new(16);
    let store = folder.store();
    let group = store.create_group("Zauberberg", "Settembrini").unwrap();
    group.entries().append(vec![NewEntry::Placeholder { name: "Naphta".to_owned() }]).unwrap();
    record(&group, 700, 350, &mut Rng::new(16));
    let keys = std::fs::read_to_string(folder.keys()).unwrap();
    let mut needles: Vec<Vec<u8>> = [
        "Zauberberg",
        "Settembrini",
        "Naphta",
        "Thing ",
        "General",
        "SQLite",
        "CREATE",
        "expenses",
    ]
    .map(|text| text.as_bytes().to_vec())
    .into();
    needles.push(group.id().as_bytes()[..8].to_vec());
    for value in keys.lines().skip(1).filter_map(|line| line.split(' ').nth(1)) {
        needles.push(value.as_bytes()[..16].to_vec());
        let bytes = (0..16).step_by(2).map(|at| u8::from_str_radix(&value[at..at + 2], 16));
        needles.push(bytes.collect::<Result<_, _>>().unwrap());
    }
    let wal = beside(&folder.db(), "-wal");
    assert!(std::fs::metadata(&wal).unwrap().len() > 100_000, "the log is in use");
    let look = |paths: &[&Path]| {
        for path in paths {
            let bytes = std::fs::read(path).unwrap();
            for needle in &needles {
                let found = bytes.windows(needle.len()).any(|window| window == needle);
                assert!(!found, "{} holds {}", path.display(), hex(needle));
            }
        }
    };
    look(&[&folder.db(), &wal, &beside(&folder.db(), "-shm")]);
    drop((group, store));
    look(&[&folder.db()]);
    assert!(!wal.exists(), "closing tidies up");
}
