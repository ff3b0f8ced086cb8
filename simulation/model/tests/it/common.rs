//! A tiny builder for histories written by hand.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing
)]

use ledger_model::*;

/// A device and its chain.
#[derive(Clone, Copy)]
pub struct DeviceChain {
    pub key: Device,
    pub seq: u32,
    pub back: Option<Id>,
}

/// A history under construction. The owner is member 1 with root 100 and device 1000; member n's
/// card has root 100 n and device 1000 n.
#[derive(Clone)]
pub struct Group {
    pub history: History,
    pub next: Id,
    pub owner: DeviceChain,
    pub genesis: Id,
}

pub fn card(n: u32) -> Card {
    Card { id: n, name: n, of: Holder::Person { root: 100 * n, device: 1000 * n } }
}

pub fn placeholder(n: u32, introducer: MemberId) -> Card {
    Card { id: n, name: n, of: Holder::Placeholder { introducer } }
}

/// `payer` paid `total` for `debtor`.
pub fn debt(payer: MemberId, debtor: MemberId, total: i64) -> Content {
    let (paid, shares) = (vec![(payer, total)], vec![(debtor, total)]);
    Content { currency: 0, total, paid, shares, incoming: false, origin: None }
}

impl Group {
    pub fn new() -> Group {
        let owner = DeviceChain { key: 1000, seq: 0, back: None };
        let mut g = Group { history: History::new(), next: 1, owner, genesis: 1 };
        let mut owner = g.owner;
        g.genesis = g.write(&mut owner, &[], Kind::Genesis { card: card(1), name: 7 });
        g.owner = owner;
        g
    }

    /// A device whose chain starts at this entry.
    pub fn device(&self, key: Device, start: Id) -> DeviceChain {
        DeviceChain { key, seq: 0, back: Some(start) }
    }

    /// Makes an entry with these parents and admits it.
    pub fn write(&mut self, dev: &mut DeviceChain, parents: &[Id], kind: Kind) -> Id {
        let entry = self.make(*dev, parents, kind);
        let id = entry.id;
        self.history.admit(entry).unwrap();
        *dev = DeviceChain { key: dev.key, seq: dev.seq + 1, back: Some(id) };
        id
    }

    pub fn make(&mut self, dev: DeviceChain, parents: &[Id], kind: Kind) -> Entry {
        let refs = kind.named_entries();
        let mut entry = Entry {
            id: self.next,
            device: dev.key,
            seq: dev.seq,
            backlink: dev.back,
            parents: parents.iter().copied().collect(),
            refs,
            lamport: 0,
            kind,
        };
        entry.lamport = 1 + self.history.clock(&entry.dependencies());
        self.next += 1;
        entry
    }

    /// A statement with a fresh digest.
    pub fn state(&mut self, signer: Root, base: &[Id], body: Body) -> Statement {
        self.next += 1;
        Statement { digest: self.next, signer, base: base.iter().copied().collect(), body }
    }

    /// A statement, made and carried by the owner's device with the same frontier.
    pub fn act(&mut self, signer: Root, base: &[Id], body: Body) -> (Id, Digest) {
        let s = self.state(signer, base, body);
        let mut owner = self.owner;
        let id = self.write(&mut owner, base, Kind::Statement(s.clone()));
        self.owner = owner;
        (id, s.digest)
    }

    /// The owner's device writes.
    pub fn by_owner(&mut self, parents: &[Id], kind: Kind) -> Id {
        let mut owner = self.owner;
        let id = self.write(&mut owner, parents, kind);
        self.owner = owner;
        id
    }

    /// The owner's device adds member n; their first device.
    pub fn add(&mut self, n: u32) -> (Id, DeviceChain) {
        let id = self.by_owner(&[], Kind::Add { card: card(n) });
        (id, self.device(1000 * n, id))
    }

    pub fn resolution(&self) -> Resolution {
        resolve(&self.history)
    }

    pub fn verdict(&self, id: Id) -> Verdict {
        self.resolution().verdicts[&id]
    }

    pub fn applied(&self, id: Id) -> bool {
        self.resolution().applied(id)
    }

    pub fn active(&self, generation: Generation, device: Device) -> bool {
        self.resolution().state.devices.contains_key(&(generation, device))
    }

    pub fn balance(&self, m: MemberId) -> i128 {
        self.resolution().state.balances.get(&(m, 0)).copied().unwrap_or(0)
    }
}
