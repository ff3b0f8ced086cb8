//! Scenarios for each step of the resolution of authority (SPEC §6).

use ledger_core::VoidReason;
use ledger_core::engine::{Draft, NewGroup, Payload};
use ledger_core::statement::{Generation, NewStatement};
use serde_json::Value;

use crate::vectors::world::{World, device, entropy};
use crate::vectors::{
    attacks, faults, file, introductions, pinned, raw, settings, several, slots, speaks, templates,
    ties, units,
};

fn plain() -> Value {
    let mut w = World::with_ben();
    w.placeholder(1, "Cleo", "genesis", &["*"]);
    w.record(1, "dinner", &["*"], &w.dinner("genesis", "add-ben", 1000));
    w.record(2, "for-cleo", &["dinner"], &w.dinner("add-ben", "Cleo", 501));
    w.record(1, "back", &["dinner"], &w.transfer("genesis", "add-ben", 125));
    w.say(1, "both", &["*"], Draft::merge());
    w.scenario("plain", "Nobody is cut: everything counts.", &[])
}

fn self_acts() -> Value {
    let mut w = World::with_ben();
    let (ben, anna) = (w.by_card("add-ben"), w.by_card("genesis"));
    w.tablet();
    w.record(4, "by-tablet", &["*"], &w.dinner("add-ben", "genesis", 200));
    let rename = NewStatement::Rename { generation: ben, name: "Benjamin" };
    w.issue_statement(1, "rename", 2, &rename, &["*"], &["*"]);
    let early = NewStatement::Rename { generation: ben, name: "Early" };
    w.issue_statement(2, "too-early", 2, &early, &["genesis"], &["*"]);
    let stolen = NewStatement::Rename { generation: anna, name: "Not Anna" };
    w.issue_statement(2, "not-her-key", 2, &stolen, &["*"], &["*"]);
    let spare = w.certificate(2, 5);
    let into = NewStatement::Enrol { generation: anna, device: &spare };
    w.issue_statement(2, "not-her-device", 2, &into, &["*"], &["*"]);
    w.scenario(
        "self-acts",
        "Step 3: under the generation's own root key, with its start in the base; anybody carries.",
        &[("too-early", 30), ("not-her-key", 31), ("not-her-device", 31)],
    )
}

/// Grandma, whom Anna introduced, is claimed by one person and then bound to
/// another; each acts under their own generation.
fn acts_of_claimed_and_bound() -> Value {
    let mut w = World::new();
    w.placeholder(1, "grandma", "genesis", &["*"]);
    let grandma = w.member("grandma");
    let claim = Draft::claim(&w.state(), grandma, &w.card("Oma", 5, 5)).unwrap();
    w.say(1, "claim", &["*"], claim);
    w.enrolled(5, "claim");
    let claimed = Generation::Claim(w.id("claim"));
    let rename = NewStatement::Rename { generation: claimed, name: "Oma" };
    w.issue_statement(5, "claimed-renames", 5, &rename, &["*"], &["*"]);
    let tablet = w.certificate(5, 6);
    let enrol = NewStatement::Enrol { generation: claimed, device: &tablet };
    w.issue_statement(5, "claimed-enrols", 5, &enrol, &["*"], &["*"]);
    w.enrolled(6, "claimed-enrols");
    w.record(6, "by-tablet", &["*"], &w.dinner("grandma", "genesis", 300));
    let card = w.card("Nana", 12, 12);
    w.bind("bind", grandma, &card, &["*"], &["*"]);
    w.enrolled(12, "bind");
    let bound = w.by_bind("bind");
    let stale = NewStatement::Rename { generation: claimed, name: "Stale" };
    w.issue_statement(5, "claimed-renames-again", 5, &stale, &["*"], &["*"]);
    let wrong = NewStatement::Rename { generation: bound, name: "Wrong" };
    w.issue_statement(5, "not-the-bound-key", 5, &wrong, &["*"], &["*"]);
    let rename = NewStatement::Rename { generation: bound, name: "Nana" };
    w.issue_statement(12, "bound-renames", 12, &rename, &["*"], &["*"]);
    let tablet = w.certificate(12, 13);
    let enrol = NewStatement::Enrol { generation: bound, device: &tablet };
    w.issue_statement(12, "bound-enrols", 12, &enrol, &["*"], &["*"]);
    w.enrolled(13, "bound-enrols");
    w.record(13, "by-new-tablet", &["*"], &w.dinner("grandma", "genesis", 500));
    let revoke = NewStatement::Revoke { generation: bound, device: device(12).id() };
    w.issue_statement(13, "bound-revokes", 12, &revoke, &["*"], &["*"]);
    w.record(12, "after", &["*"], &w.dinner("grandma", "genesis", 700));
    w.scenario(
        "acts-of-claimed-and-bound",
        "Step 3 for generations that a claim or a bind started: whoever holds their root key enrols, \
         renames and revokes; the bind ends what the claim began.",
        &[("claimed-renames-again", 40), ("not-the-bound-key", 31), ("after", 41)],
    )
}

fn removal_and_return() -> Value {
    let mut w = World::with_ben();
    let ben = w.member("add-ben");
    w.record(2, "before", &["*"], &w.dinner("add-ben", "genesis", 300));
    w.remove("remove", ben, &["*"], &["*"]);
    w.record(2, "after", &["*"], &w.dinner("add-ben", "genesis", 500));
    let card = w.card("Ben anew", 12, 12);
    w.bind("bind", ben, &card, &["*"], &["*"]);
    w.enrolled(12, "bind");
    w.record(12, "back-again", &["*"], &w.dinner("add-ben", "genesis", 700));
    w.record(2, "old-phone", &["*"], &w.dinner("add-ben", "genesis", 900));
    w.scenario(
        "removal-and-return",
        "Step 2: a bind that knows of the removal brings the member back under new keys; id, name \
         and balance stay, the old keys stay out.",
        &[("after", 40), ("old-phone", 40)],
    )
}

fn bind_beside_removal() -> Value {
    let mut w = World::with_ben();
    let ben = w.member("add-ben");
    w.say(1, "note", &["*"], Draft::merge());
    let card = w.card("Ben anew", 12, 12);
    w.bind("bind", ben, &card, &["note"], &["*"]);
    w.remove("remove", ben, &["add-ben"], &["*"]);
    w.enrolled(12, "bind");
    w.record(12, "new-keys", &["*"], &w.dinner("add-ben", "genesis", 700));
    w.scenario(
        "bind-beside-removal",
        "Step 2: neither knows of the other, so the removal ends the bind's generation too, although \
         the bind comes later in statement order.",
        &[("new-keys", 40)],
    )
}

fn concurrent_binds() -> Value {
    let mut w = World::new();
    w.placeholder(1, "Grandma", "genesis", &["*"]);
    let grandma = w.member("Grandma");
    for (n, label) in [(11, "bind-a"), (12, "bind-b"), (13, "bind-c")] {
        let card = w.card("Grandma", n, n);
        w.bind(label, grandma, &card, &["Grandma"], &[]);
        w.enrolled(n, label);
    }
    for (n, label) in [(11, "by-a"), (12, "by-b"), (13, "by-c")] {
        w.record(n, label, &[], &w.dinner("Grandma", "genesis", u64::from(n) * 100));
    }
    let order = |label: &str| w.by_bind(label);
    let mut last = [order("bind-a"), order("bind-b"), order("bind-c")];
    last.sort();
    let expected: Vec<(&str, u8)> = [("bind-a", "by-a"), ("bind-b", "by-b"), ("bind-c", "by-c")]
        .into_iter()
        .filter(|(bind, _)| order(bind) != last[2])
        .map(|(_, by)| (by, VoidReason::HardCut.code()))
        .collect();
    w.scenario(
        "concurrent-binds",
        "Step 2: of binds with one base, the generation of the largest digest stands.",
        &expected,
    )
}

fn leave() -> Value {
    let mut w = World::with_ben();
    let ben = w.by_card("add-ben");
    w.tablet();
    w.record(2, "before", &["*"], &w.dinner("add-ben", "genesis", 300));
    w.issue_statement(
        2,
        "leave",
        2,
        &NewStatement::Leave { generation: ben },
        &["add-ben"],
        &["*"],
    );
    w.record(2, "after", &["*"], &w.dinner("add-ben", "genesis", 500));
    w.record(4, "beside", &["before"], &w.dinner("add-ben", "genesis", 700));
    w.record(4, "tablet-after", &["*"], &w.dinner("add-ben", "genesis", 900));
    w.issue_statement(
        1,
        "revoke",
        2,
        &NewStatement::Revoke { generation: ben, device: device(2).id() },
        &["*"],
        &["*"],
    );
    w.scenario(
        "leave",
        "Step 3: a leave voids only what has it in its past, whatever its base; who left can \
         still revoke.",
        &[("after", 42), ("tablet-after", 42)],
    )
}

fn owner_leaves() -> Value {
    let mut w = World::with_ben();
    let anna = w.by_card("genesis");
    w.issue_statement(1, "leave", 1, &NewStatement::Leave { generation: anna }, &["*"], &["*"]);
    w.record(1, "after", &["*"], &w.dinner("genesis", "add-ben", 500));
    w.issue_statement(
        2,
        "rename-group",
        1,
        &NewStatement::RenameGroup { name: "House" },
        &["*"],
        &["*"],
    );
    w.scenario(
        "owner-leaves",
        "Owner acts go on after the owner left; anybody carries them.",
        &[("after", 42)],
    )
}

fn removal_revives() -> Value {
    let mut w = World::with_ben();
    let (ben, member) = (w.by_card("add-ben"), w.member("add-ben"));
    w.record(2, "spent", &["*"], &w.dinner("add-ben", "genesis", 300));
    let revoke = NewStatement::Revoke { generation: ben, device: device(2).id() };
    w.issue_statement(1, "revoke", 2, &revoke, &["add-ben"], &["add-ben"]);
    w.remove("remove", member, &["spent"], &["*"]);
    w.scenario(
        "removal-revives",
        "A self act outside a hard cut has no effect at all: the removal knows of the expense but \
         not of the revocation that would void it.",
        &[("revoke", 40)],
    )
}

fn devices_of_one_key() -> Value {
    let mut w = World::enrolled_twice();
    for (by, label, generation) in [("enrol-a", "rotate-a", 1), ("enrol-b", "rotate-b", 2)] {
        w.enrolled(4, by);
        let key = device(70 + generation as u8).exchange_public_key();
        w.say(4, label, &["enrol-b"], Draft::rotation(generation, key));
    }
    w.say(1, "owner-rotates", &[], Draft::rotation(1, device(80).exchange_public_key()));
    w.say(1, "and-again", &[], Draft::rotation(2, device(81).exchange_public_key()));
    w.scenario(
        "two-enrolments-of-one-key",
        "Concurrent enrolments of one device key in one generation are one device, although each \
         begins a chain: of the rotations on both chains the last one is in force.",
        &[],
    )
}

fn epochs() -> Value {
    let mut w = World::with_ben();
    w.add(1, "cleo", 3, 3, &["*"]);
    let (first, unaware) = (w.epoch(1), w.epoch(2));
    w.say(1, "first", &["*"], first);
    w.say(3, "unaware", &["*"], unaware);
    let before = w.state();
    let member = w.member("add-ben");
    w.remove("remove", member, &["first"], &["first"]);
    let (aware, again, void) = (w.epoch(3), w.epoch(4), w.epoch(5));
    w.say(1, "aware", &["remove"], aware);
    w.say(2, "his", &["remove"], void);
    w.say(
        3,
        "rotates",
        &["aware", "unaware"],
        Draft::rotation(1, device(70).exchange_public_key()),
    );
    w.say(1, "too-early", &["aware"], w.epoch(6));
    w.say(1, "knows-all", &["*"], again);
    assert_eq!(before.usable_epochs().count(), 2);
    w.scenario(
        "epochs",
        "Which epochs are usable: Cleo begins one without knowing of a removal, Ben one after \
         his, which is void, Anna one that knows of it and one before she hears of Cleo's \
         rotation. In the end only the last one knows of everything.",
        &[("his", 40)],
    )
}

fn epochs_in_force() -> Value {
    let mut w = World::with_ben();
    let rotation =
        |generation: u64, n: u8| Draft::rotation(generation, device(n).exchange_public_key());
    let generation = Generation::Card(w.member("add-ben"));
    w.say(2, "rotates", &["*"], rotation(1, 70));
    w.say(2, "rotates-again", &["rotates"], rotation(2, 71));
    let (superseded, in_force) = (w.epoch(1), w.epoch(2));
    w.say(1, "knows-one", &["rotates"], superseded);
    w.say(1, "knows-both", &["rotates-again"], in_force);
    let invented = NewStatement::Revoke { generation, device: device(77).id() };
    w.issue_statement(2, "revoke-invented", 2, &invented, &["rotates-again"], &["rotates-again"]);
    w.scenario(
        "epochs-in-force",
        "Which rotations and revocations count for epochs: Ben rotates twice, and revokes a key that \
         nothing enrols. The epoch that knows of the last rotation is usable.",
        &[],
    )
}

fn epochs_of_a_leaver() -> Value {
    let mut w = World::with_ben();
    let generation = Generation::Card(w.member("add-ben"));
    let before = w.epoch(1);
    w.say(1, "before", &["*"], before);
    w.say(2, "rotates", &["*"], Draft::rotation(1, device(70).exchange_public_key()));
    w.issue_statement(
        2,
        "leave",
        2,
        &NewStatement::Leave { generation },
        &["before"],
        &["rotates"],
    );
    let after = w.epoch(2);
    w.say(1, "after", &["leave"], after);
    w.scenario(
        "epochs-of-a-leaver",
        "Ben rotates and leaves. An epoch must know of the leave, and of no rotation of his.",
        &[],
    )
}

fn certified_x_gen() -> Value {
    let mut w = World::with_ben();
    let group = *w.group.as_bytes();
    let certificate = |n: u8, x_gen: u64| {
        let mut fields = raw::certificate_fields(&group, 21, n);
        fields[6] = raw::uint(x_gen);
        raw::array(&fields)
    };
    let first = certificate(3, 3);
    let card = raw::array(&raw::card_fields(&group, 21, "Cleo", &first));
    let signatures = raw::card_signatures(&card, 21, &first, 3);
    w.say_raw(1, "add-cleo", 2, &[], &raw::array(&[raw::bytes(&card), signatures]));
    let tablet = certificate(4, 5);
    let generation = [raw::uint(0), raw::bytes(w.member("add-cleo").as_bytes())];
    let statement = raw::array(&[
        raw::uint(1),
        raw::bytes(&group),
        raw::bytes(&raw::public(21)),
        raw::uint(1),
        raw::array(&[raw::array(&generation), raw::bytes(&tablet)]),
        raw::ids(&[*w.id("add-cleo").as_bytes()]),
        raw::bytes(&w.fresh()),
    ]);
    let signed = |n, tag, what: &[u8]| raw::bytes(&raw::certify(n, tag, what));
    let more = [signed(21, "dev-cert", &tablet), signed(4, "dev-accept", &tablet)];
    let act = [raw::bytes(&statement), signed(21, "act", &statement), raw::array(&more)];
    w.say_raw(1, "enrol", 6, &["add-cleo"], &raw::array(&act));
    w.scenario(
        "certified-x-gen",
        "Certificates of devices that had rotated before: the state shows their x_gen.",
        &[],
    )
}

fn unknown() -> Value {
    let mut w = World::with_ben();
    w.say_raw(2, "unknown-kind", 999, &["add-ben"], b"?");
    w.record(1, "after", &["*"], &w.dinner("genesis", "add-ben", 10));
    w.remove("remove", w.member("add-ben"), &["*"], &["*"]);
    w.say_raw(2, "unknown-by-removed", 999, &["add-ben"], b"?");
    w.scenario(
        "unknown-kind",
        "An entry of a kind that version 1 does not know has no effect; others build on it. \
         Nothing else is said of it, whoever signed it.",
        &[("unknown-kind", 1), ("unknown-by-removed", 1)],
    )
}

fn successor() -> Value {
    let mut old = World::with_ben();
    old.placeholder(1, "Cleo", "genesis", &["*"]);
    old.placeholder(1, "Dan", "genesis", &["*"]);
    old.record(1, "dinner", &["*"], &old.dinner("genesis", "add-ben", 1000));
    old.record(1, "with-cleo", &["*"], &old.dinner("Cleo", "add-ben", 301));
    let evaluation = old.evaluation();
    let entropy = entropy(2);
    let new = NewGroup::new("Flat II", "Ben", &entropy, 0, [10; 32])
        .successor_of(evaluation.view(), old.member("add-ben"));
    // Anna, Cleo and Dan follow Ben there, in the order of their introductions.
    let genesis = new.create(&device(1), 0).unwrap();
    let Payload::Genesis(payload) = genesis.decoded().payload().clone() else {
        panic!("not a genesis entry")
    };
    let mut w = World::begun_with(genesis);
    for (place, label) in [(1, "carried-1"), (2, "carried-2")] {
        let opening = &payload.predecessor().unwrap().opening[place];
        w.say(1, label, &["*"], Draft::carried_over(opening.card.as_ref().unwrap()));
    }
    w.record(1, "dinner", &["*"], &w.dinner("genesis", "carried-2", 100));
    let (anna, card) = (w.member("carried-1"), w.card("Anna", 7, 7));
    w.issue_statement(
        1,
        "bind",
        2,
        &NewStatement::Bind { member: anna, card: &card },
        &["*"],
        &["*"],
    );
    w.enrolled(7, "bind");
    w.record(7, "by-bound", &["*"], &w.dinner("carried-1", "genesis", 50));
    w.scenario(
        "successor-group",
        "The genesis entry carries people and balances over, Dan too, of whom nothing is said \
         later; a placeholder entry of the same card names them, a bind gives them keys.",
        &[],
    )
}

/// Ben, who goes on, and Dora, who came from a file.
fn successor_with_a_file() -> Value {
    let mut old = World::with_ben();
    let Payload::Genesis(genesis) = old.entry("genesis").decoded().payload().clone() else {
        panic!("not a genesis entry")
    };
    let dora = Draft::person_from_file(&old.state(), *genesis.salt(), "Dora", [4; 16]).unwrap();
    old.say(1, "dora", &["*"], dora);
    old.record(1, "row", &["*"], &old.dinner("add-ben", "dora", 800));
    let Payload::Placeholder(dora) = old.entry("dora").decoded().payload().clone() else {
        panic!("not a placeholder")
    };
    let (evaluation, entropy) = (old.evaluation(), entropy(2));
    let new = NewGroup::new("Flat II", "Ben", &entropy, 0, [10; 32])
        .successor_of(evaluation.view(), old.member("add-ben"))
        .people_from_files([(old.member("dora"), dora.card().clone())].into());
    let mut w = World::begun_with(new.create(&device(1), 0).unwrap());
    let dora = Draft::person_from_file(&w.state(), [10; 32], "Dora", [4; 16]).unwrap();
    w.say(1, "dora-of-the-file", &["*"], dora);
    w.record(1, "next-row", &["*"], &w.dinner("genesis", "dora-of-the-file", 200));
    let (state, dora) = (w.state(), w.member("dora-of-the-file"));
    assert_eq!((state.members().len(), state.labels()[&dora].as_str()), (3, "Dora"));
    let euro = state.currencies().next().unwrap();
    assert_eq!(state.balance(dora, euro).minor_units(), -500);
    w.scenario(
        "successor-with-a-person-from-a-file",
        "A person from a file keeps name and nonce of the card, and so is the member whom an import of \
         the file introduces in the new group.",
        &[],
    )
}

fn names() -> Value {
    let mut w = World::with_ben();
    let ben = w.by_card("add-ben");
    let names = ["One", "Two", "Three", "Four", "Five"];
    for name in names {
        w.issue_statement(1, name, 1, &NewStatement::RenameGroup { name }, &["*"], &["*"]);
        let rename = NewStatement::Rename { generation: ben, name };
        w.issue_statement(2, &format!("ben-{name}"), 2, &rename, &["*"], &["*"]);
    }
    w.carry(1, "one-again", "One", &["*"]);
    w.issue_statement(
        1,
        "late",
        1,
        &NewStatement::RenameGroup { name: "Late" },
        &["add-ben"],
        &["*"],
    );
    w.scenario(
        "names",
        "The last in statement order counts, by base and digest; carriers' clocks play no part.",
        &[],
    )
}

pub(crate) fn build() -> Value {
    let Value::Array(scenarios) = several(&[
        plain,
        faults::build,
        self_acts,
        removal_and_return,
        bind_beside_removal,
        concurrent_binds,
        leave,
        owner_leaves,
        removal_revives,
        introductions::build,
        names,
        devices_of_one_key,
        unknown,
        successor,
        successor_with_a_file,
        attacks::build,
        slots::build,
        acts_of_claimed_and_bound,
        certified_x_gen,
        epochs,
        epochs_in_force,
        epochs_of_a_leaver,
        pinned::build,
        ties::build,
        settings::build,
        templates::build,
        speaks::build,
        units::build,
    ]) else {
        panic!("an array")
    };
    let seen = |code: u64| {
        let entries = scenarios.iter().flat_map(|s| s["entries"].as_array().unwrap());
        entries.into_iter().any(|entry| entry["verdict"] == code)
    };
    for reason in VoidReason::ALL {
        assert!(seen(u64::from(reason.code())), "no entry is void with {}", reason.slug());
    }
    let about = "SPEC 5.3, 6 and 7. Each scenario is a whole group, its genesis entry first; the set \
        of entries gives verdicts (0 applied, 1 unknown, else the reason's code), members, \
        devices, balances and digest, in whatever order it arrives. all_heads are those of the \
        graph (1.1), agreed_heads those that devices compare (5.3), usable_epochs follow from 11.2 \
        and recipients from 11.4. as_of_entries are the digests of the states as of each \
        entry, in the order of entries; as_of_days those as of days around the dates that occur \
        (7.3).";
    file(about, "scenarios", Value::Array(scenarios))
}
