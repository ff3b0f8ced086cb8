//! `ledger totals`: what was spent, by month, category, member or currency.

use std::io::Write;

use ledger_formats::json::balance_number;
use ledger_store::{TotalOf, TotalsBy};
use serde_json::{Value, json};

use crate::args::{By, Totals};
use crate::context::{People, open, the_group};
use crate::failure::Failure;
use crate::filter::filter;
use crate::read::print_json;
use crate::show::{Align, one_line, print_incomplete, progress_bar, table};

pub(crate) fn totals(arguments: &Totals, out: &mut dyn Write) -> Result<(), Failure> {
    let location = &arguments.read.location;
    let group = the_group(&open(location)?, location)?;
    let state = group.state()?;
    let people = People::of(&state);
    let by = match arguments.by {
        By::Month => TotalsBy::Month,
        By::Category => TotalsBy::Category,
        By::Member => TotalsBy::Member,
        By::Currency => TotalsBy::Currency,
    };
    let filter = filter(&arguments.filters, &state, &people)?;
    let mut totals = group.lists().totals(by, &filter, &mut progress_bar())?;
    if let TotalsBy::Member = by {
        totals.sort_by_key(|total| match total.of {
            TotalOf::Member(member) => people.rank(member),
            _ => None,
        });
    }
    let name = |of: &TotalOf| match of {
        TotalOf::Month(day) => day.to_string().chars().take(7).collect(),
        TotalOf::Category(Some(category)) => category.clone(),
        TotalOf::Member(member) => people.label(*member).to_owned(),
        _ => String::new(),
    };
    if arguments.read.json {
        print_incomplete(&group, &mut std::io::stderr())?;
        let row = |total: &ledger_store::Total| {
            let of = Some(name(&total.of)).filter(|name| !name.is_empty());
            json!({
                "of": of,
                "currency": total.currency.code(),
                "expenses": total.expenses,
                "spent": balance_number(total.spent),
                "paid": balance_number(total.paid),
            })
        };
        return print_json(out, &totals.iter().map(row).collect::<Vec<Value>>());
    }
    let none = match by {
        TotalsBy::Category => "without a category",
        _ => "all",
    };
    let row = |total: &ledger_store::Total| {
        let of = match name(&total.of) {
            name if name.is_empty() => none.to_owned(),
            name => one_line(&name),
        };
        let money = |balance: ledger_core::Balance| {
            format!("{} {}", balance.format(total.currency), total.currency)
        };
        let paid = match by {
            TotalsBy::Member => format!("paid {}", money(total.paid)),
            _ => String::new(),
        };
        let count = match total.expenses {
            1 => "1 expense".to_owned(),
            many => format!("{many} expenses"),
        };
        [of, money(total.spent), count, paid]
    };
    let rows: Vec<[String; 4]> = totals.iter().map(row).collect();
    if rows.is_empty() {
        writeln!(out, "  Nothing was spent.")?;
    }
    table(out, [Align::Left, Align::Right, Align::Right, Align::Right], &rows)?;
    print_incomplete(&group, out)
}
