//! Member of a group.

use std::collections::BTreeSet;

use crate::statement::Generation;

/// Member of a group as the group state shows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub(crate) name: String,
    /// Whether the member is accepted. If not, an applied entry mentions them.
    pub(crate) introduced: bool,
    pub(crate) removed: bool,
    /// Current key generations.
    pub(crate) generations: BTreeSet<Generation>,
}

impl Member {
    /// Returns the member's name. Not unique: see [`GroupState::labels`](crate::GroupState::labels).
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns whether the member is accepted. If not, an applied entry mentions them all
    /// the same.
    #[must_use]
    pub fn is_introduced(&self) -> bool {
        self.introduced
    }

    /// Returns whether the owner removed the member, and did not bind them since.
    #[must_use]
    pub fn is_removed(&self) -> bool {
        self.removed
    }

    /// Returns the member's current key generations: none for a placeholder or a removed
    /// member, several only after several claims.
    pub fn generations(&self) -> impl Iterator<Item = Generation> + '_ {
        self.generations.iter().copied()
    }

    /// Returns whether the member is a placeholder, who can be claimed: has no keys and was
    /// not removed.
    #[must_use]
    pub fn is_placeholder(&self) -> bool {
        self.generations.is_empty() && !self.removed
    }
}
