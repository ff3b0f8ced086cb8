//! A group that two people keep on the command line alone, each on a database of their own, with
//! files between them. Every command is used, and a command that the story leaves out fails it.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::Stdio;

use crate::common::{Desk, program, text};
use crate::pairing::{Side, until_digits};

/// The commands that were used.
#[derive(Default)]
struct Story(RefCell<BTreeSet<String>>);

impl Story {
    fn used(&self, verb: &str) {
        self.0.borrow_mut().insert(verb.to_owned());
    }

    /// Runs a command that goes well.
    #[track_caller]
    fn run(&self, desk: &Desk, verb: &str, arguments: &[&str]) -> String {
        self.used(verb);
        desk.run(verb, arguments).ok()
    }

    /// Runs a command that asks, and answers it.
    #[track_caller]
    fn answer(&self, desk: &Desk, verb: &str, arguments: &[&str], answer: &str) -> String {
        self.used(verb);
        let mut command = desk.command(verb, arguments);
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(answer.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let (out, err) = (text(output.stdout), text(output.stderr));
        assert_eq!((output.status.code(), err.as_str()), (Some(0), ""), "{out}");
        out
    }

    /// Records something, and returns its id as lists show it.
    #[track_caller]
    fn record(&self, desk: &Desk, verb: &str, arguments: &[&str]) -> String {
        let said = self.run(desk, verb, arguments);
        said.trim().strip_prefix("recorded ").unwrap()[..8].to_owned()
    }

    /// Carries what one has to the other.
    #[track_caller]
    fn carry(&self, from: &Desk, to: &Desk) {
        let file = from.path("bundle");
        self.run(from, "bundle export", &["--force", text(&file)]);
        self.run(to, "bundle import", &[text(&file)]);
    }

    /// Lets somebody in, on a database of their own.
    #[track_caller]
    fn join(&self, owner: &Desk, name: &str, invite: &[&str]) -> Desk {
        let desk = Desk::new();
        let link = self.run(owner, "invite", invite);
        let [request, welcome] =
            ["request", "welcome"].map(|file| owner.path(&format!("{file}-{name}")));
        self.run(&desk, "join", &["--name", name, link.trim(), text(&request)]);
        self.run(owner, "admit", &["--yes", text(&request), text(&welcome)]);
        self.run(&desk, "enter", &[text(&welcome)]);
        desk
    }
}

/// The commands of the parser, those of two words as well.
fn commands() -> BTreeSet<String> {
    let listed = |verbs: &[&str]| -> Vec<String> {
        let help = program().args(verbs).arg("--help").output().unwrap();
        let help = String::from_utf8(help.stdout).unwrap();
        let Some((_, list)) = help.split_once("Commands:\n") else { return Vec::new() };
        let lines = list.lines().take_while(|line| !line.is_empty());
        // A name stands behind two spaces; what goes on in a further line, behind more.
        let names = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
        let names = names.filter_map(|line| line.split_whitespace().next().map(str::to_owned));
        names.filter(|name| name != "help").collect()
    };
    let mut all = BTreeSet::new();
    for verb in listed(&[]) {
        let more = listed(&[&verb]);
        match more.is_empty() {
            true => all.extend([verb]),
            false => all.extend(more.into_iter().map(|second| format!("{verb} {second}"))),
        }
    }
    all
}

fn contains(text: &str, words: &str) {
    assert!(text.contains(words), "{words:?} is not in: {text}");
}

#[test]
fn a_group_is_kept_on_the_command_line_alone() {
    let story = Story::default();
    let (anna, ben) = (Desk::new(), Desk::new());
    let cleo = people_come_in(&story, &anna, &ben);
    money_of_a_month(&story, &anna, &ben);
    what_recurs(&story, &anna, &ben);
    a_lost_phone(&story, &anna, &ben, &cleo);
    devices(&story, &anna, &ben);
    people_go(&story, &anna, &ben, &cleo);
    the_database(&story, &anna);
    let (used, all) = (story.0.into_inner(), commands());
    assert!(all.len() > 50, "{all:?}");
    let left_out: Vec<&String> = all.difference(&used).collect();
    assert!(left_out.is_empty(), "the story leaves out {left_out:?}");
}

/// Anna begins with a placeholder for Cleo; Ben and Cleo come in.
fn people_come_in(story: &Story, anna: &Desk, ben: &Desk) -> Desk {
    story.run(anna, "new", &["--me", "Anna", "--with", "Cleo", "Flat"]);
    let link = story.run(anna, "invite", &["--max-uses", "1", "--note", "for Ben"]);
    let (request, welcome) = (anna.path("request"), anna.path("welcome"));
    story.run(ben, "join", &["--name", "Ben", link.trim(), text(&request)]);
    contains(&story.run(anna, "receive", &[text(&request)]), "answer it by `ledger admit");
    let asked = story.answer(anna, "admit", &[text(&request), text(&welcome)], "y\n");
    contains(&asked, "by the invite with the note: for Ben");
    contains(&story.run(ben, "enter", &[text(&welcome)]), "joined Flat");
    let cleo = story.join(anna, "Cleo", &["--for-member", "Cleo"]);
    story.carry(anna, ben);
    let members = story.run(ben, "members", &[]);
    assert_eq!(members.lines().count(), 3, "{members}");
    contains(&story.run(ben, "groups", &[]), "Flat");
    // Somebody else got the link, and it is of no use any more.
    let stranger = Desk::new();
    let link = story.run(anna, "invite", &["--note", "for Dan", "--expires", "2126-12-31"]);
    let (request, welcome) = (anna.path("request-Dan"), anna.path("welcome-Dan"));
    story.run(&stranger, "join", &["--name", "Dan", link.trim(), text(&request)]);
    let declined = anna.command("admit", &[text(&request), text(&welcome)]).output();
    assert_eq!(declined.unwrap().status.code(), Some(3));
    contains(&story.run(anna, "requests list", &[]), "Dan");
    story.run(anna, "requests decline", &["Dan"]);
    let id =
        anna.run("invites list", &["--json"]).json()[2]["id"].as_str().unwrap()[..8].to_owned();
    contains(&story.run(anna, "invites list", &[]), "for Dan");
    story.run(anna, "invites cancel", &[&id]);
    cleo
}

/// Rent, dinners, a mistake, a payment: and both agree in the end.
fn money_of_a_month(story: &Story, anna: &Desk, ben: &Desk) {
    let rent = ["Rent", "900", "EUR", "--on", "2026-11-01", "--category", "home"];
    story.record(anna, "record", &rent);
    let shown = ["10", "EUR", "--split", "percent", "--for", "Anna=60%", "--for", "Ben=40%"];
    story.used("split");
    let split = program().arg("split").args(shown).output().unwrap();
    contains(std::str::from_utf8(&split.stdout).unwrap(), "6.00");
    let dinner = ["Dinner", "50", "EUR", "--split", "items", "--tip", "5"];
    let items = ["--item", "Pizza", "25", "--for", "Anna", "--item", "Wine", "20", "--for", "Ben"];
    let dinner = story.record(anna, "record", &[&dinner[..], &items].concat());
    story.carry(anna, ben);

    story.run(ben, "confirm", &["--note", "it was good", &dinner]);
    let said = story.run(ben, "correct", &[&dinner, "--by", "Anna=30", "--by", "Ben"]);
    contains(&said, "what Ben paid was nothing, is 20.00 EUR");
    let wrong = story.record(ben, "record", &["Wrong group", "99", "EUR"]);
    story.run(ben, "cancel", &["--reason", "another group", &wrong]);
    contains(&story.run(ben, "restore", &[&wrong]), "Wrong group");
    contains(&story.run(ben, "undo", &[]), "undid");
    story.record(ben, "record", &["--refund", "Deposit back", "12", "EUR"]);
    story.record(ben, "record", &["Typo", "1", "EUR"]);
    contains(&story.run(ben, "undo", &[]), "Typo");
    story.record(ben, "pay", &["Anna", "100", "EUR"]);
    let summary = story.run(anna, "bundle summary", &[]);
    let file = ben.path("since");
    story.run(ben, "bundle export", &["--since", summary.trim(), text(&file)]);
    contains(&story.run(anna, "receive", &[text(&file)]), "a bundle of Flat");

    story.run(anna, "dispute", &["--note", "I paid more", &dinner]);
    let history = story.run(anna, "history", &[&dinner]);
    contains(&history, "Ben corrected it");
    // He confirmed it before he corrected it.
    let of_before = format!("Ben confirmed {dinner}: it was good");
    assert!(history.contains(&of_before) && !history.contains("Ben confirms"), "{history}");
    contains(&history, "Anna disputes it: I paid more");
    let expenses = story.run(anna, "expenses", &[]);
    contains(&expenses, &dinner);
    contains(&story.run(anna, "totals", &["--by", "category"]), "home");
    contains(&story.run(anna, "expenses", &["--member", "Ben", "--text", "dinn"]), &dinner);
    contains(&story.run(anna, "categories", &[]), "home");
    contains(&story.run(anna, "tags", &[]), "No expense has a tag");
    contains(&story.run(anna, "activity", &[]), "cancelled an entry");
    contains(&story.run(anna, "balances", &[]), "gets back");
    contains(&story.run(anna, "statement", &["Ben"]), "Rent");
    contains(&story.run(anna, "debts", &["Ben"]), "Anna");
    contains(&story.run(anna, "settle-up", &["--only-owed"]), "pays");
    story.record(anna, "record", &["Train", "33", "CHF", "--for", "Anna", "--for", "Ben"]);
    contains(&story.run(anna, "balances", &["--as-of", &dinner]), "as of entry");
    let rate = ["--in", "EUR", "--rate", "EUR/CHF=1.1"];
    contains(&story.run(anna, "balances", &rate), "by the rates EUR/CHF=1.1");
    contains(&story.run(anna, "settle-up", &rate), "by the rates EUR/CHF=1.1");
    contains(&story.run(anna, "settle-up", &["--for", "Ben", "--record"]), "recorded 2 transfers");
    story.carry(anna, ben);
    let said = anna.file("said", story.run(ben, "agree", &[]));
    assert_eq!(story.run(anna, "agree", &[text(&said)]), "both devices agree\n");
}

/// The group has a default currency, and pays for the internet each month until it moves.
fn what_recurs(story: &Story, anna: &Desk, ben: &Desk) {
    story.run(anna, "settings", &["--currency", "EUR"]);
    let internet = ["--every", "month", "--on", "2126-01-05", "Internet", "30", "EUR"];
    contains(&story.run(anna, "recurring add", &internet), "it recurs every month: series ");
    story.carry(anna, ben);
    contains(&story.run(ben, "settings", &[]), "EUR");
    let list = ben.run("recurring list", &["--json"]).json();
    let series = &list[0]["series"].as_str().unwrap()[..12];
    contains(&story.run(ben, "recurring list", &[]), "Internet");
    contains(&story.run(ben, "recurring passed", &[series]), "No day that was over is left");
    let due = ["--until", "2126-02-28", "--record"];
    assert_eq!(story.run(ben, "recurring due", &due).lines().count(), 2);
    let dearer = [series, "--from", "2126-03-01", "Internet", "35", "EUR"];
    story.run(ben, "recurring change", &dearer);
    let pause = [series, "--from", "2126-03-01", "--until", "2126-05-01"];
    contains(&story.run(ben, "recurring pause", &pause), "paused until");
    story.run(ben, "recurring end", &[series, "--last", "2126-05-31"]);
    story.carry(ben, anna);
    let due = story.run(anna, "recurring due", &["--until", "2126-12-31"]);
    contains(&due, "35.00 EUR");
}

/// Ben loses his phone twice: the words bring him back, and then his friends.
fn a_lost_phone(story: &Story, anna: &Desk, ben: &Desk, cleo: &Desk) {
    let folder = text(&anna.path("shares")).to_owned();
    std::fs::create_dir(&folder).unwrap();
    story.carry(ben, anna);
    story.carry(anna, cleo);
    story.run(ben, "shares make", &["--needed", "2", &folder, "Anna", "Cleo"]);
    let words = story.run(ben, "phrase", &[]);
    let (bundle, request) = (anna.path("bundle"), anna.path("approval"));
    for friend in [anna, cleo] {
        let number = if std::ptr::eq(friend, anna) { 1 } else { 2 };
        story.run(friend, "shares keep", &[&format!("{folder}/share-{number}")]);
        contains(&story.run(friend, "shares list", &[]), "a share of Ben");
    }
    story.run(anna, "bundle export", &["--force", text(&bundle)]);
    let by_words = Desk::new();
    let restored =
        story.answer(&by_words, "recover", &["--yes", text(&bundle), text(&request)], &words);
    contains(&restored, "restored Flat");
    story.run(anna, "approve", &[text(&request)]);
    story.carry(anna, &by_words);
    story.record(&by_words, "record", &["Bread", "3", "EUR"]);
    story.carry(&by_words, anna);

    let (by_friends, ask) = (Desk::new(), anna.path("ask"));
    story.run(&by_friends, "shares request", &[text(&ask)]);
    for (number, friend) in [anna, cleo].into_iter().enumerate() {
        let share = anna.path(&format!("back-{number}"));
        let returned = ["--yes", "Ben", text(&ask), text(&share)];
        story.run(friend, "shares return", &returned);
        story.run(&by_friends, "shares add", &[text(&share)]);
    }
    contains(&story.run(&by_friends, "shares progress", &[]), "2 of 2");
    story.run(anna, "bundle export", &["--force", text(&bundle)]);
    let restore = ["--yes", "--force", text(&bundle), text(&request)];
    contains(&story.run(&by_friends, "shares restore", &restore), "restored Flat");
}

/// Anna pairs a tablet and revokes it; Ben's device gets new keys.
fn devices(story: &Story, anna: &Desk, ben: &Desk) {
    let (tablet, folder) = (Desk::new(), anna.path("between"));
    std::fs::create_dir(&folder).unwrap();
    let mut new = Side::start(&tablet, "new", &folder, &["--yes"]);
    let mut old = Side::start(anna, "old", &folder, &[]);
    let digits = until_digits(&mut new, &mut old);
    old.say(&digits);
    old.hear("pair-5 is here");
    new.say("");
    new.hear("pair-6 is here");
    old.say("");
    assert_eq!(old.end(), (Some(0), String::new()));
    new.say("");
    assert_eq!(new.end(), (Some(0), String::new()));
    ["pair new", "pair old"].iter().for_each(|verb| story.used(verb));
    story.carry(anna, &tablet);
    let shown = story.run(&tablet, "devices", &[]);
    let line = shown.lines().find(|line| line.contains("this device")).unwrap();
    let id = line.split_whitespace().next().unwrap();
    contains(&story.run(anna, "revoke", &["--yes", id]), "signed");

    story.carry(anna, ben);
    contains(&story.run(ben, "go-on", &["--yes"]), "goes on as before");
    let request = ben.path("approval");
    story.run(ben, "reset-device-keys", &["--yes", text(&request)]);
    story.carry(ben, anna);
    story.run(anna, "approve", &[text(&request)]);
    story.carry(anna, ben);
    story.record(ben, "record", &["Milk", "3", "EUR"]);
}

/// Ben takes another name, Cleo leaves, and Ben is removed, whose last expense stays true.
fn people_go(story: &Story, anna: &Desk, ben: &Desk, cleo: &Desk) {
    contains(&story.run(ben, "rename", &["--yes", "Benedict"]), "signed");
    contains(&story.run(cleo, "leave", &["--yes"]), "signed");
    let taxi = story.record(ben, "record", &["Taxi", "20", "EUR"]);
    story.carry(ben, anna);
    story.carry(cleo, anna);
    contains(&story.run(anna, "unread", &["--mark-read"]), "recorded Taxi");
    let removed = story.run(anna, "remove", &["--yes", "--since", &taxi, "Benedict"]);
    contains(&removed, "would become void");
    contains(&story.run(anna, "copy", &[&taxi]), "copied Taxi, 20.00 EUR");
    let members = story.run(anna, "members", &[]);
    contains(&members, "removed");
    contains(&members, "left");
    contains(&story.run(anna, "successor", &["House"]), "created House");
    let compared = story.run(anna, "compare-opening", &["--group", "House"]);
    contains(&compared, "the opening balances equal");
    let deleted = story.answer(anna, "delete-group", &["--group", "House"], "House\n");
    contains(&deleted, "deleted House");
}

/// Anna looks after the file, and takes the ledger to another program and back.
fn the_database(story: &Story, anna: &Desk) {
    contains(&story.run(anna, "verify-history", &[]), "holds");
    contains(&story.run(anna, "check-database", &[]), "every table agrees");
    story.run(anna, "backup", &[text(&anna.path("copy.db"))]);
    story.run(anna, "salvage", &["--to", text(&anna.path("salvaged.db"))]);
    contains(&story.run(anna, "rekey", &["--yes"]), "has a new key");
    let csv = anna.file("flat.csv", story.run(anna, "export", &["--format", "csv"]));
    contains(&story.run(anna, "verify-export", &[text(&csv)]), "are as in the ledger");
    let new = Desk::new();
    story.run(&new, "import", &["--format", "splitwise", "--me", "Anna", text(&csv)]);
    let of = |desk: &Desk| {
        let balances = desk.balances().into_iter();
        balances.filter(|(_, units)| *units != 0).collect::<Vec<_>>()
    };
    assert_eq!(of(&new), of(anna));
}
