//! The plan of a history: a list of events that is drawn beforehand.
//!
//! An event says who writes or receives which entries, or what goes wrong. Each event has a meaning
//! whatever became of the events before it, so a failing plan can be shrunk by leaving events out.
//! A message that the network drops has no event; one that it delays has a later event.

use ledger_model::Kind;
use ledger_model::sim::prng::Prng;
use ledger_model::sim::tally::Tally;

use super::Settings;
use super::script::{Entries, Name, name};

/// One event of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// An entry is written. The replica nearest to its author gets the entry with its past.
    Write {
        /// The replica nearest to the author.
        home: usize,
        /// The entry.
        entry: Name,
    },
    /// A batch arrives and is ingested in one transaction, unless the replica is down.
    Deliver {
        /// The replica.
        to: usize,
        /// The entries, in the order in which they lie in the batch.
        batch: Vec<Name>,
        /// After how many of them the replica crashes, with the batch not committed.
        crash: Option<usize>,
    },
    /// An entry arrives with one bit flipped on the way.
    FlippedBit {
        /// The replica.
        to: usize,
        /// The entry.
        entry: Name,
        /// Number of the bit in bytes and signature; the number wraps around.
        bit: usize,
    },
    /// More entries arrive than may wait. They need entries that do not exist.
    Flood {
        /// The replica.
        to: usize,
    },
    /// A replica saves a checkpoint.
    Checkpoint {
        /// The replica.
        at: usize,
    },
    /// A bit of the newest checkpoint flips on disk.
    Damage {
        /// The replica.
        at: usize,
        /// Number of the bit; the number wraps around.
        bit: usize,
    },
    /// A replica loses everything that is in memory only.
    Crash {
        /// The replica.
        at: usize,
    },
    /// A replica restarts. One that is up closes in good order first.
    Restart {
        /// The replica.
        at: usize,
    },
    /// A quiet point: all replicas come up and get all written entries; then everything is checked.
    Quiet,
}

/// A list of events, and counts of what the network did.
pub(super) struct Plan {
    /// The events.
    pub(super) events: Vec<Event>,
    /// Counts of network faults that leave no event.
    pub(super) tally: Tally,
}

/// A message on its way.
struct Message {
    to: usize,
    entry: Name,
    due: usize,
}

struct Planner<'a> {
    settings: &'a Settings,
    rng: Prng,
    tally: Tally,
    events: Vec<Event>,
    under_way: Vec<Message>,
    /// Replicas that are down, and until when.
    down: Vec<(usize, usize)>,
    /// A replica that no message reaches, from one tick until another.
    partition: Option<(usize, usize, usize)>,
    /// Whether statements and adoptions are slow: they change verdicts of other entries.
    slow_acts: bool,
}

const NETWORK: &str = "network";

impl Plan {
    /// Draws a plan for these entries.
    #[must_use]
    pub(super) fn new(settings: &Settings, entries: &Entries) -> Plan {
        let mut rng = Prng::new(settings.seed ^ 0xF00D);
        let made = &entries.real_history.made;
        let ticks = made.len();
        let partition = (settings.faults() && rng.chance(40)).then(|| {
            let (one, other) = (rng.below(ticks), rng.below(ticks));
            (rng.below(settings.replicas), one.min(other), one.max(other))
        });
        let mut p = Planner {
            settings,
            rng,
            tally: Tally::default(),
            events: Vec::new(),
            under_way: Vec::new(),
            down: Vec::new(),
            partition,
            slow_acts: false,
        };
        p.slow_acts = settings.faults() && p.rng.chance(30);
        p.tally.add(NETWORK, "a replica cut off for a while", usize::from(partition.is_some()));
        let flood = settings.lies().then(|| p.rng.below(ticks.saturating_mul(25)));
        for (now, made) in made.iter().enumerate() {
            let device = usize::try_from(made.step.entry.device).unwrap_or(0);
            let home = device.checked_rem(settings.replicas).unwrap_or(0);
            let kind = &made.step.entry.kind;
            p.events.push(Event::Write { home, entry: name(made) });
            for to in (0..settings.replicas).filter(|to| *to != home) {
                let slow = p.slow_acts && matches!(kind, Kind::Statement(_) | Kind::Adopt { .. });
                p.send(to, name(made), now, slow);
            }
            if flood == Some(now) {
                let to = p.rng.below(settings.replicas);
                p.events.push(Event::Flood { to });
            }
            p.mishaps(name(made), now);
            p.deliver(now);
            if p.rng.below(ticks) == 0 {
                p.events.push(Event::Quiet);
            }
        }
        p.events.push(Event::Quiet);
        Plan { events: p.events, tally: p.tally }
    }
}

impl Planner<'_> {
    fn count(&mut self, row: &'static str) {
        self.tally.add(NETWORK, row, 1);
    }

    /// Sends an entry to a replica; the network may drop, delay or repeat the message.
    fn send(&mut self, to: usize, entry: Name, now: usize, slow: bool) {
        let faults = self.settings.faults();
        if faults && self.rng.chance(10) {
            // Only the next quiet point brings it.
            return self.count("message dropped");
        }
        let copies = if faults && self.rng.chance(12) { 2 } else { 1 };
        for copy in 0..copies {
            let delay = match (faults, self.rng.below(10)) {
                // In the order of writing, with a fixed delay for each replica.
                (false, _) => to % 4,
                (true, 0..=6) if !slow => self.rng.below(5),
                (true, _) => self.rng.below(30),
            };
            if delay > 0 {
                self.count("message delayed");
            }
            if copy > 0 {
                self.count("message duplicated");
            }
            let mut due = now.saturating_add(delay);
            if let Some((who, from, until)) = self.partition
                && who == to
                && (from..until).contains(&due)
            {
                due = until;
            }
            self.under_way.push(Message { to, entry, due });
        }
    }

    /// Delivers the messages that are due, in batches.
    fn deliver(&mut self, now: usize) {
        for to in 0..self.settings.replicas {
            let mut due: Vec<Name> = Vec::new();
            self.under_way.retain(|message| {
                let arrives = message.to == to && message.due <= now;
                if arrives {
                    due.push(message.entry);
                }
                !arrives
            });
            if self.settings.faults() {
                let sent = due.clone();
                self.rng.shuffle(&mut due);
                if due != sent {
                    self.count("batch reordered");
                }
            }
            while !due.is_empty() {
                let size = due.len().min(self.rng.below(6).saturating_add(1));
                let batch: Vec<Name> = due.drain(..size).collect();
                let crashes = self.settings.faults() && self.rng.chance(3);
                let crash = crashes.then(|| self.rng.below(batch.len().saturating_add(1)));
                self.events.push(Event::Deliver { to, batch, crash });
                if crash.is_some() {
                    self.down.push((to, now.saturating_add(self.rng.below(5))));
                }
            }
        }
        let (back, down) = self.down.iter().partition(|(_, until)| *until <= now);
        self.down = down;
        let back: Vec<(usize, usize)> = back;
        self.events.extend(back.into_iter().map(|(at, _)| Event::Restart { at }));
    }

    /// Draws checkpoints, damage, crashes and restarts of replicas.
    fn mishaps(&mut self, entry: Name, now: usize) {
        let at = self.rng.below(self.settings.replicas);
        let (faults, lies) = (self.settings.faults(), self.settings.lies());
        if self.rng.chance(15) {
            self.events.push(Event::Checkpoint { at });
        }
        if faults && self.rng.chance(3) {
            let bit = self.rng.below(1 << 16);
            self.events.push(Event::Damage { at, bit });
        }
        if faults && self.rng.chance(5) {
            self.events.push(Event::Crash { at });
            self.down.push((at, now.saturating_add(self.rng.below(8))));
        } else if self.rng.chance(4) {
            self.events.push(Event::Restart { at });
        }
        if (faults || lies) && self.rng.chance(5) {
            let bit = self.rng.below(1 << 16);
            self.events.push(Event::FlippedBit { to: at, entry, bit });
        }
    }
}
