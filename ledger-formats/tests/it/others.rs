//! Files of programs other than Splitwise, recognised by content.

use ledger_core::{Currency, Direction, SplitKind, Transaction};
use ledger_formats::{ImportFile, ImportRow, Options, ProblemKind, Program, Repair, read};
use proptest::prelude::*;

use crate::fuzz_corpus::import_other as property;
use crate::samples::{
    COSPEND, IHATEMONEY, IHATEMONEY_JSON, OWN, OWN_JSON, SETTLE_UP, SPLIIT, SPLIIT_JSON, TRICOUNT,
};

fn euro() -> Options {
    Options { currency: Currency::from_code("EUR").ok() }
}

fn file(text: &str) -> ImportFile {
    read(text.as_bytes(), None, &euro()).unwrap_or_else(|problems| panic!("{problems}"))
}

fn nets(file: &ImportFile) -> Vec<Vec<i128>> {
    let net = |row: &ImportRow, person| row.net(person).minor_units();
    let people = 0..file.people().len();
    file.rows().map(|row| people.clone().map(|person| net(&row, person)).collect()).collect()
}

fn is_transfer(row: &ImportRow) -> bool {
    matches!(row.transaction(), Transaction::Transfer(_))
}

fn problem(text: &str, options: &Options) -> ProblemKind {
    match read(text.as_bytes(), None, options) {
        Ok(file) => panic!("read: {:?}", file.program()),
        Err(problems) => problems.first().kind().clone(),
    }
}

#[test]
fn the_numbers_of_spliit_are_shares_and_the_sign_names_the_payer() {
    let file = file(SPLIIT);
    assert_eq!(file.program(), Program::Spliit);
    let expected = [[200, -200, 0], [-334, 667, -333], [-400, 200, 200]];
    assert_eq!(nets(&file), expected);
    let rows: Vec<_> = file.rows().collect();
    assert!(rows.iter().map(is_transfer).eq([false, false, false]));
    let directions = rows.iter().map(|row| row.transaction().direction());
    let (outgoing, incoming) = (Direction::Outgoing, Direction::Incoming);
    assert!(directions.eq([outgoing, outgoing, incoming]));
    let paid = rows.iter().filter_map(|row| row.transaction().hints().paid_in());
    let paid: Vec<_> = paid.map(|paid| (paid.amount.minor_units(), paid.rate)).collect();
    assert_eq!(paid, [(1_100, (909, 1_000))]);
    // The payer has no share of a reimbursement: the only 0. Of two, nobody knows who paid.
    let header = "Date,Description,Category,Currency,Cost,Is Reimbursement,Split mode";
    let row = "2026-01-02,Reimbursement,Payment,EUR,2.00,Yes,Evenly,-2,0";
    let two = read(format!("{header},Ann,Ben\n{row}\n").as_bytes(), None, &euro());
    let two = two.unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(nets(&two), [[-200, 200]]);
    assert!(two.rows().all(|row| is_transfer(&row)));
    let unclear = format!("{header},Ann,Ben,Cem\n{row},0\n");
    assert!(matches!(problem(&unclear, &euro()), ProblemKind::Unexpected { .. }));
}

#[test]
fn bills_of_cospend_are_shared_by_weights() {
    let file = file(COSPEND);
    assert_eq!((file.program(), file.people().len()), (Program::Cospend, 2));
    assert_eq!(nets(&file), [[267, -267], [-200, 200]]);
    let rows: Vec<_> = file.rows().collect();
    let Some(Transaction::Expense(tea)) = rows.first().map(ImportRow::transaction) else {
        panic!("no expense");
    };
    assert_eq!(
        (tea.note.as_deref(), tea.category.as_deref()),
        (Some("with milk"), Some("Grocery"))
    );
    assert_eq!(tea.rule().kind(), SplitKind::Weights);
    assert!(rows.iter().map(is_transfer).eq([false, true]));
    assert_eq!(file.repairs(), [Repair::Deleted(1)]);
    // Without its currencies, a person has to name one.
    let (text, _) = COSPEND.split_once("currencyname").unwrap_or_default();
    assert!(matches!(problem(text, &Options::default()), ProblemKind::NoCurrency { .. }));
    assert_eq!(
        nets(&read(text.as_bytes(), None, &euro()).unwrap_or_else(|e| panic!("{e}"))),
        nets(&file)
    );
}

#[test]
fn bills_of_ihatemoney_need_a_currency_and_tell_weights_that_are_not_there() {
    let found = problem(IHATEMONEY, &Options::default());
    assert_eq!(found, ProblemKind::NoCurrency { found: "XXX".to_owned() });
    let file = file(IHATEMONEY);
    assert_eq!(file.program(), Program::IHateMoney);
    assert_eq!(nets(&file), [[750, -500, -250], [-200, 200, 0]]);
    assert!(file.rows().map(|row| is_transfer(&row)).eq([false, true]));
    assert_eq!(file.repairs(), [Repair::Weights(vec!["Cem".to_owned()])]);
}

#[test]
fn several_payers_of_settle_up_stay_apart() {
    let file = file(SETTLE_UP);
    assert_eq!(file.program(), Program::SettleUp);
    assert_eq!(nets(&file), [[500, 0, -500], [-500, 0, 500]]);
    let rows: Vec<_> = file.rows().collect();
    assert!(rows.iter().map(is_transfer).eq([false, true]));
    let Some(Transaction::Expense(hut)) = rows.first().map(ImportRow::transaction) else {
        panic!("no expense");
    };
    assert_eq!((hut.payers.len(), hut.shares.len(), hut.direction), (2, 3, Direction::Outgoing));
    let utf16: Vec<u8> =
        format!("\u{feff}{SETTLE_UP}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let again = read(&utf16, None, &euro()).unwrap_or_else(|problems| panic!("{problems}"));
    assert!(again.rows().map(|row| row.origin()).eq(file.rows().map(|row| row.origin())));
    let wrong = SETTLE_UP.replace("5;5;5", "5;5;9");
    assert!(matches!(problem(&wrong, &euro()), ProblemKind::Unexpected { .. }));
}

#[test]
fn what_cannot_be_read_is_named() {
    for (bytes, name) in [
        (&b"PK\x03\x04"[..], "a workbook"),
        (b"SQLite format 3\0", "a database"),
        (
            b"{ \"group\": {}, \"digest\": \"\", \"entries\": [] }",
            "a JSON export of an earlier version",
        ),
        (b"[{\"x\": 1}]", "a JSON file of an unknown program"),
        (b"{}", "a JSON file of an unknown program"),
    ] {
        let problems = read(bytes, None, &euro()).err().map(|problems| problems.to_string());
        let text = problems.unwrap_or_default();
        assert!(text.starts_with(&format!("line 1: this is {name}")), "{text}");
    }
    // As another program's, it is not read at all.
    for file in [SPLIIT, TRICOUNT, SPLIIT_JSON, IHATEMONEY_JSON, OWN, OWN_JSON] {
        assert!(read(file.as_bytes(), Some(Program::Cospend), &euro()).is_err());
    }
    for file in [SPLIIT, TRICOUNT, SPLIIT_JSON, IHATEMONEY_JSON] {
        assert!(read(file.as_bytes(), Some(Program::Splitwise), &euro()).is_err());
    }
}

#[test]
fn spliit_says_in_json_who_paid_and_by_which_rule() {
    let found = file(SPLIIT_JSON);
    assert_eq!((found.program(), found.people().len()), (Program::Spliit, 3));
    let expected = [
        [200, -200, 0],
        [-334, 667, -333],
        [-400, 200, 200],
        [0, -200, 200],
        [-250, 1000, -750],
        [-150, -50, 200],
    ];
    assert_eq!(nets(&found), expected);
    let rows: Vec<_> = found.rows().collect();
    assert!(rows.iter().map(is_transfer).eq([false, false, false, true, false, false]));
    let rule = |at: usize| match rows.get(at).map(ImportRow::transaction) {
        Some(Transaction::Expense(expense)) => expense.rule().kind(),
        _ => panic!("no expense"),
    };
    assert_eq!(
        [rule(0), rule(4), rule(5)],
        [SplitKind::Equal, SplitKind::Percent, SplitKind::Weights]
    );
    let Some(Transaction::Expense(tea)) = rows.first().map(ImportRow::transaction) else {
        panic!("no expense");
    };
    let words = (tea.note.as_deref(), tea.category.as_deref());
    assert_eq!(words, (Some("with milk"), Some("General")));
    let paid = rows.iter().filter_map(|row| row.transaction().hints().paid_in());
    let paid: Vec<_> = paid.map(|paid| (paid.amount.minor_units(), paid.rate)).collect();
    assert_eq!(paid, [(1_100, (909, 1_000))]);
    assert_eq!(found.repairs(), [Repair::Recurring(1), Repair::Reimbursements(1)]);
    // The rows that its CSV has, too, are the same rows.
    let origins = |file: &ImportFile| file.rows().map(|row| row.origin()).collect::<Vec<_>>();
    assert_eq!(origins(&found).get(..3), origins(&file(SPLIIT)).get(..3));
    // Without a code, amounts are hundredths, whatever the currency.
    let old = SPLIIT_JSON.replace("\"currencyCode\":\"EUR\",", "").replace("EUR", "JPY");
    let yen = file(&old);
    assert_eq!(nets(&yen).first(), Some(&vec![2, -2, 0]));
    let unknown = old.replace("\"currency\":\"JPY\"", "\"currency\":\"$\"");
    assert_eq!(
        problem(&unknown, &Options::default()),
        ProblemKind::NoCurrency { found: "$".to_owned() }
    );
}

#[test]
fn a_row_of_json_is_named_by_its_number() {
    let wrong =
        SPLIIT_JSON.replace("2026-01-02", "2026-13-02").replace("\"BY_SHARES\"", "\"BY_MOON\"");
    let problems = read(wrong.as_bytes(), None, &euro()).err().map(|problems| problems.to_string());
    let text = problems.unwrap_or_default();
    assert!(text.starts_with("row 2: \"2026-13-02"), "{text}");
    assert!(text.contains("\nrow 6: \"BY_MOON\" was found where"), "{text}");
    for cut in [SPLIIT_JSON, OWN_JSON] {
        let cut = cut.get(..cut.len() / 2).unwrap_or_default();
        assert!(matches!(problem(cut, &euro()), ProblemKind::Json(_)), "{cut}");
    }
}

#[test]
fn ihatemoney_is_read_from_json_as_from_csv() {
    let (json, csv) = (file(IHATEMONEY_JSON), file(IHATEMONEY));
    assert_eq!(json.program(), Program::IHateMoney);
    assert_eq!(nets(&json), nets(&csv));
    assert!(json.rows().map(|row| row.origin()).eq(csv.rows().map(|row| row.origin())));
    let found = problem(IHATEMONEY_JSON, &Options::default());
    assert!(matches!(found, ProblemKind::NoCurrency { .. }), "{found:?}");
}

#[test]
fn tricount_has_a_column_for_what_each_paid_and_was_paid_for() {
    let found = file(TRICOUNT);
    assert_eq!((found.program(), found.people().len()), (Program::Tricount, 3));
    assert_eq!(nets(&found), [[500, 0, -500], [-500, 0, 500], [-300, 200, 100], [666, -333, -333]]);
    let rows: Vec<_> = found.rows().collect();
    assert!(rows.iter().map(is_transfer).eq([false, true, false, false]));
    assert_eq!(rows.get(2).map(|row| row.transaction().direction()), Some(Direction::Incoming));
    assert_eq!(rows.last().map(|row| row.currency().code().to_owned()), Some("USD".to_owned()));
    assert_eq!(found.repairs(), [Repair::Rates(1), Repair::Columns(vec!["Colour".to_owned()])]);
    // With a decimal comma and semicolons, as in most of Europe, the rows are the same.
    let comma = TRICOUNT.replace(',', ";").replace('.', ",");
    let again = file(&comma);
    assert!(again.rows().map(|row| row.origin()).eq(found.rows().map(|row| row.origin())));
    let wrong = TRICOUNT.replace("15.00,EUR", "16.00,EUR");
    assert!(matches!(problem(&wrong, &euro()), ProblemKind::Unexpected { .. }));
}

const FIRST: &str = "9fde0a0fcfe32923670bbaad63c57e05e479ae2619c1fd03d37e7678d27f728b";
const SECOND: &str = "a2600b8afa6431d4ce323b7fecdbde8e9f1c3bc87aa220a5dc152d6cb567de61";

#[test]
fn our_own_files_have_every_field_and_their_entries() {
    for text in [OWN, OWN_JSON] {
        let found = file(text);
        assert_eq!((found.program(), found.row_count()), (Program::Ledger, 2));
        assert_eq!(nets(&found), [[400, -300, -100], [100, -100, 0]]);
        let rows: Vec<_> = found.rows().collect();
        let entry = rows.first().and_then(ImportRow::entry).map(|entry| entry.short());
        assert_eq!(entry.as_deref(), Some("9fde0a0f"));
        let Some(Transaction::Expense(dinner)) = rows.first().map(ImportRow::transaction) else {
            panic!("no expense");
        };
        assert_eq!((dinner.payers.len(), dinner.shares.len()), (2, 3));
        assert_eq!(
            (dinner.note.as_deref(), &dinner.hints.tags()[..]),
            (Some("=x"), &["a".to_owned()][..])
        );
        assert!(rows.iter().map(is_transfer).eq([false, true]));
    }
    let origins = |text| file(text).rows().map(|row| row.origin()).collect::<Vec<_>>();
    assert_eq!(origins(OWN), origins(OWN_JSON));
    // What a spreadsheet makes of it, is the same; what a person changed in one place only is not read.
    let comma = OWN.replace(',', ";").replace('.', ",");
    assert_eq!(origins(&comma), origins(OWN));
    let utf16: Vec<u8> =
        format!("\u{feff}{OWN}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(read(&utf16, None, &euro()).is_ok());
    for (from, to) in [
        ("4.00,-3.00,-1.00,expense", "5.00,-4.00,-1.00,expense"),
        ("9.00,EUR,4", "8.00,EUR,4"),
        (",expense,", ",refund,"),
        (FIRST, SECOND),
        ("Total balance, , ,EUR,5.00", "Total balance, , ,EUR,6.00"),
        (",5.00,1.00,", ",5.00,1.001,"),
        ("2026-12-01,Dinner", "12/31/2026,Dinner"),
    ] {
        let wrong = OWN.replacen(from, to, 1);
        assert_ne!(wrong, OWN);
        assert!(read(wrong.as_bytes(), None, &euro()).is_err(), "{from} {to}");
    }
    let other_columns = OWN.replace(",Kind,Note,", ",Note,Kind,");
    let text =
        read(other_columns.as_bytes(), None, &euro()).err().map(|problems| problems.to_string());
    assert!(text.unwrap_or_default().contains("other columns than it had"));
}

#[test]
fn the_same_row_of_two_programs_is_two_rows() {
    let bill = "date,what,bill_type,amount,currency,payer_name,payer_weight,owers\n\
                2026-01-01,Tea,Expense,4.00,EUR,Ann,1,\"Ann, Ben\"\n";
    let splitwise = "Date,Description,Category,Cost,Currency,Ann,Ben\n\
                     2026-01-01,Tea,,4.00,EUR,2.00,-2.00\n";
    let (bill, splitwise) = (file(bill), file(splitwise));
    assert_eq!(nets(&bill), nets(&splitwise));
    let origin = |file: &ImportFile| file.rows().map(|row| row.origin()).collect::<Vec<_>>();
    assert_ne!(origin(&bill), origin(&splitwise));
    assert!(bill.rows().all(|row| row.former().is_none()));
    let nonce = |file: &ImportFile| file.people().first().map(|person| person.key().nonce());
    assert_ne!(nonce(&bill), nonce(&splitwise));
}

/// Time on a processor: others that wait for one do not count.
#[cfg(target_os = "linux")]
fn nanoseconds_of_this_thread() -> u64 {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    times.split(' ').next().and_then(|time| time.parse().ok()).unwrap_or_default()
}

/// A file that is ten times as long takes about ten times as long to read, and a hostile one no longer.
#[cfg(target_os = "linux")]
#[test]
fn readers_take_linear_time() {
    let times = |count: usize| {
        let repeated = |text: &str, header: usize| {
            let (head, row) =
                (text.lines().take(header), text.lines().nth(header).unwrap_or_default());
            let head: String = head.map(|line| format!("{line}\n")).collect();
            head + &format!("{row}\n").repeat(count)
        };
        let files = [
            repeated(SPLIIT, 1),
            repeated(IHATEMONEY, 1),
            repeated(SETTLE_UP, 1),
            repeated(TRICOUNT, 1),
            // Names of which nobody ever paid, and commas.
            format!(
                "{}\n2026-01-01,x,Expense,1,EUR,Ann,1,\"{}\"\n",
                IHATEMONEY.lines().next().unwrap_or_default(),
                "B, ".repeat(count)
            ),
            "[".repeat(count),
            format!("{{\"participants\":[],\"expenses\":[{}", "{},".repeat(count)),
        ];
        let read = |file: &String| {
            let start = nanoseconds_of_this_thread();
            let _ = std::hint::black_box(read(file.as_bytes(), None, &euro()));
            nanoseconds_of_this_thread() - start
        };
        files.iter().map(read).collect::<Vec<_>>()
    };
    let (few, many) = (times(500), times(5_000));
    for (place, (few, many)) in few.iter().zip(&many).enumerate() {
        // Quadratic time would be a hundredfold.
        let bound = few.saturating_mul(40).max(100_000_000);
        assert!(*many < bound, "file {place}: {few} ns, {many} ns");
    }
}

proptest! {
    #[test]
    fn damaged_files_do_no_harm(
        which in 0..9_usize,
        damage in proptest::collection::vec(
            (any::<proptest::sample::Index>(), proptest::sample::select(b"\",;\n\r-09. x".to_vec()), 0..3_u8),
            0..5,
        ),
    ) {
        let files = [
            SPLIIT, COSPEND, IHATEMONEY, SETTLE_UP, TRICOUNT, SPLIIT_JSON, IHATEMONEY_JSON, OWN, OWN_JSON,
        ];
        let text = files.get(which).copied().unwrap_or_default();
        let mut bytes = text.as_bytes().to_vec();
        for (place, byte, how) in damage {
            let place = place.index(bytes.len());
            match (how, bytes.get_mut(place)) {
                (0, Some(there)) => *there = byte,
                (1, _) => bytes.insert(place, byte),
                _ => bytes.truncate(place.max(1)),
            }
        }
        property::check(&bytes);
    }
}
