//! Devices whose chains forked, and devices that only look so (SPEC §5.2).

use ledger_core::engine::{Admission, Draft, Ledger, MemoryIndex};
use ledger_core::statement::NewStatement;

use crate::common::{Group, Person};
use crate::vectors::world::{World, device};

fn ledger(world: &World) -> Ledger {
    let mut index = MemoryIndex::new();
    let mut entries = world.entries.iter().map(|(_, entry)| entry);
    let mut ledger = Ledger::begin(entries.next().unwrap(), &mut index).unwrap();
    for entry in entries {
        let Ok(admission) = ledger.admit(entry.clone(), &index);
        let Admission::Admitted(admitted) = admission else { panic!("{admission:?}") };
        let Ok(replayed) = ledger.replay(&admitted, &index);
        index.insert(&admitted, &replayed);
    }
    ledger
}

/// Ben's tablet, which two concurrent statements enrol, begins a chain at each.
fn enrolled_twice() -> World {
    let mut w = World::with_ben();
    let ben = w.by_card("add-ben");
    let tablet = w.certificate(2, 4);
    for label in ["enrol-a", "enrol-b"] {
        let enrol = NewStatement::Enrol { generation: ben, device: &tablet };
        w.issue_statement(2, label, 2, &enrol, &["add-ben"], &[]);
    }
    for (by, label) in [("enrol-a", "first"), ("enrol-b", "second")] {
        w.enrolled(4, by);
        w.say(4, label, &["*"], Draft::merge());
    }
    w
}

#[test]
fn a_key_that_two_statements_enrol_has_not_forked() {
    let mut w = enrolled_twice();
    assert!(!ledger(&w).has_forked(device(4).id()));
    w.back_to(4, "first");
    w.say(4, "goes-on", &["*"], Draft::merge());
    assert!(!ledger(&w).has_forked(device(4).id()), "each chain goes on");
}

#[test]
fn a_chain_of_one_enrolment_that_branches_has_forked() {
    let mut w = enrolled_twice();
    w.enrolled(4, "enrol-b");
    w.say(4, "again", &["*"], Draft::merge());
    assert!(ledger(&w).has_forked(device(4).id()));
    assert!(!ledger(&w).has_forked(device(2).id()), "nobody else");
}

#[test]
fn two_first_entries_behind_two_carriers_of_one_statement_have_forked() {
    let mut w = enrolled_twice();
    w.carry(2, "enrol-a-again", "enrol-a", &["*"]);
    assert!(!ledger(&w).has_forked(device(4).id()));
    w.enrolled(4, "enrol-a-again");
    w.say(4, "behind-it", &["*"], Draft::merge());
    assert!(ledger(&w).has_forked(device(4).id()));
}

/// Ben has signed, and 17 heads are here, one of which enrols him once more. He has no place for
/// an entry before he merged some: behind that head he would sign a second first entry.
#[test]
fn a_device_with_entries_never_begins_again_behind_another_enrolment() {
    let (mut g, mut anna) = Group::new();
    let mut people: Vec<Person> =
        (0..16).map(|n| g.add(&g.now(), &mut anna.phone, &format!("P{n}"))).collect();
    let without_ben = g.now();
    let mut ben = g.add(&without_ben, &mut anna.phone, "Ben");
    let bill = g.owes(&g.now(), &mut ben.phone, anna.member, ben.member, 5);
    g.owes(&g.now(), &mut anna.phone, ben.member, anna.member, 1);
    for person in &mut people {
        g.admit(&without_ben, &mut person.phone, &ben.card);
    }
    let (ledger, index) = g.arrive(g.pool.clone());
    let (heads, device) = (ledger.agreed_heads(), ben.phone.key.id());
    assert_eq!(heads.len(), 17);
    let home = ledger.enrolment_entry(device).unwrap();
    assert!(heads.contains(&home), "one that enrols him anew has the smallest id");
    assert_eq!(ledger.next_position(device), None);
    let cancellation = Draft::cancellation(bill, None);
    let Ok(position) = ledger.position_of_draft(device, &cancellation, &index);
    assert_eq!(position, None);
    let Ok(position) = ledger.position_of_draft(device, &Draft::merge(), &index);
    assert_eq!(position.unwrap().backlink(), bill);
}
