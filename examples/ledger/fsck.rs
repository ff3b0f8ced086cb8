//! `ledger fsck`: the whole database checked, and what is derived written anew.

use std::io::Write;

use ledger_store::{DatabaseCheck, Remedy, Store};
use serde_json::json;

use crate::args;
use crate::context::open;
use crate::failure::Failure;
use crate::read::print_json;
use crate::show::progress_bar;
use crate::verify::{print_problems, problem_json};

pub(crate) fn run(arguments: &args::Fsck, out: &mut dyn Write) -> Result<(), Failure> {
    let store = open(&arguments.read.location)?;
    let found = store.maintenance().check_database(&mut progress_bar())?;
    let fixed = arguments.fix && found.remedy() == Some(Remedy::RebuildIndexes);
    let left = if fixed { fix(&store)? } else { found.clone() };
    if arguments.read.json {
        print_report_json(&found, fixed, &left, out)?;
    } else {
        print_report(&found, fixed, out)?;
    }
    match (left.problems().count(), left.remedy()) {
        (_, None) => Ok(()),
        (count, Some(Remedy::RebuildIndexes)) if !fixed => {
            let text =
                format!("{count} problems found; ledger fsck --fix writes anew what is wrong");
            Err(Failure::Ledger(text))
        }
        (count, _) => {
            let text = format!(
                "{count} problems found; restore a backup, or ledger repair saves what is sound"
            );
            Err(Failure::Ledger(text))
        }
    }
}

/// Writes anew, and checks again.
fn fix(store: &Store) -> Result<DatabaseCheck, Failure> {
    store.maintenance().rebuild_indexes(&mut progress_bar())?;
    Ok(store.maintenance().check_database(&mut progress_bar())?)
}

fn print_report(found: &DatabaseCheck, fixed: bool, out: &mut dyn Write) -> Result<(), Failure> {
    print_problems(found.problems(), out)?;
    for (group, verification) in &found.groups {
        writeln!(out, "group {}: {} entries checked", group.short(), verification.entries)?;
    }
    if found.remedy().is_none() {
        writeln!(out, "every table agrees with the entries, every page with its checksum")?;
    }
    if fixed {
        writeln!(out, "everything derived from the entries was written anew, and checked again")?;
    }
    Ok(())
}

fn print_report_json(
    found: &DatabaseCheck,
    fixed: bool,
    left: &DatabaseCheck,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let groups = found.groups.iter().map(|(group, verification)| {
        json!({
            "group": group.to_string(),
            "entries": verification.entries,
            "digest": verification.digest.map(|digest| digest.to_string()),
        })
    });
    print_json(
        out,
        &json!({
            "groups": groups.collect::<Vec<_>>(),
            "problems": found.problems().map(problem_json).collect::<Vec<_>>(),
            "fixed": fixed,
            "problems_left": left.problems().map(problem_json).collect::<Vec<_>>(),
        }),
    )
}
