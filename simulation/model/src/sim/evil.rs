//! Entries of evil people. They know every entry that was ever written. They back-date, fork their
//! chains, republish statements, forge, make sock puppets, adopt each other, claim, and leave with old
//! bases.

use std::collections::BTreeSet;

use crate::entry::{Body, Card, Content, Device, Generation, Holder, Id, Kind, MemberId, Root};
use crate::resolve::resolve;
use crate::sim::world::{Person, World, all_members};

/// An evil device writes an entry.
pub fn act(world: &mut World, d: usize) {
    let Some(dev) = world.devices.get(d).cloned() else { return };
    let (seq, back) = backlink(world, dev.key, dev.start, dev.last);
    let parents = frontier(world);
    let roots = world.people.get(dev.person).filter(|p| p.evil).map(|p| p.roots.clone());
    let roots = roots.unwrap_or_default();
    let me = world.all.generations.get(&dev.generation).map_or(0, |g| g.member);
    let (kind, tag, joins) = if world.rng.chance(35) && !roots.is_empty() {
        match statement(world, &roots, dev.key) {
            Some(x) => x,
            None => return,
        }
    } else {
        match payload(world, me) {
            Some(x) => x,
            None => return,
        }
    };
    let entry = world.entry(dev.key, seq, Some(back), parents, kind.clone());
    let id = entry.id;
    if !world.put(entry, false, tag) {
        return;
    }
    if let Some(dev) = world.devices.get_mut(d)
        && (dev.last.is_none_or(|(_, s)| s <= seq) || world.rng.chance(50))
    {
        dev.last = Some((id, seq));
    }
    if let Some(joins) = joins {
        let generation = match (&kind, joins.generation) {
            (Kind::Claim { .. }, _) => Generation::Claim(id),
            (_, generation) => generation,
        };
        if let (Some(root), Some(p)) = (joins.root, world.people.get_mut(joins.person)) {
            p.roots.push((generation, root));
        }
        world.device(joins.device, generation, joins.person, id);
    }
}

/// A device that comes with an entry.
struct Joins {
    person: usize,
    generation: Generation,
    root: Option<Root>,
    device: Device,
}

type Deed = Option<(Kind, &'static str, Option<Joins>)>;

/// The last own entry, an earlier one (a fork), or the enrolment again (another fork).
fn backlink(world: &mut World, key: Device, start: Id, last: Option<(Id, u32)>) -> (u32, Id) {
    let own: Vec<(u32, Id)> = world
        .all
        .admitted
        .iter()
        .filter(|a| a.entry.device == key)
        .map(|a| (a.entry.seq + 1, a.entry.id))
        .collect();
    match (world.rng.below(10), last) {
        (0..=6, Some((id, seq))) => (seq + 1, id),
        (7..=8, Some(_)) => world.rng.pick(&own).unwrap_or((0, start)),
        _ => {
            let genesis = world.all.admitted.first().map(|a| (1, a.entry.id));
            if Some(start) == genesis.map(|g| g.1) {
                genesis.unwrap_or((0, start))
            } else {
                (0, start)
            }
        }
    }
}

/// A few entries as parents or base: recent, ancient, the heads, or none.
fn frontier(world: &mut World) -> BTreeSet<Id> {
    match world.rng.below(10) {
        0..=2 => world.all.heads().into_iter().take(16).collect(),
        3 => BTreeSet::new(),
        4..=6 => {
            let n = world.all.admitted.len();
            let i = world.rng.below(n).min(world.rng.below(n));
            world.all.admitted.get(i).map(|a| a.entry.id).into_iter().collect()
        }
        _ => (0..1 + world.rng.below(3)).filter_map(|_| world.any_entry()).collect(),
    }
}

/// Self statements with any base, and forgeries signed with the author's own root key.
fn statement(world: &mut World, roots: &[(Generation, Root)], key: Device) -> Deed {
    let (generation, root) = world.rng.pick(roots)?;
    let mut base = frontier(world);
    if world.rng.chance(50) {
        // A base that at least knows the generation.
        let starts =
            world.all.generations.get(&generation).map(|g| g.starts.clone()).unwrap_or_default();
        let start = world.rng.pick(&starts).and_then(|i| world.all.admitted.get(i));
        base.extend(start.map(|a| a.entry.id));
        base = base.into_iter().take(16).collect();
    }
    let members = all_members(&world.all);
    let others = world.all.generations.iter().filter(|(_, g)| g.root != root);
    let gens: Vec<Generation> = others.map(|(&g, _)| g).collect();
    let keys: Vec<Device> =
        world.devices.iter().filter(|x| x.generation == generation).map(|x| x.key).collect();
    let mut joins = None;
    let (body, tag) = match world.rng.below(14) {
        0..=3 => {
            // A new device, or one's own old one again.
            let device = if world.rng.chance(80) { world.fresh() } else { key };
            let person = world.people.iter().position(|p| p.roots.contains(&(generation, root)))?;
            joins = Some(Joins { person, generation, root: None, device });
            (Body::Enrol { generation, device }, "evil: enrol")
        }
        4..=5 => (Body::Revoke { generation, device: world.rng.pick(&keys)? }, "evil: revoke"),
        6..=7 => (Body::Leave { generation }, "evil: leave, any base"),
        8..=9 => (Body::Rename { generation, name: world.fresh() }, "evil: rename"),
        10 => (Body::Remove { member: world.rng.pick(&members)? }, "evil: forged remove"),
        11 => {
            let (card, root, device) = world.person_card();
            let person = world.people.iter().position(|p| p.evil)?;
            let generation = Generation::Bind(0);
            joins = Some(Joins { person, generation, root: Some(root), device });
            (Body::Bind { member: world.rng.pick(&members)?, card }, "evil: forged bind")
        }
        12 => (Body::Leave { generation: world.rng.pick(&gens)? }, "evil: forged leave"),
        _ => {
            let generation = world.rng.pick(&gens)?;
            let keys: Vec<Device> = world
                .devices
                .iter()
                .filter(|x| x.generation == generation)
                .map(|x| x.key)
                .collect();
            (Body::Revoke { generation, device: world.rng.pick(&keys)? }, "evil: forged revoke")
        }
    };
    let s = world.state(root, base, body);
    if let (Some(j), Body::Bind { .. }) = (&mut joins, s.body) {
        j.generation = Generation::Bind(s.digest);
    }
    Some((Kind::Statement(s), tag, joins))
}

/// Introductions, adoptions, money, and old statements republished.
fn payload(world: &mut World, me: MemberId) -> Deed {
    let members = all_members(&world.all);
    let content = world.content(&members);
    let any = world.any_entry()?;
    let deed = match world.rng.below(29) {
        0..=4 => {
            let (mut card, mut root, mut device) = world.person_card();
            let mut tag = "evil: sock puppet";
            let evil =
                world.devices.iter().filter(|x| world.people.get(x.person).is_some_and(|p| p.evil));
            let evil: Vec<(Device, Generation)> = evil.map(|x| (x.key, x.generation)).collect();
            let other = world.rng.pick(&evil).filter(|_| world.rng.chance(30));
            let other = other.and_then(|(k, g)| world.all.generations.get(&g).map(|g| (k, g.root)));
            if let Some((k, r)) = other {
                // A second card for keys that are in use.
                (root, device) = (r, k);
                card.of = Holder::Person { root, device };
                world.cards.pop();
                world.cards.push(card);
                tag = "evil: second card, same keys";
            }
            world.people.push(Person { roots: Vec::new(), evil: true });
            let person = world.people.len() - 1;
            let joins =
                Joins { person, generation: Generation::Card(card.id), root: Some(root), device };
            (Kind::Add { card }, tag, Some(joins))
        }
        5..=6 => (
            Kind::Add { card: world.rng.pick(&world.cards.clone())? },
            "evil: somebody's card again",
            None,
        ),
        7..=8 => {
            let introducer = if world.rng.chance(70) { me } else { world.rng.pick(&members)? };
            let id = world.fresh();
            let card = Card { id, name: id, of: Holder::Placeholder { introducer } };
            (Kind::Placeholder { card }, "evil: placeholder", None)
        }
        9..=10 => {
            let (card, root, device) = world.person_card();
            let own = |c: &Card| c.of == Holder::Placeholder { introducer: me };
            let placeholders: Vec<Card> =
                world.all.admitted.iter().filter_map(|a| a.entry.introduces()).collect();
            let owned: Vec<Card> = placeholders.iter().copied().filter(own).collect();
            let some = if world.rng.chance(70) { owned } else { placeholders };
            let member = world.rng.pick(&some)?.id;
            world.people.push(Person { roots: Vec::new(), evil: true });
            let person = world.people.len() - 1;
            let joins =
                Joins { person, generation: Generation::Claim(0), root: Some(root), device };
            (Kind::Claim { member, card }, "evil: claim", Some(joins))
        }
        11..=13 => {
            let mut member = world.rng.pick(&members)?;
            if world.rng.chance(15) {
                member = world.rng.pick(&world.cards.clone())?.id;
            } else if world.rng.chance(50) {
                let resolution = resolve(&world.all);
                let void: Vec<MemberId> = members
                    .iter()
                    .copied()
                    .filter(|m| !resolution.introduced.contains(m))
                    .collect();
                member = world.rng.pick(&void).unwrap_or(member);
            }
            (Kind::Adopt { member }, "evil: adopt", None)
        }
        14..=17 => {
            let s = world.rng.pick(&world.statements.clone())?;
            (Kind::Statement(s), "evil: statement republished", None)
        }
        18..=19 if world.rng.chance(15) => {
            let paid = content.paid.iter().map(|&(m, a)| (m, a + 7)).collect();
            (Kind::Expense(Content { paid, ..content }), "evil: sums do not match", None)
        }
        18..=19 => (Kind::Expense(content), "evil: expense", None),
        21..=22 => (Kind::Correction { target: any, content }, "evil: correction", None),
        23 if world.rng.chance(30) => {
            (Kind::Restoration { target: any }, "evil: restoration", None)
        }
        23 => (Kind::Cancellation { target: any }, "evil: cancellation", None),
        24..=25 => (Kind::Copy { copied_from: any, content }, "evil: copy", None),
        26 => (Kind::Endorse { target: any, confirm: false }, "evil: endorse", None),
        20 => {
            let changes = Some(any).filter(|_| world.rng.chance(70));
            (Kind::Template { content, changes, from: 1, end: None }, "evil: template", None)
        }
        27 => (Kind::Epoch { key: world.fresh() }, "evil: epoch", None),
        _ => (Kind::Rotate { x_gen: world.fresh() }, "evil: rotate", None),
    };
    Some(deed)
}
