//! Faults of an expense or transfer by itself (SPEC §6.1).

use super::reason::VoidReason;
use crate::base::id::MemberId;
use crate::payload::{RefIndex, Transaction};

/// Returns the first fault of a content, `None` if it has none.
///
/// `member_of_ref` gives the member whom the entry at a ref introduces. Each ref
/// that stands for a member must name an introduction, whatever the verdict on
/// that introduction is: a fault must not depend on verdicts.
pub(crate) fn content_fault(
    content: &Transaction<RefIndex>,
    member_of_ref: impl Fn(RefIndex) -> Option<MemberId>,
) -> Option<VoidReason> {
    if !content.members().all(|index| member_of_ref(index).is_some()) {
        return Some(VoidReason::UnknownMember);
    }
    match content {
        Transaction::Transfer(transfer) => {
            let same = member_of_ref(transfer.from) == member_of_ref(transfer.to);
            same.then_some(VoidReason::SameMember)
        }
        Transaction::Expense(_) => None,
    }
}
