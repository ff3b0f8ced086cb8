//! Entries of honest people. They write on top of everything that their replica knows, and only what
//! their replica allows.

use std::collections::BTreeSet;

use crate::entry::{Body, Card, Generation, Holder, Id, Kind, MemberId, Root};
use crate::resolve::resolve;
use crate::sim::plain::plain_or_introduction;
use crate::sim::world::{Person, World, well_introduced};
use crate::state::Resolution;

/// A person or device that comes into the world with a new entry.
pub(super) enum Joins {
    Nobody,
    /// Somebody with this card, in the generation that the entry (or its statement) starts.
    Card(Card, Who),
    /// A further device of the author.
    Device(u32),
}

/// Holder of a new card's keys.
#[derive(Clone, Copy)]
pub(super) enum Who {
    New,
    Known(usize),
}

/// An honest device writes an entry.
pub fn act(world: &mut World, d: usize) {
    let Some(dev) = world.devices.get(d) else { return };
    let (generation, key, person) = (dev.generation, dev.key, dev.person);
    let view = dev.view.clone();
    let resolution = resolve(&view);
    let heads = view.heads();
    if heads.len() > 16 {
        let some = heads.into_iter().take(16).collect();
        write(world, d, some, Kind::Merge, false, "merge of 16");
        return;
    }
    let active = resolution.state.devices.contains_key(&(generation, key));
    let root = root_of(world, person, generation);
    let owner = view.owner().filter(|&(_, r)| Some(r) == root);
    let Some(me) = view.generations.get(&generation).map(|g| g.member) else { return };
    if owner.is_some() && world.rng.chance(30) {
        owner_statement(world, d, &resolution, heads, me, root);
        return;
    }
    let is_current =
        resolution.state.members.get(&me).is_some_and(|m| m.current.contains(&generation));
    if let Some(root) = root.filter(|_| is_current && world.rng.chance(20)) {
        self_statement(world, d, heads, generation, root, &resolution);
        return;
    }
    if active {
        plain_or_introduction(world, d, heads, me, &resolution);
    }
}

fn root_of(world: &World, person: usize, generation: Generation) -> Option<Root> {
    world.people.get(person)?.roots.iter().find(|(g, _)| *g == generation).map(|&(_, r)| r)
}

/// Writes an entry on top of the heads; returns its id.
pub(super) fn write(
    world: &mut World,
    d: usize,
    heads: BTreeSet<Id>,
    kind: Kind,
    honest: bool,
    tag: &'static str,
) -> Option<Id> {
    let dev = world.devices.get(d)?;
    let (key, start, last) = (dev.key, dev.start, dev.last);
    let (seq, back) = last.map_or((0, start), |(id, seq)| (seq + 1, id));
    let entry = world.entry(key, seq, Some(back), heads, kind);
    let id = entry.id;
    if !world.put(entry.clone(), honest, tag) {
        return None;
    }
    let dev = world.devices.get_mut(d)?;
    dev.last = Some((id, seq));
    let _ = dev.view.admit(entry);
    Some(id)
}

pub(super) fn join(
    world: &mut World,
    d: usize,
    id: Option<Id>,
    generation: Generation,
    joins: Joins,
) {
    let Some(id) = id else { return };
    match joins {
        Joins::Nobody => {}
        Joins::Device(key) => {
            let person = world.devices.get(d).map_or(0, |dev| dev.person);
            world.device(key, generation, person, id);
        }
        Joins::Card(card, who) => {
            let Holder::Person { root, device } = card.of else { return };
            let person = match who {
                Who::Known(p) => p,
                Who::New => {
                    let evil = world.rng.chance(world.cast.evil);
                    world.people.push(Person { roots: Vec::new(), evil });
                    world.people.len() - 1
                }
            };
            if let Some(p) = world.people.get_mut(person) {
                p.roots.push((generation, root));
            }
            world.device(device, generation, person, id);
        }
    }
}

fn owner_statement(
    world: &mut World,
    d: usize,
    resolution: &Resolution,
    base: BTreeSet<Id>,
    me: MemberId,
    root: Option<Root>,
) {
    let Some(root) = root else { return };
    if world.rng.chance(4) {
        // A slip: owner statements about the owner have no effect.
        let (card, _, _) = world.person_card();
        let bind = world.rng.chance(50);
        let body = if bind { Body::Bind { member: me, card } } else { Body::Remove { member: me } };
        let s = world.state(root, base.clone(), body);
        write(world, d, base, Kind::Statement(s), false, "evil: owner names the owner");
        return;
    }
    let members: Vec<MemberId> =
        resolution.state.members.keys().copied().filter(|&m| m != me).collect();
    let target = world.rng.pick(&members);
    if target.is_none() {
        return;
    }
    let (body, joins, tag) = match (world.rng.below(10), target) {
        (0..=4, Some(member)) => (Body::Remove { member }, Joins::Nobody, "remove"),
        (5..=8, Some(member)) => {
            if !world.devices.get(d).is_some_and(|dev| well_introduced(&dev.view, member)) {
                return;
            }
            let holder = world
                .devices
                .iter()
                .find(|x| {
                    world.all.generations.get(&x.generation).is_some_and(|g| g.member == member)
                })
                .map(|x| x.person);
            let (card, _, _) = world.person_card();
            let who = holder.filter(|_| world.rng.chance(70)).map_or(Who::New, Who::Known);
            (Body::Bind { member, card }, Joins::Card(card, who), "bind")
        }
        _ => {
            let name = world.fresh();
            (Body::RenameGroup { name }, Joins::Nobody, "rename group")
        }
    };
    let s = world.state(root, base.clone(), body);
    let generation = Generation::Bind(s.digest);
    let id = write(world, d, base, Kind::Statement(s), true, tag);
    join(world, d, id, generation, joins);
}

fn self_statement(
    world: &mut World,
    d: usize,
    base: BTreeSet<Id>,
    generation: Generation,
    root: Root,
    resolution: &Resolution,
) {
    let (body, joins, tag) = match world.rng.below(12) {
        0..=4 => {
            let device = world.fresh();
            (Body::Enrol { generation, device }, Joins::Device(device), "enrol")
        }
        5..=7 => {
            let mine: Vec<u32> = resolution
                .state
                .devices
                .keys()
                .filter(|(g, _)| *g == generation)
                .map(|&(_, k)| k)
                .collect();
            let Some(device) = world.rng.pick(&mine) else { return };
            let thieves = world.cast.evil > 0;
            if let Some(stolen) = world.devices.iter_mut().find(|x| x.key == device) {
                stolen.evil |= thieves;
            }
            (Body::Revoke { generation, device }, Joins::Nobody, "revoke")
        }
        8 => (Body::Leave { generation }, Joins::Nobody, "leave"),
        _ => {
            let name = world.fresh();
            (Body::Rename { generation, name }, Joins::Nobody, "rename")
        }
    };
    let s = world.state(root, base.clone(), body);
    let id = write(world, d, base, Kind::Statement(s), true, tag);
    join(world, d, id, generation, joins);
}
