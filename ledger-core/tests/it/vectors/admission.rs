//! Admission of entries one after the other (SPEC §5).

use ledger_core::EntryId;
use ledger_core::engine::{Admission, Draft, Ledger, MemoryIndex, VerifiedEntry};
use ledger_core::hazmat::any_position;
use ledger_core::statement::{Generation, NewStatement};
use serde_json::{Value, json};

use crate::vectors::file;
use crate::vectors::world::{World, device, hex};

/// A group on one device, which takes entries in the order in which they come.
struct Device {
    ledger: Ledger,
    index: MemoryIndex,
}

impl Device {
    fn new(genesis: &VerifiedEntry) -> Self {
        let mut index = MemoryIndex::new();
        let ledger = Ledger::begin(genesis, &mut index).unwrap();
        Self { ledger, index }
    }

    fn offer(&mut self, entry: &VerifiedEntry) -> Value {
        let Ok(admission) = self.ledger.admit(entry.clone(), &self.index);
        match admission {
            Admission::Duplicate => json!({ "outcome": "duplicate" }),
            Admission::Refused(refusal) => {
                json!({ "outcome": "refused", "rule": refusal.rule().code() })
            }
            Admission::Missing(ids) => {
                let ids: Vec<String> = ids.iter().map(EntryId::to_string).collect();
                json!({ "outcome": "missing", "missing": ids })
            }
            Admission::Admitted(admitted) => {
                let Ok(replayed) = self.ledger.replay(&admitted, &self.index);
                self.index.insert(&admitted, &replayed);
                json!({ "outcome": "admitted" })
            }
        }
    }
}

/// Offers the world's entries after genesis in this order, expecting outcomes:
/// `admitted`, `duplicate`, `missing`, or the refusing rule.
fn sequence(world: &World, name: &str, about: &str, offers: &[(&str, &str)]) -> Value {
    let genesis = world.entry("genesis");
    let mut device = Device::new(genesis);
    let mut shown = |(label, expected): &(&str, &str)| {
        let entry = world.entry(label);
        let mut offer = json!({
            "name": label,
            "id": entry.id().to_string(),
            "bytes": hex(entry.decoded().as_bytes()),
            "signature": hex(entry.decoded().signature()),
        });
        let outcome = device.offer(entry);
        let found = outcome["rule"].as_str().or(outcome["outcome"].as_str());
        assert_eq!(found, Some(*expected), "{name}: {label}");
        offer.as_object_mut().unwrap().extend(outcome.as_object().unwrap().clone());
        offer
    };
    let offers: Vec<Value> = offers.iter().map(&mut shown).collect();
    json!({
        "name": name,
        "about": about,
        "genesis": {
            "id": genesis.id().to_string(),
            "bytes": hex(genesis.decoded().as_bytes()),
            "signature": hex(genesis.decoded().signature()),
        },
        "offers": offers,
    })
}

/// Anna and Ben, who both write, and Cleo's card by Ben.
fn world() -> World {
    let mut w = World::with_ben();
    w.say(2, "hello", &[], Draft::merge());
    w.say(1, "reply", &["*"], Draft::merge());
    w.add(2, "cleo", 3, 3, &["*"]);
    w
}

/// A merge entry at a position of the liar's choosing.
fn forge(w: &mut World, n: u8, label: &str, back: &str, seq: u64, parents: &[&str], off: i64) {
    let backlink = w.id(back);
    let mut parents = w.ids(parents);
    parents.remove(&backlink);
    let parents: Vec<EntryId> = parents.into_iter().collect();
    let lamport = w.lamport(parents.iter().chain([&backlink])).checked_add_signed(off).unwrap();
    let at = any_position(w.group, device(n).id(), seq, backlink, parents, lamport);
    let entry = Draft::merge().sign(&device(n), &at, 0).unwrap();
    w.entries.push((label.to_owned(), entry));
}

fn clocks() -> Value {
    let mut w = world();
    forge(&mut w, 1, "ahead", "reply", 3, &[], 1);
    forge(&mut w, 1, "behind", "reply", 3, &[], -1);
    forge(&mut w, 1, "frozen", "reply", 3, &["add-cleo"], -1);
    forge(&mut w, 1, "right", "reply", 3, &["add-cleo"], 0);
    forge(&mut w, 1, "ahead-and-without-a-chain", "reply", 5, &[], 1);
    let about = "The clock is exactly one more than the largest among backlink, parents and refs.";
    let offers = [
        ("add-ben", "admitted"),
        ("hello", "admitted"),
        ("reply", "admitted"),
        ("add-cleo", "admitted"),
        ("ahead", "A3"),
        ("behind", "A3"),
        ("frozen", "A3"),
        ("right", "admitted"),
        ("ahead-and-without-a-chain", "A3"),
    ];
    sequence(&w, "clocks", about, &offers)
}

fn missing() -> Value {
    let w = world();
    let about = "Entries that come before what they depend on wait; entries that come twice change \
        nothing.";
    let offers = [
        ("add-cleo", "missing"),
        ("reply", "missing"),
        ("genesis", "duplicate"),
        ("add-ben", "admitted"),
        ("reply", "missing"),
        ("hello", "admitted"),
        ("reply", "admitted"),
        ("add-cleo", "admitted"),
        ("hello", "duplicate"),
    ];
    sequence(&w, "missing", about, &offers)
}

fn chains() -> Value {
    let mut w = world();
    forge(&mut w, 2, "gap", "hello", 2, &[], 0);
    forge(&mut w, 2, "repeated-seq", "hello", 0, &[], 0);
    forge(&mut w, 2, "borrowed", "reply", 3, &[], 0);
    forge(&mut w, 2, "fork", "hello", 1, &["reply"], 0);
    forge(&mut w, 3, "borrowed-start", "add-ben", 0, &[], 0);
    forge(&mut w, 3, "start-at-plain-entry", "hello", 0, &[], 0);
    forge(&mut w, 3, "start-at-seq-1", "add-cleo", 1, &[], 0);
    forge(&mut w, 3, "start", "add-cleo", 0, &[], 0);
    forge(&mut w, 3, "second-start", "add-cleo", 0, &["reply"], 0);
    forge(&mut w, 9, "stranger", "genesis", 0, &[], 0);
    forge(&mut w, 1, "genesis-enrols-nobody", "genesis", 0, &[], 0);
    forge(&mut w, 1, "founder-fork", "genesis", 1, &["hello"], 0);
    let about = "A chain goes on from the same device's preceding seq, and begins at an entry that \
        enrols the device. Two entries with one seq are both admitted.";
    let offers = [
        ("add-ben", "admitted"),
        ("hello", "admitted"),
        ("reply", "admitted"),
        ("add-cleo", "admitted"),
        ("gap", "A2"),
        ("repeated-seq", "A2"),
        ("borrowed", "A2"),
        ("fork", "admitted"),
        ("borrowed-start", "A2"),
        ("start-at-plain-entry", "A2"),
        ("start-at-seq-1", "A2"),
        ("start", "admitted"),
        ("second-start", "admitted"),
        ("stranger", "A2"),
        ("genesis-enrols-nobody", "A2"),
        ("founder-fork", "admitted"),
    ];
    sequence(&w, "chains", about, &offers)
}

/// Statement that enrols a device.
fn enrolments() -> Value {
    let mut w = World::with_ben();
    w.placeholder(1, "grandma", "genesis", &["*"]);
    let ben = w.by_card("add-ben");
    let tablet = w.certificate(2, 4);
    let enrol = |generation| NewStatement::Enrol { generation, device: &tablet };
    w.issue_statement(2, "enrol", 2, &enrol(ben), &["add-ben"], &["*"]);
    w.issue_statement(2, "enrol-before-start", 2, &enrol(ben), &["genesis"], &["*"]);
    let anna = w.by_card("genesis");
    w.issue_statement(2, "enrol-into-another", 2, &enrol(anna), &["add-ben"], &["*"]);
    let grandma = w.member("grandma");
    let card = w.card("Grandma", 5, 5);
    let bind = NewStatement::Bind { member: grandma, card: &card };
    w.issue_statement(2, "bind-by-ben", 2, &bind, &["grandma"], &["*"]);
    w.issue_statement(2, "bind", 1, &bind, &["grandma"], &["*"]);
    let claim = Draft::claim(&w.state(), grandma, &w.card("Grandma", 6, 6)).unwrap();
    w.say(2, "claim-by-ben", &["*"], claim);
    let claim = w.claim_payload("Nobody", 107, 7);
    w.record(1, "expense", &["*"], &w.dinner("genesis", "add-ben", 10));
    w.say_raw(2, "claim-of-expense", 4, &["expense"], &claim);
    for (label, n, back) in [
        ("first-of-enrolled", 4, "enrol"),
        ("first-before-start", 4, "enrol-before-start"),
        ("first-into-another", 4, "enrol-into-another"),
        ("first-of-bind-by-ben", 5, "bind-by-ben"),
        ("first-of-bound", 5, "bind"),
        ("first-of-void-claim", 6, "claim-by-ben"),
        ("first-of-claimed-expense", 7, "claim-of-expense"),
    ] {
        forge(&mut w, n, label, back, 0, &["claim-of-expense"], 0);
    }
    forge(&mut w, 4, "second-of-enrolled", "first-of-enrolled", 1, &[], 0);
    let about = "Whatever its verdict, an entry enrols: a bind that names the owner's key, an \
        enrolment under the key of a generation that starts in its base, a claim whose target \
        introduces somebody.";
    let offers = [
        ("add-ben", "admitted"),
        ("grandma", "admitted"),
        ("enrol", "admitted"),
        ("enrol-before-start", "admitted"),
        ("enrol-into-another", "admitted"),
        ("bind-by-ben", "admitted"),
        ("bind", "admitted"),
        ("claim-by-ben", "admitted"),
        ("expense", "admitted"),
        ("claim-of-expense", "admitted"),
        ("first-of-enrolled", "admitted"),
        ("first-before-start", "A2"),
        ("first-into-another", "A2"),
        ("first-of-bind-by-ben", "A2"),
        ("first-of-bound", "admitted"),
        ("first-of-void-claim", "admitted"),
        ("first-of-claimed-expense", "A2"),
        ("second-of-enrolled", "admitted"),
    ];
    sequence(&w, "enrolments", about, &offers)
}

/// Generations that somebody else's bind and an empty claim start, or do not.
fn starts() -> Value {
    let mut w = World::with_ben();
    w.placeholder(1, "grandma", "genesis", &["*"]);
    let grandma = w.member("grandma");
    let card = w.card("Grandma", 5, 5);
    let bind = NewStatement::Bind { member: grandma, card: &card };
    w.issue_statement(2, "bind-by-ben", 2, &bind, &["*"], &["*"]);
    let tablet = w.certificate(5, 6);
    let enrol = NewStatement::Enrol { generation: w.by_bind("bind-by-ben"), device: &tablet };
    w.issue_statement(2, "enrol-for-bind", 5, &enrol, &["*"], &["*"]);
    let claim = Draft::claim(&w.state(), grandma, &w.card("Dora", 7, 7)).unwrap();
    let payload = w.payload(&claim);
    w.record(1, "expense", &["*"], &w.dinner("genesis", "add-ben", 10));
    w.say_raw(1, "claim-of-expense", 4, &["expense"], &payload);
    let tablet = w.certificate(7, 8);
    let generation = Generation::Claim(w.id("claim-of-expense"));
    let enrol = NewStatement::Enrol { generation, device: &tablet };
    w.issue_statement(2, "enrol-for-claim", 7, &enrol, &["*"], &["*"]);
    forge(&mut w, 5, "first-of-bind", "bind-by-ben", 0, &["enrol-for-claim"], 0);
    forge(&mut w, 6, "first-for-bind", "enrol-for-bind", 0, &["enrol-for-claim"], 0);
    forge(&mut w, 8, "first-for-claim", "enrol-for-claim", 0, &[], 0);
    let about = "A bind that somebody else than the owner signed enrols nobody itself, but it starts \
        its generation, so an enrolment for that generation enrols. A claim whose target introduces \
        nobody starts none.";
    let offers = [
        ("add-ben", "admitted"),
        ("grandma", "admitted"),
        ("bind-by-ben", "admitted"),
        ("enrol-for-bind", "admitted"),
        ("expense", "admitted"),
        ("claim-of-expense", "admitted"),
        ("enrol-for-claim", "admitted"),
        ("first-of-bind", "A2"),
        ("first-for-bind", "admitted"),
        ("first-for-claim", "A2"),
    ];
    sequence(&w, "starts", about, &offers)
}

fn groups() -> Value {
    let mut w = world();
    let mut theirs = World::other();
    theirs.say(1, "theirs", &[], Draft::merge());
    w.entries.push(("other-genesis".into(), theirs.entry("genesis").clone()));
    w.entries.push(("others-entry".into(), theirs.entry("theirs").clone()));
    let about = "Entries of another group and second genesis entries are refused, also while what \
        they depend on is missing.";
    let offers = [
        ("other-genesis", "A1"),
        ("others-entry", "A1"),
        ("add-ben", "admitted"),
        ("others-entry", "A1"),
    ];
    sequence(&w, "groups", about, &offers)
}

pub(crate) fn build() -> Value {
    let about = "SPEC 5. After the genesis entry, entries are offered in this order. outcome: \
        admitted, duplicate, missing (with the missing ids), or refused (with the rule). All are \
        well-formed and correctly signed. Nothing waits here: an entry that was missing something is \
        forgotten, and judged anew when it is offered again. A device that keeps what waits (SPEC \
        5.1) admits it by itself, and calls the second offer a duplicate.";
    let sequences = [clocks(), missing(), chains(), enrolments(), starts(), groups()];
    file(about, "sequences", json!(sequences))
}
