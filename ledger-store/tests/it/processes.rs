//! Several processes on one file, as an app and its extension.
#![cfg(feature = "sqlcipher")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::time::Duration;

use ledger_store::{FileSecrets, NewEntry, StatementIntent, Store, StoreError, StoreOptions};

use crate::common::{self, Folder, Rng, assert_sound, child_process, count, found, only, record};

const DATABASE: &str = "LEDGER_PROCESS_DATABASE";
const TASK: &str = "LEDGER_PROCESS_TASK";
const CREATORS: usize = 3;
const BATCHES: usize = 10;

/// Child process of the other tests: reports that it is ready, and begins when it reads a
/// line.
#[test]
fn child_that_does_its_task() {
    let Some(path) = std::env::var_os(DATABASE).map(PathBuf::from) else { return };
    let task = std::env::var(TASK).unwrap();
    let secrets = Arc::new(FileSecrets::new(path.with_extension("keys")));
    println!("process ready");
    let mut go = String::new();
    std::io::stdin().read_line(&mut go).unwrap();
    match task.split_once(' ').unwrap() {
        ("create", name) => {
            let options = match name.split_once(' ') {
                Some((_, header)) => StoreOptions::new().plaintext_header(header),
                None => StoreOptions::new(),
            };
            let store = options.open_or_create(&path, secrets).unwrap();
            let group = store.create_group(name, "Anna").unwrap();
            for n in 0..BATCHES {
                group
                    .entries()
                    .append(vec![NewEntry::Placeholder { name: format!("Guest {n}") }])
                    .unwrap();
            }
        }
        ("append", seed) => {
            let store = Store::open(&path, secrets).unwrap();
            record(&only(&store), 40, 4, &mut Rng::new(seed.parse().unwrap()));
        }
        ("lock", _) => {
            let folder = path.parent().unwrap();
            let raw = common::raw(&folder.join("flat.db"), &folder.join("flat.keys"));
            raw.execute_batch("BEGIN IMMEDIATE").unwrap();
            println!("process locked");
            std::io::stdin().read_line(&mut go).unwrap();
        }
        other => panic!("{other:?}"),
    }
}

struct Process {
    child: Child,
    said: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Process {
    fn start(folder: &Folder, task: &str) -> Self {
        let mut child = child_process("processes::child_that_does_its_task")
            .env(DATABASE, folder.db())
            .env(TASK, task)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut process = Self { child, said };
        process.hear("ready");
        process
    }

    fn hear(&mut self, word: &str) {
        let word = format!("process {word}");
        assert!(self.said.any(|line| line.unwrap().contains(&word)), "it ended before {word}");
    }

    fn go(&mut self) {
        self.child.stdin.as_mut().unwrap().write_all(b"go\n").unwrap();
    }

    fn end(mut self) {
        while self.said.next().is_some() {}
        assert!(self.child.wait().unwrap().success());
    }
}

#[test]
fn several_that_make_one_database_at_once_all_use_it() {
    for (round, header) in [(0, ""), (1, " main"), (2, ""), (3, " main")] {
        let folder = Folder::new(round);
        let mut processes: Vec<Process> = (0..CREATORS)
            .map(|n| Process::start(&folder, &format!("create {n}{header}")))
            .collect();
        processes.iter_mut().for_each(Process::go);
        processes.into_iter().for_each(Process::end);
        let options = match header {
            "" => StoreOptions::new(),
            header => StoreOptions::new().plaintext_header(header.trim()),
        };
        let store = options.open(&folder.db(), folder.secrets()).unwrap();
        let groups = store.groups().unwrap();
        assert_eq!(groups.len(), CREATORS);
        for summary in groups {
            assert_eq!(summary.entries, 1 + BATCHES as u64);
            let group = store.group(summary.id).unwrap();
            assert_sound(&group);
            // Every device's key is there: nobody overwrote what another kept.
            group.entries().append(vec![NewEntry::Placeholder { name: "Late".into() }]).unwrap();
            // And the one root of all keys is that of every group.
            let rename = StatementIntent::RenameGroup { name: "Flat".into() };
            group.statements().sign(&group.statements().propose(rename).unwrap()).unwrap();
        }
        let keys = std::fs::read_to_string(folder.keys()).unwrap();
        assert_eq!(keys.matches("\ndatabase-").count(), 1, "one key, and none left over");
        for path in [folder.db(), folder.keys()] {
            assert!(!common::beside(&path, ".lock").exists(), "locks go");
        }
    }
}

#[test]
fn several_that_write_all_get_everything_in() {
    let folder = Folder::new(10);
    let store = folder.store();
    let group = found(&store, 3);
    let before = count(&group);
    let changes = store.subscribe().unwrap();
    let mut processes: Vec<Process> =
        (0..2).map(|n| Process::start(&folder, &format!("append {n}"))).collect();
    processes.iter_mut().for_each(Process::go);
    record(&group, 40, 4, &mut Rng::new(10));
    processes.into_iter().for_each(Process::end);
    store.refresh().unwrap();
    let mut told = 0;
    while let Some(change) = changes.try_next() {
        told += change.new_entries;
    }
    assert_eq!((count(&group), told), (before + 120, 120));
    assert_sound(&group);
}

#[test]
fn one_that_keeps_the_database_makes_others_busy_not_stuck() {
    let folder = Folder::new(11);
    drop(found(&folder.store(), 3));
    let options = StoreOptions::new().busy_limit(Duration::from_millis(20));
    let store = options.open(&folder.db(), folder.secrets()).unwrap();
    let group = only(&store);
    let mut holder = Process::start(&folder, "lock it");
    holder.go();
    holder.hear("locked");
    let add = || group.entries().append(vec![NewEntry::Placeholder { name: "Late".into() }]);
    let error = add().unwrap_err();
    assert!(matches!(error, StoreError::Busy), "{error:?}");
    assert!(error.to_string().contains("try again"), "{error}");
    assert!(matches!(store.checkpoint_all(), Err(StoreError::Busy)));
    // Reading needs no turn, and suspension does not wait for others.
    assert_eq!(count(&group), 4);
    store.suspend().unwrap();
    store.resume().unwrap();
    holder.go();
    holder.end();
    add().unwrap();
    assert_sound(&group);
}

/// A process that ends while it makes a database leaves nothing that keeps
/// others from making it.
#[test]
fn a_lock_that_was_left_behind_locks_nobody_out() {
    let folder = Folder::new(12);
    std::fs::write(common::beside(&folder.db(), ".lock"), "").unwrap();
    std::fs::write(common::beside(&folder.keys(), ".lock"), "").unwrap();
    assert_sound(&found(&folder.store(), 2));
}
