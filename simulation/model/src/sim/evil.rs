//! What evil people do with the keys they hold: they know everything, back-date, fork their chains,
//! republish statements, forge, make sock puppets, adopt each other, claim, leave with old bases.

use std::collections::BTreeSet;

use crate::entry::{Body, Card, Content, Device, Gen, Holder, Id, Kind, MemberId, Root};
use crate::resolve::resolve;
use crate::sim::world::{Person, World, all_members};

/// An evil device does something.
pub fn act(w: &mut World, d: usize) {
    let Some(dev) = w.devices.get(d).cloned() else { return };
    let (seq, back) = backlink(w, dev.key, dev.start, dev.last);
    let parents = frontier(w);
    let roots = w.people.get(dev.person).filter(|p| p.evil).map(|p| p.roots.clone());
    let roots = roots.unwrap_or_default();
    let me = w.all.generations.get(&dev.generation).map_or(0, |g| g.member);
    let (kind, tag, joins) = if w.rng.chance(35) && !roots.is_empty() {
        match statement(w, &roots, dev.key) {
            Some(x) => x,
            None => return,
        }
    } else {
        match payload(w, me) {
            Some(x) => x,
            None => return,
        }
    };
    let entry = w.entry(dev.key, seq, Some(back), parents, kind.clone());
    let id = entry.id;
    if !w.put(entry, false, tag) {
        return;
    }
    if let Some(dev) = w.devices.get_mut(d)
        && (dev.last.is_none_or(|(_, s)| s <= seq) || w.rng.chance(50))
    {
        dev.last = Some((id, seq));
    }
    if let Some(joins) = joins {
        let generation = match (&kind, joins.generation) {
            (Kind::Claim { .. }, _) => Gen::Claim(id),
            (_, generation) => generation,
        };
        if let (Some(root), Some(p)) = (joins.root, w.people.get_mut(joins.person)) {
            p.roots.push((generation, root));
        }
        w.device(joins.device, generation, joins.person, id);
    }
}

/// A device that comes with an entry.
struct Joins {
    person: usize,
    generation: Gen,
    root: Option<Root>,
    device: Device,
}

type Deed = Option<(Kind, &'static str, Option<Joins>)>;

/// The last own entry, an earlier one (a fork), or the enrolment again (another fork).
fn backlink(w: &mut World, key: Device, start: Id, last: Option<(Id, u32)>) -> (u32, Id) {
    let own: Vec<(u32, Id)> = w
        .all
        .admitted
        .iter()
        .filter(|a| a.entry.device == key)
        .map(|a| (a.entry.seq + 1, a.entry.id))
        .collect();
    match (w.rng.below(10), last) {
        (0..=6, Some((id, seq))) => (seq + 1, id),
        (7..=8, Some(_)) => w.rng.pick(&own).unwrap_or((0, start)),
        _ => {
            let genesis = w.all.admitted.first().map(|a| (1, a.entry.id));
            if Some(start) == genesis.map(|g| g.1) {
                genesis.unwrap_or((0, start))
            } else {
                (0, start)
            }
        }
    }
}

/// A few entries as parents or base: recent, ancient, the heads, or none.
fn frontier(w: &mut World) -> BTreeSet<Id> {
    match w.rng.below(10) {
        0..=2 => w.all.heads().into_iter().take(16).collect(),
        3 => BTreeSet::new(),
        4..=6 => {
            let n = w.all.admitted.len();
            let i = w.rng.below(n).min(w.rng.below(n));
            w.all.admitted.get(i).map(|a| a.entry.id).into_iter().collect()
        }
        _ => (0..1 + w.rng.below(3)).filter_map(|_| w.any_entry()).collect(),
    }
}

/// Self acts with any base, and forgeries signed with one's own root key.
fn statement(w: &mut World, roots: &[(Gen, Root)], key: Device) -> Deed {
    let (generation, root) = w.rng.pick(roots)?;
    let mut base = frontier(w);
    if w.rng.chance(50) {
        // A base that at least knows the generation.
        let starts =
            w.all.generations.get(&generation).map(|g| g.starts.clone()).unwrap_or_default();
        let start = w.rng.pick(&starts).and_then(|i| w.all.admitted.get(i));
        base.extend(start.map(|a| a.entry.id));
        base = base.into_iter().take(16).collect();
    }
    let members = all_members(&w.all);
    let others = w.all.generations.iter().filter(|(_, g)| g.root != root);
    let gens: Vec<Gen> = others.map(|(&g, _)| g).collect();
    let keys: Vec<Device> =
        w.devices.iter().filter(|x| x.generation == generation).map(|x| x.key).collect();
    let mut joins = None;
    let (body, tag) = match w.rng.below(14) {
        0..=3 => {
            // A new device, or one's own old one again.
            let device = if w.rng.chance(80) { w.fresh() } else { key };
            let person = w.people.iter().position(|p| p.roots.contains(&(generation, root)))?;
            joins = Some(Joins { person, generation, root: None, device });
            (Body::Enrol { generation, device }, "evil: enrol")
        }
        4..=5 => (Body::Revoke { generation, device: w.rng.pick(&keys)? }, "evil: revoke"),
        6..=7 => (Body::Leave { generation }, "evil: leave, any base"),
        8..=9 => (Body::Rename { generation, name: w.fresh() }, "evil: rename"),
        10 => (Body::Remove { member: w.rng.pick(&members)? }, "evil: forged remove"),
        11 => {
            let (card, root, device) = w.person_card();
            let person = w.people.iter().position(|p| p.evil)?;
            let generation = Gen::Bind(0);
            joins = Some(Joins { person, generation, root: Some(root), device });
            (Body::Bind { member: w.rng.pick(&members)?, card }, "evil: forged bind")
        }
        12 => (Body::Leave { generation: w.rng.pick(&gens)? }, "evil: forged leave"),
        _ => {
            let generation = w.rng.pick(&gens)?;
            let keys: Vec<Device> =
                w.devices.iter().filter(|x| x.generation == generation).map(|x| x.key).collect();
            (Body::Revoke { generation, device: w.rng.pick(&keys)? }, "evil: forged revoke")
        }
    };
    let s = w.state(root, base, body);
    if let (Some(j), Body::Bind { .. }) = (&mut joins, s.body) {
        j.generation = Gen::Bind(s.digest);
    }
    Some((Kind::Statement(s), tag, joins))
}

/// Introductions, adoptions, money, and old statements republished.
fn payload(w: &mut World, me: MemberId) -> Deed {
    let members = all_members(&w.all);
    let content = w.content(&members);
    let any = w.any_entry()?;
    let deed = match w.rng.below(29) {
        0..=4 => {
            let (mut card, mut root, mut device) = w.person_card();
            let mut tag = "evil: sock puppet";
            let evil = w.devices.iter().filter(|x| w.people.get(x.person).is_some_and(|p| p.evil));
            let evil: Vec<(Device, Gen)> = evil.map(|x| (x.key, x.generation)).collect();
            let other = w.rng.pick(&evil).filter(|_| w.rng.chance(30));
            let other = other.and_then(|(k, g)| w.all.generations.get(&g).map(|g| (k, g.root)));
            if let Some((k, r)) = other {
                // A second card for keys that are in use.
                (root, device) = (r, k);
                card.of = Holder::Person { root, device };
                w.cards.pop();
                w.cards.push(card);
                tag = "evil: second card, same keys";
            }
            w.people.push(Person { roots: Vec::new(), evil: true });
            let person = w.people.len() - 1;
            let joins = Joins { person, generation: Gen::Card(card.id), root: Some(root), device };
            (Kind::Add { card }, tag, Some(joins))
        }
        5..=6 => {
            (Kind::Add { card: w.rng.pick(&w.cards.clone())? }, "evil: somebody's card again", None)
        }
        7..=8 => {
            let introducer = if w.rng.chance(70) { me } else { w.rng.pick(&members)? };
            let id = w.fresh();
            let card = Card { id, name: id, of: Holder::Placeholder { introducer } };
            (Kind::Placeholder { card }, "evil: placeholder", None)
        }
        9..=10 => {
            let (card, root, device) = w.person_card();
            let own = |c: &Card| c.of == Holder::Placeholder { introducer: me };
            let placeholders: Vec<Card> =
                w.all.admitted.iter().filter_map(|a| a.entry.introduces()).collect();
            let owned: Vec<Card> = placeholders.iter().copied().filter(own).collect();
            let some = if w.rng.chance(70) { owned } else { placeholders };
            let member = w.rng.pick(&some)?.id;
            w.people.push(Person { roots: Vec::new(), evil: true });
            let person = w.people.len() - 1;
            let joins = Joins { person, generation: Gen::Claim(0), root: Some(root), device };
            (Kind::Claim { member, card }, "evil: claim", Some(joins))
        }
        11..=13 => {
            let mut member = w.rng.pick(&members)?;
            if w.rng.chance(15) {
                member = w.rng.pick(&w.cards.clone())?.id;
            } else if w.rng.chance(50) {
                let res = resolve(&w.all);
                let void: Vec<MemberId> =
                    members.iter().copied().filter(|m| !res.introduced.contains(m)).collect();
                member = w.rng.pick(&void).unwrap_or(member);
            }
            (Kind::Adopt { member }, "evil: adopt", None)
        }
        14..=17 => {
            let s = w.rng.pick(&w.statements.clone())?;
            (Kind::Statement(s), "evil: statement republished", None)
        }
        18..=20 if w.rng.chance(15) => {
            let paid = content.paid.iter().map(|&(m, a)| (m, a + 7)).collect();
            (Kind::Expense(Content { paid, ..content }), "evil: sums do not match", None)
        }
        18..=20 => (Kind::Expense(content), "evil: expense", None),
        21..=22 => (Kind::Correction { target: any, content }, "evil: correction", None),
        23 => (Kind::Cancellation { target: any }, "evil: cancellation", None),
        24..=25 => (Kind::Copy { copied_from: any, content }, "evil: copy", None),
        26 => (Kind::Endorse { target: any, confirm: false }, "evil: endorse", None),
        27 => (Kind::Epoch { key: w.fresh() }, "evil: epoch", None),
        _ => (Kind::Rotate { x_gen: w.fresh() }, "evil: rotate", None),
    };
    Some(deed)
}
