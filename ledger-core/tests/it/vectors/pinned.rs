//! Readings of SPEC §1.1 and §6 that lie close together: each scenario tells them apart.

use ledger_core::engine::Draft;
use ledger_core::keys::{DeviceKey, SignedDevice};
use ledger_core::statement::{Generation, NewStatement};
use serde_json::{Value, json};

use crate::vectors::faults::transfer;
use crate::vectors::raw;
use crate::vectors::several;
use crate::vectors::world::{World, device, root};

fn bind_by_another() -> Value {
    let mut w = World::with_ben();
    w.placeholder(1, "Grandma", "genesis", &["*"]);
    let card = w.card("Grandma", 5, 5);
    let bind = NewStatement::Bind { member: w.member("Grandma"), card: &card };
    w.issue_statement(2, "bind-by-ben", 2, &bind, &["*"], &["*"]);
    let tablet = w.certificate(5, 6);
    let enrol = NewStatement::Enrol { generation: w.by_bind("bind-by-ben"), device: &tablet };
    w.issue_statement(2, "enrol", 5, &enrol, &["*"], &["*"]);
    w.enrolled(6, "enrol");
    w.say(6, "hello", &["*"], Draft::merge());
    add(&mut w, 1, "its-root-key-again", "Eve", 5, 7);
    add(&mut w, 1, "its-device-key-again", "Eve", 8, 5);
    w.scenario(
        "bind-by-another",
        "A bind that somebody else than the owner signed starts its generation and introduces its \
         keys, although it enrols nobody: an enrolment for that generation enrols its device.",
        &[
            ("bind-by-ben", 10),
            ("enrol", 50),
            ("hello", 60),
            ("its-root-key-again", 16),
            ("its-device-key-again", 16),
        ],
    )
}

/// `add member` with a card of this person and device.
fn add(w: &mut World, by: u8, label: &str, name: &str, person: u8, n: u8) {
    let draft = Draft::add_member(&w.state(), &w.card(name, person, n)).unwrap();
    w.say(by, label, &["*"], draft);
}

fn claim_of_nobody() -> Value {
    let mut w = World::with_ben();
    w.placeholder(1, "Grandma", "genesis", &["*"]);
    w.record(1, "dinner", &["*"], &w.dinner("genesis", "add-ben", 100));
    let claim = Draft::claim(&w.state(), w.member("Grandma"), &w.card("Dora", 7, 7)).unwrap();
    let payload = w.payload(&claim);
    w.say_raw(1, "claim-of-a-dinner", 4, &["dinner"], &payload);
    let tablet = w.certificate(7, 8);
    let generation = Generation::Claim(w.id("claim-of-a-dinner"));
    let enrol = NewStatement::Enrol { generation, device: &tablet };
    w.issue_statement(1, "enrol", 7, &enrol, &["*"], &["*"]);
    add(&mut w, 1, "add-dora", "Dora", 7, 7);
    w.scenario(
        "claim-of-nobody",
        "A claim whose target introduces nobody starts no generation and introduces no keys: an \
         enrolment for it was made before its start, and its card's keys are free.",
        &[("claim-of-a-dinner", 12), ("enrol", 30)],
    )
}

fn keys_of_void_enrolments() -> Value {
    let mut w = World::with_ben();
    let ben = w.by_card("add-ben");
    let strange = w.certificate(7, 17);
    let enrol = NewStatement::Enrol { generation: ben, device: &strange };
    w.issue_statement(2, "not-bens-root-key", 7, &enrol, &["*"], &["*"]);
    let early = w.certificate(2, 19);
    let enrol = NewStatement::Enrol { generation: ben, device: &early };
    w.issue_statement(2, "before-the-start", 2, &enrol, &["genesis"], &["*"]);
    add(&mut w, 1, "its-root-key", "Cleo", 7, 18);
    add(&mut w, 1, "its-device-key", "Dan", 9, 17);
    add(&mut w, 1, "early-device-key", "Eve", 10, 19);
    w.scenario(
        "keys-of-void-enrolments",
        "An enrolment introduces its device key, also one that enrols nobody, and never its root \
         key.",
        &[
            ("not-bens-root-key", 31),
            ("before-the-start", 30),
            ("its-device-key", 16),
            ("early-device-key", 16),
        ],
    )
}

fn idle_entries() -> Value {
    let mut w = World::with_ben();
    let ben = w.member("add-ben");
    w.record(2, "before", &["*"], &w.dinner("add-ben", "genesis", 300));
    w.remove("remove", ben, &["*"], &["*"]);
    w.carry(2, "carries-removal", "remove", &["*"]);
    w.say_raw(2, "opaque", 999, &["before"], b"?");
    w.add(2, "sock", 21, 21, &["*"]);
    w.say(21, "by-sock", &["*"], Draft::merge());
    w.record(1, "after", &["remove"], &w.dinner("genesis", "add-ben", 100));
    let cut = w.scenario(
        "idle-entries-of-a-removed-member",
        "Whoever was removed goes on: a carrier, an opaque entry and an introduction outside of the \
         removal are idle like a plain entry, whatever their verdict; so are entries of an \
         enrolment that is not accepted. The agreed heads do not show them.",
        &[("opaque", 1), ("add-sock", 40), ("by-sock", 60)],
    );
    // Anna builds on an idle entry: it is in the past of an agreed head, and none itself.
    w.record(1, "on-top", &["*"], &w.dinner("genesis", "add-ben", 100));
    let built_on = w.scenario(
        "idle-entries-built-on",
        "The same, and Anna's next entry has all of it in its past.",
        &[("opaque", 1), ("add-sock", 40), ("by-sock", 60)],
    );
    json!([cut, built_on])
}

fn idle_after_leave_and_revocation() -> Value {
    let mut w = World::with_ben();
    let ben = w.by_card("add-ben");
    w.tablet();
    w.record(4, "by-tablet", &["*"], &w.dinner("add-ben", "genesis", 300));
    w.revoke_tablet(4, "revokes-itself", &["*"], &["*"]);
    let revoked = w.scenario(
        "idle-carrier-of-ones-own-revocation",
        "The tablet carries its own revocation: that entry is not within the revocation, so it is \
         idle, although it is applied.",
        &[],
    );
    w.issue_statement(2, "leave", 2, &NewStatement::Leave { generation: ben }, &["*"], &["*"]);
    let left = w.scenario(
        "carrier-of-ones-own-leave",
        "Ben leaves: the leave is not in its own carrier's past, so that entry is not idle.",
        &[],
    );
    w.carry(2, "leave-again", "leave", &["*"]);
    w.say(2, "after", &["*"], Draft::merge());
    let after = w.scenario(
        "idle-after-a-leave",
        "What he signs behind the leave is idle, a carrier too.",
        &[("after", 42)],
    );
    json!([revoked, left, after])
}

/// A removal builds on an idle entry, and frees what lies behind it: a revocation that the
/// removal does not know has no effect.
fn freed_behind_an_idle_entry() -> Value {
    let mut w = World::with_ben();
    let (ben, member) = (w.by_card("add-ben"), w.member("add-ben"));
    w.record(2, "first", &[], &w.dinner("add-ben", "genesis", 100));
    w.issue_statement(2, "leave", 2, &NewStatement::Leave { generation: ben }, &["first"], &[]);
    w.say(2, "behind", &[], Draft::merge());
    let revoke = NewStatement::Revoke { generation: ben, device: device(2).id() };
    w.issue_statement(1, "revoke", 2, &revoke, &["add-ben"], &[]);
    let cut = w.scenario(
        "idle-by-a-revocation",
        "A revocation that knows nothing of what the phone signed: all of it is idle.",
        &[("first", 41), ("behind", 41)],
    );
    w.remove("remove", member, &["behind"], &[]);
    let freed = w.scenario(
        "freed-behind-an-idle-entry",
        "The same, and a removal that knows all of it, but not the revocation: only what lies behind \
         the leave is idle now. The removal's carrier is the one agreed head.",
        &[("behind", 42), ("revoke", 40)],
    );
    json!([cut, freed])
}

fn transfers_within_changes() -> Value {
    let mut w = World::with_ben();
    let anew = Draft::add_member(&w.state(), &w.card("Ben", 2, 2)).unwrap();
    w.say(1, "ben-again", &["*"], anew);
    w.record(1, "dinner", &["*"], &w.dinner("genesis", "add-ben", 100));
    let refs = ["add-ben", "ben-again", "dinner"];
    let place = |label| w.ids(&refs).iter().position(|id| *id == w.id(label)).unwrap() as u64;
    let content = transfer(place("add-ben"), place("ben-again"));
    let payload = raw::array(&[raw::uint(place("dinner")), raw::uint(17), content]);
    w.say_raw(1, "correction", 18, &refs, &payload);
    w.say_raw(1, "copy", 20, &refs, &payload);
    w.scenario(
        "transfer-to-oneself-within-changes",
        "17 is asked of any content of kind 17, also within a correction or a copy.",
        &[("correction", 17), ("copy", 17)],
    )
}

fn two_binds_of_which_one_knows_the_removal() -> Value {
    let mut w = World::with_ben();
    w.add(1, "cleo", 3, 3, &["*"]);
    let ben = w.member("add-ben");
    for n in 1..=6 {
        w.say(3, &format!("later-{n}"), &[], Draft::merge());
    }
    w.remove("remove", ben, &["add-ben"], &["add-ben"]);
    let (first, second) = (w.card("Ben", 12, 12), w.card("Ben", 13, 13));
    w.bind("knows-the-removal", ben, &first, &["remove"], &["remove"]);
    w.bind("does-not", ben, &second, &["later-6"], &["*"]);
    w.enrolled(12, "knows-the-removal");
    w.say(12, "by-first", &["*"], Draft::merge());
    w.enrolled(13, "does-not");
    w.say(13, "by-second", &["*"], Draft::merge());
    w.scenario(
        "removed-and-bound-twice",
        "A removal within some accepted bind leaves the member not removed, although a larger bind \
         ended what that bind had started, and the removal what the larger one did.",
        &[("by-first", 40), ("by-second", 40)],
    )
}

fn faulty_binds_and_exceptions() -> Value {
    let mut w = World::with_ben();
    let ben = w.member("add-ben");
    w.remove("remove", ben, &["*"], &["*"]);
    for (label, n, base) in [("knows", 14, "remove"), ("does-not", 15, "add-ben")] {
        let card = w.card("Ben", 2, n);
        w.bind(label, ben, &card, &[base], &["*"]);
        w.enrolled(n, label);
    }
    w.say(14, "by-spared", &["*"], Draft::merge());
    w.say(15, "by-cut", &["*"], Draft::merge());
    w.scenario(
        "faulty-binds",
        "The exceptions of a hard cut hold for the generation of any bind, accepted or not: behind \
         a faulty one that knew of the removal the reason is 60, else 40.",
        &[("knows", 16), ("does-not", 16), ("by-spared", 60), ("by-cut", 40)],
    )
}

fn owners_key_under_another_name() -> Value {
    let mut w = World::with_ben();
    add(&mut w, 2, "anna-again", "Anna II", 1, 16);
    let second = w.member("anna-again");
    w.remove("remove", second, &["*"], &["*"]);
    w.scenario(
        "owners-key-under-another-name",
        "The owner is the founder's MemberId: another card with the owner's root key is a reuse, \
         and its MemberId may be removed.",
        &[("anna-again", 16)],
    )
}

/// Two device certificates of Ben's tablet with different X25519 keys.
fn enrolments_with_different_keys() -> Value {
    let mut w = World::with_ben();
    let ben = w.by_card("add-ben");
    for (label, x) in [("enrol-a", 91), ("enrol-b", 92)] {
        let mut bytes = [4; 64];
        bytes[32..].fill(x);
        let key = DeviceKey::from_bytes(&bytes);
        let tablet = SignedDevice::new(w.group, &root(2), &key).unwrap();
        let enrol = NewStatement::Enrol { generation: ben, device: &tablet };
        w.issue_statement(2, label, 2, &enrol, &["add-ben"], &[]);
    }
    let certified = w.scenario(
        "two-certificates-of-one-key",
        "Without a rotation a key that was enrolled twice in one generation has the X25519 key of \
         the enrolment with the larger StatementId.",
        &[],
    );
    let mut order = ["enrol-a", "enrol-b"];
    order.sort_by_key(|label| w.statement_id(label));
    let [smaller, larger] = order;
    for (label, by, x) in [("first", larger, 93), ("last", smaller, 94)] {
        w.enrolled(4, by);
        w.say(4, label, &["*"], Draft::rotation(1, device(x).exchange_public_key()));
    }
    let rotated = w.scenario(
        "rotations-of-two-enrolments",
        "The last rotation is in force, whichever enrolment its chain belongs to; here that with \
         the smaller StatementId.",
        &[],
    );
    json!([certified, rotated])
}

pub(crate) fn build() -> Value {
    several(&[
        bind_by_another,
        claim_of_nobody,
        keys_of_void_enrolments,
        idle_entries,
        idle_after_leave_and_revocation,
        freed_behind_an_idle_entry,
        transfers_within_changes,
        two_binds_of_which_one_knows_the_removal,
        faulty_binds_and_exceptions,
        owners_key_under_another_name,
        enrolments_with_different_keys,
    ])
}
