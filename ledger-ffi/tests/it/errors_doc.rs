//! `docs/errors.md` is generated from the table of codes.
//!
//! `LEDGER_WRITE_DOCS=1 cargo test -p ledger-ffi --test it errors_doc` writes it.

use std::fmt::Write as _;
use std::path::Path;

use ledger_ffi::{Blame, ErrorCode};

const INTRO: &str = "\
# Error codes

Every call of the Swift, Kotlin and Python bindings that fails throws one
`LedgerError` (Kotlin: `LedgerException`) with

| field | meaning |
|---|---|
| `code` | the code, for the app to decide by; codes keep their meaning |
| `reason` | what happened, in English, for logs and developers; no secrets, but possibly names and paths |
| `blame` | the party at fault: `you` (the app or the person), an entry's `author`, the `storage`, this `library` |
| `advice` | what to do, in English |
| `entry` | the entry at fault, if there is one |
| `rule` | the rule of [SPEC.md](../SPEC.md) that was broken, or the reason why an entry would not count |

A call that fails leaves the ledger as it was, unless the table says otherwise. If a bug
of this library ends in a panic, the binding catches the panic, and throws UniFFI's
internal error, which has no code.

Written by `LEDGER_WRITE_DOCS=1 cargo test -p ledger-ffi --test it errors_doc`.
";

fn page() -> String {
    let mut page = INTRO.to_owned();
    for (blame, title) in [
        (Blame::You, "You: the app, or the person"),
        (Blame::Author, "Author: the person or app that wrote or carried the entry"),
        (Blame::Storage, "Storage: file, disk, key store, system"),
        (Blame::Library, "Library: this library, or its build"),
    ] {
        write!(page, "\n## {title}\n\n| code | meaning | what to do |\n|---|---|---|\n").unwrap();
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

/// The scenario of the bindings provokes all other codes. Each line of the list names
/// the test that provokes its code.
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
