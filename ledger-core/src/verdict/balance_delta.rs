//! What an expense or transfer adds to balances (SPEC §6.7).

use crate::id::MemberId;
use crate::money::{Balance, Currency};
use crate::payload::{RefIndex, Transaction};

/// What a content adds to balances; sums to zero.
#[derive(Clone, Debug)]
pub(crate) struct BalanceDelta {
    currency: Currency,
    /// By member, each once.
    parts: Vec<(MemberId, Balance)>,
}

impl BalanceDelta {
    /// Paid minus owed, of a content whose every ref that stands for a member is
    /// of an introduction.
    pub(crate) fn of(
        content: &Transaction<RefIndex>,
        member: impl Fn(RefIndex) -> Option<MemberId>,
    ) -> Option<Self> {
        let mut parts = Vec::new();
        match content {
            Transaction::Expense(expense) => {
                let (payers, shares) = (&expense.payers, &expense.shares);
                parts.reserve_exact(payers.len().saturating_add(shares.len()));
                for (payer, amount) in payers {
                    parts.push((member(*payer)?, (*amount).into()));
                }
                for (sharer, amount) in shares {
                    parts.push((member(*sharer)?, Balance::from(*amount).negated()));
                }
            }
            Transaction::Transfer(transfer) => {
                let amount = Balance::from(content.amount());
                parts.reserve_exact(2);
                parts.push((member(transfer.from)?, amount));
                parts.push((member(transfer.to)?, amount.negated()));
            }
        }
        // Several introductions may be of one member, who may pay and owe.
        parts.sort_unstable_by_key(|(member, _)| *member);
        parts.dedup_by(|(member, part), (kept, sum)| {
            let same = member == kept;
            if same {
                *sum = sum.plus(*part);
            }
            same
        });
        Some(Self { currency: content.currency(), parts })
    }

    pub(crate) fn currency(&self) -> Currency {
        self.currency
    }

    /// What each member named gets; it may be nothing.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (MemberId, Balance)> {
        self.parts.iter().copied()
    }

    pub(crate) fn members(&self) -> impl Iterator<Item = MemberId> {
        self.parts.iter().map(|(member, _)| *member)
    }
}
