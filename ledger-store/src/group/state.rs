//! Access to the state of a group without a copy.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use ledger_core::GroupState;
use ledger_core::engine::Ledger;

/// The state of a group at one moment. Dereferences to [`GroupState`]; cheap to clone.
#[derive(Clone)]
pub struct CurrentState(Arc<Ledger>);

impl CurrentState {
    pub(super) fn new(ledger: Arc<Ledger>) -> Self {
        Self(ledger)
    }
}

impl Deref for CurrentState {
    type Target = GroupState;

    fn deref(&self) -> &GroupState {
        self.0.state()
    }
}

impl PartialEq for CurrentState {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for CurrentState {}

impl fmt::Debug for CurrentState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
