//! The query plans of all lists: each uses an index, and none scans a table or sorts.

use rusqlite::{Connection, StatementStatus};

use super::{
    account_statement, activity, arrived, by_id, conflict, debts, find, history, overview,
};
use crate::database::in_memory;
use crate::entries::{load, shown};

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
        (step.starts_with("SCAN") && !by_words) || step.contains("TEMP B-TREE")
    };
    plan.iter().filter(slow).collect()
}

#[test]
fn no_list_scans_or_sorts() {
    let connection = in_memory().unwrap();
    for (sql, index) in [
        (find::BY_DATE, "expenses_by_date (grp=? AND date>? AND (date,n)<(?,?))"),
        (find::BY_TERM, "PRIMARY KEY (term=? AND date>? AND (date,n)<(?,?))"),
        (find::BY_TEXT, "VIRTUAL TABLE INDEX"),
        (activity::ACTIVITY, "entries_by_order (grp=? AND lamport<?)"),
        (activity::VOID, "entries_void (grp=? AND lamport<?)"),
        (activity::ENTRY, "sqlite_autoindex_entries_1 (id=?)"),
        (by_id::BEGINNING, "sqlite_autoindex_entries_1 (id>? AND id<?)"),
        (by_id::BELOW, "sqlite_autoindex_entries_1 (id<?)"),
        (by_id::ABOVE, "sqlite_autoindex_entries_1 (id>?)"),
        (by_id::SHOWN, "PRIMARY KEY (n=?)"),
        (activity::CORRECTED, "entries_by_slot (slot=? AND kind=? AND (lamport,id)<(?,?))"),
        (history::CHANGES, "PRIMARY KEY (original=? AND endorses=? AND (lamport,id)<(?,?))"),
        (account_statement::AFTER, "PRIMARY KEY (term=? AND (date,n)<(?,?))"),
        (account_statement::UP_TO, "PRIMARY KEY (term=? AND (date,n)>(?,?))"),
        (account_statement::HAS_MANY, "PRIMARY KEY (term=?)"),
        (debts::ALL, "expenses_by_date (grp=?)"),
        (debts::OF_MEMBER, "PRIMARY KEY (term=?)"),
        (debts::COUNT, "expenses_by_date (grp=?)"),
        (overview::GROUPS, "INTEGER PRIMARY KEY (rowid<?)"),
        (overview::LAST, "entries_by_group (grp=?)"),
        (arrived::ARRIVED, "entries_by_group (grp=? AND rowid>?)"),
        (arrived::UNREAD, "entries_by_group (grp=? AND rowid>?)"),
        (arrived::NUMBERED, "INTEGER PRIMARY KEY (rowid=?)"),
        (arrived::NEWEST, "entries_by_group (grp=?)"),
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
        ("expenses_by_date", find::BY_DATE),
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

#[test]
fn a_plan_does_not_depend_on_what_is_bound() {
    let connection = in_memory().unwrap();
    let mut statement = connection.prepare(find::BY_DATE).unwrap();
    for from in 0..3 {
        assert!(statement.query((50, 1, i64::MAX, 0, from)).unwrap().next().unwrap().is_none());
    }
    assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
}
