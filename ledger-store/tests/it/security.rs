//! SECURITY.md: every test that it names exists.

use std::path::{Path, PathBuf};

fn sources(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
}

/// `file::test` must be a test in such a file, `a_test_alone` one anywhere.
#[test]
fn every_test_that_security_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = std::fs::read_to_string(root.join("SECURITY.md")).unwrap();
    let mut files = Vec::new();
    for folder in [
        "ledger-core/src",
        "ledger-core/tests",
        "ledger-relay/src",
        "ledger-store/src",
        "ledger-store/tests",
    ] {
        sources(&root.join(folder), &mut files);
    }
    let is_name = |text: &str| {
        text.split('_').count() >= 4
            && text.bytes().all(|b| b == b'_' || b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    let mut checked = 0_u32;
    // Every second part stands between backticks.
    for quoted in page.split('`').skip(1).step_by(2) {
        let (file, test) = quoted.split_once("::").unwrap_or(("", quoted));
        if !is_name(test) {
            assert!(file.is_empty(), "{quoted} is no name of a test");
            continue;
        }
        let definition = format!("#[test]\nfn {test}()");
        let nested = format!("#[test]\n    fn {test}()");
        let place = format!("{file}.rs");
        let exists = files.iter().any(|(path, text)| {
            (file.is_empty() || path.ends_with(&place))
                && (text.contains(&definition) || text.contains(&nested))
        });
        assert!(exists, "SECURITY.md names {quoted}, and there is no such test");
        checked += 1;
    }
    assert!(checked > 30, "only {checked} names were found");
}
