//! Faults: reasons in an entry's own past for which it is void (SPEC §6.1).

use ledger_core::MemberId;
use ledger_core::engine::Draft;
use ledger_core::statement::NewStatement;
use serde_json::{Value, json};

use crate::vectors::raw;
use crate::vectors::world::World;

fn of_introductions() -> Value {
    let mut w = World::with_ben();
    let state = w.state();
    let (anna, ben) = (w.member("genesis"), w.member("add-ben"));
    w.placeholder(1, "Grandma", "genesis", &["*"]);
    w.say(1, "hello", &["*"], Draft::merge());
    // A card of another group.
    let theirs = Draft::placeholder(&World::other().state(), anna, "Strange", [1; 16]).unwrap();
    w.say(1, "card-of-another-group", &["*"], theirs);
    let not_mine = Draft::placeholder(&state, anna, "Not Ben's", [2; 16]).unwrap();
    w.say(2, "not-the-introducer", &["*"], not_mine);
    let same = Draft::add_member(&state, &w.card("Ben", 2, 2)).unwrap();
    w.say(1, "same-card-again", &["*"], same.clone());
    // A root key and a device key that are somebody's already.
    let root_again = Draft::add_member(&state, &w.card("Ben again", 2, 22)).unwrap();
    w.say(1, "root-key-again", &["*"], root_again);
    let device_again = Draft::add_member(&state, &w.card("Thief", 23, 2)).unwrap();
    w.say(1, "device-key-again", &["*"], device_again);
    // Void introductions count: now the same card is a reuse as well.
    w.say(1, "same-card-too-late", &["*"], same);
    // Claims.
    let grandma = w.member("Grandma");
    let claim = |w: &World, n| Draft::claim(&w.state(), grandma, &w.card("Dora", n, n)).unwrap();
    w.say(2, "claim-of-anothers", &["*"], claim(&w, 31));
    let of_ben = Draft::claim(&w.state(), ben, &w.card("Dora", 32, 32)).unwrap();
    w.say(1, "claim-of-a-person", &["*"], of_ben);
    let reused = Draft::claim(&w.state(), grandma, &w.card("Dora", 31, 33)).unwrap();
    w.say(1, "claim-with-a-known-root-key", &["*"], reused);
    let payload = w.claim_payload("Nobody", 134, 34);
    w.say_raw(1, "claim-of-a-merge", 4, &["hello"], &payload);
    // What a claim of nobody names is not introduced by it.
    let (card, signatures) = raw::card(w.group.as_bytes(), "Somebody", 134, 35);
    let add = raw::array(&[raw::bytes(&card), signatures]);
    w.say_raw(1, "add-after-claim-of-a-merge", 2, &[], &add);
    let payload = w.claim_payload("Nobody", 136, 36);
    w.say_raw(2, "claim-of-a-faulty-one", 4, &["not-the-introducer"], &payload);
    // Adoptions.
    let itself = Draft::adopt(&w.state(), ben).unwrap();
    w.say(2, "adopts-itself", &["*"], itself);
    w.say_raw(1, "adopts-a-merge", 5, &["hello"], &raw::array(&[raw::uint(0)]));
    let faulty = raw::array(&[raw::uint(0)]);
    w.say_raw(1, "adopts-a-faulty-one", 5, &["root-key-again"], &faulty);
    w.scenario(
        "faults-of-introductions",
        "Cards, keys and targets that are wrong in the entry's own past.",
        &[
            ("card-of-another-group", 13),
            ("not-the-introducer", 14),
            ("root-key-again", 16),
            ("device-key-again", 16),
            ("same-card-too-late", 16),
            ("claim-of-anothers", 14),
            ("claim-of-a-person", 14),
            ("claim-with-a-known-root-key", 16),
            ("claim-of-a-merge", 12),
            ("claim-of-a-faulty-one", 12),
            ("adopts-itself", 15),
            ("adopts-a-merge", 12),
            ("adopts-a-faulty-one", 12),
        ],
    )
}

fn of_statements() -> Value {
    let mut w = World::with_ben();
    let (anna, ben) = (w.member("genesis"), w.member("add-ben"));
    let nobody = MemberId::from_bytes([0x77; 32]);
    let state = w.state();
    w.placeholder(1, "Grandma", "genesis", &["*"]);
    let grandma = w.member("Grandma");
    let wrong = Draft::placeholder(&state, anna, "Not Ben's", [2; 16]).unwrap();
    w.say(2, "wrong", &["*"], wrong);
    let (fresh, bens) = (w.card("X", 41, 41), w.card("X", 42, 2));
    let remove = |member| NewStatement::Remove { member };
    w.issue_statement(2, "removal-by-ben", 2, &remove(grandma), &["*"], &["*"]);
    w.issue_statement(2, "owner-by-ben", 2, &remove(anna), &["*"], &["*"]);
    w.issue_statement(1, "removal-of-owner", 1, &remove(anna), &["*"], &["*"]);
    w.issue_statement(1, "removal-of-nobody", 1, &remove(nobody), &["*"], &["*"]);
    w.issue_statement(1, "removal-before", 1, &remove(ben), &["genesis"], &["*"]);
    let unsound = w.member("wrong");
    w.issue_statement(1, "removal-of-unsound", 1, &remove(unsound), &["*"], &["*"]);
    let bind = NewStatement::Bind { member: unsound, card: &fresh };
    w.issue_statement(1, "bind-of-unsound", 1, &bind, &["*"], &["*"]);
    let bind = NewStatement::Bind { member: anna, card: &fresh };
    w.issue_statement(1, "bind-of-owner", 1, &bind, &["*"], &["*"]);
    let bind = NewStatement::Bind { member: grandma, card: &bens };
    w.issue_statement(1, "bind-with-known-device", 1, &bind, &["*"], &["*"]);
    let rename = NewStatement::RenameGroup { name: "Ben's" };
    w.issue_statement(2, "rename-group-by-ben", 2, &rename, &["*"], &["*"]);
    let of_ben = w.by_card("add-ben");
    let again = w.certificate(2, 2);
    let enrol = NewStatement::Enrol { generation: of_ben, device: &again };
    w.issue_statement(2, "enrol-again", 2, &enrol, &["*"], &["*"]);
    w.scenario(
        "faults-of-statements",
        "Owner acts by others, about the owner, about nobody; keys that were introduced before.",
        &[
            ("wrong", 14),
            ("removal-by-ben", 10),
            ("owner-by-ben", 10),
            ("removal-of-owner", 11),
            ("removal-of-nobody", 12),
            ("removal-before", 12),
            ("bind-of-unsound", 12),
            ("bind-of-owner", 11),
            ("bind-with-known-device", 16),
            ("rename-group-by-ben", 10),
            ("enrol-again", 16),
        ],
    )
}

/// `[date, description, currency, amount, from, to, more]`.
pub(super) fn transfer(from: u64, to: u64) -> Vec<u8> {
    raw::array(&[
        raw::uint(20_261_121),
        raw::text(""),
        raw::text("EUR"),
        raw::uint(5),
        raw::uint(from),
        raw::uint(to),
        raw::null(),
    ])
}

fn of_money() -> Value {
    let mut w = World::with_ben();
    let anew = Draft::add_member(&w.state(), &w.card("Ben", 2, 2)).unwrap();
    w.say(1, "ben-again", &["*"], anew);
    w.say_raw(1, "to-themselves", 17, &["add-ben", "ben-again"], &transfer(0, 1));
    w.record(1, "dinner", &["*"], &w.dinner("genesis", "add-ben", 100));
    w.say_raw(1, "to-a-dinner", 17, &["add-ben", "dinner"], &transfer(0, 1));
    let dinner = w.dinner("genesis", "add-ben", 300);
    let copy = Draft::copy(&w.state(), w.id("dinner"), &dinner).unwrap();
    w.say(2, "copy", &["*"], copy);
    let correction = Draft::correction(&w.state(), w.id("dinner"), &dinner).unwrap();
    w.say(2, "correction", &["*"], correction);
    let wrong = Draft::copy(&w.state(), w.id("copy"), &dinner).unwrap();
    w.say(2, "copy-of-copy", &["*"], wrong);
    let wrong = Draft::correction(&w.state(), w.id("correction"), &dinner).unwrap();
    w.say(2, "correction-of-correction", &["*"], wrong);
    w.say(2, "cancels-a-person", &["*"], Draft::cancellation(w.id("add-ben"), None));
    let endorsement = |w: &World, label| Draft::endorsement(w.id(label), true, None);
    w.say(2, "endorses-a-correction", &["*"], endorsement(&w, "correction"));
    let nothing = endorsement(&w, "correction-of-correction");
    w.say(2, "endorses-a-correction-of-nothing", &["*"], nothing);
    let refs = ["correction", "dinner", "copy"];
    let place = |label| w.ids(&refs).iter().position(|id| *id == w.id(label)).unwrap() as u64;
    let content = transfer(place("dinner"), place("copy"));
    let both = raw::array(&[raw::uint(place("correction")), raw::uint(17), content]);
    w.say_raw(2, "both-wrong", 18, &refs, &both);
    w.say(2, "confirms", &["*"], Draft::endorsement(w.id("copy"), true, None));
    w.scenario(
        "faults-of-money",
        "Members that are none, targets that are neither expense nor transfer.",
        &[
            ("to-themselves", 17),
            ("to-a-dinner", 12),
            ("copy-of-copy", 18),
            ("correction-of-correction", 18),
            ("cancels-a-person", 18),
            ("endorses-a-correction-of-nothing", 18),
            ("both-wrong", 18),
        ],
    )
}

pub(crate) fn build() -> Value {
    json!([of_introductions(), of_statements(), of_money()])
}
