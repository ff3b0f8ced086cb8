//! Writes the database of the newest schema version that
//! `ledger-store/tests/it/fixtures.rs` opens from then on:
//!
//! ```text
//! cargo run -p ledger-store --example fixture
//! ```
//!
//! Run it once for each version, when that is released. Before, an earlier
//! version that is not released either is made by undoing what came after it:
//! `-- 1`. The keys are for tests.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation
)]

#[path = "../tests/it/common/mod.rs"]
mod common;

use std::path::Path;

use common::people::Ben;
use common::{Folder, Rng, assert_sound, decode, digest, entries, found, record, something};
use ledger_core::engine::Draft;
use ledger_store::NewEntry;

/// SQL that leads back to each version from the one after it.
const BACK: [&str; 2] = [
    "DROP TABLE person; DROP TABLE requests; DROP TABLE invites; DROP TABLE joins;
     DROP TABLE shares; DROP TABLE returned;",
    "DROP INDEX entries_by_group;",
];

fn main() {
    let folder = Folder::new(1);
    let store = folder.store();
    let mut rng = Rng::new(1);
    let (flat, trip) = (found(&store, 3), found(&store, 1));
    let mut originals = Vec::new();
    for _ in 0..10 {
        let state = flat.state().unwrap();
        let batch: Vec<NewEntry> =
            (0..8).map(|_| something(&state, &mut originals, &mut rng)).collect();
        let ids = flat.entries().append(batch.clone()).unwrap();
        let new = batch.iter().zip(ids).filter(|(new, _)| matches!(new, NewEntry::Record(_)));
        originals.extend(new.map(|(_, id)| id));
    }
    // A removal that makes entries void, and one that waits.
    let ben = Ben::join(&folder, &flat);
    let known = common::heads(&flat);
    let eva = Draft::placeholder(&flat.state().unwrap(), ben.member, "Eva", [1; 16]).unwrap();
    ben.write(&flat, eva);
    ben.remove(&flat, known);
    record(&flat, 460, 100, &mut rng);
    record(&trip, 20, 5, &mut rng);
    let others = Folder::new(2);
    let elsewhere = others.store();
    let gone = found(&store, 1);
    store.delete_group(gone.id()).unwrap();
    drop((elsewhere, gone));
    let mut expected = String::new();
    for group in [&flat, &trip] {
        assert_sound(group);
        let last = entries(group).iter().map(|entry| decode(entry).id()).next_back().unwrap();
        let count = common::count(group);
        expected.push_str(&format!("{} {count} {} {last}\n", group.id(), digest(group)));
    }
    drop((flat, trip, store));
    let raw = folder.raw();
    let mut version: usize = raw.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    let wanted = std::env::args().nth(1).map_or(version, |version| version.parse().unwrap());
    while version > wanted {
        version -= 1;
        raw.execute_batch(BACK[version - 1]).unwrap();
        raw.pragma_update(None, "user_version", version).unwrap();
    }
    raw.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    drop(raw);
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    std::fs::create_dir_all(&place).unwrap();
    std::fs::copy(folder.db(), place.join(format!("v{version}.db"))).unwrap();
    std::fs::copy(folder.keys(), place.join(format!("v{version}.keys"))).unwrap();
    std::fs::write(place.join(format!("v{version}.txt")), expected).unwrap();
    println!("wrote {}", place.join(format!("v{version}.*")).display());
}
