//! Bytes of a person who was removed: keys from before, and entries that nobody needs.

use std::collections::BTreeSet;

use ledger_core::bundle::frame;
use ledger_core::engine::Draft;
use ledger_core::hazmat::any_names;
use ledger_core::limits::MAX_REFS;
use ledger_core::seal::EpochKey;
use ledger_core::{Amount, Currency, EntryId, Expense, MemberId, Transaction};

use super::Role;
use super::scene::{Act, Scene};

type Row = (Role, &'static str, usize, fn(&mut Scene, usize) -> Vec<Act>);

pub(super) const SCENARIOS: &[Row] = &[
    (Role::Removed, "a chain of idle entries", 500, chain),
    (Role::Removed, "idle entries, ten at a time", 200, chain_in_batches),
    (Role::Removed, "entries of fresh keys, which wait", 500, fresh_keys),
    (Role::Removed, "a chain that waits, ten at a time", 200, waiting_in_batches),
    (Role::Removed, "waiting entries with 1,024 absent refs", 10, absent_refs),
    (
        Role::Removed,
        "small waiting entries with many absent refs, one at a time",
        10,
        absent_one_by_one,
    ),
    (Role::Removed, "entries of a later version", 300, later_version),
    (Role::Removed, "entries of an unknown kind", 300, unknown_kind),
    (Role::Removed, "invented keys, rightly wrapped", 40, invented_keys),
];

fn chain(scene: &mut Scene, size: usize) -> Vec<Act> {
    for _ in 0..size {
        scene.author.next(&mut scene.ben, &[], Draft::merge());
    }
    vec![Act::Ingest(scene.author.take())]
}

fn chain_in_batches(scene: &mut Scene, size: usize) -> Vec<Act> {
    let Act::Ingest(all) = chain(scene, size).remove(0) else { return Vec::new() };
    in_batches(&all, 10)
}

fn in_batches(entries: &[(Vec<u8>, [u8; 64])], of: usize) -> Vec<Act> {
    entries.chunks(of).map(|batch| Act::Ingest(batch.to_vec())).collect()
}

fn fresh_keys(scene: &mut Scene, size: usize) -> Vec<Act> {
    for _ in 0..size {
        let back = scene.author.no_entry();
        let mut device = scene.author.device(back);
        device.seq = 1;
        scene.author.next(&mut device, &[], Draft::merge());
    }
    in_batches(&scene.author.take(), 100)
}

fn waiting_in_batches(scene: &mut Scene, size: usize) -> Vec<Act> {
    scene.ben.back = scene.author.no_entry();
    scene.ben.seq = 1;
    chain_in_batches(scene, size)
}

/// An expense that names so many absent entries.
fn absent(scene: &mut Scene, refs: usize) -> Draft {
    let refs: BTreeSet<EntryId> = (0..refs).map(|_| scene.author.no_entry()).collect();
    let one = Amount::from_minor_units(1).unwrap();
    let parts: Vec<(MemberId, Amount)> =
        refs.iter().map(|id| (MemberId::from_bytes(*id.as_bytes()), one)).collect();
    let details = Transaction::Expense(
        Expense::new(
            "2026-11-21".parse().unwrap(),
            "x",
            Currency::from_code("EUR").unwrap(),
            Amount::from_minor_units(refs.len() as u64).unwrap(),
        )
        .payers(parts.clone())
        .shares(parts),
    );
    Draft::record(&any_names(scene.author.group, refs), &details).unwrap()
}

fn absent_refs(scene: &mut Scene, size: usize) -> Vec<Act> {
    for _ in 0..size {
        let draft = absent(scene, MAX_REFS);
        scene.author.next(&mut scene.ben, &[], draft);
    }
    vec![Act::Ingest(scene.author.take())]
}

fn absent_one_by_one(scene: &mut Scene, size: usize) -> Vec<Act> {
    for _ in 0..size {
        let draft = absent(scene, MAX_REFS / 2);
        scene.author.next(&mut scene.ben, &[], draft);
    }
    in_batches(&scene.author.take(), 1)
}

fn later_version(scene: &mut Scene, size: usize) -> Vec<Act> {
    raw(scene, size, 2)
}

fn unknown_kind(scene: &mut Scene, size: usize) -> Vec<Act> {
    raw(scene, size, 1)
}

/// Entries that no draft has, half of them of the kind of epoch entries.
fn raw(scene: &mut Scene, size: usize, version: u64) -> Vec<Act> {
    for n in 0..size {
        let kind = if version > 1 && n % 2 == 0 { 23 } else { 999 };
        let (seed, payload) = (scene.author.random(), scene.author.random::<100>());
        scene.author.raw(seed, version, kind, &payload);
    }
    in_batches(&scene.author.take(), 100)
}

/// Keys that no entry names, for everybody, each with an envelope that opens to an idle entry.
fn invented_keys(scene: &mut Scene, size: usize) -> Vec<Act> {
    let recipients = scene.host.group.state().unwrap().recipients();
    let mut bundle = Vec::new();
    for _ in 0..size {
        let key = EpochKey::from_bytes(scene.author.group, scene.author.random());
        let (seq, back) = (scene.ben.seq, scene.ben.back);
        let entry = scene.author.sign(&scene.ben.key, seq, back, &[], Draft::merge());
        (scene.ben.seq, scene.ben.back) = (seq + 1, entry.id());
        bundle.extend(
            key.wrap_for(&recipients, &scene.author.random()).iter().flat_map(|w| frame(w)),
        );
        bundle.extend(frame(&key.seal(entry.decoded())));
    }
    vec![Act::Import(bundle)]
}
