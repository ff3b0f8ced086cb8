//! `ledger new`, `record` and `pay`: creating a group, and recording in it.

use std::io::Write;

use ledger_core::limits::MAX_NAME_BYTES;
use ledger_core::{Amount, Currency, Date, Expense, MemberId, Transaction, Transfer};
use ledger_store::{Group, NewEntry};

use crate::args::{New, Pay, Record};
use crate::context::{People, open, open_or_create, the_group};
use crate::failure::Failure;
use crate::show::one_line;

pub(crate) fn new(arguments: &New, out: &mut dyn Write) -> Result<(), Failure> {
    let others: Vec<&str> = arguments.others.iter().map(String::as_str).collect();
    for name in others.iter().chain([&arguments.name.as_str(), &arguments.me.as_str()]) {
        check_name(name)?;
    }
    let store = open_or_create(&arguments.location)?;
    let group = store.create_group_with(&arguments.name, &arguments.me, &others)?;
    writeln!(out, "created {}, group {}", one_line(&arguments.name), group.id())?;
    Ok(())
}

/// Refuses a name that no group or member can have, before anything is made.
fn check_name(name: &str) -> Result<(), Failure> {
    match name.len() {
        0 => Err(Failure::Usage("a name is empty".to_owned())),
        1..=MAX_NAME_BYTES => Ok(()),
        found => Err(Failure::Usage(format!(
            "a name has at most {MAX_NAME_BYTES} bytes, this one has {found}"
        ))),
    }
}

pub(crate) fn record(arguments: &Record, out: &mut dyn Write) -> Result<(), Failure> {
    let store = open(&arguments.location)?;
    let group = the_group(&store, &arguments.location)?;
    let state = group.state()?;
    let people = People::of(&state);
    let amount = amount(&arguments.amount, arguments.currency)?;
    let payer = payer(&group, &people, arguments.by.as_deref())?;
    let mut whom = Vec::new();
    for name in &arguments.whom {
        whom.push(people.find(name)?);
    }
    if whom.is_empty() {
        let present = |member: &MemberId| state.member(*member).is_some_and(|m| !m.is_removed());
        whom = people.in_order().filter(present).collect();
    }
    // The member who pays a cent more changes from expense to expense.
    let turn = group.ledger()?.frontier().entries();
    let mut expense =
        Expense::new(date(arguments.on)?, &arguments.description, arguments.currency, amount)
            .paid_by(payer, amount)
            .split_equally(&whom, turn);
    expense.category.clone_from(&arguments.category);
    keep(&group, Transaction::Expense(expense), out)
}

pub(crate) fn pay(arguments: &Pay, out: &mut dyn Write) -> Result<(), Failure> {
    let store = open(&arguments.location)?;
    let group = the_group(&store, &arguments.location)?;
    let people = People::of(&*group.state()?);
    let details = Transaction::Transfer(
        Transfer::new(
            date(arguments.on)?,
            arguments.currency,
            amount(&arguments.amount, arguments.currency)?,
            payer(&group, &people, arguments.by.as_deref())?,
            people.find(&arguments.to)?,
        )
        .description("Payment"),
    );
    keep(&group, details, out)
}

fn keep(group: &Group, details: Transaction, out: &mut dyn Write) -> Result<(), Failure> {
    for id in group.append(vec![NewEntry::Record(details)])? {
        writeln!(out, "recorded {id}")?;
    }
    Ok(())
}

fn payer(group: &Group, people: &People, by: Option<&str>) -> Result<MemberId, Failure> {
    match by {
        Some(name) => people.find(name),
        None => group.me()?.ok_or_else(|| {
            Failure::Usage("this device has no member; name the payer with --by".to_owned())
        }),
    }
}

fn amount(text: &str, currency: Currency) -> Result<Amount, Failure> {
    Amount::parse(text, currency).map_err(|error| Failure::Usage(format!("{text:?}: {error}")))
}

/// The day of `--on`, or else today in this time zone.
fn date(on: Option<Date>) -> Result<Date, Failure> {
    if let Some(date) = on {
        return Ok(date);
    }
    let today = jiff::Zoned::now().date().to_string();
    today
        .parse()
        .map_err(|_| Failure::Usage("the clock is wrong; give the day with --on".to_owned()))
}
