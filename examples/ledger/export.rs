//! `ledger export`: the ledger for other programs.

use std::io::Write;

use ledger_formats::json::Entry;
use ledger_formats::{Row, hledger, json, splitwise};
use ledger_store::Group;

use crate::args::{Export, ExportFormat};
use crate::context::{open, the_group};
use crate::failure::Failure;

/// Rows read from the database at once.
const PAGE: u32 = 500;

pub(crate) fn run(arguments: &Export, out: &mut dyn Write) -> Result<(), Failure> {
    let store = open(&arguments.location)?;
    let group = the_group(&store, &arguments.location)?;
    match arguments.format {
        ExportFormat::Hledger => hledger::write(&*group.state()?, effective_rows(&group)?, out)?,
        ExportFormat::Csv => splitwise::write(&*group.state()?, effective_rows(&group)?, out)?,
        ExportFormat::Json => write_json(&group, out)?,
    }
    Ok(())
}

/// The expenses and transfers that count, oldest first.
fn effective_rows(group: &Group) -> Result<Vec<Row>, Failure> {
    let mut rows = Vec::new();
    let mut after = None;
    loop {
        let page = group.lists().expenses(after, PAGE)?;
        let Some(last) = page.last() else { break };
        after = Some(last.cursor);
        rows.extend(page.into_iter().filter(|row| !row.cancelled));
    }
    let rows = rows.into_iter().rev();
    Ok(rows.map(|row| Row { id: row.original, transaction: row.transaction }).collect())
}

/// Everything, void entries too, oldest first.
fn write_json(group: &Group, out: &mut dyn Write) -> Result<(), Failure> {
    let mut rows = Vec::new();
    let mut after = None;
    loop {
        let page = group.lists().activity(after, PAGE)?;
        let Some(last) = page.last() else { break };
        after = Some(last.cursor);
        rows.extend(page);
    }
    let entries = rows.iter().rev().map(|row| Entry {
        decoded: row.entry.decoded(),
        author: row.author,
        verdict: row.verdict,
        cursor: row.cursor.to_string(),
    });
    let ledger = group.ledger()?;
    let heads = ledger.frontier().heads();
    Ok(json::write(group.id(), &*group.state()?, heads, entries, out)?)
}
