//! Which epochs know of every cut and every key rotation (SPEC §11.2).
//!
//! An epoch's past never changes, so each epoch keeps what was known when it
//! came and is not in its past; whatever comes later is not in it either.

use std::collections::{BTreeMap, BTreeSet};

use super::ancestry::Ancestry;
use super::authority_state::AuthorityState;
use super::incoming::Arrival;
use super::records::{Begun, Epochs, Required};
use crate::entry::DecodedEntry;
use crate::id::{EntryId, StatementId};
use crate::payload::Payload;
use crate::state::{EntryIndex, UsableEpoch};
use crate::statement::{Generation, StatementBody};
use crate::verdict::ChainPosition;

impl AuthorityState {
    /// Takes note that somebody is cut, so that older epochs are unfit.
    pub(super) fn require_cut(&mut self, digest: StatementId, body: &StatementBody) {
        if matches!(
            body,
            StatementBody::Remove { .. }
                | StatementBody::Bind { .. }
                | StatementBody::Revoke { .. }
                | StatementBody::Leave { .. }
        ) {
            self.epochs.require(Required::Cut(digest));
        }
    }

    /// Takes note of a rotation or an epoch, applied or not.
    pub(crate) fn note_keys(&mut self, arrival: Arrival<'_>, facts: Ancestry, applied: bool) {
        let Arrival { entry, after, point } = arrival;
        let order = (entry.header().lamport(), entry.id());
        match entry.payload() {
            Payload::Rotation(_) => {
                if let Some(of) = self.enrolment(after.author) {
                    self.epochs.require(Required::Rotation { of, order, point });
                }
            }
            Payload::Epoch(epoch) => {
                let known = self.epochs.known();
                let epoch = UsableEpoch::new(epoch.topic(), epoch.commit());
                let unseen = facts.unseen;
                self.epochs.begun.push(Begun { order, epoch, applied, known, unseen });
            }
            _ => {}
        }
    }

    /// An epoch is applied now, or void now.
    pub(crate) fn set_epoch(&mut self, order: &(u64, EntryId), applied: bool) {
        let mut begun = self.epochs.begun.iter_mut();
        if let Some(begun) = begun.find(|begun| begun.order == *order) {
            begun.applied = applied;
        }
    }

    fn is_in_force(&self, required: &Required) -> bool {
        match required {
            Required::Cut(digest) => {
                self.statements.get(digest).is_some_and(|stated| stated.verdict.is_applied())
            }
            Required::Rotation { of, order, .. } => {
                self.rotations.get(of).is_some_and(|applied| applied.contains_key(order))
            }
        }
    }

    /// The epochs under which entries may be sealed, by their place in the
    /// total order.
    pub(crate) fn usable_epochs(&self) -> BTreeMap<(u64, EntryId), UsableEpoch> {
        let Epochs { required, begun } = &self.epochs;
        let last = required.iter().rposition(|required| self.is_in_force(required));
        let least = last.map_or(0, |last| last.saturating_add(1));
        let least = u32::try_from(least).unwrap_or(u32::MAX);
        let in_force = |number: &u32| {
            self.epochs.required(*number).is_some_and(|required| self.is_in_force(required))
        };
        begun
            .iter()
            .rev()
            .take_while(|begun| begun.known >= least)
            .filter(|begun| begun.applied && !begun.unseen.iter().any(in_force))
            .map(|begun| (begun.order, begun.epoch))
            .collect()
    }

    /// What of all that is required is not in the past of an epoch entry that
    /// is about to be taken in.
    ///
    /// The walk goes back to the last epochs, which say the rest.
    pub(super) fn unseen<I: EntryIndex>(
        &self,
        entry: &DecodedEntry,
        index: &I,
    ) -> Result<BTreeSet<u32>, I::Error> {
        // Below the smallest clock of what is left, it is no use to walk.
        let mut left: BTreeSet<(u64, u32)> = BTreeSet::new();
        let mut floors: BTreeMap<u32, u64> = BTreeMap::new();
        let mut places: BTreeMap<u32, Vec<(u64, u32)>> = BTreeMap::new();
        for (number, required) in (0u32..).zip(&self.epochs.required) {
            let mut place = |point: ChainPosition| {
                places.entry(point.chain).or_default().push((point.seq, number));
            };
            let floor = match required {
                Required::Rotation { order, point, .. } => {
                    place(*point);
                    order.0
                }
                Required::Cut(digest) => {
                    let Some(stated) = self.statements.get(digest) else { continue };
                    stated.carriers.iter().for_each(|carrier| place(carrier.point));
                    // A carrier has the base among its dependencies.
                    stated.clock
                }
            };
            left.insert((floor, number));
            floors.insert(number, floor);
        }
        let epochs: BTreeMap<EntryId, &Begun> =
            self.epochs.begun.iter().map(|begun| (begun.order.1, begun)).collect();
        let mut open = BTreeSet::new();
        for id in entry.header().dependencies() {
            let link = self.link(id, index)?;
            open.extend(link.map(|link| (link.lamport, *id, link.point)));
        }
        while let Some((clock, id, point)) = open.pop_last() {
            if left.first().is_none_or(|(floor, _)| clock < *floor) {
                break;
            }
            let mut see = |number: u32| {
                floors.get(&number).map(|floor| left.remove(&(*floor, number)));
            };
            if let Some(begun) = epochs.get(&id) {
                (0..begun.known).filter(|number| !begun.unseen.contains(number)).for_each(&mut see);
            }
            // The first entry met on a chain is the last one in the past.
            let on_chain = places.remove(&point.chain).unwrap_or_default();
            on_chain.iter().filter(|(seq, _)| *seq <= point.seq).for_each(|(_, n)| see(*n));
            for dependency in index.dependencies(&id)? {
                let link = self.link(&dependency, index)?;
                open.extend(link.map(|link| (link.lamport, dependency, link.point)));
            }
        }
        Ok(left.into_iter().map(|(_, number)| number).collect())
    }

    /// The X25519 recovery keys of a member: of every current generation that
    /// nobody left.
    pub(crate) fn recovery_keys(
        &self,
        member: crate::id::MemberId,
    ) -> BTreeMap<Generation, [u8; 32]> {
        let stays = |generation: &Generation| {
            self.is_current(*generation)
                && self.own_cuts(Some((*generation, None))).next().is_none()
        };
        let key = |generation: Generation| {
            self.generations.get(&generation).map(|start| (generation, start.recovery))
        };
        self.generations(member).filter(stays).filter_map(key).collect()
    }
}
