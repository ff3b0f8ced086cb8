//! Introductions: claims, adoption, and cards that are added again (SPEC §6.5).

use ledger_core::engine::Draft;
use ledger_core::statement::NewStatement;
use serde_json::{Value, json};

use crate::vectors::several;
use crate::vectors::world::{SALT, World, device};

fn claims() -> Value {
    let mut w = World::with_ben();
    w.placeholder(1, "Grandma", "genesis", &["*"]);
    let grandma = w.member("Grandma");
    let claim = |w: &World, n| Draft::claim(&w.state(), grandma, &w.card("Dora", n, n)).unwrap();
    w.say(1, "claim", &["*"], claim(&w, 3));
    w.enrolled(3, "claim");
    w.record(3, "dora", &["*"], &w.dinner("Grandma", "genesis", 100));
    w.say(1, "second-claim", &["Grandma"], claim(&w, 4));
    w.enrolled(4, "second-claim");
    w.record(4, "other-dora", &[], &w.dinner("Grandma", "genesis", 200));
    w.say(2, "claim-by-ben", &["*"], claim(&w, 5));
    w.scenario(
        "claims",
        "Each claim by the introducer starts a generation of its own; nobody else may claim.",
        &[("claim-by-ben", 14)],
    )
}

fn claimed_then_bound() -> Value {
    let mut w = World::new();
    w.placeholder(1, "Grandma", "genesis", &["*"]);
    let grandma = w.member("Grandma");
    let claim = Draft::claim(&w.state(), grandma, &w.card("Dora", 3, 3)).unwrap();
    w.say(1, "claim", &["*"], claim);
    w.enrolled(3, "claim");
    w.record(3, "known", &["*"], &w.dinner("Grandma", "genesis", 100));
    let card = w.card("Dora", 4, 4);
    w.bind("bind", grandma, &card, &["known"], &["*"]);
    w.record(3, "unknown", &["*"], &w.dinner("Grandma", "genesis", 200));
    let claim = Draft::claim(&w.state(), grandma, &w.card("Dora", 5, 5)).unwrap();
    w.say(1, "late-claim", &["*"], claim);
    w.enrolled(5, "late-claim");
    w.record(5, "by-late-claim", &["*"], &w.dinner("Grandma", "genesis", 400));
    w.scenario(
        "claimed-then-bound",
        "A bind ends the generations of claims, later ones too: claims have no exception.",
        &[("unknown", 40), ("by-late-claim", 40)],
    )
}

fn adoption() -> Value {
    let mut w = World::with_ben();
    let ben = w.member("add-ben");
    w.add(2, "cleo", 3, 3, &["*"]);
    w.remove("remove", ben, &["add-ben"], &["add-ben"]);
    w.record(3, "by-cleo", &["*"], &w.dinner("add-cleo", "genesis", 600));
    w.record(1, "names-cleo", &["*"], &w.dinner("genesis", "add-cleo", 100));
    let void = w.scenario(
        "introducer-removed",
        "Step 4: Cleo's introduction falls with Ben's removal, and Cleo with it. Anna's expense \
         stands, so Cleo is in the state without being introduced.",
        &[("add-cleo", 40), ("by-cleo", 60)],
    );
    let adopt = Draft::adopt(&w.state(), w.member("add-cleo")).unwrap();
    w.say(1, "adopt", &["*"], adopt);
    let adopted = w.scenario("adopted", "The same, and Anna adopts Cleo.", &[]);
    json!([void, adopted])
}

fn added_again() -> Value {
    let mut w = World::with_ben();
    let ben = w.member("add-ben");
    let card = w.card("Cleo", 3, 3);
    w.add(2, "cleo", 3, 3, &["*"]);
    w.remove("remove", ben, &["add-ben"], &["add-ben"]);
    w.record(3, "by-cleo", &["*"], &w.dinner("add-cleo", "genesis", 600));
    let again = Draft::add_member(&w.state(), &card).unwrap();
    w.say(1, "cleo-again", &["*"], again);
    w.scenario(
        "added-again",
        "Step 4: the same card by another member accepts the first introduction as well.",
        &[],
    )
}

/// A placeholder's card again, by another device of its introducer.
fn late_duplicate_card() -> Value {
    let mut w = World::with_ben();
    let ben = w.by_card("add-ben");
    w.tablet();
    let nonce = w.fresh();
    let draft = Draft::placeholder(&w.state(), w.member("add-ben"), "Grandma", nonce).unwrap();
    w.say(2, "grandma", &["*"], draft.clone());
    let revoke = NewStatement::Revoke { generation: ben, device: device(2).id() };
    w.issue_statement(4, "revoke", 2, &revoke, &["enrol"], &[]);
    let void = w.scenario(
        "placeholder-cut",
        "Ben's phone introduced Grandma; its revocation does not know of it.",
        &[("grandma", 41)],
    );
    w.say(4, "grandma-again", &[], draft);
    let revived = w.scenario(
        "late-duplicate-card",
        "The same, and Ben's tablet introduces the same card: both introductions count.",
        &[],
    );
    json!([void, revived])
}

fn bound_placeholder() -> Value {
    let mut w = World::with_ben();
    w.placeholder(2, "Grandma", "add-ben", &["*"]);
    let (ben, grandma) = (w.member("add-ben"), w.member("Grandma"));
    w.remove("remove", ben, &["add-ben"], &["*"]);
    let void = w.scenario(
        "placeholder-of-somebody-removed",
        "Step 4: the introduction is outside the removal.",
        &[("Grandma", 40)],
    );
    let card = w.card("Grandma", 5, 5);
    w.bind("bind", grandma, &card, &["*"], &["*"]);
    w.enrolled(5, "bind");
    w.say(5, "hello", &["*"], Draft::merge());
    let bound = w.scenario("bound", "The same, and the owner's bind accepts Grandma.", &[]);
    json!([void, bound])
}

/// People of one file, which several imported.
fn people_from_a_file() -> Value {
    let mut w = World::with_ben();
    let ben = w.member("add-ben");
    let dora = |w: &World, place: [u8; 32]| {
        Draft::person_from_file(&w.state(), place, "Dora", [7; 16]).unwrap()
    };
    let (by_ben, elsewhere) = (dora(&w, SALT), dora(&w, *w.group.as_bytes()));
    w.say(2, "by-ben", &["add-ben"], by_ben.clone());
    w.say(1, "by-anna", &["add-ben"], by_ben);
    w.say(1, "for-the-group", &["add-ben"], elsewhere);
    w.record(1, "cake", &["*"], &w.dinner("by-ben", "genesis", 300));
    let claim = Draft::claim(&w.state(), w.member("by-ben"), &w.card("Dora", 3, 3)).unwrap();
    w.say(2, "claim-by-ben", &["*"], claim);
    let once = w.scenario(
        "person-from-a-file",
        "Anybody introduces the person by one card, under the salt alone. Nobody claims it.",
        &[("for-the-group", 13), ("claim-by-ben", 14)],
    );
    w.remove("remove", ben, &["add-ben"], &["*"]);
    let stays = w.scenario(
        "person-from-a-file-by-a-removed-member",
        "Ben is removed, and Anna's introduction of the same person stands, and so does his.",
        &[("for-the-group", 13), ("claim-by-ben", 14)],
    );
    let card = w.card("Dora", 5, 5);
    w.bind("bind", w.member("by-anna"), &card, &["*"], &["*"]);
    let bound = w.scenario(
        "person-from-a-file-bound",
        "The owner's bind gives keys.",
        &[("for-the-group", 13), ("claim-by-ben", 14)],
    );
    json!([once, stays, bound])
}

fn claim_of_void_placeholder() -> Value {
    let mut w = World::with_ben();
    let ben = w.by_card("add-ben");
    w.tablet();
    w.placeholder(2, "Grandma", "add-ben", &["*"]);
    let claim = Draft::claim(&w.state(), w.member("Grandma"), &w.card("Grandma", 3, 3)).unwrap();
    w.say(4, "claim", &["*"], claim);
    w.enrolled(3, "claim");
    let revoke = NewStatement::Revoke { generation: ben, device: device(2).id() };
    w.issue_statement(4, "revoke", 2, &revoke, &["enrol"], &[]);
    w.say(3, "hello", &[], Draft::merge());
    w.scenario(
        "claim-of-a-void-placeholder",
        "A claim does not need its placeholder accepted, nor does it accept it.",
        &[("Grandma", 41)],
    )
}

fn cut_before_never_accepted() -> Value {
    let mut w = World::with_ben();
    let ben = w.member("add-ben");
    w.add(2, "cleo", 3, 3, &["*"]);
    let cleo = w.member("add-cleo");
    w.remove("remove-ben", ben, &["add-ben"], &["*"]);
    w.say(3, "never", &[], Draft::merge());
    w.remove("remove-cleo", cleo, &["never"], &["*"]);
    w.say(3, "cut", &[], Draft::merge());
    w.scenario(
        "cut-before-never-accepted",
        "Of two reasons the first is told: a cut goes before an enrolment that is not accepted.",
        &[("add-cleo", 40), ("never", 60), ("cut", 40)],
    )
}

pub(crate) fn build() -> Value {
    several(&[
        claims,
        claimed_then_bound,
        adoption,
        added_again,
        late_duplicate_card,
        bound_placeholder,
        people_from_a_file,
        claim_of_void_placeholder,
        cut_before_never_accepted,
    ])
}
