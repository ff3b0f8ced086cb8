//! What rows mean, by example.

use super::*;

const FLATSHARE: &[u8] = include_bytes!("../../../../examples/data/flatshare.csv");

fn cents(minor_units: u64) -> Amount {
    Amount::from_minor_units(minor_units).unwrap()
}

/// The only row of a file.
fn row(text: &str) -> ImportRow {
    let export = read_rows(text).unwrap();
    assert_eq!(export.row_count(), 1);
    export.rows().next().unwrap()
}

fn expense(payers: &[(usize, u64)], shares: &[(usize, u64)]) -> Kind {
    let list = |parts: &[(usize, u64)]| parts.iter().map(|(i, n)| (*i, cents(*n))).collect();
    let direction = Direction::Outgoing;
    Kind::Expense { payers: list(payers), shares: list(shares), direction }
}

#[test]
fn the_sample_reconciles_in_all_its_currencies() {
    let export = read(FLATSHARE).unwrap();
    assert_eq!(export.people().len(), 5);
    assert_eq!(export.rows().len(), 1015);
    assert_eq!(export.totals().len(), 3);
    assert_eq!(export.unreconciled_currencies().count(), 0);
    let codes: Vec<_> = export.currencies().map(|c| c.code().to_owned()).collect();
    assert_eq!(codes, ["EUR", "JPY", "KWD"]);
    for total in export.totals() {
        assert_eq!(export.sums(total.currency()), total.balances());
    }
    let sums: Vec<_> = export.sums(eur()).iter().map(|b| b.minor_units()).collect();
    assert_eq!(sums, [40268, 25421, -45288, -20401, 0]);
    let transfers = export.rows().filter(|r| matches!(kind(r), Kind::Transfer { .. }));
    assert_eq!(transfers.count(), 63);
    let of = |i| export.rows().filter(|row| row.inference() == i).count();
    assert_eq!(of(Inference::SeveralPayers), 37);
    assert_eq!(export.people()[3].name(), "Mehmet \"Memo\" Yılmaz");
    assert_eq!(export.people()[4].key().name(), "李小龙");
    let broken = export.rows().filter(|row| row.description().contains('\n'));
    assert_eq!(broken.count(), 2);
}

#[test]
fn one_payer() {
    let row = row(" 2026-11-21 , Tea ,\tFood , 9.00 , EUR ,6.00, -4.00 ,-2.0000\n");
    assert_eq!(row.line(), 2);
    assert_eq!(row.date().to_string(), "2026-11-21");
    assert_eq!((row.description(), row.category()), (" Tea ", Some("Food")));
    assert_eq!((row.currency(), row.amount()), (eur(), cents(900)));
    assert_eq!(kind(&row), expense(&[(0, 900)], &[(0, 300), (1, 400), (2, 200)]));
    assert_eq!(row.inference(), Inference::Exact);
    let nets: Vec<_> = (0..4).map(|member| row.net(member).minor_units()).collect();
    assert_eq!(nets, [600, -400, -200, 0]);
}

#[test]
fn one_payer_who_owes_nothing() {
    let row = row("2026-11-21,Tea, ,9.00,EUR,0.00,-9.00,9.00\n");
    assert_eq!(kind(&row), expense(&[(2, 900)], &[(1, 900)]));
    assert_eq!(row.category(), None);
}

#[test]
fn several_payers_get_the_rest_in_equal_parts() {
    let row = row("2026-11-21,Tea,Food,10.05,EUR,3.00,-7.00,4.00\n");
    assert_eq!(row.inference(), Inference::SeveralPayers);
    // 3.05 are left for Ann and Cem; the odd cent goes to one of them.
    let either = [
        expense(&[(0, 453), (2, 552)], &[(0, 153), (1, 700), (2, 152)]),
        expense(&[(0, 452), (2, 553)], &[(0, 152), (1, 700), (2, 153)]),
    ];
    assert!(either.contains(&kind(&row)), "{row:?}");
}

#[test]
fn the_odd_cent_does_not_always_go_to_the_same_payer() {
    let winner = |day| {
        let text = format!("2026-11-{day},Tea,Food,10.05,EUR,3.00,-7.00,4.00\n");
        match kind(&row(&text)) {
            Kind::Expense { payers, .. } => payers[0].1,
            Kind::Transfer { .. } => Amount::ZERO,
        }
    };
    let winners: std::collections::BTreeSet<_> = (10..30).map(winner).collect();
    assert_eq!(winners, [cents(452), cents(453)].into());
}

#[test]
fn a_row_without_effect_is_kept() {
    let free = row("2026-11-21,Free,Food,0.00,EUR,0.00,-0.00,0\n");
    assert_eq!(kind(&free), expense(&[], &[]));
    assert_eq!((free.amount(), free.inference()), (Amount::ZERO, Inference::Exact));
    let each = row("2026-11-21,Own tea,Food,9.00,EUR,0.00,0.00,0.00\n");
    let thirds = [(0, 300), (1, 300), (2, 300)];
    assert_eq!(kind(&each), expense(&thirds, &thirds));
    assert_eq!(each.inference(), Inference::NoEffect);
    let Kind::Expense { payers, shares, .. } =
        kind(&row("2026-11-21,Gum,Payment,0.02,EUR,0.00,0.00,0.00\n"))
    else {
        panic!("not an expense");
    };
    assert_eq!(payers, shares);
    assert_eq!(payers.iter().map(|part| part.1).collect::<Vec<_>>(), [cents(1), cents(1)]);
}

#[test]
fn a_negative_cost_is_a_refund() {
    let back = row("2026-01-05,Deposit back,Hotel,-30.00,EUR,-20.00,10.00,10.00\n");
    let direction = Direction::Incoming;
    let Kind::Expense { payers, shares, .. } =
        expense(&[(0, 3000)], &[(0, 1000), (1, 1000), (2, 1000)])
    else {
        panic!("not an expense");
    };
    assert_eq!(kind(&back), Kind::Expense { payers, shares, direction });
    assert_eq!((back.amount(), back.inference()), (cents(3000), Inference::Exact));
    let nets: Vec<_> = (0..3).map(|member| back.net(member).minor_units()).collect();
    assert_eq!(nets, [-2000, 1000, 1000]);
    let spent = row("2026-01-05,Deposit back,Hotel,30.00,EUR,-20.00,10.00,10.00\n");
    assert_ne!(spent.origin(), back.origin(), "two rows with the same numbers");
    let payment = row("2026-01-05,Back,Payment,-5.00,EUR,-5.00,5.00,0.00\n");
    let (payers, shares) = (vec![(0, cents(500))], vec![(1, cents(500))]);
    assert_eq!(kind(&payment), Kind::Expense { payers, shares, direction });
    let nothing = row("2026-01-05,Nothing,Hotel,-0.00,EUR,0.00,0.00,0.00\n");
    assert_eq!(kind(&nothing), expense(&[], &[]));
    let large = read_rows("2026-01-05,Back,Hotel,-5.00,EUR,-6.00,6.00,0.00\n").unwrap_err();
    let (cost, owed) = ("5.00".to_owned(), "6.00".to_owned());
    assert_eq!(large.first().kind(), &ProblemKind::CostTooSmall { cost, owed, currency: eur() });
}

#[test]
fn payments_are_transfers() {
    for (text, from, to) in [
        ("2026-11-21,x,Payment,5.00,EUR,5.00,-5.00,0.00\n", 0, 1),
        ("2026-11-21,x, payMENT ,5.00,EUR,0.00,-5.00,5.00\n", 2, 1),
    ] {
        let row = row(text);
        assert_eq!(kind(&row), Kind::Transfer { from, to });
        assert_eq!((row.amount(), row.inference()), (cents(500), Inference::Exact));
        assert_eq!((row.net(from).minor_units(), row.net(to).minor_units()), (500, -500));
    }
    for (text, said) in [
        // Not the whole cost, not two parties, not the category.
        (
            "2026-11-21,x,Payment,6.00,EUR,5.00,-5.00,0.00\n",
            expense(&[(0, 600)], &[(0, 100), (1, 500)]),
        ),
        (
            "2026-11-21,x,Payment,5.00,EUR,5.00,-3.00,-2.00\n",
            expense(&[(0, 500)], &[(1, 300), (2, 200)]),
        ),
        ("2026-11-21,x,Payments,5.00,EUR,5.00,-5.00,0.00\n", expense(&[(0, 500)], &[(1, 500)])),
    ] {
        assert_eq!((kind(&row(text)), row(text).inference()), (said, Inference::Exact), "{text}");
    }
    let both = row("2026-11-21,x,Payment,5.00,EUR,3.00,-5.00,2.00\n");
    assert_eq!(kind(&both), expense(&[(0, 300), (2, 200)], &[(1, 500)]));
    assert_eq!(both.inference(), Inference::SeveralPayers);
    assert_eq!(both.category(), Some("Payment"));
}

#[test]
fn decimals_are_those_of_the_currency() {
    let yen = row("2026-11-21,x,,1000.00,JPY,500,-500,0\n");
    assert_eq!(yen.amount(), cents(1000));
    let dinar = row("2026-11-21,x,,1.5,KWD,0.501,-0.501,0\n");
    assert_eq!((dinar.amount(), dinar.net(1).minor_units()), (cents(1500), -501));
}

#[test]
fn columns_after_the_members_may_be_blank() {
    assert_eq!(read_rows("2026-11-21,x,,1.00,EUR,1.00,-1.00,0, ,\n").unwrap().row_count(), 1);
}

#[test]
fn members_are_recognised_without_removed() {
    let file = "Date,Description,Category,Cost,Currency, Ann ,Ann (removed),(removed),ann,\"A,\n\",Ann(removed)\n";
    let export = read(file.as_bytes()).unwrap();
    let members: Vec<_> =
        export.people().iter().map(|m| (m.name(), m.key().name(), m.key().ordinal())).collect();
    assert_eq!(
        members,
        [
            ("Ann", "Ann", 0),
            ("Ann (removed)", "Ann", 1),
            ("(removed)", "(removed)", 0),
            ("ann", "ann", 0),
            ("A,", "A,", 0),
            ("Ann(removed)", "Ann", 2),
        ]
    );
    let keys = PersonKey::of_names(Program::Splitwise, members.iter().map(|member| member.0));
    assert!(keys.iter().eq(export.people().iter().map(Person::key)));
    assert!(export.row_count() == 0 && export.totals().is_empty());
}

#[test]
fn closing_rows_are_compared_with_the_sums() {
    let rows = "2026-11-21,x,,9.00,EUR,6.00,-6.00,0.00\n\
                ,Total balance, , ,EUR,4.00,-3.00,-1.00\n\
                soon, Total balance ,,,USD,0.00,-0.00,0\n\
                2026-11-22,y,,2.00,EUR,-2.00,3.00,-1.00\n\
                2026-11-22,Total balance,,3.00,JPY,0,0,0\n";
    let export = read_rows(&rows.replace("2.00,EUR", "3.00,EUR")).unwrap();
    assert_eq!(export.rows().len(), 3, "a total balance with a cost is an expense");
    let code = |total: &ClosingTotal| (total.line(), total.currency().to_string());
    let lines: Vec<_> = export.totals().iter().map(code).collect();
    assert_eq!(lines, [(3, "EUR".to_owned()), (4, "USD".to_owned())]);
    let open: Vec<_> = export.unreconciled_currencies().collect();
    assert_eq!(open, [Currency::from_code("JPY").unwrap()]);
    assert!(export.sums(Currency::from_code("USD").unwrap()).iter().all(|sum| sum.is_zero()));
    assert_eq!(export.sums(Currency::from_code("USD").unwrap()).len(), 3);
}

#[test]
fn large_sums_do_not_overflow() {
    let most = "10000000000000.00";
    let row = format!("2026-11-21,x,,{most},EUR,{most},-{most},0\n");
    let export = read_rows(&row.repeat(30_000)).unwrap();
    assert_eq!(export.sums(eur())[0].minor_units(), 30_000_000_000_000_000_000);
}

/// Codes that Splitwise offers or offered and ISO 4217 retired or never had.
#[test]
fn rows_in_retired_currencies_and_in_bitcoin_are_read() {
    for (code, four) in [
        ("ANG", 400),
        ("BTC", 400_000_000),
        ("BYR", 4),
        ("CMG", 400),
        ("EEK", 400),
        ("LTL", 400),
        ("LVL", 400),
        ("SKK", 400),
        ("STD", 400),
        ("VEF", 400),
    ] {
        let row = row(&format!("2014-05-01,Tea,Food,4.00,{code},2.00,-2.00,0.00\n"));
        assert_eq!((row.currency().code(), row.amount()), (code, cents(four)), "{code}");
    }
}
