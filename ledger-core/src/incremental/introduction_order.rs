//! Order of the introductions of a member (SPEC §4.3).

use std::collections::BTreeMap;

use super::authority_state::AuthorityState;
use super::cuts::CutFloors;
use super::records::{Introduction, IntroductionKind};
use crate::base::id::{EntryId, MemberId};
use crate::state::{IntroductionPlace, IntroductionStanding};

/// Positions at which the cuts on a chain begin, and acceptance of its enrolment.
type Standings = BTreeMap<u32, (CutFloors, bool)>;

impl AuthorityState {
    /// Returns the member whom an entry introduces, and its place among their introductions.
    pub(crate) fn introduction_place(&self, id: EntryId) -> Option<(MemberId, IntroductionPlace)> {
        let introduction = self.introductions.get(&id)?;
        let member = introduction.member.filter(|_| introduction.kind.introduces())?;
        Some((member, self.place(id, introduction, &mut Standings::new())))
    }

    /// Returns the place of a member's first introduction.
    pub(crate) fn first_introduction_of(&self, member: MemberId) -> Option<IntroductionPlace> {
        // A device may have introduced somebody very often; its cuts are looked up once.
        let mut standings = Standings::new();
        let introductions = self.entries_introducing(member);
        introductions
            .filter_map(|entry| {
                let introduction = self.introductions.get(&entry.id)?;
                Some(self.place(entry.id, introduction, &mut standings))
            })
            .min()
    }

    fn place(
        &self,
        entry: EntryId,
        introduction: &Introduction,
        standings: &mut Standings,
    ) -> IntroductionPlace {
        let Introduction { author, position, clock, .. } = *introduction;
        let (floors, is_accepted) = standings.entry(position.chain).or_insert_with(|| {
            (self.cut_floors(position.chain), self.is_enrolment_accepted(author))
        });
        // The genesis entry is never judged.
        let is_idle = introduction.kind != IntroductionKind::Genesis
            && (!*is_accepted || floors.void_reason(position.seq).is_some());
        let standing = IntroductionStanding::new(introduction.fault.is_some(), is_idle);
        IntroductionPlace { standing, lamport: clock, entry }
    }
}
