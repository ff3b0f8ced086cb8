//! Authority state as bytes of a checkpoint (SPEC §7.2).

use std::collections::{BTreeMap, BTreeSet};

use super::authority_state::AuthorityState;
use super::records::{
    Chain, Epochs, GenerationRecord, Introduction, IntroductionKind, LeaveMarks, Lookup,
    MemberRecord, StatementRecord, read_rotations, write_rotations,
};
use crate::base::codec::{Reader, Writer};
use crate::base::id::{EntryId, GroupId, MemberId, RootId};
use crate::base::limits::MAX_NAME_BYTES;
use crate::base::rule::Refusal;
use crate::statement::Generation;

impl AuthorityState {
    /// Writes everything but the lookup and the sets of records in each
    /// [`MemberRecord`], which follow from the rest.
    pub(crate) fn encode(&self, w: &mut Writer) {
        w.array(14);
        w.bytes(self.group.as_bytes());
        w.text(&self.name);
        w.bytes(self.owner.as_bytes());
        w.bytes(self.owner_root.as_bytes());
        w.bytes(&self.salt);
        w.list(self.chains.iter(), Chain::write);
        w.list(self.statements.values(), StatementRecord::write);
        w.list(self.generations.iter(), |w, (generation, record)| {
            GenerationRecord::write(w, *generation, record);
        });
        w.list(self.introductions.iter(), |w, (id, introduction)| {
            Introduction::write(w, *id, introduction);
        });
        w.list(self.members.iter(), |w, (id, member)| MemberRecord::write(w, *id, member));
        w.list(self.mentions.iter(), |w, (member, entries)| {
            w.array(2);
            w.bytes(member.as_bytes());
            w.uint(*entries);
        });
        write_rotations(w, &self.rotations);
        self.epochs.write(w);
        w.list(self.leave_marks.iter(), |w, (generation, marks)| {
            w.array(2);
            generation.write(w);
            marks.write(w);
        });
    }

    /// Reads what [`AuthorityState::encode`] wrote, and makes the rest anew.
    pub(crate) fn decode(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(14)?;
        let mut state = Self {
            group: GroupId::from_bytes(r.bytes_n()?),
            name: r.text(MAX_NAME_BYTES)?.to_owned(),
            owner: MemberId::from_bytes(r.bytes_n()?),
            owner_root: RootId::from_bytes(r.bytes_n()?),
            salt: r.bytes_n()?,
            chains: r.list(Chain::read)?,
            statements: r
                .list(|r| StatementRecord::read(r).map(|statement| (statement.id, statement)))?,
            generations: r.list(GenerationRecord::read)?,
            introductions: r.list(Introduction::read)?,
            members: r.list(MemberRecord::read)?,
            mentions: r.list(|r| {
                r.array(2)?;
                Ok((MemberId::from_bytes(r.bytes_n()?), r.uint()?))
            })?,
            rotations: read_rotations(r)?,
            epochs: Epochs::read(r)?,
            leave_marks: r.list(|r| {
                r.array(2)?;
                Ok((Generation::read(r)?, LeaveMarks::read(r)?))
            })?,
            lookup: Lookup::default(),
        };
        state.rebuild_lookup();
        state.rebuild_member_records();
        Ok(state)
    }

    /// Puts the introductions, generations and statements about each member back
    /// into the member's record.
    fn rebuild_member_records(&mut self) {
        let mut about: BTreeMap<MemberId, (BTreeSet<EntryId>, BTreeSet<Generation>)> =
            BTreeMap::new();
        for (id, introduction) in &self.introductions {
            // The genesis entry is never judged, so it is not among them.
            if let Some(member) =
                introduction.member.filter(|_| introduction.kind != IntroductionKind::Genesis)
            {
                about.entry(member).or_default().0.insert(*id);
            }
        }
        for (generation, record) in &self.generations {
            about.entry(record.member).or_default().1.insert(*generation);
        }
        for (member, (introductions, generations)) in about {
            let record = self.members.entry(member).or_default();
            (record.introductions, record.generations) = (introductions, generations);
        }
        for statement in self.statements.values() {
            let member = statement.member.and_then(|member| self.members.get_mut(&member));
            if let Some(record) = member {
                record.statements.insert(statement.id);
            }
        }
    }
}
