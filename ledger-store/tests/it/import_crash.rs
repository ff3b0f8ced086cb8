//! Crashes during a bundle import: whole batches are left, and importing again brings the
//! rest.
#![cfg(feature = "sqlcipher")]

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use ledger_store::{FileSecrets, Progress, Since, Store};

use crate::common::crashing::{DATABASE, run_and_kill, say};
use crate::common::phones::{Phone, admitted, link, open_invite};
use crate::common::{Rng, child_process, digest, found, go_on, only, record};

const BUNDLE: &str = "LEDGER_CRASH_BUNDLE";
/// Entries from which on the child says how far it is.
const FROM: &str = "LEDGER_CRASH_FROM";
/// More than one batch of 2,000.
const ENTRIES: usize = 2_600;

/// Child process of the other test.
#[test]
fn child_that_imports_until_it_is_killed() {
    let Some(path) = std::env::var_os(DATABASE).map(PathBuf::from) else { return };
    let secrets = Arc::new(FileSecrets::new(path.with_extension("keys")));
    let store = Store::open(&path, secrets).unwrap();
    let bundle = std::fs::read(std::env::var_os(BUNDLE).unwrap()).unwrap();
    let from: u64 = std::env::var(FROM).unwrap().parse().unwrap();
    let mut told = |step: Progress| {
        if step.done >= from {
            say("import", &[]);
        }
        ControlFlow::Continue(())
    };
    only(&store).bundles().import(&mut &bundle[..], &mut told).unwrap();
    say("done", &[]);
    // Until it is killed.
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

#[test]
fn a_killed_import_goes_on_where_it_stopped() {
    const ROUNDS: u64 = 6;
    let (anna, mut rng) = (Phone::new(1), Rng::new(1));
    let group = found(&anna.store, 4);
    record(&group, ENTRIES, 860, &mut rng);
    let (mut went_on, mut complete) = (0, 0);
    let guests = (0..ROUNDS).map(|round| {
        let guest = Phone::new(10 + round);
        let request = guest.store.joining().join(&link(&group, &open_invite()), "Guest").unwrap();
        let answer = admitted(anna.store.joining().receive_request(&request).unwrap()).answer;
        drop(guest.store.joining().enter(&answer).unwrap());
        guest
    });
    let guests: Vec<Phone> = guests.collect();
    let mut bytes = Vec::new();
    group.bundles().export(Since::Beginning, &mut bytes, &mut go_on).unwrap();
    let bundle = anna.folder.db().with_extension("bundle");
    std::fs::write(&bundle, &bytes).unwrap();
    for (round, Phone { folder, store }) in guests.into_iter().enumerate() {
        drop(store);
        let mut command = child_process("import_crash::child_that_imports_until_it_is_killed");
        command.env(DATABASE, folder.db()).env(BUNDLE, &bundle);
        command.stdin(std::process::Stdio::piped());
        // It is told of every 16 records. Every other kill comes behind the first batch.
        let (from, lines) = if round % 2 == 0 { (0, ENTRIES / 16) } else { (2_100, 30) };
        command.env(FROM, from.to_string());
        let said = run_and_kill(command, 1 + rng.below(lines), rng.below(80_000));
        complete += u64::from(!said.busy);
        let store = folder.store();
        let found = store.maintenance().check_database(&mut go_on).unwrap();
        assert_eq!(found.remedy(), None, "round {round}: {found:?}");
        let there = only(&store);
        let report = there.bundles().import(&mut &bytes[..], &mut go_on).unwrap();
        assert!(report.is_complete() && report.missing.is_empty(), "round {round}: {report:?}");
        went_on += u64::from(report.duplicates > 1 && report.added > 0);
        assert_eq!(digest(&there), digest(&group), "round {round}");
    }
    println!("{went_on} of {ROUNDS} imports went on amid the bundle, {complete} were at its end");
    assert!(went_on > 0, "no kill came between two batches");
}
