//! Reader and writer of groups that Splitwise exports as CSV.
//!
//! An export has the columns `Date,Description,Category,Cost,Currency` and one
//! for each member, which holds what the member paid for the row less what they
//! owe for it. A row of the category `Payment` is a transfer, one with a negative
//! cost a refund. Closing rows
//! named `Total balance`, one for each currency, give the members' balances;
//! they are not expenses, but what the rows must add up to.
//!
//! All problems of a file are told, up to 20. What makes the rest unreadable, such as a quotation mark
//! that is never closed, ends the search, and closing rows are compared only if all rows could be read.

mod header;
mod row;
mod table;
mod totals;
mod write;

#[cfg(test)]
mod tests;

pub use write::write;

use crate::import::{
    ClosingTotal, FileBuilder, ImportFile, Met, Problem, ProblemKind, Problems, Program,
};

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
    let mut table = table::Table::new(bytes)?;
    let first = table.next()?.ok_or_else(|| Problem::new(1, ProblemKind::Empty))?;
    let header = header::Header::read(&first)?;
    let place = (header.line, header::MEMBERS);
    let mut file = FileBuilder::new(Program::Splitwise, header.people.clone(), place);
    let mut totals: Vec<ClosingTotal> = Vec::new();
    let mut met = Met::default();
    loop {
        let record = match table.next() {
            Ok(Some(record)) => record,
            Ok(None) => break,
            Err(problem) => {
                met.push(problem);
                break;
            }
        };
        let Some(fields) = met.take(row::Fields::new(&header, &record)) else { continue };
        if fields.is_closing_total() {
            if let Some(total) = fields.closing_total(&mut met) {
                met.take(totals::push(&header, &mut totals, total));
            }
        } else if let Some(found) = fields.row(&mut met) {
            file.push(&found);
        }
    }
    if met.is_empty() {
        totals::reconcile(&header, totals, &mut file, &mut met);
    }
    met.finish()?;
    Ok(file.finish())
}
