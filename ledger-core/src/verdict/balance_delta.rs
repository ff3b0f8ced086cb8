//! Balance change of an expense or transfer (SPEC §6.7).

use crate::base::id::MemberId;
use crate::money::{Balance, Currency, Direction};
use crate::payload::{RefIndex, Transaction};

/// Balance change of an expense or transfer, by member. Sums to zero.
#[derive(Clone, Debug)]
pub(crate) struct BalanceDelta {
    currency: Currency,
    /// Part of each member, sorted by member, each member once.
    parts: Vec<(MemberId, Balance)>,
}

impl BalanceDelta {
    /// Returns what each member paid minus what the member owes, with signs turned for incoming
    /// money. `None` if a ref that stands for a member is not of an introduction, which is a fault
    /// of the content.
    pub(crate) fn new(
        content: &Transaction<RefIndex>,
        member_of_ref: impl Fn(RefIndex) -> Option<MemberId>,
    ) -> Option<Self> {
        let mut parts = Vec::new();
        match content {
            Transaction::Expense(expense) => {
                let (credited, debited) = match expense.direction {
                    Direction::Outgoing => (&expense.payers, &expense.shares),
                    Direction::Incoming => (&expense.shares, &expense.payers),
                };
                parts.reserve_exact(credited.len().saturating_add(debited.len()));
                for (member, amount) in credited {
                    parts.push((member_of_ref(*member)?, (*amount).into()));
                }
                for (member, amount) in debited {
                    parts.push((member_of_ref(*member)?, Balance::from(*amount).negated()));
                }
            }
            Transaction::Transfer(transfer) => {
                let amount = Balance::from(content.amount());
                parts.reserve_exact(2);
                parts.push((member_of_ref(transfer.from)?, amount));
                parts.push((member_of_ref(transfer.to)?, amount.negated()));
            }
        }
        // A member may pay and owe, and several introductions may be of one member.
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

    /// Returns the part of each member who is mentioned. It may be 0.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (MemberId, Balance)> {
        self.parts.iter().copied()
    }

    /// Returns the members who are mentioned.
    pub(crate) fn members(&self) -> impl Iterator<Item = MemberId> {
        self.parts.iter().map(|(member, _)| *member)
    }
}
