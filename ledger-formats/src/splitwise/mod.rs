//! Reader and writer of groups that Splitwise exports as CSV, in any of its languages (SPEC §10.2).
//!
//! An export has the columns `Date,Description,Category,Cost,Currency` and one
//! for each member, which holds what the member paid for the row less what they
//! owe for it. A row of the category `Payment` is a transfer, one with a negative
//! cost a refund. Closing rows
//! without a cost, one for each currency, give the members' balances; they are not expenses, but what the
//! rows must add up to.
//!
//! All problems of a file are told, up to 20. What makes the rest unreadable, such as a quotation mark
//! that is never closed, ends the search, and closing rows are compared only if all rows could be read.

mod header;
mod rounding;
mod row;
mod totals;
mod write;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use ledger_core::Currency;

pub use write::write;

use crate::csv::{Marks, Style, Table, decode};
use crate::import::{FileBuilder, ImportFile, ProblemKind, Problems, Program, Repair, shorten};

/// Reads a group exported from Splitwise.
///
/// ```
/// use ledger_core::Transaction;
/// use ledger_formats::splitwise;
/// let file = "Date,Description,Category,Cost,Currency,Ann,Ben\n\
///             2026-11-21,Dinner,Food,30.00,EUR,18.00,-18.00\n\
///             2026-11-22,Ben paid Ann,Payment,10.00,EUR,-10.00,10.00\n\
///             2026-11-22,Total balance, , ,EUR,8.00,-8.00\n";
/// let export = splitwise::read(file.as_bytes())?;
/// assert_eq!(export.people()[1].name(), "Ben");
/// let rows: Vec<_> = export.rows().collect();
/// assert_eq!(rows.len(), 2);
/// let Transaction::Transfer(transfer) = rows[1].transaction() else { panic!("no transfer") };
/// assert_eq!((transfer.from, transfer.to), (1, 0));
/// assert!(export.unreconciled_currencies().next().is_none());
/// # Ok::<(), ledger_formats::Problems>(())
/// ```
///
/// # Errors
/// [`Problems`] of the file, each with its line; nothing is returned of a file that has one.
pub fn read(bytes: &[u8]) -> Result<ImportFile, Problems> {
    let (text, is_utf16) = decode(bytes)?;
    let (header, mut table, separator) = header::find(&text)?;
    let style = style(&text, separator, header.line);
    let place = (header.line, header::MEMBERS);
    let mut file = FileBuilder::new(Program::Splitwise, header.people.clone(), place);
    let (mut totals, mut rounded) = (BTreeMap::new(), BTreeMap::<Currency, u64>::new());
    let mut findings = row::Findings::default();
    loop {
        let record = match table.next() {
            Ok(Some(record)) => record,
            Ok(None) => break,
            Err(problem) => {
                findings.met.push(problem);
                break;
            }
        };
        let fields = row::Fields::new(&header, &record, style);
        let Some(fields) = findings.met.take(fields) else { continue };
        if fields.is_closing_total() {
            if let Some(total) = fields.closing_total(&mut findings.met) {
                findings.met.take(totals::push(&header, &mut totals, total));
            }
        } else if let Some((found, changed)) = fields.row(&mut findings) {
            if changed.is_some() {
                let rows = rounded.entry(found.currency).or_default();
                *rows = rows.saturating_add(1);
            }
            file.push(&found);
        }
    }
    let row::Findings { mut met, dates } = findings;
    if let Some((line, found, seems, rows)) = dates.finish() {
        let kind = ProblemKind::ChangedDates { found: shorten(&found), seems, rows };
        met.push(header.error(line, header::DATE, kind));
    }
    if met.is_empty() {
        totals::reconcile(&header, totals, &rounded, &mut file, &mut met);
    }
    met.finish()?;
    if is_utf16 {
        file.repair(Repair::Utf16);
    }
    if separator != b',' {
        file.repair(Repair::Separator(char::from(separator)));
    }
    if style == Style::Comma {
        file.repair(Repair::DecimalComma);
    }
    for (currency, rows) in rounded {
        file.repair(Repair::Rounded { currency, rows });
    }
    Ok(file.finish())
}

/// The decimal mark, by all numbers of the file.
fn style(text: &str, separator: u8, header: u64) -> Style {
    let (mut table, mut marks) = (Table::new(text, separator), Marks::default());
    while let Ok(Some(record)) = table.next() {
        if record.line > header {
            marks.push(record.field(header::COST).trim());
            record.fields().skip(header::MEMBERS).for_each(|field| marks.push(field.trim()));
        }
    }
    marks.style()
}
