//! Introductions and plain entries of honest people.

use std::collections::BTreeSet;

use crate::entry::{Card, Gen, Holder, Id, Kind, MemberId};
use crate::resolve::Resolution;
use crate::sim::honest::{Joins, Who, join, write};
use crate::sim::world::{World, all_members, own_placeholder, well_introduced};

/// An active device introduces somebody or writes something.
pub(super) fn plain_or_introduction(
    w: &mut World,
    d: usize,
    heads: BTreeSet<Id>,
    me: MemberId,
    res: &Resolution,
) {
    let Some(view) = w.devices.get(d).map(|dev| dev.view.clone()) else { return };
    let members: Vec<MemberId> = if w.rng.chance(80) {
        res.state.members.keys().copied().collect()
    } else {
        all_members(&view)
    };
    let is_money = |e: &crate::Entry| {
        matches!(e.kind, Kind::Expense(_) | Kind::Transfer(_) | Kind::Copy { .. })
    };
    let mut joins = Joins::Nobody;
    let mut gen_of_claim = false;
    let content = w.content(&members);
    let (kind, tag) = match w.rng.below(34) {
        0..=4 if w.people.len() < w.cast.people => {
            let (card, _, _) = w.person_card();
            joins = Joins::Card(card, Who::New);
            (Kind::Add { card }, "add")
        }
        // Somebody else admits the same card, which they have not seen admitted yet.
        5..=6 => {
            let unknown = |c: &Card| !view.generations.contains_key(&Gen::Card(c.id));
            let added = |c: &Card| w.all.generations.contains_key(&Gen::Card(c.id));
            let used = |c: &Card| match c.of {
                Holder::Person { root, device } => {
                    view.generations.values().any(|g| g.root == root || g.device == device)
                }
                Holder::Placeholder { .. } => true,
            };
            let free = |c: &Card| unknown(c) && added(c) && !used(c);
            let cards: Vec<Card> = w.cards.iter().copied().filter(free).collect();
            let Some(card) = w.rng.pick(&cards) else { return };
            (Kind::Add { card }, "add again, concurrently")
        }
        7..=8 => {
            let again = own_placeholder(w, &view, me).filter(|_| w.rng.chance(25));
            let id = w.fresh();
            let new = Card { id, name: id, of: Holder::Placeholder { introducer: me } };
            let tag = if again.is_some() { "placeholder again" } else { "placeholder" };
            (Kind::Placeholder { card: again.unwrap_or(new) }, tag)
        }
        9..=10 => {
            let Some(member) = own_placeholder(w, &view, me).map(|c| c.id) else { return };
            let (card, _, _) = w.person_card();
            joins = Joins::Card(card, Who::New);
            gen_of_claim = true;
            (Kind::Claim { member, card }, "claim")
        }
        11..=12 => {
            let known = all_members(&view);
            let void: Vec<MemberId> =
                known.iter().copied().filter(|m| !res.introduced.contains(m)).collect();
            let some = if void.is_empty() { known } else { void };
            let some: Vec<MemberId> =
                some.into_iter().filter(|&m| m != me && well_introduced(&view, m)).collect();
            let Some(member) = w.rng.pick(&some) else { return };
            (Kind::Adopt { member }, "adopt")
        }
        19..=20 if !content.same_member() => (Kind::Transfer(content), "transfer"),
        13..=20 => (Kind::Expense(content), "expense"),
        21..=23 => match w.any_where(&view, is_money) {
            Some(target) => (Kind::Correction { target, content }, "correction"),
            None => return,
        },
        24 => match w.any_where(&view, is_money) {
            Some(target) => (Kind::Cancellation { target }, "cancellation"),
            None => return,
        },
        25..=27 => {
            let original =
                |e: &crate::Entry| matches!(e.kind, Kind::Expense(_) | Kind::Transfer(_));
            let void = w.any_where(&view, |e| original(e) && !res.applied(e.id));
            let any = w.any_where(&view, original).filter(|_| w.rng.chance(20));
            match void.or(any) {
                Some(copied_from) => (Kind::Copy { copied_from, content }, "copy"),
                None => return,
            }
        }
        28 => match w.any_where(&view, is_money) {
            Some(target) => (Kind::Endorse { target, confirm: w.rng.chance(50) }, "endorse"),
            None => return,
        },
        32..=33 => (Kind::Epoch { key: w.fresh() }, "epoch"),
        29 => (Kind::Rotate { x_gen: w.fresh() }, "rotate"),
        30 => {
            let known: Vec<_> = w
                .statements
                .iter()
                .filter(|s| s.base.iter().all(|&b| view.get(b).is_some()))
                .cloned()
                .collect();
            match w.rng.pick(&known) {
                Some(s) => (Kind::Statement(s), "carry again"),
                None => return,
            }
        }
        _ => (Kind::Merge, "merge"),
    };
    let honest = !matches!(kind, Kind::Statement(_));
    let card_gen = match kind {
        Kind::Add { card } => Gen::Card(card.id),
        _ => Gen::Card(0),
    };
    let id = write(w, d, heads, kind, honest, tag);
    let generation = if gen_of_claim { Gen::Claim(id.unwrap_or(0)) } else { card_gen };
    join(w, d, id, generation, joins);
}
