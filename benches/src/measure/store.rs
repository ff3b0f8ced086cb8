//! Cost of the store at 100,000 entries.

use std::collections::BTreeMap;

use ed25519_zebra::SigningKey;
use ledger_core::engine::VerifiedEntry;
use ledger_core::limits::CHECKPOINT_INTERVAL;
use ledger_store::NewEntry;

use super::bed::{AMONG, BATCH, Bed, DEPTHS, File};
use super::raw::{self, Raw, Reader};
use super::{Effort, Figure, Report, core_ms, median, time_ms};

/// Every figure of the store.
pub fn all(report: &mut Report, bed: &mut Bed, effort: Effort) {
    let mut rebuild = Rebuild::new(bed, effort);
    rebuild.some();
    report.measure(|| ingest(bed, effort));
    rebuild.some();
    report.measure(|| append_and_late(bed, effort));
    rebuild.some();
    report.measure(|| open(bed, effort));
    rebuild.some();
    report.measure(|| rebuild.figures());
    report.measure(|| disk(bed));
    report.measure(|| super::memory::figures(&bed.large));
}

/// Ingest of verified entries in batches, beside raw inserts of the same rows into a copy.
fn ingest(bed: &mut Bed, effort: Effort) -> Vec<Figure> {
    let copy = bed.large.copy("raw.db");
    let mut raw = Raw::open(&copy.path, &copy.keys);
    let (_store, group) = bed.large.open();
    let reader = Reader::open(&bed.large.path, &bed.large.keys);
    let pair = |_| {
        let batch = bed.next(BATCH);
        let last = reader.last();
        let (batch, kept) = (batch.clone(), batch);
        let ours = time_ms(|| {
            group.entries().ingest_verified(batch).unwrap();
        });
        (ours, raw.insert(&reader.after(last, &kept, bed.crowd.ledger.state())))
    };
    let (ours, theirs): (Vec<f64>, Vec<f64>) = (0..effort.times(9)).map(pair).unzip();
    assert_eq!(group.ledger().unwrap().state().digest(), bed.crowd.ledger.state().digest());
    vec![Figure {
        name: "ingest of a verified entry, by raw inserts of its rows".to_owned(),
        value: median(&ours) * 1e3 / BATCH as f64,
        unit: "µs",
        limit: median(&theirs) * 1e3 / BATCH as f64,
        at_most: 1.5,
    }]
}

/// Durable appends, beside the same rows raw and one signature; and entries that come in late,
/// beside appends.
fn append_and_late(bed: &mut Bed, effort: Effort) -> Vec<Figure> {
    let copy = bed.large.copy("raw.db");
    let mut raw = Raw::open(&copy.path, &copy.keys);
    let file = bed.large.clone();
    let (_store, group) = file.open();
    let reader = Reader::open(&file.path, &file.keys);
    let key = SigningKey::from([7; 32]);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let mut late: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for n in 0..effort.times(11) {
        for depth in 0..DEPTHS.len() {
            let details = bed.crowd.expense(n, AMONG);
            let last = reader.last();
            ours.push(time_ms(|| {
                group.entries().append(vec![NewEntry::Record(details)]).unwrap();
            }));
            let written: Vec<VerifiedEntry> =
                group.lists().activity(None, 1).unwrap().into_iter().map(|row| row.entry).collect();
            let state = bed.crowd.ledger.state();
            theirs.push(raw.sign_and_insert(&key, &reader.after(last, &written, state)));

            let entry = bed.late(depth);
            let bytes = (entry.decoded().as_bytes().to_vec(), *entry.decoded().signature());
            late.entry(depth).or_default().push(time_ms(|| {
                assert_eq!(group.entries().ingest(&[bytes]).unwrap().added.len(), 1);
            }));
        }
    }
    let append = median(&ours);
    let mut figures = vec![Figure {
        name: "durable append, by its rows and a signature".to_owned(),
        value: append,
        unit: "ms",
        limit: median(&theirs),
        at_most: 1.3,
    }];
    figures.extend(late.into_iter().map(|(depth, times)| Figure {
        name: format!("late entry, after {} % of the others, by an append", DEPTHS[depth]),
        value: median(&times),
        unit: "ms",
        limit: append,
        at_most: 1.5,
    }));
    figures
}

/// Adds entries until the tail after the last checkpoint is as long as it can be.
fn lengthen_tail(file: &File, mut more: impl FnMut(usize) -> Vec<VerifiedEntry>) {
    let replayed = file.open().1.opening().unwrap().replayed;
    let entries = (CHECKPOINT_INTERVAL - 1).saturating_sub(replayed);
    let (_store, group) = file.open();
    group.entries().ingest_verified(more(usize::try_from(entries).unwrap())).unwrap();
    drop((_store, group));
    assert_eq!(file.open().1.opening().unwrap().replayed, CHECKPOINT_INTERVAL - 1);
}

/// Opening with a checkpoint and the longest tail, beside reading as many bytes, and beside opening
/// 1,000 entries.
fn open(bed: &mut Bed, effort: Effort) -> Vec<Figure> {
    let (large, small) = (bed.large.clone(), bed.small.clone());
    lengthen_tail(&large, |entries| bed.next(entries));
    let known = small.open().1.ledger().unwrap().frontier().entries() as usize;
    lengthen_tail(&small, |entries| bed.crowd.entries[known..known + entries].to_vec());
    let opened = |file: &File| {
        time_ms(|| {
            let (_store, group) = file.open();
            assert!(group.opening().unwrap().from_checkpoint > 0);
        })
    };
    let (mut ours, mut theirs, mut little) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..effort.times(15) {
        ours.push(opened(&large));
        theirs.push(time_ms(|| raw::open_and_read(&large.path, &large.keys)));
        little.push(opened(&small));
    }
    let figure = |name: &str, limit, at_most| Figure {
        name: format!("open with 499 entries after the checkpoint, by {name}"),
        value: median(&ours),
        unit: "ms",
        limit,
        at_most,
    };
    vec![
        figure("file, blob, 500 rows", median(&theirs), 3.0),
        figure("itself at 1,000", median(&little), 1.5),
    ]
}

/// Rebuilding of verdicts and balances from the stored entries, without the time for reading them.
///
/// The file is in the system's cache for both. Measured in turn with reading the rows raw, over the
/// whole run: a fixed bound of 3 µs was missed and met by the same program within minutes, as it waits
/// for memory, which others on a machine take.
pub struct Rebuild {
    large: File,
    middle: File,
    rounds: usize,
    /// Microseconds of an entry, in the large file and in the middle one, and of reading one of the
    /// large file.
    rounds_done: Vec<[f64; 3]>,
}

/// What rebuilding may take beyond reading, by reading.
const BY_READING: f64 = 1.5;

impl Rebuild {
    /// A measurement on copies of the databases as they are now, in their folder.
    #[must_use]
    pub fn new(bed: &Bed, effort: Effort) -> Self {
        let without_checkpoints = |file: &File, name| {
            let copy = file.copy(name);
            raw::connect(&copy.path, &copy.keys).execute_batch("DELETE FROM checkpoints").unwrap();
            raw::read_all(&copy.path, &copy.keys);
            copy
        };
        Self {
            large: without_checkpoints(&bed.large, "large without.db"),
            middle: without_checkpoints(&bed.middle, "middle without.db"),
            rounds: effort.times(4),
            rounds_done: Vec::new(),
        }
    }

    /// Measures some rounds. Opening saves no checkpoint, so each round finds the same file.
    fn some(&mut self) {
        let each = |file: &File| {
            let mut replayed = 0;
            let ours = core_ms(|| replayed = file.open().1.opening().unwrap().replayed);
            let rows = core_ms(|| raw::read_all(&file.path, &file.keys));
            let entries = replayed as f64;
            ((ours - rows) * 1e3 / entries, rows * 1e3 / entries)
        };
        let round = |_| {
            let ((large, reading), (middle, _)) = (each(&self.large), each(&self.middle));
            [large, middle, reading]
        };
        self.rounds_done.extend((0..self.rounds).map(round).collect::<Vec<_>>());
    }

    /// The figures of the rounds since the last call. Measures now if there were none.
    pub fn figures(&mut self) -> Vec<Figure> {
        if self.rounds_done.is_empty() {
            (0..4).for_each(|_| self.some());
        }
        let rounds = std::mem::take(&mut self.rounds_done);
        let median_of = |n: usize| median(&rounds.iter().map(|round| round[n]).collect::<Vec<_>>());
        let (large, middle, reading) = (median_of(0), median_of(1), median_of(2));
        let figure = |name: &str, limit, at_most| Figure {
            name: format!("rebuild, an entry beyond reading it{name}"),
            value: large,
            unit: "µs",
            limit,
            at_most,
        };
        vec![
            figure(", by reading it raw", reading, BY_READING),
            figure(", by one among 10,000", middle, 1.5),
        ]
    }
}

/// Disk space of an entry with all its rows.
fn disk(bed: &Bed) -> Vec<Figure> {
    let (store, group) = bed.large.open();
    let entries = group.ledger().unwrap().frontier().entries();
    drop((group, store));
    vec![Figure {
        name: "disk, an entry with five shares, with everything".to_owned(),
        value: bed.large.bytes() as f64 / entries as f64,
        unit: "B",
        limit: 1_000.0,
        at_most: 1.0,
    }]
}
