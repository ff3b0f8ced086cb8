//! Tests of the reader.

mod examples;
mod laws;
mod refusals;
mod variants;

use ledger_core::{Amount, Balance, Currency, Direction, Origin, Transaction};

use super::read;
use crate::import::{
    ClosingTotal, Column, ImportFile, ImportRow, Inference, Person, PersonKey, ProblemKind,
    Problems, Program,
};

const HEADER: &str = "Date,Description,Category,Cost,Currency,Ann,Ben,Cem\n";

fn eur() -> Currency {
    Currency::from_code("EUR").unwrap()
}

/// What a row says, without its texts.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Expense { payers: Vec<(usize, Amount)>, shares: Vec<(usize, Amount)>, direction: Direction },
    Transfer { from: usize, to: usize },
}

fn kind(row: &ImportRow) -> Kind {
    match row.transaction() {
        Transaction::Transfer(transfer) => Kind::Transfer { from: transfer.from, to: transfer.to },
        Transaction::Expense(expense) => Kind::Expense {
            payers: expense.payers.clone(),
            shares: expense.shares.clone(),
            direction: expense.direction,
        },
    }
}

/// Reads rows under [`HEADER`], so that the first is in line 2.
fn read_rows(rows: &str) -> Result<ImportFile, Problems> {
    read(format!("{HEADER}{rows}").as_bytes())
}
