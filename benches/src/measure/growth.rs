//! Growth: the cost of a plain entry must not grow with the ledger.
//!
//! One ledger grows to many entries, and one to 1,000 members, entry by entry through admission,
//! replay and index. Any index in memory has maps, so the cost of maps of the same size is subtracted.

use std::collections::BTreeMap;
use std::time::Instant;

use ledger_core::engine::{Admission, Ledger, MemoryIndex, VerifiedEntry};
use ledger_core::keys::DeviceKey;
use ledger_core::{EntryId, MemberId};

use super::crowd::Crowd;
use super::{Figure, core_ms, median};

/// The largest allowed ratio of an entry at the end and one at the beginning, without maps. The
/// ledger itself grows by a factor of 100.
const AT_MOST: f64 = 3.0;
/// Entries of a block, of which the mean is taken.
const BLOCK: usize = 500;
/// Number of blocks, which are measured in turn in both ledgers.
const BLOCKS: usize = 20;
const MEMBERS: usize = 1_000;

/// Cost of the last entries of a crowd beside that of early ones. Also prints the cost of a removal
/// by the owner.
pub fn entries(crowd: &mut Crowd, among: usize) -> Vec<Figure> {
    let early = 2_000;
    let last = crowd.entries.len() - BLOCKS * BLOCK;
    let (mut young, mut old) = (Replayer::new(crowd, early), Replayer::new(crowd, last));
    let (few, many) = young.interleaved(&mut old, &crowd.entries[early..], &crowd.entries[last..]);
    let maps = Maps::new(crowd);
    let (few_maps, many_maps) = (maps.spend(10 * BLOCK), maps.spend(last));
    let heads = crowd.ledger.frontier().heads().collect();
    let removal = old.take(crowd.remove(among - 1, heads));
    eprintln!(
        "among {last} entries: {many:.2} µs an entry, {few:.2} at the beginning, of which maps \
         {many_maps:.2} and {few_maps:.2}; a checkpoint of {} bytes; a removal that knows \
         everything {:.2} ms",
        crowd.ledger.to_checkpoint().len(),
        removal * 1e-3
    );
    let figure = |name: &str, value, limit, at_most| Figure {
        name: format!("an entry among {last}, by one at the beginning{name}"),
        value,
        unit: "µs",
        limit,
        at_most,
    };
    vec![figure(" (without maps)", many - many_maps, few - few_maps, AT_MOST)]
}

/// Cost of an entry among 1,000 members beside that among ten.
#[must_use]
pub fn members() -> Vec<Figure> {
    let mut crowd = Crowd::new();
    crowd.grow(10);
    let first = crowd.entries.len();
    crowd.write(BLOCKS * BLOCK, 10);
    crowd.grow(MEMBERS);
    let last = crowd.entries.len();
    crowd.write(BLOCKS * BLOCK, MEMBERS);
    let (mut few, mut many) = (Replayer::new(&crowd, first), Replayer::new(&crowd, last));
    let adds = &many.took[many.took.len() - (MEMBERS - 10)..];
    let (first_adds, last_adds) = (median(&adds[..20]), median(&adds[adds.len() - 20..]));
    let (early, late) = few.interleaved(&mut many, &crowd.entries[first..], &crowd.entries[last..]);
    let (few_maps, many_maps) = (people_maps(&crowd.people[..10]), people_maps(&crowd.people));
    let heads = crowd.ledger.frontier().heads().collect();
    let removal = many.take(crowd.remove(500, heads));
    eprintln!(
        "among {MEMBERS} members: {late:.2} µs an entry, {early:.2} among ten, of which maps \
         {many_maps:.2} and {few_maps:.2}; adding the 20th {first_adds:.1} µs, the last \
         {last_adds:.1}; removing one {:.2} ms",
        removal * 1e-3
    );
    vec![Figure {
        name: format!("an entry among {MEMBERS} members, by one among ten (without maps)"),
        value: late - many_maps,
        unit: "µs",
        limit: early - few_maps,
        at_most: AT_MOST,
    }]
}

/// Microseconds for the map look-ups of one entry among so many people: five named people by
/// introduction, by count and by balance, and the author by device, by keys and by person.
fn people_maps(people: &[(MemberId, DeviceKey, EntryId)]) -> f64 {
    let mut introduced: BTreeMap<EntryId, MemberId> =
        people.iter().map(|(member, _, home)| (*home, *member)).collect();
    let mut named: BTreeMap<MemberId, [u64; 2]> =
        people.iter().map(|(member, ..)| (*member, [0; 2])).collect();
    let mut balances = named.clone();
    let large = |_| [0u64; 24];
    let mut authors: [BTreeMap<MemberId, [u64; 24]>; 3] =
        [0; 3].map(|_| people.iter().map(|(member, ..)| (*member, large(member))).collect());
    let took = core_ms(|| {
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
    });
    took * 1e3 / BLOCK as f64
}

/// A device that replays entries of others, one after another.
struct Replayer {
    ledger: Ledger,
    index: MemoryIndex,
    /// Microseconds of each entry.
    took: Vec<f64>,
}

impl Replayer {
    /// A device that has replayed the first entries.
    fn new(crowd: &Crowd, first: usize) -> Self {
        let mut index = MemoryIndex::new();
        let ledger = Ledger::begin(&crowd.entries[0], &mut index).unwrap();
        let mut replayer = Self { ledger, index, took: Vec::new() };
        for entry in &crowd.entries[1..first] {
            replayer.take(entry.clone());
        }
        replayer
    }

    /// Microseconds of an entry on this device and on another, as medians of interleaved blocks.
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
        let entries = entries.to_vec();
        let took = core_ms(|| {
            entries.into_iter().for_each(|entry| {
                self.take(entry);
            });
        });
        took * 1e3 / BLOCK as f64
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

/// Maps from ids to entries, as any index in memory has them.
struct Maps(Vec<EntryId>);

impl Maps {
    fn new(crowd: &Crowd) -> Self {
        Self(crowd.entries.iter().map(VerifiedEntry::id).collect())
    }

    /// Microseconds for three look-ups and two insertions in maps of this size, as for one entry.
    fn spend(&self, size: usize) -> f64 {
        let (known, new) = self.0[..size].split_at(size - BLOCK);
        let mut ids: BTreeMap<EntryId, usize> = known.iter().copied().zip(0..).collect();
        let mut chains: BTreeMap<(usize, usize), EntryId> =
            known.iter().zip(0..).map(|(id, n)| ((n % 5, n / 5), *id)).collect();
        let took = core_ms(|| {
            for (n, id) in (size - BLOCK..).zip(new) {
                assert!(!ids.contains_key(id));
                assert!([n - 1, n - 5].iter().all(|k| ids.contains_key(&self.0[*k])));
                ids.insert(*id, n);
                chains.insert((n % 5, n / 5), *id);
            }
        });
        took * 1e3 / BLOCK as f64
    }
}
