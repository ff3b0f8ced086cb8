//! Memory of work with a large group, measured in a process of its own.

use std::ops::ControlFlow;
use std::process::{Command, ExitCode};

use ledger_core::Transaction;
use ledger_store::{Condition, Filter, Group, NewEntry, Store};

use super::Figure;
use super::bed::File;

/// The argument with which a bench starts itself as the measured process.
const CHILD: &str = "--memory-of";

/// Work with a large group.
#[derive(Clone, Copy, Debug)]
pub enum Work {
    /// Work of an app: open, list, search, record.
    Use,
    /// Verification of the whole history.
    Verify,
}

impl Work {
    const ALL: [Self; 2] = [Self::Use, Self::Verify];

    fn name(self) -> &'static str {
        match self {
            Self::Use => "use",
            Self::Verify => "verify",
        }
    }

    fn run(self, file: &File) {
        match self {
            Self::Use => use_it(file),
            Self::Verify => verify_it(file),
        }
    }
}

/// Runs the measured work, if this process was started for it.
#[must_use]
pub fn child() -> Option<ExitCode> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, flag, work, path, keys] = arguments.as_slice() else { return None };
    let work = Work::ALL.into_iter().find(|known| known.name() == work.as_str());
    work.filter(|_| flag == CHILD).map(|work| {
        let file = File { path: path.into(), keys: keys.into() };
        let before = kilobytes("VmRSS:");
        work.run(&file);
        println!("{}", kilobytes("VmHWM:").saturating_sub(before));
        ExitCode::SUCCESS
    })
}

fn largest(store: &Store) -> Group {
    let largest = store.groups().unwrap().into_iter().max_by_key(|group| group.entries).unwrap();
    store.group(largest.id).unwrap()
}

fn verify_it(file: &File) {
    let found = largest(&file.open().0)
        .maintenance()
        .verify_history(&mut |_| ControlFlow::Continue(()))
        .unwrap();
    assert!(found.problems.is_empty(), "{:?}", found.problems);
}

/// Opens, lists, searches, records and reads back, as an app does.
fn use_it(file: &File) {
    let (store, _) = file.open();
    let group = largest(&store);
    let details: Transaction = group.lists().expenses(None, 50).unwrap().remove(0).transaction;
    let filter = Filter::default().condition(Condition::Text("groceries missing 97".to_owned()));
    for _ in 0..10 {
        let found = group.lists().find(&filter, None, 50).unwrap();
        assert_eq!(found.len(), 50);
        group.entries().append(vec![NewEntry::Record(details.clone())]).unwrap();
        let mut page = group.lists().activity(None, 50).unwrap();
        for _ in 0..10 {
            page = group.lists().activity(page.last().map(|row| row.cursor), 50).unwrap();
        }
    }
    assert!(!store.overview(None, 100).unwrap().is_empty());
}

/// Peak memory of using a group, beyond that of the process at its start.
#[must_use]
pub fn figures(file: &File) -> Vec<Figure> {
    vec![Figure {
        name: "memory of using the group, beyond the empty process".to_owned(),
        value: of(Work::Use, file),
        unit: "MB",
        limit: 32.0,
        at_most: 1.0,
    }]
}

/// Peak memory of work with the largest group, in megabytes, beyond that of the process at its start.
#[must_use]
pub fn of(work: Work, file: &File) -> f64 {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let output =
        command.args([CHILD, work.name()]).arg(&file.path).arg(&file.keys).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let kilobytes: f64 = String::from_utf8(output.stdout).unwrap().trim().parse().unwrap();
    kilobytes / 1e3
}

/// The kilobytes in one line of the status of this process.
pub(super) fn kilobytes(line: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let value = status.lines().find_map(|text| text.strip_prefix(line));
    value.and_then(|text| text.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
}
