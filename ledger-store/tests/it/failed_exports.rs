//! Exports that fail or end early: what did not leave is bound to no epoch.

#![cfg(feature = "sqlcipher")]

use std::ops::ControlFlow;

use ledger_store::{Group, Progress, Since, StoreError};

use crate::common::epochs::{handed_out, keys_of, topic_of};
use crate::common::sealed::{
    add, anna, exchange, export, framed, holds, import, pay, records, remove,
};
use crate::common::{Folder, Rng, assert_sound, beside, digest, go_on, only, record};

/// An output that takes some writes, and then is full.
struct Full(usize);

impl std::io::Write for Full {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 = self.0.checked_sub(1).ok_or(std::io::ErrorKind::StorageFull)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Exports, and cancels once so many records are written. Returns what left.
fn cancel(group: &Group, after: u64) -> Vec<u8> {
    let mut stop = |step: Progress| match step.done >= after {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    };
    let mut out = Vec::new();
    let export = group.bundles().export(Since::Beginning, &mut out, &mut stop);
    assert!(matches!(export, Err(StoreError::Cancelled)));
    out
}

/// Rule Y3: an entry is sealed under the usable epoch when it first leaves. An export that failed
/// before any byte of it left does not count.
#[test]
fn what_a_failed_export_did_not_write_is_bound_to_nothing() {
    /// A failure, behind the number of entries in front of the dinner.
    type Failure<'a> = (usize, &'a dyn Fn(&Group));
    let fill = |group: &Group, writes: usize| {
        let export = group.bundles().export(Since::Beginning, &mut Full(writes), &mut go_on);
        assert!(matches!(export, Err(StoreError::Bundle(_))));
    };
    let failures: [Failure<'_>; 5] = [
        (10, &|group| fill(group, 0)),
        (10, &|group| fill(group, 1)),
        // Two wraps or a manifest, and the first entries.
        (10, &|group| fill(group, 4)),
        (10, &|group| assert!(cancel(group, 0).is_empty())),
        // The first of many entries leave, the dinner does not.
        (300, &|group| assert!(!cancel(group, 256).is_empty())),
    ];
    for (number, (entries, failure)) in failures.iter().enumerate() {
        let (folder, mut rng) = (Folder::new(1), Rng::new(1));
        let anna = anna(&folder);
        let (ben, cleo) = (add(&anna, "Ben", 2), add(&anna, "Cleo", 3));
        exchange(&[&anna, &ben.group, &cleo.group]);
        record(&cleo.group, *entries, 300, &mut rng);
        let dinner = pay(&cleo.group, &mut rng);
        failure(&cleo.group);
        remove(&anna, ben.member);
        import(&cleo.group, &export(&anna));
        let bundle = export(&cleo.group);
        import(&ben.group, &bundle);
        assert!(!holds(&ben.group, dinner), "failure {number}");
        import(&anna, &bundle);
        assert!(holds(&anna, dinner));
        assert_eq!(digest(&anna), digest(&cleo.group));
    }
}

/// The position in the device's chain of the last entry that is noted as published.
fn published(folder: &Folder) -> Option<u64> {
    let keys = std::fs::read_to_string(folder.keys()).unwrap();
    let note = keys.lines().find_map(|line| line.strip_prefix("handed-out-"))?;
    let (_, hex) = note.split_once(' ').unwrap();
    Some(u64::from_str_radix(&hex[..16], 16).unwrap())
}

/// An epoch that begins while a part is planned does not go out with it, so it is not noted as
/// published: a copy of the database without it would sign nothing for good.
#[test]
fn an_epoch_that_begins_during_an_export_is_not_noted_as_published() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let anna = anna(&folder);
    record(&anna, 30, 30, &mut rng);
    export(&anna);
    let last = published(&folder);
    let mut begun = false;
    let mut begin = |_: Progress| {
        if !std::mem::replace(&mut begun, true) {
            assert!(anna.keys().rotate_group_key(0).unwrap());
        }
        ControlFlow::Continue(())
    };
    let mut cursor = anna.bundles().begin(Since::Beginning);
    let part = anna.bundles().export_part(&mut cursor, Some(1), &mut Vec::new(), &mut begin);
    assert!(part.unwrap().left > 0);
    assert!(begun && last.is_some());
    assert_eq!(published(&folder), last);
}

/// An output that takes some writes, and then keeps a copy of the phone as it is, and fails.
struct Crash<'a>(usize, &'a Folder, Option<Folder>);

impl std::io::Write for Crash<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if let Some(left) = self.0.checked_sub(1) {
            self.0 = left;
            return Ok(bytes.len());
        }
        let copy = Folder::new(77);
        let files = [(self.1.db(), copy.db()), (self.1.keys(), copy.keys())];
        let log = [&self.1.db(), &copy.db()].map(|db| beside(db, "-wal"));
        for (from, to) in files.into_iter().chain([log.into()]) {
            std::fs::copy(from, to).unwrap();
        }
        self.2 = Some(copy);
        Err(std::io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A crash or a suspension ends an export before a byte leaves. The next export decides anew.
#[test]
fn an_export_that_did_not_end_binds_nothing() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let anna = anna(&folder);
    let (ben, cleo) = (add(&anna, "Ben", 2), add(&anna, "Cleo", 3));
    exchange(&[&anna, &ben.group, &cleo.group]);
    let dinner = pay(&cleo.group, &mut rng);
    // The key is out, the manifest is not.
    let mut crash = Crash(1, &cleo._folder, None);
    cleo.group.bundles().export(Since::Beginning, &mut crash, &mut go_on).unwrap_err();
    let copy = crash.2.unwrap();
    let store = copy.open().unwrap();
    let group = only(&store);
    remove(&anna, ben.member);
    import(&group, &export(&anna));
    let bundle = export(&group);
    import(&ben.group, &bundle);
    assert!(!holds(&ben.group, dinner));
    import(&anna, &bundle);
    assert!(holds(&anna, dinner));
    assert_eq!(digest(&anna), digest(&group));
    // What left stays under its epoch.
    let count = |table: &str| -> u64 {
        let sql = format!("SELECT count(*) FROM {table}");
        copy.raw().query_row(&sql, [], |row| row.get(0)).unwrap()
    };
    assert_eq!((count("leaving"), count("sealed")), (0, count("entries")));
    assert_sound(&group);
}

/// What did leave keeps its epoch, so that it always travels as the same bytes.
#[test]
fn what_left_before_a_failure_keeps_its_epoch() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let anna = anna(&folder);
    export(&anna);
    let dinners = record(&anna, 300, 300, &mut rng);
    let (first, last) = (dinners[0], dinners[299]);
    let topic = || anna.state().unwrap().usable_epochs().next().unwrap().1.topic();
    let before = topic();
    let out = cancel(&anna, 256);
    let topic_in = |bundle: &[u8], id| topic_of(bundle, &keys_of(&folder, anna.id()), id);
    assert_eq!((topic_in(&out, first), topic_in(&out, last)), (Some(before), None));
    anna.keys().rotate_group_key(0).unwrap();
    let later = export(&anna);
    assert_eq!((topic_in(&later, first), topic_in(&later, last)), (Some(before), Some(topic())));
}

/// A removal comes while an export runs, which the app told nobody to stop.
#[test]
fn a_removal_during_an_export_counts_for_what_has_not_left() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let anna = anna(&folder);
    let (ben, cleo) = (add(&anna, "Ben", 2), add(&anna, "Cleo", 3));
    exchange(&[&anna, &ben.group, &cleo.group]);
    let many = record(&cleo.group, 1_100, 550, &mut rng);
    remove(&anna, ben.member);
    let news = export(&anna);
    let (mut bundle, mut told) = (Vec::new(), false);
    let mut progress = |step: Progress| {
        if step.done > 0 && !told {
            told = true;
            import(&cleo.group, &news);
        }
        ControlFlow::Continue(())
    };
    cleo.group.bundles().export(Since::Beginning, &mut bundle, &mut progress).unwrap();
    import(&ben.group, &bundle);
    assert!(!holds(&ben.group, *many.last().unwrap()));
    import(&anna, &bundle);
    exchange(&[&anna, &cleo.group]);
    assert!(holds(&anna, *many.last().unwrap()));
}

/// A request for a key is not forgotten by an export that fails.
#[test]
fn a_request_for_a_key_survives_an_export_that_fails() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let anna = anna(&folder);
    let ben = add(&anna, "Ben", 2);
    exchange(&[&anna, &ben.group]);
    anna.keys().rotate_group_key(0).unwrap();
    pay(&anna, &mut rng);
    let wrapless = records(&export(&anna));
    import(&ben.group, &framed(wrapless.iter().filter(|record| record[0] != 2)));
    let wanted = ben.group.bundles().missing_topics().unwrap();
    import(&anna, &export(&ben.group));
    anna.keys().rotate_group_key(0).unwrap();
    let failed = anna.bundles().export(Since::Beginning, &mut Full(0), &mut go_on);
    assert!(failed.is_err());
    assert!(handed_out(&export(&anna)).contains(&wanted[0]));
    assert!(!handed_out(&export(&anna)).contains(&wanted[0]), "asked for once");
}
