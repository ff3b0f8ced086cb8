//! Bad input to each command: the exit code says whose fault it is, the message says what to do, and
//! neither the ledger nor any file has changed.

use std::collections::BTreeMap;

use crate::change::flat;
use crate::common::{Desk, text};

/// The files of a desk with their content. The log of the database is part of the database, which
/// `everything` compares.
fn files(desk: &Desk) -> BTreeMap<String, Vec<u8>> {
    let names = desk.files().into_iter().filter(|name| !name.contains(".db"));
    let content = |name: String| (name.clone(), std::fs::read(desk.path(&name)).unwrap());
    names.map(content).collect()
}

#[test]
fn each_command_refuses_bad_input_and_changes_nothing() {
    let (desk, dinner, _) = flat();
    let junk = text(&desk.file("junk", "this is no message")).to_owned();
    let empty = text(&desk.file("empty", "")).to_owned();
    let nowhere = text(&desk.path("no/where")).to_owned();
    let missing = text(&desk.path("missing")).to_owned();
    let fresh = text(&desk.path("fresh")).to_owned();
    let db = text(&desk.db()).to_owned();
    let keys = text(&desk.path("flat.db.keys")).to_owned();
    let folder = desk.path("");
    let folder = text(&folder);
    let full = "0".repeat(64);
    let long = "x".repeat(300);
    let (junk, empty, nowhere, missing) = (&junk[..], &empty[..], &nowhere[..], &missing[..]);
    let (fresh, db, keys) = (&fresh[..], &db[..], &keys[..]);
    let (dinner, full, long) = (&dinner[..], &full[..], &long[..]);
    let before = (desk.everything(), files(&desk));
    let cases: Vec<(&str, i32, Vec<Vec<&str>>)> = vec![
        (
            "record",
            2,
            vec![
                vec![],
                vec!["Tea"],
                vec!["Tea", "2"],
                vec!["Tea", "2", "Euro"],
                vec!["Tea", "x", "EUR"],
                vec!["Tea", "2.001", "EUR"],
                vec!["Tea", "1e2", "EUR"],
                vec!["Tea", "2", "EUR", "--by", "Zoe"],
                vec!["Tea", "2", "EUR", "--on", "yesterday"],
                vec!["Tea", "2", "EUR", "--split", "fair"],
                vec!["Tea", "2", "EUR", "--for", ""],
                vec!["Tea", "2", "EUR", "--tip", "1"],
                vec!["Tea", "2", "EUR", "--group", "House"],
            ],
        ),
        (
            "pay",
            2,
            vec![
                vec![],
                vec!["Ben"],
                vec!["Ben", "2"],
                vec!["Zoe", "2", "EUR"],
                vec!["Ben", "2", "eur"],
                vec!["Ben", "2,5", "EUR"],
                vec!["Ben", "2", "EUR", "--by", ""],
                vec!["Ben", "2", "EUR", "--for", "Ben"],
                vec!["Ben", "2", "EUR", "--date", "2026-13-01"],
                vec!["Ben", "2", "EUR", "--json"],
            ],
        ),
        ("pay", 2, vec![vec!["Ben", "0", "EUR"]]),
        ("pay", 1, vec![vec!["Anna", "2", "EUR"]]),
        (
            "debts",
            2,
            vec![vec![], vec!["Zoe"], vec![""], vec!["Ben", "Anna"], vec!["Ben", "--in", "EUR"]],
        ),
        (
            "statement",
            2,
            vec![
                vec![],
                vec!["Zoe"],
                vec!["Ben", "--currency", "Euro"],
                vec!["Ben", "--limit", "3"],
                vec!["Ben", "--after", "1-1"],
                vec!["Ben", "--currency", "EUR", "--limit", "-1"],
            ],
        ),
        ("expenses", 2, vec![vec!["--after", "1-1"], vec!["--limit", "x"], vec!["Ben"]]),
        (
            "totals",
            2,
            vec![
                vec![],
                vec!["--by", "week"],
                vec!["--by", "month", "--member", "Zoe"],
                vec!["--by", "month", "--currency", "Euro"],
                vec!["--by", "month", "--text", " "],
                vec!["--by", "month", "--from", "2026-02-30"],
                vec!["--by", "month", "--from", "2026-12-01", "--to", "2026-11-30"],
            ],
        ),
        ("activity", 2, vec![vec!["--after", ""], vec!["--limit", "1.5"], vec!["all"]]),
        ("members", 2, vec![vec!["Ben"], vec!["--limit", "3"], vec!["--group", "House"]]),
        ("devices", 2, vec![vec!["Ben"], vec!["--limit", "3"], vec!["--group", ""]]),
        ("groups", 2, vec![vec!["Flat"], vec!["--group", "Flat"], vec!["-v"]]),
        (
            "remove",
            2,
            vec![
                vec![],
                vec!["Zoe"],
                vec!["", "--yes"],
                vec!["Ben", "--since", "xyz", "--yes"],
                vec!["Ben", "--since", full, "--yes"],
                vec!["Ben", "Cleo", "--yes"],
            ],
        ),
        ("remove", 1, vec![vec!["Anna", "--yes"]]),
        (
            "revoke",
            2,
            vec![
                vec![],
                vec!["ffff", "--yes"],
                vec!["xyz", "--yes"],
                vec!["", "--since", "x", "--yes"],
            ],
        ),
        ("leave", 2, vec![vec![], vec!["--yes"], vec!["Anna"]]),
        ("rename", 2, vec![vec![], vec!["--yes"], vec!["A", "B", "--yes"]]),
        (
            "rename",
            1,
            vec![
                vec!["", "--yes"],
                vec!["\u{200b}", "--yes"],
                vec!["a\tb", "--yes"],
                vec![long, "--yes"],
            ],
        ),
        ("successor", 2, vec![vec!["A", "B"], vec!["--group", "House"]]),
        ("successor", 1, vec![vec![""], vec![long], vec!["a\tb"]]),
        ("compare-opening", 2, vec![vec!["Flat"], vec!["--json"], vec!["--group", "House"]]),
        (
            "invite",
            2,
            vec![
                vec!["--for-member", "Zoe"],
                vec!["--max-uses", "-1"],
                vec!["--max-uses", "x"],
                vec!["Ben"],
            ],
        ),
        (
            "join",
            2,
            vec![
                vec![],
                vec!["--name", "Ben", "x", fresh],
                vec!["x", fresh],
                vec!["--name", "", "x", fresh],
                vec!["--name", "Ben", "ledger://join#", fresh],
                vec!["--name", "Ben", "x", fresh, "--group", "Flat"],
            ],
        ),
        (
            "admit",
            1,
            vec![vec![junk, fresh], vec![empty, fresh], vec![missing, fresh], vec![junk, nowhere]],
        ),
        (
            "admit",
            2,
            vec![
                vec![],
                vec![junk],
                vec![junk, db],
                vec![junk, keys],
                vec![junk, folder],
                vec![empty, junk],
                vec!["--force", junk, junk],
                vec!["--force", junk, keys],
            ],
        ),
        ("enter", 1, vec![vec![junk], vec![empty], vec![missing], vec![db], vec![folder]]),
        ("receive", 1, vec![vec![junk], vec![empty], vec![missing], vec![db], vec![folder]]),
        ("bundle import", 1, vec![vec![junk], vec![empty], vec![missing], vec![db], vec![folder]]),
        ("bundle export", 1, vec![vec![nowhere]]),
        (
            "bundle export",
            2,
            vec![
                vec![],
                vec![db],
                vec![keys],
                vec![folder],
                vec![junk],
                vec!["--force", db],
                vec!["--force", keys],
                vec!["--since", "x", fresh],
                vec!["--since", "", fresh],
            ],
        ),
        ("bundle summary", 2, vec![vec![fresh], vec!["--json"], vec!["--group", "House"]]),
        (
            "shares make",
            2,
            vec![
                vec!["--needed", "2", folder],
                vec!["--needed", "x", folder, "Ben", "Cleo"],
                vec!["--needed", "2", folder, "Ben", "Zoe"],
                vec![folder, "Ben"],
                vec!["--needed", "300", folder, "Ben"],
            ],
        ),
        (
            "shares make",
            1,
            vec![
                vec!["--needed", "1", folder, "Ben", "Cleo"],
                vec!["--needed", "3", folder, "Ben", "Cleo"],
                vec!["--needed", "2", folder, "Ben", "Ben"],
                vec!["--needed", "2", folder, "Ben", "Cleo"],
            ],
        ),
        ("shares keep", 1, vec![vec![junk], vec![empty], vec![missing], vec![db]]),
        (
            "shares return",
            1,
            vec![vec!["Ben", junk, fresh], vec!["Ben", missing, fresh], vec!["Zoe", junk, fresh]],
        ),
        ("shares add", 1, vec![vec![junk], vec![empty], vec![missing]]),
        (
            "shares restore",
            1,
            vec![vec!["--yes", missing, fresh], vec!["--yes", "--person", "1", junk, fresh]],
        ),
        (
            "shares request",
            2,
            vec![vec![], vec![db], vec![keys], vec![folder], vec![junk], vec!["--force", db]],
        ),
        ("shares return", 2, vec![vec!["Ben", junk, junk], vec!["--force", "Ben", junk, junk]]),
        ("recover", 2, vec![vec![junk, junk], vec!["--force", junk, junk], vec![junk, keys]]),
        ("shares restore", 2, vec![vec![junk, empty], vec!["--force", junk, junk]]),
        ("approve", 1, vec![vec![junk], vec![empty], vec![missing], vec![db]]),
        (
            "reset-device-keys",
            2,
            vec![
                vec![],
                vec!["--yes"],
                vec!["--yes", db],
                vec!["--yes", keys],
                vec!["--yes", junk],
            ],
        ),
        ("reset-device-keys", 1, vec![vec!["--yes", nowhere]]),
        ("go-on", 2, vec![vec!["Flat"], vec!["--json"], vec!["--group", "House", "--yes"]]),
        ("agree", 1, vec![vec![junk], vec![empty], vec![missing]]),
        (
            "verify-history",
            2,
            vec![vec!["Flat"], vec!["--rebuild-indexes"], vec!["--group", "House"]],
        ),
        ("check-database", 2, vec![vec!["Flat"], vec!["--group", "Flat"], vec!["-v"]]),
        ("salvage", 2, vec![vec![], vec!["--to"], vec!["--group", "Flat", "--to", fresh]]),
        ("salvage", 1, vec![vec!["--to", db], vec!["--to", junk], vec!["--to", nowhere]]),
        ("export", 2, vec![vec![], vec!["--format", "pdf"], vec!["--format", "csv", "--json"]]),
        (
            "import",
            1,
            vec![
                vec!["--format", "splitwise", junk],
                vec!["--format", "splitwise", empty],
                vec!["--format", "splitwise", missing],
                vec!["--format", "splitwise", db],
            ],
        ),
        (
            "new",
            2,
            vec![
                vec![],
                vec!["Flat"],
                vec!["--me", "Anna"],
                vec!["--me", "", "Flat"],
                vec!["--me", "Anna", ""],
                vec!["--me", "Anna", "--with", "", "Flat"],
                vec!["--me", long, "Flat"],
                vec!["--me", "Anna", "Flat", "--group", "Flat"],
                vec!["--me", "a\tb", "Flat"],
            ],
        ),
        ("rekey", 2, vec![vec!["Flat"], vec!["--group", "Flat"], vec!["--force"]]),
        ("phrase", 2, vec![vec!["Flat"], vec!["--group", "Flat"], vec!["--json"]]),
        (
            "pair new",
            2,
            vec![vec![], vec![folder, "--group", "Flat"], vec![folder, "--record-only"]],
        ),
        ("pair old", 2, vec![vec![], vec![folder, "--group", "Flat"], vec![folder, "--yes"]]),
        ("correct", 2, vec![vec![dinner, "--amount", ""], vec![dinner, "--for", "Zoe"]]),
    ];
    for (verb, code, inputs) in cases {
        for arguments in inputs {
            let run = desk.run(verb, &arguments);
            assert_eq!(run.code, Some(code), "{verb} {arguments:?}: {run:?}");
            assert!(run.err.len() > 15 && run.err.len() < 2_000, "{verb} {arguments:?}: {run:?}");
            assert!(!run.err.contains("panicked"), "{verb} {arguments:?}: {run:?}");
            assert_eq!(files(&desk), before.1, "{verb} {arguments:?}");
        }
    }
    assert_eq!(desk.everything(), before.0);
    desk.run::<&str>("verify-history", &[]).ok();
}

/// A file that exists is replaced if the command says so, and one of this ledger never.
#[test]
fn a_file_is_replaced_by_force_only() {
    let (desk, ..) = flat();
    let other = Desk::new();
    other.run("new", &["--me", "Zoe", "Trip"]).ok();
    let balances = other.run::<&str>("balances", &[]).ok();
    // Another database, its keys, and the names of its log: nothing replaces them.
    for (name, word) in [
        ("flat.db", "is a database"),
        ("flat.db.keys", "is a key file"),
        ("flat.db-wal", "needs for its log or lock"),
        ("flat.db-journal", "needs for its log or lock"),
        ("flat.db.lock", "needs for its log or lock"),
    ] {
        for force in [&[][..], &["--force"]] {
            let target = other.path(name);
            let refused = desk.run("bundle export", &[force, &[text(&target)]].concat()).failed(2);
            assert!(refused.contains(word), "{refused}");
        }
    }
    for name in ["flat.db-journal", "flat.db.lock", "flat.db-wal"] {
        let refused = desk.run("backup", &[text(&desk.path(name))]).failed(2);
        assert!(refused.contains("holds the database or its keys"), "{refused}");
    }
    let existing = desk.file("notes", "mine");
    let refused = desk.run("bundle export", &[text(&existing)]).failed(2);
    assert!(refused.contains("exists already; name a new file, or replace"), "{refused}");
    let nowhere = desk.path("no/where");
    let refused = desk.run("bundle export", &[text(&nowhere)]).failed(1);
    assert!(refused.contains("there is no folder"), "{refused}");
    assert_eq!(other.run::<&str>("balances", &[]).ok(), balances);
    let file = desk.file("bundle", "of last week");
    let old = std::fs::read(&file).unwrap();
    desk.run("bundle export", &[text(&file)]).failed(2);
    assert_eq!(std::fs::read(&file).unwrap(), old);
    desk.run("bundle export", &["--force", text(&file)]).ok();
    assert_ne!(std::fs::read(&file).unwrap(), old);
    // Messages of an earlier pairing are in the folder, and no database is made.
    let (new, folder) = (Desk::new(), desk.path("between"));
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("pair-5"), "earlier").unwrap();
    let refused = new.run("pair new", &[text(&folder)]).failed(2);
    assert!(refused.contains("pair-5 exists already"), "{refused}");
    assert!(new.files().is_empty());
    #[cfg(unix)]
    {
        // A link by which a command would replace what it reads, and one that leads nowhere.
        let (input, nowhere) = (desk.path("input"), desk.path("nowhere"));
        std::os::unix::fs::symlink(&file, &input).unwrap();
        std::os::unix::fs::symlink(desk.path("gone"), &nowhere).unwrap();
        let refused = desk.run("admit", &["--force", text(&file), text(&input)]).failed(2);
        assert!(refused.contains("is what this command reads"), "{refused}");
        desk.run("bundle export", &[text(&nowhere)]).failed(2);
    }
}

/// What a command writes is there as a whole, or the file is what it was.
#[test]
fn a_failed_command_leaves_the_file_that_it_would_replace() {
    let (desk, ..) = flat();
    let bundle = desk.path("bundle");
    desk.run("bundle export", &[text(&bundle)]).ok();
    let whole = std::fs::read(&bundle).unwrap();
    desk.run("bundle export", &["--force", "--since", "x", text(&bundle)]).failed(2);
    let junk = desk.file("junk", "no request");
    desk.run("admit", &["--force", text(&junk), text(&bundle)]).failed(1);
    assert_eq!(std::fs::read(&bundle).unwrap(), whole);
    assert_eq!(desk.files().iter().filter(|name| name.starts_with('.')).count(), 0);
    #[cfg(unix)]
    {
        let link = desk.path("link");
        std::os::unix::fs::symlink(desk.db(), &link).unwrap();
        let refused = desk.run("bundle export", &[text(&link)]).failed(2);
        assert!(refused.contains("holds the database or its keys"), "{refused}");
        desk.run("bundle export", &["/dev/null"]).ok();
    }
    desk.run::<&str>("verify-history", &[]).ok();
}

#[test]
fn an_option_without_effect_is_refused() {
    let desk = Desk::with_sample();
    let before = desk.everything();
    let csv = crate::common::sample();
    let import = |more: &[&str]| desk.import_with(&csv, more);
    for (more, words) in [
        (&["--me", "Lena"][..], "--me \"Lena\" has no effect"),
        (&["--name", "Other"], "--name \"Other\" has no effect"),
    ] {
        let message = import(more).failed(2);
        assert!(message.contains(words), "{message}");
    }
    // What is so can be said again.
    import(&["--me", "Anna Schäfer", "--name", "flatshare"]).ok();
    assert_eq!(desk.everything(), before);
    let new = Desk::new();
    let message = new.import_with(&csv, &["--group", "Flat"]).failed(2);
    assert!(message.contains("--name names the new group"), "{message}");
    assert!(new.files().is_empty());
}
