//! Replays the corpus of the fuzz target `import_splitwise`, so that what fuzzing once found stays
//! found on compilers without a fuzzer.

use std::path::Path;

#[path = "../../../fuzz/properties/import_splitwise.rs"]
mod import_splitwise;

#[test]
fn import_splitwise_holds_for_its_corpus() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/import_splitwise");
    let files = std::fs::read_dir(&folder).expect("the target has a corpus");
    let mut replayed = 0_u32;
    for file in files {
        let path = file.expect("the corpus can be listed").path();
        let data = std::fs::read(&path).expect("the corpus can be read");
        if std::panic::catch_unwind(|| import_splitwise::check(&data)).is_err() {
            panic!("the property does not hold for {}", path.display());
        }
        replayed = replayed.saturating_add(1);
    }
    assert!(replayed > 0, "{} is empty", folder.display());
}
