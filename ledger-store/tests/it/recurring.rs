//! Recurring expenses: series, what is due, and recording it once.
#![cfg(feature = "sqlcipher")]

use ledger_core::engine::Draft;
use ledger_core::{
    Amount, Currency, Date, DraftError, EntryId, Expense, MemberId, Recurrence, RecurrenceUnit,
    Transaction, hazmat,
};
use ledger_store::{Group, NewEntry, StoreError};

use crate::common::people::Ben;
use crate::common::phones::{Phone, agree, hand_over, join};
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

/// Month, day and amount of what is due.
fn amounts(group: &Group, until: &str) -> Vec<(String, u64)> {
    let due = group.recurring().due(date(until)).unwrap().occurrences;
    let one = |one: &ledger_core::Occurrence| {
        (one.day.to_string()[5..].to_owned(), one.transaction.amount().minor_units())
    };
    due.iter().map(one).collect()
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
    // No more in one call than a person looks through, and none of them.
    let many: Vec<_> = (0..25).map(|number| (series, number)).collect();
    let refused = group.recurring().record(&many).unwrap_err();
    assert!(matches!(refused, StoreError::TooManyOccurrences { found: 25 }), "{refused}");
    assert!(refused.to_string().contains("1 more than the 24"), "{refused}");
    assert_eq!(recorded(group), [] as [&str; 0]);
    // A tap on the second.
    let tapped = group.recurring().record(&[(series, 1), (series, 1), (series, 99_999_999)]);
    assert_eq!(tapped.unwrap().len(), 1);
    assert_eq!(group.recurring().record_due(until).unwrap().entries.len(), 2);
    assert!(group.recurring().record_due(until).unwrap().entries.is_empty());
    assert!(group.recurring().record(&[(series, 0)]).unwrap().is_empty());
    assert_eq!(recorded(group), days);
    // What was cancelled is recorded all the same.
    let first = group.lists().expenses(None, 1).unwrap()[0].original;
    group.entries().append(vec![NewEntry::Cancellation { original: first, reason: None }]).unwrap();
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
    let amounts = |until: &str| amounts(group, until);
    let expect = |until: &str, expected: &[(&str, u64)]| {
        let expected: Vec<_> = expected.iter().map(|(day, n)| ((*day).to_owned(), *n)).collect();
        assert_eq!(amounts(until), expected);
    };
    // From March on it costs more. The days stay, those of February after March too.
    let more = rent(flat.anna, "2027-01-01", 950);
    recurring.change(series, date("2027-03-01"), &more, None).unwrap();
    expect("2027-04-30", &[("01-31", 900), ("02-28", 900), ("03-31", 950), ("04-30", 950)]);
    // It pauses from February to before May, and goes on as dear as it would have been.
    let paused = recurring.pause(series, date("2027-02-01"), date("2027-05-01")).unwrap();
    assert_eq!(paused.len(), 2);
    expect("2027-06-30", &[("01-31", 900), ("05-31", 950), ("06-30", 950)]);
    let nothing = recurring.pause(series, date("2027-07-01"), date("2027-07-20")).unwrap();
    assert!(nothing.is_empty());
    // Every second week from a Wednesday in June on, and then no more.
    let weekly = every(RecurrenceUnit::Weeks, 2);
    let wednesday = rent(flat.anna, "2027-06-02", 400);
    recurring.change(series, date("2027-06-01"), &wednesday, Some(weekly)).unwrap();
    recurring.end(series, date("2027-06-20")).unwrap();
    expect("2028-01-01", &[("01-31", 900), ("05-31", 950), ("06-02", 400), ("06-16", 400)]);
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

/// What is due until the end of the series, by months from January 2027 on: 0 for none.
fn by_month(group: &Group, months: usize) -> Vec<u64> {
    let all = group.recurring().series().unwrap();
    let [series] = all.as_slice() else { panic!("{all:?}") };
    let mut found = vec![0; months];
    let occurrences = series.segments().into_iter().flat_map(|one| one.from..one.until.min(100));
    for occurrence in occurrences.filter_map(|number| series.occurrence(number)) {
        let day = occurrence.day.yyyymmdd();
        let month = (day / 10_000 - 2027) * 12 + day / 100 % 100 - 1;
        if let Some(found) = found.get_mut(usize::try_from(month).unwrap()) {
            *found += occurrence.transaction.amount().minor_units();
        }
    }
    found
}

#[test]
fn a_change_keeps_the_end_and_what_is_planned_for_later() {
    let (monthly, until) = (every(RecurrenceUnit::Months, 1), |day| Some(date(day)));
    // An end that the series began with.
    let flat = Flat::new();
    let recurring = flat.group.recurring();
    let first = rent(flat.anna, "2027-01-31", 900);
    let series = recurring.begin(&first, monthly, until("2027-06-30")).unwrap();
    let change = |from: &str, cents| {
        let content = rent(flat.anna, "2027-01-01", cents);
        recurring.change(series, date(from), &content, None).unwrap()
    };
    let changed = change("2027-03-01", 950);
    assert_eq!((changed.entries.len(), changed.planned_from), (1, None));
    assert_eq!(by_month(&flat.group, 7), [900, 900, 950, 950, 950, 950, 0]);
    // A pause, and the same content behind it.
    recurring.pause(series, date("2027-04-01"), date("2027-05-01")).unwrap();
    let changed = change("2027-02-01", 920);
    assert_eq!(changed.planned_from, until("2027-03-31"), "the rise of March was planned");
    assert_eq!(by_month(&flat.group, 7), [900, 920, 950, 0, 950, 950, 0]);
    let changed = change("2027-03-01", 960);
    assert_eq!((changed.entries.len(), changed.planned_from), (2, None));
    assert_eq!(by_month(&flat.group, 7), [900, 920, 960, 0, 960, 960, 0]);
    // A rise within a pause that is written later.
    change("2027-05-01", 970);
    recurring.pause(series, date("2027-02-01"), date("2027-06-01")).unwrap();
    assert_eq!(by_month(&flat.group, 7), [900, 0, 0, 0, 0, 970, 0]);
    // A pause beyond the end leaves nothing behind it.
    recurring.pause(series, date("2027-06-01"), date("2028-06-01")).unwrap();
    assert_eq!(by_month(&flat.group, 24)[1..], [0; 23]);
    // From a day behind its end it goes on, for good.
    change("2027-12-01", 990);
    assert_eq!(by_month(&flat.group, 14)[10..], [0, 990, 990, 990]);
    assert_series(&flat.group);
    assert_sound(&flat.group);
    // An end that is written before a change from an earlier day.
    let flat = Flat::new();
    let series = flat.begin("2027-01-31", monthly);
    flat.group.recurring().end(series, date("2027-04-30")).unwrap();
    let content = rent(flat.anna, "2027-01-01", 950);
    flat.group.recurring().change(series, date("2027-02-01"), &content, None).unwrap();
    assert_eq!(by_month(&flat.group, 6), [900, 950, 950, 950, 0, 0]);
}

#[test]
fn another_rule_keeps_pauses_the_end_and_later_changes_by_their_days() {
    let flat = Flat::new();
    let recurring = flat.group.recurring();
    let monthly = every(RecurrenceUnit::Months, 1);
    let first = rent(flat.anna, "2027-01-31", 900);
    let series = recurring.begin(&first, monthly, Some(date("2027-12-31"))).unwrap();
    let dearer = rent(flat.anna, "2027-01-01", 950);
    recurring.change(series, date("2027-10-01"), &dearer, None).unwrap();
    recurring.pause(series, date("2027-05-01"), date("2027-07-01")).unwrap();
    // January and February are recorded, and so their numbers are used.
    assert_eq!(recurring.record(&[(series, 0), (series, 1)]).unwrap().len(), 2);
    let weekly = every(RecurrenceUnit::Weeks, 1);
    let content = rent(flat.anna, "2027-03-03", 1);
    let changed = recurring.change(series, date("2027-01-01"), &content, Some(weekly)).unwrap();
    assert_eq!(changed.planned_from, Some(date("2027-10-31")));
    // Wednesdays in March and April, and from 31 July, when the rent would have gone on, to October.
    let expected = [900, 900, 5, 4, 0, 0, 0, 4, 5, 954, 950, 950, 0];
    assert_eq!(by_month(&flat.group, 13), expected);
    let all = recurring.due(date("2028-12-31")).unwrap();
    assert!(all.has_more && all.occurrences[0].number == 2, "{all:?}");
    assert_eq!(all.occurrences[0].day, date("2027-03-03"));
    // A content whose day is behind the end says that it goes on.
    let yearly = every(RecurrenceUnit::Years, 1);
    let content = rent(flat.anna, "2028-02-01", 7);
    recurring.change(series, date("2027-12-01"), &content, Some(yearly)).unwrap();
    let expected = [950, 0, 0, 7, 0, 0, 0];
    assert_eq!(by_month(&flat.group, 17)[10..], expected);
    assert_series(&flat.group);
    assert_sound(&flat.group);
}

#[test]
fn many_planned_changes_are_refused_and_an_end_overrides_them() {
    let flat = Flat::new();
    let recurring = flat.group.recurring();
    let series = flat.begin("2027-02-01", every(RecurrenceUnit::Days, 1));
    let change = |from: &str, cents| {
        recurring.change(series, date(from), &rent(flat.anna, "2027-01-01", cents), None)
    };
    for day in 1..=24 {
        change(&format!("2027-03-{day:02}"), day).unwrap();
    }
    let before = entries(&flat.group).len();
    let refused = change("2027-02-10", 100).unwrap_err();
    assert!(matches!(refused, StoreError::TooManyChanges { found: 25, .. }), "{refused:?}");
    assert_eq!(entries(&flat.group).len(), before);
    assert_eq!(change("2027-03-01", 101).unwrap().entries.len(), 24);
    recurring.end(series, date("2027-02-09")).unwrap();
    assert_eq!(change("2027-02-10", 100).unwrap().entries.len(), 1);
    let series = &recurring.series().unwrap()[0];
    assert_eq!(series.segments().last().unwrap().from, 9);
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

/// Each phone records what is due before they meet, and one records what it has no other word of.
#[test]
fn what_two_phones_record_of_one_series_counts_once() {
    let (host, guest) = (Phone::new(3), Phone::new(4));
    let ours = host.store.create_group("Flat", "Anna").unwrap();
    let theirs = join(&ours, &host, &guest, "Ben");
    let (anna, ben) = (ours.me().unwrap().unwrap(), theirs.me().unwrap().unwrap());
    let euro = Currency::from_code("EUR").unwrap();
    let amount = Amount::from_minor_units(900).unwrap();
    let rent = Expense::new(date("2027-02-01"), "Rent", euro, amount)
        .paid_by(anna, amount)
        .split_equally(&[anna, ben], 0);
    let monthly = every(RecurrenceUnit::Months, 1);
    let series = ours.recurring().begin(&rent.into(), monthly, None).unwrap();
    hand_over(&ours, &theirs);
    let until = date("2027-03-31");
    // Anna's phone by itself, Ben's after two taps; and before they meet, Ben corrects his February.
    assert_eq!(ours.recurring().record_due(until).unwrap().entries.len(), 2);
    let tapped = theirs.recurring().record(&[(series, 0), (series, 1)]).unwrap();
    assert_eq!(tapped.len(), 2);
    let february = theirs.lists().recorded(tapped[0]).unwrap().unwrap();
    let Transaction::Expense(mut dearer) = february.transaction else { panic!("{february:?}") };
    dearer.amount = Amount::from_minor_units(1000).unwrap();
    let dearer = dearer.payers([(anna, Amount::from_minor_units(1000).unwrap())]);
    let transaction = dearer.split_equally(&[anna, ben], 0).into();
    theirs
        .entries()
        .append(vec![NewEntry::Correction { original: tapped[0], transaction }])
        .unwrap();
    hand_over(&ours, &theirs);
    hand_over(&theirs, &ours);
    agree(&ours, &theirs);
    for group in [&ours, &theirs] {
        assert_eq!(recorded(group), ["2027-02-01", "2027-03-01"]);
        assert!(due(group, "2027-03-31").is_empty());
        assert!(group.recurring().record(&[(series, 0), (series, 1)]).unwrap().is_empty());
        // 10.00 of February and 9.00 of March, each once.
        assert_eq!(group.state().unwrap().balance(anna, euro).minor_units(), 500 + 450);
        assert_sound(group);
    }
    // What one of them cancels is cancelled for both, and nobody is asked again.
    let march = ours.lists().expenses(None, 1).unwrap()[0].original;
    ours.entries().append(vec![NewEntry::Cancellation { original: march, reason: None }]).unwrap();
    hand_over(&ours, &theirs);
    assert_eq!(theirs.state().unwrap().balance(anna, euro).minor_units(), 500);
    assert!(due(&theirs, "2027-03-31").is_empty());
    agree(&ours, &theirs);
}

/// One daily series of which nobody recorded anything, and 30 others behind it.
#[test]
fn a_stale_series_hides_no_other() {
    let flat = Flat::new();
    let group = &flat.group;
    let until = date("2028-01-01");
    let mut all = vec![flat.begin("2027-01-20", every(RecurrenceUnit::Days, 1))];
    for day in 1..=30 {
        all.push(flat.begin(&format!("2027-12-{day:02}"), every(RecurrenceUnit::Years, 1)));
    }
    all.sort();
    let page = |skip| group.recurring().due_page(until, skip).unwrap();
    let (first, second) = (page(0), page(24));
    assert!(
        first.has_more && first.occurrences == group.recurring().due(until).unwrap().occurrences
    );
    let found: Vec<_> = first.occurrences.iter().chain(&second.occurrences).collect();
    let series: Vec<EntryId> = found.iter().take(31).map(|one| one.series).collect();
    assert_eq!(series, all, "the earliest of each");
    // Behind them come the rest of the daily one: 347 days, of which one is shown already.
    let days: Vec<_> = found[31..].iter().map(|one| one.day.to_string()).collect();
    assert_eq!((days.len(), days[0].as_str()), (17, "2027-01-21"));
    let last = page(30 + 346);
    assert!(!last.has_more && last.occurrences.len() == 1);
    assert_eq!(last.occurrences[0].day, until);
    // Those that recur for others come behind those of this person, in each round.
    let ben = Ben::join(&flat.folder, group);
    let content = rent(ben.member, "2027-02-01", 700);
    let state = group.state().unwrap();
    let draft = Draft::template(&state, &content, every(RecurrenceUnit::Days, 1), Some(2));
    ben.write(group, draft.unwrap());
    let others = |skip| page(skip).occurrences[0].author == Some(ben.member);
    assert_eq!((30..34).map(others).collect::<Vec<_>>(), [false, true, false, true]);
}

#[test]
fn what_waits_is_listed_apart_and_recorded_by_a_person() {
    let flat = Flat::new();
    let (group, recurring) = (&flat.group, flat.group.recurring());
    let ben = Ben::join(&flat.folder, group);
    let series = flat.begin("2027-02-01", every(RecurrenceUnit::Months, 1));
    let until = date("2027-03-31");
    // Ben's entry records March, and waits for one that nobody has.
    let march = recurring.due(until).unwrap().occurrences[1].clone();
    let draft = Draft::record(&group.state().unwrap(), &march.transaction).unwrap();
    let absent = EntryId::from_bytes([9; 32]);
    let place = hazmat::any_position(group.id(), ben.device.id(), 7, absent, vec![], 50);
    let waits = draft.sign(&ben.device, &place, 0).unwrap();
    let bytes = (waits.decoded().as_bytes().to_vec(), *waits.decoded().signature());
    assert_eq!(group.entries().ingest(&[bytes]).unwrap().missing, [absent].into());
    assert_eq!(due(group, "2027-03-31"), [(0, "2027-02-01".to_owned())]);
    let waiting = recurring.waiting(until, 0).unwrap();
    assert_eq!((waiting.occurrences, waiting.has_more), (vec![march], false));
    assert!(recurring.waiting(until, 1).unwrap().occurrences.is_empty());
    assert_eq!(recurring.record_due(until).unwrap().entries.len(), 1, "not by itself");
    assert_eq!(recurring.record(&[(series, 1)]).unwrap().len(), 1);
    assert!(recurring.waiting(until, 0).unwrap().occurrences.is_empty());
    assert_eq!(recorded(group), ["2027-02-01", "2027-03-01"]);
    assert_sound(group);
}

/// The clock of tests is at 2027-01-15.
#[test]
fn days_that_are_over_are_told_and_recorded_by_a_person() {
    let flat = Flat::new();
    let (group, recurring) = (&flat.group, flat.group.recurring());
    let series = flat.begin("2026-11-15", every(RecurrenceUnit::Months, 1));
    let passed = || -> Vec<u64> {
        let passed = recurring.passed(series).unwrap();
        assert!(!passed.has_more);
        passed.occurrences.iter().map(|one| one.number).collect()
    };
    assert_eq!(passed(), [0, 1]);
    assert_eq!(due(group, "2027-01-31"), [(2, "2027-01-15".to_owned())]);
    assert_eq!(recurring.record(&[(series, 0)]).unwrap().len(), 1);
    assert_eq!(passed(), [1]);
    // Another rule from a past day on.
    let weekly = every(RecurrenceUnit::Weeks, 1);
    let content = rent(flat.anna, "2026-12-01", 200);
    recurring.change(series, date("2026-12-01"), &content, Some(weekly)).unwrap();
    assert_eq!(passed(), [1, 2, 3, 4, 5, 6, 7], "1 December to 12 January");
    let daily = flat.begin("2020-01-01", every(RecurrenceUnit::Days, 1));
    let passed = recurring.passed(daily).unwrap();
    assert!(passed.has_more && passed.occurrences.len() == 24);
    assert_eq!(passed.occurrences[0].day, date("2025-12-10"));
    let unknown = recurring.passed(group.id().genesis()).unwrap_err();
    assert!(matches!(unknown, StoreError::UnknownEntry(_)), "{unknown:?}");
}

#[test]
fn what_cannot_recur_says_why() {
    let flat = Flat::new();
    let monthly = every(RecurrenceUnit::Months, 1);
    let (content, last) = (rent(flat.anna, "2027-02-01", 1), date("2027-01-31"));
    let refused = flat.group.recurring().begin(&content, monthly, Some(last)).unwrap_err();
    let expected = (date("2027-02-01"), last);
    assert!(
        matches!(refused, StoreError::LastBeforeFirst { first, last } if (first, last) == expected),
        "{refused:?}"
    );
    let nobody = MemberId::from_bytes([7; 32]);
    let content = rent(nobody, "2027-01-01", 1);
    let error = flat.group.recurring().begin(&content, every(RecurrenceUnit::Days, 1), None);
    let error = error.unwrap_err();
    let unknown = DraftError::UnknownMember(nobody);
    assert!(matches!(&error, StoreError::Draft(found) if *found == unknown), "{error:?}");
    assert_eq!(entries(&flat.group).len(), 1);
}
