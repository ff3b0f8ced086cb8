//! Members and enrolments whose verdicts may change.

use std::collections::BTreeSet;

use super::authority_state::AuthorityState;
use crate::base::id::MemberId;
use crate::verdict::Enrolment;

/// Members and enrolments whose verdicts a change may touch. Closed under dependence:
/// nobody outside depends on anybody inside.
///
/// Only the statements about these members, their introductions, and what their
/// enrolments signed can have another verdict afterwards. All others keep theirs.
#[derive(Clone, Debug, Default)]
pub(super) struct Affected {
    pub(super) members: BTreeSet<MemberId>,
    pub(super) enrolments: BTreeSet<Enrolment>,
}

impl AuthorityState {
    /// Returns the closure of some members and enrolments: with a member, all
    /// enrolments of the member; with an enrolment, all members whom its device
    /// introduced, claimed or adopted.
    pub(super) fn affected(
        &self,
        members: impl IntoIterator<Item = MemberId>,
        enrolments: impl IntoIterator<Item = Enrolment>,
    ) -> Affected {
        let mut affected = Affected::default();
        let mut members: Vec<MemberId> = members.into_iter().collect();
        let mut enrolments: Vec<Enrolment> = enrolments.into_iter().collect();
        loop {
            if let Some(member) = members.pop() {
                if affected.members.insert(member) {
                    let generations = self.generations_of(member);
                    enrolments.extend(generations.flat_map(|g| self.enrolments_of_generation(g)));
                }
            } else if let Some(enrolment) = enrolments.pop() {
                if affected.enrolments.insert(enrolment) {
                    let authored = self.lookup.authored.get(&enrolment).into_iter().flatten();
                    let introductions = authored.filter_map(|id| self.introductions.get(id));
                    members.extend(introductions.filter_map(|i| i.member));
                }
            } else {
                return affected;
            }
        }
    }
}
