//! What the writers take: rows and the names of members.

use std::collections::BTreeMap;

use ledger_core::{EntryId, GroupState, MemberId, Transaction};

/// An expense or transfer that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The entry that first recorded it. A correction does not change it.
    pub id: EntryId,
    /// Its content after the last correction.
    pub transaction: Transaction,
}

/// Names of members, each of which only one member has, in the order of introduction.
pub(crate) struct Labels {
    labels: BTreeMap<MemberId, String>,
    order: Vec<MemberId>,
}

impl Labels {
    pub(crate) fn new(state: &GroupState) -> Self {
        let order = state.members().into_iter().map(|(id, _)| id).collect();
        Self { labels: state.labels(), order }
    }

    /// The name of a member; `?` if the state does not know the member.
    pub(crate) fn label(&self, member: MemberId) -> &str {
        self.labels.get(&member).map_or("?", String::as_str)
    }

    pub(crate) fn members(&self) -> impl Iterator<Item = MemberId> + '_ {
        self.order.iter().copied()
    }
}
