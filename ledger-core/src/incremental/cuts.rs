//! Cuts: which statements concern an enrolment, and which entries they void
//! (SPEC §6.3, §6.4).

use std::sync::Arc;

use super::authority_state::AuthorityState;
use super::records::StatementRecord;
use crate::base::id::DeviceId;
use crate::statement::{Generation, StatementBody};
use crate::verdict::{ChainPosition, Enrolment, VoidReason};

impl AuthorityState {
    /// Step 2: returns whether a removal or bind concerns a generation of its target.
    fn concerns(&self, cut: &StatementRecord, generation: Generation) -> bool {
        let bind = match generation {
            // A generation started by a card or a claim has no exception.
            Generation::Card(_) | Generation::Claim(_) => return true,
            Generation::Bind(id) => match self.statements.get(&id) {
                Some(bind) => bind,
                None => return true,
            },
        };
        // Exceptions 1 and 2: the generation that the cut starts itself, and one
        // started by a bind that has the cut within it.
        if bind.id == cut.id || bind.within.contains(&cut.id) {
            return false;
        }
        // Exception 3: of binds that do not know of each other, the larger stays.
        let cut_is_bind = matches!(cut.body, StatementBody::Bind { .. });
        let concurrent = !cut.within.contains(&bind.id);
        !(cut_is_bind && concurrent && bind.order() > cut.order())
    }

    /// Returns the accepted hard cuts that concern a generation.
    pub(super) fn hard_cuts_on(
        &self,
        generation: Generation,
    ) -> impl Iterator<Item = &StatementRecord> {
        let member = self.generations.get(&generation).map(|record| record.member);
        let cuts = member.and_then(|member| self.lookup.hard_cuts.get(&member));
        cuts.into_iter()
            .flatten()
            .filter_map(|id| self.statements.get(id))
            .filter(move |cut| cut.is_hard_cut() && self.concerns(cut, generation))
    }

    /// Returns the accepted revocations and leaves that concern an enrolment.
    pub(super) fn own_cuts_on(
        &self,
        enrolment: Enrolment,
    ) -> impl Iterator<Item = &StatementRecord> {
        let enrolled = self.enrolled_device(enrolment);
        let revocations = enrolled.map(|(generation, device)| (generation, Some(device)));
        let leaves = enrolled.map(|(generation, _)| (generation, None));
        self.accepted_own_cuts(revocations).chain(self.accepted_own_cuts(leaves))
    }

    /// Returns the accepted revocations of a device of a generation or, without a
    /// device, the accepted leaves of the generation.
    pub(super) fn accepted_own_cuts(
        &self,
        subject: Option<(Generation, Option<DeviceId>)>,
    ) -> impl Iterator<Item = &StatementRecord> {
        let cuts = subject.and_then(|subject| self.lookup.own_cuts.get(&subject));
        let cuts = cuts.into_iter().flatten().filter_map(|id| self.statements.get(id));
        cuts.filter(|cut| cut.rejection.is_none())
    }

    /// Returns the generation of an enrolment, or `None` if the group has no cut at
    /// all.
    ///
    /// Every entry asks whether it is cut, and most groups never removed anybody. Then
    /// the answer costs two comparisons.
    pub(super) fn cuttable_generation(&self, enrolment: Enrolment) -> Option<Generation> {
        if self.lookup.hard_cuts.is_empty() && self.lookup.own_cuts.is_empty() {
            return None;
        }
        self.enrolled_device(enrolment).map(|(generation, _)| generation)
    }

    /// Returns the reason of the first cut on what an enrolment signed at a position:
    /// hard cuts, then revocations, then leaves.
    pub(super) fn first_cut(
        &self,
        enrolment: Enrolment,
        position: ChainPosition,
    ) -> Option<VoidReason> {
        self.cut_floors_of(enrolment, position.chain).void_reason(position.seq)
    }

    /// Returns where the cuts on a chain begin.
    pub(crate) fn cut_floors(&self, number: u32) -> CutFloors {
        let chain = self.chain(number);
        chain.map_or(CutFloors::default(), |chain| self.cut_floors_of(chain.enrolment, number))
    }

    /// Returns where the cuts on a chain of an enrolment begin. The chain may be one that is
    /// about to begin.
    fn cut_floors_of(&self, enrolment: Enrolment, number: u32) -> CutFloors {
        let mut floors = CutFloors::default();
        let Some(generation) = self.cuttable_generation(enrolment) else { return floors };
        let lower = |floor: &mut Option<u64>, cut: &StatementRecord| {
            let from = cut.cuts_from(number);
            *floor = match (*floor, from) {
                (Some(floor), Some(from)) => Some(floor.min(from)),
                (floor, from) => floor.or(from),
            };
        };
        self.hard_cuts_on(generation).for_each(|cut| lower(&mut floors.hard, cut));
        let device = self.enrolled_device(enrolment);
        floors.revoked = device.and_then(|device| self.revoked_from(device, number));
        let leaves = self.accepted_own_cuts(Some((generation, None)));
        leaves.for_each(|leave| lower(&mut floors.left, leave));
        floors
    }

    /// Returns the first `seq` that the accepted revocations of a device cut on one of its
    /// chains; `None` if there are none.
    pub(super) fn revoked_from(&self, device: (Generation, DeviceId), chain: u32) -> Option<u64> {
        let spared = self.lookup.unrevoked.get(&device)?;
        Some(spared.0.get(&chain).map_or(0, |seq| seq.saturating_add(1)))
    }

    /// Finds anew what the accepted revocations of a device spare, after one of them was
    /// rejected.
    pub(super) fn recompute_unrevoked(&mut self, device: (Generation, DeviceId)) {
        let accepted = self.accepted_own_cuts(Some((device.0, Some(device.1))));
        let spared: Vec<_> = accepted.map(|cut| Arc::clone(&cut.spared)).collect();
        self.lookup.unrevoked.remove(&device);
        spared.iter().for_each(|spared| self.lookup.add_revocation(device, spared));
    }

    /// Returns the first `seq` of the idle entries at the end of a chain (SPEC §5.3);
    /// `None` if its last entry is not idle.
    pub(crate) fn idle_from(&self, number: u32) -> Option<u64> {
        let chain = self.chain(number)?;
        let from = match self.is_enrolment_accepted(chain.enrolment) {
            true => self.cut_floors(number).first()?,
            false => 0,
        };
        Some(from.max(chain.first())).filter(|from| *from <= chain.tip)
    }
}

/// First `seq` of a chain that each kind of cut voids.
///
/// What a cut voids on a chain is a suffix. So the least `seq` of several cuts of one kind
/// says all, and an entry is judged by three comparisons however many cuts there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CutFloors {
    hard: Option<u64>,
    revoked: Option<u64>,
    left: Option<u64>,
}

impl CutFloors {
    /// Returns the reason of the first cut on the entry with a `seq`.
    pub(crate) fn void_reason(&self, seq: u64) -> Option<VoidReason> {
        let cuts = |floor: Option<u64>| floor.is_some_and(|floor| seq >= floor);
        if cuts(self.hard) {
            return Some(VoidReason::HardCut);
        }
        if cuts(self.revoked) {
            return Some(VoidReason::Revoked);
        }
        cuts(self.left).then_some(VoidReason::Left)
    }

    /// Returns the first `seq` that any cut voids.
    fn first(&self) -> Option<u64> {
        [self.hard, self.revoked, self.left].into_iter().flatten().min()
    }

    /// Returns the least range of `seq` outside of which an entry has the same verdict
    /// under both: the first, and the one behind the last.
    pub(super) fn difference(&self, other: &Self) -> Option<(u64, u64)> {
        let floors =
            [(self.hard, other.hard), (self.revoked, other.revoked), (self.left, other.left)];
        let ranges = floors.into_iter().filter(|(one, two)| one != two).map(|(one, two)| {
            let (one, two) = (one.unwrap_or(u64::MAX), two.unwrap_or(u64::MAX));
            (one.min(two), one.max(two))
        });
        ranges.reduce(|one, two| (one.0.min(two.0), one.1.max(two.1)))
    }
}
