//! Recognition of files by their content.

use std::collections::BTreeMap;

use crate::bills::{self, Source};
use crate::csv::{Columns, Options, Table, decode};
use crate::import::{ImportFile, Problem, ProblemKind, Problems, Program};
use crate::own::{self, Layout, Totals};
use crate::{foreign, ihatemoney_json, settle_up, spliit, spliit_json, splitwise, tricount};

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
    recognise(bytes, program, options, Totals::Compare)
}

/// Reads a file that this program exported, as CSV or JSON, to compare it with the ledger: also one that
/// lacks rows, which [`read`] refuses.
///
/// # Errors
/// [`Problems`] of the file; any other file is named.
pub fn read_export(bytes: &[u8]) -> Result<ImportFile, Problems> {
    recognise(bytes, Some(Program::Ledger), &Options::default(), Totals::Ignore)
}

fn recognise(
    bytes: &[u8],
    program: Option<Program>,
    options: &Options,
    totals: Totals,
) -> Result<ImportFile, Problems> {
    if let Some(kind) = foreign::kind(bytes) {
        return Err(Problem::new(1, ProblemKind::OtherKind(kind)).into());
    }
    let (text, _) = decode(bytes)?;
    let is = |of: Program| program.is_none_or(|program| program == of);
    if let Some(json) = Json::of(&text) {
        return match json {
            Json::Ledger if is(Program::Ledger) => own::read_json(&text),
            Json::Spliit if is(Program::Spliit) => spliit_json::read(&text, options),
            Json::IHateMoney if is(Program::IHateMoney) => ihatemoney_json::read(&text, options),
            Json::Broken(error) => Err(error.into()),
            json => {
                let kind = json.kind(program.is_some());
                Err(Problem::new(1, ProblemKind::OtherKind(kind)).into())
            }
        };
    }
    // Our own table begins as that of Splitwise, and is read whole under that name, too.
    let may_be_ours = is(Program::Ledger) || program == Some(Program::Splitwise);
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
            if may_be_ours && own::is_ours(&columns) {
                let Some(layout) = Layout::of(&columns) else {
                    let kind =
                        "an export of this program with other columns than it had; export it again";
                    return Err(Problem::new(record.line, ProblemKind::OtherKind(kind)).into());
                };
                return own::read_csv(&layout, (behind()?, table), separator, totals);
            }
            if spliit::is_header(&columns) && is(Program::Spliit) {
                return spliit::read(&columns, table, options);
            }
            if settle_up::is_header(&columns) && is(Program::SettleUp) {
                return settle_up::read(&columns, table, behind()?, options);
            }
            if tricount::is_header(&columns) && is(Program::Tricount) {
                return tricount::read(&columns, (table, behind()?), separator, options);
            }
            if let Some(of) = bills::program(&columns).filter(|of| is(*of)) {
                return bills::read(of, Source::Text(&text, separator), options);
            }
        }
    }
    match program {
        None | Some(Program::Splitwise) => splitwise::read(bytes),
        Some(_) => {
            let kind = "no export of that program; leave --format away to have it recognised";
            Err(Problem::new(1, ProblemKind::OtherKind(kind)).into())
        }
    }
}

/// Kind of a JSON file, by its fields.
enum Json {
    Ledger,
    /// An export of this program from before it could be read again.
    OldLedger,
    Spliit,
    IHateMoney,
    Unknown,
    Broken(Problem),
}

impl Json {
    /// `None` if the text is none.
    fn of(text: &str) -> Option<Self> {
        type Fields = BTreeMap<String, serde::de::IgnoredAny>;
        let text = text.trim_start();
        let outer = match text.strip_prefix('[') {
            // Of a list, the first object says what it is.
            Some(list) => {
                let mut objects = serde_json::Deserializer::from_str(list).into_iter::<Fields>();
                match objects.next() {
                    Some(Ok(fields)) => fields,
                    _ if list.trim_start().starts_with('{') => Fields::default(),
                    // Splitwise's files may begin with a name in brackets.
                    _ => return None,
                }
            }
            None if text.starts_with('{') => match serde_json::from_str::<Fields>(text) {
                Ok(fields) => fields,
                Err(error) => return Some(Self::Broken(Problem::of_json(error))),
            },
            None => return None,
        };
        let has = |name: &str| outer.contains_key(name);
        Some(if has("transactions") && has("members") && has("format") {
            Self::Ledger
        } else if has("entries") && has("digest") && has("group") {
            Self::OldLedger
        } else if has("participants") && has("expenses") {
            Self::Spliit
        } else if has("payer_name") && has("owers") {
            Self::IHateMoney
        } else {
            Self::Unknown
        })
    }

    /// What it is, for people.
    const fn kind(&self, is_named: bool) -> &'static str {
        match self {
            Self::Ledger => {
                "a JSON export of this program; leave --format away to have it recognised"
            }
            Self::OldLedger => {
                "a JSON export of an earlier version of this program, which cannot be read; export the \
                 group again"
            }
            Self::Spliit => "a Spliit export in JSON; leave --format away to have it recognised",
            Self::IHateMoney => {
                "an ihatemoney export in JSON; leave --format away to have it recognised"
            }
            Self::Unknown | Self::Broken(_) if is_named => "no export of that program",
            Self::Unknown | Self::Broken(_) => "a JSON file of an unknown program",
        }
    }
}
