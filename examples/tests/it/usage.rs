//! Calls of the program: exit codes, key files, and messages about them.

use crate::common::{Desk, program, sample, text};

#[test]
fn wrong_usage_is_exit_code_2_and_touches_nothing() {
    let desk = Desk::new();
    let csv = sample();
    let csv = csv.to_str().unwrap();
    let long = "x".repeat(257);
    for (verb, arguments) in [
        ("import", vec![]),
        ("import", vec![csv, csv]),
        ("import", vec!["--format", "splitwise"]),
        ("import", vec!["--format", "excel", csv]),
        ("import", vec!["--format", "splitwise", "--me", "Nobody", csv]),
        ("import", vec!["--format", "splitwise", "--me", "", csv]),
        ("import", vec!["--format", "splitwise", "--name", &long, csv]),
        ("balances", vec!["--limit", "3"]),
        ("expenses", vec!["--after", "yesterday"]),
        ("expenses", vec!["--limit", "-1"]),
        ("export", vec![]),
        ("export", vec!["--format", "pdf"]),
        ("frobnicate", vec![]),
    ] {
        let message = desk.run(verb, &arguments).failed(2);
        assert!(message.len() > 20, "{verb} {arguments:?}: {message}");
        assert_eq!(desk.files(), Vec::<String>::new(), "{verb} {arguments:?}");
    }
    let message = desk.import_with(&sample(), &["--me", "Nobody"]).failed(2);
    assert!(message.contains("Nobody") && message.contains("Anna Schäfer, Tomás"), "{message}");
}

/// No database and no key file are made for a name that nobody could read.
#[test]
fn a_name_that_cannot_be_written_makes_nothing() {
    let desk = Desk::new();
    let other = Desk::new();
    other.run("new", &["--me", "Ann", "Flat"]).ok();
    let link = other.run::<&str>("invite", &[]).ok();
    let csv = sample();
    let csv = csv.to_str().unwrap();
    let request = desk.path("request");
    let request = request.to_str().unwrap();
    for (name, words) in [
        ("\u{200b}", "at least one character that people see"),
        ("\u{202e}naB", "U+202E"),
        ("a\tb", "U+0009"),
    ] {
        for (verb, arguments) in [
            ("new", vec!["--me", name, "Flat"]),
            ("new", vec!["--me", "Ann", "--with", name, "Flat"]),
            ("new", vec!["--me", "Ann", name]),
            ("import", vec!["--format", "splitwise", "--name", name, csv]),
            ("join", vec!["--name", name, link.trim(), request]),
        ] {
            let message = desk.run(verb, &arguments).failed(2);
            assert!(message.contains(words), "{verb} {arguments:?}: {message}");
            assert_eq!(desk.files(), Vec::<String>::new(), "{verb} {arguments:?}");
        }
    }
    let unreadable = "Date,Description,Category,Cost,Currency,B\ten\n";
    let message = desk.import(&desk.file("\u{200b}.csv", unreadable)).failed(1);
    assert!(message.contains("line 1, column 6") && message.contains("U+0009"), "{message}");
    assert_eq!(desk.files(), ["\u{200b}.csv"]);
    let file = desk.file("\u{200b}.csv", std::fs::read(csv).unwrap());
    let message = desk.import(&file).failed(2);
    assert!(message.contains("choose a group's name with --name"), "{message}");
    assert_eq!(desk.files(), ["\u{200b}.csv"]);
    // The file's name is not needed where the group is there already.
    desk.import_with(&file, &["--name", "Flat"]).ok();
    desk.import(&file).ok();
}

#[test]
fn what_is_not_there_is_exit_code_1() {
    let desk = Desk::new();
    for verb in ["balances", "settle-up", "expenses", "activity", "verify-history"] {
        let message = desk.run::<&str>(verb, &[]).failed(1);
        assert!(message.contains("there is no database at"), "{message}");
    }
    // The folder is told, not only the file in it.
    let file = desk
        .file("a.csv", "Date,Description,Category,Cost,Currency,A,B\n2026-01-01,T,,2,EUR,1,-1\n");
    for (db, word) in [("no/x.db", "there is no folder"), ("", "is a folder; --db names a file")] {
        let place = desk.path(db);
        let import = ["import", "--db", text(&place), text(&file)];
        for arguments in [&import[..], &["balances", "--db", text(&place)]] {
            let output = program().args(arguments).output().unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            assert!(
                output.status.code() == Some(1) && said.contains(word),
                "{arguments:?}: {said}"
            );
        }
    }
    std::fs::remove_file(file).unwrap();
    let message = desk.import(&desk.path("nowhere.csv")).failed(1);
    assert!(message.contains("nowhere.csv"), "{message}");
    assert_eq!(desk.files(), Vec::<String>::new());
}

#[test]
fn the_keys_lie_beside_the_database_for_the_owner_only() {
    let desk = Desk::with_sample();
    assert_eq!(desk.files(), ["flat.db", "flat.db.keys"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(desk.path("flat.db.keys")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn the_keys_can_lie_elsewhere() {
    let desk = Desk::new();
    let keys = desk.path("my.keys");
    let with_keys = ["--key-file", keys.to_str().unwrap()];
    desk.import_with(&sample(), &with_keys).ok();
    assert_eq!(desk.files(), ["flat.db", "my.keys"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&keys).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    desk.run("balances", &with_keys).ok();
    let message = desk.run::<&str>("balances", &[]).failed(1);
    assert!(message.contains("there is no key file at"), "{message}");
    assert_eq!(desk.files(), ["flat.db", "my.keys"], "reading makes no keys");
}

#[test]
fn a_wrong_key_file_opens_nothing_and_changes_nothing() {
    let desk = Desk::with_sample();
    let other =
        Desk::with("Date,Description,Category,Cost,Currency,Ann\n2026-01-01,Tea,,1,EUR,0\n");
    let wrong = other.path("flat.db.keys");
    let garbage = desk.file("garbage", "these are not keys");
    let before = std::fs::read(desk.db()).unwrap();
    for (keys, says) in [(wrong, "has no key for"), (garbage, "not a key file of this program")] {
        let content = std::fs::read(&keys).unwrap();
        let with_keys = ["--key-file", keys.to_str().unwrap()];
        for verb in ["balances", "verify-history", "activity"] {
            let message = desk.run(verb, &with_keys).failed(1);
            assert!(message.contains(says), "{message}");
        }
        let message = desk.import_with(&sample(), &with_keys).failed(1);
        assert!(message.contains(says), "{message}");
        assert_eq!(std::fs::read(&keys).unwrap(), content);
    }
    assert_eq!(std::fs::read(desk.db()).unwrap(), before);
    desk.run::<&str>("verify-history", &[]).ok();
}

#[test]
fn a_damaged_database_is_told_by_every_command() {
    let desk = Desk::with_sample();
    let whole = std::fs::read(desk.db()).unwrap();
    std::fs::write(desk.db(), &whole[..whole.len() / 2]).unwrap();
    for verb in ["balances", "settle-up", "expenses", "activity", "verify-history"] {
        let message = desk.run::<&str>(verb, &[]).failed(1);
        assert!(message.contains("the database is damaged"), "{verb}: {message}");
    }
    std::fs::write(desk.db(), "Date,Description\n".repeat(100)).unwrap();
    let message = desk.run::<&str>("balances", &[]).failed(1);
    assert!(message.contains("is a text file, and no database"), "{message}");
}

#[test]
fn whatever_is_printed_holds_no_secret() {
    // Every run of these tests is searched for the values in the key file;
    // this one makes sure that there is something to find.
    let desk = Desk::with_sample();
    let keys = std::fs::read_to_string(desk.path("flat.db.keys")).unwrap();
    let values: Vec<usize> =
        keys.lines().skip(1).filter_map(|l| l.split_once(' ')).map(|(_, v)| v.len()).collect();
    assert_eq!(values.iter().sum::<usize>(), 64 + 64 + 128, "a database, a person, a device");
    for verb in ["balances", "settle-up", "expenses", "activity", "verify-history"] {
        desk.run(verb, &["-v"]);
        desk.run(verb, &["--json"]).ok();
    }
    for format in ["hledger", "csv", "json"] {
        desk.run("export", &["--format", format]).ok();
    }
}
