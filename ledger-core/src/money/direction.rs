//! Direction of the money of an expense (SPEC §4.4).

/// Direction of the money of an expense. Amounts are never negative; a refund is the mirror of an
/// expense.
///
/// ```
/// use ledger_core::{Amount, Currency, Direction, Expense, MemberId};
/// # let (anna, ben) = (MemberId::from_bytes([1; 32]), MemberId::from_bytes([2; 32]));
/// let euro = Currency::from_code("EUR")?;
/// let amount = Amount::parse("5.00", euro)?;
/// // The shop gave 5.00 back to Anna, and half of it is due to Ben.
/// let refund = Expense::new("2026-11-21".parse()?, "Bottles", euro, amount)
///     .direction(Direction::Incoming)
///     .paid_by(anna, amount)
///     .split_equally(&[anna, ben], 0);
/// # assert_eq!(refund.shares[1].1.minor_units(), 250);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// Money spent: the payers gave it, and those with a share owe it.
    #[default]
    Outgoing,
    /// A refund or income: the payers received the money, and it is due to those with a share.
    Incoming,
}
