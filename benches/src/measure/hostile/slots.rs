//! Entries without end that belong to one expense.

use ledger_core::engine::Draft;
use ledger_core::hazmat::any_names;
use ledger_core::statement::NewStatement;
use ledger_core::{Amount, Currency, EntryId, Expense, MemberId, Origin, Transaction};

use super::Role;
use super::scene::{Act, Scene};

type Row = (Role, &'static str, usize, fn(&mut Scene, usize) -> Vec<Act>);

pub(super) const SCENARIOS: &[Row] = &[
    (Role::Removed, "originals of one origin", 1_000, originals),
    (Role::Active, "originals of one origin", 1_000, originals),
    (Role::Active, "restorations of one slot", 1_000, restorations),
    (Role::Active, "originals of one origin, revoked one by one", 100, revoked_one_by_one),
];

/// An expense of the member alone, whom the entry `home` introduced, with the same origin each time.
fn row(scene: &Scene, home: EntryId) -> Draft {
    let cent = Amount::from_minor_units(1).unwrap();
    let member = MemberId::from_bytes(*home.as_bytes());
    let (date, euro) = ("2026-11-21".parse().unwrap(), Currency::from_code("EUR").unwrap());
    let expense = Expense::new(date, "x", euro, cent)
        .paid_by(member, cent)
        .shares([(member, cent)])
        .origin(Origin::of_row(b"row"));
    let names = any_names(scene.author.group, [home]);
    Draft::record(&names, &Transaction::Expense(expense)).unwrap()
}

fn originals(scene: &mut Scene, size: usize) -> Vec<Act> {
    let home = scene.ben.back;
    for _ in 0..size {
        let draft = row(scene, home);
        scene.author.next(&mut scene.ben, &[], draft);
    }
    vec![Act::Ingest(scene.author.take())]
}

fn restorations(scene: &mut Scene, size: usize) -> Vec<Act> {
    let draft = row(scene, scene.ben.back);
    let original = scene.author.next(&mut scene.ben, &[], draft);
    for _ in 0..size {
        scene.author.next(&mut scene.ben, &[], Draft::restoration(original));
    }
    vec![Act::Ingest(scene.author.take())]
}

/// A tablet records a row again and again. Then the phone revokes the tablet as often, each time as
/// of one entry less: one entry leaves the slot each time.
fn revoked_one_by_one(scene: &mut Scene, size: usize) -> Vec<Act> {
    let home = scene.ben.back;
    let mut tablet = scene.author.enrol(&mut scene.ben);
    let mut bases = vec![tablet.back];
    for _ in 0..size {
        let draft = row(scene, home);
        bases.push(scene.author.next(&mut tablet, &[], draft));
    }
    let (generation, device) = (scene.author.generation, tablet.key.id());
    for base in bases.into_iter().rev().skip(1) {
        let draft = scene.author.state(&NewStatement::Revoke { generation, device }, base);
        scene.author.next(&mut scene.ben, &[], draft);
    }
    vec![Act::Ingest(scene.author.take())]
}
