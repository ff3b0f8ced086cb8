//! Options of a database: plaintext header, cache, readers, busy limit, environment.
#![cfg(feature = "sqlcipher")]

use std::ops::ControlFlow;
use std::time::Duration;

use ledger_store::{Store, StoreError, StoreOptions};

use crate::common::{self, Folder, Rng, assert_sound, beside, count, found, only, record};

const MAGIC: &[u8] = b"SQLite format 3\0";

fn with_header(folder: &Folder, name: &str) -> Result<Store, StoreError> {
    StoreOptions::new().plaintext_header(name).open_or_create(&folder.db(), folder.secrets())
}

fn filled(seed: u64) -> Folder {
    let folder = Folder::new(seed);
    let store = with_header(&folder, "main").unwrap();
    record(&found(&store, 3), 600, 300, &mut Rng::new(seed));
    folder
}

#[test]
fn the_header_is_readable_and_nothing_else() {
    let folder = Folder::new(1);
    let store = with_header(&folder, "main").unwrap();
    let group = store.create_group("Zauberberg", "Settembrini").unwrap();
    record(&found(&store, 3), 600, 300, &mut Rng::new(1));
    let group_id = *group.id().as_bytes();
    let look = |ending: &str| {
        let bytes = std::fs::read(beside(&folder.db(), ending)).unwrap();
        for word in ["Zauberberg", "Settembrini", "Thing ", "CREATE", "expenses", "Guest"] {
            let found = bytes.windows(word.len()).any(|window| window == word.as_bytes());
            assert!(!found, "{word} is in the file{ending}");
        }
        assert!(!bytes.windows(8).any(|window| window == &group_id[..8]));
        bytes
    };
    look("-wal");
    drop((store, group));
    let file = look("");
    assert_eq!(&file[..16], MAGIC);
    // Where SQLite keeps the schema's version and encoding: 0, 0, 0, 4 and 0,
    // 0, 0, 1 in a file that one can read.
    assert_ne!((&file[44..48], &file[56..60]), (&[0, 0, 0, 4][..], &[0, 0, 0, 1][..]));
    // Read as plain SQLite, it is nothing.
    let plain = rusqlite::Connection::open(folder.db()).unwrap();
    assert!(plain.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())).is_err());
}

#[test]
fn the_salt_is_found_by_its_name_wherever_the_file_is() {
    let folder = filled(2);
    let moved = folder.db().with_file_name("elsewhere.db");
    std::fs::rename(folder.db(), &moved).unwrap();
    let open = |options: StoreOptions| options.open(&moved, folder.secrets());
    let store = open(StoreOptions::new().plaintext_header("main")).unwrap();
    let group = store.group(store.group_ids().unwrap()[0]).unwrap();
    record(&group, 5, 5, &mut Rng::new(2));
    assert_sound(&group);
    drop((store, group));
    // Without its name, under another one, with other secrets.
    let no_salt = |result: Result<Store, StoreError>| match result {
        Err(StoreError::NoSalt(path)) => assert_eq!(path, moved),
        Err(error) => panic!("{error:?}"),
        Ok(_) => panic!("it opened"),
    };
    no_salt(open(StoreOptions::new()));
    no_salt(Store::open_or_create(&moved, folder.secrets()));
    no_salt(open(StoreOptions::new().plaintext_header("other")));
    let strange = Folder::new(3).secrets();
    no_salt(StoreOptions::new().plaintext_header("main").open(&moved, strange));
    let error = open(StoreOptions::new()).err().unwrap();
    assert!(error.to_string().contains("StoreOptions::plaintext_header"), "{error}");
}

#[test]
fn a_wrong_salt_opens_nothing() {
    let folder = filled(4);
    let keys = std::fs::read_to_string(folder.keys()).unwrap();
    let salt = keys.lines().find_map(|line| line.strip_prefix("salt-")).unwrap();
    let (name, salt) = salt.split_once(' ').unwrap();
    assert_eq!(name, "6d61696e", "main");
    let wrong = format!("{}{}", if salt.starts_with('0') { '1' } else { '0' }, &salt[1..]);
    let opens = |keys: &str| {
        std::fs::write(folder.keys(), keys).unwrap();
        StoreOptions::new().plaintext_header("main").open(&folder.db(), folder.secrets()).err()
    };
    let line = format!("salt-{name} {salt}");
    let changed = keys.replace(&line, &format!("salt-{name} {wrong}"));
    assert!(matches!(opens(&changed), Some(StoreError::WrongKey(_))));
    let short = keys.replace(&line, &format!("salt-{name} {}", &salt[2..]));
    assert!(matches!(opens(&short), Some(StoreError::NoSalt(_))));
    // Even if a key is found under it.
    let both = keys.replace(salt, &wrong);
    assert!(matches!(opens(&both), Some(StoreError::Damaged(_))));
    assert!(opens(&keys).is_none());
}

#[test]
fn the_option_changes_no_file_that_exists() {
    let folder = common::filled(5);
    let head = std::fs::read(folder.db()).unwrap()[..16].to_vec();
    let store = with_header(&folder, "main").unwrap();
    record(&only(&store), 5, 5, &mut Rng::new(5));
    assert_sound(&only(&store));
    drop(store);
    assert_eq!(std::fs::read(folder.db()).unwrap()[..16], head);
    assert!(!std::fs::read_to_string(folder.keys()).unwrap().contains("salt-"));
    assert_sound(&only(&folder.open().unwrap()));
}

#[test]
fn two_files_of_one_name_share_their_key_and_a_new_one_finds_it() {
    let folder = filled(6);
    let keys = std::fs::read(folder.keys()).unwrap();
    std::fs::remove_file(folder.db()).unwrap();
    let store = with_header(&folder, "main").unwrap();
    assert_eq!(store.groups().unwrap(), []);
    assert_eq!(std::fs::read(folder.keys()).unwrap(), keys);
    let beside = folder.db().with_file_name("beside.db");
    let options = || StoreOptions::new().plaintext_header("main");
    let other = options().open_or_create(&beside, folder.secrets()).unwrap();
    assert_sound(&found(&other, 2));
    let keys = std::fs::read_to_string(folder.keys()).unwrap();
    assert_eq!((keys.matches("\ndatabase-").count(), keys.matches("\nsalt-").count()), (1, 1));
    drop((store, other));
    assert_eq!(options().open(&folder.db(), folder.secrets()).unwrap().groups().unwrap(), []);
}

#[test]
fn a_backup_of_it_opens_without_the_option() {
    let folder = filled(7);
    let store = with_header(&folder, "main").unwrap();
    let copy = folder.db().with_extension("copy");
    store.maintenance().backup(&copy, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_ne!(&std::fs::read(&copy).unwrap()[..16], MAGIC);
    let restored = Store::open(&copy, folder.secrets()).unwrap();
    assert_eq!(restored.groups().unwrap(), store.groups().unwrap());
    assert_sound(&restored.group(restored.group_ids().unwrap()[0]).unwrap());
}

#[test]
fn a_plain_database_is_told_from_a_plaintext_header() {
    let folder = Folder::new(8);
    let plain = rusqlite::Connection::open(folder.db()).unwrap();
    plain.execute_batch("CREATE TABLE t (a)").unwrap();
    drop(plain);
    let error = with_header(&folder, "main").err().unwrap();
    assert!(matches!(&error, StoreError::Damaged(why) if why.contains("without a cipher")));
    std::fs::write(folder.db(), &MAGIC[..15]).unwrap();
    assert!(matches!(with_header(&folder, "main"), Err(StoreError::Damaged(_))));
    std::fs::write(folder.db(), MAGIC).unwrap();
    assert!(matches!(with_header(&folder, "main"), Err(StoreError::Damaged(_))));
}

#[test]
fn odd_options_are_as_good() {
    let folder = Folder::new(9);
    let options = || {
        StoreOptions::new()
            .busy_limit(Duration::MAX)
            .readers(0)
            .cache_kib(0)
            .environment(common::Seeded::new(9))
    };
    let store = options().open_or_create(&folder.db(), folder.secrets()).unwrap();
    let group = found(&store, 3);
    record(&group, 20, 5, &mut Rng::new(9));
    assert_sound(&group);
    let many = options().readers(u8::MAX).cache_kib(u32::MAX);
    let many = many.open(&folder.db(), folder.secrets()).unwrap();
    assert_eq!(count(&only(&many)), count(&group));
    store.suspend().unwrap();
    store.resume().unwrap();
    assert_eq!(count(&group), 24);
}
