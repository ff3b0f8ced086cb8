//! Entries about a member or a generation, for the base of a new statement, and statements that
//! are to be carried again.

use std::collections::{BTreeMap, BTreeSet};

use super::authority_state::AuthorityState;
use super::records::{LocatedEntry, StatementRecord};
use crate::base::id::{DeviceId, EntryId, MemberId};
use crate::statement::Generation;
use crate::verdict::ChainPosition;

impl AuthorityState {
    /// Returns the entries that introduce a member without a fault, or start a generation.
    pub(crate) fn introductions_about(
        &self,
        member: Option<MemberId>,
        generation: Option<Generation>,
    ) -> Vec<LocatedEntry> {
        let introducing = member.into_iter().flat_map(|member| self.entries_introducing(member));
        let mut entries: Vec<LocatedEntry> =
            introducing.filter(|entry| !self.has_fault(&entry.id)).collect();
        let started = generation.and_then(|generation| self.generations.get(&generation));
        entries.extend(started.into_iter().flat_map(|record| &record.started_by));
        entries
    }

    /// Returns the carriers of each statement about a member, or of a generation's member,
    /// that steps 1 and 3 accept.
    pub(crate) fn carriers_about(
        &self,
        member: Option<MemberId>,
        generation: Option<Generation>,
    ) -> Vec<Vec<LocatedEntry>> {
        let signing = generation.and_then(|generation| self.generations.get(&generation));
        let member = member.or(signing.map(|record| record.member));
        let statements = self.statements_about(member.as_ref());
        let records = statements.into_iter().filter_map(|id| self.statements.get(&id));
        let accepted = records.filter(|record| record.rejection.is_none());
        accepted.map(|record| record.carriers.clone()).collect()
    }

    /// Returns the chains of a member's devices, or of a generation's.
    pub(crate) fn chains_about(
        &self,
        member: Option<MemberId>,
        generation: Option<Generation>,
    ) -> Vec<u32> {
        let chains = member.into_iter().flat_map(|member| self.chains_of_member(member));
        let enrolments = generation.into_iter().flat_map(|g| self.enrolments_of_generation(g));
        let own = enrolments.flat_map(|enrolment| self.chains_of(enrolment).to_vec());
        chains.chain(own).collect()
    }

    /// Returns a carrier of each cut of which a usable epoch must know, of which `is_hidden`
    /// says that all carriers are, and which no entry of `device` carries; of the revocations
    /// and leaves of one member at most `most`.
    pub(crate) fn cuts_without_carrier(
        &self,
        device: DeviceId,
        most: usize,
        is_hidden: impl Fn(ChainPosition) -> bool,
    ) -> Vec<EntryId> {
        let own: BTreeSet<u32> = self
            .lookup
            .devices
            .get(&device)
            .into_iter()
            .flatten()
            .flat_map(|enrolment| self.chains_of(*enrolment))
            .copied()
            .collect();
        let lacks = |record: &&StatementRecord| {
            self.is_required(record)
                && record.carriers.iter().all(|carrier| {
                    is_hidden(carrier.position) && !own.contains(&carrier.position.chain)
                })
        };
        let mut records: Vec<&StatementRecord> = self.statements.values().filter(lacks).collect();
        // One that another has within it goes first, so that its clock stays behind.
        records.sort_by_key(|record| record.order());
        // A member can sign revocations without end.
        let mut signed: BTreeMap<MemberId, usize> = BTreeMap::new();
        records.retain(|record| {
            let generation = record.body.generation().and_then(|g| self.generations.get(&g));
            let Some(generation) = generation else { return true };
            let count = signed.entry(generation.member).or_default();
            *count = count.saturating_add(1);
            *count <= most
        });
        records.iter().filter_map(|record| record.carriers.first()).map(|c| c.id).collect()
    }
}
