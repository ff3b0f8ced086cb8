//! `ledger export`: the ledger for other programs.

mod csv;
mod hledger;
mod json;

use std::io::Write;

use ledger_store::{CurrentState, Group, Recorded};

use crate::args::{Export, ExportFormat};
use crate::context::{People, open, the_group};
use crate::failure::Failure;

/// Rows read from the database at once.
const PAGE: u32 = 500;

/// What every format writes.
struct Exported {
    group: Group,
    state: CurrentState,
    people: People,
}

pub(crate) fn run(arguments: &Export, out: &mut dyn Write) -> Result<(), Failure> {
    let store = open(&arguments.location)?;
    let group = the_group(&store, &arguments.location)?;
    let state = group.state()?;
    let people = People::of(&state);
    let exported = Exported { group, state, people };
    match arguments.format {
        ExportFormat::Hledger => hledger::write(&exported, out),
        ExportFormat::Csv => csv::write(&exported, out),
        ExportFormat::Json => json::write(&exported, out),
    }
}

impl Exported {
    /// The expenses and transfers that count, oldest first.
    fn effective(&self) -> Result<Vec<Recorded>, Failure> {
        let mut rows: Vec<Recorded> = Vec::new();
        loop {
            let page = self.group.lists().expenses(rows.last().map(|row| row.cursor), PAGE)?;
            if page.is_empty() {
                break;
            }
            rows.extend(page);
        }
        rows.retain(|row| !row.cancelled);
        rows.reverse();
        Ok(rows)
    }
}
