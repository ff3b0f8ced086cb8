//! What is kept, as bytes, for a checkpoint.

use std::collections::{BTreeMap, BTreeSet};

use super::authority_state::AuthorityState;
use super::records::{
    Chain, Epochs, GenerationRecord, Introduction, IntroductionKind, Lookup, Person,
    StatementRecord, read_rotations, write_rotations,
};
use crate::codec::{Reader, Writer};
use crate::id::{EntryId, GroupId, MemberId, RootId};
use crate::limits::MAX_NAME_BYTES;
use crate::rule::Refusal;
use crate::statement::Generation;

impl AuthorityState {
    pub(crate) fn encode(&self, w: &mut Writer) {
        w.array(13);
        w.bytes(self.group.as_bytes());
        w.text(&self.name);
        w.bytes(self.owner.as_bytes());
        w.bytes(self.owner_root.as_bytes());
        w.bytes(&self.salt);
        w.list(self.chains.iter(), Chain::write);
        w.list(self.statements.values(), StatementRecord::write);
        w.list(self.generations.iter(), |w, (g, started)| GenerationRecord::write(w, *g, started));
        w.list(self.introductions.iter(), |w, (id, i)| Introduction::write(w, *id, i));
        w.list(self.people.iter(), |w, (id, person)| Person::write(w, *id, person));
        w.list(self.named.iter(), |w, (member, entries)| {
            w.array(2);
            w.bytes(member.as_bytes());
            w.uint(*entries);
        });
        write_rotations(w, &self.rotations);
        self.epochs.write(w);
    }

    pub(crate) fn decode(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(13)?;
        let mut control = Self {
            group: GroupId::from_bytes(r.bytes_n()?),
            name: r.text(MAX_NAME_BYTES)?.to_owned(),
            owner: MemberId::from_bytes(r.bytes_n()?),
            owner_root: RootId::from_bytes(r.bytes_n()?),
            salt: r.bytes_n()?,
            chains: r.list(Chain::read)?,
            statements: r
                .list(|r| StatementRecord::read(r).map(|stated| (stated.digest, stated)))?,
            generations: r.list(GenerationRecord::read)?,
            introductions: r.list(Introduction::read)?,
            people: r.list(Person::read)?,
            named: r.list(|r| {
                r.array(2)?;
                Ok((MemberId::from_bytes(r.bytes_n()?), r.uint()?))
            })?,
            rotations: read_rotations(r)?,
            epochs: Epochs::read(r)?,
            lookup: Lookup::default(),
        };
        control.lookup = control.look_up();
        control.gather();
        Ok(control)
    }

    /// What concerns each member, from the records.
    fn gather(&mut self) {
        let mut about: BTreeMap<MemberId, (BTreeSet<EntryId>, BTreeSet<Generation>)> =
            BTreeMap::new();
        for (id, introduction) in &self.introductions {
            if let Some(member) =
                introduction.member.filter(|_| introduction.manner != IntroductionKind::Genesis)
            {
                about.entry(member).or_default().0.insert(*id);
            }
        }
        for (generation, started) in &self.generations {
            about.entry(started.member).or_default().1.insert(*generation);
        }
        for (member, (introductions, generations)) in about {
            let person = self.people.entry(member).or_default();
            (person.introductions, person.generations) = (introductions, generations);
        }
        for stated in self.statements.values() {
            if let Some(person) = stated.member.and_then(|member| self.people.get_mut(&member)) {
                person.statements.insert(stated.digest);
            }
        }
    }
}
