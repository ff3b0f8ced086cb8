//! Replays the corpora of the fuzz targets, so that what fuzzing once found stays found on compilers without a
//! fuzzer.

use std::path::Path;

#[path = "../../../fuzz/properties/import_other.rs"]
pub(crate) mod import_other;
#[path = "../../../fuzz/properties/import_splitwise.rs"]
mod import_splitwise;

fn replay(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
    let files = std::fs::read_dir(&folder).expect("the target has a corpus");
    let mut replayed = 0_u32;
    for file in files {
        let path = file.expect("the corpus can be listed").path();
        let data = std::fs::read(&path).expect("the corpus can be read");
        if std::panic::catch_unwind(|| check(&data)).is_err() {
            panic!("the property does not hold for {}", path.display());
        }
        replayed = replayed.saturating_add(1);
    }
    assert!(replayed > 0, "{} is empty", folder.display());
}

#[test]
fn import_splitwise_holds_for_its_corpus() {
    replay("import_splitwise", import_splitwise::check);
}

/// The property reads each file as every program, too.
#[test]
fn import_other_holds_for_both_corpora() {
    for corpus in ["import_other", "import_splitwise"] {
        replay(corpus, import_other::check);
    }
}
