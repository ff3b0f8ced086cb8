//! Cost of the entries of one evil member for the devices that replay them.
//!
//! `cargo run --release -p ledger-benches --example attack_costs` prints, for each attack, the cost of
//! its last entry, of all its entries, and of a checkpoint after them, for a number of entries and
//! for twice as many. A last entry that costs twice as much then has a cost that grows linearly.

#![allow(
    clippy::unwrap_used,
    clippy::float_arithmetic,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a measurement, not the library"
)]

use std::time::Instant;

use ledger_core::engine::{Admission, Draft, Ledger, MemoryIndex, NewGroup};
use ledger_core::hazmat::any_position;
use ledger_core::keys::{DeviceKey, RootEntropy, SignedCard, SignedDevice};
use ledger_core::statement::{Generation, NewStatement};
use ledger_core::{EntryId, GroupId, MemberId};

type Attack = fn(&mut World, usize);

fn main() {
    let only = std::env::args().nth(1);
    let attacks: [(&str, usize, Attack); 9] = [
        ("devices: enrols one after another", 250, devices),
        ("renames: renames one after another", 250, renames),
        ("puppets: a chain of puppets, then revocations", 250, puppets),
        ("forks: forks, then revocations that know all", 500, forks),
        ("leaves: leaves, then forks behind all", 500, leaves),
        ("claims: claims of one placeholder, then renames", 250, claims),
        ("rotations: of many devices, revoked one by one", 100, rotations),
        ("walk: entries beside a leave that lies apart", 5_000, walk),
        ("reuse: adds of a key that lies apart", 5_000, reuse),
    ];
    for (name, size, attack) in attacks {
        if only.as_ref().is_some_and(|only| !name.starts_with(only.as_str())) {
            continue;
        }
        println!("{name}");
        for size in [size, 2 * size] {
            let mut world = World::new();
            attack(&mut world, size);
            let last = &world.times[world.times.len() - 20..];
            println!(
                "  {size:>6}: the last entries {:>9.2} ms each, all {:>7.2} s, a checkpoint of {} kB",
                last.iter().sum::<f64>() * 1e3 / 20.0,
                world.times.iter().sum::<f64>(),
                world.ledger.to_checkpoint().len() / 1_000,
            );
        }
    }
}

/// Anna's.
fn phone() -> DeviceKey {
    DeviceKey::from_bytes(&[1; 64])
}

/// A device and the end of its chain.
struct Phone {
    key: DeviceKey,
    seq: u64,
    back: EntryId,
}

struct World {
    group: GroupId,
    ledger: Ledger,
    index: MemoryIndex,
    anna: Phone,
    fresh: u64,
    times: Vec<f64>,
}

/// Ben, evil.
struct Ben {
    phone: Phone,
    entropy: RootEntropy,
    member: MemberId,
    generation: Generation,
}

impl World {
    fn new() -> Self {
        let (key, anna_root) = (phone(), RootEntropy::from_bytes([2; 32]));
        let group = NewGroup::new("Flat", "Anna", &anna_root, 0, [3; 32]);
        let genesis = group.create(&key, 0).unwrap();
        let mut index = MemoryIndex::new();
        let ledger = Ledger::begin(&genesis, &mut index).unwrap();
        let anna = Phone { key, seq: 1, back: genesis.id() };
        let (group, times) = (ledger.group(), Vec::new());
        Self { group, ledger, index, anna, fresh: 0, times }
    }

    fn random<const N: usize>(&mut self) -> [u8; N] {
        self.fresh += 1;
        let mut bytes = [0x5a; N];
        bytes[..8].copy_from_slice(&self.fresh.to_be_bytes());
        bytes
    }

    fn take(
        &mut self,
        phone: &DeviceKey,
        seq: u64,
        back: EntryId,
        parents: &[EntryId],
        draft: Draft,
    ) -> EntryId {
        let refs = refs(self.group, &draft);
        let known = std::iter::once(&back).chain(parents).chain(&refs);
        let clock = known.map(|id| self.clock(id)).max().unwrap();
        let mut parents = parents.to_vec();
        parents.sort();
        parents.retain(|parent| *parent != back);
        let at = any_position(self.group, phone.id(), seq, back, parents, clock + 1);
        let entry = draft.sign(phone, &at, 0).unwrap();
        let id = entry.id();
        let begin = Instant::now();
        let Ok(Admission::Admitted(entry)) = self.ledger.admit(entry, &self.index) else {
            panic!()
        };
        let Ok(replayed) = self.ledger.replay(&entry, &self.index);
        self.index.insert(&entry, &replayed);
        self.times.push(begin.elapsed().as_secs_f64());
        id
    }

    fn clock(&self, id: &EntryId) -> u64 {
        use ledger_core::engine::EntryIndex as _;
        let Ok(link) = self.index.link(id);
        link.unwrap().lamport
    }

    fn next(&mut self, phone: &mut Phone, parents: &[EntryId], draft: Draft) -> EntryId {
        let id = self.take(&phone.key, phone.seq, phone.back, parents, draft);
        (phone.seq, phone.back) = (phone.seq + 1, id);
        id
    }

    fn annas(&mut self, parents: &[EntryId], draft: Draft) -> EntryId {
        let (seq, back) = (self.anna.seq, self.anna.back);
        let id = self.take(&phone(), seq, back, parents, draft);
        (self.anna.seq, self.anna.back) = (seq + 1, id);
        id
    }

    fn person(&mut self, name: &str) -> (RootEntropy, DeviceKey, SignedCard) {
        let entropy = RootEntropy::from_bytes(self.random());
        let key = DeviceKey::from_bytes(&self.random());
        let card = SignedCard::new(self.group, name, &entropy, 0, &key).unwrap();
        (entropy, key, card)
    }

    fn ben(&mut self) -> Ben {
        let (entropy, key, card) = self.person("Ben");
        let back = self.annas(&[], Draft::add_member(self.ledger.state(), &card).unwrap());
        let member = card.card().member();
        let phone = Phone { key, seq: 0, back };
        Ben { phone, entropy, member, generation: Generation::Card(member) }
    }

    fn statement(&mut self, ben: &mut Ben, statement: &NewStatement<'_>) -> EntryId {
        let base = ben.phone.back;
        self.act_on(ben, statement, base)
    }

    fn act_on(&mut self, ben: &mut Ben, statement: &NewStatement<'_>, base: EntryId) -> EntryId {
        let nonce = self.random();
        let draft =
            Draft::statement(&ben.entropy.root_key(0), self.group, statement, [base], nonce)
                .unwrap();
        self.next(&mut ben.phone, &[], draft)
    }

    fn enrol(&mut self, ben: &mut Ben) -> Phone {
        let key = DeviceKey::from_bytes(&self.random());
        let device = SignedDevice::new(self.group, &ben.entropy.root_key(0), &key).unwrap();
        let statement = NewStatement::Enrol { generation: ben.generation, device: &device };
        let back = self.statement(ben, &statement);
        Phone { key, seq: 0, back }
    }

    fn forks(&mut self, ben: &mut Ben, count: usize, parent: Option<EntryId>) {
        let (seq, back) = (ben.phone.seq, ben.phone.back);
        let parents: Vec<EntryId> = parent.into_iter().collect();
        let mut ids = Vec::new();
        for n in 0..count {
            let draft = Draft::rotation(n as u64, [9; 32]);
            ids.push(self.take(&ben.phone.key, seq, back, &parents, draft));
        }
        (ben.phone.seq, ben.phone.back) = (seq + 1, ids[0]);
        for joined in ids.chunks(16) {
            self.next(&mut ben.phone, joined, Draft::merge());
        }
    }
}

/// The refs of a draft, which a trial signature tells.
fn refs(group: GroupId, draft: &Draft) -> Vec<EntryId> {
    let key = DeviceKey::from_bytes(&[1; 64]);
    let at = any_position(group, key.id(), 0, group.genesis(), Vec::new(), 1);
    let trial = draft.clone().sign(&key, &at, 0).unwrap();
    trial.decoded().header().refs().to_vec()
}

fn devices(world: &mut World, size: usize) {
    let mut ben = world.ben();
    for _ in 0..size {
        world.enrol(&mut ben);
    }
}

fn renames(world: &mut World, size: usize) {
    let mut ben = world.ben();
    let statement = NewStatement::Rename { generation: ben.generation, name: "Benny" };
    for _ in 0..size {
        world.statement(&mut ben, &statement);
    }
}

fn puppets(world: &mut World, size: usize) {
    let mut ben = world.ben();
    let mut tablet = world.enrol(&mut ben);
    let device = tablet.key.id();
    for _ in 0..size {
        let (_, key, card) = world.person("Puppet");
        let draft = any_add(&card);
        let back = world.next(&mut tablet, &[], draft);
        tablet = Phone { key, seq: 0, back };
    }
    let statement = NewStatement::Revoke { generation: ben.generation, device };
    // Knows all of them, so that they stay.
    for _ in 0..20 {
        world.act_on(&mut ben, &statement, tablet.back);
    }
}

fn forks(world: &mut World, size: usize) {
    let mut ben = world.ben();
    world.forks(&mut ben, size, None);
    let statement = NewStatement::Revoke { generation: ben.generation, device: ben.phone.key.id() };
    for _ in 0..size {
        world.statement(&mut ben, &statement);
    }
}

fn leaves(world: &mut World, size: usize) {
    let mut ben = world.ben();
    let statement = NewStatement::Leave { generation: ben.generation };
    for _ in 0..size {
        world.statement(&mut ben, &statement);
    }
    world.forks(&mut ben, size, None);
}

fn claims(world: &mut World, size: usize) {
    let mut ben = world.ben();
    let nonce = world.random();
    let draft = Draft::placeholder(world.ledger.state(), ben.member, "P", nonce).unwrap();
    let placeholder = world.next(&mut ben.phone, &[], draft);
    let member = world.ledger.state().introduced_by(placeholder).unwrap();
    let mut claimed = Vec::new();
    for _ in 0..size {
        let (entropy, _, card) = world.person("P");
        let draft = Draft::claim(world.ledger.state(), member, &card).unwrap();
        claimed.push((entropy, world.next(&mut ben.phone, &[], draft)));
    }
    for (entropy, claim) in claimed {
        let statement = NewStatement::Rename { generation: Generation::Claim(claim), name: "Q" };
        let (nonce, base) = (world.random(), ben.phone.back);
        let draft =
            Draft::statement(&entropy.root_key(0), world.group, &statement, [base], nonce).unwrap();
        world.next(&mut ben.phone, &[], draft);
    }
}

fn rotations(world: &mut World, size: usize) {
    let mut ben = world.ben();
    let base = ben.phone.back;
    let mut devices = Vec::new();
    for n in 0..size {
        let mut device = world.enrol(&mut ben);
        devices.push(device.key.id());
        for k in 0..20 {
            world.next(&mut device, &[], Draft::rotation((n * 20 + k) as u64, [9; 32]));
        }
    }
    for device in devices {
        let statement = NewStatement::Revoke { generation: ben.generation, device };
        world.act_on(&mut ben, &statement, base);
    }
}

fn walk(world: &mut World, size: usize) {
    let mut ben = world.ben();
    let mut tablet = world.enrol(&mut ben);
    let statement = NewStatement::Leave { generation: ben.generation };
    let (nonce, base) = (world.random(), tablet.back);
    let draft =
        Draft::statement(&ben.entropy.root_key(0), world.group, &statement, [base], nonce).unwrap();
    world.next(&mut tablet, &[], draft);
    for _ in 0..size {
        world.annas(&[], Draft::merge());
    }
    for _ in 0..20 {
        let head = world.anna.back;
        world.next(&mut ben.phone, &[head], Draft::merge());
        world.annas(&[], Draft::merge());
    }
    // The last entries are Ben's alone.
    let at = world.times.len() - 40;
    let bens: Vec<f64> = world.times[at..].iter().step_by(2).copied().collect();
    world.times.extend(bens);
}

fn reuse(world: &mut World, size: usize) {
    let mut ben = world.ben();
    let mut tablet = world.enrol(&mut ben);
    let (_, _, card) = world.person("Key");
    world.next(&mut tablet, &[], any_add(&card));
    for _ in 0..size {
        world.annas(&[], Draft::merge());
    }
    let head = world.anna.back;
    world.next(&mut ben.phone, &[head], Draft::merge());
    let (entropy, key) = (RootEntropy::from_bytes([0x77; 32]), DeviceKey::from_bytes(&[0x78; 64]));
    let first = SignedCard::new(world.group, "First", &entropy, 0, &key).unwrap();
    world.next(&mut tablet, &[], any_add(&first));
    for n in 0..20 {
        let card = SignedCard::new(world.group, &format!("{n}"), &entropy, 0, &key).unwrap();
        world.next(&mut ben.phone, &[], any_add(&card));
    }
}

/// An add beyond the limits that honest devices keep.
fn any_add(card: &SignedCard) -> Draft {
    let nowhere = ledger_core::hazmat::any_names(GroupId::from_bytes([0; 32]), []);
    Draft::add_member(&nowhere, card).unwrap()
}
