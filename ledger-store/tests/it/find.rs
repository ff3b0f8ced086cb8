//! Search for expenses: a filter gives, page by page, the same rows in the same order as
//! reading all expenses, also after corrections and flipped verdicts.
#![cfg(feature = "sqlcipher")]

use ledger_core::engine::Draft;
use ledger_core::{
    Amount, Currency, Date, Direction, EntryId, GroupState, Hints, MemberId, Transaction,
};
use ledger_store::{Condition, Filter, Group, NewEntry, Recorded};

use crate::common::people::Ben;
use crate::common::{self, Folder, Rng, assert_sound, found, heads, only};

const WORDS: [&str; 12] = [
    "Dinner", "dîner", "Müll", "mull", "Straße", "O'Neill", "luigi's", "東京", "x-ray", "42", "!!",
    "DINNERS",
];

fn text(rng: &mut Rng) -> String {
    (0..=rng.below(3)).map(|_| WORDS[rng.below(WORDS.len())]).collect::<Vec<_>>().join(" ")
}

/// Transaction on few days, with words, notes and categories.
fn details(state: &GroupState, rng: &mut Rng) -> Transaction {
    let mut details = common::details(state, rng);
    let date = Date::from_ymd(2026, 1, 1 + rng.below(6) as u32).unwrap();
    let mut hints = Hints::default();
    if rng.below(3) == 0 {
        let tags = ["trip", "Trip", "sea side"];
        hints.set_tags((0..=rng.below(2)).map(|_| tags[rng.below(3)])).unwrap();
    }
    match &mut details {
        Transaction::Expense(expense) => {
            expense.hints = hints;
            expense.date = date;
            if rng.below(5) == 0 {
                expense.direction = Direction::Incoming;
            }
            expense.description = text(rng);
            expense.note = (rng.below(3) == 0).then(|| text(rng));
            expense.category =
                (rng.below(3) > 0).then(|| ["Food", "food", "Müll out"][rng.below(3)].to_owned());
        }
        Transaction::Transfer(transfer) => {
            transfer.hints = hints;
            transfer.date = date;
            transfer.description = text(rng);
        }
    }
    details
}

fn fill(group: &Group, rounds: usize, rng: &mut Rng) -> Vec<EntryId> {
    let (mut originals, mut live) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let state = group.state().unwrap();
        let mut entries = Vec::new();
        for _ in 0..5 {
            entries.push(match (rng.below(10), live.len()) {
                (0, some) if some > 0 => {
                    // Nothing changes it after that.
                    let original = live.swap_remove(rng.below(some));
                    NewEntry::Cancellation { original, reason: None }
                }
                (1..=4, some) if some > 0 => NewEntry::Correction {
                    original: live[rng.below(some)],
                    transaction: details(&state, rng),
                },
                _ => NewEntry::Record(details(&state, rng)),
            });
        }
        let ids = group.entries().append(entries.clone()).unwrap();
        let new = entries.iter().zip(ids).filter(|(e, _)| matches!(e, NewEntry::Record(_)));
        let new: Vec<EntryId> = new.map(|(_, id)| id).collect();
        originals.extend(&new);
        live.extend(new);
    }
    originals
}

/// Words as the index sees those of this test.
fn words_of(text: &str) -> Vec<String> {
    let mut plain = String::new();
    for letter in text.to_lowercase().chars() {
        match letter {
            'î' => plain.push('i'),
            'ü' => plain.push('u'),
            'ß' => plain.push_str("ss"),
            '東' | '京' => plain.extend([' ', letter, ' ']),
            _ => plain.push(letter),
        }
    }
    plain.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(Into::into).collect()
}

/// Whether the words of `phrase` follow each other in `words`, the last one as
/// a beginning.
fn has(words: &[String], phrase: &[String]) -> bool {
    let Some((last, first)) = phrase.split_last() else { return true };
    words.windows(phrase.len()).any(|window| {
        let (end, begin) = window.split_last().unwrap();
        begin == first && end.starts_with(last.as_str())
    })
}

fn matches(row: &Recorded, filter: &Filter) -> bool {
    let details = &row.transaction;
    filter.from.is_none_or(|from| details.date() >= from)
        && filter.to.is_none_or(|to| details.date() <= to)
        && with_one_text(&filter.conditions).iter().all(|condition| holds(row, condition))
}

/// Several texts are as one.
fn with_one_text(conditions: &[Condition]) -> Vec<Condition> {
    let (mut all, mut texts) = (Vec::new(), Vec::new());
    for condition in conditions {
        match condition {
            Condition::Text(text) => texts.push(text.clone()),
            other => all.push(other.clone()),
        }
    }
    all.extend((!texts.is_empty()).then(|| Condition::Text(texts.join(" "))));
    all
}

fn holds(row: &Recorded, condition: &Condition) -> bool {
    let details = &row.transaction;
    let (mut words, mut category) = (words_of(details.description()), None);
    if let Transaction::Expense(expense) = details {
        category = expense.category.clone();
        words.extend(expense.category.iter().flat_map(|text| words_of(text)));
        words.extend(expense.note.iter().flat_map(|text| words_of(text)));
    }
    let tags = details.hints().tags();
    words.extend(tags.iter().flat_map(|text| words_of(text)));
    match condition {
        Condition::Tag(wanted) => tags.contains(wanted),
        Condition::Member(member) => details.members().any(|id| id == *member),
        Condition::Payer(member) => details.sides().0.iter().any(|(id, _)| id == member),
        Condition::Category(wanted) => category.as_ref() == Some(wanted),
        Condition::Currency(currency) => details.currency() == *currency,
        Condition::AtLeast(amount) => details.amount() >= *amount,
        Condition::AtMost(amount) => details.amount() <= *amount,
        Condition::Transfer(wanted) => matches!(details, Transaction::Transfer(_)) == *wanted,
        Condition::Direction(wanted) => details.direction() == *wanted,
        Condition::Cancelled(wanted) => row.cancelled == *wanted,
        Condition::Text(text) => {
            let wanted: Vec<_> = text.split_whitespace().map(words_of).collect();
            wanted.iter().any(|phrase| !phrase.is_empty())
                && wanted.iter().all(|phrase| has(&words, phrase))
        }
        _ => panic!("a new condition"),
    }
}

/// All pages, one after the other.
fn pages(group: &Group, filter: &Filter, size: u32) -> Vec<Recorded> {
    let mut rows: Vec<Recorded> = Vec::new();
    loop {
        let page = group.lists().find(filter, rows.last().map(|row| row.cursor), size).unwrap();
        assert!(page.len() <= size as usize);
        if page.is_empty() {
            return rows;
        }
        rows.extend(page);
    }
}

fn filters(state: &GroupState) -> Vec<Filter> {
    let amount = |units| Amount::from_minor_units(units).unwrap();
    let members: Vec<MemberId> = state.members().iter().map(|(id, _)| *id).collect();
    let mut by: Vec<Vec<Condition>> = vec![Vec::new()];
    by.extend(members.iter().map(|id| vec![Condition::Member(*id)]));
    by.extend(members.iter().map(|id| vec![Condition::Payer(*id)]));
    by.push(vec![Condition::Member(MemberId::from_bytes([7; 32]))]);
    by.extend(
        ["Food", "food", "Müll out", "Foo", ""].map(|c| vec![Condition::Category(c.to_owned())]),
    );
    by.extend(["trip", "Trip", "sea", "sea side"].map(|tag| vec![Condition::Tag(tag.to_owned())]));
    by.extend(
        ["EUR", "JPY", "KWD", "USD"]
            .map(|c| vec![Condition::Currency(Currency::from_code(c).unwrap())]),
    );
    by.extend(
        [Condition::AtLeast(amount(5_000)), Condition::AtMost(amount(3_000))].map(|c| vec![c]),
    );
    for flag in [true, false] {
        by.extend([Condition::Transfer(flag), Condition::Cancelled(flag)].map(|c| vec![c]));
    }
    by.extend([Direction::Incoming, Direction::Outgoing].map(|d| vec![Condition::Direction(d)]));
    let texts = [
        "dinner",
        "DÎN",
        "dinner dinners",
        "mull",
        "Müll o",
        "o'neill",
        "neil",
        "x-r",
        "x ray",
        "ray",
        "東",
        "京",
        "東京",
        "京東",
        "!!",
        "!! luigi",
        "",
        "  ",
        "4",
        "food",
        "\"",
        "dinner\" OR x",
        "a\0b",
        "*",
        "NEAR(",
        "trip",
        "sea s",
        "straße",
        "STRASSE",
        "strass",
    ];
    by.extend(texts.map(|text| vec![Condition::Text(text.to_owned())]));
    // Together: each with a few others.
    let together: Vec<Vec<Condition>> = by
        .iter()
        .flatten()
        .flat_map(|one| {
            [
                vec![one.clone(), Condition::Member(members[0])],
                vec![Condition::Payer(members[1]), one.clone(), Condition::Cancelled(false)],
                vec![
                    Condition::Text("d".to_owned()),
                    one.clone(),
                    Condition::AtMost(amount(6_000)),
                ],
            ]
        })
        .collect();
    let day = |day| Some(Date::from_ymd(2026, 1, day).unwrap());
    let ranges = [(None, None), (day(2), day(4)), (day(3), None), (None, day(1)), (day(5), day(2))];
    let filter = |conditions: &Vec<Condition>, (from, to)| {
        Filter::default().since(from).until(to).conditions(conditions.clone())
    };
    let alone = by.iter().flat_map(|by| ranges.map(|range| filter(by, range)));
    alone.chain(together.iter().map(|by| filter(by, (None, day(5))))).collect()
}

/// Every filter agrees with the whole list, which verify checked.
fn assert_found(group: &Group) -> usize {
    assert_sound(group);
    let all = group.lists().expenses(None, u32::MAX).unwrap();
    assert!(all.is_sorted_by_key(|row| core::cmp::Reverse(row.transaction.date())));
    let mut hits = 0;
    for filter in filters(&group.state().unwrap()) {
        let wanted: Vec<Recorded> =
            all.iter().filter(|row| matches(row, &filter)).cloned().collect();
        hits += usize::from(!wanted.is_empty());
        for size in [1, 7, 1000] {
            assert_eq!(pages(group, &filter, size), wanted, "{filter:?}");
        }
    }
    hits
}

#[test]
fn every_filter_gives_what_reading_everything_gives() {
    let folder = Folder::new(1);
    let store = folder.store();
    let group = found(&store, 3);
    // Another group in the same file is never in the way.
    let other = store.create_group("Trip", "Anna").unwrap();
    other.entries().append(vec![NewEntry::Placeholder { name: "Bo".into() }]).unwrap();
    fill(&other, 10, &mut Rng::new(11));
    fill(&group, 16, &mut Rng::new(1));
    let hits = assert_found(&group);
    assert!(hits > 80, "only {hits} filters find anything");
    fill(&group, 5, &mut Rng::new(2));
    assert!(assert_found(&group) >= hits);
    assert_found(&other);
    drop(store);
    let store = folder.open().unwrap();
    let ids = store.group_ids().unwrap();
    assert_found(&store.group(ids[0]).unwrap());
}

/// Rows that come in between two pages neither repeat nor hide a row.
#[test]
fn a_cursor_stays_valid_while_entries_come_in() {
    let folder = Folder::new(2);
    let store = folder.store();
    let group = found(&store, 3);
    fill(&group, 10, &mut Rng::new(3));
    let filter = Filter::default().condition(Condition::Text("d".into()));
    let before = pages(&group, &filter, 1000);
    let first = group.lists().find(&filter, None, 5).unwrap();
    assert_eq!(first, before[..5]);
    let mut rng = Rng::new(4);
    let state = group.state().unwrap();
    group
        .entries()
        .append((0..50).map(|_| NewEntry::Record(details(&state, &mut rng))).collect())
        .unwrap();
    let rest = group.lists().find(&filter, Some(first[4].cursor), 1000).unwrap();
    let known = rest.iter().filter(|row| before.contains(row)).cloned().collect::<Vec<_>>();
    assert_eq!(known, before[5..]);
}

/// Ben corrects a dinner of Anna's; then a removal that did not know of it
/// voids the correction. What the dinner is found by goes there and back.
#[test]
fn what_is_found_follows_what_is_shown() {
    let folder = Folder::new(3);
    let store = folder.store();
    let group = found(&store, 2);
    let ben = Ben::join(&folder, &group);
    let mut rng = Rng::new(5);
    let said = |text: &str, category: &str, day: u32, rng: &mut Rng| {
        let mut said = common::details(&group.state().unwrap(), rng);
        while !matches!(said, Transaction::Expense(_)) {
            said = common::details(&group.state().unwrap(), rng);
        }
        if let Transaction::Expense(expense) = &mut said {
            expense.date = Date::from_ymd(2026, 3, day).unwrap();
            expense.description = text.to_owned();
            expense.category = Some(category.to_owned());
        }
        said
    };
    let first = said("Pizza", "Food", 1, &mut rng);
    let dinner = group.entries().append(vec![NewEntry::Record(first.clone())]).unwrap()[0];
    let known = heads(&group);
    let second = said("Opera", "Fun", 9, &mut rng);
    let state = group.state().unwrap();
    let correction = ben.write(&group, Draft::correction(&state, dinner, &second).unwrap());
    let third = said("Museum", "Fun", 9, &mut rng);
    let museum = ben.write(&group, Draft::record(&state, &third).unwrap());

    let finds = |condition: Condition| -> Vec<EntryId> {
        let rows = group.lists().find(&Filter::default().condition(condition), None, 10).unwrap();
        rows.into_iter().map(|row| row.original).collect()
    };
    let text = |text: &str| finds(Condition::Text(text.into()));
    let category = |category: &str| finds(Condition::Category(category.into()));
    assert_eq!((text("pizza"), text("opera")), (vec![], vec![dinner]));
    assert_eq!((category("Food"), category("Fun")), (vec![], vec![museum, dinner]));
    assert_sound(&group);

    ben.remove(&group, known);
    assert_eq!((text("pizza"), text("opera"), text("museum")), (vec![dinner], vec![], vec![]));
    assert_eq!((category("Food"), category("Fun")), (vec![dinner], vec![]));
    assert_sound(&group);
    let void: Vec<EntryId> =
        group.lists().void_entries(None, 10).unwrap().iter().map(|row| row.entry.id()).collect();
    assert_eq!(void, [museum, correction]);

    // A copy under Anna's hand brings the museum back.
    let state = group.state().unwrap();
    let draft = Draft::copy(&state, museum, &third).unwrap();
    let ledger = group.ledger().unwrap();
    common::people::ingest(&group, &common::people::sign(&ledger, &ben.anna, None, draft));
    assert_eq!((text("museum"), category("Fun")), (vec![museum], vec![museum]));
    assert_sound(&group);
    drop(store);
    assert_sound(&only(&folder.open().unwrap()));
}
