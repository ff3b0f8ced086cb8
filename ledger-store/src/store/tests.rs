//! Readers, writers and suspension in one process, held at chosen moments.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Barrier};
use std::thread::{ScopedJoinHandle, scope};
use std::time::Duration;

use ledger_core::{Amount, Balance, Currency, EntryId, Expense, GroupState, MemberId, Transaction};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::{Group, MemorySecrets, NewEntry, Store, StoreError, StoreOptions};

const LONG: Duration = Duration::from_secs(120);

struct Fixture {
    _folder: TempDir,
    path: PathBuf,
    secrets: Arc<MemorySecrets>,
    store: Store,
    group: Group,
}

impl Fixture {
    fn new(options: StoreOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (path, secrets) = (folder.path().join("flat.db"), Arc::new(MemorySecrets::new()));
        let store = options.open_or_create(&path, secrets.clone()).unwrap();
        let group = store.create_group("Flat", "Anna").unwrap();
        group.entries().append(vec![NewEntry::Placeholder { name: "Ben".into() }]).unwrap();
        Self { _folder: folder, path, secrets, store, group }
    }

    fn again(&self) -> Store {
        Store::open(&self.path, self.secrets.clone()).unwrap()
    }

    /// How many handles this process has on the database and what is beside it.
    fn open_files(&self) -> usize {
        let name = self.path.to_str().unwrap();
        let files = std::fs::read_dir("/proc/self/fd").unwrap();
        let targets = files.filter_map(|file| std::fs::read_link(file.unwrap().path()).ok());
        targets.filter(|target| target.to_str().is_some_and(|t| t.starts_with(name))).count()
    }
}

fn spend(state: &GroupState, minor_units: u64) -> NewEntry {
    let members: Vec<MemberId> = state.members().iter().map(|(id, _)| *id).collect();
    let amount = Amount::from_minor_units(minor_units).unwrap();
    NewEntry::Record(Transaction::Expense(
        Expense::new(
            "2026-11-21".parse().unwrap(),
            "Bread",
            Currency::from_code("EUR").unwrap(),
            amount,
        )
        .paid_by(members[0], amount)
        .share(members[1], amount),
    ))
}

fn count(group: &Group) -> u64 {
    group.ledger().unwrap().frontier().entries()
}

/// Somebody inside, who stays until told to go.
struct Held<'a, T> {
    inside: Receiver<()>,
    go: Sender<()>,
    thread: ScopedJoinHandle<'a, T>,
}

impl<T> Held<'_, T> {
    fn go(self) -> T {
        self.go.send(()).unwrap();
        self.thread.join().unwrap()
    }
}

/// Runs `work`, which calls its argument when it is inside.
fn hold<'a, T: Send + 'a>(
    scope: &'a std::thread::Scope<'a, '_>,
    work: impl FnOnce(&dyn Fn()) -> T + Send + 'a,
) -> Held<'a, T> {
    let ((entered, inside), (go, gate)) = (channel(), channel());
    let wait = move || {
        entered.send(()).unwrap();
        gate.recv().unwrap();
    };
    let thread = scope.spawn(move || work(&wait));
    let held = Held { inside, go, thread };
    held.inside.recv().unwrap();
    held
}

fn write_and_wait(group: &Group, wait: &dyn Fn()) -> Result<EntryId, StoreError> {
    let device = group.0.device_key()?;
    group.0.write(|transaction| {
        let id = transaction.record(&device, &NewEntry::Placeholder { name: "Cleo".into() })?;
        wait();
        Ok(id)
    })
}

/// Runs until it is stopped.
fn count_for_ever(connection: &Connection) -> Result<i64, StoreError> {
    let sql =
        "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT max(n) FROM c";
    Ok(connection.query_row(sql, [], |row| row.get(0))?)
}

fn short() -> StoreOptions {
    StoreOptions::new().busy_limit(Duration::from_millis(2))
}

#[test]
fn readers_go_on_while_a_transaction_is_open() {
    let Fixture { store, group, _folder, .. } = &Fixture::new(StoreOptions::new().readers(2));
    let expense = group.entries().append(vec![spend(&group.state().unwrap(), 100)]).unwrap()[0];
    let before = group.ledger().unwrap();
    scope(|scope| {
        let writer = hold(scope, |wait| write_and_wait(group, wait));
        // More at once than there are connections.
        let readers: Vec<_> = (0..6)
            .map(|_| {
                scope.spawn(|| {
                    assert_eq!(group.ledger().unwrap().view(), before.view());
                    assert_eq!(group.lists().expenses(None, 9).unwrap().len(), 1);
                    assert_eq!(group.lists().activity(None, 9).unwrap().len(), 3);
                    assert_eq!(group.lists().void_entries(None, 9).unwrap(), []);
                    assert_eq!(group.lists().history(expense, None, 9).unwrap().len(), 1);
                    assert_eq!(group.lists().reviews(expense).unwrap(), []);
                    assert_eq!(store.overview(None, 9).unwrap()[0].members, 2);
                    assert_eq!(store.groups().unwrap()[0].entries, 3);
                    store.refresh().unwrap();
                    store.maintenance().support_dump().unwrap();
                    let changes = group.subscribe().unwrap();
                    assert_eq!(changes.try_next(), None);
                    group
                        .maintenance()
                        .verify_history(&mut |_| std::ops::ControlFlow::Continue(()))
                        .unwrap()
                })
            })
            .collect();
        for reader in readers {
            assert_eq!(reader.join().unwrap().problems, []);
        }
        writer.go().unwrap();
    });
    assert_eq!(count(group), 4);
}

#[test]
fn a_writer_who_waits_too_long_is_told_that_it_is_busy() {
    let fixture = Fixture::new(short());
    let (group, again) = (&fixture.group, fixture.again());
    let elsewhere = again.group(group.id()).unwrap();
    let late = || group.entries().append(vec![NewEntry::Placeholder { name: "Late".into() }]);
    scope(|scope| {
        // In this store, and through another one, as another process.
        for other in [group, &elsewhere] {
            let before = count(group);
            let writer = hold(scope, move |wait| write_and_wait(other, wait));
            assert!(matches!(late(), Err(StoreError::Busy)));
            assert!(matches!(fixture.store.create_group("Two", "Anna"), Err(StoreError::Busy)));
            assert!(matches!(fixture.store.delete_group(group.id()), Err(StoreError::Busy)));
            assert_eq!(count(group), before);
            writer.go().unwrap();
            assert_eq!(count(group), before + 1);
        }
    });
    late().unwrap();
}

#[test]
fn writers_are_served_in_the_order_in_which_they_came() {
    let fixture = Fixture::new(StoreOptions::new().busy_limit(LONG));
    let group = &fixture.group;
    let connections = fixture.store.0.connections();
    let ids = scope(|scope| {
        let first = hold(scope, |wait| write_and_wait(group, wait));
        let waiting: Vec<_> = (0..5)
            .map(|n| {
                let name = format!("Guest {n}");
                let thread = scope.spawn(move || {
                    group.entries().append(vec![NewEntry::Placeholder { name }]).unwrap();
                });
                while connections.waiting() <= n {
                    std::thread::yield_now();
                }
                thread
            })
            .collect();
        first.go().unwrap();
        waiting.into_iter().for_each(|thread| thread.join().unwrap());
        group.state().unwrap()
    });
    let names: Vec<&str> = ids.members().iter().map(|(_, member)| member.name()).collect();
    let guests = (0..5).map(|n| format!("Guest {n}"));
    let expected: Vec<String> =
        ["Anna", "Ben", "Cleo"].map(str::to_owned).into_iter().chain(guests).collect();
    assert_eq!(names, expected);
}

#[test]
fn a_reader_who_waits_too_long_is_told_that_it_is_busy() {
    let fixture = Fixture::new(short().readers(1));
    let (store, group) = (&fixture.store, &fixture.group);
    scope(|scope| {
        let reader = hold(scope, |wait| {
            store.0.snapshot(|snapshot| {
                snapshot.groups()?;
                wait();
                snapshot.groups()
            })
        });
        assert!(matches!(group.state(), Err(StoreError::Busy)));
        // Long work has a connection of its own, and writing another.
        assert_eq!(
            group
                .maintenance()
                .verify_history(&mut |_| std::ops::ControlFlow::Continue(()))
                .unwrap()
                .entries,
            2
        );
        group.entries().append(vec![NewEntry::Placeholder { name: "Cleo".into() }]).unwrap();
        assert_eq!(reader.go().unwrap().len(), 1);
    });
    assert_eq!(count(group), 3);
}

#[test]
fn a_snapshot_stays_what_it_was() {
    let fixture = Fixture::new(StoreOptions::new());
    let (store, group) = (&fixture.store, &fixture.group);
    let state = group.state().unwrap();
    store.maintenance().release_memory().unwrap();
    scope(|scope| {
        let reader = hold(scope, |wait| {
            store.0.snapshot(|snapshot| {
                let rows = |sql: &str| -> Result<i64, StoreError> {
                    Ok(snapshot.connection().query_row(sql, [], |row| row.get(0))?)
                };
                let before = rows("SELECT count(*) FROM entries")?;
                // Ledgers of later moments come into memory now.
                wait();
                let loaded = snapshot.ledger(group.0.key, group.id())?;
                assert_eq!(loaded.ledger.frontier().entries(), 2);
                assert_eq!(rows("SELECT count(*) FROM entries")?, before);
                assert_eq!(rows("SELECT count(*) FROM expenses")?, 0);
                Ok(before)
            })
        });
        let changes = store.subscribe().unwrap();
        group.entries().append(vec![spend(&state, 7)]).unwrap();
        assert_eq!(changes.try_next().map(|change| change.new_entries), Some(1));
        assert_eq!(reader.go().unwrap(), 2);
        // What the late reader brought along counts for nothing.
        assert_eq!(changes.try_next(), None);
        assert_eq!(store.0.cache().ledgers[&group.0.key].ledger.frontier().entries(), 3);
    });
}

/// Lists and balances in one snapshot are of one moment, whoever writes.
#[test]
fn lists_and_balances_agree_at_every_moment() {
    let fixture = Fixture::new(StoreOptions::new().readers(2));
    let (store, group) = (&fixture.store, &fixture.group);
    let elsewhere = fixture.again();
    let there = elsewhere.group(group.id()).unwrap();
    let (state, done, start) = (group.state().unwrap(), AtomicBool::new(false), Barrier::new(3));
    let euro = Currency::from_code("EUR").unwrap();
    let anna = state.members().first().map(|(id, _)| *id).unwrap();
    let check = || {
        group
            .0
            .read(|connection, loaded| {
                let ledger = &loaded.ledger;
                let entries: u64 =
                    connection.query_row("SELECT count(*) FROM entries", [], |row| row.get(0))?;
                assert_eq!(entries, ledger.frontier().entries());
                let mut statement = connection.prepare(
                    "SELECT c.entry, c.signature FROM expenses x JOIN entries c ON c.n = x.content
                     WHERE NOT x.cancelled",
                )?;
                let mut rows = statement.query([])?;
                let mut sum = Balance::ZERO;
                while let Some(row) = rows.next()? {
                    let entry = crate::entries::index::stored_entry(row)?;
                    let Some(Transaction::Expense(details)) =
                        ledger.state().transaction_of(entry.decoded())
                    else {
                        panic!("not an expense")
                    };
                    sum = sum.plus(Balance::from(details.amount));
                }
                assert_eq!(ledger.state().balance(anna, euro), sum);
                Ok(entries)
            })
            .unwrap()
    };
    let writes = |group: &Group, odd: u64| {
        start.wait();
        for n in 0..20 {
            let new = (1..4).map(|m| spend(&state, 1 + odd + n * m)).collect();
            let ids = group.entries().append(new).unwrap();
            let original = ids[0];
            let cancel = NewEntry::Cancellation { original, reason: None };
            let transaction = match spend(&state, 1000 + n) {
                NewEntry::Record(transaction) => transaction,
                _ => panic!("no expense"),
            };
            let correct = NewEntry::Correction { original: ids[1], transaction };
            group.entries().append(vec![cancel, correct]).unwrap();
            if n % 5 == 0 {
                group.checkpoint().unwrap();
            }
        }
    };
    scope(|scope| {
        let (done, check, writes) = (&done, &check, &writes);
        let one = scope.spawn(move || writes(group, 0));
        let two = scope.spawn(move || writes(&there, 1));
        let readers: Vec<_> = (0..2)
            .map(|reader| {
                scope.spawn(move || {
                    let mut seen = 0;
                    while !done.load(Ordering::Relaxed) {
                        let now = check();
                        assert!(now >= seen, "time goes one way");
                        seen = now;
                        if reader == 0 && now % 7 == 0 {
                            store.maintenance().release_memory().unwrap();
                        }
                    }
                })
            })
            .collect();
        start.wait();
        one.join().unwrap();
        two.join().unwrap();
        done.store(true, Ordering::Relaxed);
        readers.into_iter().for_each(|reader| reader.join().unwrap());
    });
    assert_eq!(check(), 2 + 2 * 20 * 5);
}

/// Whatever is written while somebody subscribes is told, or was there before.
#[test]
fn a_subscription_misses_nothing() {
    let fixture = Fixture::new(StoreOptions::new());
    let group = &fixture.group;
    let state = group.state().unwrap();
    let start = Barrier::new(2);
    for _ in 0..30 {
        let (subscribed, first, last) = scope(|scope| {
            let writer = scope.spawn(|| {
                start.wait();
                for n in 1..4 {
                    group.entries().append(vec![spend(&state, n)]).unwrap();
                }
            });
            start.wait();
            let first = count(group);
            let changes = group.subscribe().unwrap();
            let last = count(group);
            writer.join().unwrap();
            (changes, first, last)
        });
        let mut told = 0;
        while let Some(change) = subscribed.try_next() {
            told += change.new_entries;
        }
        let begun = count(group) - told;
        assert!((first..=last).contains(&begun), "{first} <= {begun} <= {last}");
    }
}

#[test]
fn suspension_closes_everything_and_calls_are_refused_until_it_ends() {
    let fixture = Fixture::new(StoreOptions::new());
    let (store, group) = (&fixture.store, &fixture.group);
    let changes = store.subscribe().unwrap();
    group.entries().append(vec![spend(&group.state().unwrap(), 5)]).unwrap();
    assert!(fixture.open_files() > 0);
    store.suspend().unwrap();
    assert_eq!(fixture.open_files(), 0);
    store.suspend().unwrap();
    fn refused<T>(result: Result<T, StoreError>) -> bool {
        matches!(result, Err(StoreError::Suspended))
    }
    assert!(refused(group.state()) && refused(group.entries().append(Vec::new())));
    assert!(refused(store.groups()) && refused(store.checkpoint_all()));
    assert!(refused(store.group(group.id())) && refused(store.delete_group(group.id())));
    let copy = fixture.path.with_extension("copy");
    assert!(refused(
        store.maintenance().backup(&copy, &mut |_| std::ops::ControlFlow::Continue(()))
    ));
    store.maintenance().release_memory().unwrap();
    assert_eq!((fixture.open_files(), copy.exists()), (0, false));
    // Others can do with the file what they want.
    let elsewhere = fixture.again();
    let there = elsewhere.group(group.id()).unwrap();
    assert_eq!(there.opening().unwrap().from_checkpoint, 3, "suspension saves checkpoints");
    there.entries().append(vec![spend(&there.state().unwrap(), 5)]).unwrap();
    store.resume().unwrap();
    store.resume().unwrap();
    assert_eq!((count(group), changes.try_next().map(|change| change.new_entries)), (4, Some(2)));
    group.entries().append(vec![spend(&group.state().unwrap(), 5)]).unwrap();
    assert_eq!(changes.try_next().map(|change| change.new_entries), Some(1));
}

#[test]
fn suspension_stops_what_runs_and_leaves_nothing_half_done() {
    let fixture = Fixture::new(StoreOptions::new());
    let (store, group) = (&fixture.store, &fixture.group);
    let before = group.ledger().unwrap();
    scope(|scope| {
        let reads = hold(scope, |wait| {
            store.0.read(|connection| {
                wait();
                count_for_ever(connection)
            })
        });
        let device = group.0.device_key().unwrap();
        let writes = hold(scope, move |wait| {
            group.0.write(|transaction| {
                let cleo = NewEntry::Placeholder { name: "Cleo".into() };
                transaction.record(&device, &cleo)?;
                wait();
                count_for_ever(transaction.connection())
            })
        });
        // Waits for its turn, and is sent away.
        let waits = scope.spawn(|| group.entries().append(vec![spend(before.state(), 1)]));
        while store.0.connections().waiting() == 0 {
            std::thread::yield_now();
        }
        reads.go.send(()).unwrap();
        writes.go.send(()).unwrap();
        store.0.suspend_within(Duration::ZERO, LONG).unwrap();
        assert_eq!(fixture.open_files(), 0);
        assert!(matches!(reads.thread.join().unwrap(), Err(StoreError::Suspended)));
        assert!(matches!(writes.thread.join().unwrap(), Err(StoreError::Suspended)));
        assert!(matches!(waits.join().unwrap(), Err(StoreError::Suspended)));
    });
    store.resume().unwrap();
    assert_eq!(group.ledger().unwrap().view(), before.view());
    group.entries().append(vec![spend(before.state(), 1)]).unwrap();
}

#[test]
fn suspension_waits_for_a_transaction_that_ends() {
    let fixture = Fixture::new(StoreOptions::new());
    let (store, group) = (&fixture.store, &fixture.group);
    scope(|scope| {
        let writer = hold(scope, |wait| write_and_wait(group, wait));
        let suspends = scope.spawn(|| store.0.suspend_within(LONG, Duration::ZERO));
        while !store.0.connections().is_suspended() {
            std::thread::yield_now();
        }
        writer.go().unwrap();
        suspends.join().unwrap().unwrap();
    });
    assert_eq!(fixture.open_files(), 0);
    let again = fixture.again();
    let there = again.group(group.id()).unwrap();
    assert_eq!((count(&there), there.opening().unwrap().from_checkpoint), (3, 3));
}

#[test]
fn who_does_not_end_is_told_and_closes_the_file_later() {
    let fixture = Fixture::new(StoreOptions::new());
    let store = &fixture.store;
    scope(|scope| {
        let copy = fixture.path.with_extension("copy");
        let backup = hold(scope, move |wait| {
            let progress = &mut |_| {
                wait();
                std::ops::ControlFlow::Continue(())
            };
            store.maintenance().backup(&copy, progress)
        });
        let suspended = store.0.suspend_within(Duration::ZERO, Duration::ZERO);
        assert!(matches!(suspended, Err(StoreError::StillInUse)));
        assert!(matches!(store.groups(), Err(StoreError::Suspended)));
        drop(backup.go);
        // Its callback is called no more: that would panic now.
        let _ = backup.thread.join();
    });
    store.suspend().unwrap();
    assert_eq!(fixture.open_files(), 0);
    store.resume().unwrap();
    assert_eq!(store.groups().unwrap().len(), 1);
}

#[test]
fn checkpoints_are_saved_on_request() {
    let fixture = Fixture::new(StoreOptions::new());
    let (store, group) = (&fixture.store, &fixture.group);
    let opening = |group: &Group| {
        let opening = fixture.again().group(group.id()).unwrap().opening().unwrap();
        (opening.from_checkpoint, opening.replayed)
    };
    assert_eq!(opening(group), (0, 2));
    group.checkpoint().unwrap();
    assert_eq!(opening(group), (2, 0));
    let rows = || -> i64 {
        let count = "SELECT count(*) FROM checkpoints";
        store.0.read(|c| Ok(c.query_row(count, [], |row| row.get(0))?)).unwrap()
    };
    assert_eq!(rows(), 1);
    group.checkpoint().unwrap();
    store.checkpoint_all().unwrap();
    assert_eq!(rows(), 1, "nothing came since");
    let other = store.create_group("Two", "Anna").unwrap();
    group.entries().append(vec![spend(&group.state().unwrap(), 5)]).unwrap();
    // Not even in memory.
    store.maintenance().release_memory().unwrap();
    store.checkpoint_all().unwrap();
    assert_eq!((opening(group), opening(&other), rows()), ((3, 0), (1, 0), 3));
    let mut log = fixture.path.clone().into_os_string();
    log.push("-wal");
    assert_eq!(std::fs::metadata(log).unwrap().len(), 0, "the log is empty");
}
