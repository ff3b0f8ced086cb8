//! Property: reading any bytes as a file of any program does no harm, and what is accepted adds up.

use ledger_core::{Amount, Balance, Currency, Transaction};
use ledger_formats::{ImportFile, Options, Problems, Program, read, read_export};

/// The programs as which a file is read beside that which its content shows.
const PROGRAMS: [Program; 6] = [
    Program::Spliit,
    Program::Cospend,
    Program::IHateMoney,
    Program::SettleUp,
    Program::Tricount,
    Program::Ledger,
];

/// Reads `data` and checks every law that must hold for it.
#[allow(unreachable_pub, reason = "included by a fuzz target and by tests")]
pub fn check(data: &[u8]) {
    let options = Options { currency: Currency::from_code("EUR").ok() };
    check_read(read(data, None, &options));
    for program in PROGRAMS {
        check_read(read(data, Some(program), &options));
    }
    check_read(read_export(data));
}

fn check_read(read: Result<ImportFile, Problems>) {
    let file = match read {
        Ok(file) => file,
        Err(problems) => {
            assert!(problems.iter().count() <= 20);
            for problem in problems.iter() {
                assert!(problem.line() > 0);
                assert!(problem.to_string().chars().all(|c| !c.is_control()), "{problem:?}");
            }
            return;
        }
    };
    assert_eq!(file.rows().count(), file.row_count());
    let people = 0..file.people().len();
    let mut origins = std::collections::BTreeSet::new();
    for row in file.rows() {
        assert!(origins.insert(row.origin()), "two rows of one origin");
        let nets = people.clone().map(|person| row.net(person));
        assert!(nets.fold(Balance::ZERO, Balance::plus).is_zero());
        match row.transaction() {
            Transaction::Expense(expense) => {
                for parts in [&expense.payers, &expense.shares] {
                    let sum = Amount::checked_sum(parts.iter().map(|part| part.1));
                    assert_eq!(sum, Some(row.amount()));
                    assert!(parts.iter().all(|(i, part)| people.contains(i) && !part.is_zero()));
                }
            }
            Transaction::Transfer(transfer) => {
                let (from, to) = (transfer.from, transfer.to);
                assert!(from != to && people.contains(&from) && people.contains(&to));
                assert!(!row.amount().is_zero());
            }
        }
    }
}
