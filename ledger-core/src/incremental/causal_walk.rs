//! Walk into the causal past.

use std::collections::BTreeSet;

use super::authority_state::AuthorityState;
use crate::base::id::EntryId;
use crate::state::{EntryIndex, Link};
use crate::verdict::ChainPosition;

/// Entry that a [`CausalWalk`] visits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Visit {
    pub(crate) id: EntryId,
    pub(crate) link: Link,
}

/// Iterator over some entries and their causal past, in descending total order:
/// largest clock first, and of equal clocks the larger id.
///
/// A dependency always has a smaller clock than the entry that names it (rule A3).
/// Everything that replay does with a walk rests on what follows from that:
///
/// 1. Each entry is visited once, although many entries may depend on it: all of
///    these come before it, and the set of open entries merges their requests.
/// 2. When an entry is visited, everything in the walk that depends on it was
///    visited before.
/// 3. On each chain, the first entry visited is the last one in the past, since
///    clocks ascend along a chain.
/// 4. Once the walk visits an entry with clock `c`, no entry with a larger clock is
///    left. So a caller that looks for entries with clocks of at least `c` may stop.
///
/// The walk is lazy: the dependencies of an entry are read when the walk goes on
/// behind it. A caller that stops at an entry does not pay for reading them.
pub(crate) struct CausalWalk<'a, I: EntryIndex> {
    authority: &'a AuthorityState,
    index: &'a I,
    /// Entries that something visited depends on, ordered as they will be visited,
    /// the next one last.
    open: BTreeSet<(u64, EntryId, ChainPosition)>,
    /// Entry visited last, if its dependencies are not open yet.
    unexpanded: Option<EntryId>,
}

impl<'a, I: EntryIndex> CausalWalk<'a, I> {
    /// Begins a walk from some entries, which it visits, too. Entries that are not
    /// admitted are left out.
    ///
    /// # Errors
    /// The index's own, if it cannot be read.
    pub(crate) fn from<'i>(
        entries: impl IntoIterator<Item = &'i EntryId>,
        authority: &'a AuthorityState,
        index: &'a I,
    ) -> Result<Self, I::Error> {
        let mut walk = Self { authority, index, open: BTreeSet::new(), unexpanded: None };
        entries.into_iter().try_for_each(|id| walk.open(*id))?;
        Ok(walk)
    }

    /// Returns the dependencies of the entry that was visited last. Reads them once:
    /// the walk does not read them again when it goes on.
    ///
    /// # Errors
    /// The index's own, if it cannot be read.
    pub(crate) fn expand(&mut self) -> Result<Vec<EntryId>, I::Error> {
        let Some(id) = self.unexpanded.take() else { return Ok(Vec::new()) };
        let dependencies = self.index.dependencies(&id)?;
        dependencies.iter().try_for_each(|dependency| self.open(*dependency))?;
        Ok(dependencies)
    }

    /// Leaves out the dependencies of the entry that was visited last. Others may lead to them
    /// still.
    pub(crate) fn leave_out_dependencies(&mut self) {
        self.unexpanded = None;
    }

    fn open(&mut self, id: EntryId) -> Result<(), I::Error> {
        if let Some(link) = self.authority.link(&id, self.index)? {
            self.open.insert((link.lamport, id, link.position));
        }
        Ok(())
    }
}

impl<I: EntryIndex> Iterator for CausalWalk<'_, I> {
    type Item = Result<Visit, I::Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Err(error) = self.expand() {
            return Some(Err(error));
        }
        let (lamport, id, position) = self.open.pop_last()?;
        self.unexpanded = Some(id);
        Some(Ok(Visit { id, link: Link { position, lamport } }))
    }
}
