//! Recognition of files by their content.

use crate::bills;
use crate::csv::{Columns, Options, Table, decode};
use crate::import::{ImportFile, Problem, ProblemKind, Problems, Program};
use crate::{foreign, settle_up, spliit, splitwise};

/// Rows in which a header may stand.
const ROWS: usize = 11;

/// Reads a file of any program that can be read, by its content or as that of a program which is
/// named. [`ImportFile::program`] says which it is.
///
/// ```
/// use ledger_formats::{Options, Program, read};
/// let file = "date,what,bill_type,amount,currency,payer_name,payer_weight,owers\n\
///             2026-01-01,tea,Expense,4.0,XXX,Ann,1.0,\"Ann, Ben\"\n";
/// assert!(read(file.as_bytes(), None, &Options::default()).is_err(), "no currency");
/// let options = Options { currency: "EUR".parse().ok() };
/// let file = read(file.as_bytes(), None, &options)?;
/// assert_eq!((file.program(), file.row_count()), (Program::IHateMoney, 1));
/// # Ok::<(), ledger_formats::Problems>(())
/// ```
///
/// # Errors
/// [`Problems`] of the file. A file of a kind that cannot be read is named.
pub fn read(
    bytes: &[u8],
    program: Option<Program>,
    options: &Options,
) -> Result<ImportFile, Problems> {
    if let Some(kind) = other_kind(bytes) {
        return Err(Problem::new(1, ProblemKind::OtherKind(kind)).into());
    }
    if program == Some(Program::Splitwise) {
        return splitwise::read(bytes);
    }
    let (text, _) = decode(bytes)?;
    for separator in [b',', b';', b'\t'] {
        let mut table = Table::new(&text, separator);
        for _ in 0..ROWS {
            let Ok(Some(record)) = table.next() else { break };
            let columns = Columns::read(&record);
            let behind = || -> Result<Table<'_>, Problem> {
                let mut table = Table::new(&text, separator);
                while table.next()?.is_some_and(|record| record.line < columns.line) {}
                Ok(table)
            };
            let is = |of: Program| program.is_none_or(|program| program == of);
            if spliit::is_header(&columns) && is(Program::Spliit) {
                return spliit::read(&columns, table, options);
            }
            if settle_up::is_header(&columns) && is(Program::SettleUp) {
                return settle_up::read(&columns, table, behind()?, options);
            }
            if let Some(of) = bills::program(&columns).filter(|of| is(*of)) {
                return bills::read(of, &text, separator, options);
            }
            if columns.names.iter().any(|name| name.starts_with("Paid by "))
                && columns.names.iter().any(|name| name.starts_with("Paid for "))
            {
                let kind = "a Tricount or Sesterce export, which cannot be read yet";
                return Err(Problem::new(record.line, ProblemKind::OtherKind(kind)).into());
            }
        }
    }
    match program {
        None => splitwise::read(bytes),
        Some(_) => {
            let kind = "no export of that program; leave --format away to have it recognised";
            Err(Problem::new(1, ProblemKind::OtherKind(kind)).into())
        }
    }
}

/// What a file is that no reader takes, by its first bytes and words.
fn other_kind(bytes: &[u8]) -> Option<&'static str> {
    if let Some(kind) = foreign::kind(bytes) {
        return Some(kind);
    }
    let start = bytes.get(..bytes.len().min(65_536)).unwrap_or(bytes);
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    if !text.starts_with(b"{") && !text.starts_with(b"[{") {
        return None;
    }
    let has = |word: &str| text.windows(word.len()).any(|part| part == word.as_bytes());
    Some(if has("\"participants\"") && has("\"expenses\"") {
        "a Spliit export in JSON, which cannot be read yet; export the group as CSV"
    } else if has("\"payer_name\"") || has("\"bill_type\"") {
        "an ihatemoney export in JSON, which cannot be read yet; export the bills as CSV"
    } else if has("\"digest\"") && has("\"group\"") {
        "a JSON export of a ledger, which cannot be read yet; `ledger bundle export` makes a file that others can import"
    } else {
        "a JSON file of an unknown program"
    })
}
