//! Runs of the command line, and the ledgers that the tests share.
#![allow(dead_code, unreachable_pub)]

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

use serde_json::Value;
use tempfile::TempDir;

/// Balances in minor units by currency and member.
pub type Balances = BTreeMap<(String, String), i128>;

/// The sample that comes with the program.
pub fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/flatshare.csv")
}

/// The program, which `cargo test -p ledger-examples` builds beside the tests.
/// With `--test NAME` cargo leaves it as it is, so an old one is refused.
pub fn program() -> Command {
    static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
        let test = std::env::current_exe().unwrap();
        let path = test.parent().unwrap().parent().unwrap().join("examples/ledger");
        let changed = |path: &Path| std::fs::metadata(path).and_then(|file| file.modified()).ok();
        let sources = std::fs::read_to_string(path.with_extension("d")).unwrap_or_default();
        let mut sources = sources.split_whitespace().skip(1).map(Path::new);
        let built = changed(&path);
        let fresh = built.is_some() && sources.all(|source| changed(source) <= built);
        assert!(fresh, "first: cargo build -p ledger-examples --example ledger");
        path
    });
    Command::new(&*PROGRAM)
}

/// Exit code and output of a run.
#[derive(Debug)]
pub struct Run {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Run {
    /// The output of a run that went well.
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!((self.code, self.err.as_str()), (Some(0), ""), "{}", self.out);
        self.out
    }

    #[track_caller]
    pub fn json(self) -> Value {
        serde_json::from_str(&self.ok()).unwrap()
    }

    /// All that a run said which asked and got no yes.
    #[track_caller]
    pub fn declined(self) -> String {
        assert_eq!(self.code, Some(3), "{} {}", self.out, self.err);
        self.out + &self.err
    }

    /// The message of a run that failed with this code and printed nothing else.
    #[track_caller]
    pub fn failed(self, code: i32) -> String {
        assert_eq!((self.code, self.out.as_str()), (Some(code), ""), "{}", self.err);
        self.err
    }
}

/// A folder with a ledger in it.
pub struct Desk(TempDir);

impl Desk {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// With the sample imported.
    pub fn with_sample() -> Self {
        let desk = Self::new();
        desk.import(&sample()).ok();
        desk
    }

    /// With this file imported.
    pub fn with(csv: &str) -> Self {
        let desk = Self::new();
        desk.import(&desk.file("group.csv", csv)).ok();
        desk
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn db(&self) -> PathBuf {
        self.path("flat.db")
    }

    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        std::fs::write(self.path(name), content).unwrap();
        self.path(name)
    }

    /// Opens the database past the library, as somebody with the key file and a SQLCipher shell.
    pub fn raw(&self) -> rusqlite::Connection {
        let keys = std::fs::read_to_string(self.path("flat.db.keys")).unwrap();
        let line = keys.lines().find(|line| line.starts_with("database-")).unwrap();
        let (salt, key) = line.trim_start_matches("database-").split_once(' ').unwrap();
        let raw = rusqlite::Connection::open(self.db()).unwrap();
        raw.execute_batch(&format!("PRAGMA key = \"x'{key}{salt}'\";")).unwrap();
        raw
    }

    /// The names of the files.
    pub fn files(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<String> =
            files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// The verb may be of two words, as `bundle export`.
    pub fn command<S: AsRef<OsStr>>(&self, verb: &str, arguments: &[S]) -> Command {
        let mut command = program();
        command.args(verb.split(' ')).arg("--db").arg(self.db()).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs a command on the ledger. Whatever it prints holds no secret.
    pub fn run<S: AsRef<OsStr>>(&self, verb: &str, arguments: &[S]) -> Run {
        let Output { status, stdout, stderr } = self.command(verb, arguments).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let run = Run { code: status.code(), out: text(stdout), err: text(stderr) };
        self.assert_no_secret_in(&run);
        run
    }

    pub fn import(&self, file: &Path) -> Run {
        self.import_with::<&str>(file, &[])
    }

    pub fn import_with<S: AsRef<OsStr>>(&self, file: &Path, arguments: &[S]) -> Run {
        let fixed = ["--format".as_ref(), "splitwise".as_ref(), file.as_os_str()];
        let all: Vec<&OsStr> =
            fixed.into_iter().chain(arguments.iter().map(AsRef::as_ref)).collect();
        self.run("import", &all)
    }

    pub fn balances(&self) -> Balances {
        let rows = self.run("balances", &["--json"]).json();
        balances_of(&rows)
    }

    /// Everything that the ledger says, to see whether it changed.
    pub fn everything(&self) -> Value {
        self.run("export", &["--format", "json"]).json()
    }

    fn assert_no_secret_in(&self, run: &Run) {
        for name in self.files().iter().filter(|name| name.ends_with("keys")) {
            let Ok(keys) = std::fs::read_to_string(self.path(name)) else { continue };
            let named = keys.lines().filter_map(|line| line.split_once(' '));
            // How far this device was heard of is kept there, too; ids are no secret.
            for value in named.filter(|(name, _)| !name.starts_with("handed")).map(|(_, v)| v) {
                for part in value.as_bytes().chunks_exact(16) {
                    let part = std::str::from_utf8(part).unwrap();
                    assert!(!run.out.contains(part) && !run.err.contains(part), "{run:?}");
                }
            }
        }
    }
}

/// A path as an argument.
pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

pub fn balances_of(rows: &Value) -> Balances {
    let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| {
        let units = row["minor_units"].as_i64().unwrap();
        ((text(row, "currency"), text(row, "member")), i128::from(units))
    })
    .collect()
}

/// A number of a file in minor units.
pub fn minor_units(text: &str, currency: &str) -> i128 {
    let places = match currency {
        "JPY" => 0,
        "KWD" => 3,
        unit => match unit.split_once('/') {
            Some((_, places)) => places.parse().unwrap(),
            None => 2,
        },
    };
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    assert!(decimals.len() <= places, "{text} {currency}");
    format!("{whole}{decimals}{}", "0".repeat(places - decimals.len())).parse().unwrap()
}

/// A file as rows of fields; empty lines are left out.
pub fn table(bytes: &[u8]) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

/// Balances in the closing rows of a file.
pub fn totals(rows: &[Vec<String>]) -> Balances {
    let closing = rows.iter().filter(|row| row[1] == "Total balance");
    let cells = closing.flat_map(|row| {
        let cells = rows[0].iter().zip(row).skip(5);
        cells.map(|(name, cell)| {
            (
                (row[4].clone(), name.trim_end_matches(" (removed)").to_owned()),
                minor_units(cell, &row[4]),
            )
        })
    });
    cells.collect()
}

pub fn to_csv(rows: &[Vec<String>]) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    rows.iter().for_each(|row| writer.write_record(row).unwrap());
    writer.into_inner().unwrap()
}

/// The file with one more column of a member, empty in every row so far.
pub fn add_member(rows: &mut [Vec<String>], name: &str) {
    for row in rows {
        row.push(if row[0] == "Date" { name } else { "0" }.to_owned());
    }
}
