//! `ledger verify-history`: everything verified again from the stored bytes.

use std::io::Write;

use ledger_store::{Problem, Table, Verification, WaitingCount};
use serde_json::{Value, json};

use crate::args::Read;
use crate::context::{open, the_group};
use crate::failure::Failure;
use crate::read::print_json;
use crate::show::{one_line, print_waiting, progress_bar};

pub(crate) fn run(arguments: &Read, out: &mut dyn Write) -> Result<(), Failure> {
    let store = open(&arguments.location)?;
    let group = the_group(&store, &arguments.location)?;
    let verification = group.maintenance().verify_history(&mut progress_bar())?;
    if arguments.json {
        print_report_json(&verification, out)?;
    } else {
        print_report(&verification, out)?;
    }
    match verification.problems.len() {
        0 => Ok(()),
        count => Err(Failure::Ledger(format!("{count} problems found"))),
    }
}

fn print_report(verification: &Verification, out: &mut dyn Write) -> Result<(), Failure> {
    print_problems(&verification.problems, out)?;
    writeln!(out, "{} entries checked", verification.entries)?;
    print_waiting(verification.waiting, out)?;
    if let Some(digest) = verification.digest.filter(|_| verification.problems.is_empty()) {
        writeln!(out, "every hash, signature, link and rule holds")?;
        writeln!(out, "state digest {digest}")?;
    }
    Ok(())
}

fn print_report_json(verification: &Verification, out: &mut dyn Write) -> Result<(), Failure> {
    let problems: Vec<_> = verification.problems.iter().map(problem_json).collect();
    let mut report = json!({
        "entries": verification.entries,
        "digest": verification.digest.map(|digest| digest.to_string()),
        "problems": problems,
    });
    add_waiting(&mut report, verification.waiting);
    print_json(out, &report)
}

/// Adds to a report how many entries wait, if any do.
pub(crate) fn add_waiting(report: &mut Value, waiting: WaitingCount) {
    if let (Some(report), true) = (report.as_object_mut(), waiting.total > 0) {
        report.insert("waiting".to_owned(), waiting.total.into());
        report.insert("own_waiting".to_owned(), waiting.own.into());
    }
}

/// Prints a line for each problem: table, entry, rule, and description.
pub(crate) fn print_problems<'a>(
    problems: impl IntoIterator<Item = &'a Problem>,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    for problem in problems {
        let table = problem.table.map_or("the file", Table::name);
        let entry = problem.entry.map_or_else(String::new, |id| format!(", entry {id}"));
        let rule = problem.rule.map_or_else(String::new, |rule| format!(", rule {rule}"));
        writeln!(out, "{table}{entry}{rule}: {}", one_line(&problem.found))?;
    }
    Ok(())
}

pub(crate) fn problem_json(problem: &Problem) -> Value {
    json!({
        "group": problem.group.map(|id| id.to_string()),
        "table": problem.table.map(Table::name),
        "entry": problem.entry.map(|id| id.to_string()),
        "rule": problem.rule.map(|rule| rule.code()),
        "remedy": problem.remedy.advice(),
        "found": problem.found,
    })
}
