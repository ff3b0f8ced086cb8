//! Conversion of balances, rounded so that they still sum to zero.

use std::collections::{BTreeMap, BTreeSet};

use num_bigint::BigInt;

use super::{PairRate, Rates, RatesError};
use crate::base::id::MemberId;
use crate::money::{Balance, Currency, Settlement, settle_up};

/// Balances of all currencies in one, and the rates behind them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Converted {
    currency: Currency,
    balances: Vec<(MemberId, Balance)>,
    rates: Vec<PairRate>,
}

impl Converted {
    /// The currency of the balances.
    #[must_use]
    pub fn currency(&self) -> Currency {
        self.currency
    }

    /// The balances that are not zero, ascending by member.
    #[must_use]
    pub fn balances(&self) -> &[(MemberId, Balance)] {
        &self.balances
    }

    /// A member's balance, which may be zero.
    #[must_use]
    pub fn balance(&self, member: MemberId) -> Balance {
        let place = self.balances.binary_search_by_key(&member, |(other, _)| *other);
        let found = place.ok().and_then(|place| self.balances.get(place));
        found.map_or(Balance::ZERO, |(_, balance)| *balance)
    }

    /// The rates that were used, as they were given, in the order of the other currency.
    #[must_use]
    pub fn rates(&self) -> &[PairRate] {
        &self.rates
    }

    /// The payments in this currency that settle the balances of all currencies together. Equal
    /// balances and rates give equal plans.
    ///
    /// Who pays by such a plan is settled by agreement: recorded as transfers, the payments leave the
    /// balance of each other currency open.
    #[must_use]
    pub fn settle_up(&self) -> Vec<Settlement> {
        settle_up(self.balances.iter().copied())
    }
}

impl Rates {
    /// Converts balances of several currencies into one, in which they sum to zero if they do in each
    /// currency.
    ///
    /// Each member's balance is computed exactly from all currencies, and then rounded down to a
    /// minor unit. The units that this leaves over go to the largest remainders, of equal ones to the
    /// smaller member ids; so each is less than one minor unit from its exact value. The order of the
    /// input does not matter. Currencies without an open balance need no rate.
    ///
    /// # Errors
    /// [`RatesError::Missing`] with every pair that lacks a rate, [`RatesError::TooLarge`].
    pub fn convert(
        &self,
        to: Currency,
        balances: impl IntoIterator<Item = (Currency, MemberId, Balance)>,
    ) -> Result<Converted, RatesError> {
        let mut open: BTreeMap<(Currency, MemberId), Balance> = BTreeMap::new();
        for (currency, member, balance) in balances {
            let sum = open.entry((currency, member)).or_default();
            *sum = sum.plus(balance);
        }
        open.retain(|_, balance| !balance.is_zero());
        let currencies: BTreeSet<Currency> = open.keys().map(|(currency, _)| *currency).collect();
        let (factors, rates) = self.factors(to, &currencies)?;
        let denominator = factors.values().fold(BigInt::from(1u8), |all, f| times(&all, &f.down));
        let mut exact: BTreeMap<MemberId, BigInt> = BTreeMap::new();
        for ((currency, member), balance) in &open {
            let Some(factor) = factors.get(currency) else { continue };
            // Over the denominator that all have in common.
            let others = divide(&denominator, &factor.down).0;
            let part = times(&BigInt::from(balance.minor_units()), &times(&factor.up, &others));
            let sum = exact.entry(*member).or_default();
            *sum = plus(sum, &part);
        }
        let balances = round(exact, &denominator).ok_or(RatesError::TooLarge { currency: to })?;
        Ok(Converted { currency: to, balances, rates })
    }

    /// What a minor unit of each currency is in minor units of another, and the rates that say so.
    fn factors(
        &self,
        to: Currency,
        currencies: &BTreeSet<Currency>,
    ) -> Result<(BTreeMap<Currency, Factor>, Vec<PairRate>), RatesError> {
        let (mut factors, mut rates, mut missing) = (BTreeMap::new(), Vec::new(), Vec::new());
        for from in currencies {
            let (up, down) = if *from == to {
                (1, 1)
            } else if let Some(pair) = self.between(*from, to) {
                rates.push(pair);
                let rate = if pair.base == *from { pair.rate } else { pair.rate.inverse() };
                (rate.numerator(), rate.denominator())
            } else {
                missing.push(*from);
                continue;
            };
            // A minor unit of `from` is 10^-e of a whole one; a whole one of `to` is 10^e minor ones.
            let factor = Factor {
                up: times(&BigInt::from(up), &power_of_ten(to.exponent())),
                down: times(&BigInt::from(down), &power_of_ten(from.exponent())),
            };
            factors.insert(*from, factor);
        }
        match missing.is_empty() {
            true => Ok((factors, rates)),
            false => Err(RatesError::Missing { from: missing, to }),
        }
    }
}

/// A fraction, with both parts above zero.
struct Factor {
    up: BigInt,
    down: BigInt,
}

/// Rounds exact numbers over a denominator to whole ones that sum to the whole part of the exact sum.
/// `None` if one of them is beyond 128 bits.
fn round(
    exact: BTreeMap<MemberId, BigInt>,
    denominator: &BigInt,
) -> Option<Vec<(MemberId, Balance)>> {
    let total = exact.values().fold(BigInt::ZERO, |sum, number| plus(&sum, number));
    let mut odd = divide(&total, denominator).0;
    let mut rounded = Vec::new();
    for (member, number) in exact {
        let (whole, rest) = divide(&number, denominator);
        odd = minus(&odd, &whole);
        rounded.push((member, whole, rest));
    }
    // Stable, so equal remainders stay in the order of the members. There are fewer odd units than
    // remainders above zero.
    let mut places: Vec<&mut (MemberId, BigInt, BigInt)> = rounded.iter_mut().collect();
    places.sort_by(|a, b| b.2.cmp(&a.2));
    let odd = usize::try_from(odd).ok()?;
    for (_, whole, _) in places.into_iter().take(odd) {
        *whole = plus(whole, &BigInt::from(1u8));
    }
    let mut balances = Vec::new();
    for (member, whole, _) in rounded {
        let balance = Balance::from_minor_units(i128::try_from(whole).ok()?);
        if !balance.is_zero() {
            balances.push((member, balance));
        }
    }
    Some(balances)
}

#[expect(clippy::arithmetic_side_effects, reason = "a BigInt grows, and never overflows")]
fn times(a: &BigInt, b: &BigInt) -> BigInt {
    a * b
}

#[expect(clippy::arithmetic_side_effects, reason = "a BigInt grows, and never overflows")]
fn plus(a: &BigInt, b: &BigInt) -> BigInt {
    a + b
}

#[expect(clippy::arithmetic_side_effects, reason = "a BigInt grows, and never overflows")]
fn minus(a: &BigInt, b: &BigInt) -> BigInt {
    a - b
}

/// Quotient, rounded down, and remainder, from 0 to below the divisor. Zeros if the divisor is zero,
/// which no denominator is.
#[expect(clippy::arithmetic_side_effects, reason = "the divisor is checked")]
fn divide(number: &BigInt, divisor: &BigInt) -> (BigInt, BigInt) {
    if *divisor == BigInt::ZERO {
        return (BigInt::ZERO, BigInt::ZERO);
    }
    let (quotient, rest) = (number / divisor, number % divisor);
    match rest < BigInt::ZERO {
        true => (quotient - 1, rest + divisor),
        false => (quotient, rest),
    }
}

fn power_of_ten(exponent: u32) -> BigInt {
    BigInt::from(10u8).pow(exponent)
}

#[cfg(test)]
mod tests {
    use super::super::Rate;
    use super::*;
    use proptest::prelude::*;

    fn currency(code: &str) -> Currency {
        Currency::from_code(code).unwrap()
    }

    fn member(n: u8) -> MemberId {
        MemberId::from_bytes([n; 32])
    }

    fn rates(pairs: &[&str]) -> Rates {
        let mut rates = Rates::new();
        for pair in pairs {
            let (pair, rate) = pair.split_once('=').unwrap();
            let (base, quote) = pair.split_once('/').unwrap();
            rates.set(currency(base), currency(quote), rate.parse().unwrap()).unwrap();
        }
        rates
    }

    /// Balances of one currency, by members 1, 2 and so on.
    fn open(code: &str, units: &[i128]) -> Vec<(Currency, MemberId, Balance)> {
        let balance = |(n, units): (u8, &i128)| {
            (currency(code), member(n), Balance::from_minor_units(*units))
        };
        (1u8..).zip(units).map(balance).collect()
    }

    fn units(converted: &Converted) -> Vec<i128> {
        converted.balances().iter().map(|(_, balance)| balance.minor_units()).collect()
    }

    #[test]
    fn decimals_of_both_currencies_count() {
        let cases = [
            ("JPY", "EUR", "EUR/JPY=160", [16_000, -16_000], [10_000, -10_000]),
            ("EUR", "JPY", "EUR/JPY=160", [10_000, -10_000], [16_000, -16_000]),
            ("KWD", "EUR", "KWD/EUR=3", [1_000, -1_000], [300, -300]),
            ("EUR", "KWD", "KWD/EUR=3", [300, -300], [1_000, -1_000]),
            (
                "BTC",
                "JPY",
                "BTC/JPY=15000000",
                [100_000_000, -100_000_000],
                [15_000_000, -15_000_000],
            ),
            ("JPY", "BTC", "BTC/JPY=15000000", [15, -15], [100, -100]),
        ];
        for (from, to, rate, before, after) in cases {
            let found = rates(&[rate]).convert(currency(to), open(from, &before)).unwrap();
            assert_eq!(units(&found), after, "{from} in {to}");
            assert_eq!(found.rates()[0].to_string(), rate);
        }
    }

    #[test]
    fn odd_units_go_to_the_largest_remainders() {
        // 1.50, 1.50 and -3.00: one of the first two gets the odd unit, the smaller id.
        let found = rates(&["JPY/EUR=0.015"]).convert(currency("EUR"), open("JPY", &[1, 1, -2]));
        assert_eq!(units(&found.unwrap()), [2, 1, -3]);
        // 0.40, 0.40, 0.40 and -1.20, rounded down 0, 0, 0, -2.
        let found = rates(&["JPY/EUR=0.004"]).convert(currency("EUR"), open("JPY", &[1, 1, 1, -3]));
        let found = found.unwrap();
        assert_eq!(found.balance(member(4)).minor_units(), -1);
        assert_eq!(units(&found), [1, -1], "the largest remainder is that of -1.20, 0.80");
    }

    #[test]
    fn what_lacks_a_rate_is_named() {
        let mut all = open("USD", &[100, -100]);
        all.extend(open("JPY", &[5, -5]));
        all.extend(open("GBP", &[0, 0]));
        let to = currency("EUR");
        let error = Rates::new().convert(to, all.clone()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no rate for JPY/EUR and USD/EUR; give one for each"
        );
        // Rates are not chained.
        let chained = rates(&["EUR/USD=1.1", "USD/JPY=150"]).convert(to, all.clone()).unwrap_err();
        assert_eq!(chained, RatesError::Missing { from: vec![currency("JPY")], to });
        let found = rates(&["EUR/USD=1.1", "EUR/JPY=160", "EUR/GBP=2"]).convert(to, all).unwrap();
        let used: Vec<String> = found.rates().iter().map(ToString::to_string).collect();
        assert_eq!(used, ["EUR/JPY=160", "EUR/USD=1.1"], "only what was used");
    }

    #[test]
    fn a_pair_has_one_rate() {
        let mut rates = rates(&["EUR/USD=1.1"]);
        let (eur, usd) = (currency("EUR"), currency("USD"));
        let rate = Rate::new(1, 2).unwrap();
        for (base, quote) in [(eur, usd), (usd, eur)] {
            let twice = rates.set(base, quote, rate).unwrap_err();
            assert_eq!(twice, RatesError::GivenTwice { base, quote });
        }
        assert_eq!(rates.set(eur, eur, rate), Err(RatesError::SameCurrency { currency: eur }));
        assert_eq!(rates.iter().count(), 1);
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let most = i128::MAX;
        let found = rates(&["BTC/JPY=1/18446744073709551615"])
            .convert(currency("BTC"), open("JPY", &[most, -most]));
        assert_eq!(found, Err(RatesError::TooLarge { currency: currency("BTC") }));
    }

    fn zero_sum(parts: &[i64]) -> Vec<i128> {
        let mut all: Vec<i128> = parts.iter().map(|part| i128::from(*part)).collect();
        all.push(-all.iter().sum::<i128>());
        all
    }

    proptest! {
        #[test]
        fn sums_stay_zero_and_nobody_is_a_unit_off(
            parts in proptest::collection::vec(
                (proptest::collection::vec(any::<i64>(), 0..6), 1u64.., 1u64..), 4..5,
            ),
            to in prop::sample::select(vec!["EUR", "JPY", "KWD", "BTC"]),
        ) {
            let to = currency(to);
            let mut rates = Rates::new();
            let mut all = Vec::new();
            // Exponents 2, 0, 3 and 8.
            for ((code, (units, a, b)), flip) in
                ["EUR", "JPY", "KWD", "BTC"].iter().zip(&parts).zip([true, false].iter().cycle())
            {
                all.extend(open(code, &zero_sum(units)));
                let (from, rate) = (currency(code), Rate::new(*a, *b)?);
                if from != to {
                    let (base, quote) = if *flip { (to, from) } else { (from, to) };
                    rates.set(base, quote, rate).unwrap();
                }
            }
            let Ok(found) = rates.convert(to, all.clone()) else { return Ok(()) };
            prop_assert_eq!(units(&found).iter().sum::<i128>(), 0);
            let ten = |exponent| BigInt::from(10u8).pow(exponent);
            for n in 1..=7u8 {
                // The exact balance over the product of all denominators.
                let (mut up, mut down) = (BigInt::ZERO, BigInt::from(1u8));
                for (from, _, balance) in all.iter().filter(|(_, id, _)| *id == member(n)) {
                    let rate = match rates.between(*from, to) {
                        None => Rate::new(1, 1)?,
                        Some(pair) if pair.base == *from => pair.rate,
                        Some(pair) => pair.rate.inverse(),
                    };
                    let a = BigInt::from(balance.minor_units())
                        * rate.numerator() * ten(to.exponent());
                    let b = BigInt::from(rate.denominator()) * ten(from.exponent());
                    (up, down) = (up * &b + a * &down, down * b);
                }
                let off = BigInt::from(found.balance(member(n)).minor_units()) * &down - up;
                prop_assert!(-&down < off && off < down, "member {}", n);
            }
            // Neither the order nor the parts in which the input comes matter.
            all.reverse();
            prop_assert_eq!(&rates.convert(to, all)?, &found);
            let mut left: BTreeMap<MemberId, Balance> = found.balances().iter().copied().collect();
            for step in found.settle_up() {
                let from = left.get_mut(&step.from).unwrap();
                *from = from.plus(step.amount);
                let paid = left.get_mut(&step.to).unwrap();
                *paid = paid.minus(step.amount);
            }
            prop_assert!(left.values().all(|balance| balance.is_zero()));
        }
    }
}
