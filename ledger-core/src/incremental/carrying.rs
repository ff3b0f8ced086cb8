//! Statements that are to be carried again (SPEC §5.3).

use std::collections::{BTreeMap, BTreeSet};

use super::authority_state::AuthorityState;
use super::records::StatementRecord;
use crate::base::id::{DeviceId, EntryId, MemberId};
use crate::verdict::ChainPosition;

impl AuthorityState {
    /// Returns the first carriers of the cuts that only hidden entries carry, and no entry of
    /// `device`. Only cuts of which usable epochs must know count; of the revocations and leaves
    /// of one member at most `most`.
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
