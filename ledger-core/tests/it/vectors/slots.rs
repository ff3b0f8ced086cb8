//! Slots: the current version of an expense, after corrections, cancellations and copies
//! (SPEC §6.7).

use ledger_core::engine::Draft;
use ledger_core::{Direction, Origin, Transaction};
use serde_json::{Value, json};

use crate::vectors::world::World;
use crate::vectors::{raw, several};

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
    let ended = w.scenario(
        "cancelled",
        "A cancellation ends a slot, also for a correction that sorts after it.",
        &[],
    );
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

/// Rows of one file that several people imported.
fn origins() -> Value {
    let mut w = World::with_ben();
    w.add(1, "cleo", 3, 3, &["*"]);
    w.tablet();
    let row = |w: &World, amount: u64| {
        let Transaction::Expense(row) = w.dinner("genesis", "add-ben", amount) else {
            panic!("not an expense")
        };
        Transaction::Expense(row.origin(Origin::from_bytes([0xab; 16])))
    };
    let (first, second, third) = (row(&w, 1000), row(&w, 1002), row(&w, 1004));
    w.record(4, "first", &["*"], &first);
    w.record(1, "second", &["enrol"], &second);
    w.record(3, "third", &["*"], &third);
    w.say(1, "confirm", &["*"], Draft::endorsement(w.id("third"), true, None));
    let once = w.scenario(
        "one-origin",
        "Of several originals with one origin, the first in (lamport, id) counts, once.",
        &[],
    );
    w.revoke_tablet(2, "revoke", &["enrol"], &[]);
    let next = w.scenario(
        "void-original-of-an-origin",
        "The first is void: the next original counts.",
        &[("first", 41)],
    );
    correct(&mut w, 1, "of-third", "third", 3000, &["*"]);
    let corrected = w.scenario(
        "correction-of-another-original",
        "A correction of any of them is one of the slot.",
        &[("first", 41)],
    );
    w.say(3, "copy", &["*"], Draft::copy(&w.state(), w.id("first"), &third).unwrap());
    w.say(3, "of-copy", &["*"], Draft::cancellation(w.id("copy"), None));
    let ended = w.scenario(
        "cancellation-of-one-original",
        "So is a cancellation, also of a copy of one.",
        &[("first", 41)],
    );
    w.record(1, "late", &["*"], &row(&w, 4000));
    let stays = w.scenario(
        "origin-again-after-a-cancellation",
        "What was cancelled stays so when the row is imported once more.",
        &[("first", 41)],
    );
    w.say(1, "restore", &["*"], Draft::restoration(w.id("late")));
    let restored =
        w.scenario("restored-origin", "A restoration names any of them.", &[("first", 41)]);
    json!([once, next, corrected, ended, stays, restored])
}

/// An origin inside a correction or copy says nothing.
fn origins_inside() -> Value {
    let mut w = World::with_ben();
    w.record(1, "dinner", &["*"], &w.dinner("genesis", "add-ben", 1000));
    w.record(1, "tea", &["*"], &w.dinner("genesis", "add-ben", 200));
    let origin = raw::array(&[raw::array(&[raw::uint(0), raw::bytes(&[0xcd; 16])])]);
    let refs = ["genesis", "add-ben", "dinner"];
    let place = |label| w.ids(&refs).iter().position(|id| *id == w.id(label)).unwrap() as u64;
    let fields = [
        raw::uint(20_261_121),
        raw::text(""),
        raw::text("EUR"),
        raw::uint(700),
        raw::uint(place("genesis")),
        raw::uint(place("add-ben")),
        origin,
    ];
    let payload = raw::array(&[raw::uint(place("dinner")), raw::uint(17), raw::array(&fields)]);
    w.say_raw(2, "correction", 18, &refs, &payload);
    let Transaction::Expense(row) = w.dinner("genesis", "add-ben", 300) else {
        panic!("not an expense")
    };
    let row = Transaction::Expense(row.origin(Origin::from_bytes([0xcd; 16])));
    w.record(1, "row", &["*"], &row);
    w.scenario(
        "origin-inside-a-correction",
        "A correction with an origin belongs to what it names: dinner, tea and row count.",
        &[],
    )
}

pub(crate) fn build() -> Value {
    several(&[corrections, copies, void_parts, restorations, refunds, origins, origins_inside])
}
