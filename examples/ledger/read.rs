//! The commands that read: balances, expenses, activity.

use std::io::Write;

use ledger_core::engine::Payload;
use ledger_core::{
    Balance, Currency, Direction, GroupState, MemberId, Setting, SettingValue, Transaction, Verdict,
};
use ledger_formats::json::{Entry, Values, merge};
use ledger_store::{Activity, Cursor, Recorded, StoreError};
use serde::Serialize;
use serde_json::{Value, json};

use crate::args::{Balances, Expenses, List};
use crate::as_of::BalancesAt;
use crate::context::{People, open, the_group};
use crate::failure::Failure;
use crate::filter::of_expenses;
use crate::rates::{converted, converted_json, print_converted};
use crate::show::{Align, described, one_line, print_incomplete, table};

/// Rows read from the database at once.
const PAGE: u32 = 500;

#[derive(Serialize)]
pub(crate) struct BalanceRow<'a> {
    member: &'a str,
    currency: &'a str,
    minor_units: i128,
}

pub(crate) fn balances(arguments: &Balances, out: &mut dyn Write) -> Result<(), Failure> {
    let location = &arguments.read.location;
    let store = open(location)?;
    let group = the_group(&store, location)?;
    let state = group.state()?;
    let people = People::of(&state);
    let standing = match &arguments.as_of {
        Some(text) => BalancesAt::as_of(&group, &state, text)?,
        None => BalancesAt::now(&state),
    };
    let converted = converted(&state, &standing, &arguments.conversion)?;
    if !arguments.read.json {
        match &converted {
            Some(converted) => {
                print_converted(&state, &people, standing.point.as_deref(), converted, out)?;
            }
            None => print_balances(&state, &people, &standing, out)?,
        }
        return print_incomplete(&group, out);
    }
    print_incomplete(&group, &mut std::io::stderr())?;
    if let Some(converted) = &converted {
        return print_json(out, &converted_json(&people, converted));
    }
    let mut rows = Vec::new();
    for currency in &standing.currencies {
        for member in people.in_order() {
            let minor_units = standing.balance(member, *currency).minor_units();
            rows.push(BalanceRow {
                member: people.label(member),
                currency: currency.code(),
                minor_units,
            });
        }
    }
    print_json(out, &rows)
}

/// Prints the balances per currency, with a name and a meaning for each.
pub(crate) fn print_balances(
    state: &GroupState,
    people: &People,
    standing: &BalancesAt,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let point = standing.point.as_ref().map_or_else(String::new, |point| format!(" {point}"));
    writeln!(out, "{}: balances{point}", one_line(state.name()))?;
    for currency in &standing.currencies {
        writeln!(out, "\n{currency}")?;
        print_rows(*currency, people, |member| standing.balance(member, *currency), out)?;
    }
    if standing.currencies.is_empty() {
        let words = if standing.point.is_some() {
            "Nothing was open."
        } else {
            "Nothing was recorded yet."
        };
        writeln!(out, "\n{words}")?;
    }
    Ok(())
}

/// Prints a balance and its meaning for each member. People who are gone and owe nothing are left
/// out.
pub(crate) fn print_rows(
    currency: Currency,
    people: &People,
    balance: impl Fn(MemberId) -> Balance,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let row = |member: MemberId| {
        let balance = balance(member);
        let meaning = match balance.cmp(&Balance::ZERO) {
            core::cmp::Ordering::Greater => "gets back",
            core::cmp::Ordering::Less => "owes",
            core::cmp::Ordering::Equal if people.is_gone(member) => return None,
            core::cmp::Ordering::Equal => "settled",
        };
        Some([people.shown(member), balance.format(currency), meaning.to_owned()])
    };
    let rows: Vec<[String; 3]> = people.in_order().filter_map(row).collect();
    table(out, [Align::Left, Align::Right, Align::Left], &rows)
}

pub(crate) fn expenses(arguments: &Expenses, out: &mut dyn Write) -> Result<(), Failure> {
    let store = open(&arguments.list.read.location)?;
    let group = the_group(&store, &arguments.list.read.location)?;
    let state = group.state()?;
    let people = People::of(&state);
    let filter = of_expenses(arguments, &state, &people)?;
    let arguments = &arguments.list;
    let (rows, more) = pages(arguments, |after, limit| {
        let page = group.lists().find(&filter, after, limit)?;
        Ok(page.into_iter().map(|row| (row.cursor, row)).collect())
    })?;
    if arguments.read.json {
        let values = Values::new(&state);
        print_incomplete(&group, &mut std::io::stderr())?;
        let rows: Vec<Value> = rows.iter().map(|row| expense_json(row, &values)).collect();
        return print_json(out, &rows);
    }
    let lists = group.lists();
    let lines: Vec<[String; 6]> = rows
        .iter()
        .map(|row| {
            let details = &row.transaction;
            let note = match (row.cancelled, row.conflicting) {
                (true, _) => "cancelled",
                (false, true) => "recorded differently by several; see its history",
                (false, false) => "",
            };
            Ok([
                lists.short_id(row.original)?,
                details.date().to_string(),
                one_line(details.description()),
                format!("{} {}", details.amount().format(details.currency()), details.currency()),
                one_line(&who(details, &people)),
                note.to_owned(),
            ])
        })
        .collect::<Result<_, StoreError>>()?;
    let align = [Align::Left, Align::Left, Align::Left, Align::Right, Align::Left, Align::Left];
    table(out, align, &lines)?;
    print_more(out, more)?;
    print_incomplete(&group, out)
}

/// `Anna for Tomás, Lena`, or `Lena to Anna` for a transfer, or `to Anna for Tomás, Lena` for a
/// refund that Anna received.
fn who(details: &Transaction, people: &People) -> String {
    let names = |mut parts: Vec<(MemberId, ledger_core::Amount)>| {
        parts.sort_by_key(|(member, _)| people.rank(*member));
        let names: Vec<&str> = parts.iter().map(|(member, _)| people.label(*member)).collect();
        if names.is_empty() { "nobody".to_owned() } else { names.join(", ") }
    };
    let (first, second) = match (details, details.direction()) {
        (Transaction::Transfer(_), _) => ("", "to"),
        (Transaction::Expense(_), Direction::Outgoing) => ("", "for"),
        (Transaction::Expense(_), Direction::Incoming) => ("to ", "for"),
    };
    let (payers, shares) = details.sides();
    format!("{first}{} {second} {}", names(payers), names(shares))
}

fn expense_json(row: &Recorded, values: &Values<'_>) -> Value {
    let mut value = json!({
        "id": row.original.to_string(),
        "current_version": row.current_version.to_string(),
        "cancelled": row.cancelled,
        "conflicting": row.conflicting,
        "cursor": row.cursor.to_string(),
    });
    merge(&mut value, values.transaction(&row.transaction));
    value
}

pub(crate) fn activity(arguments: &List, out: &mut dyn Write) -> Result<(), Failure> {
    let store = open(&arguments.read.location)?;
    let group = the_group(&store, &arguments.read.location)?;
    let state = group.state()?;
    let people = People::of(&state);
    let (rows, more) = pages(arguments, |after, limit| {
        let page = group.lists().activity(after, limit)?;
        Ok(page.into_iter().map(|row| (row.cursor, row)).collect())
    })?;
    if arguments.read.json {
        let values = Values::new(&state);
        let rows: Vec<Value> = rows.iter().map(|row| activity_json(row, &values)).collect();
        return print_json(out, &rows);
    }
    let lists = group.lists();
    let lines: Vec<[String; 4]> = rows
        .iter()
        .map(|row| {
            let verdict = match row.verdict {
                Verdict::Applied => String::new(),
                Verdict::Void(reason) => format!("void: {reason}"),
                Verdict::Unknown => "needs a newer version".to_owned(),
            };
            Ok([
                lists.short_id(row.entry.id())?,
                one_line(row.author.map_or("?", |author| people.label(author))),
                one_line(&summary(row, &state)),
                verdict,
            ])
        })
        .collect::<Result<_, StoreError>>()?;
    table(out, [Align::Left; 4], &lines)?;
    print_more(out, more)
}

/// Summary of an entry in a few words.
pub(crate) fn summary(row: &Activity, state: &GroupState) -> String {
    let entry = row.entry.decoded();
    let details = || match state.transaction_of(entry) {
        Some(d) => {
            format!("{} {} {}", described(&d), d.amount().format(d.currency()), d.currency())
        }
        None => String::new(),
    };
    match entry.payload() {
        Payload::Genesis(genesis) => format!("created the group {}", genesis.group_name()),
        Payload::Placeholder(placeholder) => format!("added {}", placeholder.card().name()),
        Payload::Transaction(_) => format!("recorded {}", details()),
        Payload::Correction(_) => format!("corrected to {}", details()),
        Payload::Cancellation(_) => "cancelled an entry".to_owned(),
        Payload::Restoration(_) => "restored a cancelled entry".to_owned(),
        Payload::Merge => "merged heads".to_owned(),
        Payload::AddMember(add) => format!("added {}", add.card().name()),
        Payload::Claim(claim) => format!("gave a placeholder to {}", claim.card().name()),
        Payload::Adopt(_) => "vouched for a member".to_owned(),
        Payload::Statement(signed) => {
            format!("signed the statement {}", signed.statement().body().name())
        }
        Payload::Copy(_) => format!("copied {}", details()),
        Payload::Endorsement(endorsement) if endorsement.confirms() => "confirmed".to_owned(),
        Payload::Endorsement(_) => "disputed".to_owned(),
        Payload::Rotation(_) => "rotated the device key".to_owned(),
        Payload::Epoch(_) => "rotated the group key".to_owned(),
        Payload::Template(template) => {
            let description = described(template.transaction());
            let verb = if template.change().is_some() { "changed" } else { "began" };
            format!("{verb} the recurring {description}")
        }
        Payload::Setting(setting) => setting_summary(setting, state),
        Payload::Speaks(speaks) => format!("reads version {}", speaks.version()),
        _ => format!("kind {}", row.kind().number()),
    }
}

fn setting_summary(setting: &Setting, state: &GroupState) -> String {
    match setting.value() {
        Some(SettingValue::DefaultCurrency(_)) => "set the default currency".to_owned(),
        Some(SettingValue::DefaultWeight { member, .. }) => {
            let name = state.member(member).map_or("somebody", |member| member.name());
            format!("set the default weight of {name}")
        }
        Some(SettingValue::Relays { .. }) => "set relays".to_owned(),
        Some(SettingValue::Categories(_)) => "set the categories".to_owned(),
        Some(SettingValue::DeviceName { name: Some(name), .. }) => {
            format!("named a device {}", one_line(&name))
        }
        Some(SettingValue::DeviceName { name: None, .. }) => {
            "took the name of a device away".to_owned()
        }
        _ => format!("set field {}", setting.field()),
    }
}

pub(crate) fn activity_json(row: &Activity, values: &Values<'_>) -> Value {
    values.entry(&Entry {
        decoded: row.entry.decoded(),
        author: row.author,
        verdict: row.verdict,
        cursor: row.cursor.to_string(),
    })
}

/// Reads pages until there are enough rows. Also returns the cursor for the next page, if
/// there are more rows.
fn pages<T>(
    arguments: &List,
    mut read: impl FnMut(Option<Cursor>, u32) -> Result<Vec<(Cursor, T)>, StoreError>,
) -> Result<(Vec<T>, Option<Cursor>), Failure> {
    let mut after = arguments.after;
    let mut rows = Vec::new();
    loop {
        let have = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        let wanted = arguments.limit.map_or(u64::from(PAGE), |limit| limit.saturating_sub(have));
        let wanted = u32::try_from(wanted).unwrap_or(PAGE).min(PAGE);
        if wanted == 0 {
            let more = !read(after, 1)?.is_empty();
            return Ok((rows, after.filter(|_| more)));
        }
        let page = read(after, wanted)?;
        let Some((last, _)) = page.last() else { return Ok((rows, None)) };
        after = Some(*last);
        rows.extend(page.into_iter().map(|(_, row)| row));
    }
}

fn print_more(out: &mut dyn Write, more: Option<Cursor>) -> Result<(), Failure> {
    if let Some(cursor) = more {
        writeln!(out, "There is more: go on with --after {cursor}")?;
    }
    Ok(())
}

pub(crate) fn print_json(out: &mut dyn Write, value: &impl Serialize) -> Result<(), Failure> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    Ok(writeln!(out)?)
}
