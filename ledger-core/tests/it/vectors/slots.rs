//! Slots: the current version of an expense, after corrections, cancellations and copies
//! (SPEC §6.7).

use ledger_core::engine::Draft;
use serde_json::{Value, json};

use crate::vectors::several;
use crate::vectors::world::World;

fn correct(w: &mut World, device: u8, label: &str, original: &str, amount: u64, after: &[&str]) {
    let details = w.dinner("genesis", "add-ben", amount);
    let draft = Draft::correction(&w.state(), w.id(original), &details).unwrap();
    w.say(device, label, after, draft);
}

fn corrections() -> Value {
    let mut w = World::with_ben();
    w.record(1, "dinner", &["*"], &w.dinner("genesis", "add-ben", 1000));
    correct(&mut w, 1, "early", "dinner", 2000, &[]);
    correct(&mut w, 2, "race", "dinner", 4000, &["dinner"]);
    let race = w.scenario(
        "correction-race",
        "Of two concurrent corrections the larger in (lamport, id) counts.",
        &[],
    );
    let transfer = w.transfer("add-ben", "genesis", 77);
    let draft = Draft::correction(&w.state(), w.id("dinner"), &transfer).unwrap();
    w.say(2, "transfer", &["*"], draft);
    let last = w.scenario(
        "correction-to-transfer",
        "The last correction counts; an expense may become a transfer.",
        &[],
    );
    w.say(1, "cancel", &["dinner"], Draft::cancellation(w.id("dinner"), None));
    correct(&mut w, 2, "too-late", "dinner", 8000, &["*"]);
    let ended = w.scenario("cancelled", "A cancellation ends a slot, wherever it sorts.", &[]);
    json!([race, last, ended])
}

fn copies() -> Value {
    let mut w = World::with_ben();
    w.add(1, "cleo", 3, 3, &["*"]);
    w.tablet();
    w.record(4, "dinner", &["*"], &w.dinner("genesis", "add-ben", 1000));
    let copy = |w: &World, amount| {
        let details = w.dinner("genesis", "add-ben", amount);
        Draft::copy(&w.state(), w.id("dinner"), &details).unwrap()
    };
    w.say(1, "copy-a", &["dinner"], copy(&w, 1002));
    w.say(3, "copy-b", &["dinner"], copy(&w, 1004));
    let waiting = w.scenario("copies-wait", "Copies of an applied original wait.", &[]);
    w.revoke_tablet(2, "revoke", &["enrol"], &[]);
    let race = w.scenario(
        "copy-race",
        "The original is void: the first copy in (lamport, id) counts, once.",
        &[("dinner", 41)],
    );
    correct(&mut w, 1, "of-copy", "copy-b", 3000, &["*"]);
    let corrected = w.scenario(
        "correction-of-a-copy",
        "A correction of a copy is one of the slot.",
        &[("dinner", 41)],
    );
    w.say(3, "cancel", &["*"], Draft::cancellation(w.id("copy-a"), None));
    let ended = w.scenario("cancellation-of-a-copy", "So is a cancellation.", &[("dinner", 41)]);
    json!([waiting, race, corrected, ended])
}

fn void_parts() -> Value {
    let mut w = World::with_ben();
    w.record(1, "dinner", &["*"], &w.dinner("genesis", "add-ben", 1000));
    let ben = w.member("add-ben");
    w.remove("remove", ben, &["*"], &["*"]);
    correct(&mut w, 2, "correction", "dinner", 8000, &["dinner"]);
    w.say(2, "cancel", &["dinner"], Draft::cancellation(w.id("dinner"), None));
    w.record(2, "own", &["dinner"], &w.dinner("add-ben", "genesis", 500));
    correct(&mut w, 1, "of-void", "own", 600, &["*"]);
    w.scenario(
        "void-corrections",
        "Only applied entries count in a slot; without an original or copy it shows nothing.",
        &[("correction", 40), ("cancel", 40), ("own", 40)],
    )
}

pub(crate) fn build() -> Value {
    several(&[corrections, copies, void_parts])
}
