//! Who is cut by what, and whether an enrolment is accepted (SPEC §6.3–6.6).

use std::collections::BTreeSet;

use super::authority_state::AuthorityState;
use super::records::{Chain, StatementRecord};
use crate::entry::DecodedEntry;
use crate::id::{DeviceId, StatementId};
use crate::payload::Payload;
use crate::statement::{Generation, StatementBody};
use crate::verdict::{ChainPosition, Enrolment, VoidReason};

/// What decides about the plain entries of an enrolment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) accepted: bool,
    /// The cuts that concern it.
    pub(super) cuts: BTreeSet<StatementId>,
}

impl AuthorityState {
    /// Step 2: whether a removal or bind concerns a generation of its target.
    fn concerns(&self, cut: &StatementRecord, generation: Generation) -> bool {
        let bind = match generation {
            // Started by a card or a claim: without exception.
            Generation::Card(_) | Generation::Claim(_) => return true,
            Generation::Bind(digest) => match self.statements.get(&digest) {
                Some(bind) => bind,
                None => return true,
            },
        };
        // Not the one it starts; not one started by a bind that has the cut
        // within it; and, between concurrent binds, only the smaller.
        if bind.digest == cut.digest || bind.within.contains(&cut.digest) {
            return false;
        }
        let cut_is_bind = matches!(cut.body, StatementBody::Bind { .. });
        let concurrent = !cut.within.contains(&bind.digest);
        !(cut_is_bind && concurrent && bind.order() > cut.order())
    }

    /// The hard cuts that concern a generation.
    pub(super) fn hard_cuts_on(
        &self,
        generation: Generation,
    ) -> impl Iterator<Item = &StatementRecord> {
        let member = self.generations.get(&generation).map(|start| start.member);
        let cuts = member.and_then(|member| self.lookup.hard_cuts.get(&member));
        cuts.into_iter()
            .flatten()
            .filter_map(|digest| self.statements.get(digest))
            .filter(move |stated| stated.is_hard_cut() && self.concerns(stated, generation))
    }

    /// The cuts that concern an enrolment: hard ones, revocations, leaves.
    fn cuts_on(&self, enrolment: Enrolment) -> impl Iterator<Item = &StatementRecord> {
        let generation = self.enrolment(enrolment).map(|(generation, _)| generation);
        let hard = generation.into_iter().flat_map(|generation| self.hard_cuts_on(generation));
        hard.chain(self.own_cuts_on(enrolment))
    }

    /// The revocations and leaves that concern an enrolment.
    pub(super) fn own_cuts_on(
        &self,
        enrolment: Enrolment,
    ) -> impl Iterator<Item = &StatementRecord> {
        let of = self.enrolment(enrolment);
        let revocations = of.map(|(generation, device)| (generation, Some(device)));
        let leaves = of.map(|(generation, _)| (generation, None));
        self.own_cuts(revocations).chain(self.own_cuts(leaves))
    }

    /// The revocations of a device of a generation, or the generation's leaves,
    /// that step 3 accepts.
    pub(super) fn own_cuts(
        &self,
        of: Option<(Generation, Option<DeviceId>)>,
    ) -> impl Iterator<Item = &StatementRecord> {
        let cuts = of.and_then(|of| self.lookup.own_cuts.get(&of)).into_iter().flatten();
        let stated = cuts.filter_map(|digest| self.statements.get(digest));
        stated.filter(|stated| stated.standing.is_none())
    }

    /// The generation of an enrolment, if there is any cut that may concern it. Most
    /// groups never removed anybody, and every entry asks.
    pub(super) fn cuttable(&self, enrolment: Enrolment) -> Option<Generation> {
        if self.lookup.hard_cuts.is_empty() && self.lookup.own_cuts.is_empty() {
            return None;
        }
        self.enrolment(enrolment).map(|(generation, _)| generation)
    }

    /// The first thing that cuts what an enrolment signed at a point: hard
    /// cuts, then revocations, then leaves.
    pub(super) fn first_cut(
        &self,
        enrolment: Enrolment,
        point: ChainPosition,
    ) -> Option<VoidReason> {
        let generation = self.cuttable(enrolment)?;
        if self.hard_cuts_on(generation).any(|cut| cut.cuts(point)) {
            return Some(VoidReason::HardCut);
        }
        let reason = |cut: &StatementRecord| match cut.body {
            StatementBody::Leave { .. } => VoidReason::Left,
            _ => VoidReason::Revoked,
        };
        self.own_cuts_on(enrolment).filter(|cut| cut.cuts(point)).map(reason).min()
    }

    /// Step 3: the first failing check of a statement.
    pub(super) fn statement_standing(&self, stated: &StatementRecord) -> Option<VoidReason> {
        if stated.fault.is_some() {
            return stated.fault;
        }
        let generation = stated.body.generation()?;
        if !stated.knows_start {
            return Some(VoidReason::StartNotInBase);
        }
        let start = self.generations.get(&generation);
        if start.is_none_or(|start| start.root != stated.signer) {
            return Some(VoidReason::NotSignedByRoot);
        }
        let outside = |cut: &StatementRecord| !cut.within.contains(&stated.digest);
        self.hard_cuts_on(generation).any(outside).then_some(VoidReason::HardCut)
    }

    /// Whether the start of a generation is accepted.
    pub(super) fn is_started(&self, generation: Generation) -> bool {
        match generation {
            Generation::Card(member) => self.people.get(&member).is_some_and(|p| p.accepted),
            Generation::Claim(entry) => {
                self.introductions.get(&entry).is_some_and(|claim| claim.verdict.is_applied())
            }
            Generation::Bind(digest) => {
                self.statements.get(&digest).is_some_and(|bind| bind.standing.is_none())
            }
        }
    }

    /// Whether a generation is started and no hard cut concerns it.
    pub(super) fn is_current(&self, generation: Generation) -> bool {
        self.is_started(generation) && self.hard_cuts_on(generation).next().is_none()
    }

    /// Whether an enrolment is accepted, cut or not: only if its generation's
    /// start is.
    pub(crate) fn is_enrolled(&self, enrolment: Enrolment) -> bool {
        match enrolment {
            Enrolment::First(generation) => self.is_started(generation),
            Enrolment::Enrolled(digest) => self.statements.get(&digest).is_some_and(|stated| {
                let generation = stated.body.generation();
                stated.standing.is_none()
                    && generation.is_some_and(|generation| self.is_started(generation))
            }),
        }
    }

    /// Whether an entry carries a statement that is new here and signed by a
    /// root key that counts: the owner's, or that of a current generation.
    pub(crate) fn is_news(&self, entry: &DecodedEntry) -> bool {
        let Payload::Statement(signed) = entry.payload() else { return false };
        let act = signed.statement();
        let counts = match act.body().generation() {
            None => act.signer() == self.owner_root,
            Some(generation) => {
                let start = self.generations.get(&generation);
                self.is_current(generation) && start.is_some_and(|s| s.root == act.signer())
            }
        };
        counts && !self.statements.contains_key(&act.id())
    }

    /// How many entries of an enrolment are outside of a cut that concerns it.
    pub(crate) fn outside(&self, enrolment: Enrolment) -> u64 {
        let cuts: Vec<&StatementRecord> = self.cuts_on(enrolment).collect();
        let chains = self.chains_of(enrolment).iter().filter_map(|number| {
            let chain = self.chain(*number)?;
            let from = cuts.iter().filter_map(|cut| cut.cuts_from(*number)).min()?;
            Some(chain.tip.saturating_add(1).saturating_sub(from.max(chain.first())))
        });
        chains.fold(0, u64::saturating_add)
    }

    /// How many entries there are of devices that were never accepted.
    pub(crate) fn by_strangers(&self) -> u64 {
        let strangers = self.chains.iter().filter(|chain| !self.is_enrolled(chain.enrolment));
        let length = |chain: &Chain| chain.tip.saturating_add(1).saturating_sub(chain.first());
        strangers.map(length).fold(0, u64::saturating_add)
    }

    /// What decides about the plain entries of an enrolment now.
    pub(super) fn standing(&self, enrolment: Enrolment) -> Standing {
        let cuts = self.cuts_on(enrolment).map(|cut| cut.digest).collect();
        Standing { accepted: self.is_enrolled(enrolment), cuts }
    }

    /// Steps 4 and 5: what makes an entry without a fault void, unless it is an introduction that
    /// is adopted.
    pub(crate) fn judge(&self, enrolment: Enrolment, point: ChainPosition) -> Option<VoidReason> {
        let unknown = || (!self.is_enrolled(enrolment)).then_some(VoidReason::EnrolmentVoid);
        self.first_cut(enrolment, point).or_else(unknown)
    }

    /// Step 5 for an entry that was judged before.
    pub(crate) fn judge_at(&self, point: ChainPosition) -> Option<VoidReason> {
        self.judge(self.chain(point.chain)?.enrolment, point)
    }
}
