//! Base of a new statement: the frontier at which it is made (SPEC §3.3), in at most 16 ids.

use std::collections::{BTreeMap, BTreeSet};

use super::ledger::Ledger;
use crate::base::id::{EntryId, MemberId};
use crate::base::limits::MAX_PARENTS;
use crate::incremental::{CausalWalk, LocatedEntry};
use crate::state::EntryIndex;
use crate::statement::{Generation, NewStatement};
use crate::verdict::ChainPosition;

/// Subject of a statement: what its base must have in its past.
struct Subject {
    /// The member whom a removal or bind names.
    target: Option<MemberId>,
    /// The generation that signs, or whose device is revoked.
    generation: Option<Generation>,
}

impl Ledger {
    /// Returns the base of a new statement: at most 16 ids, ascending.
    ///
    /// These are the agreed heads and, where none of them has it in its past, an
    /// introduction of the member whom the statement names, or the start of the generation
    /// that signs. With more than 16 of them, and for a statement that is to spare nothing
    /// which its target signed from the entry `since` on, the base holds what decides about
    /// the statement instead: an introduction or start, the last entries of the target's
    /// chains that are not idle, and carriers of the statements about the target, without
    /// those in the past of others. About the group it holds the latest heads. An entry that
    /// depends on `since` is never in the base or its past.
    ///
    /// # Errors
    /// The index's own, if it cannot be read.
    pub fn statement_base<I: EntryIndex>(
        &self,
        statement: &NewStatement<'_>,
        since: Option<&EntryId>,
        index: &I,
    ) -> Result<Vec<EntryId>, I::Error> {
        let subject = Subject::from_statement(statement);
        if since.is_none() {
            let mut base = self.agreed_heads();
            base.extend(self.uncovered_introduction(&subject));
            if base.len() <= MAX_PARENTS {
                return Ok(base.into_iter().collect());
            }
        }
        let after = match since {
            Some(entry) => self.depending_on(entry, index)?,
            None => After::default(),
        };
        // What must be there at all goes before what is only spared.
        let needed = self.authority.introductions_about(subject.target, subject.generation);
        let mut needed = needed.iter().map(|entry| entry.id);
        let needed = needed.find(|entry| !after.entries.contains(entry));
        let mut cuts = BTreeSet::new();
        for carriers in self.authority.carriers_about(subject.target, subject.generation) {
            // Of each statement the first carrier that does not depend on `since`, and rather
            // one that is not idle: what is idle before it would be spared.
            let fits = |entry: &&LocatedEntry| !after.entries.contains(&entry.id);
            let not_idle = carriers.iter().find(|e| fits(e) && !self.idle.is_idle(e.position));
            cuts.extend(not_idle.or_else(|| carriers.iter().find(fits)).map(|entry| entry.id));
        }
        let mut spared = cuts.clone();
        for chain in self.authority.chains_about(subject.target, subject.generation) {
            // What is idle must not be spared: it would count if the base lacks what cuts it.
            let end = [after.first.get(&chain).copied(), self.idle.from(chain)];
            let last = match end.into_iter().flatten().min() {
                Some(seq) => seq.checked_sub(1),
                None => self.authority.tip_of_chain(chain),
            };
            let Some(seq) = last else { continue };
            let position = ChainPosition { chain, seq };
            let entries = index.chain_until(position, seq.saturating_add(1))?;
            spared.extend(entries.first().map(|entry| entry.id));
        }
        if needed.is_none() && spared.is_empty() {
            // The statement is about the group, or about somebody without keys.
            let mut heads = Vec::new();
            for id in self.agreed_heads() {
                let link = self.authority.link(&id, index)?;
                heads.extend(link.map(|link| (link.lamport, id)));
            }
            heads.retain(|(_, id)| !after.entries.contains(id));
            heads.sort_unstable();
            let latest = heads.iter().rev().map(|(_, id)| *id);
            let mut base: BTreeSet<EntryId> = latest.take(MAX_PARENTS).collect();
            if base.is_empty() {
                base.insert(self.group().genesis());
            }
            return Ok(base.into_iter().collect());
        }
        let heads = self.heads_by_clock(spared.into_iter().chain(needed).collect(), index)?;
        let mut latest: Vec<EntryId> = heads.iter().rev().map(|(_, id)| *id).collect();
        if heads.len() > MAX_PARENTS {
            // Statements go before what is only spared.
            let first = self.heads_by_clock(cuts, index)?;
            latest.splice(0..0, first.iter().rev().map(|(_, id)| *id));
        }
        let mut base = BTreeSet::new();
        for id in latest {
            if base.len() < MAX_PARENTS {
                base.insert(id);
            }
        }
        if let Some(needed) = needed.filter(|id| heads.iter().any(|(_, head)| head == id))
            && base.insert(needed)
            && base.len() > MAX_PARENTS
        {
            // The entry with the smallest clock gives way, unless it is the needed one.
            let taken = heads.iter().find(|(_, id)| *id != needed && base.contains(id));
            if let Some((_, id)) = taken {
                base.remove(id);
            }
        }
        Ok(base.into_iter().collect())
    }

    /// Returns the heads of some entries and their past, the smallest clock first.
    fn heads_by_clock<I: EntryIndex>(
        &self,
        starts: BTreeSet<EntryId>,
        index: &I,
    ) -> Result<Vec<(u64, EntryId)>, I::Error> {
        let heads = self.heads_without(starts.clone(), starts, index, |_, _| false)?;
        let mut heads: Vec<(u64, EntryId)> = heads.into_iter().map(|(id, c)| (c, id)).collect();
        heads.sort_unstable();
        Ok(heads)
    }

    /// Returns an introduction of the member whom a statement names, or the start of the
    /// generation that signs it, if no agreed head has one in its past.
    fn uncovered_introduction(&self, subject: &Subject) -> Option<EntryId> {
        let entries = self.authority.introductions_about(subject.target, subject.generation);
        let is_covered = |position| !self.idle.is_idle(position) || self.idle.is_covered(position);
        match entries.iter().any(|entry| is_covered(entry.position)) {
            true => None,
            false => entries.first().map(|entry| entry.id),
        }
    }

    /// Returns an entry and all that depends on it.
    ///
    /// Reads every entry whose clock is not smaller.
    fn depending_on<I: EntryIndex>(&self, entry: &EntryId, index: &I) -> Result<After, I::Error> {
        let mut after = After::default();
        let Some(first) = index.link(entry)? else { return Ok(after) };
        let heads: Vec<EntryId> = self.frontier().heads().collect();
        let mut above = Vec::new();
        let mut walk = CausalWalk::from(&heads, &self.authority, index)?;
        // What depends on the entry has a larger clock.
        while let Some(visit) = walk.next().transpose()?
            && visit.link.lamport > first.lamport
        {
            above.push((visit, walk.expand()?));
        }
        after.entries.insert(*entry);
        after.first.insert(first.position.chain, first.position.seq);
        // In ascending order, so that an entry comes behind all its dependencies.
        for (visit, dependencies) in above.into_iter().rev() {
            if dependencies.iter().any(|dependency| after.entries.contains(dependency)) {
                after.entries.insert(visit.id);
                let position = visit.link.position;
                after.first.entry(position.chain).or_insert(position.seq);
            }
        }
        Ok(after)
    }
}

/// An entry and all that depends on it.
#[derive(Default)]
struct After {
    entries: BTreeSet<EntryId>,
    /// First `seq` of these on each chain.
    first: BTreeMap<u32, u64>,
}

impl Subject {
    fn from_statement(statement: &NewStatement<'_>) -> Self {
        let (target, generation) = match statement {
            NewStatement::Remove { member } | NewStatement::Bind { member, .. } => {
                (Some(*member), None)
            }
            NewStatement::Enrol { generation, .. }
            | NewStatement::Revoke { generation, .. }
            | NewStatement::Leave { generation }
            | NewStatement::Rename { generation, .. } => (None, Some(*generation)),
            NewStatement::RenameGroup { .. } => (None, None),
        };
        Self { target, generation }
    }
}
