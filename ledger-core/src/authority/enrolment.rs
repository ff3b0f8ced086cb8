//! Facts of the graph: which entries start a generation, enrol a device or introduce a
//! member (SPEC §1.1), whatever their verdict.

use super::history::{GenerationRecord, History, Node};
use crate::base::id::{DeviceId, EntryId, MemberId};
use crate::keys::{Card, PlaceholderCard};
use crate::payload::Payload;
use crate::statement::{Generation, StatementBody};
use crate::verdict::Enrolment;

/// Returns the generation that an entry starts: genesis, add member, claim, bind. Its
/// record does not list the entry yet.
pub(super) fn started_generation(
    history: &History,
    node: &Node,
) -> Option<(Generation, GenerationRecord)> {
    let (generation, member) = match node.payload() {
        Payload::Genesis(genesis) => {
            (Generation::Card(genesis.card().member()), genesis.card().member())
        }
        Payload::AddMember(add) => (Generation::Card(add.card().member()), add.card().member()),
        Payload::Claim(claim) => {
            let target = history.get(&node.reference(claim.target())?)?;
            (Generation::Claim(node.entry.id()), introduced_member(target)?)
        }
        Payload::Statement(signed) => match signed.statement().body() {
            StatementBody::Bind { member, .. } => {
                (Generation::Bind(signed.statement().id()), *member)
            }
            _ => return None,
        },
        _ => return None,
    };
    let card = card(node)?;
    let (root, device) = (card.root(), card.certificate().device());
    Some((generation, GenerationRecord { member, root, device, started_by: Vec::new() }))
}

/// Returns the card by which an entry starts a generation.
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

/// Returns the member whom an entry introduces: genesis its founder, add member,
/// placeholder. A ref to the entry stands for this member.
pub(super) fn introduced_member(node: &Node) -> Option<MemberId> {
    match node.payload() {
        Payload::Genesis(genesis) => Some(genesis.card().member()),
        Payload::AddMember(add) => Some(add.card().member()),
        Payload::Placeholder(placeholder) => Some(placeholder.card().member()),
        _ => None,
    }
}

/// Returns the placeholder card by which an entry introduces a member without keys.
pub(super) fn placeholder_card(node: &Node) -> Option<&PlaceholderCard> {
    match node.payload() {
        Payload::Placeholder(placeholder) => Some(placeholder.card()),
        _ => None,
    }
}

/// Returns the member whom the entry with an id introduces.
pub(super) fn member_introduced_by(history: &History, id: EntryId) -> Option<MemberId> {
    history.get(&id).and_then(introduced_member)
}

/// Returns the enrolment and device of an entry that enrols (rule A2), whatever its
/// verdict.
///
/// A bind must bear the owner's signature. An enrolment statement must bear that of a
/// generation's root key, with the generation's start in the base or its past. The
/// genesis entry enrols no device for other entries: the chain of its device begins with
/// it.
pub(super) fn enrolled_by(history: &History, node: &Node) -> Option<(Enrolment, DeviceId)> {
    if let Payload::Genesis(_) = node.payload() {
        return None;
    }
    if let Some(statement) = node.statement() {
        match statement.body() {
            StatementBody::Bind { .. } if statement.signer() == history.owner_root => {}
            StatementBody::Enrol { generation, certificate } => {
                let record = history.generations.get(generation)?;
                let past = history.closure(statement.base());
                let knows_start = record.started_by.iter().any(|start| past.contains(*start));
                let signed = record.root == statement.signer();
                return (knows_start && signed)
                    .then(|| (Enrolment::Enrolled(statement.id()), certificate.device()));
            }
            _ => return None,
        }
    }
    let (generation, record) = started_generation(history, node)?;
    Some((Enrolment::First(generation), record.device))
}
