//! Leaves: which entries know that their author's generation left (SPEC §6.4).
//!
//! A leave cuts the entries of its generation that have it in their past. A past never changes,
//! and what follows on a chain holds it. So on each chain the entries without a leave come first,
//! and those with one after them. Walks mark how far both reach, on the chains of others, too:
//! no walk goes a second time through the same entries.

use std::collections::BTreeMap;

use super::ancestry::Ancestry;
use super::authority_state::AuthorityState;
use super::causal_walk::CausalWalk;
use super::incoming::{Backlink, IncomingEntry};
use super::records::LeaveMarks;
use crate::base::id::{EntryId, StatementId};
use crate::entry::DecodedEntry;
use crate::state::EntryIndex;
use crate::statement::{Generation, StatementBody};
use crate::verdict::ChainPosition;

/// Result of a search for leaves in the past of an entry that arrives.
#[derive(Clone, Debug, Default)]
pub(crate) struct LeaveSearch {
    /// Leave that concerns the author and is in the entry's own past.
    pub(crate) leave: Option<StatementId>,
    /// The author's generation and what was found about other entries; `None` if no leave
    /// concerns the author.
    found: Option<Box<(Generation, LeaveMarks)>>,
}

impl AuthorityState {
    /// Searches the past of an entry for a leave that concerns the entry's author.
    ///
    /// One says as much as all: an entry that no hard cut cuts has every leave in its past
    /// within the hard cuts as well, so that none of these leaves is rejected later. So one
    /// leave is recorded for a chain, however many somebody signs.
    ///
    /// # Errors
    /// The index's own, if it cannot be read.
    pub(crate) fn search_leave<I: EntryIndex>(
        &self,
        entry: &DecodedEntry,
        backlink: Backlink,
        index: &I,
    ) -> Result<LeaveSearch, I::Error> {
        let position = self.position_behind(backlink);
        let generation = self.cuttable_generation(backlink.author);
        let Some(generation) = generation.filter(|g| self.may_leave_count(*g, position)) else {
            return Ok(LeaveSearch::default());
        };
        let Some(marks) = self.leave_marks.get(&generation) else {
            return Ok(LeaveSearch::default());
        };
        let mut found = LeaveMarks::default();
        let behind = backlink.previous.and_then(|previous| marks.leave_behind(previous));
        if let Some(leave) = behind.filter(|leave| self.is_accepted_leave(leave, generation)) {
            let found = Some(Box::new((generation, found)));
            return Ok(LeaveSearch { leave: Some(leave), found });
        }
        let mut walked = Vec::new();
        let mut known: BTreeMap<EntryId, StatementId> = BTreeMap::new();
        let dependencies: Vec<EntryId> = entry.header().dependencies().copied().collect();
        let mut walk = CausalWalk::from(&dependencies, self, index)?;
        while let Some(visit) = walk.next().transpose()? {
            let (id, at) = (visit.id, visit.link.position);
            if marks.is_before_all(visit.link.lamport) {
                break;
            }
            let carried = self.lookup.carried.get(&id).copied();
            let is_leave = |leave: &StatementId| self.is_accepted_leave(leave, generation);
            let leave = carried.filter(is_leave);
            if let Some(leave) = leave.or_else(|| marks.leave_behind(at).filter(is_leave)) {
                known.insert(id, leave);
                walk.leave_out_dependencies();
            } else if marks.is_apart(at) {
                walk.leave_out_dependencies();
            } else {
                walked.push((id, at, walk.expand()?));
            }
        }
        // Dependencies were visited after what depends on them.
        for (id, at, dependencies) in walked.into_iter().rev() {
            let leave = dependencies.iter().find_map(|id| known.get(id)).copied();
            found.mark(at, leave);
            known.extend(leave.map(|leave| (id, leave)));
        }
        let leave = dependencies.iter().find_map(|id| known.get(id)).copied();
        Ok(LeaveSearch { leave, found: Some(Box::new((generation, found))) })
    }

    /// Returns whether a leave of a generation can ever cut what it signs at a position.
    ///
    /// A leave counts for nothing on an entry that a hard cut cuts: the entry is void
    /// with reason 40 whatever the leave says, and so is all that follows on its chain.
    /// To leave these out keeps an evil member who was removed from making every later
    /// entry of theirs walk.
    fn may_leave_count(&self, generation: Generation, position: ChainPosition) -> bool {
        self.accepted_own_cuts(Some((generation, None))).next().is_some()
            && !self.hard_cuts_on(generation).any(|cut| cut.cuts(position))
    }

    fn is_accepted_leave(&self, id: &StatementId, of: Generation) -> bool {
        let accepted = self.statements.get(id).filter(|statement| statement.rejection.is_none());
        accepted.is_some_and(|leave| leave.body == StatementBody::Leave { generation: of })
    }

    /// Records what the search for leaves in the past of an entry found.
    ///
    /// The past of an entry holds that of the entry before it on its chain. So one
    /// `seq` for each chain is enough: the first that has the leave in its past. Carriers
    /// of statements count, too. No leave voids them, but they are idle from there on,
    /// and which of two branches of a chain came first must not matter.
    pub(super) fn mark_leave(&mut self, incoming: IncomingEntry<'_>, ancestry: &Ancestry) {
        let (position, search) = (incoming.position, &ancestry.leave);
        if let Some(leave) = search.leave.and_then(|id| self.statements.get_mut(&id)) {
            leave.left.entry(position.chain).or_insert(position.seq);
        }
        if let Some((generation, found)) = search.found.as_deref() {
            let marks = self.leave_marks.entry(*generation).or_default();
            marks.add(found);
            marks.mark(position, search.leave);
        }
    }

    /// Records that an entry carries a statement, if that is a leave which may count.
    pub(super) fn mark_carrier(&mut self, statement: StatementId, clock: u64) {
        let leave = self.statements.get(&statement).filter(|statement| statement.may_cut());
        if let Some(StatementBody::Leave { generation }) = leave.map(|leave| &leave.body) {
            self.leave_marks.entry(*generation).or_default().add_carrier(clock);
        }
    }
}
