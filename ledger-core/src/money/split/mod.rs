//! Splits: from a rule of sharing to each participant's share (SPEC §9.1).
//!
//! Every rule gives each participant an exact share, a fraction of a minor unit included, and
//! the exact shares sum to the total. Rounding to whole units is the same for all rules
//! (`units.rs`), so this module only says what the exact shares are.

mod error;
mod gives;
mod items;
mod kind;
mod parts;
mod percent;
#[cfg(test)]
mod tests;
mod units;

pub use error::SplitError;
pub use items::{Itemised, SplitItem};
pub use kind::SplitKind;
pub use percent::{Percent, PercentError};
pub use units::split_equally;

use self::parts::{Total, in_order, weighted};
use self::units::apportion;
use super::{Amount, Balance, Currency};
use crate::base::limits::MAX_AMOUNT;

/// Rule of sharing an amount. `K` names a participant: a member, a name, an index.
///
/// A participant stands once in a list. A part of zero is allowed, and gives no share. The order
/// of the list has no influence.
///
/// ```
/// use ledger_core::{Amount, Currency, Split};
/// let euro = Currency::from_code("EUR")?;
/// let rent = Amount::parse("1000", euro)?;
/// // A family of three, and one person.
/// let split = Split::Weights(vec![("Cruz", 3), ("Dana", 1)]);
/// let shares = split.shares(rent, euro, 0)?;
/// assert_eq!(shares[0], ("Cruz", Amount::parse("750", euro)?));
///
/// let exact = Split::Exact(vec![("Cruz", Amount::parse("999.99", euro)?)]);
/// let error = exact.shares(rent, euro, 0).unwrap_err();
/// assert_eq!(error.to_string(), "the shares sum to 999.99, 0.01 less than 1000.00");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Split<K> {
    /// The same for everybody.
    Equal(Vec<K>),
    /// In proportion to weights, each at most 10^12. A family is a weight: the number
    /// of its people.
    Weights(Vec<(K, u64)>),
    /// In proportion to percentages, which sum to 100 % exactly.
    Percent(Vec<(K, Percent)>),
    /// As stated. The shares sum to the total.
    Exact(Vec<(K, Amount)>),
    /// An equal part of what the adjustments leave of the total, plus the own adjustment, which
    /// may be negative.
    Adjust(Vec<(K, Balance)>),
    /// By the items of a receipt, with tax, tip, service and discount in proportion.
    Items(Itemised<K>),
}

impl<K: Ord + Clone> Split<K> {
    /// Computes the shares of `total`: each at least one minor unit, ascending by participant,
    /// with `total` as their exact sum. Equal arguments give equal shares on every platform.
    ///
    /// Each share is the participant's exact share rounded up or down. The largest fractions
    /// are rounded up. Among equal fractions `turn` decides who comes first, so pass a number
    /// that changes from one expense to the next, such as a hash of the expense; otherwise the
    /// same participant gets every odd unit. `currency` is for error texts.
    ///
    /// ```
    /// use ledger_core::{Amount, Currency, Split};
    /// let yen = Currency::from_code("JPY")?;
    /// let hundred = Amount::from_minor_units(100)?;
    /// let split = Split::Equal(vec!["Anna", "Ben", "Cleo"]);
    /// let units = |turn| -> Result<Vec<u64>, Box<dyn std::error::Error>> {
    ///     let shares = split.shares(hundred, yen, turn)?;
    ///     Ok(shares.iter().map(|(_, share)| share.minor_units()).collect())
    /// };
    /// assert_eq!(units(0)?, [34, 33, 33]);
    /// assert_eq!(units(1)?, [33, 34, 33]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`SplitError`] if the rule does not fit the total, with the difference, or a limit is
    /// exceeded.
    pub fn shares(
        &self,
        total: Amount,
        currency: Currency,
        turn: u64,
    ) -> Result<Vec<(K, Amount)>, SplitError<K>> {
        let whole = Total { amount: total, currency };
        let shares = match self {
            Self::Equal(participants) => {
                let parts = in_order(participants.iter().map(|participant| (participant, 1)))?;
                by_weight(parts, whole, turn)?
            }
            Self::Weights(weights) => by_weight(weighted(weights)?, whole, turn)?,
            Self::Percent(parts) => {
                let parts = parts.iter().map(|(k, percent)| (k, percent.millionths()));
                let parts = in_order(parts)?;
                let found = parts.iter().fold(0, |sum: u64, (_, part)| sum.saturating_add(*part));
                if found != Percent::WHOLE.millionths() {
                    return Err(SplitError::PercentSum { millionths: found });
                }
                by_weight(parts, whole, turn)?
            }
            Self::Exact(shares) => {
                let parts = in_order(shares.iter().map(|(k, share)| (k, share.minor_units())))?;
                let found = shares.iter().map(|(_, share)| Balance::from(*share));
                let found = found.fold(Balance::ZERO, Balance::plus);
                if found != total.into() {
                    return Err(SplitError::ShareSum { found, total, currency });
                }
                parts
            }
            Self::Adjust(adjustments) => adjusted(adjustments, whole, turn)?,
            Self::Items(itemised) => itemised.shares(whole, turn)?,
        };
        Ok(shares
            .into_iter()
            .filter(|(_, units)| *units > 0)
            // No share is larger than the total, which is an amount.
            .map(|(k, units)| (k.clone(), Amount::from_minor_units(units).unwrap_or(total)))
            .collect())
    }
}

/// Shares in proportion to weights.
fn by_weight<K>(
    parts: Vec<(&K, u64)>,
    Total { amount: total, currency }: Total,
    turn: u64,
) -> Result<Vec<(&K, u64)>, SplitError<K>> {
    let weights: Vec<u64> = parts.iter().map(|(_, weight)| *weight).collect();
    let units = match apportion(total.minor_units(), &weights, turn) {
        Some(units) => units,
        None if total.is_zero() => Vec::new(),
        None => return Err(SplitError::NobodyTakesPart { total, currency }),
    };
    Ok(parts.into_iter().map(|(participant, _)| participant).zip(units).collect())
}

/// An equal part of what the adjustments leave, plus the own adjustment.
fn adjusted<K: Ord + Clone>(
    adjustments: &[(K, Balance)],
    Total { amount: total, currency }: Total,
    turn: u64,
) -> Result<Vec<(&K, u64)>, SplitError<K>> {
    let too_large = |b: &Balance| b.minor_units().unsigned_abs() > u128::from(MAX_AMOUNT);
    if let Some((participant, _)) = adjustments.iter().find(|(_, own)| too_large(own)) {
        return Err(SplitError::AdjustmentTooLarge { participant: participant.clone() });
    }
    let parts = in_order(adjustments.iter().map(|(participant, own)| (participant, *own)))?;
    let sum = parts.iter().fold(Balance::ZERO, |sum, (_, own)| sum.plus(*own));
    let rest = Balance::from(total).minus(sum).minor_units();
    // At most 1,025 amounts, so the rest fits 64 bits unless it is negative.
    let Ok(rest_units) = u64::try_from(rest) else {
        return Err(SplitError::AdjustmentSum { found: sum, total, currency });
    };
    let count = i128::try_from(parts.len()).unwrap_or(i128::MAX);
    for (participant, own) in &parts {
        // The exact share is rest / count + own. Whole numbers decide whether it is negative:
        // with rest + count * own.
        let scaled = own.minor_units().saturating_mul(count).saturating_add(rest);
        if scaled < 0 {
            let missing = scaled.unsigned_abs().div_ceil(count.unsigned_abs().max(1));
            let missing = i128::try_from(missing).unwrap_or(i128::MAX);
            return Err(SplitError::BelowZero {
                participant: (*participant).clone(),
                adjustment: *own,
                missing: Balance::from_minor_units(missing),
                currency,
            });
        }
    }
    let Some(equal) = apportion(rest_units, &vec![1; parts.len()], turn) else {
        return match total.is_zero() {
            true => Ok(Vec::new()),
            false => Err(SplitError::NobodyTakesPart { total, currency }),
        };
    };
    let share = |((participant, own), part): ((_, Balance), u64)| {
        let units = own.minor_units().saturating_add(i128::from(part));
        (participant, u64::try_from(units).unwrap_or(0))
    };
    Ok(parts.into_iter().zip(equal).map(share).collect())
}
