//! Damaged files: every entry that can be read and verifies is saved, no entry is invented,
//! nothing panics, and the damaged file stays as it is.
#![cfg(feature = "sqlcipher")]

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use ledger_core::{EntryId, GroupId, StateDigest};
use ledger_store::{Group, Salvaged, Store, StoreError};

use crate::common::{
    self, Folder, Rng, Travelling, beside, decode, digest, entries, found, phones, record, sealed,
};

const PAGE: usize = 4096;

/// Three groups of some hundred entries, one with an entry of several pages, one
/// that was deleted, and what they held.
struct Whole {
    folder: Folder,
    bytes: Vec<u8>,
    entries: BTreeMap<GroupId, Vec<Travelling>>,
    /// What the entries mean from scratch.
    digests: BTreeMap<GroupId, StateDigest>,
}

impl Whole {
    fn new(seed: u64) -> Self {
        let folder = Folder::new(seed);
        let store = folder.store();
        let mut rng = Rng::new(seed);
        let groups: Vec<Group> = (0..4).map(|n| found(&store, 2 + n)).collect();
        for round in 0..3 {
            for group in &groups {
                record(group, 20 + round, 7, &mut rng);
            }
        }
        let mut long = common::details(&groups[1].state().unwrap(), &mut rng);
        if let ledger_core::Transaction::Expense(expense) = &mut long {
            expense.note = Some("and so on ".repeat(400));
        }
        groups[1].entries().append(vec![ledger_store::NewEntry::Record(long)]).unwrap();
        record(&groups[0], 440, 110, &mut rng);
        store.delete_group(groups[3].id()).unwrap();
        let entries: BTreeMap<GroupId, Vec<Travelling>> =
            groups[..3].iter().map(|group| (group.id(), entries(group))).collect();
        drop((groups, store));
        let meaning = |id, all: &[_]| common::from_scratch(id, all).state().digest();
        let digests = entries.iter().map(|(id, all)| (*id, meaning(*id, all))).collect();
        let bytes = std::fs::read(folder.db()).unwrap();
        Self { folder, bytes, entries, digests }
    }

    fn all(&self) -> BTreeMap<EntryId, &Travelling> {
        self.entries.values().flatten().map(|entry| (decode(entry).id(), entry)).collect()
    }

    /// Puts a damaged file in place and repairs it.
    fn repair(&self, damaged: &[u8]) -> Result<(Salvaged, PathBuf), StoreError> {
        std::fs::write(self.folder.db(), damaged).unwrap();
        let to = self.folder.db().with_file_name("repaired.db");
        let _ = std::fs::remove_file(&to);
        let result = repair(&self.folder, &to);
        assert_eq!(std::fs::read(self.folder.db()).unwrap(), damaged, "it is only read");
        let files = std::fs::read_dir(to.parent().unwrap()).unwrap();
        let names: Vec<String> =
            files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        assert!(names.iter().all(|name| !name.contains("partial")), "{names:?}");
        Ok((result?, to))
    }

    fn open(&self, path: &Path) -> Store {
        Store::open(path, self.folder.secrets()).unwrap()
    }

    /// Entries of a new database: those in ledgers, and those that wait.
    fn holds(&self, path: &Path) -> (BTreeSet<EntryId>, BTreeSet<EntryId>) {
        let raw = common::raw(path, &self.folder.keys());
        let ids = |table: &str| {
            let mut statement = raw.prepare(&format!("SELECT id FROM {table}")).unwrap();
            let ids = statement.query_map([], |row| row.get(0).map(EntryId::from_bytes)).unwrap();
            ids.map(Result::unwrap).collect()
        };
        (ids("entries"), ids("pending"))
    }

    /// Checks a salvage: exactly the entries of sound pages are saved, the new database is
    /// sound, and the entries of others make it whole again.
    fn check(&self, repaired: &Salvaged, to: &Path, case: &str) {
        let (kept, waiting) = self.holds(to);
        let all = self.all();
        for id in kept.iter().chain(&waiting) {
            assert!(all.contains_key(id), "{case}: nothing is invented");
        }
        let saved = kept.len() + waiting.len();
        assert!(saved == kept.union(&waiting).count());
        assert!(repaired.lost.iter().all(|id| all.contains_key(id)), "{case}");
        assert!(repaired.lost.iter().all(|id| !kept.contains(id) && !waiting.contains(id)));
        let counted: u64 = repaired.groups.iter().map(|group| group.entries + group.waiting).sum();
        assert_eq!(counted, saved as u64, "{case}");
        let store = self.open(to);
        for summary in store.groups().unwrap() {
            let group = store.group(summary.id).unwrap();
            assert_eq!(common::verify(&group).unwrap().problems, [], "{case}");
        }
        for (id, entries) in &self.entries {
            let Ok(group) = store.group(*id) else { continue };
            let report = group.entries().ingest(entries).unwrap();
            assert!(report.refused.is_empty() && report.missing.is_empty(), "{case}: {report:?}");
            assert_eq!(digest(&group), self.digests[id], "{case}");
            assert_eq!(common::count(&group), entries.len() as u64, "{case}");
            // This device writes on.
            record(&group, 2, 1, &mut Rng::new(1));
        }
        let found = store.maintenance().check_database(&mut |_| ControlFlow::Continue(())).unwrap();
        assert_eq!(found.remedy(), None, "{case}: {found:?}");
    }
}

fn repair(folder: &Folder, to: &Path) -> Result<Salvaged, StoreError> {
    Store::salvage_database(&folder.db(), folder.secrets(), to, &mut |_| ControlFlow::Continue(()))
}

/// The pages of the table of entries with the entries that have bytes in each,
/// by SQLite's own account of an intact file.
fn pages_of_entries(whole: &Whole) -> BTreeMap<u64, BTreeSet<EntryId>> {
    let raw = whole.folder.raw();
    let mut statement = raw
        .prepare("SELECT pageno, path, pagetype FROM dbstat WHERE name = 'entries' AND pagetype <> 'internal'")
        .unwrap();
    let rows = statement
        .query_map([], |row| {
            Ok((row.get::<_, u64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
        })
        .unwrap();
    let rows: Vec<(u64, String, String)> = rows.map(Result::unwrap).collect();
    // In the order of the leaves, cells are the rows in order.
    let mut ids = {
        let mut statement = raw.prepare("SELECT id FROM entries ORDER BY n").unwrap();
        let ids = statement.query_map([], |row| row.get(0).map(EntryId::from_bytes)).unwrap();
        ids.map(Result::unwrap).collect::<Vec<EntryId>>().into_iter()
    };
    let mut cells =
        raw.prepare("SELECT ncell FROM dbstat WHERE name = 'entries' AND path = ?1").unwrap();
    let mut leaves: Vec<(String, u64)> =
        rows.iter().filter(|row| row.2 == "leaf").map(|row| (row.1.clone(), row.0)).collect();
    leaves.sort();
    let mut pages: BTreeMap<u64, BTreeSet<EntryId>> = BTreeMap::new();
    let mut by_cell: BTreeMap<String, EntryId> = BTreeMap::new();
    for (path, page) in leaves {
        let count: u32 = cells.query_row([&path], |row| row.get(0)).unwrap();
        for cell in 0..count {
            let id = ids.next().unwrap();
            pages.entry(page).or_default().insert(id);
            by_cell.insert(format!("{path}{cell:03x}"), id);
        }
    }
    assert!(ids.next().is_none());
    for (page, path, kind) in rows {
        if kind == "overflow" {
            let cell = path.split_once('+').unwrap().0;
            pages.entry(page).or_default().insert(by_cell[cell]);
        }
    }
    pages
}

#[test]
fn an_invite_is_no_lost_entry() {
    let whole = Whole::new(1);
    let store = whole.folder.store();
    let id = *whole.entries.keys().next().unwrap();
    let group = store.group(id).unwrap();
    group.invites().create(&ledger_store::NewInvite::default()).unwrap();
    drop((group, store));
    let (repaired, _) = whole.repair(&std::fs::read(whole.folder.db()).unwrap()).unwrap();
    assert!(repaired.is_complete(), "{repaired:?}");
}

#[test]
fn an_intact_file_is_saved_whole() {
    let whole = Whole::new(1);
    let (repaired, to) = whole.repair(&whole.bytes).unwrap();
    assert!(repaired.is_complete(), "{repaired:?}");
    assert_eq!(repaired.groups.len(), 3);
    assert!(repaired.groups.iter().all(|group| group.has_key && group.waiting == 0));
    let (kept, waiting) = whole.holds(&to);
    assert_eq!((kept.len(), waiting.len()), (whole.all().len(), 0));
    let spent = |path: &Path| -> Vec<u32> {
        let raw = common::raw(path, &whole.folder.keys());
        let mut statement = raw.prepare("SELECT root_index FROM spent").unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    assert_eq!(spent(&to), spent(&whole.folder.db()), "what a deleted group had stays spent");
    let roots = |path: &Path| -> Vec<(Vec<u8>, Vec<u8>, u32)> {
        let raw = common::raw(path, &whole.folder.keys());
        let mut statement =
            raw.prepare("SELECT id, device, root_index FROM groups ORDER BY id").unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
        rows.unwrap().map(Result::unwrap).collect()
    };
    assert_eq!(roots(&to), roots(&whole.folder.db()));
    whole.check(&repaired, &to, "intact");
}

/// Pages in turn, two at once.
#[test]
fn a_damaged_page_costs_what_is_in_it_and_no_more() {
    let whole = Whole::new(2);
    let pages = pages_of_entries(&whole);
    let all = whole.all();
    let mut rng = Rng::new(2);
    let count = whole.bytes.len() / PAGE;
    let genesis: BTreeSet<EntryId> = whole.entries.keys().map(GroupId::genesis).collect();
    let mut saved_behind_inner = 0;
    // The first pages are of all tables; of those behind them, some.
    let chosen = |page: &u64| *page <= 24 || page.is_multiple_of(12);
    let chosen: Vec<u64> = (1..=count as u64).filter(chosen).collect();
    let half = chosen.len() / 2;
    for (one, other) in chosen.iter().zip(&chosen[half..]) {
        let mut bytes = whole.bytes.clone();
        for page in [*one, *other] {
            let first = if page == 1 { 16 } else { 0 };
            bytes[(page as usize - 1) * PAGE + first + rng.below(PAGE - first)] ^=
                1 << rng.below(8);
        }
        let case = format!("pages {one} and {other} of {count}");
        let (repaired, to) = whole.repair(&bytes).unwrap();
        assert_eq!(repaired.damaged_pages, [*one..=*one, *other..=*other], "{case}");
        let gone = [one, other].into_iter().filter_map(|page| pages.get(page)).flatten();
        let gone: BTreeSet<EntryId> = gone.copied().collect();
        let (kept, waiting) = whole.holds(&to);
        let saved: BTreeSet<EntryId> = kept.union(&waiting).copied().collect();
        let expected: BTreeSet<EntryId> =
            all.keys().filter(|id| !gone.contains(id)).copied().collect();
        assert_eq!(saved, expected, "{case}: what is readable is saved");
        assert_eq!(repaired.lost, gone, "{case}: what is lost is known");
        saved_behind_inner += [one, other].iter().filter(|page| !pages.contains_key(page)).count();
        if one.is_multiple_of(8) || !gone.is_disjoint(&genesis) || *one == 1 {
            whole.check(&repaired, &to, &case);
        }
    }
    assert!(saved_behind_inner > 10);
}

#[test]
fn bytes_flipped_all_over_the_file() {
    let whole = Whole::new(3);
    let mut rng = Rng::new(3);
    for round in 0..8 {
        let mut bytes = whole.bytes.clone();
        for _ in 0..1 + rng.below(1 << (round % 6)) {
            let place = 16 + rng.below(bytes.len() - 16);
            bytes[place] ^= 1 << rng.below(8);
        }
        let (repaired, to) = whole.repair(&bytes).unwrap();
        assert!(!repaired.is_complete());
        whole.check(&repaired, &to, &format!("round {round}"));
    }
}

#[test]
fn a_file_cut_short_anywhere() {
    let whole = Whole::new(4);
    let mut rng = Rng::new(4);
    for round in 0..8 {
        let length = match round {
            0 => 16,
            1 => PAGE,
            2 => PAGE + 1,
            3 => whole.bytes.len() - 1,
            _ => PAGE + rng.below(whole.bytes.len() - PAGE),
        };
        let case = format!("{length} of {} bytes", whole.bytes.len());
        let (repaired, to) = whole.repair(&whole.bytes[..length]).unwrap();
        assert_eq!(repaired.pages, (length / PAGE) as u64, "{case}");
        whole.check(&repaired, &to, &case);
    }
}

#[test]
fn a_log_beside_the_file_belongs_to_it() {
    let folder = Folder::new(5);
    let store = folder.store();
    let group = found(&store, 2);
    record(&group, 40, 5, &mut Rng::new(5));
    let all = entries(&group);
    let id = group.id();
    for damaged in [None, Some(40), Some(5000)] {
        let copy = Folder::new(6);
        std::fs::copy(folder.keys(), copy.keys()).unwrap();
        let mut bytes = std::fs::read(folder.db()).unwrap();
        if let Some(place) = damaged.filter(|place| *place < bytes.len()) {
            bytes[place] ^= 1;
        }
        std::fs::write(copy.db(), bytes).unwrap();
        let log = beside(&folder.db(), "-wal");
        assert!(std::fs::metadata(&log).unwrap().len() > 0);
        std::fs::copy(log, beside(&copy.db(), "-wal")).unwrap();
        let to = copy.db().with_file_name("repaired.db");
        repair(&copy, &to).unwrap();
        let store = Store::open(&to, copy.secrets()).unwrap();
        assert_eq!(entries(&store.group(id).unwrap()), all, "{damaged:?}");
    }
}

#[test]
fn what_is_in_the_way_is_told() {
    let whole = Whole::new(7);
    let to = whole.folder.db().with_file_name("there.db");
    std::fs::write(&to, "mine").unwrap();
    assert!(matches!(repair(&whole.folder, &to), Err(StoreError::Io { .. })));
    assert_eq!(std::fs::read_to_string(&to).unwrap(), "mine");
    let mut bytes = whole.bytes.clone();
    bytes[3] ^= 1;
    assert!(matches!(whole.repair(&bytes), Err(StoreError::WrongKey(_))));
    // Stopped at each call, nothing is left, not even the new key.
    let keys = std::fs::read(whole.folder.keys()).unwrap();
    let to = whole.folder.db().with_file_name("new.db");
    std::fs::write(whole.folder.db(), &whole.bytes).unwrap();
    for stop in 0..3 {
        let mut calls = 0;
        let result =
            Store::salvage_database(&whole.folder.db(), whole.folder.secrets(), &to, &mut |_| {
                calls += 1;
                if calls > stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
        assert!(matches!(result, Err(StoreError::Cancelled)), "{result:?}");
        assert!(!to.exists());
        assert_eq!(std::fs::read(whole.folder.keys()).unwrap(), keys);
    }
}

/// A request to join is on its way: its row is no row of a group. Its root key is spent, as the
/// answer may still come on another phone.
#[test]
fn a_request_to_join_becomes_no_group() {
    let (anna, guest) = (Folder::new(8), Folder::new(9));
    let group = sealed::anna(&anna);
    let store = guest.store();
    let own = found(&store, 1).id();
    store.joining().join(&phones::link(&group, &phones::open_invite()), "Ben").unwrap();
    drop(store);
    let index: u32 =
        guest.raw().query_row("SELECT root_index FROM joins", [], |row| row.get(0)).unwrap();
    let to = guest.db().with_file_name("new.db");
    let salvaged = repair(&guest, &to).unwrap();
    assert_eq!(salvaged.groups.iter().map(|group| group.id).collect::<Vec<_>>(), [own]);
    let raw = common::raw(&to, &guest.keys());
    let spent = "SELECT count(*) FROM spent WHERE root_index = ?1";
    let spent: u64 = raw.query_row(spent, [index], |row| row.get(0)).unwrap();
    assert_eq!(spent, 1);
}
