//! What is kept, as bytes, for a checkpoint.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::chain::{Chain, Point};
use super::epochs::{Begun, Epochs, Required};
use super::reach::Reach;
use super::record::{
    Control, Introduction, Located, Lookup, Manner, Person, Rotated, Started, Stated,
};
use crate::act::{ActBody, Generation};
use crate::authority::Enrolment;
use crate::bug::Bug;
use crate::codec::{Reader, Writer};
use crate::id::{ActDigest, DeviceId, EntryId, GroupId, MemberId, RootId};
use crate::ledger::{Device, UsableEpoch, Verdict, VoidReason};
use crate::limits::MAX_NAME_BYTES;
use crate::rule::{Refusal, Rule};

fn write_list<T>(
    w: &mut Writer,
    items: impl ExactSizeIterator<Item = T>,
    mut write: impl FnMut(&mut Writer, T),
) {
    w.array(items.len());
    items.for_each(|item| write(w, item));
}

fn read_list<'a, T, C: FromIterator<T>>(
    r: &mut Reader<'a>,
    mut read: impl FnMut(&mut Reader<'a>) -> Result<T, Refusal>,
) -> Result<C, Refusal> {
    let len = r.array_up_to(usize::MAX, Rule::C6)?;
    (0..len).map(|_| read(r)).collect()
}

fn read_u32(r: &mut Reader<'_>) -> Result<u32, Refusal> {
    u32::try_from(r.uint()?).map_err(|_| Refusal::new(Rule::Q2))
}

fn read_flag(r: &mut Reader<'_>) -> Result<bool, Refusal> {
    Ok(r.uint()? == 1)
}

fn read_verdict(r: &mut Reader<'_>) -> Result<Verdict, Refusal> {
    let code = u8::try_from(r.uint()?).ok().and_then(Verdict::from_code);
    code.ok_or_else(|| Refusal::new(Rule::Q2))
}

/// A reason, or none, as the code of a verdict.
fn write_reason(w: &mut Writer, reason: Option<VoidReason>) {
    w.uint(u64::from(reason.map_or(Verdict::Applied, Verdict::Void).code()));
}

fn read_reason(r: &mut Reader<'_>) -> Result<Option<VoidReason>, Refusal> {
    Ok(match read_verdict(r)? {
        Verdict::Void(reason) => Some(reason),
        Verdict::Applied | Verdict::Unknown => None,
    })
}

impl Enrolment {
    fn write(self, w: &mut Writer) {
        match self {
            Self::First(generation) => generation.write(w),
            Self::Enrolled(digest) => w.bytes(digest.as_bytes()),
        }
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        let mut ahead = Reader::new(r.rest());
        if ahead.bytes().is_ok() {
            return Ok(Self::Enrolled(ActDigest::from_bytes(r.bytes_n()?)));
        }
        Ok(Self::First(Generation::read(r)?))
    }
}

impl Point {
    fn write(self, w: &mut Writer) {
        w.array(2);
        w.uint(u64::from(self.chain));
        w.uint(self.seq);
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(2)?;
        Ok(Self { chain: read_u32(r)?, seq: r.uint()? })
    }
}

impl Located {
    fn write(w: &mut Writer, located: &Self) {
        w.array(2);
        w.bytes(located.id.as_bytes());
        located.point.write(w);
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(2)?;
        Ok(Self { id: EntryId::from_bytes(r.bytes_n()?), point: Point::read(r)? })
    }
}

impl Device {
    fn write(self, w: &mut Writer) {
        w.array(2);
        w.uint(self.exchange_generation);
        w.bytes(&self.exchange);
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(2)?;
        Ok(Self { exchange_generation: r.uint()?, exchange: r.bytes_n()? })
    }
}

impl Chain {
    fn write(w: &mut Writer, chain: &Self) {
        w.array(4);
        chain.enrolment.write(w);
        w.optional(chain.parent, |w, parent| parent.write(w));
        w.uint(chain.clock);
        w.uint(chain.tip);
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(4)?;
        let enrolment = Enrolment::read(r)?;
        let parent = r.optional(Point::read)?;
        Ok(Self { enrolment, parent, clock: r.uint()?, tip: r.uint()? })
    }
}

/// Seqs by chain.
fn write_seqs(w: &mut Writer, seqs: &BTreeMap<u32, u64>) {
    write_list(w, seqs.iter(), |w, (chain, seq)| Point { chain: *chain, seq: *seq }.write(w));
}

fn read_seqs(r: &mut Reader<'_>) -> Result<BTreeMap<u32, u64>, Refusal> {
    read_list(r, |r| Point::read(r).map(|point| (point.chain, point.seq)))
}

impl Stated {
    fn write(w: &mut Writer, stated: &Self) {
        w.array(14);
        w.bytes(stated.digest.as_bytes());
        w.bytes(stated.signer.as_bytes());
        w.uint(stated.body.kind());
        stated.body.write(w);
        w.optional(stated.member, |w, member| w.bytes(member.as_bytes()));
        write_list(w, stated.carriers.iter(), Located::write);
        w.uint(stated.clock);
        write_reason(w, stated.fault);
        w.uint(u64::from(stated.knows_start));
        write_seqs(w, &stated.reach.0);
        write_list(w, stated.within.iter(), |w, digest| w.bytes(digest.as_bytes()));
        let left = if Bug::CheckpointForgets.is_on() { &BTreeMap::new() } else { &stated.left };
        write_seqs(w, left);
        write_reason(w, stated.standing);
        w.uint(u64::from(stated.verdict.code()));
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(14)?;
        let digest = ActDigest::from_bytes(r.bytes_n()?);
        let signer = RootId::from_bytes(r.bytes_n()?);
        let kind = r.uint()?;
        Ok(Self {
            digest,
            signer,
            body: ActBody::read(kind, r)?,
            member: r.optional(|r| r.bytes_n().map(MemberId::from_bytes))?,
            carriers: read_list(r, Located::read)?,
            clock: r.uint()?,
            fault: read_reason(r)?,
            knows_start: read_flag(r)?,
            reach: Arc::new(Reach(read_seqs(r)?)),
            within: read_list(r, |r| r.bytes_n().map(ActDigest::from_bytes))?,
            left: read_seqs(r)?,
            standing: read_reason(r)?,
            verdict: read_verdict(r)?,
        })
    }
}

impl Started {
    fn write(w: &mut Writer, generation: Generation, started: &Self) {
        w.array(7);
        generation.write(w);
        w.bytes(started.member.as_bytes());
        w.bytes(started.root.as_bytes());
        w.bytes(started.device.as_bytes());
        started.exchange.write(w);
        w.bytes(&started.recovery);
        write_list(w, started.by.iter(), Located::write);
    }

    fn read(r: &mut Reader<'_>) -> Result<(Generation, Self), Refusal> {
        r.array(7)?;
        let generation = Generation::read(r)?;
        let started = Self {
            member: MemberId::from_bytes(r.bytes_n()?),
            root: RootId::from_bytes(r.bytes_n()?),
            device: DeviceId::from_bytes(r.bytes_n()?),
            exchange: Device::read(r)?,
            recovery: r.bytes_n()?,
            by: read_list(r, Located::read)?,
        };
        Ok((generation, started))
    }
}

impl Manner {
    fn write(self, w: &mut Writer) {
        match self {
            Self::Genesis => w.uint(0),
            Self::Add => w.uint(1),
            Self::Claim => w.uint(2),
            Self::Adopt => w.uint(3),
            Self::Placeholder(introducer) => w.bytes(introducer.as_bytes()),
        }
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        let mut ahead = Reader::new(r.rest());
        if ahead.bytes().is_ok() {
            return Ok(Self::Placeholder(MemberId::from_bytes(r.bytes_n()?)));
        }
        Ok(match r.uint()? {
            0 => Self::Genesis,
            1 => Self::Add,
            2 => Self::Claim,
            3 => Self::Adopt,
            _ => return Err(Refusal::new(Rule::Q2)),
        })
    }
}

impl Introduction {
    fn write(w: &mut Writer, id: EntryId, introduction: &Self) {
        w.array(7);
        w.bytes(id.as_bytes());
        introduction.manner.write(w);
        w.optional(introduction.member, |w, member| w.bytes(member.as_bytes()));
        introduction.author.write(w);
        introduction.point.write(w);
        write_reason(w, introduction.fault);
        w.uint(u64::from(introduction.verdict.code()));
    }

    fn read(r: &mut Reader<'_>) -> Result<(EntryId, Self), Refusal> {
        r.array(7)?;
        let id = EntryId::from_bytes(r.bytes_n()?);
        let introduction = Self {
            manner: Manner::read(r)?,
            member: r.optional(|r| r.bytes_n().map(MemberId::from_bytes))?,
            author: Enrolment::read(r)?,
            point: Point::read(r)?,
            fault: read_reason(r)?,
            verdict: read_verdict(r)?,
        };
        Ok((id, introduction))
    }
}

impl Person {
    fn write(w: &mut Writer, id: MemberId, person: &Self) {
        w.array(4);
        w.bytes(id.as_bytes());
        w.optional(person.name.as_deref(), Writer::text);
        w.uint(u64::from(person.original));
        w.uint(u64::from(person.accepted));
    }

    fn read(r: &mut Reader<'_>) -> Result<(MemberId, Self), Refusal> {
        r.array(4)?;
        let id = MemberId::from_bytes(r.bytes_n()?);
        let person = Self {
            name: r.optional(|r| r.text(MAX_NAME_BYTES).map(str::to_owned))?,
            original: read_flag(r)?,
            accepted: read_flag(r)?,
            ..Self::default()
        };
        Ok((id, person))
    }
}

type Rotations = BTreeMap<(Generation, DeviceId), BTreeMap<(u64, EntryId), Rotated>>;

fn write_rotations(w: &mut Writer, rotations: &Rotations) {
    write_list(w, rotations.iter(), |w, ((generation, device), rotations)| {
        w.array(3);
        generation.write(w);
        w.bytes(device.as_bytes());
        write_list(w, rotations.iter(), |w, ((lamport, id), rotated)| {
            w.array(4);
            w.uint(*lamport);
            w.bytes(id.as_bytes());
            rotated.device.write(w);
            w.uint(u64::from(rotated.applied));
        });
    });
}

fn read_rotations(r: &mut Reader<'_>) -> Result<Rotations, Refusal> {
    read_list(r, |r| {
        r.array(3)?;
        let key = (Generation::read(r)?, DeviceId::from_bytes(r.bytes_n()?));
        let rotations = read_list(r, |r| {
            r.array(4)?;
            let order = (r.uint()?, EntryId::from_bytes(r.bytes_n()?));
            let rotated = Rotated { device: Device::read(r)?, applied: read_flag(r)? };
            Ok((order, rotated))
        })?;
        Ok((key, rotations))
    })
}

impl Epochs {
    fn write(&self, w: &mut Writer) {
        w.array(2);
        write_list(w, self.required.iter(), |w, required| match required {
            Required::Cut(digest) => w.bytes(digest.as_bytes()),
            Required::Rotation { of: (generation, device), order: (lamport, id), point } => {
                w.array(5);
                generation.write(w);
                w.bytes(device.as_bytes());
                w.uint(*lamport);
                w.bytes(id.as_bytes());
                point.write(w);
            }
        });
        write_list(w, self.begun.iter(), |w, begun| {
            w.array(6);
            w.uint(begun.order.0);
            w.bytes(begun.order.1.as_bytes());
            begun.epoch.write(w);
            w.uint(u64::from(begun.applied));
            w.uint(u64::from(begun.known));
            write_list(w, begun.unseen.iter(), |w, number| w.uint(u64::from(*number)));
        });
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(2)?;
        let required = read_list(r, |r| {
            let mut ahead = Reader::new(r.rest());
            if ahead.bytes().is_ok() {
                return Ok(Required::Cut(ActDigest::from_bytes(r.bytes_n()?)));
            }
            r.array(5)?;
            let of = (Generation::read(r)?, DeviceId::from_bytes(r.bytes_n()?));
            let order = (r.uint()?, EntryId::from_bytes(r.bytes_n()?));
            Ok(Required::Rotation { of, order, point: Point::read(r)? })
        })?;
        let begun = read_list(r, |r| {
            r.array(6)?;
            let order = (r.uint()?, EntryId::from_bytes(r.bytes_n()?));
            let (epoch, applied) = (UsableEpoch::read(r)?, read_flag(r)?);
            let (known, unseen) = (read_u32(r)?, read_list(r, read_u32)?);
            Ok(Begun { order, epoch, applied, known, unseen })
        })?;
        Ok(Self { required, begun })
    }
}

impl Control {
    pub(crate) fn encode(&self, w: &mut Writer) {
        w.array(13);
        w.bytes(self.group.as_bytes());
        w.text(&self.name);
        w.bytes(self.owner.as_bytes());
        w.bytes(self.owner_root.as_bytes());
        w.bytes(&self.salt);
        write_list(w, self.chains.iter(), Chain::write);
        write_list(w, self.statements.values(), Stated::write);
        write_list(w, self.generations.iter(), |w, (g, started)| Started::write(w, *g, started));
        write_list(w, self.introductions.iter(), |w, (id, i)| Introduction::write(w, *id, i));
        write_list(w, self.people.iter(), |w, (id, person)| Person::write(w, *id, person));
        write_list(w, self.named.iter(), |w, (member, entries)| {
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
            chains: read_list(r, Chain::read)?,
            statements: read_list(r, |r| Stated::read(r).map(|stated| (stated.digest, stated)))?,
            generations: read_list(r, Started::read)?,
            introductions: read_list(r, Introduction::read)?,
            people: read_list(r, Person::read)?,
            named: read_list(r, |r| {
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
                introduction.member.filter(|_| introduction.manner != Manner::Genesis)
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
