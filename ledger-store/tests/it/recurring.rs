//! Recurring expenses: series, what is due, and recording it once.
#![cfg(feature = "sqlcipher")]

use ledger_core::engine::Draft;
use ledger_core::{
    Amount, Currency, Date, DraftError, EntryId, Expense, MemberId, Recurrence, RecurrenceUnit,
    Transaction,
};
use ledger_store::{Group, NewEntry, StoreError};

use crate::common::people::Ben;
use crate::common::{Folder, assert_sound, entries, from_scratch};

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn every(unit: RecurrenceUnit, every: u64) -> Recurrence {
    Recurrence::new(unit, every).unwrap()
}

fn rent(payer: MemberId, day: &str, cents: u64) -> Transaction {
    let amount = Amount::from_minor_units(cents).unwrap();
    let euro = Currency::from_code("EUR").unwrap();
    Expense::new(date(day), "Rent", euro, amount).paid_by(payer, amount).share(payer, amount).into()
}

/// The days of what is recorded, ascending.
fn recorded(group: &Group) -> Vec<String> {
    let rows = group.lists().expenses(None, 1000).unwrap();
    let mut days: Vec<_> = rows.iter().map(|row| row.transaction.date().to_string()).collect();
    days.reverse();
    days
}

fn due(group: &Group, until: &str) -> Vec<(u64, String)> {
    let due = group.recurring().due(date(until)).unwrap();
    assert!(!due.has_more && due.occurrences.len() <= 24);
    due.occurrences.iter().map(|one| (one.number, one.day.to_string())).collect()
}

/// The series, which are those of an evaluation from scratch.
fn assert_series(group: &Group) {
    let found = group.recurring().series().unwrap();
    assert_eq!(found, from_scratch(group.id(), &entries(group)).series());
}

/// The clock of tests is in 2027.
struct Flat {
    folder: Folder,
    group: Group,
    anna: MemberId,
}

impl Flat {
    fn new() -> Self {
        let folder = Folder::new(1);
        let group = folder.store().create_group("Flat", "Anna").unwrap();
        let anna = group.me().unwrap().unwrap();
        Self { folder, group, anna }
    }

    fn begin(&self, day: &str, rule: Recurrence) -> EntryId {
        self.group.recurring().begin(&rent(self.anna, day, 900), rule, None).unwrap()
    }
}

#[test]
fn what_is_due_is_recorded_once() {
    let flat = Flat::new();
    let group = &flat.group;
    let series = flat.begin("2027-01-31", every(RecurrenceUnit::Months, 1));
    assert_eq!(recorded(group), [] as [&str; 0], "a template moves no money");
    assert!(due(group, "2027-01-30").is_empty());
    let until = date("2027-04-01");
    let days = ["2027-01-31", "2027-02-28", "2027-03-31"];
    let expected: Vec<_> = (0..).zip(days.map(str::to_owned)).collect();
    assert_eq!(due(group, "2027-04-01"), expected);
    // A tap on the second.
    let tapped = group.recurring().record(&[(series, 1), (series, 1), (series, 99_999_999)]);
    assert_eq!(tapped.unwrap().len(), 1);
    assert_eq!(group.recurring().record_due(until).unwrap().entries.len(), 2);
    assert!(group.recurring().record_due(until).unwrap().entries.is_empty());
    assert!(group.recurring().record(&[(series, 0)]).unwrap().is_empty());
    assert_eq!(recorded(group), days);
    // What was cancelled is recorded all the same.
    let first = group.lists().expenses(None, 1).unwrap()[0].original;
    group.append(vec![NewEntry::Cancellation { original: first, reason: None }]).unwrap();
    assert!(due(group, "2027-04-01").is_empty());
    assert_series(group);
    assert_sound(group);
}

#[test]
fn at_most_24_are_recorded_in_one_call_and_none_from_before_the_template() {
    let flat = Flat::new();
    let group = &flat.group;
    // The clock of tests is at 2027-01-15, so the author's day may be the 14th.
    let series = flat.begin("0001-01-01", every(RecurrenceUnit::Days, 1));
    let until = date("2027-02-20");
    let first = group.recurring().record_due(until).unwrap();
    assert!(first.has_more && first.entries.len() == 24);
    assert_eq!(recorded(group)[0], "2027-01-14");
    let rest = group.recurring().record_due(until).unwrap();
    assert!(!rest.has_more && rest.entries.len() == 14, "{}", rest.entries.len());
    // Of what nobody recorded for long, only the last 400 are looked at.
    let due = group.recurring().due(date("2030-01-01")).unwrap();
    assert!(due.has_more && due.occurrences.len() == 24);
    assert_eq!(due.occurrences[0].day.to_string(), "2028-11-28");
    assert_eq!(due.occurrences[0].series, series);
}

#[test]
fn a_series_changes_pauses_ends_and_goes_on() {
    let flat = Flat::new();
    let (group, recurring) = (&flat.group, flat.group.recurring());
    let series = flat.begin("2027-01-31", every(RecurrenceUnit::Months, 1));
    let amounts = |until: &str| -> Vec<(String, u64)> {
        let due = recurring.due(date(until)).unwrap().occurrences;
        let one = |one: &ledger_core::Occurrence| {
            (one.day.to_string()[5..].to_owned(), one.transaction.amount().minor_units())
        };
        due.iter().map(one).collect()
    };
    let expect = |until: &str, expected: &[(&str, u64)]| {
        let expected: Vec<_> = expected.iter().map(|(day, n)| ((*day).to_owned(), *n)).collect();
        assert_eq!(amounts(until), expected);
    };
    // From March on it costs more. The days stay, those of February after March too.
    let more = rent(flat.anna, "2027-01-01", 950);
    recurring.change(series, date("2027-03-01"), &more, None).unwrap();
    expect("2027-04-30", &[("01-31", 900), ("02-28", 900), ("03-31", 950), ("04-30", 950)]);
    // It pauses from February to before May.
    let paused = recurring.pause(series, date("2027-02-01"), date("2027-05-01")).unwrap();
    assert_eq!(paused.len(), 2);
    expect("2027-06-30", &[("01-31", 900), ("05-31", 900), ("06-30", 900)]);
    let nothing = recurring.pause(series, date("2027-07-01"), date("2027-07-20")).unwrap();
    assert!(nothing.is_empty());
    // Every second week from a Wednesday in June on, and then no more.
    let weekly = every(RecurrenceUnit::Weeks, 2);
    let wednesday = rent(flat.anna, "2027-06-02", 400);
    recurring.change(series, date("2027-06-01"), &wednesday, Some(weekly)).unwrap();
    recurring.end(series, date("2027-06-20")).unwrap();
    expect("2028-01-01", &[("01-31", 900), ("05-31", 900), ("06-02", 400), ("06-16", 400)]);
    let ended = recurring.end(series, date("2027-06-20")).unwrap_err();
    assert!(matches!(ended, StoreError::SeriesEnded(id) if id == series), "{ended:?}");
    recurring.change(series, date("2027-12-01"), &wednesday, None).unwrap();
    let due = amounts("2027-12-31");
    assert_eq!(
        due[4..].iter().map(|(day, _)| day.as_str()).collect::<Vec<_>>(),
        ["12-01", "12-15", "12-29"]
    );
    let unknown = recurring.end(group.id().genesis(), date("2027-01-01")).unwrap_err();
    assert!(matches!(unknown, StoreError::UnknownEntry(_)), "{unknown:?}");
    assert_series(group);
    assert_sound(group);
}

#[test]
fn others_templates_are_recorded_after_a_tap_only() {
    let flat = Flat::new();
    let group = &flat.group;
    let ben = Ben::join(&flat.folder, group);
    let monthly = every(RecurrenceUnit::Months, 1);
    let content = rent(ben.member, "2027-02-01", 700);
    let state = group.state().unwrap();
    let draft = Draft::template(&state, &content, monthly, Some(1)).unwrap();
    let series = ben.write(group, draft);
    let until = date("2027-03-01");
    assert!(group.recurring().record_due(until).unwrap().entries.is_empty());
    let found = group.recurring().due(until).unwrap();
    let [one] = found.occurrences.as_slice() else { panic!("{found:?}") };
    assert_eq!((one.series, one.number, one.author), (series, 0, Some(ben.member)));
    // His clock in the fixture is that of 1970: what was due since then is still bounded.
    assert_eq!(group.recurring().record(&[(series, 0)]).unwrap().len(), 1);
    // Ben recorded it on his phone as well, and his entry is here now: once that came first, the
    // occurrence is known.
    let theirs = Draft::record(&state, &one.transaction).unwrap();
    ben.write(group, theirs);
    assert!(group.recurring().due(until).unwrap().occurrences.is_empty());
    // A template that he wrote after his removal counts for nothing.
    ben.remove(group, vec![ben.added]);
    assert!(group.recurring().series().unwrap().is_empty());
    assert_series(group);
}

#[test]
fn what_cannot_recur_says_why() {
    let flat = Flat::new();
    let nobody = MemberId::from_bytes([7; 32]);
    let content = rent(nobody, "2027-01-01", 1);
    let error = flat.group.recurring().begin(&content, every(RecurrenceUnit::Days, 1), None);
    let error = error.unwrap_err();
    let unknown = DraftError::UnknownMember(nobody);
    assert!(matches!(&error, StoreError::Draft(found) if *found == unknown), "{error:?}");
    assert_eq!(entries(&flat.group).len(), 1);
}
