//! `ledger settle-up`: who pays whom, and the recording of it.

use std::io::Write;

use ledger_core::{Currency, GroupState, Settlement, settle_up as plan};
use ledger_formats::json::balance_number;
use ledger_store::Group;
use serde_json::{Value, json};

use crate::args::SettleUp;
use crate::as_of::BalancesAt;
use crate::context::{People, open, the_group};
use crate::failure::Failure;
use crate::rates::{converted, print_rates, rates_json};
use crate::read::print_json;
use crate::record::date;
use crate::show::{Align, one_line, print_incomplete, progress_bar, table};

/// The plan of each currency.
type Plans = Vec<(Currency, Vec<Settlement>)>;

pub(crate) fn settle_up(arguments: &SettleUp, out: &mut dyn Write) -> Result<(), Failure> {
    let location = &arguments.read.location;
    let group = the_group(&open(location)?, location)?;
    let state = group.state()?;
    let people = People::of(&state);
    let converted = converted(&state, &BalancesAt::now(&state), &arguments.conversion)?;
    let mut plans = match &converted {
        Some(converted) => vec![(converted.currency(), converted.settle_up())],
        None if arguments.only_owed => {
            let debts = group.balances().pairwise_debts(&mut progress_bar())?;
            state.currencies().map(|currency| (currency, debts.settle_up(currency))).collect()
        }
        None => plans(&state),
    };
    let member = arguments.member.as_deref().map(|name| people.find(name)).transpose()?;
    if let Some(member) = member {
        for (_, plan) in &mut plans {
            plan.retain(|step| step.from == member || step.to == member);
        }
    }
    let mut recorded = Vec::new();
    if arguments.record {
        let day = date(arguments.on)?;
        recorded = record(&group, &plans, day)?;
    }
    if arguments.read.json {
        print_incomplete(&group, &mut std::io::stderr())?;
        let rows = rows(&plans, &people, &recorded);
        return match &converted {
            Some(converted) => {
                let rates = rates_json(converted);
                let currency = converted.currency();
                let plan =
                    json!({ "currency": currency.code(), "rates": rates, "transfers": rows });
                print_json(out, &plan)
            }
            None => print_json(out, &rows),
        };
    }
    let whose = member.map_or_else(|| state.name().to_owned(), |id| people.shown(id));
    print_plans(&whose, &people, &plans, out)?;
    if let Some(converted) = &converted {
        writeln!(out)?;
        print_rates(converted, out)?;
    }
    if arguments.record {
        writeln!(out, "\nrecorded {} transfers", recorded.len())?;
        for id in &recorded {
            writeln!(out, "recorded {id}")?;
        }
    }
    print_incomplete(&group, out)
}

/// Records the transfers of all plans at once, and returns their ids in the order of the plans.
fn record(
    group: &Group,
    plans: &Plans,
    day: ledger_core::Date,
) -> Result<Vec<ledger_core::EntryId>, Failure> {
    let payments = plans.iter().flat_map(|(currency, plan)| {
        let payment = |step: &Settlement| (*currency, *step);
        plan.iter().map(payment)
    });
    Ok(group.entries().record_payments(payments, day, "Settle-up")?)
}

fn rows(plans: &Plans, people: &People, recorded: &[ledger_core::EntryId]) -> Vec<Value> {
    let mut ids = recorded.iter();
    let mut rows = Vec::new();
    for (currency, plan) in plans {
        for step in plan {
            let mut row = json!({
                "from": people.label(step.from),
                "to": people.label(step.to),
                "currency": currency.code(),
                "minor_units": balance_number(step.amount),
            });
            if let Some(id) = ids.next() {
                ledger_formats::json::merge(&mut row, json!({ "id": id.to_string() }));
            }
            rows.push(row);
        }
    }
    rows
}

/// The plan with the fewest transfers, of each currency.
fn plans(state: &GroupState) -> Plans {
    state.currencies().map(|currency| (currency, plan(state.open_balances(currency)))).collect()
}

/// Prints who pays whom with the fewest transfers, per currency.
pub(crate) fn print_plan(
    state: &GroupState,
    people: &People,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    print_plans(state.name(), people, &plans(state), out)
}

/// Prints who pays whom, per currency.
fn print_plans(
    whose: &str,
    people: &People,
    plans: &Plans,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    writeln!(out, "{}: to settle up", one_line(whose))?;
    for (currency, plan) in plans {
        let count = match plan.len() {
            0 => "everybody is settled".to_owned(),
            1 => "1 transfer".to_owned(),
            many => format!("{many} transfers"),
        };
        writeln!(out, "\n{currency}: {count}")?;
        let rows: Vec<[String; 4]> = plan
            .iter()
            .map(|step| {
                let amount = step.amount.format(*currency);
                [people.shown(step.from), "pays".to_owned(), people.shown(step.to), amount]
            })
            .collect();
        table(out, [Align::Left, Align::Left, Align::Left, Align::Right], &rows)?;
    }
    Ok(())
}
