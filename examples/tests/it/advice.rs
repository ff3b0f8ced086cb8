//! Advice in messages and documents: what it names exists as a command.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::common::program;

/// Advice of the libraries, by its words, and the command that follows it.
const COMMANDS: &[(&str, &str)] = &[
    ("import a bundle", "bundle import"),
    ("import it there", "bundle import"),
    ("without it nothing can be checked", "bundle import"),
    ("import into it first", "import"),
    ("export the group again", "import"),
    ("export again", "import"),
    ("name that of the file", "import --currency"),
    ("sync anew", "bundle import"),
    ("begin the bundle again", "bundle export"),
    ("use an id that the group lists", "activity"),
    ("record it anew", "record"),
    ("check the rates", "balances --in --rate"),
    ("give one for each", "settle-up --in --rate"),
    ("restore it first", "restore"),
    ("copy it, if it is true", "copy"),
    ("weights say any proportion", "split --split"),
    ("your recovery phrase", "recover"),
    ("go on without", "go-on"),
    ("reset this device's keys", "reset-device-keys"),
    ("make a new", "invite"),
    ("new keys", "invite --for-member"),
    ("new bundle", "bundle export"),
    ("revoke one that is not used", "revoke"),
    ("show a fresh one on the new device", "pair new"),
    ("begin again", "pair old"),
    ("choose the person", "shares restore --person"),
    ("ask more friends", "shares add"),
    ("ask another friend", "shares add"),
    ("read the list again", "shares list"),
    ("change it, and it goes on", "recurring change"),
    ("correct it, or cancel it", "correct"),
    ("correct them, or cancel them", "correct"),
    ("cancel it, if it is wrong for both", "cancel"),
    ("replace them or keep them", "import --replace"),
    ("into a group of its own", "import --new-group"),
    ("plan it again", "import --plan"),
    ("import the file again", "import"),
    ("undo the import", "import undo"),
    ("keep what is there", "import --add-anyway"),
    ("name a device of your own", "settings --device-name"),
];

/// Advice that asks for something which is no command: to look, to ask, to type again.
const BY_HAND: &[&str] = &[
    "give the file as the program wrote it",
    "one is another word than the one written down",
    "write ",
    "leave it out",
    "leave out {character",
    "choose another name for the unit",
    "record the rest in further calls",
    "leave one out",
    "leave some out",
    "shorten it",
    "name the member of this device",
    "scan ",
    "copy or scan",
    "copy it, with its key file",
    "copy the database, its log",
    "use the link again",
    "ask for",
    "ask the",
    "type ",
    "add the two parts up",
    "update the app",
    "check the path",
    "check that",
    "try again",
    "resume it",
    "stop it",
    "free some space",
    "there is nothing to copy",
    "there is nothing to restore",
    "there is nothing to undo",
    "show it again",
    "show the proposal first",
    "read the proposal",
    "compare it again",
    "use an empty database",
    "use the one",
    "do not use it",
    "made them wrongly",
    "it will be rebuilt",
    "it was cut off",
    "show the friend",
    "compare it with what is written down",
    "nothing can be wrapped",
    "expected:",
    "name the column",
    "its first line is",
    "export its groups",
    "export a group",
    "export the group from",
    "give the CSV file",
    "close it",
    "use one from",
    "choose a later one",
    "remove one",
    "a currency has one",
    "use the key file",
    "build ledger-store",
];

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The text of every file below a folder with this ending.
fn texts(folder: &Path, ending: &str, into: &mut Vec<String>) {
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        match path.is_dir() {
            true => texts(&path, ending, into),
            false if path.extension().is_some_and(|found| found == ending) => {
                into.push(std::fs::read_to_string(path).unwrap());
            }
            false => {}
        }
    }
}

/// Whether the parser has a command with these words, and its help these options.
fn check(words: &[String]) {
    let (flags, verbs): (Vec<&str>, Vec<&str>) =
        words.iter().map(String::as_str).partition(|word| word.starts_with('-'));
    let help = program().args(&verbs).arg("--help").output().unwrap();
    assert!(help.status.success(), "there is no `ledger {}`", words.join(" "));
    let help = String::from_utf8(help.stdout).unwrap();
    assert!(flags.iter().all(|flag| help.contains(flag)), "{words:?}: {help}");
}

fn words(command: &str) -> Vec<String> {
    command.split_whitespace().map(str::to_owned).collect()
}

/// The words of `ledger …` in back-ticks, up to the first that stands for something else.
fn advised(text: &str, into: &mut BTreeSet<Vec<String>>) {
    // A line of code that goes on in the next one, and the border of a table.
    let text = text.replace("\\\n", " ").replace("\\|", "|");
    for code in text.split('`').skip(1).step_by(2) {
        let all = words(code);
        let Some((first, rest)) = all.split_first() else { continue };
        if first == "ledger" {
            let plain = |word: &&String| word.chars().all(|c| c.is_ascii_lowercase() || c == '-');
            into.insert(rest.iter().take_while(plain).cloned().collect());
        }
    }
}

#[test]
fn every_command_that_a_message_or_document_names_exists() {
    let mut all = Vec::new();
    let workspace = workspace();
    for folder in ["examples/ledger", "ledger-core/src", "ledger-store/src", "ledger-formats/src"] {
        texts(&workspace.join(folder), "rs", &mut all);
    }
    let mut found = BTreeSet::new();
    for text in &all {
        advised(&text.replace("```", ""), &mut found);
    }
    let mut documents = Vec::new();
    texts(&workspace.join("docs"), "md", &mut documents);
    for name in ["README.md", "SECURITY.md", "ARCHITECTURE.md"] {
        documents.push(std::fs::read_to_string(workspace.join(name)).unwrap());
    }
    for text in &documents {
        advised(&text.replace("```", ""), &mut found);
    }
    assert!(found.len() > 30, "{found:?}");
    found.iter().for_each(|words| check(words));
}

/// The texts of errors, with their advice: what stands behind the first semicolon.
fn errors() -> BTreeMap<String, String> {
    let mut sources = Vec::new();
    for crate_name in ["ledger-core", "ledger-store", "ledger-formats"] {
        texts(&workspace().join(crate_name).join("src"), "rs", &mut sources);
    }
    let mut found = BTreeMap::new();
    for source in sources {
        for part in source.split("#[error(").skip(1) {
            let Some(text) = part.trim_start().strip_prefix('"') else { continue };
            // No text of an error has a quotation mark in it.
            let text = text.split('"').next().unwrap().replace("\\\n", " ");
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            if let Some((_, advice)) = text.split_once(';') {
                found.insert(text.clone(), advice.to_owned());
            }
        }
    }
    found
}

/// Advice that nobody has looked at fails: it is followed by a command, or by hand.
#[test]
fn all_advice_of_errors_can_be_followed_on_the_command_line() {
    let errors = errors();
    assert!(errors.len() > 60, "{errors:#?}");
    for (text, advice) in &errors {
        let by_command = COMMANDS.iter().any(|(phrase, _)| advice.contains(phrase));
        let by_hand = BY_HAND.iter().any(|phrase| advice.contains(phrase));
        assert!(by_command || by_hand, "nobody says how to follow this advice: {text}");
    }
    let unused = |phrase: &&str| !errors.values().any(|advice| advice.contains(*phrase));
    let phrases = COMMANDS.iter().map(|(phrase, _)| phrase).chain(BY_HAND);
    let unused: Vec<&&str> = phrases.filter(|phrase| unused(phrase)).collect();
    assert!(unused.is_empty(), "no error says this any more: {unused:?}");
    for (_, command) in COMMANDS {
        check(&words(command));
    }
}
