//! `ledger recurring`: expenses and transfers that recur, and recording what is due.

use std::io::Write;

use clap::Subcommand;
use ledger_core::{
    Date, EntryId, Recurrence, RecurrenceUnit, Series, TemplateVersion, Transaction,
};
use ledger_store::Group;
use serde_json::{Value, json};

use crate::args::{Location, Read, Record};
use crate::context::{People, open, the_group};
use crate::due::{Due, DueKind, amount, due, record_or_list};
use crate::failure::Failure;
use crate::history::print_differences;
use crate::parts::usage;
use crate::read::print_json;
use crate::record::{date, expense, transfer};
use crate::show::{Align, described, one_line, table};

#[derive(Debug, Subcommand)]
pub(crate) enum RecurringCommand {
    /// Let an expense or a transfer recur, from the day of --on on
    Add {
        /// How often, such as "month", "2 weeks", "90 days" or "year"
        #[arg(long, value_name = "RULE", value_parser = rule)]
        every: Recurrence,
        /// The last day on which it may fall [default: it goes on]
        #[arg(long, value_name = "DATE")]
        until: Option<Date>,
        /// Let a transfer recur: who receives it of the payer
        #[arg(long, value_name = "NAME")]
        to: Option<String>,
        #[command(flatten)]
        record: Box<Record>,
    },
    /// List what recurs, with the next day of each
    List(Read),
    /// List what is due and not recorded, or record it
    ///
    /// At most 24 at a time. Each is recorded once, by whichever device comes first.
    Due(Due),
    /// List what no device records by itself, as its day was over when it was written, or record it
    Passed {
        #[command(flatten)]
        read: Read,
        /// The beginning of the id that the list shows
        #[arg(value_name = "SERIES")]
        series: String,
        /// Record what is listed
        #[arg(long)]
        record: bool,
    },
    /// Change what recurs, from the first occurrence on that falls on a day or later
    ///
    /// Without --every the days stay. With it, they recur from the day of --on on. Pauses, the
    /// end, and what was planned for later stay.
    Change {
        /// The beginning of the id that the list shows
        #[arg(value_name = "SERIES")]
        series: String,
        /// From which day on, as YYYY-MM-DD [default: today]
        #[arg(long, value_name = "DATE")]
        from: Option<Date>,
        /// Another rule, such as "month", "2 weeks", "90 days" or "year"
        #[arg(long, value_name = "RULE", value_parser = rule)]
        every: Option<Recurrence>,
        /// Spent from now on, if it was a refund or income; without this or --refund it stays what it is
        #[arg(long, conflicts_with = "refund")]
        no_refund: bool,
        /// Let a transfer recur from now on: who receives it of the payer
        #[arg(long, value_name = "NAME")]
        to: Option<String>,
        #[command(flatten)]
        record: Box<Record>,
    },
    /// Let nothing of it fall on a day or a later one, before another day
    ///
    /// Then it goes on as it would have, with the changes and the end that were planned.
    Pause {
        #[command(flatten)]
        location: Location,
        /// The beginning of the id that the list shows
        #[arg(value_name = "SERIES")]
        series: String,
        /// From which day on, as YYYY-MM-DD [default: today]
        #[arg(long, value_name = "DATE")]
        from: Option<Date>,
        /// On which day it may go on, as YYYY-MM-DD
        #[arg(long, value_name = "DATE")]
        until: Date,
    },
    /// End it
    End {
        #[command(flatten)]
        location: Location,
        /// The beginning of the id that the list shows
        #[arg(value_name = "SERIES")]
        series: String,
        /// The last day on which it may fall, as YYYY-MM-DD [default: today]
        #[arg(long, value_name = "DATE")]
        last: Option<Date>,
    },
}

/// Reads a rule such as `month` or `2 weeks`.
fn rule(text: &str) -> Result<Recurrence, String> {
    let (number, unit) = text.trim().rsplit_once(' ').unwrap_or(("1", text.trim()));
    let unit = match unit.strip_suffix('s').unwrap_or(unit) {
        "day" => RecurrenceUnit::Days,
        "week" => RecurrenceUnit::Weeks,
        "month" => RecurrenceUnit::Months,
        "year" => RecurrenceUnit::Years,
        _ => return Err("a rule is days, weeks, months or years, such as \"2 weeks\"".to_owned()),
    };
    let number = number.parse().map_err(|_| format!("{number:?} is no number"))?;
    Recurrence::new(unit, number).map_err(|error| error.to_string())
}

fn in_words(rule: Recurrence) -> String {
    let unit = match rule.unit() {
        RecurrenceUnit::Days => "day",
        RecurrenceUnit::Weeks => "week",
        RecurrenceUnit::Months => "month",
        RecurrenceUnit::Years => "year",
    };
    match rule.every() {
        1 => format!("every {unit}"),
        many => format!("every {many} {unit}s"),
    }
}

pub(crate) fn run(command: &RecurringCommand, out: &mut dyn Write) -> Result<(), Failure> {
    match command {
        RecurringCommand::Add { every, until, to, record } => {
            let store = open(&record.location)?;
            let group = the_group(&store, &record.location)?;
            let series = group.recurring().begin(
                &content(&group, to.as_deref(), record)?,
                *every,
                *until,
            )?;
            writeln!(out, "it recurs {}: series {series}", in_words(*every))?;
            tell_passed(&group, series, out)
        }
        RecurringCommand::List(read) => list(read, out),
        RecurringCommand::Due(arguments) => due(arguments, out),
        RecurringCommand::Passed { read, series, record } => {
            let store = open(&read.location)?;
            let group = the_group(&store, &read.location)?;
            let passed = group.recurring().passed(named(&group, series)?)?;
            record_or_list(&group, &passed, DueKind::Passed, *record, read, out)
        }
        RecurringCommand::Change { series, from, every, no_refund, to, record } => {
            if every.is_none() && record.on.is_some() {
                return usage("--on has no effect without --every: the days stay".to_owned());
            }
            let store = open(&record.location)?;
            let group = the_group(&store, &record.location)?;
            let (series, mut new) =
                (named(&group, series)?, content(&group, to.as_deref(), record)?);
            let from = date(*from)?;
            let all = group.recurring().series()?;
            let found = all.iter().find(|one| one.id() == series);
            let before = found.and_then(|found| found.version_since(from));
            if let (Transaction::Expense(expense), Some(before)) = (&mut new, before)
                && !record.refund
                && !no_refund
            {
                expense.direction = before.transaction.direction();
            }
            change(&group, series, (from, *every), (before, &new), out)
        }
        RecurringCommand::Pause { location, series, from, until } => {
            let store = open(location)?;
            let group = the_group(&store, location)?;
            let series = named(&group, series)?;
            match group.recurring().pause(series, date(*from)?, *until)?.as_slice() {
                [] => Ok(writeln!(out, "nothing falls between these days; nothing changed")?),
                _ => Ok(writeln!(out, "paused until {until}")?),
            }
        }
        RecurringCommand::End { location, series, last } => {
            let store = open(location)?;
            let group = the_group(&store, location)?;
            group.recurring().end(named(&group, series)?, date(*last)?)?;
            Ok(writeln!(out, "ended")?)
        }
    }
}

/// What is to recur: an expense, or a transfer to somebody.
fn content(group: &Group, to: Option<&str>, record: &Record) -> Result<Transaction, Failure> {
    match to {
        Some(to) => transfer(group, to, record),
        None => expense(group, record),
    }
}

/// Changes a series, and says what is different from then on.
fn change(
    group: &Group,
    series: EntryId,
    (from, every): (Date, Option<Recurrence>),
    (before, content): (Option<&TemplateVersion>, &Transaction),
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let changed = group.recurring().change(series, from, content, every)?;
    match changed.planned_from {
        None => writeln!(out, "changed:")?,
        Some(day) => writeln!(out, "changed until {day}, from when on what was planned stays:")?,
    }
    if let Some(before) = before {
        let day = if every.is_some() { content.date() } else { before.transaction.date() };
        let people = People::of(&*group.state()?);
        print_differences(Some(&before.transaction), &content.clone().on(day), &people, out)?;
        if let Some(rule) = every.filter(|rule| *rule != before.rule) {
            writeln!(out, "  the rule was {}, is {}", in_words(before.rule), in_words(rule))?;
        }
    }
    tell_passed(group, series, out)
}

/// The series whose id begins so.
fn named(group: &Group, beginning: &str) -> Result<EntryId, Failure> {
    if beginning.is_empty() {
        // Nothing would be the beginning of every id.
        return usage("SERIES is empty; `ledger recurring list` shows the ids".to_owned());
    }
    let all = group.recurring().series()?;
    let mut found = all.iter().map(Series::id).filter(|id| id.to_string().starts_with(beginning));
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => usage(format!("no series has an id that begins with {beginning:?}")),
        _ => usage(format!("several series have an id that begins with {beginning:?}")),
    }
}

/// The template that holds from today on, or else the last one; and the next day, if there is one.
fn today_of(series: &Series, today: Date) -> (Option<Date>, Option<&TemplateVersion>) {
    let next = series.first_number_since(today);
    let day = next.and_then(|number| series.occurrence(number)).map(|found| found.day);
    (day, series.version_since(today))
}

fn list(read: &Read, out: &mut dyn Write) -> Result<(), Failure> {
    let store = open(&read.location)?;
    let group = the_group(&store, &read.location)?;
    let people = People::of(&*group.state()?);
    let (all, today) = (group.recurring().series()?, date(None)?);
    if read.json {
        let rows: Vec<Value> = all
            .iter()
            .filter_map(|series| {
                let (next, version) = today_of(series, today);
                let version = version?;
                Some(json!({
                    "series": series.id().to_string(),
                    "author": version.author.map(|author| people.label(author)),
                    "description": version.transaction.description(),
                    "currency": version.transaction.currency().code(),
                    "minor_units": version.transaction.amount().minor_units(),
                    "rule": in_words(version.rule),
                    "next": next.map(|day| day.to_string()),
                }))
            })
            .collect();
        return print_json(out, &rows);
    }
    let mut rows = Vec::new();
    for series in &all {
        let (next, version) = today_of(series, today);
        let Some(version) = version else { continue };
        rows.push([
            group.lists().short_id(series.id())?,
            next.map_or_else(|| "ended".to_owned(), |day| day.to_string()),
            amount(&version.transaction),
            one_line(&described(&version.transaction)),
            in_words(version.rule),
            one_line(version.author.map_or("?", |author| people.label(author))),
        ]);
    }
    if rows.is_empty() {
        writeln!(out, "Nothing recurs.")?;
    }
    let align = [Align::Left, Align::Left, Align::Right, Align::Left, Align::Left, Align::Left];
    table(out, align, &rows)
}

/// Says that days of a series are over and no device records them by itself.
fn tell_passed(group: &Group, series: EntryId, out: &mut dyn Write) -> Result<(), Failure> {
    let passed = group.recurring().passed(series)?;
    let days = passed.occurrences.iter().map(|found| found.day);
    let (Some(first), Some(last)) = (days.clone().min(), days.max()) else { return Ok(()) };
    let (count, more) = (passed.occurrences.len(), if passed.has_more { " and more" } else { "" });
    writeln!(out, "not recorded by itself, as the day is over: {count}{more}, {first} to {last}")?;
    let id = group.lists().short_id(series)?;
    Ok(writeln!(out, "`ledger recurring passed {id} --record` records it")?)
}
