//! Refs of a draft: the ids that an entry names, and the index of each.

use std::collections::BTreeSet;

use super::{Draft, DraftError};
use crate::base::id::{EntryId, MemberId};
use crate::base::limits::MAX_REFS;
use crate::money::Amount;
use crate::payload::{RefIndex, Transaction};
use crate::state::GroupState;

/// Refs of a draft, sorted and unique.
pub(super) struct Refs<'a> {
    state: &'a GroupState,
    pub(super) ids: Vec<EntryId>,
}

impl<'a> Refs<'a> {
    pub(super) fn collect(
        state: &'a GroupState,
        transaction: &Transaction,
        target: Option<EntryId>,
    ) -> Result<Self, DraftError> {
        let mut ids: BTreeSet<EntryId> = target.into_iter().collect();
        for member in transaction.members() {
            ids.insert(introduction(state, member)?);
        }
        if ids.len() > MAX_REFS {
            return Err(DraftError::TooManyRefs);
        }
        Ok(Self { state, ids: ids.into_iter().collect() })
    }

    pub(super) fn entry(&self, id: EntryId) -> Result<RefIndex, DraftError> {
        let place = self.ids.binary_search(&id).ok().and_then(|place| u16::try_from(place).ok());
        place.map(RefIndex::new).ok_or(DraftError::TooManyRefs)
    }

    fn member(&self, member: MemberId) -> Result<RefIndex, DraftError> {
        self.entry(introduction(self.state, member)?)
    }

    /// The transaction with refs in place of members, payers and shares ascending by ref.
    ///
    /// # Errors
    /// [`DraftError::DuplicateMember`] if a member stands twice among the payers or the
    /// shares.
    pub(super) fn transaction(
        &self,
        transaction: &Transaction,
    ) -> Result<Transaction<RefIndex>, DraftError> {
        let mut converted = transaction.try_convert(|member| self.member(member))?;
        if let (Transaction::Expense(named), Transaction::Expense(expense)) =
            (transaction, &mut converted)
        {
            for parts in [&named.payers, &named.shares] {
                expect_distinct(parts)?;
            }
            // The wire form has one order (rule P7); apps may list members in any order. The hint of
            // the split names members by places in it.
            expense.sort_parts();
        }
        Ok(converted)
    }
}

/// Makes a draft of the transaction; if that would be too long for an entry, then without the rule of the
/// split: a hint must not cost an expense.
pub(super) fn fitting(
    transaction: &Transaction,
    draft: impl Fn(&Transaction) -> Result<Draft, DraftError>,
) -> Result<Draft, DraftError> {
    let whole = draft(transaction)?;
    if !transaction.has_rule_hint() || whole.certainly_fits() {
        return Ok(whole);
    }
    draft(&transaction.clone().without_rule_hint())
}

fn expect_distinct(parts: &[(MemberId, Amount)]) -> Result<(), DraftError> {
    let mut seen = BTreeSet::new();
    match parts.iter().find(|(member, _)| !seen.insert(*member)) {
        Some((member, _)) => Err(DraftError::DuplicateMember(*member)),
        None => Ok(()),
    }
}

/// The entry that names a member in drafts: its first introduction.
pub(super) fn introduction(state: &GroupState, member: MemberId) -> Result<EntryId, DraftError> {
    state.first_introduction(member).ok_or(DraftError::UnknownMember(member))
}
