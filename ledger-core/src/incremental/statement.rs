//! Application of a statement that an entry carries.
//!
//! A new statement is applied in two parts. `statement_record` and `affected_by` only
//! read: they say what the statement is and whom it may affect. `insert_statement`
//! then writes. So everything that follows from the state before the statement is
//! computed before the first write.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::affected::Affected;
use super::ancestry::Ancestry;
use super::authority_state::AuthorityState;
use super::control_entry::{ChangedDevices, Outcome};
use super::incoming::IncomingEntry;
use super::records::{Candidate, Introduction, StatementRecord};
use crate::base::id::MemberId;
use crate::statement::{Generation, Statement, StatementBody};
use crate::verdict::{ChainPosition, Enrolment, Verdict};

impl AuthorityState {
    /// Applies the carrier of a statement: one more carrier of a known statement, or a
    /// new statement.
    pub(super) fn apply_carrier(
        &mut self,
        statement: &Statement,
        incoming: IncomingEntry<'_>,
        ancestry: &Ancestry,
    ) -> Outcome {
        let id = statement.id();
        self.lookup.carried.insert(incoming.entry.id(), id);
        if statement.body().is_cut() {
            let (entry, position) = (incoming.entry, incoming.position);
            let clock = entry.header().lamport();
            self.epochs.add_candidate(Candidate { id: entry.id(), position, clock });
        }
        if let StatementBody::Bind { member, card } = statement.body() {
            self.record_generation(Generation::Bind(id), *member, card, incoming);
        }
        if !self.statements.contains_key(&id) {
            let record = self.statement_record(statement, incoming, ancestry);
            let affected = self.affected_by(&record);
            let outcome = self.insert_statement(record, affected);
            self.mark_carrier(id, incoming.entry.header().lamport());
            return outcome;
        }
        // Nothing is within a statement because of a later carrier: what a cut spares
        // is fixed by its base, and so is what has the statement within it. So a later
        // carrier flips no verdict, and nobody moves a cut by carrying it again.
        let record = self.statements.get_mut(&id);
        let verdict = record.map(|record| {
            record.carriers.push(incoming.located());
            record.verdict
        });
        self.mark_carrier(id, incoming.entry.header().lamport());
        Outcome::without_flips(verdict.unwrap_or(Verdict::Applied), None)
    }

    /// Returns whether the carrier of a statement may flip verdicts of others, or makes its
    /// own carrier idle.
    ///
    /// Only the first carrier can, and only if the statement is accepted: a removal or bind
    /// that the owner did not sign has a fault. A revocation flips what no earlier one
    /// voids.
    pub(super) fn may_statement_flip(
        &self,
        statement: &Statement,
        incoming: IncomingEntry<'_>,
        ancestry: &Ancestry,
    ) -> bool {
        if self.statements.contains_key(&statement.id()) {
            return false;
        }
        match statement.body() {
            StatementBody::Remove { .. } | StatementBody::Bind { .. } => {
                statement.signer() == self.owner_root
            }
            StatementBody::Revoke { generation, device } => {
                let author = incoming.backlink.author;
                let record = self.statement_record(statement, incoming, ancestry);
                let subject = (*generation, *device);
                let revoked = self.revoked_from(subject, incoming.position.chain);
                let makes_carrier_idle = self.enrolled_device(author) == Some(subject)
                    && record.cuts(incoming.position)
                    && revoked.is_none_or(|from| incoming.position.seq < from);
                record.rejection.is_none()
                    && (makes_carrier_idle || !self.newly_revoked(&record).is_empty())
            }
            _ => false,
        }
    }

    /// Returns the first `seq` that a revocation voids of each chain on which it voids more
    /// than the revocations before.
    fn newly_revoked(&self, record: &StatementRecord) -> BTreeMap<u32, u64> {
        let StatementBody::Revoke { generation, device } = record.body else {
            return BTreeMap::new();
        };
        if record.repeats {
            return BTreeMap::new();
        }
        let chains = self.chains_of_device(generation, device).into_iter();
        let first = chains.filter_map(|number| Some((number, record.cuts_from(number)?)));
        let is_new = |(number, from): &(u32, u64)| {
            let revoked = self.revoked_from((generation, device), *number);
            let tip = self.tip_of_chain(*number);
            revoked.is_none_or(|revoked| *from < revoked) && tip.is_some_and(|tip| *from <= tip)
        };
        first.filter(is_new).collect()
    }

    /// Returns the record of a new statement: what follows from its base, and whether
    /// steps 1 and 3 reject it. Its verdict is not final yet.
    fn statement_record(
        &self,
        statement: &Statement,
        incoming: IncomingEntry<'_>,
        ancestry: &Ancestry,
    ) -> StatementRecord {
        let body = statement.body();
        let signing = body.generation().and_then(|g| self.generations.get(&g));
        let member = match body {
            StatementBody::Remove { member } | StatementBody::Bind { member, .. } => Some(*member),
            _ => signing.map(|record| record.member),
        };
        let mut record = StatementRecord {
            id: statement.id(),
            signer: statement.signer(),
            body: body.clone(),
            member: member.filter(|member| self.members.contains_key(member)),
            carriers: vec![incoming.located()],
            clock: ancestry.clock.saturating_add(1),
            fault: self.statement_fault(statement, ancestry),
            knows_start: ancestry.knows_start,
            spared: Arc::default(),
            repeats: ancestry.repeats,
            base: None,
            within: BTreeSet::new(),
            left: Default::default(),
            rejection: None,
            verdict: Verdict::Applied,
        };
        match body {
            StatementBody::Remove { member } | StatementBody::Bind { member, .. } => {
                let chains = self.chains_of_member(*member);
                record.spared = Arc::new(ancestry.past.restricted_to(chains));
                let about_target = self.statements_about(record.member.as_ref());
                let is_within = |id: &_| {
                    let other = self.statements.get(id);
                    other.is_some_and(|other| ancestry.past.covers_any(&other.carriers))
                };
                record.within = about_target.into_iter().filter(is_within).collect();
            }
            StatementBody::Revoke { generation, device } if !record.repeats => {
                let chains = self.chains_of_device(*generation, *device);
                record.spared = Arc::new(ancestry.past.restricted_to(chains));
                if let [base] = statement.base()
                    && record.knows_start
                {
                    record.base = Some(*base);
                }
                // Many on one base, or on bases that differ in nothing else, share one vector.
                let unrevoked = self.lookup.unrevoked.get(&(*generation, *device));
                if let Some(same) = unrevoked.filter(|same| **same == record.spared) {
                    record.spared = Arc::clone(same);
                }
            }
            _ => {}
        }
        record.rejection = self.statement_rejection(&record);
        record
    }

    /// Returns whom a new statement affects. Only an accepted cut affects anybody; a
    /// leave cuts nothing that is here already, since no past holds the leave yet.
    fn affected_by(&self, record: &StatementRecord) -> Affected {
        match &record.body {
            StatementBody::Remove { member } | StatementBody::Bind { member, .. }
                if record.fault.is_none() =>
            {
                self.affected([*member], [])
            }
            StatementBody::Revoke { generation, device } if record.rejection.is_none() => {
                let chains = self.newly_revoked(record);
                if chains.is_empty() {
                    return Affected::default();
                }
                // Of those whom the device introduced, the ones whose introduction is
                // voided now, and all who depend on them.
                let enrolments = self.enrolments_of_device(*generation, *device);
                let enrolments: BTreeSet<Enrolment> = enrolments.collect();
                let authored = enrolments.iter().filter_map(|e| self.lookup.authored.get(e));
                let introductions = authored.flatten().filter_map(|id| self.introductions.get(id));
                let is_voided = |introduction: &&Introduction| {
                    let ChainPosition { chain, seq } = introduction.position;
                    chains.get(&chain).is_some_and(|from| seq >= *from)
                };
                let members: BTreeSet<MemberId> =
                    introductions.filter(is_voided).filter_map(|i| i.member).collect();
                let mut affected = self.affected(members, []);
                affected.enrolments.extend(enrolments);
                affected
            }
            _ => Affected::default(),
        }
    }

    /// Inserts a new statement and recomputes the verdicts of those whom it affects.
    ///
    /// The snapshot comes before the insertion. The statement's own verdict comes last,
    /// as it may depend on the acceptance that the statement itself brings about: a
    /// bind accepts its member.
    fn insert_statement(&mut self, record: StatementRecord, affected: Affected) -> Outcome {
        let (id, member) = (record.id, record.member);
        let group_renamed = matches!(record.body, StatementBody::RenameGroup { .. });
        let devices = match &record.body {
            // Members are affected only if it changes who is accepted.
            _ if !affected.members.is_empty() => ChangedDevices::All,
            StatementBody::Enrol { generation, certificate } => {
                ChangedDevices::Device(*generation, certificate.device())
            }
            StatementBody::Revoke { generation, device } => {
                ChangedDevices::Device(*generation, *device)
            }
            StatementBody::Leave { generation } => ChangedDevices::Generation(*generation),
            StatementBody::Rename { .. } | StatementBody::RenameGroup { .. } => {
                ChangedDevices::None
            }
            StatementBody::Remove { .. } | StatementBody::Bind { .. } => ChangedDevices::All,
        };
        let before = self.snapshot_verdicts(affected);
        self.lookup.add_statement(&record);
        self.statements.insert(id, record);
        if let Some(record) = member.and_then(|member| self.members.get_mut(&member)) {
            record.statements.insert(id);
        }
        self.recompute_rejections(&before.affected.members);
        self.recompute_verdicts(&before.affected.members);
        let verdict = self.recompute_statement_verdict(id);
        let mut outcome = self.outcome_since(before, verdict);
        outcome.members.extend(member);
        (outcome.devices, outcome.group_renamed) = (devices, group_renamed);
        outcome
    }
}
