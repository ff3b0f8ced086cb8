//! Faults: what is wrong with an entry or statement by itself and its own past
//! (SPEC §6.1). Neither standing nor verdicts play a part, so a fault never
//! comes or goes.

use super::enrolment::{introduces, member_named, placeholder_card, starts};
use super::history::{History, Node};
use super::past::Past;
use crate::id::{DeviceId, RootId};
use crate::payload::{Payload, RefIndex, Transaction};
use crate::statement::{Generation, Statement, StatementBody};
use crate::verdict::{Enrolment, VoidReason, content_fault};

/// The first fault of the entry at `place`. For a carrier, that of its
/// statement, whose past is `within`.
pub(super) fn fault(history: &History, place: usize, within: Option<&Past>) -> Option<VoidReason> {
    let node = history.nodes.get(place)?;
    let author = history.member(node.author);
    let target = |index: RefIndex| node.reference(index).and_then(|id| history.get(&id));
    match node.payload() {
        Payload::Genesis(_)
        | Payload::Merge
        | Payload::Rotation(_)
        | Payload::Epoch(_)
        | Payload::Opaque => None,
        Payload::AddMember(_) => reused(history, node, None),
        Payload::Placeholder(placeholder) => {
            let card = placeholder.card();
            if card.place() != history.group.as_bytes() && *card.place() != history.salt {
                return Some(VoidReason::WrongCard);
            }
            (author != Some(card.introducer())).then_some(VoidReason::NotTheIntroducer)
        }
        Payload::Claim(claim) => {
            let target = target(claim.target()).filter(|node| node.fault.is_none());
            let Some(target) = target.filter(|node| introduces(node).is_some()) else {
                return Some(VoidReason::UnknownMember);
            };
            let introducer = placeholder_card(target).map(|card| card.introducer());
            if introducer.is_none() || introducer != author {
                return Some(VoidReason::NotTheIntroducer);
            }
            reused(history, node, None)
        }
        Payload::Adopt(target_index) => {
            let target = target(*target_index).filter(|node| node.fault.is_none());
            match target.and_then(introduces) {
                None => Some(VoidReason::UnknownMember),
                Some(member) => (author == Some(member)).then_some(VoidReason::AdoptsItself),
            }
        }
        Payload::Statement(signed) => statement(history, node, signed.act(), within?),
        Payload::Transaction(content) => money(history, node, content),
        Payload::Correction(correction) => recorded(target(correction.target()), true)
            .or_else(|| money(history, node, correction.transaction())),
        Payload::Cancellation(cancellation) => recorded(target(cancellation.target()), true),
        Payload::Copy(copy) => recorded(target(copy.original()), false)
            .or_else(|| money(history, node, copy.transaction())),
        Payload::Endorsement(endorsement) => recorded(target(endorsement.target()), true),
    }
}

fn statement(history: &History, node: &Node, act: &Statement, within: &Past) -> Option<VoidReason> {
    if act.body().generation().is_none() && act.signer() != history.owner_root {
        return Some(VoidReason::NotSignedByOwner);
    }
    match act.body() {
        StatementBody::Remove { member } | StatementBody::Bind { member, .. } => {
            if *member == history.owner {
                return Some(VoidReason::TargetIsOwner);
            }
            let is_bind = matches!(act.body(), StatementBody::Bind { .. });
            let known = history
                .introducing
                .iter()
                .filter(|place| within.contains(**place))
                .filter_map(|place| history.nodes.get(*place))
                // A bind vouches for the introduction, so that must be sound.
                .any(|node| {
                    introduces(node) == Some(*member) && !(is_bind && node.fault.is_some())
                });
            if !known {
                return Some(VoidReason::UnknownMember);
            }
            reused(history, node, Some(within))
        }
        StatementBody::Enrol { .. } => reused(history, node, Some(within)),
        _ => None,
    }
}

/// Whether a target is an expense or transfer (or, if `copies`, a copy).
fn recorded(target: Option<&Node>, copies: bool) -> Option<VoidReason> {
    let fits = target.is_some_and(|node| match node.payload() {
        Payload::Transaction(_) => true,
        Payload::Copy(_) => copies,
        _ => false,
    });
    (!fits).then_some(VoidReason::WrongTarget)
}

fn money(history: &History, node: &Node, content: &Transaction<RefIndex>) -> Option<VoidReason> {
    content_fault(content, |index| member_named(history, node.reference(index)?))
}

/// Keys, and what introduces them: a root key by a generation, a device key by
/// an enrolment.
type Keys = (Option<(RootId, Generation)>, Option<(DeviceId, Enrolment)>);

fn keys(history: &History, node: &Node) -> Keys {
    if let Some(act) = node.act()
        && let StatementBody::Enrol { certificate, .. } = act.body()
    {
        return (None, Some((certificate.device(), Enrolment::Enrolled(act.digest()))));
    }
    match starts(history, node) {
        Some((generation, start)) => {
            (Some((start.root, generation)), Some((start.device, Enrolment::First(generation))))
        }
        None => (None, None),
    }
}

/// A key may be introduced once in any causal past. The same card added again,
/// or the same statement carried again, introduces nothing new. Void
/// introductions count, else one verdict would hang on the absence of another.
fn reused(history: &History, node: &Node, within: Option<&Past>) -> Option<VoidReason> {
    let own: Past;
    let past = match within {
        Some(within) => within,
        None => {
            own = history.closure(node.entry.decoded().header().dependencies());
            &own
        }
    };
    let new = keys(history, node);
    let clashes = history
        .introducing
        .iter()
        .filter(|place| past.contains(**place))
        .filter_map(|place| history.nodes.get(*place))
        .map(|node| keys(history, node))
        .any(|old| clash(old.0, new.0) || clash(old.1, new.1));
    clashes.then_some(VoidReason::KeyReused)
}

fn clash<K: PartialEq, S: PartialEq>(old: Option<(K, S)>, new: Option<(K, S)>) -> bool {
    matches!((old, new), (Some((k, s)), Some((key, start))) if k == key && s != start)
}
