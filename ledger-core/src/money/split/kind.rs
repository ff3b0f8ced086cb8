//! Kinds of rules, and rules about participants who are named otherwise.

use super::{Itemised, Split, SplitItem};

/// Kind of a rule of sharing, for rows and filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum SplitKind {
    /// The same for everybody.
    Equal,
    /// In proportion to weights.
    Weights,
    /// In proportion to percentages.
    Percent,
    /// As stated.
    Exact,
    /// Equal parts, with an adjustment of each.
    Adjust,
    /// By the items of a receipt.
    Items,
}

impl SplitKind {
    /// The kind as a word for programs, which keeps its meaning for ever: `equal`, `weights`,
    /// `percent`, `exact`, `adjust` or `items`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Weights => "weights",
            Self::Percent => "percent",
            Self::Exact => "exact",
            Self::Adjust => "adjust",
            Self::Items => "items",
        }
    }
}

impl<K> Split<K> {
    /// The kind of the rule.
    #[must_use]
    pub const fn kind(&self) -> SplitKind {
        match self {
            Self::Equal(_) => SplitKind::Equal,
            Self::Weights(_) => SplitKind::Weights,
            Self::Percent(_) => SplitKind::Percent,
            Self::Exact(_) => SplitKind::Exact,
            Self::Adjust(_) => SplitKind::Adjust,
            Self::Items(_) => SplitKind::Items,
        }
    }

    /// The same rule with every participant replaced by what `convert` returns.
    ///
    /// # Errors
    /// The first error of `convert`.
    pub fn try_map<N, E>(
        &self,
        mut convert: impl FnMut(&K) -> Result<N, E>,
    ) -> Result<Split<N>, E> {
        fn each<K, N, V: Copy, E>(
            parts: &[(K, V)],
            convert: &mut impl FnMut(&K) -> Result<N, E>,
        ) -> Result<Vec<(N, V)>, E> {
            parts.iter().map(|(participant, part)| Ok((convert(participant)?, *part))).collect()
        }
        let convert = &mut convert;
        Ok(match self {
            Self::Equal(participants) => {
                Split::Equal(participants.iter().map(convert).collect::<Result<_, E>>()?)
            }
            Self::Weights(parts) => Split::Weights(each(parts, convert)?),
            Self::Percent(parts) => Split::Percent(each(parts, convert)?),
            Self::Exact(parts) => Split::Exact(each(parts, convert)?),
            Self::Adjust(parts) => Split::Adjust(each(parts, convert)?),
            Self::Items(bill) => {
                let item = |item: &SplitItem<K>| {
                    Ok(SplitItem {
                        text: item.text.clone(),
                        amount: item.amount,
                        participants: each(&item.participants, convert)?,
                    })
                };
                Split::Items(Itemised {
                    items: bill.items.iter().map(item).collect::<Result<_, E>>()?,
                    tax: bill.tax,
                    tip: bill.tip,
                    service: bill.service,
                    discount: bill.discount,
                })
            }
        })
    }

    /// The same rule without weights and percentages of zero, which give nobody anything. Whoever
    /// has none of an adjusted or equal part stays.
    #[must_use]
    pub(crate) fn without_zero_parts(mut self) -> Self {
        match &mut self {
            Self::Weights(parts) => parts.retain(|(_, weight)| *weight > 0),
            Self::Percent(parts) => parts.retain(|(_, percent)| percent.millionths() > 0),
            Self::Exact(parts) => parts.retain(|(_, share)| !share.is_zero()),
            Self::Items(bill) => {
                for item in &mut bill.items {
                    item.participants.retain(|(_, weight)| *weight > 0);
                }
            }
            Self::Equal(_) | Self::Adjust(_) => {}
        }
        self
    }

    /// The same rule with every list ascending by participant. The order of items stays.
    #[must_use]
    pub(crate) fn ascending(mut self) -> Self
    where
        K: Ord,
    {
        fn sort<K: Ord, V>(parts: &mut [(K, V)]) {
            parts.sort_by(|(a, _), (b, _)| a.cmp(b));
        }
        match &mut self {
            Self::Equal(participants) => participants.sort(),
            Self::Weights(parts) => sort(parts),
            Self::Percent(parts) => sort(parts),
            Self::Exact(parts) => sort(parts),
            Self::Adjust(parts) => sort(parts),
            Self::Items(bill) => {
                bill.items.iter_mut().for_each(|item| sort(&mut item.participants))
            }
        }
        self
    }
}
