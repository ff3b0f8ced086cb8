//! Commands about the database itself: backup, another key, deleting a group.

use std::io::Write as _;
use std::process::Stdio;

use crate::change::flat;
use crate::common::{Desk, Run, text};

/// Runs a command that asks, and answers.
fn answered(desk: &Desk, verb: &str, arguments: &[&str], answer: &str) -> Run {
    let mut command = desk.command(verb, arguments);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(answer.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Run { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// The balances in another file with the keys of this one.
fn in_copy(desk: &Desk, copy: &str) -> Run {
    let mut command = crate::common::program();
    let keys = desk.path("flat.db.keys");
    command.args(["balances", "--db", text(&desk.path(copy)), "--key-file", text(&keys)]);
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Run { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

#[test]
fn a_backup_opens_until_the_key_is_another() {
    let (desk, ..) = flat();
    let balances = desk.run::<&str>("balances", &[]).ok();
    let said = desk.run("backup", &[text(&desk.path("copy.db"))]).ok();
    assert!(said.contains("opens with --key-file"), "{said}");
    assert_eq!(in_copy(&desk, "copy.db").ok(), balances);
    let whole = std::fs::read(desk.path("copy.db")).unwrap();
    let again = desk.run("backup", &[text(&desk.path("copy.db"))]).failed(2);
    assert!(again.contains("exists already; name a new file"), "{again}");
    let own = desk.run("backup", &[text(&desk.db())]).failed(2);
    assert!(own.contains("holds the database or its keys"), "{own}");
    assert_eq!(std::fs::read(desk.path("copy.db")).unwrap(), whole);
    let nowhere = desk.run("backup", &[text(&desk.path("no/copy.db"))]).failed(1);
    assert!(nowhere.contains("copy.db"), "{nowhere}");

    let asked = desk.run::<&str>("rekey", &[]).declined();
    assert!(asked.contains("backups from before will not open any more"), "{asked}");
    assert!(asked.contains("nothing was changed"), "{asked}");
    assert_eq!(in_copy(&desk, "copy.db").ok(), balances, "under the same key");
    let said = desk.run::<&str>("rekey", &["--yes"]).ok();
    assert!(said.contains("has a new key"), "{said}");
    assert_eq!(desk.run::<&str>("balances", &[]).ok(), balances);
    assert_eq!(in_copy(&desk, "copy.db").code, Some(1), "under the old key");
    desk.run("backup", &[text(&desk.path("new.db"))]).ok();
    assert_eq!(in_copy(&desk, "new.db").ok(), balances);
}

#[test]
fn a_group_is_deleted_by_its_name_alone() {
    let (desk, ..) = flat();
    let before = desk.everything();
    let asked = desk.run::<&str>("delete-group", &[]).declined();
    assert!(
        asked.contains("this deletes Flat") && asked.contains("nothing was deleted"),
        "{asked}"
    );
    for (answer, code) in [("\n", 3), ("flat\n", 2), ("yes\n", 2), ("Flat \n", 2), ("y", 2)] {
        let run = answered(&desk, "delete-group", &[], answer);
        assert_eq!(run.code, Some(code), "{answer:?}: {run:?}");
        assert!((run.out + &run.err).contains("nothing was deleted"), "{answer:?}");
    }
    for wrong in [&["--yes"][..], &["Flat"], &["--group", "House"], &["--json"]] {
        assert_eq!(desk.run("delete-group", wrong).code, Some(2), "{wrong:?}");
    }
    assert_eq!(desk.everything(), before);
    desk.run("new", &["--me", "Anna", "House"]).ok();
    let several = answered(&desk, "delete-group", &[], "Flat\n");
    assert_eq!(several.code, Some(2), "{several:?}");
    let deleted = answered(&desk, "delete-group", &["--group", "House"], "House\n");
    assert!(deleted.out.ends_with("deleted House\n"), "{deleted:?}");
    assert_eq!(desk.everything(), before);
    let last = answered(&desk, "delete-group", &[], "Flat\n");
    assert_eq!(last.code, Some(0), "{last:?}");
    let none = desk.run::<&str>("balances", &[]).failed(1);
    assert!(none.contains("has no group yet"), "{none}");
}
