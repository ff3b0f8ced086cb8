//! Rows of a file, as they can be recorded.

use ledger_core::{
    Amount, Balance, Currency, Date, Direction, EntryId, Expense, MemberId, Origin, Transaction,
    Transfer,
};

use super::nets;
use super::packed::{Found, Money};

/// Expense or transfer of a file. People are named by their places in [`ImportFile::people`].
///
/// [`ImportFile::people`]: super::ImportFile::people
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportRow {
    line: u64,
    former: Option<Origin>,
    category: Option<String>,
    origin: Origin,
    entry: Option<EntryId>,
    transaction: Transaction<usize>,
    inference: Inference,
}

/// Certainty of the payers and shares of a row. The balances and the amount of a row are always
/// exactly those of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Inference {
    /// Certain, if no member paid who owes more than they paid.
    Exact,
    /// Several members paid more than their share. It is a guess that they owe equal parts of the
    /// rest.
    SeveralPayers,
    /// The row changes no balance. It is a guess that all members paid and owe equal parts.
    NoEffect,
}

impl ImportRow {
    pub(super) fn new(
        found: Found,
        origin: Origin,
        former: Option<Origin>,
        entry: Option<EntryId>,
    ) -> Self {
        let Found { line, date, description, category, note, currency, cost, money, hints } = found;
        let (sides, direction, inference) = match money {
            Money::Transfer { from, to } => {
                let transfer = Transfer::new(date, currency, cost, from, to)
                    .description(description)
                    .hints(hints)
                    .origin(origin);
                let (transaction, inference) = (transfer.into(), Inference::Exact);
                return Self { line, former, category, origin, entry, transaction, inference };
            }
            Money::Sides(direction, payers, shares) => {
                ((payers, shares), direction, Inference::Exact)
            }
            Money::Nets(direction, nets) => {
                // The reader has refused a cost below what people are owed.
                let found = nets::sides(cost, direction, &nets, origin);
                let (sides, inference) = found.unwrap_or((Default::default(), Inference::Exact));
                (sides, direction, inference)
            }
        };
        let (payers, shares) = sides;
        let mut expense = Expense::new(date, description, currency, cost)
            .payers(payers)
            .shares(shares)
            .direction(direction)
            .hints(hints)
            .origin(origin);
        (expense.category, expense.note) = (category.clone(), note);
        Self { line, former, category, origin, entry, transaction: expense.into(), inference }
    }

    /// The line of the file on which the row begins, counted from 1; in a file without lines, the
    /// number of the row.
    #[must_use]
    pub const fn line(&self) -> u64 {
        self.line
    }

    /// The origin, which recognises the row in this and later files of the same group.
    #[must_use]
    pub const fn origin(&self) -> Origin {
        self.origin
    }

    /// The origin that earlier drafts of the format gave the row. A row is known if either is.
    #[must_use]
    pub const fn former(&self) -> Option<Origin> {
        self.former
    }

    /// The entry that recorded the row in the group of which the file is an export, if the file is this
    /// program's own and says so. A group that has the entry has the row. Of an opening balance it is the
    /// entry with which the group begins.
    #[must_use]
    pub const fn entry(&self) -> Option<EntryId> {
        self.entry
    }

    /// The day.
    #[must_use]
    pub fn date(&self) -> Date {
        self.transaction.date()
    }

    /// The description as it stands in the file; may be empty.
    #[must_use]
    pub fn description(&self) -> &str {
        self.transaction.description()
    }

    /// The category without space around it, also of a transfer.
    #[must_use]
    pub fn category(&self) -> Option<&str> {
        self.category.as_deref()
    }

    /// The currency.
    #[must_use]
    pub fn currency(&self) -> Currency {
        self.transaction.currency()
    }

    /// The cost of an expense, or the amount of a transfer.
    #[must_use]
    pub fn amount(&self) -> Amount {
        self.transaction.amount()
    }

    /// The expense or transfer, with the row's origin.
    #[must_use]
    pub const fn transaction(&self) -> &Transaction<usize> {
        &self.transaction
    }

    /// The certainty of payers and shares.
    #[must_use]
    pub const fn inference(&self) -> Inference {
        self.inference
    }

    /// The person's number: paid minus owed.
    #[must_use]
    pub fn net(&self, person: usize) -> Balance {
        let mut net = Balance::ZERO;
        self.add_to(|other, part| {
            if other == person {
                net = net.plus(part);
            }
        });
        net
    }

    /// The expense or transfer over members. `None` if there is no member for one of the people.
    #[must_use]
    pub fn over(&self, members: &[MemberId]) -> Option<Transaction> {
        let member = |person: usize| members.get(person).copied();
        let parts = |parts: &[(usize, Amount)]| -> Option<Vec<(MemberId, Amount)>> {
            parts.iter().map(|(person, part)| Some((member(*person)?, *part))).collect()
        };
        Some(match &self.transaction {
            Transaction::Expense(expense) => {
                let (payers, shares) = (parts(&expense.payers)?, parts(&expense.shares)?);
                let mut over = Expense::new(
                    expense.date,
                    &*expense.description,
                    expense.currency,
                    expense.amount,
                )
                .payers(payers)
                .shares(shares)
                .direction(expense.direction)
                .hints(expense.hints.clone());
                (over.category, over.note) = (expense.category.clone(), expense.note.clone());
                over.origin = expense.origin;
                over.into()
            }
            Transaction::Transfer(transfer) => {
                let (from, to) = (member(transfer.from)?, member(transfer.to)?);
                let mut over =
                    Transfer::new(transfer.date, transfer.currency, transfer.amount, from, to)
                        .description(&*transfer.description)
                        .hints(transfer.hints.clone());
                over.origin = transfer.origin;
                over.into()
            }
        })
    }

    /// Hands over the parts that the row adds to balances; a person may have two.
    pub(super) fn add_to(&self, mut add: impl FnMut(usize, Balance)) {
        match &self.transaction {
            Transaction::Transfer(transfer) => {
                let given = Balance::from(transfer.amount);
                add(transfer.from, given);
                add(transfer.to, given.negated());
            }
            Transaction::Expense(expense) => {
                let (credited, debited) = match expense.direction {
                    Direction::Outgoing => (&expense.payers, &expense.shares),
                    Direction::Incoming => (&expense.shares, &expense.payers),
                };
                credited.iter().for_each(|(person, part)| add(*person, (*part).into()));
                debited
                    .iter()
                    .for_each(|(person, part)| add(*person, Balance::from(*part).negated()));
            }
        }
    }
}
