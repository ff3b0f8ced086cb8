//! Payers and shares where a file has only what each person paid less what they owe (SPEC §10.2).

use ledger_core::{Amount, Balance, Direction, Origin, split_equally};

use super::row::Inference;

/// Payers and shares of an expense, by the places of people in the file.
pub(super) type Sides = (Vec<(usize, Amount)>, Vec<(usize, Amount)>);

/// Payers and shares that cost what the row costs and leave everybody with the row's net; none if the
/// cost is less than what people are owed.
///
/// People with a negative net are taken to have paid nothing. What the cost exceeds the positive nets
/// by was both paid and owed by people with a positive net, in equal parts as far as anyone can know;
/// by all if no net is positive.
///
/// A refund is read as the expense with all signs turned: people with a negative net received it.
pub(super) fn sides(
    cost: Amount,
    direction: Direction,
    nets: &[Balance],
    origin: Origin,
) -> Option<(Sides, Inference)> {
    let nets = &mirrored(direction, nets)[..];
    let positive = nets.iter().filter(|net| **net > Balance::ZERO).count();
    let inference = match positive {
        0 if cost.is_zero() => Inference::Exact,
        0 => Inference::NoEffect,
        1 => Inference::Exact,
        _ => Inference::SeveralPayers,
    };
    let excess = amount(Balance::from(cost).minus(positive_sum(nets)))?;
    let takes_part = |net: &Balance| positive == 0 || *net > Balance::ZERO;
    let parts = if positive == 0 { nets.len() } else { positive };
    let turn = u64::from_be_bytes(origin.as_bytes().first_chunk().copied().unwrap_or_default());
    let mut excess = split_equally(excess, parts, turn).into_iter();

    let (mut payers, mut shares) = (Vec::new(), Vec::new());
    for (person, net) in nets.iter().enumerate() {
        let both = if takes_part(net) { excess.next()? } else { Amount::ZERO };
        let paid = both.checked_add(amount(Balance::ZERO.max(*net))?)?;
        let owes = both.checked_add(amount(Balance::ZERO.max(net.negated()))?)?;
        payers.extend((!paid.is_zero()).then_some((person, paid)));
        shares.extend((!owes.is_zero()).then_some((person, owes)));
    }
    Some(((payers, shares), inference))
}

/// Giver and receiver of a payment of the whole cost from one person to another.
pub(crate) fn parties(cost: Amount, nets: &[Balance]) -> Option<(usize, usize)> {
    let mut parties = nets.iter().enumerate().filter(|(_, net)| !net.is_zero());
    let (first, second) = (parties.next()?, parties.next()?);
    let (from, to) = if first.1 > second.1 { (first, second) } else { (second, first) };
    // The nets of a row add up to 0, so the other one is the same.
    let whole = parties.next().is_none() && *from.1 == Balance::from(cost);
    whole.then_some((from.0, to.0))
}

/// Whether the cost is at least what people are owed, so that [`sides`] finds payers and shares.
pub(crate) fn covers(cost: Amount, direction: Direction, nets: &[Balance]) -> bool {
    owed(direction, nets) <= Balance::from(cost)
}

/// Sum that is owed to those who paid more than their share.
pub(crate) fn owed(direction: Direction, nets: &[Balance]) -> Balance {
    positive_sum(&mirrored(direction, nets))
}

fn positive_sum(nets: &[Balance]) -> Balance {
    nets.iter().fold(Balance::ZERO, |sum, net| sum.plus(Balance::ZERO.max(*net)))
}

/// A balance that is not negative, as an amount.
fn amount(balance: Balance) -> Option<Amount> {
    let minor_units = u64::try_from(balance.minor_units()).ok()?;
    Amount::from_minor_units(minor_units).ok()
}

/// Nets with their signs turned if the money came in.
fn mirrored(direction: Direction, nets: &[Balance]) -> Vec<Balance> {
    match direction {
        Direction::Outgoing => nets.to_vec(),
        Direction::Incoming => nets.iter().map(|net| net.negated()).collect(),
    }
}
