//! Slots: the current version of an expense, after corrections, cancellations and copies
//! (SPEC §6.7).

use ledger_core::engine::Draft;
use ledger_core::{Direction, Transaction};
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

fn restorations() -> Value {
    let mut w = World::with_ben();
    w.record(1, "dinner", &["*"], &w.dinner("genesis", "add-ben", 1000));
    w.say(1, "cancel", &["*"], Draft::cancellation(w.id("dinner"), None));
    correct(&mut w, 2, "correction", "dinner", 2000, &["dinner"]);
    w.say(2, "restore", &["*"], Draft::restoration(w.id("dinner")));
    let restored = w.scenario(
        "restored",
        "A restoration takes back the cancellation; the slot shows the correction made meanwhile.",
        &[],
    );
    w.say(1, "cancel-again", &["cancel"], Draft::cancellation(w.id("dinner"), None));
    w.say(2, "restore-again", &["correction"], Draft::restoration(w.id("dinner")));
    let race = w.scenario(
        "restoration-race",
        "Concurrent with each other, the last in (lamport, id) of cancellations and restorations counts.",
        &[],
    );
    w.say(1, "last", &["*"], Draft::cancellation(w.id("dinner"), None));
    let ended = w.scenario("cancelled-again", "A later cancellation ends the slot again.", &[]);
    let wrong = Draft::restoration(w.id("cancel"));
    w.say(1, "of-a-cancellation", &["*"], wrong);
    let wrong = w.scenario(
        "restoration-of-a-cancellation",
        "It names the expense, not the cancellation.",
        &[("of-a-cancellation", 18)],
    );
    json!([restored, race, ended, wrong])
}

fn refunds() -> Value {
    let mut w = World::with_ben();
    w.record(1, "dinner", &["*"], &w.dinner("genesis", "add-ben", 1000));
    let refund = |amount: u64| {
        let Transaction::Expense(back) = w.dinner("genesis", "add-ben", amount) else {
            panic!("not an expense")
        };
        Transaction::Expense(back.direction(Direction::Incoming))
    };
    let (part, more) = (refund(200), refund(3000));
    w.record(2, "refund", &["*"], &part);
    let turned = w.scenario("refund", "A refund counts with signs turned.", &[]);
    let draft = Draft::correction(&w.state(), w.id("dinner"), &more).unwrap();
    w.say(2, "larger", &["*"], draft);
    let larger = w.scenario("correction-to-refund", "An expense may become a refund.", &[]);
    json!([turned, larger])
}

pub(crate) fn build() -> Value {
    several(&[corrections, copies, void_parts, restorations, refunds])
}
