//! Column sums, and the closing rows that they must match.

use std::collections::BTreeMap;

use ledger_core::{Balance, Currency};

/// A closing row: what each person's balance in a currency is in the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosingTotal {
    pub(crate) line: u64,
    pub(crate) currency: Currency,
    pub(crate) balances: Vec<Balance>,
}

/// The balances of all people in one currency after another.
pub(crate) type Sums = BTreeMap<Currency, Vec<Balance>>;

impl ClosingTotal {
    /// The line of the file on which the closing row begins, counted from 1.
    #[must_use]
    pub const fn line(&self) -> u64 {
        self.line
    }

    /// The currency.
    #[must_use]
    pub const fn currency(&self) -> Currency {
        self.currency
    }

    /// The balance of each person, in the order of the file.
    #[must_use]
    pub fn balances(&self) -> &[Balance] {
        &self.balances
    }
}
