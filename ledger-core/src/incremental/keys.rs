//! The keys that an entry introduces, and where else they were.

use super::authority_state::AuthorityState;
use super::records::Located;
use crate::entry::DecodedEntry;
use crate::id::{DeviceId, RootId};
use crate::keys::Card;
use crate::payload::Payload;
use crate::statement::{Generation, Statement, StatementBody};
use crate::verdict::Enrolment;

/// The keys that an entry introduces, and as what.
#[derive(Clone, Copy)]
pub(crate) struct Keys {
    /// With the generation that it starts; an enrolment introduces a device
    /// alone.
    root: Option<(RootId, Generation)>,
    pub(crate) device: DeviceId,
    enrolment: Enrolment,
}

impl Keys {
    /// None if the entry introduces no key. The genesis entry's come first, so
    /// nobody asks for them.
    pub(crate) fn of(entry: &DecodedEntry) -> Option<Self> {
        match entry.payload() {
            Payload::AddMember(add) => {
                let card = add.card();
                Some(Self::on_card(card, Generation::Card(card.member())))
            }
            Payload::Claim(claim) => {
                Some(Self::on_card(claim.card(), Generation::Claim(entry.id())))
            }
            Payload::Statement(signed) => Self::of_act(signed.statement()),
            _ => None,
        }
    }

    /// The same of a statement.
    pub(super) fn of_act(act: &Statement) -> Option<Self> {
        match act.body() {
            StatementBody::Bind { card, .. } => {
                Some(Self::on_card(card, Generation::Bind(act.id())))
            }
            StatementBody::Enrol { certificate, .. } => Some(Self {
                root: None,
                device: certificate.device(),
                enrolment: Enrolment::Enrolled(act.id()),
            }),
            _ => None,
        }
    }

    fn on_card(card: &Card, generation: Generation) -> Self {
        Self {
            root: Some((card.root(), generation)),
            device: card.certificate().device(),
            enrolment: Enrolment::First(generation),
        }
    }
}

impl AuthorityState {
    /// Where else these keys were introduced. The same card added again, or the
    /// same statement carried again, introduces nothing new.
    pub(super) fn rivals(&self, keys: Keys) -> Vec<Located> {
        let Keys { root, device, enrolment } = keys;
        let roots = root.into_iter().flat_map(|(root, generation)| {
            let others = self.lookup.roots.get(&root).into_iter().flatten();
            others.filter(move |other| **other != generation)
        });
        let starts = roots.filter_map(|other| self.generations.get(other));
        let devices = self.lookup.devices.get(&device).into_iter().flatten();
        let enrolments = devices.filter(|other| **other != enrolment);
        let enrolled = enrolments.flat_map(|other| self.enrolled_at(*other));
        starts.flat_map(|start| &start.by).chain(enrolled).copied().collect()
    }
}
