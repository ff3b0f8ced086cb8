//! What happens to the entries: who writes and receives what, when, and what goes wrong.
//!
//! A plan is a list of events that was drawn beforehand. Each event means something whatever became
//! of those before it, so that a failing plan can be shrunk by leaving events out. What the network
//! drops or delays shows in the events that are not there, or come later.

use super::Settings;
use super::script::{Entries, Name, name};
use ledger_model::Kind;
use ledger_model::sim::prng::Prng;
use ledger_model::sim::tally::Tally;

/// Something that happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// An entry is written. The replica nearest to its author gets it with its past.
    Write {
        /// That replica.
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
    Mutant {
        /// The replica.
        to: usize,
        /// The entry.
        entry: Name,
        /// Which bit of its bytes and signature, modulo how many there are.
        bit: usize,
    },
    /// More entries arrive than may wait, which wait for entries that do not exist.
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
        /// Which bit, modulo how many there are.
        bit: usize,
    },
    /// A replica loses what is in memory.
    Crash {
        /// The replica.
        at: usize,
    },
    /// A replica comes back; if it was up, it was closed in good order.
    Restart {
        /// The replica.
        at: usize,
    },
    /// Everybody is up and gets everything that was written; then everything is checked.
    Quiet,
}

/// A list of events, and how often the network did what.
pub(super) struct Plan {
    /// The events.
    pub(super) events: Vec<Event>,
    /// What cannot be seen in them.
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
    /// A replica that nothing reaches from one tick to another.
    partition: Option<(usize, usize, usize)>,
    /// Whether acts and adoptions are slow: they are what changes others' verdicts.
    slow_acts: bool,
}

const NETWORK: &str = "network";

impl Plan {
    /// Draws a plan for these entries.
    #[must_use]
    pub(super) fn of(settings: &Settings, entries: &Entries) -> Plan {
        let mut rng = Prng::new(settings.seed ^ 0xF00D);
        let made = &entries.scene.made;
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

    /// Puts an entry on its way.
    fn send(&mut self, to: usize, entry: Name, now: usize, slow: bool) {
        let faults = self.settings.faults();
        if faults && self.rng.chance(10) {
            // Only the next quiet point brings it.
            return self.count("message dropped");
        }
        let copies = if faults && self.rng.chance(12) { 2 } else { 1 };
        for copy in 0..copies {
            let delay = match (faults, self.rng.below(10)) {
                // In the order of writing, each replica so and so far away.
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

    /// Hands over what is due, in batches.
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

    /// What happens to replicas besides messages.
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
            self.events.push(Event::Mutant { to: at, entry, bit });
        }
    }
}
