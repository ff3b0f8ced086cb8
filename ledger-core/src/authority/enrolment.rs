//! Entries that start a generation, enrol a device, or introduce a member (SPEC §1.1).

use super::history::{GenerationRecord, History, Node};
use crate::id::{DeviceId, EntryId, MemberId};
use crate::keys::{Card, PlaceholderCard};
use crate::payload::Payload;
use crate::statement::{Generation, StatementBody};
use crate::verdict::Enrolment;

/// Generation that an entry starts: genesis, add member, claim or carrier of a bind.
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
        Payload::Statement(signed) => match signed.statement().body() {
            StatementBody::Bind { member, card } => {
                (Generation::Bind(signed.statement().id()), *member, card)
            }
            _ => return None,
        },
        _ => return None,
    };
    let device = card.certificate().device();
    Some((generation, GenerationRecord { member, root: card.root(), device, by: Vec::new() }))
}

/// Member that an entry introduces; refs to the entry name this member. A genesis entry
/// introduces its founder only, not the people of its opening.
pub(super) fn introduces(node: &Node) -> Option<MemberId> {
    match node.payload() {
        Payload::Genesis(genesis) => Some(genesis.card().member()),
        Payload::AddMember(add) => Some(add.card().member()),
        Payload::Placeholder(placeholder) => Some(placeholder.card().member()),
        _ => None,
    }
}

/// Placeholder card of an entry that introduces a placeholder.
pub(super) fn placeholder_card(node: &Node) -> Option<&PlaceholderCard> {
    match node.payload() {
        Payload::Placeholder(placeholder) => Some(placeholder.card()),
        _ => None,
    }
}

/// Member that the entry with this id introduces.
pub(super) fn member_named(history: &History, id: EntryId) -> Option<MemberId> {
    history.get(&id).and_then(introduces)
}

/// Enrolment and device of an entry that enrols, whatever its verdict (rule A2).
///
/// A bind enrols only if the owner's root key signed it. An enrolment enrols only if the root key
/// of its generation signed it and an entry that starts the generation is in the statement's base
/// or the base's past. `None` for the genesis entry: its device's chain begins with that entry, so
/// no chain begins behind it.
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
                    .then(|| (Enrolment::Enrolled(act.id()), certificate.device()));
            }
            _ => return None,
        }
    }
    let (generation, start) = starts(history, node)?;
    Some((Enrolment::First(generation), start.device))
}

/// Card by which an entry starts a generation.
pub(super) fn card(node: &Node) -> Option<&Card> {
    match node.payload() {
        Payload::Genesis(genesis) => Some(genesis.card()),
        Payload::AddMember(add) => Some(add.card()),
        Payload::Claim(claim) => Some(claim.card()),
        Payload::Statement(signed) => match signed.statement().body() {
            StatementBody::Bind { card, .. } => Some(card),
            _ => None,
        },
        _ => None,
    }
}
