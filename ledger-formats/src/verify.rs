//! Comparison of an exported file with the ledger.

use std::collections::{BTreeMap, BTreeSet};

use core::fmt;
use ledger_core::{Amount, Currency, EntryId, GroupState, Hints, Split, Transaction};

use crate::import::{ImportFile, ImportRow};
use crate::one_line;
use crate::rows::{Labels, Row};

/// Hints that are compared otherwise, or not: the rule of a split, which names people by their places, and the
/// source of a row.
const SPLIT: u64 = 2;
const SOURCE: u64 = 6;

/// Difference between a file that this program exported and the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExportDifference {
    /// The ledger has a row that the file lacks.
    Missing {
        /// The entry that first recorded it.
        entry: EntryId,
        /// The row, for people.
        row: String,
    },
    /// The file has a row that does not count in the ledger.
    More {
        /// Its line, counted from 1; in a file without lines, the number of the row.
        line: u64,
        /// The entry that it names, if any.
        entry: Option<EntryId>,
        /// The row, for people.
        row: String,
    },
    /// A row of the file is not as the ledger has it.
    Altered {
        /// Its line, counted from 1; in a file without lines, the number of the row.
        line: u64,
        /// The entry.
        entry: EntryId,
        /// What differs, with the values of file and ledger.
        fields: Vec<AlteredField>,
    },
    /// The ledger has a member whom the file lacks, or the other way about.
    Member {
        /// The label.
        label: String,
        /// Whether the ledger has them.
        is_here: bool,
    },
}

/// A field of a row that is not as the ledger has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlteredField {
    /// The field, for people.
    pub name: &'static str,
    /// What the file has.
    pub file: String,
    /// What the ledger has.
    pub ledger: String,
}

/// Compares a file with the rows of a ledger that count, in any order.
#[must_use]
pub fn verify(
    state: &GroupState,
    rows: impl IntoIterator<Item = Row>,
    file: &ImportFile,
) -> Vec<ExportDifference> {
    let labels = Labels::new(state);
    let mut differences = Vec::new();
    let here: BTreeSet<&str> = labels.members().map(|member| labels.label(member)).collect();
    let there: BTreeSet<&str> = file.people().iter().map(|person| person.name()).collect();
    for label in here.symmetric_difference(&there) {
        let is_here = here.contains(label);
        differences.push(ExportDifference::Member { label: (*label).to_owned(), is_here });
    }
    let genesis = state.group().genesis();
    // All opening balances have the entry with which the group begins.
    let key =
        |entry: EntryId, currency: Currency| (entry, Some(currency).filter(|_| entry == genesis));
    let label = |member: &_| labels.label(*member).to_owned();
    let mut open: BTreeMap<_, Row> =
        rows.into_iter().map(|row| (key(row.id, row.transaction.currency()), row)).collect();
    for found in file.rows() {
        let line = found.line();
        let row = found.entry().and_then(|entry| open.remove(&key(entry, found.currency())));
        let Some(row) = row else {
            let row = shown(&Fields::of_file(&found, file));
            differences.push(ExportDifference::More { line, entry: found.entry(), row });
            continue;
        };
        let ours = Fields::of(&row.transaction, label);
        let fields = ours.differences(&Fields::of_file(&found, file));
        if !fields.is_empty() {
            differences.push(ExportDifference::Altered { line, entry: row.id, fields });
        }
    }
    let missing = open.into_values().map(|row| ExportDifference::Missing {
        entry: row.id,
        row: shown(&Fields::of(&row.transaction, label)),
    });
    differences.extend(missing);
    differences
}

fn shown(fields: &Fields) -> String {
    format!("{} {} {}", fields.date, one_line(&fields.description), fields.amount)
}

/// What a row says, with people by their labels.
struct Fields {
    date: String,
    description: String,
    amount: String,
    kind: &'static str,
    category: String,
    note: String,
    payers: String,
    shares: String,
    rule: Option<Split<String>>,
    hints: Vec<(u64, Vec<u8>)>,
}

impl Fields {
    fn of_file(row: &ImportRow, file: &ImportFile) -> Self {
        let name = |place: &usize| {
            file.people()
                .get(*place)
                .map_or_else(|| "?".to_owned(), |person| person.name().to_owned())
        };
        Self::of(row.transaction(), name)
    }

    fn of<M: Ord + Clone>(transaction: &Transaction<M>, label: impl Fn(&M) -> String) -> Self {
        let currency = transaction.currency();
        let parts = |parts: &[(M, Amount)]| {
            let mut parts: Vec<String> = parts
                .iter()
                .map(|(member, part)| {
                    format!("{} {}", one_line(&label(member)), part.format(currency))
                })
                .collect();
            parts.sort_unstable();
            parts.join(", ")
        };
        // A table cannot hold a zero byte.
        let text = |text: &str| text.replace('\0', "\u{fffd}");
        let hints = |hints: &Hints| {
            let others = hints.iter().filter(|(key, _)| ![SPLIT, SOURCE].contains(key));
            others.map(|(key, bytes)| (key, bytes.to_vec())).collect()
        };
        let (date, description) = (transaction.date().to_string(), text(transaction.description()));
        let amount = format!("{} {currency}", transaction.amount().format(currency));
        match transaction {
            Transaction::Expense(expense) => Self {
                date,
                description,
                amount,
                kind: match expense.direction {
                    ledger_core::Direction::Outgoing => "expense",
                    ledger_core::Direction::Incoming => "refund",
                },
                category: text(expense.category.as_deref().unwrap_or_default()),
                note: text(expense.note.as_deref().unwrap_or_default()),
                payers: parts(&expense.payers),
                shares: parts(&expense.shares),
                rule: expense
                    .said_rule()
                    .and_then(|rule| rule.try_map(|member| Ok::<_, ()>(label(member))).ok()),
                hints: hints(&expense.hints),
            },
            Transaction::Transfer(transfer) => Self {
                date,
                description,
                amount,
                kind: "payment",
                category: String::new(),
                note: String::new(),
                payers: parts(&[(transfer.from.clone(), transfer.amount)]),
                shares: parts(&[(transfer.to.clone(), transfer.amount)]),
                rule: None,
                hints: hints(&transfer.hints),
            },
        }
    }

    fn differences(&self, file: &Self) -> Vec<AlteredField> {
        let texts = [
            ("date", &self.date, &file.date),
            ("description", &self.description, &file.description),
            ("amount", &self.amount, &file.amount),
            ("category", &self.category, &file.category),
            ("note", &self.note, &file.note),
            ("payers", &self.payers, &file.payers),
            ("shares", &self.shares, &file.shares),
        ];
        let mut fields = Vec::new();
        let mut push = |name, ledger: &str, file: &str| {
            let (file, ledger) = (one_line(file), one_line(ledger));
            fields.push(AlteredField { name, file, ledger });
        };
        for (name, ours, theirs) in texts.into_iter().filter(|(_, ours, theirs)| ours != theirs) {
            push(name, ours, theirs);
        }
        if self.kind != file.kind {
            push("kind", self.kind, file.kind);
        }
        let kind =
            |rule: &Option<Split<String>>| rule.as_ref().map_or("", |rule| rule.kind().code());
        let ascending = |rule: &Option<Split<String>>| rule.clone().map(sorted);
        if ascending(&self.rule) != ascending(&file.rule) {
            push("rule of the split", kind(&self.rule), kind(&file.rule));
        }
        if self.hints != file.hints {
            push("tags, currency paid in, or another hint", "", "");
        }
        fields
    }
}

/// The rule with its people in one order.
fn sorted(mut rule: Split<String>) -> Split<String> {
    match &mut rule {
        Split::Equal(people) => people.sort_unstable(),
        Split::Weights(parts) => parts.sort_unstable_by(|a, b| a.0.cmp(&b.0)),
        Split::Percent(parts) => parts.sort_unstable_by(|a, b| a.0.cmp(&b.0)),
        Split::Exact(parts) => parts.sort_unstable_by(|a, b| a.0.cmp(&b.0)),
        Split::Adjust(parts) => parts.sort_unstable_by(|a, b| a.0.cmp(&b.0)),
        Split::Items(itemised) => {
            itemised
                .items
                .iter_mut()
                .for_each(|item| item.participants.sort_unstable_by(|a, b| a.0.cmp(&b.0)));
        }
        _ => {}
    }
    rule
}

impl fmt::Display for ExportDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { entry, row } => {
                write!(f, "missing: {} {row} is in the ledger only", entry.short())
            }
            Self::More { line, entry, row } => {
                let entry = entry.map(|entry| format!("{} ", entry.short())).unwrap_or_default();
                write!(f, "more: line {line}: {entry}{row} is in the file only")
            }
            Self::Altered { line, entry, fields } => {
                write!(f, "altered: line {line}: {}", entry.short())?;
                for AlteredField { name, file, ledger } in fields {
                    if file.is_empty() && ledger.is_empty() {
                        write!(f, "; {name}")?;
                    } else {
                        write!(f, "; {name}: {file:?} in the file, {ledger:?} in the ledger")?;
                    }
                }
                Ok(())
            }
            Self::Member { label, is_here } => {
                let place = if *is_here { "ledger" } else { "file" };
                write!(f, "member: {} is in the {place} only", one_line(label))
            }
        }
    }
}
