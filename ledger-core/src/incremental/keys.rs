//! Keys that an entry introduces.

use super::authority_state::AuthorityState;
use super::records::LocatedEntry;
use crate::base::id::{DeviceId, RootId};
use crate::entry::DecodedEntry;
use crate::keys::Card;
use crate::payload::Payload;
use crate::statement::{Generation, Statement, StatementBody};
use crate::verdict::Enrolment;

/// Keys that an entry or statement introduces, with the generation and enrolment for
/// which it introduces them.
#[derive(Clone, Copy)]
pub(crate) struct IntroducedKeys {
    /// Root key and the generation that it signs for; `None` for the enrolment of a
    /// further device.
    root: Option<(RootId, Generation)>,
    pub(crate) device: DeviceId,
    enrolment: Enrolment,
}

impl IntroducedKeys {
    /// Returns the keys that an entry introduces, or `None` if it introduces none.
    ///
    /// Not for the genesis entry: its keys come first and can reuse none.
    pub(crate) fn of_entry(entry: &DecodedEntry) -> Option<Self> {
        match entry.payload() {
            Payload::AddMember(add) => {
                let card = add.card();
                Some(Self::on_card(card, Generation::Card(card.member())))
            }
            Payload::Claim(claim) => {
                Some(Self::on_card(claim.card(), Generation::Claim(entry.id())))
            }
            Payload::Statement(signed) => Self::of_statement(signed.statement()),
            _ => None,
        }
    }

    /// Returns the keys that a statement introduces.
    pub(super) fn of_statement(statement: &Statement) -> Option<Self> {
        match statement.body() {
            StatementBody::Bind { card, .. } => {
                Some(Self::on_card(card, Generation::Bind(statement.id())))
            }
            StatementBody::Enrol { certificate, .. } => Some(Self {
                root: None,
                device: certificate.device(),
                enrolment: Enrolment::Enrolled(statement.id()),
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
    /// Returns the entries that introduce one of these keys for another generation or
    /// enrolment.
    ///
    /// The same card added again, or the same statement carried again, introduces the
    /// keys for the same purpose and is not among them.
    pub(super) fn other_introductions_of(&self, keys: IntroducedKeys) -> Vec<LocatedEntry> {
        let IntroducedKeys { root, device, enrolment } = keys;
        let generations = root.into_iter().flat_map(|(root, generation)| {
            let all = self.lookup.roots.get(&root).into_iter().flatten();
            all.filter(move |other| **other != generation)
        });
        let records = generations.filter_map(|other| self.generations.get(other));
        let devices = self.lookup.devices.get(&device).into_iter().flatten();
        let enrolments = devices.filter(|other| **other != enrolment);
        let enrolling = enrolments.flat_map(|other| self.enrolling_entries(*other));
        records.flat_map(|record| &record.started_by).chain(enrolling).copied().collect()
    }
}
