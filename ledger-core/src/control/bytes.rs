//! What is kept, as bytes, for a checkpoint.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::chain::{Chain, ChainPosition};
use super::epochs::{Begun, Epochs, Required};
use super::record::{
    AuthorityState, GenerationRecord, Introduction, IntroductionKind, Located, Lookup, Person,
    StatementRecord,
};
use super::version_vector::VersionVector;
use crate::authority::Enrolment;
use crate::codec::{Reader, Writer};
use crate::id::{DeviceId, EntryId, GroupId, MemberId, RootId, StatementId};
use crate::ledger::{Device, UsableEpoch, Verdict, VoidReason};
use crate::limits::MAX_NAME_BYTES;
use crate::rule::{Refusal, Rule};
use crate::statement::{Generation, StatementBody};

fn read_u32(r: &mut Reader<'_>) -> Result<u32, Refusal> {
    u32::try_from(r.uint()?).map_err(|_| Refusal::new(Rule::Q2))
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
            return Ok(Self::Enrolled(StatementId::from_bytes(r.bytes_n()?)));
        }
        Ok(Self::First(Generation::read(r)?))
    }
}

impl ChainPosition {
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
        Ok(Self { id: EntryId::from_bytes(r.bytes_n()?), point: ChainPosition::read(r)? })
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
        w.array(6);
        chain.enrolment.write(w);
        w.optional(chain.parent, |w, parent| parent.write(w));
        w.uint(chain.clock);
        w.uint(chain.tip);
        w.bytes(chain.tip_id.as_bytes());
        w.uint(chain.tip_clock);
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(6)?;
        Ok(Self {
            enrolment: Enrolment::read(r)?,
            parent: r.optional(ChainPosition::read)?,
            clock: r.uint()?,
            tip: r.uint()?,
            tip_id: EntryId::from_bytes(r.bytes_n()?),
            tip_clock: r.uint()?,
        })
    }
}

/// Seqs by chain.
fn write_seqs(w: &mut Writer, seqs: &BTreeMap<u32, u64>) {
    w.list(seqs.iter(), |w, (chain, seq)| ChainPosition { chain: *chain, seq: *seq }.write(w));
}

fn read_seqs(r: &mut Reader<'_>) -> Result<BTreeMap<u32, u64>, Refusal> {
    r.list(|r| ChainPosition::read(r).map(|point| (point.chain, point.seq)))
}

impl StatementRecord {
    fn write(w: &mut Writer, stated: &Self) {
        w.array(14);
        w.bytes(stated.digest.as_bytes());
        w.bytes(stated.signer.as_bytes());
        w.uint(stated.body.kind());
        stated.body.write(w);
        w.optional(stated.member, |w, member| w.bytes(member.as_bytes()));
        w.list(stated.carriers.iter(), Located::write);
        w.uint(stated.clock);
        write_reason(w, stated.fault);
        w.flag(stated.knows_start);
        write_seqs(w, &stated.reach.0);
        w.list(stated.within.iter(), |w, digest| w.bytes(digest.as_bytes()));
        write_seqs(w, &stated.left);
        write_reason(w, stated.standing);
        w.uint(u64::from(stated.verdict.code()));
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(14)?;
        let digest = StatementId::from_bytes(r.bytes_n()?);
        let signer = RootId::from_bytes(r.bytes_n()?);
        let kind = r.uint()?;
        Ok(Self {
            digest,
            signer,
            body: StatementBody::read(kind, r)?,
            member: r.optional(|r| r.bytes_n().map(MemberId::from_bytes))?,
            carriers: r.list(Located::read)?,
            clock: r.uint()?,
            fault: read_reason(r)?,
            knows_start: r.flag()?,
            reach: Arc::new(VersionVector(read_seqs(r)?)),
            within: r.list(|r| r.bytes_n().map(StatementId::from_bytes))?,
            left: read_seqs(r)?,
            standing: read_reason(r)?,
            verdict: read_verdict(r)?,
        })
    }
}

impl GenerationRecord {
    fn write(w: &mut Writer, generation: Generation, started: &Self) {
        w.array(7);
        generation.write(w);
        w.bytes(started.member.as_bytes());
        w.bytes(started.root.as_bytes());
        w.bytes(started.device.as_bytes());
        started.exchange.write(w);
        w.bytes(&started.recovery);
        w.list(started.by.iter(), Located::write);
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
            by: r.list(Located::read)?,
        };
        Ok((generation, started))
    }
}

impl IntroductionKind {
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
        w.array(8);
        w.bytes(id.as_bytes());
        introduction.manner.write(w);
        w.optional(introduction.member, |w, member| w.bytes(member.as_bytes()));
        introduction.author.write(w);
        introduction.point.write(w);
        w.uint(introduction.clock);
        write_reason(w, introduction.fault);
        w.uint(u64::from(introduction.verdict.code()));
    }

    fn read(r: &mut Reader<'_>) -> Result<(EntryId, Self), Refusal> {
        r.array(8)?;
        let id = EntryId::from_bytes(r.bytes_n()?);
        let introduction = Self {
            manner: IntroductionKind::read(r)?,
            member: r.optional(|r| r.bytes_n().map(MemberId::from_bytes))?,
            author: Enrolment::read(r)?,
            point: ChainPosition::read(r)?,
            clock: r.uint()?,
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
        w.flag(person.original);
        w.flag(person.accepted);
    }

    fn read(r: &mut Reader<'_>) -> Result<(MemberId, Self), Refusal> {
        r.array(4)?;
        let id = MemberId::from_bytes(r.bytes_n()?);
        let person = Self {
            name: r.optional(|r| r.text(MAX_NAME_BYTES).map(str::to_owned))?,
            original: r.flag()?,
            accepted: r.flag()?,
            ..Self::default()
        };
        Ok((id, person))
    }
}

type Rotations = BTreeMap<(Generation, DeviceId), BTreeMap<(u64, EntryId), Device>>;

fn write_rotations(w: &mut Writer, rotations: &Rotations) {
    w.list(rotations.iter(), |w, ((generation, device), rotations)| {
        w.array(3);
        generation.write(w);
        w.bytes(device.as_bytes());
        w.list(rotations.iter(), |w, ((lamport, id), device)| {
            w.array(3);
            w.uint(*lamport);
            w.bytes(id.as_bytes());
            device.write(w);
        });
    });
}

fn read_rotations(r: &mut Reader<'_>) -> Result<Rotations, Refusal> {
    r.list(|r| {
        r.array(3)?;
        let key = (Generation::read(r)?, DeviceId::from_bytes(r.bytes_n()?));
        let rotations = r.list(|r| {
            r.array(3)?;
            Ok(((r.uint()?, EntryId::from_bytes(r.bytes_n()?)), Device::read(r)?))
        })?;
        Ok((key, rotations))
    })
}

impl Epochs {
    fn write(&self, w: &mut Writer) {
        w.array(2);
        w.list(self.required.iter(), |w, required| match required {
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
        w.list(self.begun.iter(), |w, begun| {
            w.array(6);
            w.uint(begun.order.0);
            w.bytes(begun.order.1.as_bytes());
            begun.epoch.write(w);
            w.flag(begun.applied);
            w.uint(u64::from(begun.known));
            w.list(begun.unseen.iter(), |w, number| w.uint(u64::from(*number)));
        });
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(2)?;
        let required = r.list(|r| {
            let mut ahead = Reader::new(r.rest());
            if ahead.bytes().is_ok() {
                return Ok(Required::Cut(StatementId::from_bytes(r.bytes_n()?)));
            }
            r.array(5)?;
            let of = (Generation::read(r)?, DeviceId::from_bytes(r.bytes_n()?));
            let order = (r.uint()?, EntryId::from_bytes(r.bytes_n()?));
            Ok(Required::Rotation { of, order, point: ChainPosition::read(r)? })
        })?;
        let begun = r.list(|r| {
            r.array(6)?;
            let order = (r.uint()?, EntryId::from_bytes(r.bytes_n()?));
            let (epoch, applied) = (UsableEpoch::read(r)?, r.flag()?);
            let (known, unseen) = (read_u32(r)?, r.list(read_u32)?);
            Ok(Begun { order, epoch, applied, known, unseen })
        })?;
        Ok(Self { required, begun })
    }
}

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
