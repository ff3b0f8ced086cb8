//! A device with a small group, and what taking bytes in costs it.

use std::ops::ControlFlow;
use std::path::PathBuf;

use ledger_core::keys::RootEntropy;
use ledger_core::statement::Generation;
use ledger_store::{Group, Progress};
use rustix::time::{ClockId, clock_gettime};

use super::super::crowd::{phone, seed};
use super::super::host::{Guest, Host};
use super::author::{Author, Device};

/// Entries of the group before the bytes come.
const ENTRIES: usize = 200;

/// The member who means harm, of those whom the group has: one who has written nothing yet.
const BEN: usize = 8;

/// Bytes that a device takes in by one call.
pub(super) enum Act {
    /// A bundle, whole or not.
    Import(Vec<u8>),
    /// Entries that were opened.
    Ingest(Vec<(Vec<u8>, [u8; 64])>),
}

impl Act {
    fn bytes(&self) -> usize {
        match self {
            Self::Import(bundle) => bundle.len(),
            Self::Ingest(entries) => entries.iter().map(|(bytes, _)| bytes.len() + 64).sum(),
        }
    }
}

/// Cost of taking bytes in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cost {
    /// Number of bytes.
    pub(super) bytes: f64,
    /// Time on cores, in milliseconds.
    pub(super) ms: f64,
    /// Growth of the peak of memory, in kilobytes.
    pub(super) memory: f64,
    /// Growth of the database, in kilobytes.
    pub(super) disk: f64,
}

impl Cost {
    pub(super) fn print(&self) -> String {
        let Self { bytes, ms, memory, disk } = self;
        format!("{bytes} {ms} {memory} {disk}")
    }

    pub(super) fn read(text: &str) -> Self {
        let numbers: Vec<f64> = text.split_whitespace().map(|n| n.parse().unwrap()).collect();
        let [bytes, ms, memory, disk] = numbers[..] else { panic!("{text}") };
        Self { bytes, ms, memory, disk }
    }
}

/// A device that holds a small group, and a member who means harm.
pub(super) struct Scene {
    pub(super) host: Host,
    /// Signs what the member means to send.
    pub(super) author: Author,
    /// The device of the member.
    pub(super) ben: Device,
    /// Whether the member was removed.
    removed: bool,
    /// A person who joined and has no entries yet; the honest bundle is for this one.
    guest: Option<Guest>,
    /// A place for further files.
    file: Option<PathBuf>,
}

impl Scene {
    /// A scene in which Ben is a member, or was removed.
    pub(super) fn new(removed: bool) -> Self {
        let mut host = Host::new(ENTRIES);
        if removed {
            let base = vec![host.crowd.entries.last().unwrap().id()];
            let removal = host.crowd.remove(BEN, base);
            host.group.entries().ingest_verified(vec![removal]).unwrap();
        }
        let (member, _, home) = &host.crowd.people[BEN];
        let entropy = RootEntropy::from_bytes(seed(BEN));
        let mut author = Author::new(host.group.id(), entropy, Generation::Card(*member), *member);
        for entry in &host.crowd.entries {
            let header = entry.decoded().header();
            author.know(entry.id(), header.lamport());
        }
        let ben = Device { key: phone(BEN), seq: 0, back: *home };
        Self { host, author, ben, removed, guest: None, file: None }
    }

    /// The group on the device that takes the bytes in.
    fn group(&self) -> &Group {
        self.guest.as_ref().map_or(&self.host.group, |guest| &guest.group)
    }

    /// Takes everything in, and measures what that costs.
    pub(super) fn cost(self, acts: Vec<Act>) -> Cost {
        let bytes: usize = acts.iter().map(Act::bytes).sum();
        // What was not written yet must not count.
        self.group().checkpoint().unwrap();
        self.host.settle();
        self.guest.iter().for_each(Guest::settle);
        let path = self.file.clone().unwrap_or_else(|| self.host.path(Host::NAME));
        let disk = size(&path);
        let held = memory_before();
        let begin = on_cores();
        for act in &acts {
            match act {
                Act::Import(bundle) => {
                    let imported = self
                        .group()
                        .bundles()
                        .import(&mut &bundle[..], &mut |_: Progress| ControlFlow::Continue(()));
                    // To noise, a refusal is the right answer.
                    let intact = imported.is_ok_and(|imported| imported.is_complete());
                    assert!(intact || self.guest.is_none(), "an honest bundle");
                }
                Act::Ingest(entries) => {
                    let report = self.group().entries().ingest(entries).unwrap();
                    assert!(report.refused.is_empty(), "{:?}", report.refused);
                    // All entries of a member are kept: what is left out costs less.
                    assert!(self.removed || report.added.len() == entries.len(), "{report:?}");
                }
            }
        }
        let ms = on_cores() - begin;
        let memory = peak() - held;
        let Self { host, guest, .. } = self;
        drop(guest);
        let grown = match &self.file {
            Some(path) => size(path),
            None => host.close(),
        };
        let grown = grown.saturating_sub(disk);
        Cost {
            bytes: bytes as f64,
            ms,
            memory: memory.max(1.0),
            disk: (grown as f64 / 1e3).max(1.0),
        }
    }
}

/// A bundle with so many entries, for a person who joined.
pub(super) fn honest(scene: &mut Scene, entries: usize) -> Vec<Act> {
    scene.host.crowd.write(entries, 6);
    let new = scene.host.crowd.entries.len() - entries;
    scene.host.group.entries().ingest_verified(scene.host.crowd.entries[new..].to_vec()).unwrap();
    let bundle = scene.host.admit("guest.db");
    scene.guest = Some(scene.host.open("guest.db"));
    scene.file = Some(scene.host.path("guest.db"));
    vec![Act::Import(bundle)]
}

fn size(path: &std::path::Path) -> u64 {
    std::fs::metadata(path).map_or(0, |file| file.len())
}

/// Time of this process on cores, in milliseconds.
fn on_cores() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}

/// Forgets the peak of memory so far. Returns what is held, in kilobytes.
fn memory_before() -> f64 {
    // Where it cannot be forgotten, the figure is too large, not too small.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    kilobytes("VmRSS:")
}

fn peak() -> f64 {
    kilobytes("VmHWM:")
}

fn kilobytes(line: &str) -> f64 {
    super::super::memory::kilobytes(line) as f64
}
