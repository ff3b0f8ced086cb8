//! `docs/errors.md` is made of the table of codes.
//!
//! `LEDGER_WRITE_DOCS=1 cargo test -p ledger-ffi --test it errors_doc` writes it.

use std::fmt::Write as _;
use std::path::Path;

use ledger_ffi::{Blame, ErrorCode};

const INTRO: &str = "\
# Error codes

Every call of the Swift, Kotlin and Python bindings that fails throws one
`LedgerError` (Kotlin: `LedgerException`) with

| field | is |
|---|---|
| `code` | what went wrong, for the app to decide by; codes keep their meaning |
| `reason` | what happened, in English, for logs and developers; no secrets, but perhaps names and paths |
| `blame` | whose fault it is: `you` (the app or the person), an entry's `author`, the `storage`, this `library` |
| `advice` | what to do, in English |
| `entry` | the entry at fault, if it is one |
| `rule` | the rule of [SPEC.md](../SPEC.md) that was broken, or why an entry would not count |

Whatever fails leaves the ledger as it was, unless it says otherwise below. A bug of
this library that ends in a panic is caught, too, and thrown as the internal error of
UniFFI, which no code stands for.

Written by `LEDGER_WRITE_DOCS=1 cargo test -p ledger-ffi --test it errors_doc`.
";

fn page() -> String {
    let mut page = INTRO.to_owned();
    for (blame, title) in [
        (Blame::You, "You: the app, or the person"),
        (Blame::Author, "Author: whoever wrote or carried the entry"),
        (Blame::Storage, "Storage: file, disk, key store, system"),
        (Blame::Library, "Library: this one, or its build"),
    ] {
        write!(page, "\n## {title}\n\n| code | means | what to do |\n|---|---|---|\n").unwrap();
        for code in ErrorCode::ALL.iter().filter(|code| code.blame() == blame) {
            let (slug, meaning, advice) = (code.slug(), code.meaning(), code.advice());
            writeln!(page, "| `{slug}` | {meaning} | {advice} |").unwrap();
        }
    }
    page
}

#[test]
fn the_page_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/errors.md");
    if std::env::var_os("LEDGER_WRITE_DOCS").is_some() {
        std::fs::write(&path, page()).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap();
    assert_eq!(found, page(), "LEDGER_WRITE_DOCS=1 cargo test -p ledger-ffi --test it errors_doc");
}

/// The scenario provokes all others. Each of these names the test that provokes it.
#[test]
fn what_no_input_reaches_is_tested_here() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let list = std::fs::read_to_string(root.join("tests/unreachable.txt")).unwrap();
    for line in list.lines() {
        let slug = line.split_whitespace().next().unwrap();
        let test = line.split_whitespace().next_back().unwrap();
        let code = ErrorCode::ALL.iter().find(|code| code.slug() == slug).unwrap();
        let source = std::fs::read_to_string(root.join(test)).unwrap();
        let (_, tests) = source.split_once("#[test]").unwrap();
        assert!(tests.contains(&format!("ErrorCode::{code:?}")), "{test} does not provoke {slug}");
    }
}

#[test]
fn codes_are_distinct_words_that_say_what_to_do() {
    let mut slugs = std::collections::BTreeSet::new();
    for code in ErrorCode::ALL {
        let slug = code.slug();
        assert!(slugs.insert(slug), "{slug} twice");
        assert!(slug.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{slug}");
        // `TooLarge` is `too-large`, so that logs and code can be searched alike.
        let name = format!("{code:?}");
        let folded = |text: &str| text.replace('-', "").to_lowercase();
        assert_eq!(folded(slug), folded(&name));
        assert!(code.meaning().ends_with('.') && code.advice().ends_with('.'), "{slug}");
    }
}
