//! `ledger unread`: what other devices wrote that this person has not seen yet.

use std::io::Write;

use ledger_store::{Activity, Group};
use serde_json::Value;

use crate::args::Unread;
use crate::context::{People, open, the_group};
use crate::failure::Failure;
use crate::read::{activity_json, print_json, summary};
use crate::show::{Align, one_line, table};

/// Rows read from the database at once.
const PAGE: u32 = 500;

pub(crate) fn unread(arguments: &Unread, out: &mut dyn Write) -> Result<(), Failure> {
    let store = open(&arguments.read.location)?;
    let group = the_group(&store, &arguments.read.location)?;
    let state = group.state()?;
    let mut position = group.lists().unread()?.read;
    let mut rows: Vec<Activity> = Vec::new();
    loop {
        let page = group.lists().arrived(position, PAGE)?;
        let Some(last) = page.last() else { break };
        position = Some(last.cursor);
        rows.extend(page.into_iter().filter(Activity::counts_as_unread));
    }
    if arguments.read.json {
        let values = ledger_formats::json::Values::new(&state);
        let rows: Vec<Value> = rows.iter().map(|row| activity_json(row, &values)).collect();
        print_json(out, &rows)?;
    } else {
        print(&group, &rows, &state, out)?;
    }
    // Only what was printed is marked, not what came meanwhile.
    out.flush()?;
    match position.filter(|_| arguments.mark_read) {
        Some(position) => Ok(group.mark_read(Some(position))?),
        None => Ok(()),
    }
}

fn print(
    group: &Group,
    rows: &[Activity],
    state: &ledger_core::GroupState,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    if rows.is_empty() {
        return Ok(writeln!(out, "Nothing is new.")?);
    }
    let people = People::of(state);
    let mut lines = Vec::new();
    for row in rows {
        let author = row.author.map_or("?", |author| people.label(author));
        let id = group.lists().short_id(row.entry.id())?;
        lines.push([id, one_line(author), one_line(&summary(row, state))]);
    }
    table(out, [Align::Left; 3], &lines)
}
