//! The command that tells whom a member owes and who owes them.

use std::collections::BTreeMap;
use std::io::Write;

use ledger_core::{Balance, Currency, MemberId};
use ledger_formats::json::balance_number;
use serde_json::json;

use crate::args::Debts;
use crate::context::{People, open, the_group};
use crate::failure::Failure;
use crate::read::print_json;
use crate::show::{Align, print_incomplete, table};

pub(crate) fn debts(arguments: &Debts, out: &mut dyn Write) -> Result<(), Failure> {
    let location = &arguments.read.location;
    let store = open(location)?;
    let group = the_group(&store, location)?;
    let people = People::of(&*group.state()?);
    let member = people.find(&arguments.member)?;
    let mut debts = group.balances().debts(member)?;
    let order: BTreeMap<MemberId, usize> = people.in_order().zip(0..).collect();
    for (_, others) in &mut debts {
        others.sort_by_key(|(other, _)| order.get(other).copied());
    }
    if !arguments.read.json {
        print_debts(&debts, &people, member, out)?;
        return print_incomplete(&group, out);
    }
    print_incomplete(&group, &mut std::io::stderr())?;
    let mut rows = Vec::new();
    for (currency, others) in &debts {
        for (other, owed) in others {
            rows.push(json!({
                "member": people.label(*other),
                "currency": currency.code(),
                "minor_units": balance_number(*owed),
            }));
        }
    }
    print_json(out, &rows)
}

/// Prints one line for each other member, per currency, and the sum.
fn print_debts(
    debts: &[(Currency, Vec<(MemberId, Balance)>)],
    people: &People,
    member: MemberId,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let name = people.shown(member);
    writeln!(out, "{name}: debts")?;
    for (currency, others) in debts {
        let line = |(other, owed): &(MemberId, Balance)| {
            let other = people.shown(*other);
            let (from, to, amount) = if *owed < Balance::ZERO {
                (name.clone(), other, owed.negated())
            } else {
                (other, name.clone(), *owed)
            };
            [from, "owes".to_owned(), to, amount.format(*currency)]
        };
        let balance = others.iter().fold(Balance::ZERO, |sum, (_, owed)| sum.plus(*owed));
        writeln!(out, "\n{currency}: balance {}", balance.format(*currency))?;
        let rows: Vec<[String; 4]> = others.iter().map(line).collect();
        table(out, [Align::Left, Align::Left, Align::Left, Align::Right], &rows)?;
    }
    if debts.is_empty() {
        writeln!(out, "\nNothing is open.")?;
    }
    Ok(())
}
