//! Databases of every schema version: they open, and show the balances that they had.
//! `cargo run -p ledger-store --example fixture` made them.
#![cfg(feature = "sqlcipher")]

use std::ops::ControlFlow;
use std::path::Path;

use crate::common::{self, Folder, Rng, assert_sound, count, decode, digest, entries, record};

/// The newest version, of which there must be a file as well.
fn newest() -> u32 {
    let folder = common::filled(1);
    folder.raw().query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap()
}

/// The statements that made a database, without comments and blanks.
fn schema(folder: &Folder) -> Vec<String> {
    let raw = folder.raw();
    let mut statement =
        raw.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name").unwrap();
    let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let plain = |sql: String| {
        let lines = sql.lines().map(|line| line.split("--").next().unwrap());
        lines.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
    };
    rows.map(|sql| plain(sql.unwrap())).collect()
}

#[test]
fn every_version_opens_and_means_what_it_meant() {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let current = schema(&common::filled(1));
    for version in 1..=newest() {
        let folder = Folder::new(2);
        for (name, path) in [("db", folder.db()), ("keys", folder.keys())] {
            let file = place.join(format!("v{version}.{name}"));
            let bytes = std::fs::read(&file);
            let bytes = bytes.unwrap_or_else(|_| panic!("{} is missing", file.display()));
            common::write_private(&path, &bytes);
        }
        let store = folder.open().unwrap();
        assert_eq!(
            schema(&folder),
            current,
            "version {version} leads to another schema: a released migration was changed, or, \
             before the release, the fixture is to be made anew"
        );
        let found = store.maintenance().check_database(&mut |_| ControlFlow::Continue(())).unwrap();
        assert_eq!(found.remedy(), None, "version {version}: {found:?}");
        let expected = std::fs::read_to_string(place.join(format!("v{version}.txt"))).unwrap();
        for line in expected.lines() {
            let [id, entry_count, state, last] =
                line.split(' ').collect::<Vec<_>>().try_into().unwrap();
            let group = store.group(id.parse().unwrap()).unwrap();
            assert_eq!(count(&group).to_string(), entry_count);
            assert_eq!(digest(&group).to_string(), state);
            let all = entries(&group);
            assert!(all.iter().any(|entry| decode(entry).id().to_string() == last));
            record(&group, 3, 1, &mut Rng::new(3));
            assert_sound(&group);
        }
        assert_eq!(expected.lines().count(), store.groups().unwrap().len());
    }
}
