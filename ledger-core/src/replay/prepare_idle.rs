//! Preparation of what an entry changes about idle entries and agreed heads (SPEC §5.3).
//!
//! Cost: in a group without idle entries nothing is prepared. Else an entry that names agreed
//! heads only costs one look-up for each dependency. A walk through idle entries goes through
//! each of them once, as the record says how far earlier walks came. Only an entry that makes
//! others idle walks from the heads again, as the base of its statement was walked, too.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::idle_entries::IdleChange;
use super::ledger::Ledger;
use crate::base::id::{EntryId, MemberId};
use crate::incremental::{AuthorityState, CausalWalk, IncomingEntry, Outcome};
use crate::state::{EntryIndex, Link};
use crate::verdict::ChainPosition;

/// Purpose of a walk through idle entries: on behalf of an entry that is not idle, or of a
/// carrier that is idle and kept.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Behalf {
    NotIdle,
    Carrier,
}

impl Ledger {
    /// Prepares what an entry changes that leaves all others as they are. `idle` says
    /// whether the entry is idle itself. `None` if no entry is: then all heads are agreed heads.
    ///
    /// # Errors
    /// The index's own, if it cannot be read.
    pub(super) fn prepare_idle<I: EntryIndex>(
        &self,
        incoming: IncomingEntry<'_>,
        idle: bool,
        index: &I,
    ) -> Result<Option<IdleChange>, I::Error> {
        if !idle && self.idle.is_empty() {
            return Ok(None);
        }
        let mut change = IdleChange::default();
        self.add_entry(&mut change, &self.authority, incoming, idle, index)?;
        Ok(Some(change))
    }

    /// Prepares what a control entry changes that flips verdicts. `after` is the authority
    /// state behind the entry.
    ///
    /// # Errors
    /// The index's own, if it cannot be read.
    pub(super) fn prepare_idle_flips<I: EntryIndex>(
        &self,
        after: &AuthorityState,
        outcome: &Outcome,
        incoming: IncomingEntry<'_>,
        index: &I,
    ) -> Result<IdleChange, I::Error> {
        let own = incoming.position;
        let idle = after.judge_at(own).is_some();
        let mut change = IdleChange::default();
        let chains: BTreeSet<u32> =
            outcome.chains_to_reevaluate.keys().map(|from| from.chain).collect();
        let (mut grew, mut freed) = (false, Vec::new());
        for chain in &chains {
            let before = self.idle.from(*chain);
            // The entry itself is not among those that were here.
            let from = after
                .idle_from(*chain)
                .filter(|from| ChainPosition { chain: *chain, seq: *from } != own);
            if from == before {
                continue;
            }
            change.from.insert(*chain, from);
            let none = u64::MAX;
            grew |= from.unwrap_or(none) < before.unwrap_or(none);
            if from.unwrap_or(none) > before.unwrap_or(none) {
                freed.extend(self.last_freed(*chain, from, index)?);
            }
        }
        if grew {
            self.find_heads_anew(&mut change, after, &freed, index)?;
        } else {
            self.free(&mut change, freed, index)?;
        }
        self.add_entry(&mut change, after, incoming, idle, index)?;
        let changed: BTreeSet<u32> = chains
            .into_iter()
            .chain(outcome.members.iter().flat_map(|member| after.chains_of_member(*member)))
            .chain(change.covered.keys().copied())
            .chain(self.idle.covered_chains().filter(|_| change.covers_anew))
            .collect();
        for chain in changed {
            self.recount(&mut change, after, chain, incoming, index)?;
        }
        Ok(change)
    }

    /// Adds the entry that arrives: as an agreed head, or to the idle entries.
    fn add_entry<I: EntryIndex>(
        &self,
        change: &mut IdleChange,
        authority: &AuthorityState,
        incoming: IncomingEntry<'_>,
        idle: bool,
        index: &I,
    ) -> Result<(), I::Error> {
        let IncomingEntry { entry, position, .. } = incoming;
        if !idle {
            let mut open = Vec::new();
            for id in entry.header().dependencies() {
                if self.is_head(change, id) {
                    lose(change, id);
                } else if !self.idle.is_empty() || !change.from.is_empty() {
                    open.push(*id);
                }
            }
            let walked = self.walk_idle(change, open, Behalf::NotIdle, index)?;
            self.discount(change, &walked, Behalf::NotIdle, index)?;
            change.new_heads.insert(entry.id(), entry.header().lamport());
            return Ok(());
        }
        if self.idle_from(change, position.chain).is_none() {
            change.from.insert(position.chain, Some(position.seq));
        }
        if self.authority.carries_needed_statement(entry) {
            let open = entry.header().dependencies().copied().collect();
            let mut walked = self.walk_idle(change, open, Behalf::Carrier, index)?;
            self.discount(change, &walked, Behalf::Carrier, index)?;
            walked.insert(position.chain, position.seq);
            change.needed.extend(walked);
            return Ok(());
        }
        let account = || {
            authority.account_of(incoming.backlink.author, |chain| {
                self.idle.counted(chain).map(|(member, _)| member)
            })
        };
        let (member, bytes) =
            self.counted(change, position.chain).unwrap_or_else(|| (account(), 0));
        let bytes = bytes.saturating_add(length(incoming));
        change.counted.insert(position.chain, (member, bytes));
        Ok(())
    }

    /// Returns the last entry of a chain that is idle before the change and not after it,
    /// with its clock and position. `from` is the first that is idle after it.
    fn last_freed<I: EntryIndex>(
        &self,
        chain: u32,
        from: Option<u64>,
        index: &I,
    ) -> Result<Option<(u64, EntryId, ChainPosition)>, I::Error> {
        let tip = self.authority.tip_of_chain(chain);
        let Some(tip) = tip else { return Ok(None) };
        let seq = from.and_then(|from| from.checked_sub(1)).unwrap_or(tip).min(tip);
        let position = ChainPosition { chain, seq };
        let entries = index.chain_until(position, seq.saturating_add(1))?;
        let Some(last) = entries.first() else { return Ok(None) };
        let link = self.authority.link(&last.id, index)?;
        Ok(link.map(|link| (link.lamport, last.id, position)))
    }

    /// Makes the last freed entries of some chains agreed heads, if no agreed head has them
    /// in its past. No other entry changes.
    fn free<I: EntryIndex>(
        &self,
        change: &mut IdleChange,
        mut freed: Vec<(u64, EntryId, ChainPosition)>,
        index: &I,
    ) -> Result<(), I::Error> {
        // Largest first, so that each comes behind all that have it in their past.
        freed.sort_unstable_by_key(|(clock, id, _)| Reverse((*clock, *id)));
        for (clock, id, position) in freed {
            if self.is_covered(change, position) {
                continue;
            }
            let walked = self.walk_idle(change, vec![id], Behalf::NotIdle, index)?;
            change.covered.extend(walked);
            change.new_heads.insert(id, clock);
        }
        Ok(())
    }

    /// Finds the agreed heads, and how far they cover idle entries, after entries became
    /// idle. Everything that is not idle now is in the past of the heads before, or of the
    /// freed entries.
    ///
    /// If none were freed, nothing covers more than before. So of the chains that are idle
    /// from the same place on, only those are asked for that were covered.
    fn find_heads_anew<I: EntryIndex>(
        &self,
        change: &mut IdleChange,
        after: &AuthorityState,
        freed: &[(u64, EntryId, ChainPosition)],
        index: &I,
    ) -> Result<(), I::Error> {
        let before: BTreeSet<EntryId> = self.frontier().agreed_heads().collect();
        let heads = match freed.is_empty() {
            true => self.heads_without_idle(change, &before, index)?,
            false => {
                let freed = freed.iter().map(|(_, id, _)| *id);
                let starts: BTreeSet<EntryId> = before.iter().copied().chain(freed).collect();
                let is_idle = |_: &_, link: &Link| self.is_idle_after(change, link.position);
                self.heads_without(starts.clone(), starts, index, is_idle)?
            }
        };
        let mut chains: BTreeSet<u32> = change.from.keys().copied().collect();
        match freed.is_empty() {
            true => chains.extend(self.idle.covered_chains()),
            false => chains.extend(self.idle.chains()),
        }
        chains.retain(|chain| self.idle_from(change, *chain).is_some());
        let covered = after.past_on_chains(heads.keys(), chains, index)?;
        change.lost_heads = before.into_iter().filter(|id| !heads.contains_key(id)).collect();
        change.new_heads = heads;
        change.covers_anew = true;
        change.covered = covered.0;
        Ok(())
    }

    /// Returns the agreed heads, with their clocks, after some of those before became idle.
    ///
    /// No agreed head has another one in its past, so those that are not idle stay. New ones
    /// are behind those that are. An entry with a later one on its chain that is not idle is
    /// none. So for most devices that are cut, only their own idle entries are read.
    fn heads_without_idle<I: EntryIndex>(
        &self,
        change: &IdleChange,
        before: &BTreeSet<EntryId>,
        index: &I,
    ) -> Result<BTreeMap<EntryId, u64>, I::Error> {
        let (mut heads, mut idle) = (BTreeMap::new(), Vec::new());
        for id in before {
            match self.authority.link(id, index)? {
                Some(link) if self.is_idle_after(change, link.position) => idle.push(*id),
                Some(link) => {
                    heads.insert(*id, link.lamport);
                }
                None => {}
            }
        }
        let mut open = BTreeSet::new();
        let mut walk = CausalWalk::from(&idle, &self.authority, index)?;
        while let Some(visit) = walk.next().transpose()? {
            let position = visit.link.position;
            if self.is_idle_after(change, position) {
                continue;
            }
            walk.leave_out_dependencies();
            let tip = self.authority.tip_of_chain(position.chain);
            let last = match self.idle_from(change, position.chain) {
                Some(from) => from.checked_sub(1),
                None => tip,
            };
            if last == Some(position.seq) {
                open.insert(visit.id);
            }
        }
        if !open.is_empty() {
            let starts = heads.keys().chain(&open).copied().collect();
            let is_idle = |_: &_, link: &Link| self.is_idle_after(change, link.position);
            heads.extend(self.heads_without(starts, open, index, is_idle)?);
        }
        Ok(heads)
    }

    /// Walks from some entries through the idle ones in their past, as far as no walk came
    /// before. Takes the agreed heads that it meets out of them. Returns the last `seq` that
    /// it met on each chain.
    ///
    /// What is not idle it does not go behind: that has everything there in its past.
    fn walk_idle<I: EntryIndex>(
        &self,
        change: &mut IdleChange,
        starts: Vec<EntryId>,
        behalf: Behalf,
        index: &I,
    ) -> Result<BTreeMap<u32, u64>, I::Error> {
        let mut walked: BTreeMap<u32, u64> = BTreeMap::new();
        if starts.is_empty() {
            return Ok(walked);
        }
        let mut walk = CausalWalk::from(&starts, &self.authority, index)?;
        while let Some(visit) = walk.next().transpose()? {
            let position = visit.link.position;
            // A head may be one since this very change, which freed it.
            if behalf == Behalf::NotIdle && self.is_head(change, &visit.id) {
                lose(change, &visit.id);
            }
            // Also what this change frees: nothing has walked through it.
            let from = [self.idle.from(position.chain), self.idle_from(change, position.chain)];
            let is_idle = from.into_iter().flatten().any(|from| position.seq >= from);
            let known = self.is_covered(change, position)
                || (behalf == Behalf::Carrier && self.idle.is_needed(position));
            if is_idle && !known {
                walked.entry(position.chain).or_insert(position.seq);
                continue;
            }
            walk.leave_out_dependencies();
        }
        Ok(walked)
    }

    /// Takes walked entries out of those for which somebody accounts.
    fn discount<I: EntryIndex>(
        &self,
        change: &mut IdleChange,
        walked: &BTreeMap<u32, u64>,
        behalf: Behalf,
        index: &I,
    ) -> Result<(), I::Error> {
        for (chain, last) in walked {
            if let Some((member, bytes)) = self.counted(change, *chain) {
                let from = self.first_counted(change, *chain).unwrap_or(u64::MAX);
                let until = last.saturating_add(1);
                let less = match from < until {
                    true => index.bytes(ChainPosition { chain: *chain, seq: from }, until)?,
                    false => 0,
                };
                change.counted.insert(*chain, (member, bytes.saturating_sub(less)));
            }
        }
        if behalf == Behalf::NotIdle {
            change.covered.extend(walked);
        }
        Ok(())
    }

    /// Counts the bytes of a chain anew, and finds who accounts for them.
    fn recount<I: EntryIndex>(
        &self,
        change: &mut IdleChange,
        after: &AuthorityState,
        chain: u32,
        incoming: IncomingEntry<'_>,
        index: &I,
    ) -> Result<(), I::Error> {
        let Some(author) = after.author_of_chain(chain) else { return Ok(()) };
        let own = incoming.position.chain == chain;
        let mut bytes = 0;
        if let Some(from) = self.first_counted(change, chain) {
            bytes = index.bytes(ChainPosition { chain, seq: from }, u64::MAX)?;
            if own && incoming.position.seq >= from {
                bytes = bytes.saturating_add(length(incoming));
            }
        }
        if bytes > 0 || self.counted(change, chain).is_some() {
            // Who accounts may have changed for all who are affected, so nothing is reused.
            change.counted.insert(chain, (after.account_of(author, |_| None), bytes));
        }
        Ok(())
    }

    /// Returns the first `seq` of a chain for which somebody accounts, after a change.
    fn first_counted(&self, change: &IdleChange, chain: u32) -> Option<u64> {
        let behind = |last: Option<u64>| last.map_or(0, |last| last.saturating_add(1));
        let covered = change.covered.get(&chain).copied();
        let covered = covered.or_else(|| self.idle.covered(chain).filter(|_| !change.covers_anew));
        let needed = change.needed.get(&chain).copied().or_else(|| self.idle.needed(chain));
        Some(self.idle_from(change, chain)?.max(behind(covered)).max(behind(needed)))
    }

    fn idle_from(&self, change: &IdleChange, chain: u32) -> Option<u64> {
        change.from.get(&chain).copied().unwrap_or_else(|| self.idle.from(chain))
    }

    fn is_idle_after(&self, change: &IdleChange, position: ChainPosition) -> bool {
        self.idle_from(change, position.chain).is_some_and(|from| position.seq >= from)
    }

    fn is_covered(&self, change: &IdleChange, position: ChainPosition) -> bool {
        let changed = change.covered.get(&position.chain);
        changed.is_some_and(|last| position.seq <= *last)
            || (!change.covers_anew && self.idle.is_covered(position))
    }

    fn counted(&self, change: &IdleChange, chain: u32) -> Option<(MemberId, u64)> {
        change.counted.get(&chain).copied().or_else(|| self.idle.counted(chain))
    }

    fn is_head(&self, change: &IdleChange, id: &EntryId) -> bool {
        change.new_heads.contains_key(id)
            || (self.frontier().is_agreed_head(id) && !change.lost_heads.contains(id))
    }
}

fn lose(change: &mut IdleChange, id: &EntryId) {
    change.new_heads.remove(id);
    change.lost_heads.insert(*id);
}

fn length(incoming: IncomingEntry<'_>) -> u64 {
    u64::try_from(incoming.entry.as_bytes().len()).unwrap_or(u64::MAX)
}
