//! Reader and writer of groups that Splitwise exports as CSV.
//!
//! An export has the columns `Date,Description,Category,Cost,Currency` and one
//! for each member, which holds what the member paid for the row less what they
//! owe for it. A row of the category `Payment` is a transfer, one with a negative
//! cost a refund. Closing rows
//! named `Total balance`, one for each currency, give the members' balances;
//! they are not expenses, but what the rows must add up to.
//!
//! A problem is reported where it first occurs in the file, except that one
//! with the encoding comes before all others, and closing rows that do not
//! match come last, as only a file that can be read has sums.

mod error;
mod header;
mod origin;
mod row;
mod table;
mod totals;
mod write;

#[cfg(test)]
mod tests;

use ledger_core::{Amount, Balance, Currency, Date, Direction, Origin, check_name};

pub use error::{Column, Error, ErrorKind};
pub use header::{Member, MemberKey};
pub use totals::ClosingTotal;
pub use write::write;

/// A group that Splitwise exported, as [`read`] returns it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    header_line: u64,
    members: Vec<Member>,
    rows: Vec<Row>,
    totals: Vec<ClosingTotal>,
    sums: totals::Sums,
}

/// An expense or a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    line: u64,
    origin: Origin,
    date: Date,
    description: String,
    category: Option<String>,
    currency: Currency,
    amount: Amount,
    kind: RowKind,
    inference: Inference,
}

/// Meaning of a row. Members are named by their index in [`Export::members`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowKind {
    /// Some members paid, some owe. Both lists hold amounts above 0 in column
    /// order and add up to the row's amount; both are empty if that is 0.
    Expense {
        /// The payers, with the amount of each.
        payers: Vec<(usize, Amount)>,
        /// The members who owe, with the amount of each.
        shares: Vec<(usize, Amount)>,
        /// Incoming for a row of negative cost, a refund: the payers received the money, and it is
        /// due to those with a share.
        direction: Direction,
    },
    /// One member gave the row's amount to another.
    Transfer {
        /// The member who gave.
        from: usize,
        /// The member who received.
        to: usize,
    },
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

/// Reads a group exported from Splitwise.
///
/// ```
/// use ledger_formats::splitwise::{self, RowKind};
/// let file = "Date,Description,Category,Cost,Currency,Ann,Ben\n\
///             2026-11-21,Dinner,Food,30.00,EUR,18.00,-18.00\n\
///             2026-11-22,Ben paid Ann,Payment,10.00,EUR,-10.00,10.00\n\
///             2026-11-22,Total balance, , ,EUR,8.00,-8.00\n";
/// let export = splitwise::read(file.as_bytes())?;
/// assert_eq!(export.members()[1].name(), "Ben");
/// assert_eq!(export.rows().len(), 2);
/// assert_eq!(export.rows()[1].kind(), &RowKind::Transfer { from: 1, to: 0 });
/// assert!(export.unreconciled_currencies().next().is_none());
/// # Ok::<(), ledger_formats::splitwise::Error>(())
/// ```
///
/// # Errors
/// [`Error`] names the first problem and its line; nothing is returned
/// of a file that has one.
pub fn read(bytes: &[u8]) -> Result<Export, Error> {
    let mut table = table::Table::new(bytes)?;
    let first = table.next()?.ok_or_else(|| Error::new(1, ErrorKind::Empty))?;
    let header = header::Header::read(&first)?;
    let mut origins = origin::Origins::default();
    let mut rows: Vec<Row> = Vec::new();
    let mut totals: Vec<ClosingTotal> = Vec::new();
    while let Some(record) = table.next()? {
        let fields = row::Fields::new(&header, &record)?;
        if fields.is_closing_total() {
            totals::push(&header, &mut totals, fields.closing_total()?)?;
        } else {
            rows.push(fields.row(&mut origins)?);
        }
    }
    let sums = totals::add_up(&rows, header.members.len());
    totals::reconcile(&header, &totals, &sums)?;
    Ok(Export { header_line: header.line, members: header.members, rows, totals, sums })
}

impl Export {
    /// The members, in column order.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// Checks the names of the members who have to be introduced. Whoever has an old name is a
    /// member already, even if it is one that this library writes no more.
    ///
    /// ```
    /// use ledger_formats::splitwise;
    /// let file = "Date,Description,Category,Cost,Currency,Ann,Be\u{202e}n\n";
    /// let export = splitwise::read(file.as_bytes())?;
    /// let error = export.check_new_names(|key| key.name() == "Ann").unwrap_err();
    /// assert!(error.to_string().starts_with("line 1, column 7 "));
    /// assert_eq!(export.check_new_names(|_| true), Ok(()));
    /// # Ok::<(), splitwise::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error`] with [`ErrorKind::Name`] and the column of the first one that `is_known` does not
    /// know and `ledger_core::check_name` refuses.
    pub fn check_new_names(&self, is_known: impl Fn(&MemberKey) -> bool) -> Result<(), Error> {
        let columns = (header::MEMBERS..).zip(&self.members);
        for (index, member) in columns.filter(|(_, member)| !is_known(member.key())) {
            check_name(member.name()).map_err(|source| {
                let error = Error::new(self.header_line, ErrorKind::Name(source));
                error.in_column(index, member.name())
            })?;
        }
        Ok(())
    }

    /// Expenses and transfers, in the order of the file.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The closing rows, all of which match the rows.
    #[must_use]
    pub fn totals(&self) -> &[ClosingTotal] {
        &self.totals
    }

    /// Currencies of the rows, ascending by code.
    pub fn currencies(&self) -> impl Iterator<Item = Currency> {
        self.sums.keys().copied()
    }

    /// Currencies of rows without a closing row that could confirm their sums.
    pub fn unreconciled_currencies(&self) -> impl Iterator<Item = Currency> {
        let closed = |currency: &Currency| self.totals.iter().any(|t| t.currency() == *currency);
        self.currencies().filter(move |currency| !closed(currency))
    }

    /// Each member's balance in a currency after all rows, in column order.
    #[must_use]
    pub fn sums(&self, currency: Currency) -> Vec<Balance> {
        let none = || vec![Balance::ZERO; self.members.len()];
        self.sums.get(&currency).cloned().unwrap_or_else(none)
    }
}

impl Row {
    /// The line of the file on which the row begins, counted from 1.
    #[must_use]
    pub const fn line(&self) -> u64 {
        self.line
    }

    /// The origin, which recognises the row in this and later exports of the same group.
    #[must_use]
    pub const fn origin(&self) -> Origin {
        self.origin
    }

    /// The day.
    #[must_use]
    pub const fn date(&self) -> Date {
        self.date
    }

    /// The description as it stands in the file; may be empty.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The category without space around it.
    #[must_use]
    pub fn category(&self) -> Option<&str> {
        self.category.as_deref()
    }

    /// The currency.
    #[must_use]
    pub const fn currency(&self) -> Currency {
        self.currency
    }

    /// The cost of an expense, or the amount of a transfer.
    #[must_use]
    pub const fn amount(&self) -> Amount {
        self.amount
    }

    /// The kind of the row, with its payers and shares.
    #[must_use]
    pub const fn kind(&self) -> &RowKind {
        &self.kind
    }

    /// The certainty of [`Row::kind`].
    #[must_use]
    pub const fn inference(&self) -> Inference {
        self.inference
    }

    /// The member's number in the file: paid minus owed.
    #[must_use]
    pub fn net(&self, member: usize) -> Balance {
        let own = self.parts().filter(|(index, _)| *index == member);
        own.fold(Balance::ZERO, |net, (_, part)| net.plus(part))
    }

    /// The parts that the row adds to balances; a member may have two.
    fn parts(&self) -> impl Iterator<Item = (usize, Balance)> {
        let (payers, shares, transfer) = match &self.kind {
            RowKind::Expense { payers, shares, direction: Direction::Outgoing } => {
                (payers.as_slice(), shares.as_slice(), None)
            }
            RowKind::Expense { payers, shares, direction: Direction::Incoming } => {
                (shares.as_slice(), payers.as_slice(), None)
            }
            RowKind::Transfer { from, to } => (&[][..], &[][..], Some((*from, *to))),
        };
        let given = Balance::from(self.amount);
        let moved = transfer.map(|(from, to)| [(from, given), (to, Balance::ZERO.minus(given))]);
        let paid = payers.iter().map(|(member, amount)| (*member, Balance::from(*amount)));
        let owed = shares
            .iter()
            .map(|(member, amount)| (*member, Balance::ZERO.minus(Balance::from(*amount))));
        paid.chain(owed).chain(moved.into_iter().flatten())
    }
}
