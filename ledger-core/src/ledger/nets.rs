//! What an expense or transfer adds to balances (SPEC §6.7).

use std::collections::BTreeMap;

use crate::id::MemberId;
use crate::money::{Balance, Currency};
use crate::payload::{Content, RefIndex};

/// What a content adds to balances; sums to zero.
#[derive(Clone, Debug)]
pub(crate) struct Nets {
    pub(crate) currency: Currency,
    pub(crate) parts: BTreeMap<MemberId, Balance>,
}

impl Nets {
    /// Paid minus owed, of a content whose every ref that stands for a member is
    /// of an introduction.
    pub(crate) fn of(
        content: &Content,
        member: impl Fn(RefIndex) -> Option<MemberId>,
    ) -> Option<Self> {
        let mut nets = Self { currency: content.currency(), parts: BTreeMap::new() };
        match content {
            Content::Expense(expense) => {
                for part in expense.payers() {
                    nets.add(member(part.member)?, part.amount.into());
                }
                for part in expense.shares() {
                    nets.add(member(part.member)?, Balance::from(part.amount).negated());
                }
            }
            Content::Transfer(transfer) => {
                nets.add(member(transfer.from())?, content.amount().into());
                nets.add(member(transfer.to())?, Balance::from(content.amount()).negated());
            }
        }
        Some(nets)
    }

    fn add(&mut self, member: MemberId, part: Balance) {
        let net = self.parts.entry(member).or_default();
        *net = net.plus(part);
    }
}
