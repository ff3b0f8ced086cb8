//! Itemised splits: the items of a receipt, and what is added or taken off in proportion.

use std::collections::{BTreeMap, BTreeSet};

use num_bigint::BigUint;

use super::error::SplitError;
use super::parts::{Total, expect_few, weighted};
use super::units::round;
use crate::base::limits::MAX_SPLIT_ITEMS;
use crate::money::{Amount, Balance, Currency};

/// Split by the items of a receipt.
///
/// Each participant bears the own parts of the items, and tax, tip, service and discount in
/// proportion to what these parts sum to. So the exact share is the own parts' sum times the
/// total, divided by the sum of all items. An item of 0 gives nobody a part of the tax.
///
/// The total is items + tax + tip + service - discount. A discount may exceed the items as long
/// as the total is not negative.
///
/// ```
/// use ledger_core::{Amount, Currency, Itemised, Split, SplitItem};
/// let euro = Currency::from_code("EUR")?;
/// let amount = |text| Amount::parse(text, euro);
/// let bill = Itemised::new()
///     .item(SplitItem::new("Pizza", amount("12")?).shared_by("Anna", 1))
///     .item(SplitItem::new("Wine", amount("24")?).shared_by("Anna", 1).shared_by("Ben", 1))
///     .tip(amount("3.60")?);
/// let shares = Split::Items(bill).shares(amount("39.60")?, euro, 0)?;
/// assert_eq!(shares, [("Anna", amount("26.40")?), ("Ben", amount("13.20")?)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Itemised<K> {
    /// The items, at most [`MAX_SPLIT_ITEMS`].
    pub items: Vec<SplitItem<K>>,
    /// Tax that the prices of the items do not include.
    pub tax: Amount,
    /// Tip.
    pub tip: Amount,
    /// Service charge.
    pub service: Amount,
    /// What was taken off the whole receipt.
    pub discount: Amount,
}

/// Item of a receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SplitItem<K> {
    /// Description, such as `Pizza`.
    pub text: String,
    /// The item's amount; a discount on the item alone is taken off already.
    pub amount: Amount,
    /// Who shares the item, with weights as in [`Split::Weights`](super::Split::Weights).
    pub participants: Vec<(K, u64)>,
}

impl<K> SplitItem<K> {
    /// An item that nobody shares yet.
    #[must_use]
    pub fn new(text: impl Into<String>, amount: Amount) -> Self {
        Self { text: text.into(), amount, participants: Vec::new() }
    }

    /// Adds a participant with a weight; 1 for everybody is an equal split.
    #[must_use]
    pub fn shared_by(mut self, participant: K, weight: u64) -> Self {
        self.participants.push((participant, weight));
        self
    }
}

impl<K> Default for Itemised<K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K> Itemised<K> {
    /// A receipt without items.
    #[must_use]
    pub fn new() -> Self {
        let zero = Amount::ZERO;
        Self { items: Vec::new(), tax: zero, tip: zero, service: zero, discount: zero }
    }

    /// Adds an item.
    #[must_use]
    pub fn item(mut self, item: SplitItem<K>) -> Self {
        self.items.push(item);
        self
    }

    /// Sets the tax.
    #[must_use]
    pub fn tax(mut self, tax: Amount) -> Self {
        self.tax = tax;
        self
    }

    /// Sets the tip.
    #[must_use]
    pub fn tip(mut self, tip: Amount) -> Self {
        self.tip = tip;
        self
    }

    /// Sets the service charge.
    #[must_use]
    pub fn service(mut self, service: Amount) -> Self {
        self.service = service;
        self
    }

    /// Sets the discount.
    #[must_use]
    pub fn discount(mut self, discount: Amount) -> Self {
        self.discount = discount;
        self
    }

    fn items_sum(&self) -> Balance {
        let amounts = self.items.iter().map(|item| Balance::from(item.amount));
        amounts.fold(Balance::ZERO, Balance::plus)
    }
}

impl<K: Ord + Clone> Itemised<K> {
    /// Shares of all participants of an item, ascending by participant.
    pub(super) fn shares(&self, whole: Total, turn: u64) -> Result<Vec<(&K, u64)>, SplitError<K>> {
        let claims = self.fitting_claims(whole)?;
        Ok(claims.map_or_else(Vec::new, |(claims, items)| claims.shares(whole.amount, items, turn)))
    }

    /// What each participant's parts of the items sum to, and the sum of all items, if the whole is
    /// that of the receipt. `None` if there is nothing to split.
    pub(super) fn fitting_claims(
        &self,
        whole: Total,
    ) -> Result<Option<(Claims<'_, K>, u64)>, SplitError<K>> {
        if self.items.len() > MAX_SPLIT_ITEMS {
            return Err(SplitError::TooManyItems { found: self.items.len() });
        }
        let Total { amount: total, currency } = whole;
        let items = self.items_sum();
        let added = [self.tax, self.tip, self.service].map(Balance::from);
        let before = added.into_iter().fold(items, Balance::plus);
        let discount = self.discount;
        let found = before.minus(discount.into());
        if found < Balance::ZERO {
            return Err(SplitError::DiscountTooLarge { discount, before, currency });
        }
        if found != total.into() {
            return Err(SplitError::ItemSum { found, total, currency });
        }
        // The work grows with the number of participants, so it is checked first.
        let participants = self.items.iter().flat_map(|item| &item.participants);
        let distinct: BTreeSet<&K> = participants.map(|(participant, _)| participant).collect();
        expect_few(distinct.len())?;
        let claims = self.claims(currency)?;
        if total.is_zero() {
            return Ok(None);
        }
        if items.is_zero() {
            return Err(SplitError::EmptyItems { total, currency });
        }
        let items = u64::try_from(items.minor_units()).unwrap_or(u64::MAX);
        Ok(Some((claims, items)))
    }

    /// What each participant's parts of the items sum to, exactly.
    fn claims(&self, currency: Currency) -> Result<Claims<'_, K>, SplitError<K>> {
        let mut parts = Vec::new();
        for item in &self.items {
            let weights = weighted(&item.participants)?;
            let sum = weights.iter().fold(0, |sum: u64, (_, weight)| sum.saturating_add(*weight));
            if sum == 0 && !item.amount.is_zero() {
                let SplitItem { text, amount, .. } = item.clone();
                return Err(SplitError::ItemForNobody { text, amount, currency });
            }
            parts.push((item.amount.minor_units(), sum, weights));
        }
        // An item is divided by the sum of its weights, so a multiple of all these sums makes
        // every part whole. The product of 256 numbers below 2^50 is far beyond 128 bits.
        let sums: BTreeSet<u64> = parts.iter().map(|(_, sum, _)| *sum).filter(|s| *s > 0).collect();
        let denominator = sums.iter().fold(BigUint::from(1u8), times);
        let mut claims: BTreeMap<&K, BigUint> = BTreeMap::new();
        for (amount, sum, weights) in parts {
            let unit = times(quotient(&denominator, sum), &amount);
            for (participant, weight) in weights {
                let claim = claims.remove(participant).unwrap_or_default();
                claims.insert(participant, plus(claim, &times(unit.clone(), &weight)));
            }
        }
        Ok(Claims { parts: claims, denominator })
    }
}

/// Parts of the items by participant: numerators over one denominator.
pub(super) struct Claims<'a, K> {
    parts: BTreeMap<&'a K, BigUint>,
    denominator: BigUint,
}

impl<'a, K: Ord> Claims<'a, K> {
    /// Shares of `total` in proportion to the parts, which sum to `items`, not zero.
    fn shares(self, total: Amount, items: u64, turn: u64) -> Vec<(&'a K, u64)> {
        let whole = times(self.denominator, &items);
        let (participants, exact): (Vec<&K>, Vec<(u64, BigUint)>) = self
            .parts
            .into_iter()
            .map(|(participant, part)| {
                let (units, remainder) = divide(times(part, &total.minor_units()), &whole);
                (participant, (units, remainder))
            })
            .unzip();
        participants.into_iter().zip(round(total.minor_units(), exact, turn)).collect()
    }

    /// Whether `holds` is true of each participant, the exact share of `total` and one unit, both as
    /// numerators over one denominator.
    pub(super) fn all(
        self,
        total: Amount,
        items: u64,
        mut holds: impl FnMut(&K, &BigUint, &BigUint) -> bool,
    ) -> bool {
        let unit = times(self.denominator, &items);
        let mut parts = self.parts.into_iter();
        parts.all(|(participant, part)| {
            holds(participant, &times(part, &total.minor_units()), &unit)
        })
    }
}

#[expect(clippy::arithmetic_side_effects, reason = "a BigUint grows, and never overflows")]
pub(super) fn times(number: BigUint, factor: &u64) -> BigUint {
    number * *factor
}

#[expect(clippy::arithmetic_side_effects, reason = "a BigUint grows, and never overflows")]
pub(super) fn plus(number: BigUint, other: &BigUint) -> BigUint {
    number + other
}

/// The quotient, or zero if the divisor is zero.
#[expect(clippy::arithmetic_side_effects, reason = "the divisor is not zero")]
fn quotient(number: &BigUint, divisor: u64) -> BigUint {
    if divisor == 0 { BigUint::ZERO } else { number / divisor }
}

/// Quotient and remainder. The quotient is that of a share, which is an amount.
#[expect(clippy::arithmetic_side_effects, reason = "the divisor is not zero")]
fn divide(number: BigUint, divisor: &BigUint) -> (u64, BigUint) {
    if *divisor == BigUint::ZERO {
        return (0, BigUint::ZERO);
    }
    let units = u64::try_from(&number / divisor).unwrap_or(0);
    (units, number % divisor)
}
