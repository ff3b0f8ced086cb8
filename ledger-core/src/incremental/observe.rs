//! What a change made of others: verdicts before and after.

use std::collections::{BTreeMap, BTreeSet};

use super::authority_state::AuthorityState;
use super::settle::Affected;
use super::standing::Standing;
use crate::id::EntryId;
use crate::verdict::{ChainPosition, Enrolment, Verdict};

/// How those stood whom a change may concern.
pub(super) struct Before {
    pub(super) affected: Affected,
    standings: BTreeMap<Enrolment, Standing>,
    verdicts: BTreeMap<EntryId, Verdict>,
}

impl AuthorityState {
    pub(super) fn observe(&self, affected: Affected) -> Before {
        let standings = affected.enrolments.iter().map(|e| (*e, self.standing(*e))).collect();
        let verdicts = self.verdicts_about(&affected);
        Before { affected, standings, verdicts }
    }

    /// The verdicts of introductions and statements about these members.
    fn verdicts_about(&self, affected: &Affected) -> BTreeMap<EntryId, Verdict> {
        let mut verdicts = BTreeMap::new();
        let people = affected.members.iter().filter_map(|member| self.people.get(member));
        for person in people {
            let introductions = person.introductions.iter().filter_map(|id| {
                self.introductions.get(id).map(|introduction| (*id, introduction.verdict))
            });
            verdicts.extend(introductions);
            for stated in person.statements.iter().filter_map(|d| self.statements.get(d)) {
                verdicts.extend(stated.carriers.iter().map(|c| (c.id, stated.verdict)));
            }
        }
        verdicts
    }

    /// The verdicts that are not what they were.
    pub(super) fn flips(&self, before: &Before) -> Vec<(EntryId, Verdict)> {
        let after = self.verdicts_about(&before.affected);
        let changed = |(id, verdict): &(EntryId, Verdict)| {
            before.verdicts.get(id).is_some_and(|old| old != verdict)
        };
        after.into_iter().filter(changed).collect()
    }

    /// From where on the plain entries of each chain are to be judged again.
    pub(super) fn shaken(&self, before: &Before) -> BTreeSet<ChainPosition> {
        let mut shaken = BTreeSet::new();
        for (enrolment, old) in &before.standings {
            let new = self.standing(*enrolment);
            for number in self.chains_of(*enrolment) {
                let Some(chain) = self.chain(*number) else { continue };
                let from = if old.accepted == new.accepted {
                    let cuts: BTreeSet<_> = &old.cuts ^ &new.cuts;
                    let stated = cuts.iter().filter_map(|digest| self.statements.get(digest));
                    stated.filter_map(|cut| cut.cuts_from(*number)).min()
                } else {
                    Some(0)
                };
                let from = from.map(|seq| seq.max(chain.first())).filter(|seq| *seq <= chain.tip);
                shaken.extend(from.map(|seq| ChainPosition { chain: *number, seq }));
            }
        }
        shaken
    }
}
