//! Tests of the reader.

mod examples;
mod laws;
mod refusals;

use super::*;

const HEADER: &str = "Date,Description,Category,Cost,Currency,Ann,Ben,Cem\n";

fn eur() -> Currency {
    Currency::from_code("EUR").unwrap()
}

/// Reads rows under [`HEADER`], so that the first is in line 2.
fn read_rows(rows: &str) -> Result<Export, Error> {
    read(format!("{HEADER}{rows}").as_bytes())
}
