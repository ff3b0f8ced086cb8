//! What is kept of the entries that decide about others.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::chain::{Chain, ChainPosition};
use super::epochs::Epochs;
use super::version_vector::VersionVector;
use crate::authority::Enrolment;
use crate::entry::DecodedEntry;
use crate::id::{DeviceId, EntryId, GroupId, MemberId, RootId, StatementId};
use crate::keys::{Card, CertificateScope};
use crate::ledger::{Device, Verdict, VoidReason};
use crate::payload::Genesis;
use crate::statement::{Generation, StatementBody};

/// Statements, introductions, chains, and what follows from them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AuthorityState {
    pub(super) group: GroupId,
    /// The name in the genesis entry.
    pub(super) name: String,
    pub(super) owner: MemberId,
    pub(super) owner_root: RootId,
    pub(super) salt: CertificateScope,
    pub(super) chains: Vec<Chain>,
    pub(super) statements: BTreeMap<StatementId, StatementRecord>,
    pub(super) generations: BTreeMap<Generation, GenerationRecord>,
    pub(super) introductions: BTreeMap<EntryId, Introduction>,
    pub(super) people: BTreeMap<MemberId, Person>,
    /// How many applied plain entries name a member.
    pub(super) named: BTreeMap<MemberId, u64>,
    /// The applied rotations of each device, by their place in the total order.
    pub(super) rotations: BTreeMap<(Generation, DeviceId), BTreeMap<(u64, EntryId), Device>>,
    pub(super) epochs: Epochs,
    pub(super) lookup: Lookup,
}

/// An entry and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Located {
    pub(super) id: EntryId,
    pub(super) point: ChainPosition,
}

/// A statement with what follows from its base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StatementRecord {
    pub(super) digest: StatementId,
    pub(super) signer: RootId,
    pub(super) body: StatementBody,
    /// Whom it is about: the target of a remove or bind, else the member of the
    /// generation, if an entry that starts it came before.
    pub(super) member: Option<MemberId>,
    pub(super) carriers: Vec<Located>,
    /// 1 + the largest clock in the base.
    pub(super) clock: u64,
    pub(super) fault: Option<VoidReason>,
    /// Whether an entry that starts its generation is within it.
    pub(super) knows_start: bool,
    /// Of a cut: how far it reaches on the chains that it concerns. Never
    /// changes, and is shared with what is saved in case of an error.
    pub(super) reach: Arc<VersionVector>,
    /// Of a removal or bind: the statements about its target within it.
    pub(super) within: BTreeSet<StatementId>,
    /// Of a leave: from which seq on the entries of a chain have it in their
    /// past.
    pub(super) left: BTreeMap<u32, u64>,
    /// What step 1 or 3 says.
    pub(super) standing: Option<VoidReason>,
    pub(super) verdict: Verdict,
}

impl StatementRecord {
    /// Statements sort by (1 + largest clock in base, digest).
    pub(super) fn order(&self) -> (u64, StatementId) {
        (self.clock, self.digest)
    }

    /// Whether it is a removal or bind that step 1 accepts.
    pub(super) fn is_hard_cut(&self) -> bool {
        let cuts = matches!(self.body, StatementBody::Remove { .. } | StatementBody::Bind { .. });
        cuts && self.standing.is_none()
    }

    /// Whether it takes the entry at this point with it, if it concerns it.
    pub(super) fn cuts(&self, point: ChainPosition) -> bool {
        match self.body {
            StatementBody::Leave { .. } => {
                self.left.get(&point.chain).is_some_and(|from| point.seq >= *from)
            }
            _ => !self.reach.covers(point),
        }
    }

    /// The first seq on a chain that it takes with it.
    pub(super) fn cuts_from(&self, chain: u32) -> Option<u64> {
        match self.body {
            StatementBody::Leave { .. } => self.left.get(&chain).copied(),
            _ => Some(self.reach.0.get(&chain).map_or(0, |seq| seq.saturating_add(1))),
        }
    }
}

/// A key generation that some entry starts, whatever its verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GenerationRecord {
    pub(super) member: MemberId,
    pub(super) root: RootId,
    pub(super) device: DeviceId,
    /// The X25519 key of the first device.
    pub(super) exchange: Device,
    /// The X25519 key of the person's phrase.
    pub(super) recovery: [u8; 32],
    /// Every entry that starts it.
    pub(super) by: Vec<Located>,
}

impl GenerationRecord {
    pub(super) fn by_card(member: MemberId, card: &Card) -> Self {
        Self {
            member,
            root: card.root(),
            device: card.certificate().device(),
            exchange: Device::certified(card.certificate()),
            recovery: *card.recovery_public_key(),
            by: Vec::new(),
        }
    }
}

/// How an introduction introduces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IntroductionKind {
    Genesis,
    Add,
    /// By the member who is named on the placeholder's card.
    Placeholder(MemberId),
    Claim,
    Adopt,
}

impl IntroductionKind {
    /// Whether refs to such an entry mean a member.
    pub(super) fn introduces(self) -> bool {
        matches!(self, Self::Genesis | Self::Add | Self::Placeholder(_))
    }
}

/// The genesis entry, an add, placeholder, claim or adopt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Introduction {
    pub(super) manner: IntroductionKind,
    /// Who is introduced, claimed or adopted, if the entry names anybody.
    pub(super) member: Option<MemberId>,
    pub(super) author: Enrolment,
    pub(super) point: ChainPosition,
    pub(super) clock: u64,
    pub(super) fault: Option<VoidReason>,
    pub(super) verdict: Verdict,
}

/// A member as entries speak of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Person {
    /// The name on the card that the MemberId is the digest of.
    pub(super) name: Option<String>,
    /// Whether the genesis entry introduces them.
    pub(super) original: bool,
    /// Whether step 4 accepts them.
    pub(super) accepted: bool,
    /// Adds, placeholders, claims and adopts that name them.
    pub(super) introductions: BTreeSet<EntryId>,
    pub(super) generations: BTreeSet<Generation>,
    /// Removals, binds and self acts about them.
    pub(super) statements: BTreeSet<StatementId>,
}

/// Ways to find records; follows from them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Lookup {
    pub(super) roots: BTreeMap<RootId, BTreeSet<Generation>>,
    pub(super) devices: BTreeMap<DeviceId, BTreeSet<Enrolment>>,
    /// The statement that an entry carries.
    pub(super) carried: BTreeMap<EntryId, StatementId>,
    /// The introductions that a device of an enrolment signed.
    pub(super) authored: BTreeMap<Enrolment, BTreeSet<EntryId>>,
    pub(super) chains: BTreeMap<Enrolment, Vec<u32>>,
    /// The chain that an entry is the last of.
    pub(super) tips: BTreeMap<EntryId, u32>,
    pub(super) group_renames: BTreeSet<StatementId>,
    /// The removals and binds of a member.
    pub(super) hard_cuts: BTreeMap<MemberId, BTreeSet<StatementId>>,
    /// The revocations of a device in a generation, or the generation's leaves.
    pub(super) own_cuts: BTreeMap<(Generation, Option<DeviceId>), BTreeSet<StatementId>>,
    /// The statements that enrol in a generation.
    pub(super) enrolling: BTreeMap<Generation, BTreeSet<StatementId>>,
}

impl AuthorityState {
    /// Begins with a genesis entry.
    pub(crate) fn found(entry: &DecodedEntry, genesis: &Genesis) -> Self {
        let (id, card) = (entry.id(), genesis.card());
        let (owner, generation) = (card.member(), Generation::Card(card.member()));
        let author = Enrolment::First(generation);
        let point = ChainPosition { chain: 0, seq: 0 };
        let mut control = Self {
            group: GroupId::from(id),
            name: genesis.group_name().to_owned(),
            owner,
            owner_root: card.root(),
            salt: *card.place(),
            chains: vec![Chain::begin(author, None, id, 1)],
            statements: BTreeMap::new(),
            generations: BTreeMap::new(),
            introductions: BTreeMap::new(),
            people: BTreeMap::new(),
            named: BTreeMap::new(),
            rotations: BTreeMap::new(),
            epochs: Epochs::default(),
            lookup: Lookup::default(),
        };
        for (member, name) in genesis.people() {
            let person = control.people.entry(member).or_default();
            person.name = Some(name.to_owned());
            (person.original, person.accepted) = (true, true);
        }
        let member = Some(owner);
        let (manner, verdict) = (IntroductionKind::Genesis, Verdict::Applied);
        let (clock, fault) = (1, None);
        let introduction = Introduction { manner, member, author, point, clock, fault, verdict };
        control.introductions.insert(id, introduction);
        let mut started = GenerationRecord::by_card(owner, card);
        started.by.push(Located { id, point });
        control.generations.insert(generation, started);
        control.people.entry(owner).or_default().generations.insert(generation);
        control.lookup = control.look_up();
        control
    }

    /// The generation and device key of an enrolment.
    pub(super) fn enrolment(&self, enrolment: Enrolment) -> Option<(Generation, DeviceId)> {
        match enrolment {
            Enrolment::First(generation) => {
                self.generations.get(&generation).map(|start| (generation, start.device))
            }
            Enrolment::Enrolled(digest) => match &self.statements.get(&digest)?.body {
                StatementBody::Enrol { generation, certificate } => {
                    Some((*generation, certificate.device()))
                }
                _ => None,
            },
        }
    }

    /// The member whose enrolment it is.
    pub(crate) fn member(&self, enrolment: Enrolment) -> Option<MemberId> {
        let (generation, _) = self.enrolment(enrolment)?;
        self.generations.get(&generation).map(|start| start.member)
    }

    /// The member whom the entry with this id introduces.
    pub(crate) fn introduced_by(&self, id: &EntryId) -> Option<MemberId> {
        let introduction = self.introductions.get(id)?;
        introduction.member.filter(|_| introduction.manner.introduces())
    }

    /// Whether an introduction has a fault.
    pub(crate) fn is_faulty(&self, id: &EntryId) -> bool {
        self.introductions.get(id).is_some_and(|introduction| introduction.fault.is_some())
    }

    /// The enrolments of a generation.
    pub(super) fn enrolments_of(&self, generation: Generation) -> Vec<Enrolment> {
        let enrolled = self.lookup.enrolling.get(&generation).into_iter().flatten();
        let first = std::iter::once(Enrolment::First(generation));
        first.chain(enrolled.map(|digest| Enrolment::Enrolled(*digest))).collect()
    }

    /// The entries that enrol: those that start the generation, or carry the
    /// statement.
    pub(super) fn enrolled_at(&self, enrolment: Enrolment) -> &[Located] {
        match enrolment {
            Enrolment::First(generation) => {
                self.generations.get(&generation).map_or(&[], |start| &start.by)
            }
            Enrolment::Enrolled(digest) => {
                self.statements.get(&digest).map_or(&[], |stated| &stated.carriers)
            }
        }
    }

    /// An entry that enrols a device in a generation: the first of them by id.
    pub(crate) fn home(&self, generation: Generation, device: DeviceId) -> Option<EntryId> {
        let enrolments = self.lookup.devices.get(&device)?.iter();
        let fits = |enrolment: &&Enrolment| match enrolment {
            Enrolment::First(of) => *of == generation,
            Enrolment::Enrolled(digest) => {
                let stated = self.statements.get(digest);
                stated.and_then(|stated| stated.body.generation()) == Some(generation)
            }
        };
        let entries = enrolments.filter(fits).flat_map(|enrolment| self.enrolled_at(*enrolment));
        entries.map(|entry| entry.id).filter(|id| self.enrolled_by(id).is_some()).min()
    }

    /// The generation that a root key has signed for, of those in `current`.
    pub(crate) fn generation_of_root(
        &self,
        root: RootId,
        current: impl Fn(Generation) -> bool,
    ) -> Option<(MemberId, Generation)> {
        let all = self.lookup.roots.get(&root)?.iter();
        let generation = all.copied().find(|generation| current(*generation))?;
        Some((self.generations.get(&generation)?.member, generation))
    }

    /// The chains that begin at an enrolment.
    pub(super) fn chains_of(&self, enrolment: Enrolment) -> &[u32] {
        self.lookup.chains.get(&enrolment).map_or(&[], Vec::as_slice)
    }

    /// Whether an enrolment statement enrols (rule A2), whatever its verdict.
    pub(super) fn enrols(&self, stated: &StatementRecord) -> bool {
        let start = stated.body.generation().and_then(|g| self.generations.get(&g));
        let signed = start.is_some_and(|start| start.root == stated.signer);
        matches!(stated.body, StatementBody::Enrol { .. }) && stated.knows_start && signed
    }

    /// Rule A2: the enrolment and device of an entry that enrols.
    pub(crate) fn enrolled_by(&self, id: &EntryId) -> Option<(Enrolment, DeviceId)> {
        let generation = if let Some(digest) = self.lookup.carried.get(id) {
            let stated = self.statements.get(digest)?;
            match &stated.body {
                StatementBody::Bind { .. } if stated.signer == self.owner_root => {
                    Generation::Bind(*digest)
                }
                StatementBody::Enrol { certificate, .. } => {
                    let enrolment = Enrolment::Enrolled(*digest);
                    return self.enrols(stated).then(|| (enrolment, certificate.device()));
                }
                _ => return None,
            }
        } else {
            let introduction = self.introductions.get(id)?;
            match introduction.manner {
                IntroductionKind::Add => Generation::Card(introduction.member?),
                IntroductionKind::Claim => Generation::Claim(*id),
                IntroductionKind::Genesis
                | IntroductionKind::Placeholder(_)
                | IntroductionKind::Adopt => return None,
            }
        };
        let start = self.generations.get(&generation)?;
        Some((Enrolment::First(generation), start.device))
    }

    /// The lookups that follow from the records.
    pub(super) fn look_up(&self) -> Lookup {
        let mut lookup = Lookup::default();
        for (generation, start) in &self.generations {
            lookup.generation(*generation, start);
        }
        for (digest, stated) in &self.statements {
            lookup.statement(*digest, &stated.body);
            lookup.carried.extend(stated.carriers.iter().map(|carrier| (carrier.id, *digest)));
        }
        for (id, introduction) in &self.introductions {
            lookup.authored.entry(introduction.author).or_default().insert(*id);
        }
        for (number, chain) in (0u32..).zip(&self.chains) {
            lookup.chains.entry(chain.enrolment).or_default().push(number);
            lookup.tips.insert(chain.tip_id, number);
        }
        lookup
    }
}

impl Lookup {
    pub(super) fn generation(&mut self, generation: Generation, start: &GenerationRecord) {
        self.roots.entry(start.root).or_default().insert(generation);
        self.devices.entry(start.device).or_default().insert(Enrolment::First(generation));
    }

    pub(super) fn statement(&mut self, digest: StatementId, body: &StatementBody) {
        match body {
            StatementBody::Enrol { generation, certificate } => {
                let enrolments = self.devices.entry(certificate.device()).or_default();
                enrolments.insert(Enrolment::Enrolled(digest));
                self.enrolling.entry(*generation).or_default().insert(digest);
            }
            StatementBody::Remove { member } | StatementBody::Bind { member, .. } => {
                self.hard_cuts.entry(*member).or_default().insert(digest);
            }
            StatementBody::Revoke { generation, device } => {
                let concerned = (*generation, Some(*device));
                self.own_cuts.entry(concerned).or_default().insert(digest);
            }
            StatementBody::Leave { generation } => {
                self.own_cuts.entry((*generation, None)).or_default().insert(digest);
            }
            StatementBody::RenameGroup { .. } => {
                self.group_renames.insert(digest);
            }
            StatementBody::Rename { .. } => {}
        }
    }
}
