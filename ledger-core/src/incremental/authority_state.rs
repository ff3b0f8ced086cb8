//! What is kept of the entries that decide about others.

use std::collections::BTreeMap;

use super::records::{
    Chain, Epochs, GenerationRecord, Introduction, IntroductionKind, Located, Lookup, Person,
    StatementRecord,
};
use crate::entry::DecodedEntry;
use crate::id::{DeviceId, EntryId, GroupId, MemberId, RootId, StatementId};
use crate::keys::CertificateScope;
use crate::payload::Genesis;
use crate::state::Device;
use crate::statement::{Generation, StatementBody};
use crate::verdict::{ChainPosition, Enrolment, Verdict};

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
            salt: *card.scope(),
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
