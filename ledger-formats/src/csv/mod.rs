//! Delimited text as programs and spreadsheets write it: encodings, separators, numbers, dates.

mod columns;
mod date;
mod decode;
mod number;
mod table;

pub use columns::Options;
pub(crate) use columns::{Cells, Columns, check_people};
pub(crate) use date::{Dates, read_date};
pub(crate) use decode::decode;
pub(crate) use number::{Decimal, Marks, Style};
pub(crate) use table::{Record, Table};

/// A text without the mark that keeps a spreadsheet from running it: `'` before `=`, `+`, `-`, `@`.
pub(crate) fn without_guard(text: &str) -> &str {
    let rest = text.trim_start_matches('\'');
    if rest.len() < text.len() && is_formula(rest) {
        return text.strip_prefix('\'').unwrap_or(text);
    }
    text
}

/// A text that no spreadsheet runs. [`without_guard`] gives back the same text.
pub(crate) fn with_guard(text: &str) -> String {
    if is_formula(text.trim_start_matches('\'')) { format!("'{text}") } else { text.to_owned() }
}

fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r'])
}
