//! Templates: days and origins of recurring expenses (SPEC §4.16).

use std::collections::BTreeSet;

use ledger_core::engine::Draft;
use ledger_core::{
    Balance, Date, EntryId, Itemised, MemberId, Origin, Percent, Recurrence, RecurrenceUnit, Split,
    SplitItem, Transaction,
};
use serde_json::{Value, json};

use crate::vectors::world::{World, cents, hex};
use crate::vectors::{file, raw, several};

fn every(unit: RecurrenceUnit, every: u64) -> Recurrence {
    Recurrence::new(unit, every).unwrap()
}

/// A dinner of another day.
fn content(w: &World, day: &str, amount: u64) -> Transaction {
    match w.dinner("genesis", "add-ben", amount) {
        Transaction::Expense(mut expense) => {
            expense.date = day.parse().unwrap();
            Transaction::Expense(expense)
        }
        Transaction::Transfer(_) => panic!("not an expense"),
    }
}

fn begin(w: &mut World, device: u8, label: &str, day: &str, rule: Recurrence) {
    let draft = Draft::template(&w.state(), &content(w, day, 100), rule, None).unwrap();
    w.say(device, label, &["*"], draft);
}

struct Change {
    label: &'static str,
    first: &'static str,
    numbers: (u64, u64),
    day: &'static str,
    rule: Recurrence,
    end: Option<u64>,
}

fn change(w: &mut World, device: u8, after: &[&str], change: &Change) {
    let Change { label, first, numbers, day, rule, end } = *change;
    let (first, content) = (w.id(first), content(w, day, 200));
    let draft = Draft::template_change(&w.state(), first, numbers, &content, rule, end).unwrap();
    w.say(device, label, after, draft);
}

/// The days of the first occurrences of the only series; 0 where there is none.
fn days_of(w: &World) -> Vec<u32> {
    let [series] = w.evaluation().series().try_into().unwrap();
    let day = |number| series.occurrence(number).map_or(0, |found| found.day.yyyymmdd() % 10_000);
    (0..6).map(day).collect()
}

fn changes() -> Value {
    let monthly = every(RecurrenceUnit::Months, 1);
    let mut w = World::with_ben();
    begin(&mut w, 1, "rent", "2027-01-31", monthly);
    assert_eq!(days_of(&w), [131, 228, 331, 430, 531, 630]);
    let with =
        |label, numbers, day, rule, end| Change { label, first: "rent", numbers, day, rule, end };
    // A pause over numbers 2 and 3, which moves no day.
    let pause = with("pause", (2, 0), "2027-01-31", monthly, Some(2));
    change(&mut w, 2, &["*"], &pause);
    let goes_on = with("goes-on", (4, 0), "2027-01-31", monthly, None);
    change(&mut w, 2, &["*"], &goes_on);
    assert_eq!(days_of(&w), [131, 228, 0, 0, 531, 630]);
    let paused = w.scenario(
        "template-paused",
        "A series pauses by two changes: numbers without an occurrence, and then the same days.",
        &[],
    );
    // From number 1 on: it holds over everything before it, the pause too.
    let weekly = with("weekly", (1, 1), "2027-03-03", every(RecurrenceUnit::Weeks, 1), Some(4));
    change(&mut w, 1, &["*"], &weekly);
    assert_eq!(days_of(&w), [131, 303, 310, 317, 0, 0]);
    let changed = w.scenario(
        "template-changed",
        "Of the templates that hold for a number, the last in (lamport, id) does.",
        &[],
    );
    json!([paused, changed])
}

fn odd_units() -> Value {
    let daily = every(RecurrenceUnit::Days, 1);
    let mut w = World::with_ben();
    w.add(1, "cleo", 3, 3, &["*"]);
    let (anna, ben, cleo) = (w.member("genesis"), w.member("add-ben"), w.member("add-cleo"));
    let dinner =
        |w: &World, units: u64, rule: &Split<MemberId>| match content(w, "2027-01-31", units) {
            Transaction::Expense(dinner) => Transaction::from(dinner.split(rule, 0).unwrap()),
            Transaction::Transfer(_) => panic!("not an expense"),
        };
    let items = Itemised::new()
        .item(SplitItem::new("Pizza", cents(700)).shared_by(anna, 1).shared_by(ben, 1))
        .item(SplitItem::new("Wine", cents(300)).shared_by(cleo, 1).shared_by(ben, 2))
        .tip(cents(1));
    let fifty = Percent::from_millionths(250_000).unwrap();
    let half = Percent::from_millionths(500_000).unwrap();
    let mut rules = vec![
        ("equal", 1000, Split::Equal(vec![anna, ben, cleo])),
        ("weights", 1001, Split::Weights(vec![(anna, 1), (ben, 1), (cleo, 2)])),
        ("percent", 101, Split::Percent(vec![(anna, fifty), (ben, fifty), (cleo, half)])),
        ("exact", 3, Split::Exact(vec![(anna, cents(1)), (ben, cents(2))])),
        ("items", 1001, Split::Items(items)),
    ];
    let adjusted = [(anna, 5), (ben, 0), (cleo, -1)];
    let adjusted = adjusted.map(|(member, units)| (member, Balance::from_minor_units(units)));
    rules.push(("adjust", 1000, Split::Adjust(adjusted.to_vec())));
    // Anna paid, and has no share while it is not her turn.
    rules.push(("two-cents", 2, Split::Equal(vec![anna, ben, cleo])));
    for (label, units, rule) in &rules {
        let draft = Draft::template(&w.state(), &dinner(&w, *units, rule), daily, None).unwrap();
        w.say(1, label, &["*"], draft);
    }
    let mut later = dinner(&w, 1001, &Split::Equal(vec![anna, ben]));
    if let Transaction::Expense(expense) = &mut later {
        expense.hints.set(2, [0x82, 6, 0x80]).unwrap();
    }
    let draft = Draft::template(&w.state(), &later, daily, None).unwrap();
    w.say(1, "a-later-rule", &["*"], draft);
    let draft = Draft::template(&w.state(), &w.transfer("genesis", "add-ben", 5), daily, None);
    w.say(1, "transfer", &["*"], draft.unwrap());
    let equal = w.id("equal");
    let series = w.evaluation().series();
    let equal = series.iter().find(|series| series.id() == equal).unwrap();
    let mut most = BTreeSet::new();
    for number in 0..3 {
        let Transaction::Expense(found) = equal.occurrence(number).unwrap().transaction else {
            panic!("not an expense")
        };
        let (member, _) = found.shares.into_iter().max_by_key(|(_, share)| *share).unwrap();
        most.insert(member);
    }
    assert_eq!(most.len(), 3, "each has the odd cent once");
    w.scenario(
        "template-odd-units",
        "Odd units of a series go round: each number is the turn of the split. Exact shares stay, and \
         so do those of a rule that only a later version reads.",
        &[],
    )
}

fn faults() -> Value {
    let monthly = every(RecurrenceUnit::Months, 1);
    let mut w = World::with_ben();
    w.record(1, "dinner", &["*"], &w.dinner("genesis", "add-ben", 1000));
    begin(&mut w, 1, "rent", "2027-01-31", monthly);
    let of = |label, first, numbers| Change {
        label,
        first,
        numbers,
        day: "2027-01-31",
        rule: monthly,
        end: None,
    };
    change(&mut w, 2, &["*"], &of("change", "rent", (3, 0)));
    change(&mut w, 2, &["*"], &of("change-of-a-change", "change", (4, 0)));
    change(&mut w, 2, &["*"], &of("change-of-a-dinner", "dinner", (4, 0)));
    // A share of somebody whom no entry introduces: the dinner.
    let part = |member: u64| raw::array(&[raw::uint(member), raw::uint(5)]);
    let content = raw::array(&[
        raw::uint(20_270_131),
        raw::text("Rent"),
        raw::null(),
        raw::null(),
        raw::text("EUR"),
        raw::uint(5),
        raw::array(&[part(0)]),
        raw::array(&[part(0)]),
        raw::null(),
    ]);
    let rule = raw::array(&[raw::uint(2), raw::uint(1)]);
    let payload = raw::array(&[raw::uint(16), content, rule, raw::null(), raw::null()]);
    w.say_raw(1, "of-nobody", 26, &["dinner"], &payload);
    let ben = w.member("add-ben");
    w.remove("remove", ben, &["change"], &["*"]);
    begin(&mut w, 2, "by-ben-later", "2027-01-01", monthly);
    w.scenario(
        "faults-of-templates",
        "A change names a first template, and a content members. A void template holds for nothing.",
        &[
            ("change-of-a-change", 18),
            ("change-of-a-dinner", 18),
            ("of-nobody", 12),
            ("by-ben-later", 40),
        ],
    )
}

pub(crate) fn build() -> Value {
    several(&[changes, odd_units, faults])
}

/// Days of rules, and origins of occurrences.
pub(crate) fn days() -> Value {
    let units = [
        RecurrenceUnit::Days,
        RecurrenceUnit::Weeks,
        RecurrenceUnit::Months,
        RecurrenceUnit::Years,
    ];
    let firsts =
        ["0001-01-01", "1899-12-31", "2024-02-29", "2026-11-30", "2027-01-31", "9998-12-31"];
    let mut rows = Vec::new();
    for (number, unit) in (0u64..).zip(units) {
        for (step, first) in [1, 5, 1000].into_iter().flat_map(|n| firsts.map(|f| (n, f))) {
            let rule = every(unit, step);
            let first: Date = first.parse().unwrap();
            for steps in [0, 1, 13, 999_999] {
                let day = rule.day(first, steps).map(Date::yyyymmdd);
                rows.push(json!([[number, step], first.yyyymmdd(), steps, day]));
            }
        }
    }
    let series = EntryId::from_bytes([0x5e; 32]);
    let origin =
        |number: u64| json!([number, hex(Origin::of_occurrence(series, number).as_bytes())]);
    let origins: Vec<Value> = [0, 1, 2, 999_999].map(origin).to_vec();
    let about = "SPEC 4.16. Each row of days is a rule [unit, every], the first day, how many times \
        the rule is taken, and the day; null if that is behind 9999-12-31. origins are those of \
        numbers of one series. The occurrences of series that change stand in authority.json.";
    let mut file = file(about, "days", json!(rows));
    file["origins"] = json!({ "series": series.to_string(), "numbers": origins });
    file
}
