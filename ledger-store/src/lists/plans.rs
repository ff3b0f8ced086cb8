//! The query plans of all lists: each uses an index, and none scans a table or sorts.

use ledger_core::{Amount, Currency, Direction, MemberId};
use rusqlite::{Connection, StatementStatus};

use super::cursor::Position;
use super::filter::{Condition, Filter};
use super::query::{self, Columns, Query, queries};
use super::{
    account_statement, activity, arrived, as_of, by_id, conflict, debts, edits, history, in_use,
    overview, recorded, recurring, settings, stored_order, totals, unfinished, words,
};
use crate::database::{GroupKey, in_memory};
use crate::entries::projections::{MEMBER_TERMS, Term};
use crate::entries::spoken::SPOKEN;
use crate::entries::{load, shown, slot, undo};

/// The steps of a plan.
fn plan(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let unbound = vec![rusqlite::types::Null; statement.parameter_count()];
    let rows = statement.query_map(rusqlite::params_from_iter(unbound), |row| row.get(3)).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

/// The steps that read more than the page, or sort it.
fn slow(plan: &[String]) -> Vec<&String> {
    let slow = |step: &&String| {
        // FTS5 calls every use of its index a scan; the letter `M` says that it is by words.
        let by_words = step.starts_with("SCAN t VIRTUAL TABLE INDEX") && step.contains('M');
        // 513: from a word on.
        let by_words = by_words || step.starts_with("SCAN temp.vocabulary VIRTUAL TABLE INDEX 513");
        // The one row of a subquery with `LIMIT 1`.
        let of_one = step.starts_with("SCAN (subquery-");
        (step.starts_with("SCAN") && !by_words && !of_one) || step.contains("TEMP B-TREE")
    };
    plan.iter().filter(slow).collect()
}

#[test]
fn no_list_scans_or_sorts() {
    let connection = in_memory().unwrap();
    for (sql, index) in [
        (recorded::ROW, "PRIMARY KEY (n=?)"),
        (edits::OTHERS, "entries_by_slot (slot=? AND kind=?)"),
        (query::HAS_MANY, "PRIMARY KEY (term=?)"),
        (MEMBER_TERMS, "sqlite_autoindex_terms_1 (grp=? AND kind=? AND value>? AND value<?)"),
        (words::FIRST_WORD, "VIRTUAL TABLE INDEX 513"),
        (totals::CONTENT, "INTEGER PRIMARY KEY (rowid=?)"),
        (totals::TERM, "INTEGER PRIMARY KEY (rowid=?)"),
        (in_use::IN_USE, "sqlite_autoindex_terms_1 (grp=? AND kind=? AND value>?)"),
        (activity::ACTIVITY, "entries_by_order (grp=? AND lamport<?)"),
        (activity::VOID, "entries_void (grp=? AND lamport<?)"),
        (activity::ENTRY, "sqlite_autoindex_entries_1 (id=?)"),
        (by_id::BEGINNING, "sqlite_autoindex_entries_1 (id>? AND id<?)"),
        (by_id::BELOW, "sqlite_autoindex_entries_1 (id<?)"),
        (by_id::ABOVE, "sqlite_autoindex_entries_1 (id>?)"),
        (by_id::SHOWN, "PRIMARY KEY (n=?)"),
        (shown::CORRECTED, "entries_by_slot (slot=? AND kind=? AND (lamport,id)<(?,?))"),
        (undo::SHOWN, "PRIMARY KEY (n=?)"),
        (undo::ORIGINALS, "entries_by_slot (slot=? AND kind=?)"),
        (slot::DECISIVE, "entries_by_slot (slot=? AND kind=?)"),
        (slot::FROM_FIRST, "entries_by_slot (slot=? AND kind=?)"),
        (slot::FROM_LAST, "entries_by_slot (slot=? AND kind=?)"),
        (conflict::ORIGINALS, "entries_by_slot (slot=? AND kind=?)"),
        (history::CHANGES, "PRIMARY KEY (original=? AND endorses=? AND (lamport,id)<(?,?))"),
        (account_statement::AFTER, "PRIMARY KEY (term=? AND (date,n)<(?,?))"),
        (account_statement::UP_TO, "PRIMARY KEY (term=? AND (date,n)>(?,?))"),
        (stored_order::OF_GROUP, "COVERING INDEX expenses_by_date (grp=?)"),
        (stored_order::UP_TO_DAY, "COVERING INDEX expenses_by_date (grp=? AND date<?)"),
        (stored_order::OF_TERM, "PRIMARY KEY (term=?)"),
        (stored_order::COUNTING, "PRIMARY KEY (n=?)"),
        (debts::COUNT, "expenses_by_date (grp=?)"),
        (overview::GROUPS, "INTEGER PRIMARY KEY (rowid<?)"),
        (unfinished::UNFINISHED, "imports_by_group (grp=?)"),
        (overview::LAST, "entries_by_group (grp=?)"),
        (as_of::PLACE, "sqlite_autoindex_entries_1 (id=?)"),
        (as_of::SINCE, "entries_by_order (grp=? AND lamport>?)"),
        (as_of::COUNT_SINCE, "entries_by_order (grp=? AND lamport>?)"),
        (as_of::SLOT, "entries_by_slot (slot=?)"),
        (arrived::ARRIVED, "entries_by_group (grp=? AND rowid>?)"),
        (arrived::UNREAD, "entries_by_group (grp=? AND rowid>?)"),
        (arrived::NUMBERED, "INTEGER PRIMARY KEY (rowid=?)"),
        (arrived::NEWEST, "entries_by_group (grp=?)"),
        (recurring::APPLIED, "entries_templates (grp=?)"),
        (settings::APPLIED, "entries_settings (grp=?)"),
        (SPOKEN, "entries_speaks (grp=?)"),
        (load::TAIL, "entries_by_group (grp=? AND rowid>?)"),
        (load::ALL, "entries_by_group (grp=?)"),
        (history::ENDORSEMENTS, "PRIMARY KEY (original=? AND endorses=?)"),
    ] {
        let plan = plan(&connection, sql);
        assert!(slow(&plan).is_empty(), "{sql}: {plan:#?}");
        assert!(plan.iter().any(|step| step.contains(index)), "{sql}: {plan:#?}");
    }
}

/// Shows that the test above can fail.
#[test]
fn without_its_index_a_list_would_scan_or_sort() {
    for (drop, sql) in [
        ("expenses_by_date", stored_order::OF_GROUP),
        ("entries_by_order", activity::ACTIVITY),
        ("entries_void", activity::VOID),
        ("entries_by_group", load::TAIL),
    ] {
        let connection = in_memory().unwrap();
        connection.execute_batch(&format!("DROP INDEX {drop}")).unwrap();
        let plan = plan(&connection, sql);
        let by = |step: &String| step.contains(&format!("INDEX {drop}"));
        assert!(!plan.iter().any(by), "{plan:#?}");
        assert!(drop == "entries_void" || !slow(&plan).is_empty(), "{plan:#?}");
    }
}

/// A database where everything that a filter can name has a term.
fn with_terms() -> Connection {
    let connection = in_memory().unwrap();
    let group = "INSERT INTO groups (grp, id, device, root_index) VALUES (1, x'01', x'02', 0)";
    connection.execute(group, []).unwrap();
    let insert = "INSERT INTO terms (grp, kind, value) VALUES (1, ?1, ?2)";
    let mut insert = connection.prepare(insert).unwrap();
    for term in [
        Term::Member(MEMBER, euro()),
        Term::Payer(MEMBER),
        Term::Category("Food".to_owned()),
        Term::Currency(euro()),
        Term::Transfers,
        Term::Income,
        Term::Cancelled,
        Term::Tag("trip".to_owned()),
    ] {
        insert.execute((term.kind(), term.value())).unwrap();
    }
    drop(insert);
    connection.execute("INSERT INTO texts (words) VALUES ('dinner')", []).unwrap();
    connection
}

const MEMBER: MemberId = MemberId::from_bytes([7; 32]);

fn euro() -> Currency {
    Currency::from_code("EUR").unwrap()
}

/// Every condition, with the index along which it alone is found.
fn conditions() -> Vec<(Condition, &'static str)> {
    let cent = Amount::from_minor_units(1).unwrap();
    let by_date = "expenses_by_date (grp=? AND date>? AND (date,n)<(?,?))";
    let by_term = "PRIMARY KEY (term=? AND date>? AND (date,n)<(?,?))";
    vec![
        (Condition::Member(MEMBER), by_term),
        (Condition::Payer(MEMBER), by_term),
        (Condition::Category("Food".to_owned()), by_term),
        (Condition::Tag("trip".to_owned()), by_term),
        (Condition::Currency(euro()), by_term),
        (Condition::AtLeast(cent), by_date),
        (Condition::AtMost(cent), by_date),
        (Condition::Text("dinner".to_owned()), "VIRTUAL TABLE INDEX"),
        (Condition::Transfer(true), by_term),
        (Condition::Transfer(false), by_date),
        (Condition::Direction(Direction::Incoming), by_term),
        (Condition::Direction(Direction::Outgoing), by_date),
        (Condition::Cancelled(true), by_term),
        (Condition::Cancelled(false), by_date),
    ]
}

#[test]
fn no_filter_scans_or_sorts_whatever_its_conditions() {
    let connection = with_terms();
    let check = |conditions: Vec<Condition>, index: &str| {
        let filter = Filter { conditions, ..Filter::default() };
        let found = queries(&connection, GroupKey(1), &filter).unwrap();
        assert!(!found.is_empty(), "{filter:?}");
        for query in found {
            for (Query { sql, values }, index, more) in [
                (query.after(Position::START, Columns::Position), index, 0),
                (query.after(Position::START, Columns::Row), index, 0),
                (query.numbers(), index, 0),
                (query.content(), "PRIMARY KEY (n=?)", 1),
            ] {
                let plan = plan(&connection, &sql);
                assert!(slow(&plan).is_empty(), "{sql}: {plan:#?}");
                assert!(plan.iter().any(|step| step.contains(index)), "{sql}: {plan:#?}");
                let statement = connection.prepare(&sql).unwrap();
                assert_eq!(statement.parameter_count(), values.len() + more, "{sql}");
            }
            let numbers = plan(&connection, &query.numbers().sql);
            let is_by_index =
                |step: &String| !step.contains("SEARCH x") || step.contains("COVERING");
            assert!(numbers.iter().all(is_by_index), "{numbers:#?}");
        }
    };
    check(Vec::new(), "expenses_by_date (grp=? AND date>? AND (date,n)<(?,?))");
    for (one, index) in conditions() {
        check(vec![one.clone()], index);
        for (other, _) in conditions() {
            check(vec![one.clone(), other.clone()], "");
            check(vec![Condition::Member(MEMBER), one.clone(), other], "");
        }
    }
}

/// The condition with fewer rows is gone along.
#[test]
fn a_filter_goes_along_the_condition_with_few_rows() {
    let connection = with_terms();
    let filter = Filter {
        conditions: vec![Condition::Currency(euro()), Condition::Payer(MEMBER)],
        ..Filter::default()
    };
    let along = |connection: &Connection| {
        let found = queries(connection, GroupKey(1), &filter).unwrap();
        found[0].after(Position::START, Columns::Position).values[0].clone()
    };
    let number = |term: Term| term.number(&connection, GroupKey(1)).unwrap().unwrap().into();
    let (currency, payer) = (number(Term::Currency(euro())), number(Term::Payer(MEMBER)));
    assert_eq!(along(&connection), currency, "both have few: the first");
    let insert = "INSERT INTO found_by (term, date, n) SELECT ?1, 5, value FROM generate";
    connection
        .execute_batch(
            "CREATE TEMP TABLE generate AS WITH RECURSIVE count (value) AS
             (SELECT 1 UNION ALL SELECT value + 1 FROM count WHERE value < 1000)
             SELECT value FROM count",
        )
        .unwrap();
    connection.execute(insert, [currency]).unwrap();
    assert_eq!(along(&connection), payer);
}

#[test]
fn a_plan_does_not_depend_on_what_is_bound() {
    let connection = in_memory().unwrap();
    let filter = Filter::default();
    let found = queries(&connection, GroupKey(1), &filter).unwrap();
    let sql = found[0].after(Position::START, Columns::Position).sql;
    let mut statement = connection.prepare(&sql).unwrap();
    for from in 0..3 {
        assert!(statement.query((1, i64::MAX, 0, from)).unwrap().next().unwrap().is_none());
    }
    assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
}
