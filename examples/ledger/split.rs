//! `ledger split`: the shares of an amount, without a ledger.

use std::io::Write;

use serde_json::{Value, json};

use crate::args::Split;
use crate::failure::Failure;
use crate::parts::{Circle, Participant, amount};
use crate::read::print_json;
use crate::show::{Align, one_line, table};

pub(crate) fn run(arguments: &Split, out: &mut dyn Write) -> Result<(), Failure> {
    let Split { currency, sharing, .. } = arguments;
    let total = amount(&arguments.amount, *currency)?;
    let shares = sharing.shares(&Anybody, total, *currency, sharing.turn().unwrap_or(0))?;
    if arguments.json {
        let row = |(who, share): &(Participant, ledger_core::Amount)| json!({ "name": who.name, "minor_units": share.minor_units() });
        return print_json(out, &shares.iter().map(row).collect::<Vec<Value>>());
    }
    let rows: Vec<[String; 2]> =
        shares.iter().map(|(who, share)| [one_line(&who.name), share.format(*currency)]).collect();
    writeln!(out, "{} {currency}", total.format(*currency))?;
    table(out, [Align::Left, Align::Right], &rows)
}

/// People without a group: every name that is not blank.
struct Anybody;

impl Circle for Anybody {
    fn has(&self, _: &str) -> bool {
        false
    }

    fn participant(&self, name: &str) -> Result<Participant, Failure> {
        match name.trim() {
            "" => Err(Failure::Usage("a name is empty".to_owned())),
            _ => Ok(Participant { member: None, name: name.to_owned() }),
        }
    }

    fn everybody(&self) -> Option<Vec<Participant>> {
        None
    }
}
