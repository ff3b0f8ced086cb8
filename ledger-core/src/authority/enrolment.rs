//! What starts a generation, what enrols a device, whom an entry introduces.

use super::history::{GenerationRecord, History, Node};
use crate::id::{DeviceId, EntryId, MemberId};
use crate::keys::{Card, PlaceholderCard};
use crate::payload::Payload;
use crate::statement::{Generation, StatementBody};
use crate::verdict::Enrolment;

/// The generation that an entry starts: genesis, add member, claim, bind.
pub(super) fn starts(history: &History, node: &Node) -> Option<(Generation, GenerationRecord)> {
    let (generation, member, card): (_, _, &Card) = match node.payload() {
        Payload::Genesis(genesis) => {
            let card = genesis.card();
            (Generation::Card(card.member()), card.member(), card)
        }
        Payload::AddMember(add) => {
            let card = add.card();
            (Generation::Card(card.member()), card.member(), card)
        }
        Payload::Claim(claim) => {
            let target = history.get(&node.reference(claim.target())?)?;
            let member = introduces(target)?;
            (Generation::Claim(node.entry.id()), member, claim.card())
        }
        Payload::Statement(signed) => match signed.act().body() {
            StatementBody::Bind { member, card } => {
                (Generation::Bind(signed.act().digest()), *member, card)
            }
            _ => return None,
        },
        _ => return None,
    };
    let device = card.certificate().device();
    Some((generation, GenerationRecord { member, root: card.root(), device, by: Vec::new() }))
}

/// The member whom an entry introduces, by whom refs to it mean (SPEC §4):
/// genesis the founder, add member, placeholder.
pub(super) fn introduces(node: &Node) -> Option<MemberId> {
    match node.payload() {
        Payload::Genesis(genesis) => Some(genesis.card().member()),
        Payload::AddMember(add) => Some(add.card().member()),
        Payload::Placeholder(placeholder) => Some(placeholder.card().member()),
        _ => None,
    }
}

/// The placeholder card by which an entry introduces somebody.
pub(super) fn placeholder_card(node: &Node) -> Option<&PlaceholderCard> {
    match node.payload() {
        Payload::Placeholder(placeholder) => Some(placeholder.card()),
        _ => None,
    }
}

/// The member whom the entry with this id introduces.
pub(super) fn member_named(history: &History, id: EntryId) -> Option<MemberId> {
    history.get(&id).and_then(introduces)
}

/// Rule A2: the enrolment and device of an entry that enrols with valid
/// certificates, whatever its verdict. A bind must bear the founder's
/// signature; an enrolment that of a generation's root key, with that
/// generation's start in the statement's base or its past. The genesis entry enrols nobody
/// anew: its device's chain starts with it.
pub(super) fn enrolled_by(history: &History, node: &Node) -> Option<(Enrolment, DeviceId)> {
    if let Payload::Genesis(_) = node.payload() {
        return None;
    }
    if let Some(act) = node.act() {
        match act.body() {
            StatementBody::Bind { .. } if act.signer() == history.owner_root => {}
            StatementBody::Enrol { generation, certificate } => {
                let start = history.generations.get(generation)?;
                let past = history.closure(act.base());
                let known = start.by.iter().any(|place| past.contains(*place));
                let signed = start.root == act.signer();
                return (known && signed)
                    .then(|| (Enrolment::Enrolled(act.digest()), certificate.device()));
            }
            _ => return None,
        }
    }
    let (generation, start) = starts(history, node)?;
    Some((Enrolment::First(generation), start.device))
}

/// The card by which an entry starts a generation.
pub(super) fn card(node: &Node) -> Option<&Card> {
    match node.payload() {
        Payload::Genesis(genesis) => Some(genesis.card()),
        Payload::AddMember(add) => Some(add.card()),
        Payload::Claim(claim) => Some(claim.card()),
        Payload::Statement(signed) => match signed.act().body() {
            StatementBody::Bind { card, .. } => Some(card),
            _ => None,
        },
        _ => None,
    }
}
