//! Which of two reasons is told, which of two entries counts, who is listed (SPEC §6, §7.1).

use ledger_core::engine::Draft;
use ledger_core::statement::NewStatement;
use serde_json::{Value, json};

use crate::vectors::several;
use crate::vectors::world::{World, device};

fn reasons() -> Value {
    let mut w = World::with_ben();
    let (anna, ben) = (w.member("genesis"), w.member("add-ben"));
    w.placeholder(1, "Grandma", "genesis", &["*"]);
    let theirs = Draft::placeholder(&World::other().state(), ben, "Strange", [1; 16]).unwrap();
    w.say(1, "13-before-14", &["*"], theirs);
    let claim = Draft::claim(&w.state(), w.member("Grandma"), &w.card("Dora", 2, 31)).unwrap();
    w.say(2, "14-before-16", &["*"], claim);
    w.tablet();
    w.revoke_tablet(2, "revoke", &["*"], &["*"]);
    let leave = NewStatement::Leave { generation: w.by_card("add-ben") };
    w.issue_statement(2, "leave", 2, &leave, &["*"], &["*"]);
    w.say(4, "41-before-42", &["*"], Draft::merge());
    w.remove("remove", ben, &["*"], &["*"]);
    let reused = Draft::add_member(&w.state(), &w.card("Again", 2, 32)).unwrap();
    w.say(2, "16-before-40", &["*"], reused);
    w.say(2, "40-before-42", &["*"], Draft::merge());
    let not_his = Draft::placeholder(&w.state(), anna, "Not Ben's", [2; 16]).unwrap();
    w.say(4, "14-before-40", &["*"], not_his);
    w.scenario(
        "first-reason",
        "Of several reasons the first in the order of the table of reasons is told.",
        &[
            ("13-before-14", 13),
            ("14-before-16", 14),
            ("41-before-42", 41),
            ("16-before-40", 16),
            ("40-before-42", 40),
            ("14-before-40", 14),
        ],
    )
}

/// Who is named by a faulty introduction only, and where.
fn listed() -> Value {
    let mut w = World::with_ben();
    let anna = w.member("genesis");
    let state = w.state();
    let people =
        ["shown", "corrected-away", "in-lost-correction", "cancelled", "in-copy", "nowhere"];
    for (nonce, label) in (50u8..).zip(people) {
        let draft = Draft::placeholder(&state, anna, label, [nonce; 16]).unwrap();
        w.say(2, label, &["*"], draft);
    }
    w.record(1, "dinner", &["*"], &w.dinner("genesis", "shown", 100));
    w.record(1, "second", &["*"], &w.dinner("genesis", "corrected-away", 200));
    let lost = w.dinner("genesis", "in-lost-correction", 300);
    let draft = Draft::correction(&w.state(), w.id("second"), &lost).unwrap();
    w.say(1, "lost", &["*"], draft);
    let last = w.dinner("genesis", "add-ben", 400);
    let draft = Draft::correction(&w.state(), w.id("second"), &last).unwrap();
    w.say(1, "last", &["*"], draft);
    w.record(1, "third", &["*"], &w.dinner("genesis", "cancelled", 500));
    w.say(1, "ends", &["*"], Draft::cancellation(w.id("third"), None));
    let copied = w.dinner("genesis", "in-copy", 600);
    let draft = Draft::copy(&w.state(), w.id("dinner"), &copied).unwrap();
    w.say(1, "copy", &["*"], draft);
    let expected: Vec<(&str, u8)> = people.iter().map(|label| (*label, 14)).collect();
    w.scenario(
        "named-by-faulty-introductions",
        "Money may name a member by an introduction with a fault. Whoever an applied entry names \
         is listed, also in a correction, a copy or a slot that counts nothing; the last one, whom \
         nothing names, is not.",
        &expected,
    )
}

/// Ids do not follow clocks: an order by id alone chooses other entries.
fn order_of_copies_and_corrections() -> Value {
    let mut w = World::with_ben();
    w.tablet();
    w.record(4, "dinner", &["*"], &w.dinner("genesis", "add-ben", 1000));
    w.revoke_tablet(2, "revoke", &["enrol"], &[]);
    let copies = ["copy-1", "copy-2", "copy-3", "copy-4"];
    for (amount, label) in (1100..).step_by(100).zip(copies) {
        let details = w.dinner("genesis", "add-ben", amount);
        let draft = Draft::copy(&w.state(), w.id("dinner"), &details).unwrap();
        w.say(1, label, &["*"], draft);
    }
    assert_ne!(copies.iter().min_by_key(|label| w.id(label)), Some(&copies[0]));
    let copied = w.scenario(
        "first-copy",
        "The first copy in (lamport, id) counts, not that with the smallest id.",
        &[("dinner", 41)],
    );
    let corrections = ["correction-1", "correction-2", "correction-3", "correction-4"];
    for (amount, label) in (2200..).step_by(200).zip(corrections) {
        let details = w.dinner("genesis", "add-ben", amount);
        let draft = Draft::correction(&w.state(), w.id("copy-2"), &details).unwrap();
        w.say(1, label, &["*"], draft);
    }
    assert_ne!(corrections.iter().max_by_key(|label| w.id(label)), Some(&corrections[3]));
    let corrected = w.scenario(
        "last-correction",
        "The last correction in (lamport, id) counts, not that with the largest id.",
        &[("dinner", 41)],
    );
    json!([copied, corrected])
}

fn changes_of_void_copies() -> Value {
    let mut w = World::with_ben();
    w.tablet();
    w.record(1, "dinner", &["*"], &w.dinner("genesis", "add-ben", 1000));
    let details = w.dinner("genesis", "add-ben", 2000);
    let copy = Draft::copy(&w.state(), w.id("dinner"), &details).unwrap();
    w.say(4, "void-copy", &["*"], copy);
    w.revoke_tablet(2, "revoke", &["enrol"], &[]);
    let copy = Draft::copy(&w.state(), w.id("void-copy"), &details).unwrap();
    w.say(1, "copy-of-a-copy", &["*"], copy);
    let details = w.dinner("genesis", "add-ben", 8000);
    let draft = Draft::correction(&w.state(), w.id("copy-of-a-copy"), &details).unwrap();
    w.say(1, "of-no-slot", &["*"], draft);
    let draft = Draft::cancellation(w.id("copy-of-a-copy"), None);
    w.say(1, "ends-no-slot", &["*"], draft);
    let nothing = w.scenario(
        "changes-of-a-copy-of-a-copy",
        "What corrects or cancels a copy of a copy names as original what is none: applied, and \
         without effect.",
        &[("void-copy", 41), ("copy-of-a-copy", 18)],
    );
    let details = w.dinner("genesis", "add-ben", 4000);
    let draft = Draft::correction(&w.state(), w.id("void-copy"), &details).unwrap();
    w.say(1, "of-a-void-copy", &["*"], draft);
    let counts = w.scenario(
        "correction-of-a-void-copy",
        "A correction of a void copy belongs to the slot and counts.",
        &[("void-copy", 41), ("copy-of-a-copy", 18)],
    );
    json!([nothing, counts])
}

/// Epochs that lack one thing each.
fn epochs_that_lack_one_thing() -> Value {
    let things = ["remove", "bind", "revoke", "leave", "rotates"];
    let scenario = |lacking: &&str| {
        let mut w = World::with_ben();
        let others = [("cleo", 3), ("dora", 5), ("eve", 6), ("fred", 7), ("greta", 8), ("hans", 9)];
        for (name, n) in others {
            w.add(1, name, n, n, &["*"]);
        }
        let (cleo, eve) = (w.by_card("add-cleo"), w.by_card("add-eve"));
        let tablet = w.certificate(3, 4);
        let enrol = NewStatement::Enrol { generation: cleo, device: &tablet };
        w.issue_statement(3, "enrol", 3, &enrol, &["*"], &["*"]);
        // Beside each other, each on a chain of its own.
        let from = ["enrol"];
        let remove = NewStatement::Remove { member: w.member("add-ben") };
        w.issue_statement(1, "remove", 1, &remove, &from, &from);
        let card = w.card("Dora anew", 15, 15);
        let bind = NewStatement::Bind { member: w.member("add-dora"), card: &card };
        w.issue_statement(8, "bind", 1, &bind, &from, &from);
        let revoke = NewStatement::Revoke { generation: cleo, device: device(4).id() };
        w.issue_statement(3, "revoke", 3, &revoke, &from, &from);
        w.issue_statement(6, "leave", 6, &NewStatement::Leave { generation: eve }, &from, &from);
        w.say(9, "rotates", &from, Draft::rotation(1, device(70).exchange_public_key()));
        let known: Vec<&str> = things.into_iter().filter(|thing| thing != lacking).collect();
        w.say(7, "lacks-it", &known, w.epoch(1));
        let without = w.scenario(
            &format!("epoch-that-lacks-{lacking}"),
            "The epoch's past holds four of the five that it needs: it is not usable.",
            &[],
        );
        w.say(7, "knows-all", &["*"], w.epoch(2));
        let with = w.scenario(
            &format!("epoch-beside-one-that-lacks-{lacking}"),
            "The same, and one that knows all five.",
            &[],
        );
        [without, with]
    };
    json!(things.iter().flat_map(scenario).collect::<Vec<_>>())
}

/// A revocation that step 3 accepted but that is void with 50.
fn epoch_beside_a_void_revocation() -> Value {
    let mut w = World::with_ben();
    let ben = w.member("add-ben");
    w.add(2, "sock", 21, 21, &["*"]);
    w.remove("remove", ben, &["add-ben"], &["add-ben"]);
    let sock = w.by_card("add-sock");
    let revoke = NewStatement::Revoke { generation: sock, device: device(21).id() };
    w.issue_statement(21, "revoke", 21, &revoke, &["add-sock"], &["add-sock"]);
    w.say(21, "behind", &[], Draft::merge());
    w.say(1, "epoch", &["remove"], w.epoch(1));
    w.scenario(
        "epoch-beside-a-void-revocation",
        "A revocation that is accepted and void with 50 cuts what its device signed, but an epoch \
         needs not know it.",
        &[("add-sock", 40), ("revoke", 50), ("behind", 41)],
    )
}

pub(crate) fn build() -> Value {
    several(&[
        reasons,
        listed,
        order_of_copies_and_corrections,
        changes_of_void_copies,
        epochs_that_lack_one_thing,
        epoch_beside_a_void_revocation,
    ])
}
