//! A database that can only be read: everything that reads works, and what writes says why not.
#![cfg(unix)]

use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::{Desk, Run, program, text};

/// A user whom permissions bind, which root is not.
const NOBODY: u32 = 65_534;

/// A ledger in a folder of somebody else, with a key file that this user may read.
struct Medium {
    desk: Desk,
    program: PathBuf,
    is_root: bool,
}

impl Medium {
    fn new(file: u32, folder: u32) -> Self {
        let desk = Desk::with_sample();
        let place = desk.db().parent().unwrap().to_owned();
        std::fs::create_dir(desk.path("out")).unwrap();
        std::fs::rename(desk.path("flat.db.keys"), desk.path("out/keys")).unwrap();
        let copy = desk.path("out/program");
        let built = program().get_program().to_owned();
        // Where the program was built, others may not be allowed to look.
        assert!(Command::new("cp").arg(built).arg(&copy).status().unwrap().success());
        let is_root = is_root(&desk);
        if is_root {
            for path in ["out", "out/keys", "out/program"] {
                chown(desk.path(path), Some(NOBODY), Some(NOBODY)).unwrap();
            }
        }
        let medium = Self { desk, program: copy, is_root };
        medium.set(&medium.desk.db(), file);
        medium.set(&place, folder);
        medium
    }

    fn set(&self, path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    fn run(&self, verb: &str, arguments: &[&str]) -> Run {
        let mut command = Command::new(&self.program);
        command.args(verb.split(' ')).arg("--db").arg(self.desk.db());
        command.arg("--key-file").arg(self.desk.path("out/keys")).args(arguments);
        if self.is_root {
            command.uid(NOBODY).gid(NOBODY);
        }
        let output = command.stdin(std::process::Stdio::null()).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Run { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    fn writable(&self) {
        self.set(self.desk.db().parent().unwrap(), 0o700);
    }
}

/// Whether permissions do not bind this process.
fn is_root(desk: &Desk) -> bool {
    let probe = desk.file("out/probe", "");
    std::fs::set_permissions(&probe, std::fs::Permissions::from_mode(0o444)).unwrap();
    std::fs::OpenOptions::new().append(true).open(&probe).is_ok()
}

#[test]
fn everything_is_read_and_nothing_is_written() {
    // A folder of somebody else; a file as well, as on a medium.
    for (file, folder) in [(0o666, 0o555), (0o444, 0o555)] {
        let medium = Medium::new(file, folder);
        let files = medium.desk.files();
        let before = std::fs::read(medium.desk.db()).unwrap();
        for verb in [
            "balances",
            "settle-up",
            "expenses",
            "activity",
            "members",
            "groups",
            "unread",
            "settings",
            "verify-history",
            "check-database",
            "agree",
        ] {
            medium.run(verb, &[]).ok();
        }
        for format in ["csv", "json", "hledger"] {
            medium.run("export", &["--format", format]).ok();
        }
        let csv = medium.desk.path("out/export.csv");
        std::fs::write(&csv, medium.run("export", &["--format", "csv"]).out).unwrap();
        medium.set(&csv, 0o644);
        let copy = medium.desk.path("out/copy.db");
        medium.run("backup", &[text(&copy)]).ok();
        let bundle = medium.desk.path("out/bundle");
        for (verb, arguments) in [
            ("record", vec!["Tea", "1", "EUR"]),
            ("undo", vec![]),
            ("invite", vec![]),
            ("rekey", vec!["--yes"]),
            ("new", vec!["--me", "Ann", "Other"]),
            ("import", vec![text(&csv), "--add-anyway"]),
            ("bundle export", vec![text(&bundle)]),
        ] {
            let message = medium.run(verb, &arguments).failed(1);
            assert!(message.contains("read-only medium"), "{verb}: {message}");
        }
        medium.writable();
        assert_eq!(medium.desk.files(), files, "nothing stands beside it");
        assert_eq!(std::fs::read(medium.desk.db()).unwrap(), before);
        let keys = medium.desk.path("out/keys");
        let with_keys = ["--db", text(&copy), "--key-file", text(&keys)];
        let mut command = Command::new(&medium.program);
        command.arg("balances").args(with_keys);
        if medium.is_root {
            command.uid(NOBODY).gid(NOBODY);
        }
        medium.set(medium.desk.db().parent().unwrap(), 0o755);
        assert!(command.output().unwrap().status.success(), "the copy is a database");
        medium.writable();
    }
}
