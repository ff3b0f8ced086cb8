//! Verification of a group: it finds every change that was made without the library.
#![cfg(feature = "sqlcipher")]

use ledger_core::engine::Draft;
use ledger_core::{EntryId, Rule};
use ledger_store::{Phase, Problem, StoreError};

use crate::common::people::Ben;
use crate::common::subject::Subject;
use crate::common::{Folder, Rng, details, found, heads, hex, record, verify};

/// Flips one bit of every byte of a column, and tells the rule that was found
/// broken for each.
fn flip_everywhere(
    subject: &Subject,
    n: i64,
    column: &str,
    mut found: impl FnMut(usize, &Problem),
) {
    let (group, whole, id) = (subject.group(), subject.blob(n, column), subject.id(n));
    for place in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[place] ^= 1 << (place % 8);
        subject.set_blob(n, column, &bytes);
        let shown =
            if column == "id" { EntryId::from_bytes(bytes.try_into().unwrap()) } else { id };
        let problems = verify(&group).unwrap().problems;
        let named = problems.iter().find(|problem| problem.entry == Some(shown));
        let named = named.unwrap_or_else(|| panic!("entry {n}, {column} {place}: {problems:?}"));
        assert!(named.rule.is_some(), "entry {n}, {column} {place}: {named:?}");
        found(place, named);
    }
    subject.set_blob(n, column, &whole);
    assert_eq!(verify(&group).unwrap().problems, []);
}

#[test]
fn every_byte_of_every_kind_of_entry_counts() {
    let subject = Subject::new(1);
    for n in [1, 2, 4, 10, 11, 12] {
        let mut payload = 0;
        flip_everywhere(&subject, n, "entry", |_, problem| {
            payload += usize::from(problem.rule == Some(Rule::H7));
        });
        assert!(payload > 2, "a changed payload has another hash");
    }
}

#[test]
fn every_byte_of_a_signature_counts() {
    let subject = Subject::new(2);
    for n in [1, 3, 7, 12] {
        flip_everywhere(&subject, n, "signature", |place, problem| {
            assert_eq!(problem.rule, Some(Rule::S1), "byte {place}: {problem:?}");
        });
    }
}

#[test]
fn every_byte_of_an_id_counts() {
    let subject = Subject::new(3);
    for n in [3, 7, 12] {
        flip_everywhere(&subject, n, "id", |place, problem| {
            assert_eq!(problem.rule, Some(Rule::S1), "byte {place}: {problem:?}");
        });
    }
}

#[test]
fn a_wrong_column_beside_an_entry_is_found_and_named() {
    let subject = Subject::new(4);
    assert_eq!(subject.after("UPDATE entries SET n = n").unwrap(), []);
    for n in [1, 2, 4, 5, 6, 9, 10, 11, 12] {
        for change in [
            "seq = seq + 1",
            "lamport = lamport + 1",
            "kind = kind + 1",
            "verdict = 20",
            "verdict = 1",
            "verdict = 99",
            "slot = coalesce(slot, 0) + 1",
            "chain = chain + 1",
        ] {
            let sql = format!("UPDATE entries SET {change} WHERE n = {n}");
            let problems = subject.after(&sql).unwrap();
            let named = problems.iter().any(|problem| problem.entry == Some(subject.id(n)));
            assert!(named, "{sql}: {problems:?}");
        }
    }
    for n in [4, 5, 6, 10, 11, 12] {
        let sql = format!("UPDATE entries SET slot = NULL WHERE n = {n}");
        let problems = subject.after(&sql).unwrap();
        assert!(problems.iter().any(|problem| problem.entry == Some(subject.id(n))), "{sql}");
    }
}

#[test]
fn what_depends_on_a_deleted_entry_is_named() {
    let subject = Subject::new(5);
    for n in 2..12 {
        let problems = subject.after(&format!("DELETE FROM entries WHERE n = {n}")).unwrap();
        let next = subject.id(n + 1);
        let named = problems.iter().find(|problem| problem.entry == Some(next));
        assert_eq!(named.unwrap().rule, Some(Rule::A4), "{n}: {problems:?}");
        assert!(named.unwrap().found.contains(&subject.id(n).to_string()), "{problems:?}");
    }
    // Nothing depends on the last one, but the list of expenses still has it.
    assert_ne!(subject.after("DELETE FROM entries WHERE n = 12").unwrap(), []);
}

#[test]
fn without_the_genesis_entry_nothing_is_fine() {
    let subject = Subject::new(6);
    match subject.after("DELETE FROM entries WHERE n = 1") {
        Ok(problems) => assert!(problems[0].found.contains("genesis"), "{problems:?}"),
        Err(error) => assert!(matches!(error, StoreError::Damaged(_)), "{error:?}"),
    }
}

#[test]
fn entries_that_changed_places_are_found() {
    let subject = Subject::new(7);
    for (one, other) in [(4, 5), (2, 12), (9, 10), (1, 2)] {
        let order = format!(
            "UPDATE entries SET n = -1 WHERE n = {one};
             UPDATE entries SET n = {one} WHERE n = {other};
             UPDATE entries SET n = {other} WHERE n = -1;"
        );
        let problems = subject.after(&order).unwrap();
        let named = problems.iter().any(|problem| problem.entry.is_some());
        assert!(named, "order {one} {other}: {problems:?}");
        let (a, b) = (hex(&subject.blob(one, "entry")), hex(&subject.blob(other, "entry")));
        let bytes = format!(
            "UPDATE entries SET entry = x'{b}' WHERE n = {one};
             UPDATE entries SET entry = x'{a}' WHERE n = {other};"
        );
        let problems = subject.after(&bytes).unwrap();
        for n in [one, other] {
            let named = problems.iter().find(|problem| problem.entry == Some(subject.id(n)));
            assert!(named.is_some_and(|problem| problem.rule.is_some()), "bytes {n}: {problems:?}");
        }
    }
}

#[test]
fn a_list_of_expenses_that_shows_something_else_is_found() {
    let subject = Subject::new(8);
    for n in [4, 5, 6, 12] {
        for change in [
            format!("UPDATE expenses SET date = date + 1 WHERE n = {n}"),
            format!("UPDATE expenses SET cancelled = 1 - cancelled WHERE n = {n}"),
            format!("UPDATE expenses SET content = 7 WHERE n = {n}"),
            format!("UPDATE expenses SET content = 99 WHERE n = {n}"),
            format!("UPDATE expenses SET grp = grp + 1 WHERE n = {n}"),
            format!("DELETE FROM expenses WHERE n = {n}"),
        ] {
            let problems = subject.after(&change).unwrap();
            let named = problems.iter().any(|problem| problem.entry == Some(subject.id(n)));
            assert!(named, "{change}: {problems:?}");
        }
    }
    // Rows that stand for nothing: of a person, of a correction, of no entry.
    for n in [2, 10, 99] {
        let more = format!(
            "INSERT INTO expenses SELECT {n}, grp, date, 4, 0, kind, currency, category, amount
                 FROM expenses LIMIT 1"
        );
        assert_ne!(subject.after(&more).unwrap(), [], "{more}");
    }
}

#[test]
fn wrong_ways_to_find_an_expense_are_found() {
    let subject = Subject::new(13);
    let row = "(SELECT ((date + 744000) << 36) | n FROM expenses WHERE n = 4)";
    for change in [
        "DELETE FROM found_by WHERE n = 4".to_owned(),
        "UPDATE found_by SET date = date + 1 WHERE n = 5".to_owned(),
        "UPDATE found_by SET term = term + 100 WHERE n = 6".to_owned(),
        "UPDATE found_by SET n = 99 WHERE n = 7".to_owned(),
        "UPDATE terms SET value = x'00' WHERE term = 1".to_owned(),
        "UPDATE terms SET kind = 2 WHERE term = 1".to_owned(),
        "DELETE FROM terms WHERE term = 1".to_owned(),
        "INSERT INTO found_by VALUES (1, 20260101, 2)".to_owned(),
        format!("DELETE FROM texts WHERE rowid = {row}"),
        format!("UPDATE texts SET words = 'more' WHERE rowid = {row}"),
        format!("UPDATE texts SET words = '' WHERE rowid = {row}"),
        "INSERT INTO texts (rowid, words) VALUES (77, 'thing')".to_owned(),
        "INSERT INTO texts (rowid, words) VALUES (77, '')".to_owned(),
    ] {
        assert_ne!(subject.after(&change).unwrap(), [], "{change}");
    }
    // Names that nothing is found by any more do no harm.
    let unused = "INSERT INTO terms (grp, kind, value) VALUES (1, 2, x'61')";
    assert_eq!(subject.after(unused).unwrap(), []);
}

#[test]
fn a_wrong_history_is_found() {
    let subject = Subject::new(14);
    for change in [
        "DELETE FROM named WHERE n = 10",
        "UPDATE named SET original = 4 WHERE n = 10",
        "UPDATE named SET original = 99 WHERE n = 10",
        "UPDATE named SET endorses = 1 WHERE n = 11",
        "UPDATE named SET lamport = lamport + 1 WHERE n = 11",
        "UPDATE named SET id = x'0000000000000000000000000000000000000000000000000000000000000000'",
        "UPDATE named SET n = 4 WHERE n = 10",
        "INSERT INTO named SELECT 4, 0, lamport, id, n FROM entries WHERE n = 12",
    ] {
        assert_ne!(subject.after(change).unwrap(), [], "{change}");
    }
}

#[test]
fn wrong_memories_of_imported_rows_are_found() {
    let subject = Subject::new(9);
    let more = "INSERT INTO origins SELECT grp, x'00112233445566778899aabbccddeeff', 4 FROM groups";
    assert_ne!(subject.after(more).unwrap(), []);
}

#[test]
fn a_damaged_page_is_never_taken_for_intact() {
    let folder = Folder::new(11);
    let store = folder.store();
    let group = found(&store, 3);
    let id = group.id();
    let ben = Ben::join(&folder, &group);
    let known = heads(&group);
    let state = group.state().unwrap();
    let mut rng = Rng::new(11);
    ben.write(&group, Draft::record(&state, &details(&state, &mut rng)).unwrap());
    record(&group, 120, 60, &mut rng);
    // It voids what Ben wrote, so that there is a checkpoint.
    ben.remove(&group, known);
    drop((store, group));
    let checkpoints = folder.raw().query_row("SELECT count(*) FROM checkpoints", [], |r| r.get(0));
    assert_eq!(checkpoints, Ok(1));
    let whole = std::fs::read(folder.db()).unwrap();
    let pages = whole.len() / 4096;
    assert!(pages > 50);
    let mut rng = Rng::new(11);
    for page in 0..pages {
        let mut bytes = whole.clone();
        bytes[page * 4096 + rng.below(4096)] ^= 1 << rng.below(8);
        std::fs::write(folder.db(), &bytes).unwrap();
        let found = folder.open().and_then(|store| verify(&store.group(id)?));
        let noticed = match &found {
            Ok(verification) => !verification.problems.is_empty(),
            Err(error) => matches!(error, StoreError::Damaged(_) | StoreError::WrongKey(_)),
        };
        assert!(noticed, "page {page} of {pages}: {found:?}");
    }
    std::fs::write(folder.db(), &whole).unwrap();
    let store = folder.open().unwrap();
    assert_eq!(verify(&store.group(id).unwrap()).unwrap().problems, []);
}

#[test]
fn verifying_can_be_stopped_and_tells_how_far_it_is() {
    let subject = Subject::new(12);
    let mut told = Vec::new();
    let group = subject.group();
    group
        .maintenance()
        .verify_history(&mut |progress| {
            told.push((progress.phase, progress.done, progress.total));
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    let phases = [Phase::Verifying, Phase::Comparing].into_iter();
    let expected: Vec<_> = phases.flat_map(|phase| [(phase, 0, 12), (phase, 12, 12)]).collect();
    assert_eq!(told, expected);
    let stopped = group.maintenance().verify_history(&mut |_| std::ops::ControlFlow::Break(()));
    assert!(matches!(stopped, Err(StoreError::Cancelled)), "{stopped:?}");
    assert_eq!(verify(&group).unwrap().problems, []);
}
