//! Reader of projects that ihatemoney exports as JSON (SPEC §10.3): a list of bills.

use ledger_core::Currency;
use serde::Deserialize;
use serde_json::Value;

use crate::bills::{self, Source};
use crate::csv::{Columns, Options, Record};
use crate::import::{ImportFile, Problem, ProblemKind, Problems, Program, shorten};

#[derive(Deserialize)]
struct Bill {
    what: String,
    #[serde(default)]
    bill_type: Option<String>,
    /// A number, or a text with one.
    amount: Value,
    #[serde(default)]
    currency: Option<String>,
    date: String,
    payer_name: String,
    /// A number, or a text with one.
    #[serde(default)]
    payer_weight: Value,
    owers: Vec<String>,
}

const COLUMNS: [&str; 8] =
    ["date", "what", "bill_type", "amount", "currency", "payer_name", "payer_weight", "owers"];

/// Reads a file.
pub(crate) fn read(text: &str, options: &Options) -> Result<ImportFile, Problems> {
    let bills: Vec<Bill> = serde_json::from_str(text).map_err(Problem::of_json)?;
    let columns = Columns { line: 1, names: COLUMNS.map(str::to_owned).into() };
    let mut records = Vec::new();
    for (number, bill) in (1..).zip(bills) {
        // In the table, names stand between commas.
        if let Some(name) = bill.owers.iter().find(|name| name.contains(',')) {
            let expected = "a name without a comma";
            let kind = ProblemKind::Unexpected { found: shorten(name), expected };
            return Err(Problem::in_row(number, kind).into());
        }
        let currency = bill.currency.filter(|code| Currency::from_code(code).is_ok());
        records.push(Record::new(
            number,
            vec![
                bill.date,
                bill.what,
                bill.bill_type.unwrap_or_default(),
                number_of(&bill.amount),
                currency.unwrap_or_default(),
                bill.payer_name,
                number_of(&bill.payer_weight),
                bill.owers.join(", "),
            ],
        ));
    }
    let read = bills::read(Program::IHateMoney, Source::Bills(columns, records), options);
    read.map_err(Problems::of_rows)
}

fn number_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}
