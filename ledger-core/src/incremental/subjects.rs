//! Entries about a member or a generation, for the base of a new statement.

use super::authority_state::AuthorityState;
use super::records::LocatedEntry;
use crate::base::id::MemberId;
use crate::statement::Generation;

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
}
