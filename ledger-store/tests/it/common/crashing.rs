//! Process that writes until it is killed, and the checks that must hold afterwards.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ledger_core::EntryId;
use ledger_core::engine::{Draft, VerifiedEntry};
use ledger_core::keys::{DeviceKey, RootEntropy, SignedCard};
use ledger_core::statement::NewStatement;
use ledger_store::{FileSecrets, Group, NewEntry, Store};

use super::people::{secret, sign};
use super::{Folder, Rng, assert_sound, entries, found, live, only, record, something};

/// Where the process writes, and with which dice.
pub const DATABASE: &str = "LEDGER_CRASH_DATABASE";
pub const SEED: &str = "LEDGER_CRASH_SEED";

/// Writes at random. Reports each step before it begins, and again when it is durable.
pub fn write_until_killed(database: &Path, seed: u64) {
    let mut rng = Rng::new(seed);
    let secrets = Arc::new(FileSecrets::new(database.with_extension("keys")));
    let store = Store::open(database, secrets).unwrap();
    let group = only(&store);
    let mut withheld: Vec<VerifiedEntry> = Vec::new();
    loop {
        match rng.below(12) {
            0 => visit(database, &group, &mut withheld, &mut rng),
            1 => take_in(&group, std::mem::take(&mut withheld)),
            2 if rng.below(4) == 0 => {
                say("anew", &[]);
                store.maintenance().rebuild_indexes(&mut |_| ControlFlow::Continue(())).unwrap();
                say("done", &[]);
            }
            3 if rng.below(4) == 0 => {
                say("backup", &[]);
                let copy = database.with_extension(format!("copy-{}", rng.next()));
                store.maintenance().backup(&copy, &mut |_| ControlFlow::Continue(())).unwrap();
                std::fs::remove_file(copy).unwrap();
                say("done", &[]);
            }
            _ => append(&group, &mut rng),
        }
    }
}

/// Some entries of this device, all in one transaction.
fn append(group: &Group, rng: &mut Rng) {
    let state = group.state().unwrap();
    let mut originals = live(group, 100);
    let size = 1 + rng.below(40);
    let batch: Vec<NewEntry> = (0..size).map(|_| something(&state, &mut originals, rng)).collect();
    say(&format!("append {size}"), &[]);
    let ids = group.entries().append(batch).unwrap();
    say("done", &ids);
}

/// Somebody joins, writes, and is removed by a person who knows of some of it
/// only; it arrives in another order, some of it later.
fn visit(database: &Path, group: &Group, withheld: &mut Vec<VerifiedEntry>, rng: &mut Rng) {
    let folder = Folder::at(database);
    let anna = DeviceKey::from_bytes(&secret(&folder, "device-"));
    let owner = RootEntropy::from_bytes(secret(&folder, "entropy")).root_key(0);
    let mut bytes = [0; 64];
    bytes.chunks_mut(8).for_each(|chunk| chunk.copy_from_slice(&rng.next().to_be_bytes()));
    let (device, mut seed) = (DeviceKey::from_bytes(&bytes), [0; 32]);
    seed.copy_from_slice(&bytes[16..48]);
    let entropy = RootEntropy::from_bytes(seed);
    let card = SignedCard::new(group.id(), "Visitor", &entropy, 0, &device).unwrap();
    let ledger = group.ledger().unwrap();
    let draft = Draft::add_member(ledger.state(), &card).unwrap();
    let added = sign(&ledger, &anna, None, draft);
    take_in(group, vec![added.clone()]);
    let member = card.card().member();
    let mut known = vec![added.id()];
    for n in 0..1 + rng.below(5) {
        let ledger = group.ledger().unwrap();
        let draft =
            Draft::placeholder(ledger.state(), member, &format!("Friend {n}"), [n as u8; 16]);
        let enrolment = ledger.next_position(device.id()).is_none().then_some(added.id());
        let entry = sign(&ledger, &device, enrolment, draft.unwrap());
        if rng.below(2) == 0 {
            known = vec![entry.id()];
        }
        take_in(group, vec![entry]);
    }
    if rng.below(3) > 0 {
        let remove = NewStatement::Remove { member };
        let draft = Draft::statement(&owner, group.id(), &remove, known, [3; 16]).unwrap();
        let removal = sign(&group.ledger().unwrap(), &anna, None, draft);
        take_in(group, vec![removal]);
    } else {
        // What he writes after something that is withheld waits.
        let ledger = group.ledger().unwrap();
        let first = Draft::merge().sign(&device, &ledger.next_position(device.id()).unwrap(), 0);
        let first = first.unwrap();
        let header = first.decoded().header();
        let at = ledger_core::hazmat::any_position(
            group.id(),
            device.id(),
            header.seq() + 1,
            first.id(),
            vec![],
            header.lamport() + 1,
        );
        let second = Draft::merge().sign(&device, &at, 0).unwrap();
        withheld.push(first);
        take_in(group, vec![second]);
    }
}

fn take_in(group: &Group, entries: Vec<VerifiedEntry>) {
    let ids: Vec<EntryId> = entries.iter().map(VerifiedEntry::id).collect();
    say("ingest", &ids);
    group.entries().ingest_verified(entries).unwrap();
    say("done", &ids);
}

/// Reports a step on standard output.
pub fn say(what: &str, ids: &[EntryId]) {
    let mut line = format!("crash {what}");
    for id in ids {
        line.push_str(&format!(" {id}"));
    }
    let mut out = std::io::stdout().lock();
    // The parent may not read any more; this process is killed in any case.
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}

/// Reports of a process.
#[derive(Default)]
pub struct Said {
    /// Entries that were reported as durable.
    pub durable: BTreeSet<EntryId>,
    /// Size of the batch that was begun, if entries were being appended.
    appending: usize,
    /// Entries that were being ingested.
    taking_in: BTreeSet<EntryId>,
    /// Whether a step had begun.
    pub busy: bool,
}

/// Runs a process and kills it `micros` microseconds after it has said `lines` lines.
pub fn run_and_kill(mut command: Command, lines: usize, micros: usize) -> Said {
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let lines_said = BufReader::new(child.stdout.take().unwrap()).lines();
    let (mut said, mut heard) = (Said::default(), 0);
    // After the kill, the rest of what it said is read.
    for line in lines_said {
        let line = line.unwrap();
        let Some((_, rest)) = line.split_once("crash ") else { continue };
        let mut words = rest.split(' ');
        let what = words.next().unwrap();
        let rest: Vec<&str> = words.collect();
        let ids = || rest.iter().map(|id| id.parse::<EntryId>().unwrap());
        said.busy = what != "done";
        (said.appending, said.taking_in) = Default::default();
        match what {
            "append" => said.appending = rest[0].parse().unwrap(),
            "ingest" => said.taking_in = ids().collect(),
            "done" => said.durable.extend(ids()),
            _ => {}
        }
        heard += 1;
        if heard == lines {
            // Sleeping alone would never end within the first moment.
            let end = Instant::now() + Duration::from_micros(micros as u64);
            while let Some(left) = end.checked_duration_since(Instant::now()) {
                std::thread::sleep(left.saturating_sub(Duration::from_millis(1)));
            }
            child.kill().unwrap();
        }
    }
    let status = child.wait().unwrap();
    assert!(!status.success() && heard >= lines, "killed, not finished: {status}");
    said
}

/// Rounds on one database: it grows, and with it what a round takes to check.
const ON_ONE: u64 = 50;

/// Kills a process `rounds` times while it writes, and checks the database after each kill.
/// `process` makes the command that runs [`write_until_killed`]. Returns how many kills hit a
/// step that had begun.
pub fn survive(rounds: u64, seed: u64, process: impl Fn() -> Command) -> u64 {
    let mut rng = Rng::new(seed);
    let mut busy = 0;
    let mut folder = Folder::new(seed);
    for round in 0..rounds {
        if round % ON_ONE == 0 {
            folder = Folder::new(rng.next());
            let store = folder.store();
            record(&found(&store, 4), 480, 100, &mut rng);
        }
        let before = held(&folder);
        let (lines, micros) = (1 + rng.below(12), rng.below(16_000));
        let mut command = process();
        command.env(DATABASE, folder.db()).env(SEED, rng.next().to_string());
        let said = run_and_kill(command, lines, micros);
        busy += u64::from(said.busy);
        let after = held(&folder);
        let case = format!("seed {seed}, round {round}");
        assert!(after.is_superset(&before), "{case}: nothing is lost");
        assert!(after.is_superset(&said.durable), "{case}: what was durable is there");
        let more: BTreeSet<_> =
            after.difference(&before).filter(|id| !said.durable.contains(id)).copied().collect();
        assert!(
            more.is_empty() || more.len() == said.appending || more == said.taking_in,
            "{case}: {} more, of {} or {}",
            more.len(),
            said.appending,
            said.taking_in.len()
        );
        let store = folder.store();
        let found = store.maintenance().check_database(&mut |_| ControlFlow::Continue(())).unwrap();
        assert_eq!(found.remedy(), None, "{case}: {found:?}");
        let group = only(&store);
        assert_eq!(group.opening().unwrap().dropped_checkpoints, 0, "{case}");
        assert_one_chain(&group, &case);
        // Life goes on.
        record(&group, 3, 3, &mut rng);
        if round % 10 == 0 {
            assert_sound(&group);
        }
    }
    busy
}

/// Every entry that is kept, in the ledger or waiting.
fn held(folder: &Folder) -> BTreeSet<EntryId> {
    // As after a restart: through the library first, which deals with the log.
    drop(folder.open().unwrap());
    let raw = folder.raw();
    let mut statement = raw.prepare("SELECT id FROM entries UNION SELECT id FROM pending").unwrap();
    let rows = statement.query_map([], |row| row.get(0).map(EntryId::from_bytes)).unwrap();
    rows.map(Result::unwrap).collect()
}

/// No device ever signed two entries for one place in its chain.
fn assert_one_chain(group: &Group, case: &str) {
    let mut places = BTreeSet::new();
    for entry in entries(group) {
        let entry = super::decode(&entry);
        let place = (entry.header().device(), entry.header().seq());
        assert!(places.insert(place), "{case}: a device forked its chain at {place:?}");
    }
}
