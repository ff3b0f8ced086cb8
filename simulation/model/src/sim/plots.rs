//! Turns that chance alone takes too seldom.

use std::collections::BTreeSet;

use crate::entry::{Body, Gen, Id, Kind, Root};
use crate::sim::honest::write;
use crate::sim::world::{Person, World};

/// A device with a root key, of somebody else than the owner.
struct Lead {
    device: usize,
    generation: Gen,
    root: Root,
}

/// Sometimes one of the turns.
pub fn turn(w: &mut World) {
    let owner = w.people.first().and_then(|p| p.roots.first().copied());
    let roots = |d: &crate::sim::world::Dev| {
        let roots = w.people.get(d.person).map(|p| p.roots.clone()).unwrap_or_default();
        roots.into_iter().find(|(g, _)| *g == d.generation)
    };
    let leads: Vec<(usize, Gen, Root)> = w
        .devices
        .iter()
        .enumerate()
        .skip(1)
        .filter_map(|(i, d)| roots(d).map(|(generation, root)| (i, generation, root)))
        .filter(|(_, generation, _)| owner.is_none_or(|(g, _)| g != *generation))
        .collect();
    let Some((device, generation, root)) = w.rng.pick(&leads) else { return };
    let lead = Lead { device, generation, root };
    match w.rng.below(3) {
        0 => revival(w, &lead, owner),
        1 => forks_behind_a_leave(w, &lead),
        _ => adopted_with_a_rotation(w, &lead, owner),
    }
}

/// Somebody revokes a device without knowing its last entry; the owner, who knows the entry but not
/// the revocation, removes them. The removal lifts the revocation, and the entry comes back.
fn revival(w: &mut World, lead: &Lead, owner: Option<(Gen, Root)>) {
    let Some((_, owner)) = owner else { return };
    let Some(member) = w.all.generations.get(&lead.generation).map(|g| g.member) else { return };
    let Some(before) = heads(w, lead.device) else { return };
    let Some(key) = w.devices.get(lead.device).map(|d| d.key) else { return };
    let content = w.content(&[member]);
    let spared = write(w, lead.device, before.clone(), Kind::Expense(content), false, PLOT);
    let Some(spared) = spared else { return };
    let body = Body::Revoke { generation: lead.generation, device: key };
    let revocation = w.state(lead.root, before, body);
    let removal = w.state(owner, [spared].into(), Body::Remove { member });
    for statement in [revocation, removal] {
        let Some(parents) = heads(w, 0) else { return };
        write(w, 0, parents, Kind::Statement(statement), false, PLOT);
    }
}

/// Somebody leaves, writes on, and forks.
fn forks_behind_a_leave(w: &mut World, lead: &Lead) {
    if let Some(d) = w.devices.get_mut(lead.device) {
        d.evil = true;
    }
    let Some(base) = heads(w, lead.device) else { return };
    let leave = w.state(lead.root, base.clone(), Body::Leave { generation: lead.generation });
    let Some(left) = write(w, lead.device, base, Kind::Statement(leave), false, PLOT) else {
        return;
    };
    let Some(behind) = write(w, lead.device, [left].into(), Kind::Merge, false, PLOT) else {
        return;
    };
    let Some(tip) = w.devices.get(lead.device).and_then(|d| d.last) else { return };
    for _ in 0..2 {
        if let Some(d) = w.devices.get_mut(lead.device) {
            d.last = Some(tip);
        }
        let Some(member) = w.all.generations.get(&lead.generation).map(|g| g.member) else {
            return;
        };
        let content = w.content(&[member]);
        write(w, lead.device, [behind].into(), Kind::Expense(content), false, PLOT);
    }
}

/// Somebody introduces a friend, who rotates a key, and is removed by an owner who knows of neither.
/// Then the friend is adopted, and the rotation counts; or bound.
fn adopted_with_a_rotation(w: &mut World, lead: &Lead, owner: Option<(Gen, Root)>) {
    let Some((_, owner)) = owner else { return };
    let Some(member) = w.all.generations.get(&lead.generation).map(|g| g.member) else { return };
    let Some(before) = heads(w, lead.device) else { return };
    let (card, root, device) = w.person_card();
    let add = write(w, lead.device, before.clone(), Kind::Add { card }, false, PLOT);
    let Some(add) = add else { return };
    w.people.push(Person { roots: vec![(Gen::Card(card.id), root)], evil: true });
    w.device(device, Gen::Card(card.id), w.people.len() - 1, add);
    let friend = w.devices.len() - 1;
    let rotation = Kind::Rotate { x_gen: w.fresh() };
    write(w, friend, [add].into(), rotation, false, PLOT);
    let removal = w.state(owner, before, Body::Remove { member });
    // A bind adopts, too.
    let back = if w.rng.chance(50) {
        Kind::Adopt { member: card.id }
    } else {
        let (new, _, _) = w.person_card();
        Kind::Statement(w.state(owner, [add].into(), Body::Bind { member: card.id, card: new }))
    };
    for kind in [Kind::Statement(removal), back] {
        let Some(mut parents) = heads(w, 0).filter(|heads| heads.len() < 16) else { return };
        parents.insert(add);
        write(w, 0, parents, kind, false, PLOT);
    }
}

const PLOT: &str = "evil: plot";

fn heads(w: &World, device: usize) -> Option<BTreeSet<Id>> {
    let heads = w.devices.get(device)?.view.heads();
    (heads.len() <= 16).then_some(heads)
}
