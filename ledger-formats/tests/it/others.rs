//! Files of programs other than Splitwise, recognised by content.

use ledger_core::{Currency, Direction, SplitKind, Transaction};
use ledger_formats::{ImportFile, ImportRow, Options, ProblemKind, Program, Repair, read};
use proptest::prelude::*;

const SPLIIT: &str = "\u{feff}\"Date\",\"Description\",\"Category\",\"Currency\",\"Cost\",\"Original cost\",\"Original currency\",\"Conversion rate\",\"Is Reimbursement\",\"Split mode\",\"Ann\",\"Ben\",\"Cem\"\n\
    \"2026-01-01\",\"Tea\",\"General\",\"EUR\",\"4.00\",,,,\"No\",\"Evenly\",2,-2,0\n\
    \"2026-01-02\",\"Hut\",\"Hotel\",\"EUR\",\"10.00\",\"11.00\",\"USD\",\"0.909\",\"No\",\"Evenly\",-3.33,3.33,-3.33\n\
    \"2026-01-04\",\"Deposit\",\"General\",\"EUR\",\"-6.00\",,,,\"No\",\"Evenly\",-2,2,2\n";

const COSPEND: &str = "name,weight,active,color\n\"Ann\",1,1,\"#112233\"\n\"Ben, the tall\",2,1,\"#445566\"\n\n\
    what,amount,date,timestamp,payer_name,payer_weight,payer_active,owers,repeat,repeatfreq,repeatallactive,repeatuntil,categoryid,paymentmode,paymentmodeid,comment,deleted\n\
    \"Tea\",4,2026-01-01,1767225600,\"Ann\",1,1,\"Ann,Ben, the tall\",n,1,0,,4,n,0,\"with%20milk\",0\n\
    \"deleteMeIfYouWant\",1,2026-01-01,1767225600,\"Ann\",1,1,\"Ann\",n,1,0,,0,n,0,\"\",0\n\
    \"Gone\",9,2026-01-01,1767225600,\"Ann\",1,1,\"Ann\",n,1,0,,0,n,0,\"\",1\n\
    \"Back\",2,2026-01-02,1767225600,\"Ben, the tall\",2,1,\"Ann\",n,1,0,,-11,n,0,\"\",0\n\n\
    categoryname,categoryid,icon,color\nGrocery,4,x,\"#ffaa00\"\n\n\
    currencyname,exchange_rate\nEUR,1\n";

const IHATEMONEY: &str = "date,what,bill_type,amount,currency,payer_name,payer_weight,owers\n\
    2026-01-01,tea,Expense,10.0,XXX,Ann,1.0,\"Ann, Ben, Cem\"\n\
    2026-01-02,back,Reimbursement,2.0,XXX,Ben,2.0,Ann\n";

const SETTLE_UP: &str = "Who paid,Amount,Currency,For whom,Split amounts,Purpose,Category,Date & time,Timezone,Exchange rate,Converted amount,Type,Receipt\n\
    Ann;Ben,10;5,EUR,Ann;Ben;Cem,5;5;5,Hut,Trip,2026-01-01 10:00:00,UTC,1,15,expense,\n\
    Cem,5,EUR,Ann,5,Back,,2026-01-02 10:00:00,UTC,1,5,transfer,\n";

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
        (b"{\"participants\":[],\"expenses\":[]}", "a Spliit export in JSON"),
        (b"[{\"what\":\"x\",\"payer_name\":\"Ann\"}]", "an ihatemoney export in JSON"),
        (b"{ \"group\": {}, \"digest\": \"\" }", "a JSON export of a ledger"),
        (b"{}", "a JSON file of an unknown program"),
        (b"Date,Title,Paid by Ann,Paid for Ann\n", "a Tricount or Sesterce export"),
    ] {
        let problems = read(bytes, None, &euro()).err().map(|problems| problems.to_string());
        let text = problems.unwrap_or_default();
        assert!(text.starts_with(&format!("line 1: this is {name}")), "{text}");
    }
    // As another program's, it is not read at all.
    for program in [Program::Splitwise, Program::Cospend] {
        assert!(read(SPLIIT.as_bytes(), Some(program), &euro()).is_err());
    }
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

#[path = "../../../fuzz/properties/import_other.rs"]
mod property;

proptest! {
    #[test]
    fn damaged_files_do_no_harm(
        which in 0..4_usize,
        damage in proptest::collection::vec(
            (any::<proptest::sample::Index>(), proptest::sample::select(b"\",;\n\r-09. x".to_vec()), 0..3_u8),
            0..5,
        ),
    ) {
        let text = [SPLIIT, COSPEND, IHATEMONEY, SETTLE_UP].get(which).copied().unwrap_or_default();
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
