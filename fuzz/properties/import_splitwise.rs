//! Property: reading any bytes as a Splitwise export does no harm, and an export that is accepted says
//! the same as the file.

use ledger_core::{Amount, Balance, Direction, Transaction};
use ledger_formats::splitwise::read;
use ledger_formats::{ImportFile, ImportRow};

/// Reads `data` as an export and checks every law that must hold for it.
#[allow(unreachable_pub, reason = "included by a fuzz target and by tests")]
pub fn check(data: &[u8]) {
    let export = match read(data) {
        Ok(export) => export,
        Err(problems) => {
            let breaks = data.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count();
            for problem in problems.iter() {
                let line = problem.line();
                assert!(line > 0 && line.saturating_sub(1) <= breaks as u64, "{problem}");
                assert!(problem.to_string().chars().all(|c| !c.is_control()), "{problem:?}");
            }
            assert!(problems.iter().count() <= 20);
            return;
        }
    };
    export.rows().for_each(|row| check_row(&export, &row));
    assert!(export.rows().is_sorted_by(|a, b| a.line() < b.line()));
    for currency in export.currencies() {
        let mut sums = vec![Balance::ZERO; export.people().len()];
        for row in export.rows().filter(|row| row.currency() == currency) {
            for (member, sum) in sums.iter_mut().enumerate() {
                *sum = sum.plus(row.net(member));
            }
        }
        assert_eq!(export.sums(currency), sums);
    }
    for total in export.totals() {
        assert_eq!(export.sums(total.currency()), total.balances());
    }

    // An origin follows from the numbers of the file. So the rows must have the same origins after
    // they were written from the numbers that the reader made of them.
    let again = read(write(&export).as_bytes());
    assert_eq!(again.as_ref().err(), None);
    let Ok(again) = again else { return };
    assert_eq!(again.people(), export.people());
    assert_eq!(again.row_count(), export.row_count());
    for (row, again) in export.rows().zip(again.rows()) {
        assert_eq!(row.origin(), again.origin());
        assert_eq!(row.description(), again.description());
        assert_eq!((row.transaction(), row.inference()), (again.transaction(), again.inference()));
    }
}

fn check_row(export: &ImportFile, row: &ImportRow) {
    let members = 0..export.people().len();
    let nets = members.clone().map(|member| row.net(member));
    assert!(nets.fold(Balance::ZERO, Balance::plus).is_zero());
    match row.transaction() {
        Transaction::Expense(expense) => {
            for parts in [&expense.payers, &expense.shares] {
                let sum = Amount::checked_sum(parts.iter().map(|part| part.1));
                assert_eq!(sum, Some(row.amount()));
                assert!(parts.is_sorted_by(|a, b| a.0 < b.0));
                assert!(parts.iter().all(|(i, part)| members.contains(i) && !part.is_zero()));
            }
        }
        Transaction::Transfer(transfer) => {
            let (from, to) = (transfer.from, transfer.to);
            assert!(from != to && members.contains(&from) && members.contains(&to));
            assert!(!row.amount().is_zero());
        }
    }
}

/// Writes the rows as an export.
fn write(export: &ImportFile) -> String {
    let quoted = |text: &str| {
        // The reader takes off what keeps a spreadsheet from running a text.
        let is_formula =
            text.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r']);
        let guard = if is_formula { "'" } else { "" };
        format!("\"{guard}{}\"", text.replace('"', "\"\""))
    };
    let mut file = "Date,Description,Category,Cost,Currency".to_owned();
    export.people().iter().for_each(|member| file += &format!(",{}", quoted(member.name())));
    for row in export.rows() {
        let currency = row.currency();
        let (description, category) = (quoted(row.description()), row.category().map(quoted));
        let category = category.unwrap_or_default();
        let minus = match row.transaction().direction() {
            Direction::Incoming => "-",
            Direction::Outgoing => "",
        };
        let cost = row.amount().format(currency);
        file += &format!("\n{},{description},{category},{minus}{cost},{currency}", row.date());
        for member in 0..export.people().len() {
            file += &format!(",{}", row.net(member).format(currency));
        }
    }
    file
}
