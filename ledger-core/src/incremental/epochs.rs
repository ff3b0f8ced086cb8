//! Usable epochs: those that know of every cut and every key rotation (SPEC §11.2).
//!
//! The past of an epoch entry never changes. So each epoch keeps the requirements that
//! existed when it arrived and are not in its past. A requirement that arrives later is
//! not in its past either.

use std::collections::{BTreeMap, BTreeSet};

use super::authority_state::AuthorityState;
use super::causal_walk::CausalWalk;
use super::records::{EpochRecord, EpochRequirement, Epochs};
use crate::base::id::{EntryId, MemberId};
use crate::entry::DecodedEntry;
use crate::state::{EntryIndex, UsableEpoch};
use crate::statement::Generation;
use crate::verdict::ChainPosition;

impl AuthorityState {
    /// Returns whether a requirement is in force: an accepted cut, an applied rotation.
    fn is_in_force(&self, requirement: &EpochRequirement) -> bool {
        match requirement {
            EpochRequirement::Cut(id) => {
                self.statements.get(id).is_some_and(|cut| cut.verdict.is_applied())
            }
            EpochRequirement::Rotation { device, order, .. } => {
                self.rotations.get(device).is_some_and(|applied| applied.contains_key(order))
            }
        }
    }

    /// Returns the epochs under which entries may be sealed, by their place in the
    /// total order.
    ///
    /// Epochs that arrived before the last requirement in force are not usable. As
    /// `known` ascends in the order of arrival, the search goes from the last epoch back
    /// and stops at the first of these.
    pub(crate) fn usable_epochs(&self) -> BTreeMap<(u64, EntryId), UsableEpoch> {
        let Epochs { requirements, epochs } = &self.epochs;
        let last = requirements.iter().rposition(|requirement| self.is_in_force(requirement));
        let least = last.map_or(0, |last| last.saturating_add(1));
        let least = u32::try_from(least).unwrap_or(u32::MAX);
        let is_in_force = |number: &u32| {
            self.epochs.requirement(*number).is_some_and(|required| self.is_in_force(required))
        };
        epochs
            .iter()
            .rev()
            .take_while(|epoch| epoch.known >= least)
            .filter(|epoch| epoch.applied && !epoch.unseen.iter().any(is_in_force))
            .map(|epoch| (epoch.order, epoch.epoch))
            .collect()
    }

    /// Returns the numbers of the requirements that are not in the past of an epoch
    /// entry that is about to arrive.
    ///
    /// The walk visits the past from its end. An earlier epoch in it says what its own
    /// past holds, so the walk need not go behind the last epochs.
    ///
    /// # Errors
    /// The index's own, if it cannot be read.
    pub(super) fn unseen_requirements<I: EntryIndex>(
        &self,
        entry: &DecodedEntry,
        index: &I,
    ) -> Result<BTreeSet<u32>, I::Error> {
        let Requirements { mut unseen, floors, mut by_chain } = self.requirements_to_find();
        let epochs: BTreeMap<EntryId, &EpochRecord> =
            self.epochs.epochs.iter().map(|epoch| (epoch.order.1, epoch)).collect();
        for visit in CausalWalk::from(entry.header().dependencies(), self, index)? {
            let visit = visit?;
            if unseen.first().is_none_or(|(floor, _)| visit.link.lamport < *floor) {
                break;
            }
            let mut see = |number: u32| {
                floors.get(&number).map(|floor| unseen.remove(&(*floor, number)));
            };
            if let Some(epoch) = epochs.get(&visit.id) {
                (0..epoch.known).filter(|number| !epoch.unseen.contains(number)).for_each(&mut see);
            }
            // The first entry visited on a chain is the last one in the past. So one
            // comparison for each requirement on the chain is enough.
            let ChainPosition { chain, seq: last } = visit.link.position;
            let on_chain = by_chain.remove(&chain).unwrap_or_default();
            on_chain.iter().filter(|(seq, _)| *seq <= last).for_each(|(_, number)| see(*number));
        }
        Ok(unseen.into_iter().map(|(_, number)| number).collect())
    }

    fn requirements_to_find(&self) -> Requirements {
        let mut requirements = Requirements::default();
        for (number, requirement) in (0u32..).zip(&self.epochs.requirements) {
            let mut found_at = |position: ChainPosition| {
                let on_chain = requirements.by_chain.entry(position.chain).or_default();
                on_chain.push((position.seq, number));
            };
            let floor = match requirement {
                EpochRequirement::Rotation { order, position, .. } => {
                    found_at(*position);
                    order.0
                }
                EpochRequirement::Cut(id) => {
                    let Some(cut) = self.statements.get(id) else { continue };
                    cut.carriers.iter().for_each(|carrier| found_at(carrier.position));
                    // A carrier depends on the base, so its clock is not smaller.
                    cut.clock
                }
            };
            requirements.unseen.insert((floor, number));
            requirements.floors.insert(number, floor);
        }
        requirements
    }

    /// Returns the X25519 recovery keys of a member: of every current generation that
    /// no accepted leave concerns.
    pub(crate) fn recovery_keys(&self, member: MemberId) -> BTreeMap<Generation, [u8; 32]> {
        let stays = |generation: &Generation| {
            self.is_current(*generation)
                && self.accepted_own_cuts(Some((*generation, None))).next().is_none()
        };
        let key = |generation: Generation| {
            let record = self.generations.get(&generation);
            record.map(|record| (generation, record.recovery))
        };
        self.generations_of(member).filter(stays).filter_map(key).collect()
    }
}

/// Requirements for which a walk into the past of an epoch entry looks.
#[derive(Default)]
struct Requirements {
    /// Those not found yet, by floor: the smallest clock that an entry can have which
    /// shows that the past holds the requirement. Below the smallest floor the walk
    /// ends.
    unseen: BTreeSet<(u64, u32)>,
    floors: BTreeMap<u32, u64>,
    /// By chain, the `seq` of the entries that show it, with the requirement's number.
    by_chain: BTreeMap<u32, Vec<(u64, u32)>>,
}
