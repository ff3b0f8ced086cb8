//! Exchange rates of the command line, and balances in one currency by them.

use std::io::Write;

use ledger_core::{Converted, GroupState, Rates, RatesError};
use ledger_formats::json::balance_number;
use serde_json::{Value, json};

use crate::args::Conversion;
use crate::as_of::BalancesAt;
use crate::context::People;
use crate::failure::Failure;
use crate::parts::usage;
use crate::read::print_rows;
use crate::show::one_line;
use crate::statement::currency_of;

/// The balances in the currency of `--in`, if there is that option.
///
/// # Errors
/// [`Failure::Usage`] if a rate is missing, or has no effect.
pub(crate) fn converted(
    state: &GroupState,
    standing: &BalancesAt,
    arguments: &Conversion,
) -> Result<Option<Converted>, Failure> {
    let Some(code) = &arguments.currency else { return Ok(None) };
    let to = currency_of(state, code)?;
    let mut rates = Rates::new();
    for option in &arguments.rates {
        let [base, quote] = [&option.base, &option.quote].map(|code| currency_of(state, code));
        let (base, quote) = (base?, quote?);
        let said = format!("--rate {base}/{quote}={}", option.rate);
        if base != to && quote != to {
            return usage(format!("{said} has no effect: neither is {to}, the currency of --in"));
        }
        let from = if base == to { quote } else { base };
        if from != to && !state.currencies().any(|known| known == from) {
            return usage(format!("{said} has no effect: nothing was recorded in {from}"));
        }
        let set = rates.set(base, quote, option.rate);
        set.map_err(|error| Failure::Usage(error.to_string()))?;
    }
    let converted = rates.convert(to, standing.open()).map_err(|error| match &error {
        RatesError::Missing { from, to } => {
            let from = from.first().map_or("", |from| from.code());
            Failure::Usage(format!("{error}, as --rate {from}/{to}=N if one {from} is N {to}"))
        }
        _ => Failure::Usage(error.to_string()),
    })?;
    Ok(Some(converted))
}

/// Prints the balances in one currency, and by which rates.
pub(crate) fn print_converted(
    state: &GroupState,
    people: &People,
    point: Option<&str>,
    converted: &Converted,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let currency = converted.currency();
    let point = point.map_or_else(String::new, |point| format!(" {point}"));
    writeln!(out, "{}: balances of all currencies{point}", one_line(state.name()))?;
    writeln!(out, "\n{currency}")?;
    print_rows(currency, people, |member| converted.balance(member), out)?;
    writeln!(out)?;
    print_rates(converted, out)
}

/// Says which rates were used.
pub(crate) fn print_rates(converted: &Converted, out: &mut dyn Write) -> Result<(), Failure> {
    let rates: Vec<String> = converted.rates().iter().map(ToString::to_string).collect();
    match rates.is_empty() {
        true => writeln!(out, "no rate was needed")?,
        false => writeln!(out, "by the rates {}", rates.join(", "))?,
    }
    Ok(())
}

pub(crate) fn converted_json(people: &People, converted: &Converted) -> Value {
    let currency = converted.currency();
    let currency = currency.code();
    let row = |member| {
        json!({
            "member": people.label(member),
            "currency": currency,
            "minor_units": balance_number(converted.balance(member)),
        })
    };
    let rows: Vec<Value> = people.in_order().map(row).collect();
    json!({ "currency": currency, "rates": rates_json(converted), "balances": rows })
}

pub(crate) fn rates_json(converted: &Converted) -> Value {
    let rate = |pair: &ledger_core::PairRate| {
        json!({
            "base": pair.base.code(),
            "quote": pair.quote.code(),
            "rate": pair.rate.to_string(),
        })
    };
    converted.rates().iter().map(rate).collect()
}
