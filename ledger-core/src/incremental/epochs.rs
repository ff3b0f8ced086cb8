//! Usable epochs: those that know of every cut and of the key rotation in force of each device
//! (SPEC §11.2).
//!
//! The past of an epoch entry never changes, and holds each chain up to some `seq`. So each epoch
//! keeps the chains on which it is behind: of which its past lacks a candidate, that is an entry
//! that could be required. What arrives later is not in its past either.

use std::collections::{BTreeMap, BTreeSet};

use super::authority_state::AuthorityState;
use super::causal_walk::CausalWalk;
use super::incoming::IncomingEntry;
use super::records::{EpochRecord, Epochs, StatementRecord};
use crate::base::id::{DeviceId, EntryId, MemberId, StatementId};
use crate::entry::DecodedEntry;
use crate::payload::Payload;
use crate::state::{EntryIndex, SetAside, UsableEpoch};
use crate::statement::{Generation, StatementBody};

impl AuthorityState {
    /// Returns the epochs under which entries may be sealed, by their place in the total order.
    /// What is set aside is not required.
    pub(crate) fn usable_epochs(&self, aside: &SetAside) -> BTreeMap<(u64, EntryId), UsableEpoch> {
        let required = self.required_of_epochs(aside);
        let epochs = self.epochs.epochs.iter().rev();
        // As `candidates_before` ascends in the order of arrival, the search goes from the last
        // epoch back and stops at the first one that came before something required.
        epochs
            .take_while(|epoch| epoch.candidates_before >= required.least)
            .filter(|epoch| self.is_usable(epoch, &required))
            .map(|epoch| (epoch.order, epoch.epoch))
            .collect()
    }

    /// Returns the epoch that arrived last if it is usable, with its place in the total order.
    pub(crate) fn last_epoch_if_usable(&self) -> Option<((u64, EntryId), UsableEpoch)> {
        let last = self.epochs.epochs.last()?;
        let required = self.required_of_epochs(&SetAside::default());
        let usable = last.candidates_before >= required.least && self.is_usable(last, &required);
        usable.then_some((last.order, last.epoch))
    }

    fn is_usable(&self, epoch: &EpochRecord, required: &Required) -> bool {
        let holds_one =
            |numbers: &Vec<u32>| numbers.iter().any(|number| self.epochs.holds(epoch, *number));
        // Without a chain on which it is behind, an epoch holds all that came before it.
        epoch.applied && (epoch.behind.is_empty() || required.each.iter().all(holds_one))
    }

    /// Returns what a usable epoch must have in its past now.
    fn required_of_epochs(&self, aside: &SetAside) -> Required {
        let mut required = Required::default();
        for cut in self.statements.values() {
            if self.is_required(cut) && !aside.holds_statement(cut.id, cut.body.generation()) {
                required.add(&self.epochs, cut.carriers.iter().map(|carrier| carrier.id));
            }
        }
        for (device, rotations) in &self.rotations {
            let heeded = |(_, id): &&(u64, EntryId)| !aside.entries.contains(id);
            if let Some((_, id)) = rotations.keys().rev().find(heeded)
                && self.may_write(*device)
            {
                required.add(&self.epochs, [*id]);
            }
        }
        required
    }

    /// Returns whether a statement is an accepted cut of which a usable epoch must know.
    pub(super) fn is_required(&self, statement: &StatementRecord) -> bool {
        let concerns = match &statement.body {
            StatementBody::Revoke { generation, device } => self.was_enrolled(*generation, *device),
            body => body.is_cut(),
        };
        concerns && statement.verdict.is_applied()
    }

    /// Returns whether a usable epoch must know of an entry that arrived just now and is applied:
    /// the first carrier of a cut, or the rotation in force of a device.
    pub(crate) fn is_required_of_epochs(&self, incoming: IncomingEntry<'_>) -> bool {
        let IncomingEntry { entry, backlink, .. } = incoming;
        match entry.payload() {
            Payload::Statement(signed) => {
                let statement = self.statements.get(&signed.statement().id());
                statement.is_some_and(|statement| self.is_required(statement))
                    && self.is_first_carrier(&entry.id())
            }
            Payload::Rotation(_) => {
                let Some(device) = self.enrolled_device(backlink.author) else { return false };
                let rotations = self.rotations.get(&device);
                let last = rotations.and_then(|rotations| rotations.last_key_value());
                let own = (entry.header().lamport(), entry.id());
                last.is_some_and(|(last, _)| *last == own) && self.may_write(device)
            }
            _ => false,
        }
    }

    /// Returns whether epochs may have to know of other entries once a device is enrolled: of
    /// revocations or rotations of that device.
    pub(crate) fn may_be_required_of(&self, generation: Generation, device: DeviceId) -> bool {
        self.lookup.own_cuts.contains_key(&(generation, Some(device)))
            || self.rotations.contains_key(&(generation, device))
    }

    /// Returns the author of an applied rotation, or of the first carrier of an accepted
    /// revocation or leave that is required; for a carrier also the statement.
    pub(crate) fn own_requirement(&self, id: &EntryId) -> Option<(MemberId, Option<StatementId>)> {
        if let Some(statement) = self.lookup.carried.get(id) {
            let statement = self.statements.get(statement)?;
            let member = self.generations.get(&statement.body.generation()?)?.member;
            // Only the first carrier brings something new.
            let counts = self.is_first_carrier(id) && self.is_required(statement);
            return counts.then_some((member, Some(statement.id)));
        }
        let rotation = self.epochs.candidate(self.epochs.number(id)?)?;
        let device = self.enrolled_device(self.author_of_chain(rotation.position.chain)?)?;
        self.rotations.get(&device)?.get(&(rotation.clock, *id))?;
        self.generations.get(&device.0).map(|generation| (generation.member, None))
    }

    /// Returns whether an entry carries a statement, and came first of those that do.
    pub(crate) fn is_first_carrier(&self, id: &EntryId) -> bool {
        let statement = self.lookup.carried.get(id).and_then(|id| self.statements.get(id));
        let first = statement.and_then(|statement| statement.carriers.first());
        first.is_some_and(|first| first.id == *id)
    }

    /// Returns the chains with candidates that are not in the past of an epoch entry which is
    /// about to arrive, each with the `seq` up to which the past holds the chain.
    ///
    /// The walk visits the past from its end. An earlier epoch in it says what its own past
    /// holds, so the walk does not go on behind it.
    ///
    /// # Errors
    /// The index's own, if it cannot be read.
    pub(super) fn chains_behind<I: EntryIndex>(
        &self,
        entry: &DecodedEntry,
        index: &I,
    ) -> Result<BTreeMap<u32, Option<u64>>, I::Error> {
        let mut search = Search::new(&self.epochs);
        let mut walk = CausalWalk::from(entry.header().dependencies(), self, index)?;
        while let Some(visit) = walk.next() {
            let visit = visit?;
            if search.is_over(visit.link.lamport) {
                break;
            }
            search.find(visit.link.position.chain, Some(visit.link.position.seq));
            if let Some(epoch) = self.epochs.epoch(&visit.id) {
                for chain in self.epochs.chains() {
                    search.find(chain, self.epochs.held_by(epoch, chain));
                }
                walk.leave_out_dependencies();
            }
        }
        Ok(search.behind())
    }

    /// Returns the X25519 recovery key of a generation that is current, unless an accepted leave
    /// concerns it.
    pub(crate) fn recovery_key(&self, generation: Generation) -> Option<[u8; 32]> {
        let stays = self.is_current(generation)
            && self.accepted_own_cuts(Some((generation, None))).next().is_none();
        let record = self.generations.get(&generation).filter(|_| stays);
        record.map(|record| record.recovery)
    }
}

/// Entries that a usable epoch must have in its past.
#[derive(Default)]
struct Required {
    /// Numbers of entries, of each of these one.
    each: Vec<Vec<u32>>,
    /// Number of candidates that an epoch must have found when it arrived.
    least: u32,
}

impl Required {
    fn add(&mut self, epochs: &Epochs, entries: impl IntoIterator<Item = EntryId>) {
        let numbers: Vec<u32> = entries.into_iter().filter_map(|id| epochs.number(&id)).collect();
        if let Some(first) = numbers.iter().min() {
            self.least = self.least.max(first.saturating_add(1));
            self.each.push(numbers);
        }
    }
}

/// Search for the last candidate of each chain that a past holds.
struct Search<'a> {
    epochs: &'a Epochs,
    /// The `seq` up to which the past holds each chain that has candidates.
    held: BTreeMap<u32, Option<u64>>,
    /// The chains that have candidates beyond that, by the clock of the first of these.
    open: BTreeSet<(u64, u32)>,
}

impl<'a> Search<'a> {
    fn new(epochs: &'a Epochs) -> Self {
        let mut search = Self { epochs, held: BTreeMap::new(), open: BTreeSet::new() };
        for chain in epochs.chains() {
            search.held.insert(chain, None);
            search.open.extend(search.first_open(chain));
        }
        search
    }

    /// Returns a chain's first candidate that is not found, as an element of `open`.
    fn first_open(&self, chain: u32) -> Option<(u64, u32)> {
        let held = self.held.get(&chain).copied()?;
        self.epochs.next_on_chain(chain, held).map(|next| (next.clock, chain))
    }

    /// Notes that the past holds a chain up to a `seq`.
    fn find(&mut self, chain: u32, seq: Option<u64>) {
        if self.held.get(&chain).is_none_or(|held| *held >= seq) {
            return;
        }
        if let Some(open) = self.first_open(chain) {
            self.open.remove(&open);
        }
        self.held.insert(chain, seq);
        self.open.extend(self.first_open(chain));
    }

    /// Returns whether a walk that has come down to a clock finds nothing more.
    fn is_over(&self, clock: u64) -> bool {
        self.open.first().is_none_or(|(first, _)| clock < *first)
    }

    fn behind(self) -> BTreeMap<u32, Option<u64>> {
        let open = self.open.iter();
        open.map(|(_, chain)| (*chain, self.held.get(chain).copied().flatten())).collect()
    }
}
