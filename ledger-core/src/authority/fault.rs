//! Faults of entries and statements (SPEC §6.1).
//!
//! A fault follows from an entry and its own past, of a statement from its base and the
//! past of the base. Neither cuts nor verdicts play a part, so a fault never comes or
//! goes.

use super::enrolment::{
    introduced_member, member_introduced_by, placeholder_card, started_generation,
};
use super::history::{History, Node};
use super::past::Past;
use crate::base::id::{DeviceId, RootId};
use crate::keys::PlaceholderCard;
use crate::payload::{Payload, RefIndex, TemplateChange, Transaction};
use crate::statement::{Generation, Statement, StatementBody};
use crate::verdict::{Enrolment, VoidReason, content_fault};

/// Returns the first fault of the entry with a number. For the carrier of a statement,
/// that of the statement; `within` is then the past of its base.
pub(super) fn fault(history: &History, number: usize, within: Option<&Past>) -> Option<VoidReason> {
    let node = history.nodes.get(number)?;
    let author = history.enrolled_member(node.author);
    let target = |index: RefIndex| node.reference(index).and_then(|id| history.get(&id));
    match node.payload() {
        Payload::Genesis(_)
        | Payload::Merge
        | Payload::Rotation(_)
        | Payload::Epoch(_)
        | Payload::Setting(_)
        | Payload::Speaks(_)
        | Payload::Opaque => None,
        Payload::AddMember(_) => key_reuse_fault(history, node, None),
        Payload::Placeholder(placeholder) => {
            let card = placeholder.card();
            if card.scope() != history.group.as_bytes() && *card.scope() != history.salt {
                return Some(VoidReason::WrongCard);
            }
            let Some(introducer) = card.introducer() else {
                return (*card.scope() != history.salt).then_some(VoidReason::WrongCard);
            };
            (author != Some(introducer)).then_some(VoidReason::NotTheIntroducer)
        }
        Payload::Claim(claim) => {
            let target = target(claim.target()).filter(|node| node.fault.is_none());
            let Some(target) = target.filter(|node| introduced_member(node).is_some()) else {
                return Some(VoidReason::UnknownMember);
            };
            let introducer = placeholder_card(target).and_then(PlaceholderCard::introducer);
            if introducer.is_none() || introducer != author {
                return Some(VoidReason::NotTheIntroducer);
            }
            key_reuse_fault(history, node, None)
        }
        Payload::Adopt(target_index) => {
            let target = target(*target_index).filter(|node| node.fault.is_none());
            match target.and_then(introduced_member) {
                None => Some(VoidReason::UnknownMember),
                Some(member) => (author == Some(member)).then_some(VoidReason::AdoptsItself),
            }
        }
        Payload::Statement(signed) => statement_fault(history, node, signed.statement(), within?),
        Payload::Transaction(content) => money_fault(history, node, content),
        Payload::Correction(correction) => target_fault(target(correction.target()), true)
            .or_else(|| money_fault(history, node, correction.transaction())),
        Payload::Cancellation(cancellation) => target_fault(target(cancellation.target()), true),
        Payload::Restoration(restoration) => target_fault(target(restoration.target()), true),
        Payload::Copy(copy) => target_fault(target(copy.original()), false)
            .or_else(|| money_fault(history, node, copy.transaction())),
        Payload::Endorsement(endorsement) => {
            // Of a correction that says what an expense is, not of one of anything else.
            let endorsed = target(endorsement.target());
            match endorsed.map(Node::payload) {
                Some(Payload::Correction(correction)) => {
                    let corrected = endorsed.and_then(|node| node.reference(correction.target()));
                    target_fault(corrected.and_then(|id| history.get(&id)), true)
                }
                _ => target_fault(endorsed, true),
            }
        }
        Payload::Template(template) => {
            let begins = |change: TemplateChange| {
                let first = target(change.target()).map(Node::payload);
                matches!(first, Some(Payload::Template(first)) if first.change().is_none())
            };
            match template.change() {
                Some(change) if !begins(change) => Some(VoidReason::WrongTarget),
                _ => money_fault(history, node, template.transaction()),
            }
        }
    }
}

fn statement_fault(
    history: &History,
    node: &Node,
    statement: &Statement,
    within: &Past,
) -> Option<VoidReason> {
    if statement.body().generation().is_none() && statement.signer() != history.owner_root {
        return Some(VoidReason::NotSignedByOwner);
    }
    match statement.body() {
        StatementBody::Remove { member } | StatementBody::Bind { member, .. } => {
            if *member == history.owner {
                return Some(VoidReason::TargetIsOwner);
            }
            let is_bind = matches!(statement.body(), StatementBody::Bind { .. });
            let known = history
                .introducing
                .iter()
                .filter(|number| within.contains(**number))
                .filter_map(|number| history.nodes.get(*number))
                // A bind vouches for the introduction, so that must have no fault.
                .any(|node| {
                    introduced_member(node) == Some(*member) && !(is_bind && node.fault.is_some())
                });
            if !known {
                return Some(VoidReason::UnknownMember);
            }
            key_reuse_fault(history, node, Some(within))
        }
        StatementBody::Enrol { .. } => key_reuse_fault(history, node, Some(within)),
        _ => None,
    }
}

/// Returns the fault of a target that is no expense or transfer (or, if `may_be_copy`,
/// copy of one).
fn target_fault(target: Option<&Node>, may_be_copy: bool) -> Option<VoidReason> {
    let fits = target.is_some_and(|node| match node.payload() {
        Payload::Transaction(_) => true,
        Payload::Copy(_) => may_be_copy,
        _ => false,
    });
    (!fits).then_some(VoidReason::WrongTarget)
}

fn money_fault(
    history: &History,
    node: &Node,
    content: &Transaction<RefIndex>,
) -> Option<VoidReason> {
    content_fault(content, |index| member_introduced_by(history, node.reference(index)?))
}

/// Keys that an entry introduces: a root key for a generation, a device key for an
/// enrolment.
type Keys = (Option<(RootId, Generation)>, Option<(DeviceId, Enrolment)>);

fn introduced_keys(history: &History, node: &Node) -> Keys {
    if let Some(statement) = node.statement()
        && let StatementBody::Enrol { certificate, .. } = statement.body()
    {
        let enrolment = Enrolment::Enrolled(statement.id());
        return (None, Some((certificate.device(), enrolment)));
    }
    match started_generation(history, node) {
        Some((generation, record)) => {
            let enrolment = Enrolment::First(generation);
            (Some((record.root, generation)), Some((record.device, enrolment)))
        }
        None => (None, None),
    }
}

/// Returns the fault of keys that an entry in the past introduces for another purpose.
///
/// A key may be introduced once in any causal past. The same card added again, or the
/// same statement carried again, introduces nothing new. Void introductions count, too:
/// else one verdict would depend on the absence of another, and step 4 had no fixpoint.
fn key_reuse_fault(history: &History, node: &Node, within: Option<&Past>) -> Option<VoidReason> {
    let own: Past;
    let past = match within {
        Some(within) => within,
        None => {
            own = history.past_of(node);
            &own
        }
    };
    let new = introduced_keys(history, node);
    let clashes = history
        .introducing
        .iter()
        .filter(|number| past.contains(**number))
        .filter_map(|number| history.nodes.get(*number))
        .map(|node| introduced_keys(history, node))
        .any(|old| clash(old.0, new.0) || clash(old.1, new.1));
    clashes.then_some(VoidReason::KeyReused)
}

/// Returns whether two introductions are of one key for two purposes.
fn clash<K: PartialEq, P: PartialEq>(old: Option<(K, P)>, new: Option<(K, P)>) -> bool {
    matches!((old, new), (Some((old_key, old)), Some((key, new))) if old_key == key && old != new)
}
