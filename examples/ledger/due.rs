//! `ledger recurring due` and `passed`: occurrences that nothing has recorded.

use std::io::Write;

use clap::Args;
use ledger_core::{Date, EntryId, Occurrence, Transaction};
use ledger_store::Group;
use serde_json::json;

use crate::args::Read;
use crate::context::{People, open, the_group};
use crate::failure::Failure;
use crate::read::print_json;
use crate::record::date;
use crate::show::{Align, one_line, table};

#[derive(Debug, Args)]
pub(crate) struct Due {
    #[command(flatten)]
    read: Read,
    /// Up to which day, as YYYY-MM-DD [default: today]
    #[arg(long, value_name = "DATE")]
    until: Option<Date>,
    /// Record what is listed
    #[arg(long)]
    record: bool,
    /// Only what recurs by templates that you wrote
    #[arg(long, requires = "record")]
    mine: bool,
    /// What entries record that wait for others, instead: they may never count
    #[arg(long, conflicts_with = "mine")]
    waiting: bool,
    /// How many of the first ones to leave out
    #[arg(long, value_name = "N", default_value_t = 0, conflicts_with = "mine")]
    skip: usize,
}

/// Kind of occurrences that a command lists or records.
#[derive(Clone, Copy, Debug)]
pub(crate) enum DueKind {
    Due,
    Waiting,
    Passed,
}

impl DueKind {
    /// Says that there are none.
    fn nothing(self) -> &'static str {
        match self {
            Self::Due => "Nothing is due.",
            Self::Waiting => "No entry that waits would record what is due.",
            Self::Passed => "No day that was over is left to be recorded.",
        }
    }
}

pub(crate) fn due(arguments: &Due, out: &mut dyn Write) -> Result<(), Failure> {
    let store = open(&arguments.read.location)?;
    let group = the_group(&store, &arguments.read.location)?;
    let until = date(arguments.until)?;
    if arguments.mine {
        let recorded = group.recurring().record_due(until)?;
        let read = &arguments.read;
        return print_recorded(&recorded.entries, recorded.has_more, DueKind::Due, read, out);
    }
    let skip = arguments.skip;
    if arguments.waiting {
        let waiting = group.recurring().waiting(until, skip)?;
        let (list, record) = (DueKind::Waiting, arguments.record);
        return record_or_list(&group, &waiting, list, record, &arguments.read, out);
    }
    let due = group.recurring().due_page(until, skip)?;
    record_or_list(&group, &due, DueKind::Due, arguments.record, &arguments.read, out)?;
    let waits = !group.recurring().waiting(until, 0)?.occurrences.is_empty();
    if waits && !arguments.read.json {
        writeln!(out, "Entries that wait for others would record more: --waiting lists it")?;
    }
    Ok(())
}

pub(crate) fn record_or_list(
    group: &Group,
    due: &ledger_store::Due,
    list: DueKind,
    record: bool,
    read: &Read,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    if record {
        let wanted: Vec<(EntryId, u64)> =
            due.occurrences.iter().map(|found| (found.series, found.number)).collect();
        let recorded = group.recurring().record(&wanted)?;
        return print_recorded(&recorded, due.has_more, list, read, out);
    }
    let people = People::of(&*group.state()?);
    let author = |found: &Occurrence| {
        found.author.map_or_else(|| "?".to_owned(), |author| people.label(author).to_owned())
    };
    if read.json {
        let row = |found: &Occurrence| {
            json!({
                "series": found.series.to_string(),
                "number": found.number,
                "day": found.day.to_string(),
                "description": found.transaction.description(),
                "currency": found.transaction.currency().code(),
                "minor_units": found.transaction.amount().minor_units(),
                "author": author(found),
            })
        };
        return print_json(out, &due.occurrences.iter().map(row).collect::<Vec<_>>());
    }
    let mut rows = Vec::new();
    for found in &due.occurrences {
        rows.push([
            found.day.to_string(),
            amount(&found.transaction),
            one_line(found.transaction.description()),
            one_line(&author(found)),
            group.lists().short_id(found.series)?,
        ]);
    }
    if rows.is_empty() {
        writeln!(out, "{}", list.nothing())?;
    }
    table(out, [Align::Left, Align::Right, Align::Left, Align::Left, Align::Left], &rows)?;
    if due.has_more {
        let skip = match list {
            DueKind::Passed => "",
            DueKind::Due | DueKind::Waiting => ", or leave them out, by --skip",
        };
        writeln!(out, "There is more: record these first, by --record{skip}")?;
    }
    Ok(())
}

fn print_recorded(
    entries: &[EntryId],
    has_more: bool,
    list: DueKind,
    read: &Read,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    if read.json {
        let ids: Vec<String> = entries.iter().map(ToString::to_string).collect();
        return print_json(out, &json!({ "recorded": ids, "has_more": has_more }));
    }
    for id in entries {
        writeln!(out, "recorded {id}")?;
    }
    if entries.is_empty() {
        writeln!(out, "{}", list.nothing())?;
    }
    if has_more {
        writeln!(out, "There is more: run this again")?;
    }
    Ok(())
}

/// The amount with its currency.
pub(crate) fn amount(transaction: &Transaction) -> String {
    let currency = transaction.currency();
    format!("{} {currency}", transaction.amount().format(currency))
}
