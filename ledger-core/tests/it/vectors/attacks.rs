//! Attacks by people who were removed or whose devices were revoked.

use ledger_core::engine::Draft;
use ledger_core::statement::NewStatement;
use serde_json::{Value, json};

use crate::vectors::world::World;

fn back_dating() -> Value {
    let mut w = World::with_ben();
    let ben = w.member("add-ben");
    w.record(2, "known", &["*"], &w.dinner("add-ben", "genesis", 300));
    w.record(2, "unknown", &["*"], &w.dinner("add-ben", "genesis", 500));
    w.remove("remove", ben, &["known"], &["known"]);
    w.record(2, "later", &["*"], &w.dinner("add-ben", "genesis", 700));
    w.enrolled(2, "add-ben");
    w.record(2, "back-dated", &[], &w.dinner("add-ben", "genesis", 900));
    w.back_to(2, "known");
    w.record(2, "forked", &[], &w.dinner("add-ben", "genesis", 1100));
    w.scenario(
        "back-dating",
        "What the removal's base does not know is void: concurrent, later, back-dated or forked \
         alike, wherever its clock sorts it.",
        &[("unknown", 40), ("later", 40), ("back-dated", 40), ("forked", 40)],
    )
}

fn sock_puppets() -> Value {
    let mut w = World::with_ben();
    let ben = w.member("add-ben");
    w.remove("remove", ben, &["*"], &["*"]);
    w.add(2, "sock", 21, 21, &[]);
    w.add(21, "puppet", 22, 22, &[]);
    let adopt = Draft::adopt(&w.state(), w.member("add-sock")).unwrap();
    w.say(22, "adopts-sock", &[], adopt);
    let adopt = Draft::adopt(&w.state(), w.member("add-puppet")).unwrap();
    w.say(21, "adopts-puppet", &["*"], adopt);
    w.record(22, "steals", &["*"], &w.dinner("add-puppet", "genesis", 1000));
    w.scenario(
        "sock-puppets",
        "Ben, removed, back-dates an introduction; the introduced introduce and adopt each other.",
        &[
            ("add-sock", 40),
            ("add-puppet", 60),
            ("adopts-sock", 60),
            ("adopts-puppet", 60),
            ("steals", 60),
        ],
    )
}

fn rename_by_sock_puppet() -> Value {
    let mut w = World::with_ben();
    let ben = w.member("add-ben");
    w.add(2, "sock", 21, 21, &["*"]);
    w.remove("remove", ben, &["add-ben"], &["add-ben"]);
    w.record(1, "honest", &["*"], &w.dinner("genesis", "add-sock", 100));
    let sock = w.by_card("add-sock");
    let rename = NewStatement::Rename { generation: sock, name: "Anna" };
    w.issue_statement(21, "rename", 21, &rename, &["add-sock"], &["*"]);
    let spare = w.certificate(21, 23);
    let enrol = NewStatement::Enrol { generation: sock, device: &spare };
    w.issue_statement(21, "enrol", 21, &enrol, &["add-sock"], &["*"]);
    w.enrolled(23, "enrol");
    w.say(23, "hello", &["*"], Draft::merge());
    w.scenario(
        "rename-by-a-sock-puppet",
        "F1: a self act counts only if its generation's start is accepted.",
        &[("add-sock", 40), ("rename", 50), ("enrol", 50), ("hello", 60)],
    )
}

fn back_dated_claim() -> Value {
    let mut w = World::with_ben();
    let ben = w.member("add-ben");
    w.placeholder(2, "Grandma", "add-ben", &["*"]);
    w.remove("remove", ben, &["add-ben"], &["add-ben"]);
    let grandma = w.member("Grandma");
    let adopt = Draft::adopt(&w.state(), grandma).unwrap();
    w.say(1, "adopt", &["*"], adopt);
    let claim = Draft::claim(&w.state(), grandma, &w.card("Sock", 21, 21)).unwrap();
    w.say(2, "claim", &[], claim);
    w.enrolled(21, "claim");
    w.record(21, "steals", &["*"], &w.dinner("Grandma", "genesis", 1000));
    w.scenario(
        "back-dated-claim",
        "F2: adoption speaks for the placeholder, never for who claims it.",
        &[("claim", 40), ("steals", 60)],
    )
}

fn republished() -> Value {
    let mut w = World::with_ben();
    let ben = w.member("add-ben");
    w.record(2, "known", &["*"], &w.dinner("add-ben", "genesis", 300));
    w.remove("remove", ben, &["*"], &["*"]);
    w.record(2, "later", &["known"], &w.dinner("add-ben", "genesis", 500));
    w.carry(2, "carried-by-ben", "remove", &["*"]);
    w.carry(1, "carried-after-all", "remove", &["*"]);
    w.scenario(
        "republished",
        "A statement carried again, under whatever parents, moves no cut; its carriers share its \
         verdict, also one whom it cuts.",
        &[("later", 40)],
    )
}

/// A statement counts as within a cut if any carrier is, however many are not.
fn carried_late() -> Value {
    let mut w = World::with_ben();
    let (ben, member) = (w.by_card("add-ben"), w.member("add-ben"));
    let rename = NewStatement::Rename { generation: ben, name: "Benjamin" };
    w.issue_statement(2, "rename", 2, &rename, &["*"], &["*"]);
    let late = NewStatement::Rename { generation: ben, name: "Benito" };
    w.remove("remove", member, &["rename"], &["*"]);
    w.issue_statement(2, "late-rename", 2, &late, &["add-ben"], &["*"]);
    w.carry(1, "rename-again", "rename", &["*"]);
    w.scenario(
        "carried-late",
        "A self act is within a cut by its carriers, not by its base: the second rename has an \
         old base, but the removal knows no carrier of it.",
        &[("late-rename", 40)],
    )
}

fn revoked_and_copied() -> Value {
    let mut w = World::with_ben();
    w.tablet();
    w.record(4, "known", &["*"], &w.dinner("add-ben", "genesis", 100));
    w.record(4, "lost", &["*"], &w.dinner("add-ben", "genesis", 300));
    w.add(4, "cleo", 3, 3, &["*"]);
    w.revoke_tablet(2, "revoke", &["known"], &[]);
    w.record(4, "thief", &["*"], &w.dinner("add-ben", "genesis", 900));
    let copy = Draft::copy(&w.state(), w.id("lost"), &w.dinner("add-ben", "genesis", 300)).unwrap();
    w.say(2, "copy", &["*"], copy);
    w.say(3, "by-cleo", &["*"], Draft::merge());
    w.scenario(
        "revoked-and-copied",
        "A revocation voids what the stolen tablet signed unless it knew of it, introductions \
         included; a copy re-records the honest part.",
        &[("lost", 41), ("add-cleo", 41), ("thief", 41), ("by-cleo", 60)],
    )
}

fn equivocation() -> Value {
    let mut w = World::with_ben();
    w.record(2, "one", &["*"], &w.dinner("add-ben", "genesis", 100));
    w.enrolled(2, "add-ben");
    w.record(2, "other", &["*"], &w.dinner("add-ben", "genesis", 300));
    w.scenario(
        "equivocation",
        "Two entries of one device with one seq are judged like any others.",
        &[],
    )
}

fn one_root_key_twice() -> Value {
    let mut w = World::with_ben();
    w.add(1, "cleo", 3, 3, &[]);
    let card = w.card("Cleo", 3, 4);
    let draft = Draft::add_member(&w.state(), &card).unwrap();
    w.say(2, "cleo-by-ben", &[], draft);
    w.enrolled(4, "cleo-by-ben");
    let member = w.member("add-cleo");
    w.remove("remove", member, &["*"], &["*"]);
    w.record(3, "first", &[], &w.dinner("add-cleo", "genesis", 100));
    w.record(4, "second", &[], &w.dinner("cleo-by-ben", "genesis", 300));
    w.scenario(
        "one-root-key-twice",
        "W1: one root key introduced twice concurrently is two members; removing one of them cuts \
         that one's generation, not the key.",
        &[("first", 40)],
    )
}

pub(crate) fn build() -> Value {
    json!([
        back_dating(),
        sock_puppets(),
        rename_by_sock_puppet(),
        back_dated_claim(),
        republished(),
        carried_late(),
        revoked_and_copied(),
        equivocation(),
        one_root_key_twice(),
    ])
}
