//! Two people on the command line, with files between them.

use std::io::Write as _;
use std::path::PathBuf;

use serde_json::Value;

use crate::common::{Desk, text};

/// Anna's group, and Ben in it, on a desk of his own.
pub(crate) fn anna_and_ben() -> (Desk, Desk, PathBuf) {
    let (anna, ben) = (Desk::new(), Desk::new());
    anna.run("new", &["--me", "Anna", "Flat"]).ok();
    anna.run("record", &["Dinner", "30", "EUR"]).ok();
    let link = anna.run("invite", &["--no-approval"]).ok();
    let (request, welcome) = (anna.path("request"), anna.path("welcome"));
    let asked = ben.run("join", &["--name", "Ben", link.trim(), text(&request)]).ok();
    assert!(asked.contains("your keys for this group: "), "{asked}");
    let admitted = anna.run("admit", &[text(&request), text(&welcome)]).ok();
    assert!(admitted.starts_with("admitted; send "), "{admitted}");
    let entered = ben.run("enter", &[text(&welcome)]).ok();
    assert!(entered.starts_with("joined Flat\n"), "{entered}");
    let bundle = anna.path("bundle");
    (anna, ben, bundle)
}

fn digest(desk: &Desk) -> Value {
    desk.run("agree", &[] as &[&str]).json()["digest"].clone()
}

#[test]
fn people_join_and_exchange_by_files() {
    let (anna, ben, bundle) = anna_and_ben();
    assert_eq!(digest(&ben), digest(&anna));
    ben.run("record", &["Milk", "3", "EUR"]).ok();
    let known = anna.run("bundle", &[] as &[&str]).code;
    assert_eq!(known, Some(2), "a bundle is exported or imported");
    let summary = anna.run::<&str>("bundle summary", &[]).ok();
    ben.run("bundle export", &["--since", summary.trim(), text(&bundle)]).ok();
    let taken = anna.run("bundle import", &[text(&bundle)]).ok();
    assert_eq!(taken.lines().next(), Some("1 entries are new, 0 were here"));
    assert_eq!(digest(&ben), digest(&anna));
    let again = anna.run("bundle import", &[text(&bundle)]).ok();
    assert_eq!(again.lines().next(), Some("0 entries are new, 1 were here"));
}

#[test]
fn what_others_wrote_is_unread_until_it_is_marked() {
    let (anna, ben, bundle) = anna_and_ben();
    ben.run("unread", &["--mark-read"]).ok();
    assert_eq!(ben.run::<&str>("unread", &[]).ok(), "Nothing is new.\n");
    ben.run("record", &["Milk", "3", "EUR", "--date", "2026-11-22"]).ok();
    anna.run("record", &["Tea", "4", "EUR", "--date", "2026-11-20"]).ok();
    anna.run("bundle export", &[text(&bundle)]).ok();
    ben.run("bundle import", &[text(&bundle)]).ok();
    let shown = ben.run::<&str>("unread", &[]).ok();
    assert!(shown.contains("Anna  recorded Tea 4.00 EUR") && !shown.contains("Milk"), "{shown}");
    let rows = ben.run("unread", &["--json", "--mark-read"]).json();
    assert_eq!((rows.as_array().unwrap().len(), &rows[0]["author"]), (1, &"Anna".into()));
    assert_eq!(ben.run("unread", &["--json"]).json(), Value::Array(Vec::new()));
}

#[test]
fn who_is_asked_for_is_let_in_by_a_yes() {
    let (anna, ben) = (Desk::new(), Desk::new());
    anna.run("new", &["--me", "Anna", "--with", "Ben", "Flat"]).ok();
    let link = anna.run("invite", &["--for-member", "Ben", "--max-uses", "1"]).ok();
    let (request, welcome) = (anna.path("request"), anna.path("welcome"));
    ben.run("join", &["--name", "Benedict", link.trim(), text(&request)]).ok();
    let asked = anna.run("admit", &[text(&request), text(&welcome)]).declined();
    assert!(asked.contains("Benedict asks to join, with the keys "), "{asked}");
    assert!(asked.contains("nobody was admitted") && !welcome.exists());
    anna.run("admit", &["--yes", text(&request), text(&welcome)]).ok();
    ben.run("enter", &[text(&welcome)]).ok();
    assert_eq!(digest(&ben), digest(&anna));
    let members = ben.run("members", &["--json"]).json();
    assert_eq!(members.as_array().unwrap().len(), 2, "he has the placeholder's place");
}

#[test]
fn the_words_and_a_bundle_restore_a_person() {
    let (anna, ben, bundle) = anna_and_ben();
    anna.run("bundle export", &[text(&bundle)]).ok();
    let words = anna.run("phrase", &[] as &[&str]).ok();
    assert_eq!(words.split_whitespace().count(), 24);
    let (new, request) = (Desk::new(), anna.path("enrol"));
    let recover = |words: &str| {
        let mut command = new.command("recover", &["--yes", text(&bundle), text(&request)]);
        let mut child = command.stdin(std::process::Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(words.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    let wrong = recover("one two three\n");
    assert_eq!(wrong.status.code(), Some(1));
    assert!(recover(&words).status.success());
    assert_eq!(digest(&new), digest(&anna));
    ben.run("approve", &[text(&request)]).ok();
    ben.run("bundle export", &["--force", text(&bundle)]).ok();
    new.run("bundle import", &[text(&bundle)]).ok();
    new.run("record", &["Bread", "2", "EUR"]).ok();
}

#[test]
fn a_clone_of_a_device_gets_new_keys_and_approval() {
    let (anna, ben, bundle) = anna_and_ben();
    // Database and keys, restored together on another machine.
    let clone = Desk::new();
    for name in ["flat.db", "flat.db.keys"] {
        std::fs::copy(ben.path(name), clone.path(name)).unwrap();
    }
    ben.run("record", &["Bread", "2", "EUR"]).ok();
    clone.run("record", &["Cheese", "3", "EUR"]).ok();
    let carry = |from: &Desk, to: &Desk| {
        from.run("bundle export", &["--force", text(&bundle)]).ok();
        to.run("bundle import", &[text(&bundle)]).ok();
    };
    carry(&ben, &anna);
    carry(&anna, &clone);
    clone.run("record", &["Wine", "9", "EUR"]).failed(1);
    let request = clone.path("approval");
    let asked = clone.run("reset-keys", &[text(&request)]).declined();
    assert!(asked.contains("nothing was changed") && !request.exists(), "{asked}");
    let reset = clone.run("reset-keys", &["--yes", text(&request)]).ok();
    assert!(reset.contains("ledger approve"), "{reset}");
    let early = clone.run("record", &["Wine", "9", "EUR"]).failed(2);
    assert!(early.contains("this device has no member"), "{early}");
    carry(&clone, &anna);
    anna.run("approve", &[text(&request)]).ok();
    carry(&anna, &clone);
    clone.run("record", &["Wine", "9", "EUR"]).ok();
    carry(&clone, &anna);
    assert_eq!(digest(&clone), digest(&anna));
}

#[test]
fn what_is_not_a_message_says_so() {
    let (anna, ben, bundle) = anna_and_ben();
    let junk = anna.file("junk", "this is no message");
    let welcome = anna.path("other");
    assert_eq!(anna.run("admit", &[text(&junk), text(&welcome)]).code, Some(1));
    let refused = ben.run("enter", &[text(&junk)]).failed(1);
    assert!(
        refused.contains("is no answer to a request to join, or the answer was cut"),
        "{refused}"
    );
    let refused = ben.run("enter", &[text(&anna.path("request"))]).failed(1);
    assert!(refused.contains("is a join request, and no answer to a request"), "{refused}");
    assert_eq!(ben.run("join", &["--name", "Ben", "x", text(&bundle)]).code, Some(2));
    assert_eq!(anna.run("approve", &[text(&junk)]).code, Some(1));
    let refused = anna.run("bundle import", &[text(&junk)]).failed(1);
    assert!(refused.contains("this is no bundle of Group Ledger"), "{refused}");
}

#[test]
fn what_is_no_whole_bundle_is_no_success() {
    let (anna, ben, bundle) = anna_and_ben();
    anna.run("bundle export", &[text(&bundle)]).ok();
    let whole = std::fs::read(&bundle).unwrap();
    let noise: Vec<u8> = (0..5_000u32).map(|n| (n * n / 7) as u8).collect();
    for bytes in [&b""[..], b"Date,Description\n", &noise, &whole[..200]] {
        std::fs::write(&bundle, bytes).unwrap();
        for command in ["bundle import", "receive", "enter"] {
            anna.run(command, &[text(&bundle)]).failed(1);
        }
    }
    std::fs::write(&bundle, &whole[..3_000]).unwrap();
    let cut = anna.run("bundle import", &[text(&bundle)]);
    assert_eq!(cut.code, Some(1));
    assert!(cut.out.contains("bytes of the file are damaged"), "{}", cut.out);
    assert!(cut.err.contains("the bundle is not here as a whole"), "{}", cut.err);
    // A bundle of a group that is not here.
    let other = Desk::new();
    other.run("new", &["--me", "Zoe", "Trip"]).ok();
    other.run("bundle export", &["--force", text(&bundle)]).ok();
    for command in ["bundle import", "receive"] {
        let refused = ben.run(command, &[text(&bundle)]);
        assert_eq!(refused.code, Some(1));
        assert!(refused.err.contains("of another group"), "{}", refused.err);
    }
}

#[test]
fn a_welcome_is_good_a_second_time() {
    let (anna, ben) = (Desk::new(), Desk::new());
    anna.run("new", &["--me", "Anna", "Flat"]).ok();
    let link = anna.run("invite", &["--no-approval"]).ok();
    let (request, welcome) = (anna.path("request"), anna.path("welcome"));
    ben.run("join", &["--name", "Ben", link.trim(), text(&request)]).ok();
    anna.run("admit", &[text(&request), text(&welcome)]).ok();
    // Cut behind the answer, as a download that broke off.
    let whole = std::fs::read(&welcome).unwrap();
    let answer = 8 + u32::from_be_bytes(*whole.first_chunk().unwrap()) as usize;
    std::fs::write(&welcome, &whole[..answer]).unwrap();
    let cut = ben.run("enter", &[text(&welcome)]);
    assert_eq!(cut.code, Some(1));
    assert!(cut.err.contains("not here as a whole"), "{}", cut.err);
    std::fs::write(&welcome, &whole).unwrap();
    let entered = ben.run("enter", &[text(&welcome)]).ok();
    assert!(entered.starts_with("you are in Flat already"), "{entered}");
    assert_eq!(digest(&ben), digest(&anna));
    let received = ben.run("receive", &[text(&welcome)]).ok();
    assert!(received.starts_with("a bundle of Flat\n0 entries are new"), "{received}");
}

#[test]
fn any_file_can_be_received() {
    let (anna, ben) = (Desk::new(), Desk::new());
    anna.run("new", &["--me", "Anna", "Flat"]).ok();
    let link = anna.run("invite", &[] as &[&str]).ok();
    let (request, welcome) = (anna.path("request"), anna.path("welcome"));
    ben.run("join", &["--name", "Ben", link.trim(), text(&request)]).ok();
    let received = anna.run("receive", &[text(&request)]).ok();
    assert!(received.contains("a request to join; answer it by `ledger admit "), "{received}");
    anna.run("admit", &["--yes", text(&request), text(&welcome)]).ok();
    let received = ben.run("receive", &[text(&welcome)]).ok();
    assert!(received.starts_with("joined Flat\n"), "{received}");
    assert_eq!(digest(&ben), digest(&anna));
    let invite = anna.file("link", link.trim());
    let received = ben.run("receive", &[text(&invite)]).ok();
    assert!(received.starts_with("invite; nothing was done"), "{received}");
}

#[test]
fn the_story_of_two_phones_ends_well() {
    let test = std::env::current_exe().unwrap();
    let program = test.parent().unwrap().parent().unwrap().join("examples/two_phones");
    let output = std::process::Command::new(program).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("Ben's phone got 0 new entries of the bundle"), "{said}");
    assert!(said.ends_with("same state: true\n"), "{said}");
}

#[test]
fn invites_are_listed_and_cancelled_and_requests_declined() {
    let (anna, ben) = (Desk::new(), Desk::new());
    anna.run("new", &["--me", "Anna", "--with", "Cleo", "Flat"]).ok();
    let nothing = |verb: &str| anna.run::<&str>(verb, &[]).ok();
    assert_eq!(nothing("invites list"), "  This device made no invite that is left.\n");
    assert_eq!(nothing("requests list"), "  Nobody waits for an answer.\n");
    let terms = ["--note", "for Ben", "--max-uses", "2", "--expires", "2126-01-31"];
    let link = anna.run("invite", &terms).ok();
    anna.run("invite", &["--for-member", "Cleo"]).ok();
    let listed = nothing("invites list");
    assert!(listed.contains("for Ben") && listed.contains("until 2126-01-31"), "{listed}");
    assert!(listed.contains("used 0 of 2") && listed.contains("for the place of Cleo"), "{listed}");
    let over = anna.run("invite", &["--expires", "2026-01-01"]).failed(2);
    assert!(over.contains("2026-01-01 is over"), "{over}");
    let (request, welcome) = (anna.path("request"), anna.path("welcome"));
    ben.run("join", &["--name", "Ben", link.trim(), text(&request)]).ok();
    // Nobody says yes, so the request waits.
    anna.run("admit", &[text(&request), text(&welcome)]).declined();
    let waits = nothing("requests list");
    assert!(waits.contains("Ben") && waits.contains("with the keys"), "{waits}");
    assert!(nothing("invites list").contains("1 wait"));
    let keys = anna.run("requests list", &["--json"]).json()[0]["keys"].clone();
    assert!(waits.contains(keys.as_str().unwrap()));
    anna.run("requests decline", &["Zoe"]).failed(2);
    assert_eq!(anna.run("requests decline", &["Ben"]).ok(), "declined Ben\n");
    anna.run("requests decline", &["Ben"]).failed(2);
    let id = anna.run("invites list", &["--json"]).json()[0]["id"].as_str().unwrap().to_owned();
    anna.run("invites cancel", &["zz"]).failed(2);
    anna.run("invites cancel", &[""]).failed(2);
    anna.run("invites cancel", &[&id[..8]]).ok();
    assert_eq!(anna.run("invites list", &["--json"]).json().as_array().unwrap().len(), 1);
    let gone = anna.run("admit", &["--yes", "--force", text(&request), text(&welcome)]).failed(1);
    assert!(gone.contains("the invite was cancelled"), "{gone}");
}
