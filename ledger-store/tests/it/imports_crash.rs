//! Crashes between the transactions of an import of a file: the mark says what is there, and importing
//! again brings the rest.
#![cfg(all(feature = "sqlcipher", feature = "import"))]

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use ledger_core::Currency;
use ledger_formats::{ImportFile, splitwise};
use ledger_store::{
    FileSecrets, Group, ImportChoice, ImportTarget, Progress, Store, StoreError, StoreOptions,
};

use crate::common::crashing::{DATABASE, run_and_kill, say};
use crate::common::{Folder, Rng, child_process, go_on, only};

const BATCH: usize = 250;
const ROWS: usize = 2_000;

fn file() -> ImportFile {
    let row = |n: usize| format!("2026-01-01,Tea {n},,4.00,EUR,2.00,-2.00\n");
    let rows: String = (0..ROWS).map(row).collect();
    let text = format!("Date,Description,Category,Cost,Currency,Ann,Ben\n{rows}");
    splitwise::read(text.as_bytes()).unwrap()
}

fn import(store: &Store, group: &Group, progress: &mut dyn FnMut(Progress) -> ControlFlow<()>) {
    let target = ImportTarget::Group(group.id());
    let plan = store.imports().plan(file(), target, [].into()).unwrap();
    store.imports().apply(&plan, ImportChoice::default(), progress).unwrap();
}

fn open(path: PathBuf) -> Result<Store, StoreError> {
    let secrets = Arc::new(FileSecrets::new(path.with_extension("keys")));
    StoreOptions::new().import_batch(BATCH).open(&path, secrets)
}

fn balance(group: &Group) -> i128 {
    let euro = Currency::from_code("EUR").unwrap();
    let ann = group.members().unwrap()[0].0;
    group.state().unwrap().balance(ann, euro).minor_units()
}

/// Child process of the other test.
#[test]
fn child_that_imports_a_file_until_it_is_killed() {
    let Some(path) = std::env::var_os(DATABASE).map(PathBuf::from) else { return };
    let store = open(path).unwrap();
    import(&store, &only(&store), &mut |_| {
        say("import", &[]);
        ControlFlow::Continue(())
    });
    say("done", &[]);
    // Until it is killed.
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

#[test]
fn a_killed_import_of_a_file_says_how_far_it_is_and_goes_on() {
    let (mut half, mut rng) = (0, Rng::new(7));
    for round in 0..6 {
        let folder = Folder::new(70 + round);
        drop(folder.store().create_group("Flat", "Ann").unwrap());
        let mut command =
            child_process("imports_crash::child_that_imports_a_file_until_it_is_killed");
        command.env(DATABASE, folder.db()).stdin(std::process::Stdio::piped());
        run_and_kill(command, 1 + rng.below(ROWS / BATCH), rng.below(60_000));
        let store = open(folder.db()).unwrap();
        let group = only(&store);
        let found = store.maintenance().check_database(&mut go_on).unwrap();
        assert_eq!(found.remedy(), None, "round {round}: {found:?}");
        let rows = balance(&group) / 200;
        match group.lists().unfinished_import().unwrap() {
            Some(mark) => {
                assert_eq!(mark.total, u64::try_from(ROWS).unwrap());
                assert_eq!(i128::from(mark.done), rows, "round {round}");
                assert_eq!(mark.done % u64::try_from(BATCH).unwrap(), 0);
                half += 1;
            }
            None => assert!(rows == 0 || rows == i128::try_from(ROWS).unwrap(), "round {round}"),
        }
        if round % 2 == 0 || rows == 0 {
            import(&store, &group, &mut go_on);
            assert_eq!(balance(&group), 200 * i128::try_from(ROWS).unwrap(), "round {round}");
        } else {
            store.imports().undo(group.id(), &mut go_on).unwrap();
            assert_eq!(balance(&group), 0, "round {round}");
        }
        assert_eq!(group.lists().unfinished_import().unwrap(), None);
    }
    println!("{half} of 6 imports were killed between two transactions");
    assert!(half > 0, "no kill came between two transactions");
}
