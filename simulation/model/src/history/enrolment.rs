//! Enrolment: the entries that start a generation or enrol a device.

use super::{Admitted, History};
use crate::entry::{
    Body, Card, Device, Enrolment, Entry, Generation, Holder, Kind, MemberId, NOBODY,
};

/// The generation that an entry starts, its member, and the card with its keys.
pub fn starts(entry: &Entry) -> Option<(Generation, MemberId, Card)> {
    match &entry.kind {
        Kind::Genesis { card, .. } | Kind::Add { card } => {
            Some((Generation::Card(card.id), card.id, *card))
        }
        // Of an entry that introduces nobody, nobody can take over.
        Kind::Claim { member: NOBODY, .. } => None,
        Kind::Claim { member, card } => Some((Generation::Claim(entry.id), *member, *card)),
        Kind::Statement(s) => match s.body {
            Body::Bind { member, card } => Some((Generation::Bind(s.digest), member, card)),
            _ => None,
        },
        _ => None,
    }
}

/// The device that an admitted entry enrols "with valid certificates (whatever that entry's verdict)": the
/// first device of a card, of a bind that the founder signed, or the device of an enrol statement
/// signed by the root key of a generation that starts in the statement's base or its past.
/// The genesis entry enrols nobody anew: its device's chain starts with it.
pub fn enrols(history: &History, a: &Admitted) -> Option<(Enrolment, Device)> {
    if let Some(s) = a.entry.statement() {
        match s.body {
            Body::Bind { .. } => history.owner().filter(|&(_, root)| root == s.signer)?,
            Body::Enrol { generation, device } => {
                let g = history.generations.get(&generation)?;
                let within = &history.statements.get(&s.digest)?.within;
                let known = g.starts.iter().any(|&i| within.contains(i));
                return (known && g.root == s.signer)
                    .then_some((Enrolment::Enrolled(s.digest), device));
            }
            _ => return None,
        };
    }
    if matches!(a.entry.kind, Kind::Genesis { .. }) {
        return None;
    }
    let (generation, _, card) = starts(&a.entry)?;
    match card.of {
        Holder::Person { device, .. } => Some((Enrolment::First(generation), device)),
        Holder::Placeholder { .. } => None,
    }
}
