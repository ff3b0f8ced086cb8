//! Pairing of a further device, and recovery by shares, through files alone.

use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Stdio};

use crate::common::{Desk, text};

/// One side of a pairing, which runs until it is over.
pub(crate) struct Side {
    pub(crate) child: Child,
    said: Lines<BufReader<ChildStdout>>,
}

impl Side {
    pub(crate) fn start(desk: &Desk, verb: &str, folder: &Path, more: &[&str]) -> Side {
        let arguments = [&[text(folder)], more].concat();
        let mut program = desk.command(&format!("pair {verb}"), &arguments);
        let mut child = program.stdin(Stdio::piped()).spawn().unwrap();
        let said = BufReader::new(child.stdout.take().unwrap()).lines();
        Side { child, said }
    }

    /// Waits until it says something with these words.
    pub(crate) fn hear(&mut self, words: &str) -> String {
        let mut heard = String::new();
        for line in self.said.by_ref() {
            let line = line.unwrap();
            if line.contains(words) {
                return line;
            }
            heard.push_str(&line);
        }
        panic!("it ended before {words:?}: {heard}");
    }

    pub(crate) fn say(&mut self, line: &str) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    pub(crate) fn end(self) -> (Option<i32>, String) {
        let output = self.child.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    }
}

/// Both sides up to the digits that the new one shows.
pub(crate) fn until_digits(new: &mut Side, old: &mut Side) -> String {
    new.hear("pair-2 is here");
    old.hear("pair-1 is here");
    old.say("");
    old.hear("pair-3 is here");
    new.say("");
    let shown = new.hear("the digits are");
    new.hear("pair-4 is here");
    old.say("");
    old.hear("type the six digits");
    let digits: String = shown.chars().filter(char::is_ascii_digit).collect();
    assert_eq!(digits.len(), 6, "{shown}");
    digits
}

fn anna() -> Desk {
    let anna = Desk::new();
    anna.run("new", &["--me", "Anna", "--with", "Grandma", "Flat"]).ok();
    anna.run("record", &["Dinner", "30", "EUR"]).ok();
    anna
}

fn bundle(from: &Desk, to: &Desk) {
    let file = from.path("bundle");
    from.run("bundle export", &["--force", text(&file)]).ok();
    to.run("bundle import", &[text(&file)]).ok();
}

#[test]
fn a_further_device_is_paired_by_files_and_digits() {
    let (anna, tablet) = (anna(), Desk::new());
    let folder = anna.path("between");
    std::fs::create_dir(&folder).unwrap();
    let mut new = Side::start(&tablet, "new", &folder, &["--yes"]);
    let mut old =
        Side::start(&anna, "old", &folder, &["--record-only", "--device-name", "Anna's tablet"]);
    // Too early: it says so, and waits on.
    new.hear("pair-2 is here");
    new.say("");
    new.hear("it is not here yet");
    let digits = until_digits(&mut new, &mut old);
    old.say(&digits);
    old.hear("the digits are right");
    old.hear("pair-5 is here");
    new.say("");
    new.hear("this device will be in Flat");
    new.hear("pair-6 is here");
    old.say("");
    old.hear("enrolled");
    assert_eq!(old.end(), (Some(0), String::new()));
    new.say("");
    new.hear("paired; 1 groups wait");
    assert_eq!(new.end(), (Some(0), String::new()));

    bundle(&anna, &tablet);
    tablet.run("record", &["Milk", "3", "EUR"]).ok();
    bundle(&tablet, &anna);
    let digest = |desk: &Desk| desk.run::<&str>("agree", &[]).json()["digest"].clone();
    assert_eq!(digest(&anna), digest(&tablet));
    let devices = anna.run("devices", &["--json"]).json();
    let names: Vec<_> =
        devices.as_array().unwrap().iter().map(|row| (&row["this"], &row["name"])).collect();
    assert_eq!(names.len(), 2);
    // No name is made up for the device that got none.
    assert!(names.contains(&(&false.into(), &"Anna's tablet".into())), "{names:?}");
    assert!(names.contains(&(&true.into(), &serde_json::Value::Null)), "{names:?}");
    // It records, and has no root key to act with.
    let message = tablet.run::<&str>("phrase", &[]).failed(1);
    assert!(message.contains("does not hold your root key"), "{message}");
}

#[test]
fn wrong_digits_pair_nothing_and_there_is_one_attempt() {
    let (anna, tablet) = (anna(), Desk::new());
    let folder = anna.path("between");
    std::fs::create_dir(&folder).unwrap();
    let mut new = Side::start(&tablet, "new", &folder, &[]);
    let mut old = Side::start(&anna, "old", &folder, &[]);
    let digits = until_digits(&mut new, &mut old);
    let wrong = if digits == "000000" { "000001" } else { "000000" };
    old.say(wrong);
    let (code, message) = old.end();
    assert_eq!(code, Some(1));
    assert!(message.contains("not the six digits of this pairing"), "{message}");
    assert!(!folder.join("pair-4").exists(), "nothing was handed over");
    drop(new.child.stdin.take());
    let (code, message) = new.end();
    assert_eq!(code, Some(2), "{message}");
    assert!(message.contains("before the pairing was over"), "{message}");
    let devices = anna.run("devices", &["--json"]).json();
    assert_eq!(devices.as_array().unwrap().len(), 1);
}

/// Somebody joins by an open invite.
fn join(anna: &Desk, name: &str) -> Desk {
    let desk = Desk::new();
    let link = anna.run("invite", &["--no-approval"]).ok();
    let (request, welcome) = ("request", "welcome");
    let [request, welcome] = [request, welcome].map(|file| anna.path(&format!("{file}-{name}")));
    desk.run("join", &["--name", name, link.trim(), text(&request)]).ok();
    anna.run("admit", &[text(&request), text(&welcome)]).ok();
    desk.run("enter", &[text(&welcome)]).ok();
    desk
}

#[test]
fn friends_bring_somebody_back_who_lost_everything() {
    let anna = anna();
    let friends: Vec<Desk> = ["Ben", "Cleo", "Dan"].map(|name| join(&anna, name)).into();
    friends.iter().for_each(|friend| bundle(&anna, friend));
    let folder = text(&anna.path("shares")).to_owned();
    std::fs::create_dir(&folder).unwrap();
    let names = ["Ben", "Cleo", "Dan"];
    let made = anna.run("shares make", &["--needed", "2", &folder, "Ben", "Cleo", "Dan"]);
    assert!(made.ok().contains("any 2 of them together can restore you, and become you"));
    let one =
        anna.run("shares make", &["--force", "--needed", "1", &folder, "Ben", "Cleo"]).failed(1);
    assert!(one.contains("at least 2"), "{one}");
    let nobody = anna.run("shares make", &["--needed", "2", &folder, "Ben", "Zoe"]).failed(2);
    assert!(nobody.contains("Zoe"), "{nobody}");
    let again = ["--needed", "2", &folder, "Ben", "Cleo", "Dan"];
    let refused = anna.run("shares make", &again).failed(2);
    assert!(refused.contains("share-1 exists already"), "{refused}");
    anna.run("shares make", &[&["--force"][..], &again].concat()).ok();
    let share = |n: usize| Path::new(&folder).join(format!("share-{}", n + 1));
    for (n, friend) in friends.iter().enumerate() {
        let kept = friend.run("shares keep", &[text(&share(n))]).ok();
        assert_eq!(kept, "kept a share of Anna\n");
        assert_eq!(friend.run::<&str>("shares list", &[]).ok(), "a share of Anna\n");
    }
    let foreign = friends[0].run("shares keep", &[text(&share(1))]).failed(1);
    assert!(foreign.contains("sealed for somebody else"), "{foreign}");
    let last = anna.path("last-bundle");
    anna.run("bundle export", &[text(&last)]).ok();

    // Anna's phone is gone. On a new one, she asks her friends.
    let (new, request) = (Desk::new(), anna.path("ask"));
    let asked = new.run("shares request", &[text(&request)]).ok();
    let fingerprint = asked.lines().last().unwrap().rsplit_once(" is ").unwrap().1.to_owned();
    assert_eq!(new.run::<&str>("shares progress", &[]).ok(), "no share is here yet\n");
    let enrol = anna.path("enrol");
    let early = new.run("shares restore", &["--yes", text(&last), text(&enrol)]).failed(1);
    assert!(early.contains("ask more friends"), "{early}");
    for (n, expected) in [(0, "1 of 2"), (2, "2 of 2")] {
        let back = anna.path(&format!("back-{n}"));
        let arguments = ["Anna", text(&request), text(&back)];
        let shown = friends[n].run("shares return", &arguments).declined();
        assert!(shown.contains(&fingerprint) && shown.contains("nothing was returned"));
        friends[n].run("shares return", &[&["--yes"], &arguments[..]].concat()).ok();
        let collected = new.run("shares add", &[text(&back)]).ok();
        assert_eq!(collected, format!("{expected} shares are here\n"), "{}", names[n]);
        let again = new.run("shares add", &[text(&back)]).failed(1);
        assert!(again.contains("is here already"), "{again}");
    }
    let other = ["--yes", "--person", "12345", text(&last), text(&enrol)];
    let unknown = new.run("shares restore", &other).failed(1);
    assert!(unknown.contains("no share that came back is of a person"), "{unknown}");
    let shown = new.run("shares restore", &["--yes", text(&last), text(&enrol)]).ok();
    assert!(shown.contains("restored Flat"), "{shown}");
    friends[1].run("approve", &[text(&enrol)]).ok();
    bundle(&friends[1], &new);
    new.run("record", &["Bread", "2", "EUR"]).ok();
    let words = |desk: &Desk| desk.run::<&str>("phrase", &[]).ok();
    assert_eq!(words(&new), words(&anna));
}
