//! Plots: planned sequences of entries that chance alone produces too seldom.

use std::collections::BTreeSet;

use crate::entry::{Body, Generation, Id, Kind, Root};
use crate::sim::honest::write;
use crate::sim::world::{Person, World};

/// A device with a root key, of a person other than the owner.
struct Lead {
    device: usize,
    generation: Generation,
    root: Root,
}

/// Plays one of the plots now and then.
pub fn turn(world: &mut World) {
    let owner = world.people.first().and_then(|p| p.roots.first().copied());
    let roots = |d: &crate::sim::world::DeviceReplica| {
        let roots = world.people.get(d.person).map(|p| p.roots.clone()).unwrap_or_default();
        roots.into_iter().find(|(g, _)| *g == d.generation)
    };
    let leads: Vec<(usize, Generation, Root)> = world
        .devices
        .iter()
        .enumerate()
        .skip(1)
        .filter_map(|(i, d)| roots(d).map(|(generation, root)| (i, generation, root)))
        .filter(|(_, generation, _)| owner.is_none_or(|(g, _)| g != *generation))
        .collect();
    let Some((device, generation, root)) = world.rng.pick(&leads) else { return };
    let lead = Lead { device, generation, root };
    match world.rng.below(3) {
        0 => revival(world, &lead, owner),
        1 => forks_behind_a_leave(world, &lead),
        _ => adopted_with_a_rotation(world, &lead, owner),
    }
}

/// A member revokes a device without knowing its last entry. The owner, who knows the entry but not the
/// revocation, removes the member. The removal lifts the revocation, and the entry counts again.
fn revival(world: &mut World, lead: &Lead, owner: Option<(Generation, Root)>) {
    let Some((_, owner)) = owner else { return };
    let Some(member) = world.all.generations.get(&lead.generation).map(|g| g.member) else {
        return;
    };
    let Some(before) = heads(world, lead.device) else { return };
    let Some(key) = world.devices.get(lead.device).map(|d| d.key) else { return };
    let content = world.content(&[member]);
    let spared = write(world, lead.device, before.clone(), Kind::Expense(content), false, PLOT);
    let Some(spared) = spared else { return };
    let body = Body::Revoke { generation: lead.generation, device: key };
    let revocation = world.state(lead.root, before, body);
    let removal = world.state(owner, [spared].into(), Body::Remove { member });
    for statement in [revocation, removal] {
        let Some(parents) = heads(world, 0) else { return };
        write(world, 0, parents, Kind::Statement(statement), false, PLOT);
    }
}

/// A member leaves, writes on, and forks.
fn forks_behind_a_leave(world: &mut World, lead: &Lead) {
    if let Some(d) = world.devices.get_mut(lead.device) {
        d.evil = true;
    }
    let Some(base) = heads(world, lead.device) else { return };
    let leave = world.state(lead.root, base.clone(), Body::Leave { generation: lead.generation });
    let Some(left) = write(world, lead.device, base, Kind::Statement(leave), false, PLOT) else {
        return;
    };
    let Some(behind) = write(world, lead.device, [left].into(), Kind::Merge, false, PLOT) else {
        return;
    };
    let Some(tip) = world.devices.get(lead.device).and_then(|d| d.last) else { return };
    for _ in 0..2 {
        if let Some(d) = world.devices.get_mut(lead.device) {
            d.last = Some(tip);
        }
        let Some(member) = world.all.generations.get(&lead.generation).map(|g| g.member) else {
            return;
        };
        let content = world.content(&[member]);
        write(world, lead.device, [behind].into(), Kind::Expense(content), false, PLOT);
    }
}

/// A member introduces a friend, who rotates a key. The owner, who knows of neither, removes the
/// member. Then the friend is adopted or bound, and the rotation counts.
fn adopted_with_a_rotation(world: &mut World, lead: &Lead, owner: Option<(Generation, Root)>) {
    let Some((_, owner)) = owner else { return };
    let Some(member) = world.all.generations.get(&lead.generation).map(|g| g.member) else {
        return;
    };
    let Some(before) = heads(world, lead.device) else { return };
    let (card, root, device) = world.person_card();
    let add = write(world, lead.device, before.clone(), Kind::Add { card }, false, PLOT);
    let Some(add) = add else { return };
    world.people.push(Person { roots: vec![(Generation::Card(card.id), root)], evil: true });
    world.device(device, Generation::Card(card.id), world.people.len() - 1, add);
    let friend = world.devices.len() - 1;
    let rotation = Kind::Rotate { x_gen: world.fresh() };
    write(world, friend, [add].into(), rotation, false, PLOT);
    let removal = world.state(owner, before, Body::Remove { member });
    // A bind adopts, too.
    let back = if world.rng.chance(50) {
        Kind::Adopt { member: card.id }
    } else {
        let (new, _, _) = world.person_card();
        Kind::Statement(world.state(owner, [add].into(), Body::Bind { member: card.id, card: new }))
    };
    for kind in [Kind::Statement(removal), back] {
        let Some(mut parents) = heads(world, 0).filter(|heads| heads.len() < 16) else { return };
        parents.insert(add);
        write(world, 0, parents, kind, false, PLOT);
    }
}

const PLOT: &str = "evil: plot";

fn heads(world: &World, device: usize) -> Option<BTreeSet<Id>> {
    let heads = world.devices.get(device)?.view.heads();
    (heads.len() <= 16).then_some(heads)
}
