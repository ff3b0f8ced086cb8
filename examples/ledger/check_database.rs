//! `ledger check-database`: a check of the whole database, and a rebuild of its indexes.

use std::io::Write;

use ledger_store::{DatabaseCheck, Remedy, Store};
use serde_json::json;

use crate::args;
use crate::context::open;
use crate::failure::Failure;
use crate::read::print_json;
use crate::show::{print_waiting, progress_bar};
use crate::verify_history::{add_waiting, print_problems, problem_json};

pub(crate) fn run(arguments: &args::CheckDatabase, out: &mut dyn Write) -> Result<(), Failure> {
    let store = open(&arguments.read.location)?;
    let found = store.maintenance().check_database(&mut progress_bar())?;
    let rebuilt = arguments.rebuild_indexes && found.remedy() == Some(Remedy::RebuildIndexes);
    let left = if rebuilt { rebuild(&store)? } else { found.clone() };
    if arguments.read.json {
        print_report_json(&found, rebuilt, &left, out)?;
    } else {
        print_report(&found, rebuilt, out)?;
    }
    match (left.problems().count(), left.remedy()) {
        (_, None) => Ok(()),
        (count, Some(Remedy::RebuildIndexes)) if !rebuilt => {
            let advice = "`ledger check-database --rebuild-indexes` mends them";
            Err(Failure::Ledger(format!("{count} problems found; {advice}")))
        }
        (count, _) => {
            let advice = "restore a backup, or save the sound parts with `ledger salvage`";
            Err(Failure::Ledger(format!("{count} problems found; {advice}")))
        }
    }
}

/// Rebuilds the indexes, and checks again.
fn rebuild(store: &Store) -> Result<DatabaseCheck, Failure> {
    store.maintenance().rebuild_indexes(&mut progress_bar())?;
    Ok(store.maintenance().check_database(&mut progress_bar())?)
}

fn print_report(found: &DatabaseCheck, rebuilt: bool, out: &mut dyn Write) -> Result<(), Failure> {
    print_problems(found.problems(), out)?;
    for (group, verification) in &found.groups {
        writeln!(out, "group {}: {} entries checked", group.short(), verification.entries)?;
    }
    print_waiting(found.waiting(), out)?;
    if found.remedy().is_none() {
        writeln!(out, "every table agrees with the entries, every page with its checksum")?;
    }
    if rebuilt {
        writeln!(out, "the indexes were rebuilt from the entries, and checked again")?;
    }
    Ok(())
}

fn print_report_json(
    found: &DatabaseCheck,
    rebuilt: bool,
    left: &DatabaseCheck,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let groups = found.groups.iter().map(|(group, verification)| {
        let mut report = json!({
            "group": group.to_string(),
            "entries": verification.entries,
            "digest": verification.digest.map(|digest| digest.to_string()),
        });
        add_waiting(&mut report, verification.waiting);
        report
    });
    print_json(
        out,
        &json!({
            "groups": groups.collect::<Vec<_>>(),
            "problems": found.problems().map(problem_json).collect::<Vec<_>>(),
            "rebuilt": rebuilt,
            "problems_left": left.problems().map(problem_json).collect::<Vec<_>>(),
        }),
    )
}
