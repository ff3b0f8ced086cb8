//! What honest people do: they write on top of everything their replica knows, and only what their
//! replica says they may.

use std::collections::BTreeSet;

use crate::entry::{Body, Card, Gen, Holder, Id, Kind, MemberId, Root};
use crate::resolve::{Resolution, resolve};
use crate::sim::plain::plain_or_introduction;
use crate::sim::world::{Person, World, well_introduced};

/// What a new entry brings into the world besides itself.
pub(super) enum Joins {
    Nobody,
    /// Somebody with this card, in the generation that the entry (or its statement) starts.
    Card(Card, Who),
    /// A further device of the author.
    Device(u32),
}

/// Who holds a new card's keys.
#[derive(Clone, Copy)]
pub(super) enum Who {
    New,
    Known(usize),
}

/// An honest device does something.
pub fn act(w: &mut World, d: usize) {
    let Some(dev) = w.devices.get(d) else { return };
    let (generation, key, person) = (dev.generation, dev.key, dev.person);
    let view = dev.view.clone();
    let res = resolve(&view);
    let heads = view.heads();
    if heads.len() > 16 {
        let some = heads.into_iter().take(16).collect();
        write(w, d, some, Kind::Merge, false, "merge of 16");
        return;
    }
    let active = res.state.devices.contains_key(&(generation, key));
    let root = root_of(w, person, generation);
    let owner = view.owner().filter(|&(_, r)| Some(r) == root);
    let Some(me) = view.generations.get(&generation).map(|g| g.member) else { return };
    if owner.is_some() && w.rng.chance(30) {
        owner_act(w, d, &res, heads, me, root);
        return;
    }
    let is_current = res.state.members.get(&me).is_some_and(|m| m.current.contains(&generation));
    if let Some(root) = root.filter(|_| is_current && w.rng.chance(20)) {
        self_act(w, d, heads, generation, root, &res);
        return;
    }
    if active {
        plain_or_introduction(w, d, heads, me, &res);
    }
}

fn root_of(w: &World, person: usize, generation: Gen) -> Option<Root> {
    w.people.get(person)?.roots.iter().find(|(g, _)| *g == generation).map(|&(_, r)| r)
}

/// Writes an entry on top of the heads; returns its id.
pub(super) fn write(
    w: &mut World,
    d: usize,
    heads: BTreeSet<Id>,
    kind: Kind,
    honest: bool,
    tag: &'static str,
) -> Option<Id> {
    let dev = w.devices.get(d)?;
    let (key, start, last) = (dev.key, dev.start, dev.last);
    let (seq, back) = last.map_or((0, start), |(id, seq)| (seq + 1, id));
    let entry = w.entry(key, seq, Some(back), heads, kind);
    let id = entry.id;
    if !w.put(entry.clone(), honest, tag) {
        return None;
    }
    let dev = w.devices.get_mut(d)?;
    dev.last = Some((id, seq));
    let _ = dev.view.admit(entry);
    Some(id)
}

pub(super) fn join(w: &mut World, d: usize, id: Option<Id>, generation: Gen, joins: Joins) {
    let Some(id) = id else { return };
    match joins {
        Joins::Nobody => {}
        Joins::Device(key) => {
            let person = w.devices.get(d).map_or(0, |dev| dev.person);
            w.device(key, generation, person, id);
        }
        Joins::Card(card, who) => {
            let Holder::Person { root, device } = card.of else { return };
            let person = match who {
                Who::Known(p) => p,
                Who::New => {
                    let evil = w.rng.chance(w.cast.evil);
                    w.people.push(Person { roots: Vec::new(), evil });
                    w.people.len() - 1
                }
            };
            if let Some(p) = w.people.get_mut(person) {
                p.roots.push((generation, root));
            }
            w.device(device, generation, person, id);
        }
    }
}

fn owner_act(
    w: &mut World,
    d: usize,
    res: &Resolution,
    base: BTreeSet<Id>,
    me: MemberId,
    root: Option<Root>,
) {
    let Some(root) = root else { return };
    if w.rng.chance(4) {
        // A slip: owner acts about the owner have no effect.
        let (card, _, _) = w.person_card();
        let bind = w.rng.chance(50);
        let body = if bind { Body::Bind { member: me, card } } else { Body::Remove { member: me } };
        let s = w.state(root, base.clone(), body);
        write(w, d, base, Kind::Statement(s), false, "evil: owner names the owner");
        return;
    }
    let members: Vec<MemberId> = res.state.members.keys().copied().filter(|&m| m != me).collect();
    let target = w.rng.pick(&members);
    if target.is_none() {
        return;
    }
    let (body, joins, tag) = match (w.rng.below(10), target) {
        (0..=4, Some(member)) => (Body::Remove { member }, Joins::Nobody, "remove"),
        (5..=8, Some(member)) => {
            if !w.devices.get(d).is_some_and(|dev| well_introduced(&dev.view, member)) {
                return;
            }
            let holder = w
                .devices
                .iter()
                .find(|x| w.all.generations.get(&x.generation).is_some_and(|g| g.member == member))
                .map(|x| x.person);
            let (card, _, _) = w.person_card();
            let who = holder.filter(|_| w.rng.chance(70)).map_or(Who::New, Who::Known);
            (Body::Bind { member, card }, Joins::Card(card, who), "bind")
        }
        _ => {
            let name = w.fresh();
            (Body::RenameGroup { name }, Joins::Nobody, "rename group")
        }
    };
    let s = w.state(root, base.clone(), body);
    let generation = Gen::Bind(s.digest);
    let id = write(w, d, base, Kind::Statement(s), true, tag);
    join(w, d, id, generation, joins);
}

fn self_act(
    w: &mut World,
    d: usize,
    base: BTreeSet<Id>,
    generation: Gen,
    root: Root,
    res: &Resolution,
) {
    let (body, joins, tag) = match w.rng.below(12) {
        0..=4 => {
            let device = w.fresh();
            (Body::Enrol { generation, device }, Joins::Device(device), "enrol")
        }
        5..=7 => {
            let mine: Vec<u32> = res
                .state
                .devices
                .keys()
                .filter(|(g, _)| *g == generation)
                .map(|&(_, k)| k)
                .collect();
            let Some(device) = w.rng.pick(&mine) else { return };
            let thieves = w.cast.evil > 0;
            if let Some(stolen) = w.devices.iter_mut().find(|x| x.key == device) {
                stolen.evil |= thieves;
            }
            (Body::Revoke { generation, device }, Joins::Nobody, "revoke")
        }
        8 => (Body::Leave { generation }, Joins::Nobody, "leave"),
        _ => {
            let name = w.fresh();
            (Body::Rename { generation, name }, Joins::Nobody, "rename")
        }
    };
    let s = w.state(root, base.clone(), body);
    let id = write(w, d, base, Kind::Statement(s), true, tag);
    join(w, d, id, generation, joins);
}
