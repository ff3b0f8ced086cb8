//! Storage that fails: a full disk, system calls that fail, read-only files, logs that are
//! missing or left over. Each has an error of its own. Once it is over, everything works and
//! nothing is half-applied.
#![cfg(all(feature = "sqlcipher", unix))]

use std::ops::ControlFlow;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use ledger_store::{Store, StoreError};

use crate::common::{
    self, Folder, Rng, assert_sound, beside, count, entries, filled, found, only, record,
};

const DATABASE: &str = "LEDGER_FAULT_DATABASE";
const CHILD: &str = "faults::child_on_storage_that_fails";
/// Entries that the child adds, in one transaction.
const BATCH: usize = 60;

/// Child process of the other tests: opens, reads, writes, and reports the result.
#[test]
fn child_on_storage_that_fails() {
    let Some(path) = std::env::var_os(DATABASE).map(PathBuf::from) else { return };
    let folder = Folder::at(&path);
    let work = || -> Result<(), StoreError> {
        let store = folder.open()?;
        let group = store.group(store.group_ids()?[0])?;
        group.lists().expenses(None, 10)?;
        let state = group.state()?;
        let mut rng = Rng::new(1);
        let batch = (0..BATCH)
            .map(|_| ledger_store::NewEntry::Record(common::details(&state, &mut rng)))
            .collect();
        group.entries().append(batch)?;
        println!("fault wrote");
        Ok(())
    };
    match work() {
        Ok(()) => println!("fault end"),
        Err(error) => println!("fault error {} | {error}", kind(&error)),
    }
}

fn kind(error: &StoreError) -> &'static str {
    match error {
        StoreError::DiskFull => "disk full",
        StoreError::ReadOnly => "read-only",
        StoreError::Storage(_) => "storage",
        StoreError::CannotOpen => "cannot open",
        StoreError::Busy => "busy",
        StoreError::Damaged(_) => "damaged",
        StoreError::Io { .. } => "io",
        StoreError::Secrets(_) => "secrets",
        _ => "other",
    }
}

/// Report of a child process: whether it wrote, and its error.
#[derive(Debug)]
struct Said {
    wrote: bool,
    error: Option<(String, String)>,
}

fn run(mut command: Command, folder: &Folder) -> Said {
    command.args(["--exact", CHILD, "--nocapture"]).env(DATABASE, folder.db());
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<&str> =
        text.lines().filter_map(|line| line.split_once("fault ")).map(|(_, said)| said).collect();
    let error = lines.iter().find_map(|line| line.strip_prefix("error ")).map(|error| {
        let (kind, text) = error.split_once(" | ").unwrap();
        (kind.to_owned(), text.to_owned())
    });
    assert!(error.is_some() || lines.contains(&"end"), "{text}");
    Said { wrote: lines.contains(&"wrote"), error }
}

fn this() -> Command {
    Command::new(std::env::current_exe().unwrap())
}

/// All or nothing is there, all if it was said so, and life goes on.
fn assert_whole(folder: &Folder, before: u64, said: &Said, case: &str) {
    let store = folder.open().unwrap_or_else(|error| panic!("{case}: {error:?}"));
    let found = store.maintenance().check_database(&mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(found.remedy(), None, "{case}: {found:?}");
    let group = only(&store);
    let kept = count(&group);
    assert!([before, before + BATCH as u64].contains(&kept), "{case}: {kept} after {before}");
    assert!(!said.wrote || kept > before, "{case}: what was said to be durable is there");
    record(&group, 1, 1, &mut Rng::new(2));
}

/// The library that makes calls fail; none where it cannot be made.
fn shim(folder: &Folder) -> Option<PathBuf> {
    if !cfg!(target_os = "linux") {
        eprintln!("SKIPPED: calls are made to fail on Linux only");
        return None;
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults/shim.c");
    let shim = folder.db().with_file_name("shim.so");
    let made = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .args([&shim, &source])
        .arg("-ldl")
        .status();
    if made.is_ok_and(|status| status.success()) {
        return Some(shim);
    }
    eprintln!("SKIPPED: no C compiler, so no calls can be made to fail");
    None
}

/// Lets calls fail, from one on, in ever later places, until none is met.
fn fail_everywhere(seed: u64, call: &str, errno: i32, count_of: u32, allowed: &[&str]) {
    let whole = filled(seed);
    let before = count(&only(&whole.open().unwrap()));
    let Some(shim) = shim(&whole) else { return };
    let (mut failed, mut full, mut at, mut step) = (0, 0, 1, 1);
    loop {
        let folder = whole.copy(seed);
        let mut command = this();
        command
            .env("LD_PRELOAD", &shim)
            .env("FAULT_PATH", "flat.db")
            .env("FAULT_ON", call)
            .env("FAULT_AT", at.to_string())
            .env("FAULT_COUNT", count_of.to_string())
            .env("FAULT_ERRNO", errno.to_string());
        let said = run(command, &folder);
        let case = format!("{call} {at}, error {errno}: {said:?}");
        if let Some((kind, text)) = &said.error {
            assert!(allowed.contains(&kind.as_str()), "{case}");
            assert!(kind == "io" || text.contains(';'), "{case}: says what to do");
            full += u32::from(kind == "disk full");
            failed += 1;
        }
        assert_whole(&folder, before, &said, &case);
        if said.error.is_none() && at > 40 {
            break;
        }
        // Every call in the beginning, then ever fewer.
        at += step;
        step += at / 30;
        if at > 4000 {
            break;
        }
    }
    assert!(errno != ENOSPC || full >= 3, "a full disk is told as such");
    assert!(failed >= 2, "{call}, error {errno}: only {failed} calls that mattered failed");
}

const ENOSPC: i32 = 28;
const EIO: i32 = 5;

#[test]
fn a_full_disk() {
    // SQLite does not tell why the index of its log could not be made larger.
    fail_everywhere(1, "write", ENOSPC, 1_000_000, &["disk full", "storage"]);
}

#[test]
fn a_disk_that_is_full_for_a_moment() {
    fail_everywhere(2, "write", ENOSPC, 1, &["disk full", "storage"]);
}

#[test]
fn writes_that_fail() {
    fail_everywhere(3, "write", EIO, 1_000_000, &["storage", "cannot open"]);
}

#[test]
fn syncs_that_fail() {
    fail_everywhere(4, "sync", EIO, 1_000_000, &["storage"]);
}

#[test]
fn reads_that_fail() {
    fail_everywhere(5, "read", EIO, 1, &["storage", "damaged", "io", "cannot open"]);
}

#[test]
fn a_file_that_may_not_grow() {
    let folder = filled(6);
    let before = count(&only(&folder.open().unwrap()));
    // Blocks of 512 bytes; the log would be larger.
    let mut command = Command::new("sh");
    command
        .args(["-c", "trap '' XFSZ; ulimit -f 48; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap());
    let said = run(command, &folder);
    assert_eq!(said.error.as_ref().map(|(kind, _)| kind.as_str()), Some("storage"), "{said:?}");
    assert_whole(&folder, before, &said, "a file that may not grow");
}

/// Runs the child as somebody whom permissions bind, which root is not.
fn as_somebody(folder: &Folder) -> Command {
    let place = folder.db().parent().unwrap().to_owned();
    let probe = place.join("probe");
    std::fs::write(&probe, "").unwrap();
    std::fs::set_permissions(&probe, PermissionsExt::from_mode(0o444)).unwrap();
    let is_root = std::fs::OpenOptions::new().append(true).open(&probe).is_ok();
    if !is_root {
        return this();
    }
    const NOBODY: u32 = 65_534;
    let copy = place.join("child");
    // By another program: a file that this one held open for writing while another test
    // starts a process could not be run ("text file busy").
    let this = std::env::current_exe().unwrap();
    assert!(Command::new("cp").args([&this, &copy]).status().unwrap().success());
    for path in [&place, &copy, &folder.db(), &folder.keys()] {
        chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    let mut command = Command::new(copy);
    command.uid(NOBODY).gid(NOBODY).current_dir(&place);
    command
}

#[test]
fn a_file_or_a_folder_that_may_not_be_written() {
    for (place, mode, whole) in [("file", 0o444, 0o600), ("folder", 0o555, 0o755)] {
        let folder = filled(7);
        let before = count(&only(&folder.open().unwrap()));
        let command = as_somebody(&folder);
        let path = match place {
            "file" => folder.db(),
            _ => folder.db().parent().unwrap().to_owned(),
        };
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        let said = run(command, &folder);
        std::fs::set_permissions(&path, PermissionsExt::from_mode(whole)).unwrap();
        let (kind, text) = said.error.clone().unwrap_or_else(|| panic!("{place}: {said:?}"));
        assert!(["read-only", "cannot open"].contains(&kind.as_str()), "{place}: {said:?}");
        assert!(text.contains("permissions"), "{place}: {text}");
        assert_whole(&folder, before, &said, place);
    }
}

#[test]
fn the_log_of_a_process_that_did_not_end() {
    let folder = Folder::new(8);
    let store = folder.store();
    let group = found(&store, 2);
    let mut rng = Rng::new(8);
    for round in 0..10 {
        record(&group, 5 + round, 5, &mut rng);
        let copy = Folder::new(9);
        std::fs::copy(folder.keys(), copy.keys()).unwrap();
        std::fs::copy(folder.db(), copy.db()).unwrap();
        std::fs::copy(beside(&folder.db(), "-wal"), beside(&copy.db(), "-wal")).unwrap();
        let again = copy.open().unwrap();
        assert_eq!(entries(&only(&again)), entries(&group));
        assert_sound(&only(&again));
    }
}

#[test]
fn a_log_cut_short_or_damaged_leaves_whole_batches() {
    let folder = Folder::new(10);
    let store = folder.store();
    let group = found(&store, 2);
    let mut rng = Rng::new(10);
    let mut boundaries = vec![0, 1, count(&group)];
    for _ in 0..8 {
        record(&group, 9, 9, &mut rng);
        boundaries.push(count(&group));
    }
    let log = std::fs::read(beside(&folder.db(), "-wal")).unwrap();
    for round in 0..40 {
        let copy = Folder::new(11);
        std::fs::copy(folder.keys(), copy.keys()).unwrap();
        std::fs::copy(folder.db(), copy.db()).unwrap();
        let mut bytes = log.clone();
        let place = rng.below(bytes.len());
        if round % 2 == 0 {
            bytes.truncate(place);
        } else {
            bytes[place] ^= 1 << rng.below(8);
        }
        std::fs::write(beside(&copy.db(), "-wal"), bytes).unwrap();
        let again = copy.open().unwrap();
        let kept = match again.group(group.id()) {
            Ok(group) => {
                assert_sound(&group);
                count(&group)
            }
            Err(StoreError::UnknownGroup(_)) => 0,
            Err(error) => panic!("{error:?}"),
        };
        assert!(boundaries.contains(&kept), "{kept} entries, at byte {place}");
    }
}

#[test]
fn a_database_without_its_log_is_as_of_before() {
    let folder = Folder::new(12);
    let store = folder.store();
    record(&found(&store, 2), 30, 10, &mut Rng::new(12));
    drop(store);
    let store = folder.store();
    let group = only(&store);
    let before = count(&group);
    record(&group, 5, 5, &mut Rng::new(13));
    let copy = Folder::new(13);
    std::fs::copy(folder.keys(), copy.keys()).unwrap();
    std::fs::copy(folder.db(), copy.db()).unwrap();
    let again = copy.open().unwrap();
    assert_eq!(count(&only(&again)), before);
    assert_sound(&only(&again));
}

#[test]
fn a_log_without_its_database_is_not_thrown_away() {
    let folder = Folder::new(14);
    let store = folder.store();
    record(&found(&store, 2), 30, 10, &mut Rng::new(14));
    let (db, log) = (std::fs::read(folder.db()), std::fs::read(beside(&folder.db(), "-wal")));
    let (db, log) = (db.unwrap(), log.unwrap());
    let copy = Folder::new(15);
    std::fs::copy(folder.keys(), copy.keys()).unwrap();
    for empty in [false, true] {
        std::fs::write(beside(&copy.db(), "-wal"), &log).unwrap();
        if empty {
            std::fs::write(copy.db(), "").unwrap();
        }
        for result in [copy.open(), Store::open_or_create(&copy.db(), copy.secrets())] {
            let error = result.err().unwrap();
            assert!(matches!(&error, StoreError::Damaged(_)), "{error:?}");
            assert!(error.to_string().contains("-wal"), "{error}");
        }
        assert_eq!(std::fs::read(beside(&copy.db(), "-wal")).unwrap(), log);
    }
    std::fs::write(copy.db(), &db).unwrap();
    assert_sound(&only(&copy.open().unwrap()));
}
