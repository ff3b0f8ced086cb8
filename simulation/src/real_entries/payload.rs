//! Drafts of the payloads of a script.

use std::collections::BTreeSet;

use ledger_core::engine::Draft;
use ledger_core::keys::{RootKey, SignedDevice};
use ledger_core::seal::EpochKey;
use ledger_core::statement::{Generation, NewStatement, StatementId};
use ledger_core::{EntryId, GroupId, Speaks, hazmat};
use ledger_model::entry::NOBODY;
use ledger_model::sim::world::Step;
use ledger_model::{Body, Card, Generation as ModelGeneration, Holder, Id, Kind, Statement};

use super::Error;
use super::keys::{self, entropy, nonce};
use super::{HeaderDraft, NamedMember, PayloadDraft, RealHistory, model_id};

impl RealHistory {
    /// Drafts the payload of a step for an entry with this header.
    pub(super) fn payload_draft(
        &mut self,
        step: &Step,
        at: &HeaderDraft,
    ) -> Result<PayloadDraft, Error> {
        let mut past = at.parents.clone();
        past.insert(at.backlink);
        let nothing = BTreeSet::new();
        Ok(match &step.entry.kind {
            Kind::Genesis { .. } => return Err("a second beginning".into()),
            Kind::Merge => PayloadDraft { draft: Draft::merge(), refs: nothing, kind: Kind::Merge },
            Kind::Rotate { x_gen } => {
                let exchange = self.keys.device(u32::MAX - x_gen).exchange_public_key();
                let draft = Draft::rotation(u64::from(*x_gen), exchange);
                PayloadDraft { draft, refs: nothing, kind: Kind::Rotate { x_gen: *x_gen } }
            }
            Kind::Epoch { key } => {
                let mut secret = [0x3e; 32];
                secret.iter_mut().zip(key.to_be_bytes()).for_each(|(to, from)| *to = from);
                let begun = EpochKey::from_bytes(self.group, secret).begin(&[])?;
                let kind = Kind::Epoch { key: *key };
                PayloadDraft { draft: Draft::epoch(begun), refs: nothing, kind }
            }
            Kind::Set { field, subject, value } => self.setting(*field, *subject, *value)?,
            Kind::Speaks { feature } => {
                let draft = Draft::speaks(Speaks::new(1, [u64::from(*feature)])?);
                PayloadDraft { draft, refs: nothing, kind: Kind::Speaks { feature: *feature } }
            }
            Kind::Add { card } => {
                let (signed, card) = self.keys.card(*card)?;
                let draft = Draft::add_member(&hazmat::any_names(self.group, []), &signed)?;
                PayloadDraft { draft, refs: nothing, kind: Kind::Add { card } }
            }
            Kind::Placeholder { card } => self.placeholder(*card)?,
            Kind::Claim { member, card } => {
                let (signed, card) = self.keys.card(*card)?;
                let NamedMember { entry, member } = self.introduction(*member, &past, true);
                let (names, id) = self.names(entry);
                let draft = Draft::claim(&names, id, &signed)?;
                PayloadDraft { draft, refs: [entry].into(), kind: Kind::Claim { member, card } }
            }
            Kind::Adopt { member } => {
                let NamedMember { entry, member } = self.introduction(*member, &past, true);
                let (names, id) = self.names(entry);
                let draft = Draft::adopt(&names, id)?;
                PayloadDraft { draft, refs: [entry].into(), kind: Kind::Adopt { member } }
            }
            Kind::Statement(statement) => self.statement(statement)?,
            Kind::Cancellation { target } => {
                let target = self.target(*target);
                let kind = Kind::Cancellation { target: model_id(target) };
                PayloadDraft {
                    draft: Draft::cancellation(target, None),
                    refs: [target].into(),
                    kind,
                }
            }
            Kind::Restoration { target } => {
                let target = self.target(*target);
                let kind = Kind::Restoration { target: model_id(target) };
                let draft = Draft::restoration(target);
                PayloadDraft { draft, refs: [target].into(), kind }
            }
            Kind::Endorse { target, confirm } => {
                let target = self.target(*target);
                let kind = Kind::Endorse { target: model_id(target), confirm: *confirm };
                let draft = Draft::endorsement(target, *confirm, None);
                PayloadDraft { draft, refs: [target].into(), kind }
            }
            Kind::Expense(content) | Kind::Transfer(content) => {
                self.money(&step.entry.kind, content, None, &past)?
            }
            Kind::Template { content, changes, .. } => {
                let target = changes.map(|target| self.target(target));
                past.extend(target);
                self.money(&step.entry.kind, content, target, &past)?
            }
            Kind::Correction { target, content } | Kind::Copy { copied_from: target, content } => {
                let target = self.target(*target);
                past.insert(target);
                self.money(&step.entry.kind, content, Some(target), &past)?
            }
        })
    }

    /// A state in which the entry introduces a member whose id is made from the entry's own id.
    fn names(&self, entry: EntryId) -> (ledger_core::GroupState, ledger_core::MemberId) {
        let id = ledger_core::MemberId::from_bytes(*entry.as_bytes());
        (hazmat::any_names(self.group, [entry]), id)
    }

    /// The entry that a payload refers to; the genesis entry if it was not written.
    fn target(&self, script: Id) -> EntryId {
        self.ids.get(&script).copied().unwrap_or(self.group.genesis())
    }

    /// Drafts a placeholder. Some cards are for the salt, which counts as the group, and some for
    /// another group. The number of the card decides, as this is a part of the card.
    fn placeholder(&mut self, card: Card) -> Result<PayloadDraft, Error> {
        let Holder::Placeholder { introducer } = card.of else {
            return Err("a person's card for a placeholder".into());
        };
        let from_file = introducer == NOBODY;
        let (place, of) = match card.id % 16 {
            // Only the salt fits a card without an introducer.
            0..2 if from_file => (self.group, Holder::Person { root: 0, device: 0 }),
            _ if from_file => (GroupId::from_bytes(keys::SALT), card.of),
            0 => (GroupId::from_bytes([9; 32]), Holder::Person { root: 0, device: 0 }),
            1 => (GroupId::from_bytes(keys::SALT), card.of),
            _ => (self.group, card.of),
        };
        let names = hazmat::any_names(place, []);
        let (name, nonce) = (card.name.to_string(), nonce(u64::from(card.id)));
        let draft = if from_file {
            Draft::person_from_file(&names, *place.as_bytes(), &name, nonce)?
        } else {
            Draft::placeholder(&names, self.keys.member(introducer)?, &name, nonce)?
        };
        let kind = Kind::Placeholder { card: Card { of, ..card } };
        Ok(PayloadDraft { draft, refs: BTreeSet::new(), kind })
    }

    fn statement(&mut self, script: &Statement) -> Result<PayloadDraft, Error> {
        if let Some((signed, statement)) = self.statements.get(&script.digest) {
            let refs = signed.statement().base().iter().copied().collect();
            return Ok(PayloadDraft {
                draft: Draft::carry(signed),
                refs,
                kind: Kind::Statement(statement.clone()),
            });
        }
        let mut base = self.known(&script.base);
        if base.is_empty() {
            base.insert(self.group.genesis());
        }
        let root = entropy(script.signer).root_key(0);
        let nonce = nonce(script.digest);
        let (draft, body) = self.body(script.body, &root, &base, nonce)?;
        let statement = Statement {
            // Known once it is signed.
            digest: 0,
            signer: script.signer,
            base: base.iter().copied().map(model_id).collect(),
            body,
        };
        Ok(PayloadDraft { draft, refs: base, kind: Kind::Statement(statement) })
    }

    fn body(
        &mut self,
        script: Body,
        root: &RootKey,
        base: &BTreeSet<EntryId>,
        nonce: [u8; 16],
    ) -> Result<(Draft, Body), Error> {
        let group = self.group;
        let draft = |statement: &NewStatement<'_>| {
            Draft::statement(root, group, statement, base.iter().copied(), nonce)
        };
        Ok(match script {
            Body::Remove { member } => {
                (draft(&NewStatement::Remove { member: self.keys.member(member)? })?, script)
            }
            Body::Bind { member, card } => {
                let (signed, card) = self.keys.card(card)?;
                let statement =
                    NewStatement::Bind { member: self.keys.member(member)?, card: &signed };
                (draft(&statement)?, Body::Bind { member, card })
            }
            Body::RenameGroup { name } => {
                (draft(&NewStatement::RenameGroup { name: &name.to_string() })?, script)
            }
            Body::Enrol { generation, device } => {
                let (real, generation) = self.generation(generation)?;
                let signed = SignedDevice::new(group, root, self.keys.device(device))?;
                let statement = NewStatement::Enrol { generation: real, device: &signed };
                (draft(&statement)?, Body::Enrol { generation, device })
            }
            Body::Revoke { generation, device } => {
                let (real, generation) = self.generation(generation)?;
                let id = self.keys.device(device).id();
                let statement = NewStatement::Revoke { generation: real, device: id };
                (draft(&statement)?, Body::Revoke { generation, device })
            }
            Body::Leave { generation } => {
                let (real, generation) = self.generation(generation)?;
                (draft(&NewStatement::Leave { generation: real })?, Body::Leave { generation })
            }
            Body::Rename { generation, name } => {
                let (real, generation) = self.generation(generation)?;
                let statement = NewStatement::Rename { generation: real, name: &name.to_string() };
                (draft(&statement)?, Body::Rename { generation, name })
            }
        })
    }

    /// A generation's name, in reality and in the model.
    fn generation(
        &mut self,
        script: ModelGeneration,
    ) -> Result<(Generation, ModelGeneration), Error> {
        Ok(match script {
            ModelGeneration::Card(card) => (Generation::Card(self.keys.member(card)?), script),
            ModelGeneration::Claim(id) => {
                let id = self.ids.get(&id).copied().unwrap_or(keys::no_entry(id));
                (Generation::Claim(id), ModelGeneration::Claim(model_id(id)))
            }
            ModelGeneration::Bind(digest) => {
                let known = self.statements.get(&digest);
                let digest: StatementId =
                    known.map_or(keys::no_statement(digest), |(signed, _)| signed.statement().id());
                (Generation::Bind(digest), ModelGeneration::Bind(keys::digest_number(digest)))
            }
        })
    }
}
