//! Numbers more precise than their currency: a row is rounded so that it still adds up to 0.

use ledger_core::{Amount, Balance, Currency, Direction};

use crate::csv::Decimal;

/// Cost and nets of a row in minor units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rounded {
    /// The size of the cost.
    pub(super) cost: Amount,
    /// Incoming if the cost is negative.
    pub(super) direction: Direction,
    pub(super) nets: Vec<Balance>,
    /// Whether a number changed.
    pub(super) is_changed: bool,
}

/// Rounds a row. Each net is rounded down, and the missing minor units go to the nets of the largest
/// remainders, of equal ones to those further left; so no net changes by a whole unit. `None` if the
/// nets do not add up to 0, but for what their last decimals may have lost.
pub(super) fn round(cost: Decimal, nets: &[Decimal], currency: Currency) -> Option<Rounded> {
    let unit = Decimal::unit(currency);
    let floors: Vec<(i128, i128)> =
        nets.iter().map(|net| (net.value.div_euclid(unit), net.value.rem_euclid(unit))).collect();
    let sum = nets.iter().fold(0_i128, |sum, net| sum.saturating_add(net.value));
    let is_exact = floors.iter().all(|(_, rest)| *rest == 0);
    if sum.saturating_abs() > tolerance(nets, is_exact) {
        return None;
    }
    let missing = floors.iter().fold(0_i128, |sum, (floor, _)| sum.saturating_sub(*floor));
    let missing = usize::try_from(missing).ok().filter(|missing| *missing <= nets.len())?;
    let mut places: Vec<usize> = (0..nets.len()).collect();
    let rest = |place: &usize| floors.get(*place).map_or(0, |(_, rest)| *rest);
    places.sort_by_key(|place| core::cmp::Reverse(rest(place)));
    let mut units: Vec<i128> = floors.iter().map(|(floor, _)| *floor).collect();
    for place in places.iter().take(missing) {
        if let Some(units) = units.get_mut(*place) {
            *units = units.saturating_add(1);
        }
    }
    let nets: Vec<Balance> = units.into_iter().map(Balance::from_minor_units).collect();
    let is_refund = cost.value < 0;
    let size = cost.value.saturating_abs();
    let half = unit.checked_div(2).unwrap_or_default();
    let mut whole = size.saturating_add(half).div_euclid(unit);
    let is_changed = !is_exact || size.rem_euclid(unit) != 0;
    let is_refund = is_refund && whole > 0;
    let direction = if is_refund { Direction::Incoming } else { Direction::Outgoing };
    if is_changed {
        // Nets that were rounded up may exceed a cost that was not, by less than a unit each.
        let owed = crate::import::owed(direction, &nets).minor_units();
        let slack = i128::try_from(nets.len()).unwrap_or(i128::MAX);
        if owed > whole && owed.saturating_sub(whole) <= slack {
            whole = owed;
        }
    }
    let cost = Amount::from_minor_units(u64::try_from(whole).ok()?).ok()?;
    Some(Rounded { cost, direction, nets, is_changed })
}

/// Sum that nets may miss 0 by: half a unit of the last decimal for each, if they are more precise than
/// the currency; else nothing.
fn tolerance(nets: &[Decimal], is_exact: bool) -> i128 {
    if is_exact {
        return 0;
    }
    let decimals = nets.iter().map(|net| net.decimals).max().unwrap_or_default();
    let last = 10_i128.saturating_pow(18_u32.saturating_sub(decimals));
    let count = nets.iter().filter(|net| net.value != 0).count();
    let count = i128::try_from(count).unwrap_or(i128::MAX);
    last.saturating_mul(count).checked_div(2).unwrap_or_default().saturating_add(1)
}
