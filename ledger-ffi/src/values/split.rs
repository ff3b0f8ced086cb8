//! Splits: from a rule of sharing to each member's share.

use ledger_core::{
    Amount, Balance, Currency, Expense, Itemised, MemberId, Percent, Split as Rule,
    SplitItem as Item, SplitKind as Kind,
};

use super::money::{amount, minor_units};
use super::transaction::Part;
use crate::error::{ErrorCode, LedgerError};

/// Rule of sharing an amount. Each member stands once in a list. A part of zero is allowed,
/// and gives no share.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Split {
    /// The same for everybody.
    Equal {
        /// The members.
        members: Vec<MemberId>,
    },
    /// In proportion to weights. A family is a weight: the number of its people.
    Weights {
        /// Members with weights from 0 to 10^12.
        parts: Vec<SplitPart>,
    },
    /// In proportion to percentages, which sum to 100 %.
    Percent {
        /// Members with millionths: 1 % is 10,000, and they sum to 1,000,000.
        parts: Vec<SplitPart>,
    },
    /// As stated. The shares sum to the amount.
    Exact {
        /// Members with shares in minor units.
        parts: Vec<SplitPart>,
    },
    /// An equal part of what the adjustments leave, plus the own adjustment.
    Adjust {
        /// Members with adjustments in minor units, which may be negative.
        parts: Vec<SplitPart>,
    },
    /// By the items of a receipt, with tax, tip, service and discount in proportion to what
    /// each member's items sum to. The amount is items + tax + tip + service - discount.
    Items {
        /// The items.
        items: Vec<SplitItem>,
        /// Tax that the items do not include, in minor units.
        tax: i64,
        /// Tip, in minor units.
        tip: i64,
        /// Service charge, in minor units.
        service: i64,
        /// What was taken off the whole receipt, in minor units.
        discount: i64,
    },
}

/// Kind of a rule of sharing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum SplitKind {
    /// The same for everybody.
    Equal,
    /// In proportion to weights.
    Weights,
    /// In proportion to percentages.
    Percent,
    /// As stated, or by a rule of a later version.
    Exact,
    /// Equal parts, with an adjustment of each.
    Adjust,
    /// By the items of a receipt.
    Items,
}

impl From<Kind> for SplitKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Equal => Self::Equal,
            Kind::Weights => Self::Weights,
            Kind::Percent => Self::Percent,
            Kind::Adjust => Self::Adjust,
            Kind::Items => Self::Items,
            _ => Self::Exact,
        }
    }
}

/// Member of a split, and the member's part in the unit that the rule has.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct SplitPart {
    /// The member.
    pub member: MemberId,
    /// A weight, millionths, or minor units.
    pub value: i64,
}

/// Item of a receipt.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct SplitItem {
    /// What it was.
    pub text: String,
    /// How much, in minor units.
    pub minor_units: i64,
    /// Who shares it, with weights; 1 for everybody is equal.
    pub parts: Vec<SplitPart>,
}

/// Computes the shares of an amount by a rule, for an expense: each at least one minor unit, and
/// the amount as their exact sum. Each is less than one minor unit from its exact value. Among
/// equal claims `turn` decides who gets an odd unit, so pass a number that changes, such as a
/// count of expenses.
///
/// # Errors
/// `InvalidSplit` if the rule does not fit the amount, and the reason says by how much.
/// `InvalidAmount`, `InvalidCurrency`.
#[uniffi::export]
pub fn shares_of(
    split: Split,
    minor_units: i64,
    currency: &str,
    turn: u64,
) -> Result<Vec<Part>, LedgerError> {
    let currency: Currency = currency.parse()?;
    let shares = rule(split)?.shares(amount(minor_units)?, currency, turn);
    let shares = shares.map_err(|error| invalid(error.to_string()))?;
    let part = |(member, share): (MemberId, Amount)| Part {
        member,
        minor_units: self::minor_units(share),
    };
    Ok(shares.into_iter().map(part).collect())
}

/// The rule by which an expense was split.
pub(super) fn from_expense(expense: &Expense) -> Split {
    match expense.rule() {
        rule @ (Rule::Equal(_)
        | Rule::Weights(_)
        | Rule::Percent(_)
        | Rule::Adjust(_)
        | Rule::Items(_)) => of_rule(rule),
        // Whatever else there will be: the shares are as they are.
        _ => of_rule(Rule::Exact(expense.shares.clone())),
    }
}

/// A rule, for other languages. Adjustments are amounts, so they fit 64 bits.
pub(crate) fn of_rule(rule: Rule<MemberId>) -> Split {
    fn parts<V>(parts: Vec<(MemberId, V)>, value: impl Fn(V) -> i64) -> Vec<SplitPart> {
        let part = |(member, part)| SplitPart { member, value: value(part) };
        parts.into_iter().map(part).collect()
    }
    let weight = |weight| i64::try_from(weight).unwrap_or(i64::MAX);
    match rule {
        Rule::Equal(members) => Split::Equal { members },
        Rule::Weights(weights) => Split::Weights { parts: parts(weights, weight) },
        Rule::Percent(percents) => {
            Split::Percent { parts: parts(percents, |percent| weight(percent.millionths())) }
        }
        Rule::Adjust(own) => {
            let units = |own: Balance| i64::try_from(own.minor_units()).unwrap_or(0);
            Split::Adjust { parts: parts(own, units) }
        }
        Rule::Items(bill) => {
            let item = |item: Item<MemberId>| SplitItem {
                text: item.text,
                minor_units: minor_units(item.amount),
                parts: parts(item.participants, weight),
            };
            Split::Items {
                items: bill.items.into_iter().map(item).collect(),
                tax: minor_units(bill.tax),
                tip: minor_units(bill.tip),
                service: minor_units(bill.service),
                discount: minor_units(bill.discount),
            }
        }
        Rule::Exact(shares) => Split::Exact { parts: parts(shares, minor_units) },
        // No rule of a later version is read here: the shares are as they are.
        _ => Split::Exact { parts: Vec::new() },
    }
}

pub(super) fn rule(split: Split) -> Result<Rule<MemberId>, LedgerError> {
    Ok(match split {
        Split::Equal { members } => Rule::Equal(members),
        Split::Weights { parts } => Rule::Weights(each(parts, weight)?),
        Split::Percent { parts } => Rule::Percent(each(parts, |millionths| {
            let percent = u64::try_from(millionths).ok().map(Percent::from_millionths);
            let beyond = || invalid("a percentage is from 0 to 1,000,000 millionths".to_owned());
            percent.and_then(Result::ok).ok_or_else(beyond)
        })?),
        Split::Exact { parts } => Rule::Exact(each(parts, amount)?),
        Split::Adjust { parts } => Rule::Adjust(each(parts, |units| {
            let size = Amount::from_minor_units(units.unsigned_abs())?;
            let balance = Balance::from(size);
            Ok(if units < 0 { balance.negated() } else { balance })
        })?),
        Split::Items { items, tax, tip, service, discount } => {
            let mut itemised = Itemised::new()
                .tax(amount(tax)?)
                .tip(amount(tip)?)
                .service(amount(service)?)
                .discount(amount(discount)?);
            for item in items {
                let mut known = Item::new(item.text, amount(item.minor_units)?);
                known.participants = each(item.parts, weight)?;
                itemised = itemised.item(known);
            }
            Rule::Items(itemised)
        }
    })
}

fn each<T>(
    parts: Vec<SplitPart>,
    convert: impl Fn(i64) -> Result<T, LedgerError>,
) -> Result<Vec<(MemberId, T)>, LedgerError> {
    parts.into_iter().map(|part| Ok((part.member, convert(part.value)?))).collect()
}

fn weight(value: i64) -> Result<u64, LedgerError> {
    u64::try_from(value).map_err(|_| invalid("a weight is not negative".to_owned()))
}

fn invalid(reason: String) -> LedgerError {
    LedgerError::new(ErrorCode::InvalidSplit, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(n: u8) -> MemberId {
        MemberId::from_bytes([n; 32])
    }

    fn parts(values: &[i64]) -> Vec<SplitPart> {
        let part = |(n, value): (u8, &i64)| SplitPart { member: member(n), value: *value };
        (1..).zip(values).map(part).collect()
    }

    fn units(split: Split, total: i64) -> Result<Vec<i64>, LedgerError> {
        let shares = shares_of(split, total, "EUR", 0)?;
        Ok(shares.into_iter().map(|part| part.minor_units).collect())
    }

    #[test]
    fn every_rule_has_its_unit() {
        let shares = |split| units(split, 1000).unwrap();
        assert_eq!(shares(Split::Equal { members: vec![member(1), member(2)] }), [500, 500]);
        assert_eq!(shares(Split::Weights { parts: parts(&[3, 1, 0]) }), [750, 250]);
        assert_eq!(shares(Split::Percent { parts: parts(&[125_000, 875_000]) }), [125, 875]);
        assert_eq!(shares(Split::Exact { parts: parts(&[999, 1]) }), [999, 1]);
        assert_eq!(shares(Split::Adjust { parts: parts(&[0, -100]) }), [550, 450]);
        let item = |minor_units, values: &[i64]| SplitItem {
            text: "Pizza".into(),
            minor_units,
            parts: parts(values),
        };
        let items = vec![item(600, &[1]), item(400, &[1, 1])];
        let bill = Split::Items { items, tax: 50, tip: 100, service: 50, discount: 200 };
        assert_eq!(shares(bill), [800, 200]);
    }

    #[test]
    fn what_does_not_fit_says_by_how_much() {
        let code = |split, total| units(split, total).unwrap_err().code();
        let error = units(Split::Exact { parts: parts(&[400, 99]) }, 500).unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidSplit);
        assert!(error.to_string().contains("4.99, 0.01 less than 5.00"), "{error}");
        assert_eq!(code(Split::Weights { parts: parts(&[-1]) }, 1), ErrorCode::InvalidSplit);
        assert_eq!(code(Split::Percent { parts: parts(&[1_000_001]) }, 1), ErrorCode::InvalidSplit);
        assert_eq!(code(Split::Exact { parts: parts(&[-1]) }, 1), ErrorCode::InvalidAmount);
        assert_eq!(code(Split::Adjust { parts: parts(&[i64::MIN]) }, 1), ErrorCode::InvalidAmount);
        assert_eq!(code(Split::Equal { members: vec![] }, -1), ErrorCode::InvalidAmount);
        let currency = shares_of(Split::Equal { members: vec![] }, 1, "euro", 0).unwrap_err();
        assert_eq!(currency.code(), ErrorCode::InvalidCurrency);
    }
}
