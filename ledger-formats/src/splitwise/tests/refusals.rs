//! What is refused, where and why.

use super::*;
use crate::import::ProblemKind as Refused;
use ledger_core::limits::{MAX_CATEGORY_BYTES, MAX_MEMBERS, MAX_NAME_BYTES, MAX_TEXT_BYTES};
use ledger_core::{AmountError, DateError, NameError};

/// Line, column and kind of an error.
fn fault<T: core::fmt::Debug>(result: Result<T, Problems>) -> (u64, usize, Refused) {
    let problems = result.unwrap_err();
    let error = problems.first();
    (error.line(), error.column().map_or(0, Column::number), error.kind().clone())
}

#[test]
fn closing_rows_that_do_not_match_are_refused() {
    let row = "2026-11-21,x,,9.00,EUR,6.00,-6.00,0.00\n";
    let mismatch = |expected: &str, found: &str, code: &str| Refused::TotalMismatch {
        expected: expected.to_owned(),
        found: found.to_owned(),
        currency: Currency::from_code(code).unwrap(),
    };
    for (rows, expected) in [
        (
            format!("{row}\n,Total balance,,,EUR,6.00,-6.01,0.01\n"),
            (4, 7, mismatch("-6.00", "-6.01", "EUR")),
        ),
        (format!(",Total balance,,,EUR,0,0,0\n{row}"), (2, 6, mismatch("6.00", "0.00", "EUR"))),
        (",Total balance,,,JPY,0,0,1\n".to_owned(), (2, 8, mismatch("0", "1", "JPY"))),
        (
            format!("{row},Total balance,,,EUR,6,-6,0\n,Total balance,,,EUR,6,-6,0\n"),
            (4, 5, Refused::SecondTotal { currency: eur(), first: 3 }),
        ),
    ] {
        assert_eq!(fault(read_rows(&rows)), expected, "{rows}");
    }
    // A problem of a row comes before a sum that cannot be known.
    let rows = format!(",Total balance,,,EUR,0,0,0\n{row}x,x,,1,EUR,0,0,0\n");
    assert_eq!(fault(read_rows(&rows)).0, 4);
}

#[test]
fn bad_rows_are_refused_with_line_and_column() {
    let amount = |found: &str, source| Refused::Amount { found: found.to_owned(), source };
    let no_number = |found| amount(found, AmountError::NotANumber);
    let text = |n| "x".repeat(n);
    for (row, column, kind) in [
        (
            "21.11.2026,x,,1,EUR,1,-1,0",
            1,
            Refused::ChangedDates {
                found: "21.11.2026".to_owned(),
                seems: "day first, as it seems",
                rows: 1,
            },
        ),
        (
            "2026-02-30,x,,1,EUR,1,-1,0",
            1,
            Refused::Date { found: "2026-02-30".to_owned(), source: DateError },
        ),
        (",x,,1,EUR,1,-1,0", 1, Refused::Date { found: String::new(), source: DateError }),
        (
            "2026-11-21,x,,1,XYZ,1,-1,0",
            5,
            Refused::Currency(Currency::from_code("XYZ").unwrap_err()),
        ),
        (
            "2026-11-21,x,,1,eur,1,-1,0",
            5,
            Refused::Currency(Currency::from_code("eur").unwrap_err()),
        ),
        ("2026-11-21,x,,\"1,5\",EUR,1.0,-1,0", 4, no_number("1,5")),
        ("2026-11-21,x,,\"1,500\",EUR,1,-1,0", 4, no_number("1,500")),
        ("2026-11-21,x,,1,EUR,+1,-1,0", 6, no_number("+1")),
        ("2026-11-21,x,,1,EUR,1,--1,0", 7, no_number("--1")),
        ("2026-11-21,x,,1,EUR,1,- 1,0", 7, no_number("- 1")),
        ("2026-11-21,x,,1,EUR,1,-1,", 8, no_number("")),
        ("2026-11-21,x,,1,EUR,1,-1,-", 8, no_number("-")),
        ("2026-11-21,x,,1,EUR,1,-1,1e3", 8, no_number("1e3")),
        (
            "2026-11-21,x,,1,EUR,1.009,-1,0",
            0,
            Refused::Unbalanced { sum: "0.009".to_owned(), currency: eur() },
        ),
        (
            "2026-11-21,x,,10000000000000.01,EUR,0,0,0",
            4,
            amount("10000000000000.01", AmountError::TooLarge),
        ),
        (
            "2026-11-21,x,,1,EUR,1,-0.99,0",
            0,
            Refused::Unbalanced { sum: "0.01".to_owned(), currency: eur() },
        ),
        (
            "2026-11-21,x,,1.99,EUR,1,-2,1",
            4,
            Refused::CostTooSmall {
                cost: "1.99".to_owned(),
                owed: "2.00".to_owned(),
                currency: eur(),
            },
        ),
        (
            "2026-11-21,x,Payment,1,EUR,2,-2,0",
            4,
            Refused::CostTooSmall {
                cost: "1.00".to_owned(),
                owed: "2.00".to_owned(),
                currency: eur(),
            },
        ),
        ("2026-11-21,x,,1,EUR,1,-1", 0, Refused::FieldCount { found: 7, expected: 8 }),
        ("2026-11-21,x,,1,EUR,1,-1,0,,0", 0, Refused::FieldCount { found: 10, expected: 8 }),
        (
            "2026-11-21,Total balance,,,,0,0,0",
            5,
            Refused::Currency(Currency::from_code("").unwrap_err()),
        ),
        ("2026-11-21,Total balance,,,EUR,0,,0", 7, no_number("")),
        ("2026-11-21,Total balance,,,EUR,0,0", 0, Refused::FieldCount { found: 7, expected: 8 }),
        ("2026-11-21,\"x,,1,EUR,1,-1,0", 0, Refused::UnclosedQuote),
        (
            "2026-11-21,\"x,,1,EUR,1,-1,0\n2026-11-21,\"y\",,1,EUR,1,-1,0",
            0,
            Refused::TextAfterQuote,
        ),
        (
            &format!("2026-11-21,{},,1,EUR,1,-1,0", text(MAX_TEXT_BYTES + 1)),
            2,
            Refused::TooLong { found: 4097, allowed: 4096 },
        ),
        (
            &format!("2026-11-21,x,{},1,EUR,1,-1,0", text(MAX_CATEGORY_BYTES + 1)),
            3,
            Refused::TooLong { found: 129, allowed: 128 },
        ),
    ] {
        // Line 9 in all, past a blank line, a quoted line break and CR LF.
        let before =
            "2026-11-21,x,,1,EUR,1,-1,0\n\n \n,,\n2026-11-20,\"x\r\ny\",,1,EUR,1,-1,0\r\n\r\n";
        assert_eq!(fault(read_rows(&format!("{before}{row}\n"))), (9, column, kind), "{row}");
    }
    let fits =
        format!("2026-11-21,{},{},1,EUR,1,-1,0", text(MAX_TEXT_BYTES), text(MAX_CATEGORY_BYTES));
    assert!(read_rows(&fits).is_ok());
}

#[test]
fn bad_headers_are_refused_with_line_and_column() {
    let fixed = "Date,Description,Category,Cost,Currency";
    let other = |found: &str, expected| Refused::NotSplitwise { found: found.to_owned(), expected };
    let many = format!("{fixed}{}", ",A".repeat(MAX_MEMBERS + 1));
    let long = format!("{fixed},Ann,{}", "x".repeat(MAX_NAME_BYTES + 1));
    for (header, column, kind) in [
        ("Date,Description,Category,Kosten,Currency,Ann", 4, other("Kosten", "Cost")),
        ("Date,Description,Category", 4, other("", "Cost")),
        ("x", 1, other("x", "Date")),
        (fixed, 0, Refused::NoMembers),
        (&format!("{fixed},Ann,,Ben"), 7, Refused::NoName),
        (&format!("{fixed},Ann,"), 7, Refused::NoName),
        (&many, 0, Refused::TooManyMembers { found: 1001, allowed: 1000 }),
        (&long, 7, Refused::TooLong { found: 257, allowed: 256 }),
        (&format!("{fixed},\"Ann"), 0, Refused::UnclosedQuote),
    ] {
        assert_eq!(fault(read(header.as_bytes())), (1, column, kind.clone()), "{header}");
        let below = format!("\u{feff}\r\n,\r\n{header}\r\n");
        let below = below.as_bytes();
        assert_eq!(fault(read(below)), (3, column, kind), "{header}");
    }
    let most = format!("{fixed}{}", ",A".repeat(MAX_MEMBERS));
    assert_eq!(read(most.as_bytes()).map(|export| export.people().len()), Ok(MAX_MEMBERS));
    for empty in ["", "\u{feff}", "\n\r\n , \n\"\"\n"] {
        assert_eq!(fault(read(empty.as_bytes())), (1, 0, Refused::Empty), "{empty:?}");
    }
    assert_eq!(fault(read(b"D\0")), (1, 0, Refused::NotText));
}

#[test]
fn errors_say_what_was_found_and_what_to_do() {
    for (row, message) in [
        (
            "2026-11-21,x,,1,EUR,\"1,5\",-1.0,0",
            "line 2, column 6 (Ann): \"1,5\" is not an amount: an amount is written as digits with at most one point, such as 12.50",
        ),
        (
            ",Total balance,,,EUR,0,0,0.5",
            "line 2, column 8 (Cem): the total balance is given as 0.50 EUR, but the rows add up to 0.00 EUR; a row is missing or changed, so export the group again",
        ),
        (
            "2026-11-21,x,,1,EUR,1,-1,0.01",
            "line 2: the members' numbers of a row add up to 0, these add up to 0.01 EUR; correct the row in Splitwise and export again",
        ),
    ] {
        assert_eq!(read_rows(row).unwrap_err().to_string(), message);
    }
}

#[test]
fn new_members_whom_nobody_could_read_are_refused_with_their_column() {
    for (name, error) in [
        ("\u{200b}", NameError::Invisible),
        ("B\u{1b}[2Jen", NameError::Control('\u{1b}')),
        ("\"B\nen\"", NameError::Control('\n')),
    ] {
        let header = format!("Date,Description,Category,Cost,Currency,Ann,{name}\n");
        let export = read(header.as_bytes()).unwrap();
        let refused = export.check_new_names(|key| key.name() == "Ann");
        assert_eq!(fault(refused), (1, 7, Refused::Name(error)), "{name:?}");
        assert_eq!(export.check_new_names(|key| key.name() != "Ann"), Ok(()));
    }
}
