//! Verdicts before a change, to compare with those after.

use std::collections::{BTreeMap, BTreeSet};

use super::affected::Affected;
use super::authority_state::AuthorityState;
use crate::base::id::{EntryId, StatementId};
use crate::verdict::{ChainPosition, Enrolment, Verdict};

/// State of an enrolment that decides about its data entries.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Standing {
    accepted: bool,
    /// Accepted cuts that concern the enrolment.
    cuts: BTreeSet<StatementId>,
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
        let cuts = self.cuts_on(enrolment).map(|cut| cut.id).collect();
        Standing { accepted: self.is_enrolment_accepted(enrolment), cuts }
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
    /// first position that may.
    ///
    /// The verdict on a data entry without a fault follows from the acceptance of its
    /// enrolment and the cuts on it. If the acceptance changed, the whole chain is
    /// judged again. Else the verdicts can differ only behind the first entry that one
    /// of the new or the lifted cuts voids: a cut voids a suffix of each chain.
    pub(super) fn chains_to_reevaluate(&self, before: &VerdictSnapshot) -> BTreeSet<ChainPosition> {
        let mut positions = BTreeSet::new();
        for (enrolment, old) in &before.standings {
            let new = self.standing(*enrolment);
            for number in self.chains_of(*enrolment) {
                let Some(chain) = self.chain(*number) else { continue };
                let from = if old.accepted == new.accepted {
                    let different: BTreeSet<StatementId> = &old.cuts ^ &new.cuts;
                    let cuts = different.iter().filter_map(|id| self.statements.get(id));
                    cuts.filter_map(|cut| cut.cuts_from(*number)).min()
                } else {
                    Some(0)
                };
                let from = from.map(|seq| seq.max(chain.first())).filter(|seq| *seq <= chain.tip);
                positions.extend(from.map(|seq| ChainPosition { chain: *number, seq }));
            }
        }
        positions
    }
}
