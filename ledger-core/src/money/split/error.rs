//! Errors of splits, each with the difference.

use super::percent::{Percent, format};
use crate::base::limits::{MAX_SPLIT_ITEMS, MAX_SPLIT_PARTS, MAX_WEIGHT};
use crate::money::{Amount, Balance, Currency};

/// Error of a split that does not fit its total, or exceeds a limit. The text has amounts in the
/// currency, and says by how much something misses. `K` names a participant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SplitError<K> {
    /// There is no participant with a part above zero.
    #[error("nobody has a part above zero, so nobody bears {}", .total.format(*.currency))]
    NobodyTakesPart {
        /// The amount to split.
        total: Amount,
        /// Its currency.
        currency: Currency,
    },
    /// A participant stands twice in one list.
    #[error("{participant} is listed twice")]
    ListedTwice {
        /// The participant.
        participant: K,
    },
    /// More participants than [`MAX_SPLIT_PARTS`].
    #[error("a split has at most {MAX_SPLIT_PARTS} participants, this one has {found}")]
    TooManyParts {
        /// How many there are.
        found: usize,
    },
    /// More items than [`MAX_SPLIT_ITEMS`].
    #[error("a split has at most {MAX_SPLIT_ITEMS} items, this one has {found}")]
    TooManyItems {
        /// How many there are.
        found: usize,
    },
    /// A weight above [`MAX_WEIGHT`].
    #[error("the weight of {participant} is above {MAX_WEIGHT}")]
    WeightTooLarge {
        /// Whose weight.
        participant: K,
    },
    /// An adjustment above 10^15 minor units, or below the negative.
    #[error("the adjustment of {participant} is beyond 1,000,000,000,000,000 minor units")]
    AdjustmentTooLarge {
        /// Whose adjustment.
        participant: K,
    },
    /// The percentages do not sum to 100 %.
    #[error("the percentages sum to {}", PercentGap(*.millionths))]
    PercentSum {
        /// What they sum to, in millionths.
        millionths: u64,
    },
    /// The exact shares do not sum to the total.
    #[error("the shares sum to {}", Gap(*.found, *.total, *.currency))]
    ShareSum {
        /// What they sum to.
        found: Balance,
        /// The total.
        total: Amount,
        /// The currency of both.
        currency: Currency,
    },
    /// The adjustments sum to more than the total.
    #[error("the adjustments sum to {}", Gap(*.found, *.total, *.currency))]
    AdjustmentSum {
        /// What they sum to.
        found: Balance,
        /// The total.
        total: Amount,
        /// The currency of both.
        currency: Currency,
    },
    /// A negative adjustment exceeds the equal part.
    #[error(
        "the adjustment of {participant}, {}, is {} more than the equal part",
        .adjustment.format(*.currency),
        .missing.format(*.currency)
    )]
    BelowZero {
        /// Whose adjustment.
        participant: K,
        /// The adjustment, negative.
        adjustment: Balance,
        /// How far the share would be below zero, rounded up to a minor unit.
        missing: Balance,
        /// The currency of both.
        currency: Currency,
    },
    /// Items, tax, tip and service without the discount do not sum to the total.
    #[error(
        "items, tax, tip and service, less the discount, sum to {}",
        Gap(*.found, *.total, *.currency)
    )]
    ItemSum {
        /// What they sum to.
        found: Balance,
        /// The total.
        total: Amount,
        /// The currency of both.
        currency: Currency,
    },
    /// The discount is larger than all that it could be taken off.
    #[error(
        "the discount of {} is {} more than items, tax, tip and service, which sum to {}",
        .discount.format(*.currency),
        Balance::from(*.discount).minus(*.before).format(*.currency),
        .before.format(*.currency)
    )]
    DiscountTooLarge {
        /// The discount.
        discount: Amount,
        /// The sum of items, tax, tip and service.
        before: Balance,
        /// The currency of both.
        currency: Currency,
    },
    /// An item that costs something has no participant with a weight above zero.
    #[error("nobody shares the item {text:?} of {}", .amount.format(*.currency))]
    ItemForNobody {
        /// The item's description.
        text: String,
        /// Its amount.
        amount: Amount,
        /// The currency.
        currency: Currency,
    },
    /// All items are zero, so there is nothing in proportion to which tax, tip and service
    /// could be split.
    #[error(
        "the items sum to zero, so nothing says who bears the {} of tax, tip and service",
        .total.format(*.currency)
    )]
    EmptyItems {
        /// Tax, tip and service, less the discount.
        total: Amount,
        /// The currency.
        currency: Currency,
    },
}

/// Text of a sum that misses a total: `4.99, 0.01 less than 5.00`.
struct Gap(Balance, Amount, Currency);

impl core::fmt::Display for Gap {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self(found, total, currency) = self;
        let total = Balance::from(*total);
        let (gap, word) = match *found < total {
            true => (total.minus(*found), "less"),
            false => (found.minus(total), "more"),
        };
        let [found, gap, total] = [*found, gap, total].map(|balance| balance.format(*currency));
        write!(f, "{found}, {gap} {word} than {total}")
    }
}

/// Text of percentages that miss 100 %: `99.99 %, 0.01 % less than 100 %`.
struct PercentGap(u64);

impl core::fmt::Display for PercentGap {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let whole = Percent::WHOLE.millionths();
        let (gap, word) = match self.0 < whole {
            true => (whole.saturating_sub(self.0), "less"),
            false => (self.0.saturating_sub(whole), "more"),
        };
        write!(f, "{} %, {} % {word} than 100 %", format(self.0), format(gap))
    }
}
