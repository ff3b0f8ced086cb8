//! Introductions and plain entries of honest people.

use std::collections::BTreeSet;

use crate::entry::{Card, Content, Generation, Holder, Id, Kind, MemberId, NOBODY};
use crate::sim::honest::{Joins, Who, join, write};
use crate::sim::world::{World, all_members, own_placeholder, well_introduced};
use crate::state::Resolution;

/// An active device writes an introduction or a plain entry.
pub(super) fn plain_or_introduction(
    world: &mut World,
    d: usize,
    heads: BTreeSet<Id>,
    me: MemberId,
    resolution: &Resolution,
) {
    let Some(view) = world.devices.get(d).map(|dev| dev.view.clone()) else { return };
    let members: Vec<MemberId> = if world.rng.chance(80) {
        resolution.state.members.keys().copied().collect()
    } else {
        all_members(&view)
    };
    let is_money = |e: &crate::Entry| {
        matches!(e.kind, Kind::Expense(_) | Kind::Transfer(_) | Kind::Copy { .. })
    };
    let mut joins = Joins::Nobody;
    let mut gen_of_claim = false;
    let content = world.content(&members);
    let (kind, tag) = match world.rng.below(34) {
        0..=4 if world.people.len() < world.cast.people => {
            let (card, _, _) = world.person_card();
            joins = Joins::Card(card, Who::New);
            (Kind::Add { card }, "add")
        }
        // Somebody else admits the same card, which they have not seen admitted yet.
        5..=6 => {
            let unknown = |c: &Card| !view.generations.contains_key(&Generation::Card(c.id));
            let added = |c: &Card| world.all.generations.contains_key(&Generation::Card(c.id));
            let used = |c: &Card| match c.of {
                Holder::Person { root, device } => {
                    view.generations.values().any(|g| g.root == root || g.device == device)
                }
                Holder::Placeholder { .. } => true,
            };
            let free = |c: &Card| unknown(c) && added(c) && !used(c);
            let cards: Vec<Card> = world.cards.iter().copied().filter(free).collect();
            let Some(card) = world.rng.pick(&cards) else { return };
            (Kind::Add { card }, "add again, concurrently")
        }
        7..=8 => {
            let again = own_placeholder(world, &view, me).filter(|_| world.rng.chance(25));
            let id = world.fresh();
            // Some are people from a file, whom others introduce as well, knowing or not.
            let from_file = Holder::Placeholder { introducer: NOBODY };
            let all = world.all.admitted.iter().filter_map(|a| a.entry.introduces());
            let known: Vec<Card> = all.filter(|card| card.of == from_file).collect();
            let known = known.get(id as usize % 3).copied();
            let introducer = if id.is_multiple_of(3) { NOBODY } else { me };
            let new = Card { id, name: id, of: Holder::Placeholder { introducer } };
            let tag = match (again, known) {
                (Some(_), _) => "placeholder again",
                (None, Some(_)) => "person from a file, again",
                (None, None) if introducer == NOBODY => "person from a file",
                (None, None) => "placeholder",
            };
            (Kind::Placeholder { card: again.or(known).unwrap_or(new) }, tag)
        }
        9..=10 => {
            let Some(member) = own_placeholder(world, &view, me).map(|c| c.id) else { return };
            let (card, _, _) = world.person_card();
            joins = Joins::Card(card, Who::New);
            gen_of_claim = true;
            (Kind::Claim { member, card }, "claim")
        }
        11..=12 => {
            let known = all_members(&view);
            let void: Vec<MemberId> =
                known.iter().copied().filter(|m| !resolution.introduced.contains(m)).collect();
            let some = if void.is_empty() { known } else { void };
            let some: Vec<MemberId> =
                some.into_iter().filter(|&m| m != me && well_introduced(&view, m)).collect();
            let Some(member) = world.rng.pick(&some) else { return };
            (Kind::Adopt { member }, "adopt")
        }
        14 => {
            let first = |e: &crate::Entry| matches!(e.kind, Kind::Template { changes: None, .. });
            let changes = world.any_where(&view, first).filter(|_| world.rng.chance(70));
            let from = changes.map_or(0, |_| world.rng.below(5) as u32);
            let end = world.rng.chance(30).then(|| world.rng.below(6) as u32);
            (Kind::Template { content, changes, from, end }, "template")
        }
        13 if world.rng.chance(20) => {
            (Kind::Speaks { feature: world.rng.below(9) as u32 }, "speaks")
        }
        13 => {
            // Now and then relays in the name of somebody else.
            let field = world.rng.below(4) as u8;
            let subject = match field {
                2 if world.rng.chance(80) => me,
                1 | 2 => world.rng.pick(&members).unwrap_or(me),
                _ => crate::entry::NOBODY,
            };
            let value = world.rng.chance(85).then(|| world.fresh());
            (Kind::Set { field, subject, value }, "setting")
        }
        19..=20 if !content.same_member() => {
            (Kind::Transfer(Content { incoming: false, ..content }), "transfer")
        }
        15..=20 => (Kind::Expense(content), "expense"),
        21..=23 => match world.any_where(&view, is_money) {
            Some(target) => (Kind::Correction { target, content }, "correction"),
            None => return,
        },
        24 => match world.any_where(&view, is_money) {
            Some(target) => (Kind::Cancellation { target }, "cancellation"),
            None => return,
        },
        31 => {
            let cancelled =
                |e: &crate::Entry| resolution.slots.get(&e.id).is_some_and(|slot| slot.cancelled);
            let any = world.any_where(&view, is_money).filter(|_| world.rng.chance(20));
            match world.any_where(&view, cancelled).or(any) {
                Some(target) => (Kind::Restoration { target }, "restoration"),
                None => (Kind::Merge, "merge"),
            }
        }
        25..=27 => {
            let original =
                |e: &crate::Entry| matches!(e.kind, Kind::Expense(_) | Kind::Transfer(_));
            let void = world.any_where(&view, |e| original(e) && !resolution.applied(e.id));
            let any = world.any_where(&view, original).filter(|_| world.rng.chance(20));
            match void.or(any) {
                Some(copied_from) => (Kind::Copy { copied_from, content }, "copy"),
                None => return,
            }
        }
        28 => match world.any_where(&view, |e| match e.kind {
            Kind::Correction { target, .. } => view.get(target).is_some_and(|a| is_money(&a.entry)),
            _ => is_money(e),
        }) {
            Some(target) => (Kind::Endorse { target, confirm: world.rng.chance(50) }, "endorse"),
            None => return,
        },
        32..=33 => (Kind::Epoch { key: world.fresh() }, "epoch"),
        29 => (Kind::Rotate { x_gen: world.fresh() }, "rotate"),
        30 => {
            let known: Vec<_> = world
                .statements
                .iter()
                .filter(|s| s.base.iter().all(|&b| view.get(b).is_some()))
                .cloned()
                .collect();
            match world.rng.pick(&known) {
                Some(s) => (Kind::Statement(s), "carry again"),
                None => return,
            }
        }
        _ => (Kind::Merge, "merge"),
    };
    let honest = !matches!(kind, Kind::Statement(_));
    let card_gen = match kind {
        Kind::Add { card } => Generation::Card(card.id),
        _ => Generation::Card(0),
    };
    let id = write(world, d, heads, kind, honest, tag);
    let generation = if gen_of_claim { Generation::Claim(id.unwrap_or(0)) } else { card_gen };
    join(world, d, id, generation, joins);
}
