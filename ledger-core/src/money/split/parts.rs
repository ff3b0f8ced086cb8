//! Participants of a split: in order, each once, within the limits.

use super::error::SplitError;
use crate::base::limits::{MAX_SPLIT_PARTS, MAX_WEIGHT};
use crate::money::{Amount, Currency};

/// Total of a split, with the currency for error texts.
#[derive(Clone, Copy)]
pub(super) struct Total {
    pub(super) amount: Amount,
    pub(super) currency: Currency,
}

/// Parts ascending by participant, so that the order of the list has no influence.
///
/// # Errors
/// [`SplitError::TooManyParts`], [`SplitError::ListedTwice`].
pub(super) fn in_order<'a, K: Ord + Clone, V>(
    parts: impl Iterator<Item = (&'a K, V)>,
) -> Result<Vec<(&'a K, V)>, SplitError<K>> {
    let mut parts: Vec<(&K, V)> = parts.collect();
    expect_few(parts.len())?;
    parts.sort_by_key(|(participant, _)| *participant);
    let mut neighbours = parts.iter().zip(parts.iter().skip(1));
    match neighbours.find(|((a, _), (b, _))| a == b) {
        Some(((participant, _), _)) => {
            Err(SplitError::ListedTwice { participant: (*participant).clone() })
        }
        None => Ok(parts),
    }
}

/// Weights ascending by participant, each at most [`MAX_WEIGHT`].
pub(super) fn weighted<K: Ord + Clone>(
    weights: &[(K, u64)],
) -> Result<Vec<(&K, u64)>, SplitError<K>> {
    if let Some((participant, _)) = weights.iter().find(|(_, weight)| *weight > MAX_WEIGHT) {
        return Err(SplitError::WeightTooLarge { participant: participant.clone() });
    }
    in_order(weights.iter().map(|(participant, weight)| (participant, *weight)))
}

/// Refuses more participants than [`MAX_SPLIT_PARTS`].
pub(super) fn expect_few<K>(found: usize) -> Result<(), SplitError<K>> {
    if found > MAX_SPLIT_PARTS { Err(SplitError::TooManyParts { found }) } else { Ok(()) }
}
