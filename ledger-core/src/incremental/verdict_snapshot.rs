//! Verdicts before a change, to compare with those after.

use std::collections::BTreeMap;

use super::affected::Affected;
use super::authority_state::AuthorityState;
use super::cuts::CutFloors;
use crate::base::id::EntryId;
use crate::verdict::{ChainPosition, Enrolment, Verdict};

/// State of an enrolment that decides about its data entries.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Standing {
    accepted: bool,
    /// Where the accepted cuts begin on each chain.
    floors: BTreeMap<u32, CutFloors>,
}

/// Verdicts on control entries, and what decides about data entries, of everybody
/// whom a change may affect. Taken before the change.
pub(super) struct VerdictSnapshot {
    pub(super) affected: Affected,
    standings: BTreeMap<Enrolment, Standing>,
    verdicts: BTreeMap<EntryId, Verdict>,
}

impl AuthorityState {
    /// Takes a snapshot of the verdicts of those who are affected.
    pub(super) fn snapshot_verdicts(&self, affected: Affected) -> VerdictSnapshot {
        let standings = affected.enrolments.iter().map(|e| (*e, self.standing(*e))).collect();
        let verdicts = self.control_verdicts(&affected);
        VerdictSnapshot { affected, standings, verdicts }
    }

    fn standing(&self, enrolment: Enrolment) -> Standing {
        let chains = self.chains_of(enrolment).iter();
        let floors = chains.map(|number| (*number, self.cut_floors(*number))).collect();
        Standing { accepted: self.is_enrolment_accepted(enrolment), floors }
    }

    /// Returns the verdicts on introductions of, and statements about, those who are
    /// affected.
    fn control_verdicts(&self, affected: &Affected) -> BTreeMap<EntryId, Verdict> {
        let mut verdicts = BTreeMap::new();
        for record in affected.members.iter().filter_map(|member| self.members.get(member)) {
            let introductions = record.introductions.iter();
            verdicts.extend(introductions.filter_map(|id| {
                self.introductions.get(id).map(|introduction| (*id, introduction.verdict))
            }));
            for statement in record.statements.iter().filter_map(|id| self.statements.get(id)) {
                let carriers = statement.carriers.iter();
                verdicts.extend(carriers.map(|carrier| (carrier.id, statement.verdict)));
            }
        }
        verdicts
    }

    /// Returns the control entries whose verdict is not the one in the snapshot, with
    /// the verdict now. Entries that the snapshot does not hold arrived since.
    pub(super) fn changed_verdicts(&self, before: &VerdictSnapshot) -> Vec<(EntryId, Verdict)> {
        let after = self.control_verdicts(&before.affected);
        let changed = |(id, verdict): &(EntryId, Verdict)| {
            before.verdicts.get(id).is_some_and(|old| old != verdict)
        };
        after.into_iter().filter(changed).collect()
    }

    /// Returns, for each chain whose data entries may have another verdict now, the
    /// first position that may, and the `seq` behind the last.
    ///
    /// The verdict on a data entry without a fault follows from the acceptance of its
    /// enrolment and the cuts on it. If the acceptance changed, the whole chain is
    /// judged again. Else the verdicts can differ only between where a cut of one kind
    /// began before and where it begins now. So of many cuts on a chain, each costs the
    /// entries that no earlier one voids.
    pub(super) fn chains_to_reevaluate(
        &self,
        before: &VerdictSnapshot,
    ) -> BTreeMap<ChainPosition, u64> {
        let mut positions = BTreeMap::new();
        for (enrolment, old) in &before.standings {
            let new = self.standing(*enrolment);
            for (number, floors) in &new.floors {
                let Some(chain) = self.chain(*number) else { continue };
                let range = match old.accepted == new.accepted {
                    true => old.floors.get(number).and_then(|before| before.difference(floors)),
                    false => Some((0, u64::MAX)),
                };
                let Some((from, until)) = range else { continue };
                let seq = from.max(chain.first());
                if seq <= chain.tip && seq < until {
                    positions.insert(ChainPosition { chain: *number, seq }, until);
                }
            }
        }
        positions
    }
}
