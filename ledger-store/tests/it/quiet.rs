//! Log output: the library prints nothing, and the errors and reports that an app may log
//! hold no names, texts, amounts or keys.
#![cfg(feature = "sqlcipher")]

use std::fmt::{Debug, Display, Write as _};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Duration;

use ledger_core::{Amount, Currency, Date, EntryId, Expense, GroupState, MemberId, Transaction};
use ledger_store::{
    Condition, FileSecrets, Filter, MemorySecrets, NewEntry, Secret, Store, StoreError,
    StoreOptions,
};

use crate::common::{self, Folder, Rng, child_process, found, go_on, only, record};

const LOG: &str = "LEDGER_QUIET_LOG";

/// Everything that an app may log.
#[derive(Default)]
struct Log {
    text: String,
    errors: usize,
}

impl Log {
    fn say(&mut self, what: &(impl Debug + ?Sized)) {
        writeln!(self.text, "{what:?}\n{what:#?}").unwrap();
    }

    fn error<T>(&mut self, result: Result<T, impl Display + Debug>) {
        let Err(error) = result else { panic!("it worked, after\n{}", self.text) };
        self.say(&error);
        writeln!(self.text, "{error}").unwrap();
        self.errors += 1;
    }
}

fn expense(state: &GroupState, shares: u64, description: String) -> NewEntry {
    let members: Vec<MemberId> = state.members().iter().map(|(id, _)| *id).collect();
    let amount = |minor_units| Amount::from_minor_units(minor_units).unwrap();
    NewEntry::Record(Transaction::Expense(
        Expense::new(
            Date::from_ymd(2031, 7, 29).unwrap(),
            description,
            Currency::from_code("KWD").unwrap(),
            amount(98_765_432_123),
        )
        .category("Canarycategory")
        .note("Canarynote")
        .paid_by(members[0], amount(98_765_432_123))
        .share(members[1], amount(shares)),
    ))
}

/// Errors of every kind that a caller, another member or the disk can bring
/// about, and the reports that an app may log.
fn scenario(log: &mut Log) {
    let folder = Folder::new(1);
    log.error(Store::open(&folder.db(), folder.secrets()));
    log.error(Store::open_or_create(&folder.db().join("x"), folder.secrets()));
    let store = folder.store();
    let group = store.create_group("Canarygroup", "Canaryanna").unwrap();
    group.entries().append(vec![NewEntry::Placeholder { name: "Canarybo".into() }]).unwrap();
    let state = group.state().unwrap();
    let total = 98_765_432_123;
    let good = expense(&state, total, "Canarydescription".into());
    let ids = group.entries().append(vec![good.clone()]).unwrap();

    // The caller's mistakes.
    let long = "Canary".repeat(2000);
    log.error(store.create_group(&long, "Canaryanna"));
    log.error(group.entries().append(vec![NewEntry::Placeholder { name: long.clone() }]));
    log.error(group.entries().append(vec![expense(&state, total, long.clone())]));
    log.error(group.entries().append(vec![expense(
        &state,
        98_765_432,
        "Canarydescription".into(),
    )]));
    let (reason, nobody) = (Some("Canaryreason".to_owned()), EntryId::from_bytes([7; 32]));
    log.error(
        group
            .entries()
            .append(vec![NewEntry::Cancellation { original: nobody, reason: reason.clone() }]),
    );
    let note = Some(long.clone());
    log.error(group.entries().append(vec![NewEntry::Confirmation { target: ids[0], note }]));
    log.error(group.lists().history(nobody, None, 10));
    let strange = "\" AND ( canary* NEAR : ^ - ' ; \u{0}".to_owned();
    group.lists().find(&Filter::default().condition(Condition::Text(strange)), None, 9).unwrap();

    // Entries that never get in.
    let mut entries = common::entries(&group);
    let (whole, signature) = entries.pop().unwrap();
    for place in [0, 10, 40, whole.len() / 2, whole.len() - 3] {
        let mut changed = whole.clone();
        changed[place] ^= 1;
        log.say(&group.entries().ingest(&[(changed, signature)]).unwrap());
    }
    log.say(&group.entries().ingest(&[(whole, [9; 64]), (b"Canary".to_vec(), [0; 64])]).unwrap());

    // Reports.
    group.entries().append(vec![NewEntry::Cancellation { original: ids[0], reason }]).unwrap();
    let changes = store.subscribe().unwrap();
    group.entries().append(vec![good]).unwrap();
    log.say(&changes.try_next());
    log.say(&group.opening().unwrap());
    let sound = store.maintenance().check_database(&mut |progress| {
        log.say(&progress);
        ControlFlow::Continue(())
    });
    log.say(&sound);
    log.error(group.maintenance().verify_history(&mut |_| ControlFlow::Break(())));
    log.say(&store.maintenance().support_dump().unwrap());
    log.say(&Secret::new(b"Canarysecret".to_vec()));
    log.say(&FileSecrets::new("keys"));

    // Others on the file.
    let raw = folder.raw();
    raw.execute_batch("BEGIN IMMEDIATE").unwrap();
    let impatient = StoreOptions::new().busy_limit(Duration::from_millis(1));
    let impatient = impatient.open(&folder.db(), folder.secrets()).unwrap();
    log.error(impatient.create_group("Canary", "Canary"));
    raw.execute_batch("ROLLBACK").unwrap();
    store.suspend().unwrap();
    log.error(group.state());
    store.resume().unwrap();
    log.error(store.maintenance().backup(&folder.db(), &mut go_on));
    log.error(store.group(ledger_core::GroupId::from(nobody)));
    record(&group, 100, 100, &mut Rng::new(1));
    drop((store, group, impatient, raw));

    // Wrong secrets, and a disk that lies.
    let whole = std::fs::read(folder.db()).unwrap();
    let keys = std::fs::read_to_string(folder.keys()).unwrap();
    log.error(Store::open(&folder.db(), std::sync::Arc::new(MemorySecrets::new())));
    for (from, to) in [("device-", "device_"), ("group-ledger", "Canary"), ("database-", "d-")] {
        std::fs::write(folder.keys(), keys.replace(from, to)).unwrap();
        log.error(folder.open().and_then(|store| {
            only(&store).entries().append(vec![NewEntry::Placeholder { name: "Canary".into() }])
        }));
    }
    let key = keys.lines().find(|line| line.starts_with("database-")).unwrap();
    let wrong = format!("{}{}", &key[..key.len() - 4], "0000");
    std::fs::write(folder.keys(), keys.replace(key, &wrong)).unwrap();
    log.error(folder.open());
    std::fs::write(folder.keys(), &keys).unwrap();
    let pages = whole.len() / 4096;
    let mut seen = 0;
    for page in 0..pages {
        let mut bytes = whole.clone();
        bytes[page * 4096 + 2000] ^= 0x40;
        std::fs::write(folder.db(), bytes).unwrap();
        let store = match folder.open() {
            Ok(store) => store,
            Err(error) => {
                log.error::<()>(Err(error));
                continue;
            }
        };
        let everything = || -> Result<(), StoreError> {
            for summary in store.groups()? {
                let group = store.group(summary.id)?;
                group.lists().expenses(None, u32::MAX)?;
                group.lists().activity(None, u32::MAX)?;
                group.entries().append(vec![NewEntry::Placeholder { name: "Canary".into() }])?;
            }
            Ok(())
        };
        if let Err(error) = everything() {
            log.error::<()>(Err(error));
            seen += 1;
        }
        match store.maintenance().check_database(&mut go_on) {
            Ok(found) => log.say(&found),
            Err(error) => log.error::<()>(Err(error)),
        }
    }
    assert!(seen > 3, "{seen} of {pages}");
    std::fs::write(folder.db(), &whole[..whole.len() / 2]).unwrap();
    log.error(folder.open().and_then(|store| store.groups()));
    // Rows that changed under a key that is right.
    std::fs::write(folder.db(), &whole).unwrap();
    let raw = folder.raw();
    for sql in [
        "UPDATE entries SET entry = 'Canarytext' WHERE n = 4",
        "UPDATE entries SET entry = x'00' WHERE n = 5",
        "UPDATE entries SET verdict = 77 WHERE n = 6",
        "UPDATE checkpoints SET ledger = 'Canary'",
        "UPDATE groups SET flipped = 'Canary'",
        "DELETE FROM entries WHERE n = 7",
        "DROP TABLE found_by",
    ] {
        let _ = raw.execute_batch(sql);
        let store = folder.open().unwrap();
        let group = store.group_ids().and_then(|ids| store.group(ids[0])).unwrap();
        for result in [
            group.state().map(|_| ()),
            group.lists().activity(None, u32::MAX).map(|_| ()),
            group.lists().expenses(None, u32::MAX).map(|_| ()),
            group
                .entries()
                .append(vec![NewEntry::Placeholder { name: "Canary".into() }])
                .map(|_| ()),
            group.maintenance().verify_history(&mut go_on).map(|found| log.say(&found)),
            store.maintenance().support_dump().map(|dump| log.say(&dump)),
        ] {
            if result.is_err() {
                log.error(result);
            }
        }
    }
    let other = Folder::new(2);
    drop(found(&other.store(), 1));
    let raw = other.raw();
    raw.pragma_update(None, "user_version", 999).unwrap();
    log.error(other.open());

    // The keys are not in it, nor the words.
    let text = log.text.to_lowercase();
    for word in ["canary", "98765432", "98_765", "987654", "2031", "07-29"] {
        let at = text.find(word).map(|at| text[at.saturating_sub(200)..].chars().take(400));
        assert!(at.is_none(), "{word}: {}", at.unwrap().collect::<String>());
    }
    for line in keys.lines().skip(1) {
        let (name, value) = line.split_once(' ').unwrap();
        for part in value.as_bytes().chunks(16) {
            let part = std::str::from_utf8(part).unwrap();
            assert!(part.len() < 16 || !text.contains(part), "{name} is in it");
            let bytes = part.as_bytes().chunks(2).map(|pair| {
                u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap().to_string()
            });
            let list = bytes.collect::<Vec<_>>().join(", ");
            assert!(!text.contains(&list), "{name} is in it");
        }
    }
    assert!(log.errors > 40, "{}", log.errors);
}

/// Child process of the other test.
#[test]
fn child_that_says_nothing() {
    let Some(path) = std::env::var_os(LOG).map(PathBuf::from) else { return };
    let mut log = Log::default();
    scenario(&mut log);
    std::fs::write(path, &log.text).unwrap();
}

#[test]
fn nothing_is_printed_and_nothing_private_is_in_errors_and_reports() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let child = child_process("quiet::child_that_says_nothing")
        .arg("--quiet")
        .env(LOG, &path)
        .output()
        .unwrap();
    let said = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (out, err) = (said(&child.stdout), said(&child.stderr));
    assert!(child.status.success(), "{out}{err}");
    assert_eq!(err, "", "on stderr");
    let harness = |line: &&str| {
        ["", ".", "running 1 test"].contains(line) || line.starts_with("test result: ok")
    };
    let words: Vec<&str> = out.lines().filter(|line| !harness(line)).collect();
    assert_eq!(words, [""; 0], "on stdout");
    assert!(std::fs::metadata(path).unwrap().len() > 10_000);
}
