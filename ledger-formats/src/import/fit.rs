//! Shares that a program rounded apart, made to add up to their cost.

use ledger_core::Amount;

/// The parts with single units added or taken, from the first on, so that they add up to the total.
/// `None` if they miss it by more than one unit each.
pub(crate) fn fit(total: u64, mut parts: Vec<(usize, u64)>) -> Option<Vec<(usize, Amount)>> {
    let sum = parts.iter().try_fold(0_u64, |sum, (_, part)| sum.checked_add(*part))?;
    let (missing, is_less) = (total.abs_diff(sum), sum < total);
    let can_give = parts.iter().filter(|(_, part)| is_less || *part > 0).count();
    if missing > u64::try_from(can_give).ok()? {
        return None;
    }
    let mut missing = missing;
    for (_, part) in &mut parts {
        if missing == 0 {
            break;
        }
        if is_less || *part > 0 {
            *part = if is_less { part.checked_add(1)? } else { part.checked_sub(1)? };
            missing = missing.saturating_sub(1);
        }
    }
    let parts = parts.into_iter().filter(|(_, part)| *part > 0);
    parts.map(|(person, part)| Some((person, Amount::from_minor_units(part).ok()?))).collect()
}
