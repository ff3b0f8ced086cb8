//! The enforced target: what a plain entry costs does not grow with the ledger.
//!
//! One ledger grows to 100,000 entries and one to 1,000 members, entry by entry
//! through admission, replay and index. Beside the cost of an entry stands the
//! physical limit of the index in memory: looking up and inserting as many ids in
//! maps of the same size.
//!
//! `cargo bench -p ledger-benches --bench growth_target` exits with 1 when the
//! target is missed twice in a row.

#![allow(
    clippy::unwrap_used,
    clippy::float_arithmetic,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a bench, not the library"
)]

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Instant;

use ledger_core::{
    Admission, Amount, Currency, Details, DeviceKey, Draft, EntryId, ExpenseDetails, Ledger,
    MemberId, MemoryIndex, NewAct, NewGroup, RootEntropy, SignedCard, VerifiedEntry, split_equally,
};

/// An entry at the end costs at most this many times one at the beginning, maps
/// aside: far below the 100 times by which the ledger grew.
const LIMIT: f64 = 3.0;
/// Entries of a block whose mean is taken.
const BLOCK: usize = 500;
/// Blocks, here and there in turn.
const BLOCKS: usize = 20;
const ENTRIES: usize = 100_000;
const MEMBERS: usize = 1_000;

fn main() -> ExitCode {
    for attempt in ["first", "second"] {
        let long = entries();
        let wide = members();
        if long < LIMIT && wide < LIMIT {
            return ExitCode::SUCCESS;
        }
        println!("the {attempt} attempt missed the limit of {LIMIT}");
    }
    ExitCode::FAILURE
}

/// 100,000 entries by five people; how much more the last ones cost.
fn entries() -> f64 {
    let mut crowd = Crowd::new();
    (1..5).for_each(|n| crowd.add(n));
    crowd.write(ENTRIES);
    let last = crowd.entries.len() - BLOCKS * BLOCK;
    let (mut young, mut old) = (Reader::of(&crowd, 2_000), Reader::of(&crowd, last));
    let (early, late) =
        young.interleaved(&mut old, &crowd.entries[2_000..], &crowd.entries[last..]);
    let maps = Maps::of(&crowd);
    let (early_maps, late_maps) = (maps.spend(10 * BLOCK), maps.spend(ENTRIES));
    // What the maps of a larger index cost anyway is not the ledger's.
    let ours = (late - late_maps) / (early - early_maps);
    println!(
        "an entry among {ENTRIES}: {late:.2} µs, at the beginning {early:.2} µs, ratio {:.2}; \
         maps of that size alone {late_maps:.2} and {early_maps:.2} µs; without them {ours:.2}",
        late / early
    );
    println!("the checkpoint: {} bytes", crowd.ledger.to_checkpoint().len());
    let heads = crowd.ledger.frontier().heads().collect();
    let removal = old.take(crowd.remove(4, heads));
    println!("a removal that knows everything: {:.2} ms", removal * 1e-3);
    let early = crowd.entries[20].id();
    let removal = old.take(crowd.remove(3, vec![early]));
    println!(
        "a removal that knows next to nothing, of one who wrote {} of them: {:.2} ms",
        ENTRIES / 5,
        removal * 1e-3
    );
    ours
}

/// 1,000 members; how much more an entry costs among them than among ten.
fn members() -> f64 {
    let mut crowd = Crowd::new();
    (1..10).for_each(|n| crowd.add(n));
    let first = crowd.entries.len();
    crowd.write(BLOCKS * BLOCK);
    (10..MEMBERS).for_each(|n| crowd.add(n));
    let last = crowd.entries.len();
    crowd.write(BLOCKS * BLOCK);
    let (mut few, mut many) = (Reader::of(&crowd, first), Reader::of(&crowd, last));
    let adds = &many.took[many.took.len() - (MEMBERS - 10)..];
    let (early, late) = (median(&adds[..20]), median(&adds[adds.len() - 20..]));
    println!("adding the 20th member {early:.1} µs, the last {late:.1} µs");
    let (early, late) = few.interleaved(&mut many, &crowd.entries[first..], &crowd.entries[last..]);
    let (few_maps, many_maps) = (people_maps(&crowd.people[..10]), people_maps(&crowd.people));
    let ours = (late - many_maps) / (early - few_maps);
    println!(
        "an entry among {MEMBERS} members: {late:.2} µs, among ten {early:.2} µs, ratio {:.2}; \
         maps of that size alone {many_maps:.2} and {few_maps:.2} µs; without them {ours:.2}",
        late / early,
    );
    let heads = crowd.ledger.frontier().heads().collect();
    let removal = many.take(crowd.remove(500, heads));
    println!("removing one of them: {:.2} ms", removal * 1e-3);
    ours
}

/// Microseconds an entry takes of looking up five people whom it names, by
/// introduction, by how often they were named and by balance, and its author by
/// device, by keys and by person, in maps of so many people.
fn people_maps(people: &[(MemberId, DeviceKey, EntryId)]) -> f64 {
    let mut introduced: BTreeMap<EntryId, MemberId> =
        people.iter().map(|(member, _, home)| (*home, *member)).collect();
    let mut named: BTreeMap<MemberId, [u64; 2]> =
        people.iter().map(|(member, ..)| (*member, [0; 2])).collect();
    let mut balances = named.clone();
    let large = |_| [0u64; 24];
    let mut authors: [BTreeMap<MemberId, [u64; 24]>; 3] =
        [0; 3].map(|_| people.iter().map(|(member, ..)| (*member, large(member))).collect());
    let begin = Instant::now();
    for n in 0..BLOCK {
        let author = people[n % people.len().min(50)].0;
        authors.iter_mut().for_each(|map| map.get_mut(&author).unwrap()[0] += 1);
        for k in 0..5 {
            let (_, _, home) = &people[(n * 7 + k) % people.len()];
            let member = *introduced.get_mut(home).unwrap();
            named.get_mut(&member).unwrap()[0] += 1;
            // What is paid and what is owed.
            balances.get_mut(&member).unwrap()[0] += 1;
        }
    }
    begin.elapsed().as_secs_f64() * 1e6 / BLOCK as f64
}

fn median(times: &[f64]) -> f64 {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// A device that takes in what others wrote, one entry after the other.
struct Reader {
    ledger: Ledger,
    index: MemoryIndex,
    /// Microseconds that each entry took.
    took: Vec<f64>,
}

impl Reader {
    /// Takes in the first entries.
    fn of(crowd: &Crowd, first: usize) -> Self {
        let mut index = MemoryIndex::new();
        let ledger = Ledger::begin(&crowd.entries[0], &mut index).unwrap();
        let mut reader = Self { ledger, index, took: Vec::new() };
        for entry in &crowd.entries[1..first] {
            reader.take(entry.clone());
        }
        reader
    }

    /// Microseconds an entry here and there, by the medians of interleaved blocks.
    fn interleaved(
        &mut self,
        other: &mut Self,
        ours: &[VerifiedEntry],
        theirs: &[VerifiedEntry],
    ) -> (f64, f64) {
        let pairs = ours.chunks_exact(BLOCK).zip(theirs.chunks_exact(BLOCK)).take(BLOCKS);
        let (ours, theirs): (Vec<f64>, Vec<f64>) =
            pairs.map(|(a, b)| (self.block(a), other.block(b))).unzip();
        (median(&ours), median(&theirs))
    }

    fn block(&mut self, entries: &[VerifiedEntry]) -> f64 {
        let times: Vec<f64> = entries.iter().map(|entry| self.take(entry.clone())).collect();
        times.iter().sum::<f64>() / BLOCK as f64
    }

    fn take(&mut self, entry: VerifiedEntry) -> f64 {
        let id = entry.id();
        let begin = Instant::now();
        let Ok(Admission::Admitted(entry)) = self.ledger.admit(entry, &self.index) else {
            panic!("{id} is not admitted");
        };
        let Ok(replayed) = self.ledger.replay(&entry, &self.index);
        self.index.insert(&entry, &replayed);
        let took = begin.elapsed();
        assert!(replayed.verdict().is_applied());
        self.took.push(took.as_secs_f64() * 1e6);
        took.as_secs_f64() * 1e6
    }
}

/// People with a phone each, who write in turn.
struct Crowd {
    ledger: Ledger,
    index: MemoryIndex,
    /// Member, phone, and the entry that enrolled it.
    people: Vec<(MemberId, DeviceKey, EntryId)>,
    entries: Vec<VerifiedEntry>,
}

impl Crowd {
    fn new() -> Self {
        let device = phone(0);
        let group = NewGroup {
            name: "Crowd",
            founder: "0",
            entropy: &RootEntropy::from_bytes(seed(0)),
            index: 0,
            salt: [1; 32],
            successor_of: None,
        };
        let genesis = group.found(&device, 0).unwrap();
        let mut index = MemoryIndex::new();
        let ledger = Ledger::begin(&genesis, &mut index).unwrap();
        let founder = ledger.state().members()[0].0;
        let people = vec![(founder, device, genesis.id())];
        Self { ledger, index, people, entries: vec![genesis] }
    }

    fn add(&mut self, n: usize) {
        let (device, entropy) = (phone(n), RootEntropy::from_bytes(seed(n)));
        let card =
            SignedCard::new(self.ledger.group(), &n.to_string(), &entropy, 0, &device).unwrap();
        let draft = Draft::add_member(self.ledger.state(), &card).unwrap();
        let id = self.sign(0, draft).id();
        self.people.push((card.card().member(), device, id));
    }

    fn remove(&mut self, who: usize, base: Vec<EntryId>) -> VerifiedEntry {
        let owner = RootEntropy::from_bytes(seed(0)).root_key(0);
        let act = NewAct::Remove { member: self.people[who].0 };
        let draft = Draft::act(&owner, self.ledger.group(), &act, base, [7; 16]).unwrap();
        self.sign(0, draft)
    }

    /// Some entries by everybody in turn.
    fn write(&mut self, entries: usize) {
        for _ in 0..entries {
            let n = self.entries.len();
            let who = n % self.people.len().min(50);
            let amount = Amount::from_minor_units(100 + n as u64 % 5_000).unwrap();
            let members: Vec<MemberId> =
                (0..5).map(|k| self.people[(n * 7 + k) % self.people.len()].0).collect();
            let shares = members.iter().copied().zip(split_equally(amount, 5, n as u64)).collect();
            let details = Details::Expense(ExpenseDetails {
                date: "2026-05-01".parse().unwrap(),
                description: "bread".to_owned(),
                category: None,
                note: None,
                currency: Currency::from_code("EUR").unwrap(),
                amount,
                payers: vec![(members[0], amount)],
                shares,
                origin: None,
            });
            self.sign(who, Draft::record(self.ledger.state(), &details).unwrap());
        }
    }

    fn sign(&mut self, who: usize, draft: Draft) -> VerifiedEntry {
        let (_, device, home) = &self.people[who];
        let at = self.ledger.next_position(device.id());
        let at = at.or_else(|| self.ledger.first_position(device.id(), *home)).unwrap();
        let entry = draft.sign(device, &at, 0).unwrap();
        let Ok(Admission::Admitted(admitted)) = self.ledger.admit(entry.clone(), &self.index)
        else {
            panic!("{} is not admitted", entry.id());
        };
        let Ok(replayed) = self.ledger.replay(&admitted, &self.index);
        self.index.insert(&admitted, &replayed);
        self.entries.push(entry.clone());
        entry
    }
}

/// Maps from ids to entries, as any index has them.
struct Maps(Vec<EntryId>);

impl Maps {
    fn of(crowd: &Crowd) -> Self {
        Self(crowd.entries.iter().map(VerifiedEntry::id).collect())
    }

    /// Microseconds an entry takes of looking up itself and two others, and of
    /// two insertions, in maps of some size.
    fn spend(&self, size: usize) -> f64 {
        let (known, new) = self.0[..size].split_at(size - BLOCK);
        let mut ids: BTreeMap<EntryId, usize> = known.iter().copied().zip(0..).collect();
        let mut chains: BTreeMap<(usize, usize), EntryId> =
            known.iter().zip(0..).map(|(id, n)| ((n % 5, n / 5), *id)).collect();
        let begin = Instant::now();
        for (n, id) in (size - BLOCK..).zip(new) {
            assert!(!ids.contains_key(id));
            assert!([n - 1, n - 5].iter().all(|k| ids.contains_key(&self.0[*k])));
            ids.insert(*id, n);
            chains.insert((n % 5, n / 5), *id);
        }
        begin.elapsed().as_secs_f64() * 1e6 / BLOCK as f64
    }
}

fn phone(n: usize) -> DeviceKey {
    let mut bytes = [0x11; 64];
    bytes[..8].copy_from_slice(&(n as u64).to_be_bytes());
    bytes[32..40].copy_from_slice(&(n as u64).to_be_bytes());
    DeviceKey::from_bytes(&bytes)
}

fn seed(n: usize) -> [u8; 32] {
    let mut bytes = [0x22; 32];
    bytes[..8].copy_from_slice(&(n as u64).to_be_bytes());
    bytes
}
