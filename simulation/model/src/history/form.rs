//! Faults of form: mistakes of a payload by itself, judged in its own causal past only.
//!
//! A fault makes an entry Void, not refused: an old build that cannot read a kind admits what a new
//! build would have to refuse, and the two would never again hold the same set (question 1).
//! Neither standing nor verdicts play a part here, so a fault never comes or goes.

use super::History;
use super::enrolment::starts;
use crate::entry::{
    Body, Card, Content, Device, Enrolment, Entry, Generation, Holder, Kind, MemberId, NOBODY, Root,
};
use crate::past::Past;

/// A fault of form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// An owner statement that the root key of the founder did not sign.
    NotSignedByOwner,
    /// A remove or bind of the owner.
    TargetIsOwner,
    /// A named member whom no entry in the past introduces.
    UnknownMember,
    /// A person's card where a placeholder's belongs, or the other way round.
    WrongCard,
    /// A placeholder introduced or claimed by another member than the one on its card.
    NotTheIntroducer,
    /// An adopt of the author's own member.
    AdoptsItself,
    /// A root or device key that an entry in the past has already introduced elsewhere.
    KeyReused,
    /// Payers or shares do not sum to the total, or an amount is negative.
    BadSum,
    /// A transfer from a member to the same member.
    SameMember,
    /// A correction, cancellation, copy or endorsement of the wrong kind of entry.
    WrongTarget,
}

/// The faults of an entry by `author`, in the order in which they are checked. `past` is the
/// entry's causal past; for a statement, its base and the base's past.
pub fn faults(history: &History, entry: &Entry, author: Enrolment, past: &Past) -> Vec<Fault> {
    let member = history.member(author);
    let mut found = Vec::new();
    let mut fault = |bad: bool, f: Fault| {
        if bad {
            found.push(f);
        }
    };
    match &entry.kind {
        Kind::Genesis { .. }
        | Kind::Merge
        | Kind::Rotate { .. }
        | Kind::Epoch { .. }
        | Kind::Set { .. }
        | Kind::Speaks { .. } => {}
        Kind::Add { card } => {
            fault(!is_person(card), Fault::WrongCard);
            fault(
                reuses(history, past, card_keys(Generation::Card(card.id), card)),
                Fault::KeyReused,
            );
        }
        Kind::Placeholder { card } => match card.of {
            Holder::Placeholder { introducer } => {
                let anybody = introducer == NOBODY;
                fault(!anybody && member != Some(introducer), Fault::NotTheIntroducer);
            }
            Holder::Person { .. } => fault(true, Fault::WrongCard),
        },
        Kind::Claim { member: target, card } => {
            let introducer = vouched(history, entry, past, *target).map(|c| c.of);
            fault(introducer.is_none(), Fault::UnknownMember);
            let own = match introducer {
                Some(Holder::Placeholder { introducer }) => member == Some(introducer),
                _ => false,
            };
            fault(!own, Fault::NotTheIntroducer);
            fault(!is_person(card), Fault::WrongCard);
            fault(
                reuses(history, past, card_keys(Generation::Claim(entry.id), card)),
                Fault::KeyReused,
            );
        }
        Kind::Adopt { member: target } => {
            fault(vouched(history, entry, past, *target).is_none(), Fault::UnknownMember);
            fault(member == Some(*target), Fault::AdoptsItself);
        }
        Kind::Statement(s) => {
            let owner = history.owner();
            let is_owner_statement = s.body.generation().is_none();
            let by_owner = owner.is_some_and(|(_, root)| root == s.signer);
            fault(is_owner_statement && !by_owner, Fault::NotSignedByOwner);
            match &s.body {
                Body::Remove { member } => {
                    fault(owner.is_some_and(|(m, _)| m == *member), Fault::TargetIsOwner);
                    fault(!introduced(history, past, *member), Fault::UnknownMember);
                }
                Body::Bind { member, card } => {
                    fault(owner.is_some_and(|(m, _)| m == *member), Fault::TargetIsOwner);
                    fault(well_introduced(history, past, *member).is_none(), Fault::UnknownMember);
                    fault(!is_person(card), Fault::WrongCard);
                    fault(
                        reuses(history, past, card_keys(Generation::Bind(s.digest), card)),
                        Fault::KeyReused,
                    );
                }
                Body::Enrol { device, .. } => {
                    let keys = (None, Some((*device, Enrolment::Enrolled(s.digest))));
                    fault(reuses(history, past, keys), Fault::KeyReused);
                }
                _ => {}
            }
        }
        Kind::Expense(c) => content(history, past, c, &mut fault),
        Kind::Transfer(c) => {
            content(history, past, c, &mut fault);
            fault(c.same_member(), Fault::SameMember);
        }
        Kind::Correction { target, content: c } => {
            fault(!is_money(history, *target, true), Fault::WrongTarget);
            content(history, past, c, &mut fault);
        }
        Kind::Cancellation { target } | Kind::Restoration { target } => {
            fault(!is_money(history, *target, true), Fault::WrongTarget)
        }
        Kind::Copy { copied_from, content: c } => {
            fault(!is_money(history, *copied_from, false), Fault::WrongTarget);
            content(history, past, c, &mut fault);
        }
        Kind::Template { content: c, changes, .. } => {
            let begins = |id| {
                let first = history.get(id).map(|a| &a.entry.kind);
                matches!(first, Some(Kind::Template { changes: None, .. }))
            };
            fault(changes.is_some_and(|id| !begins(id)), Fault::WrongTarget);
            content(history, past, c, &mut fault);
        }
        Kind::Endorse { target, .. } => {
            // A correction says what an expense is, unless it corrects something else.
            let endorsed = match history.get(*target).map(|a| &a.entry.kind) {
                Some(Kind::Correction { target, .. }) => *target,
                _ => *target,
            };
            fault(!is_money(history, endorsed, true), Fault::WrongTarget)
        }
    }
    found
}

fn is_person(card: &Card) -> bool {
    matches!(card.of, Holder::Person { .. })
}

/// Whether the entry is an expense or transfer, or (if `copies`) a copy of one.
fn is_money(history: &History, id: crate::entry::Id, copies: bool) -> bool {
    history.get(id).is_some_and(|a| match a.entry.kind {
        Kind::Expense(_) | Kind::Transfer(_) => true,
        Kind::Copy { .. } => copies,
        _ => false,
    })
}

/// Faults of sums and names. Any introduction in the past is enough for a name, since "other people's honest
/// entries about a person stand whatever became of the introduction".
fn content(history: &History, past: &Past, c: &Content, fault: &mut impl FnMut(bool, Fault)) {
    fault(c.names().any(|m| !introduced(history, past, m)), Fault::UnknownMember);
    let sum = |part: &[(MemberId, i64)]| part.iter().map(|&(_, n)| i128::from(n)).sum::<i128>();
    let negative = c.paid.iter().chain(&c.shares).any(|&(_, n)| n < 0);
    let total = i128::from(c.total);
    fault(negative || sum(&c.paid) != total || sum(&c.shares) != total, Fault::BadSum);
}

/// The card of a member whom a claim or adopt names: by the introduction in its refs. The histories
/// of [`sim`](crate::sim) name none; then by any in the past.
fn vouched(history: &History, entry: &Entry, past: &Past, member: MemberId) -> Option<Card> {
    if entry.refs.is_empty() {
        return well_introduced(history, past, member);
    }
    let named = entry.refs.iter().filter_map(|&id| history.get(id)).filter(|a| a.faults.is_empty());
    named.filter_map(|a| a.entry.introduces()).find(|card| card.id == member)
}

/// Whether some introduction in the past, faulty or not, introduces the member.
fn introduced(history: &History, past: &Past, member: MemberId) -> bool {
    past.iter()
        .filter_map(|i| history.admitted.get(i))
        .any(|a| a.entry.introduces().is_some_and(|c| c.id == member))
}

/// The member's card, if an introduction in the past without faults introduces them.
fn well_introduced(history: &History, past: &Past, member: MemberId) -> Option<Card> {
    past.iter()
        .filter_map(|i| history.admitted.get(i))
        .filter(|a| a.faults.is_empty())
        .find_map(|a| a.entry.introduces().filter(|c| c.id == member))
}

/// Keys with their introduction: a root key with a generation, a device key with an enrolment.
type Keys = (Option<(Root, Generation)>, Option<(Device, Enrolment)>);

fn card_keys(generation: Generation, card: &Card) -> Keys {
    match card.of {
        Holder::Person { root, device } => {
            (Some((root, generation)), Some((device, Enrolment::First(generation))))
        }
        Holder::Placeholder { .. } => (None, None),
    }
}

/// "A key may be introduced once in any causal past": whether the past introduces one of these keys
/// as something else. The same card admitted again, or the same statement carried again, introduces
/// nothing new. Void introductions count (else one verdict would hang on the absence of another).
fn reuses(history: &History, past: &Past, keys: Keys) -> bool {
    past.iter().filter_map(|i| history.admitted.get(i)).any(|a| {
        let old: Keys = match a.entry.statement().map(|s| (s.digest, s.body)) {
            Some((digest, Body::Enrol { device, .. })) => {
                (None, Some((device, Enrolment::Enrolled(digest))))
            }
            _ => starts(&a.entry)
                .map_or((None, None), |(generation, _, card)| card_keys(generation, &card)),
        };
        clash(old.0, keys.0) || clash(old.1, keys.1)
    })
}

fn clash<K: PartialEq, S: PartialEq>(old: Option<(K, S)>, new: Option<(K, S)>) -> bool {
    matches!((old, new), (Some((k, s)), Some((key, start))) if k == key && s != start)
}
