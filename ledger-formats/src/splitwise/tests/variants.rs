//! Exports as they really are: translated, with lines above, resaved by spreadsheets, over-precise.

use super::*;
use crate::Repair;

fn nets(row: &ImportRow, people: usize) -> Vec<i128> {
    (0..people).map(|person| row.net(person).minor_units()).collect()
}

fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    format!("\u{feff}{text}").encode_utf16().flat_map(unit).collect()
}

const ENGLISH: &str = "Date,Description,Category,Cost,Currency,Ann,Ben\n\n\
    2026-01-01,Tee,Groceries,4.00,EUR,2.00,-2.00\n\
    2026-01-02,Ben zahlte Ann,Payment,1.00,EUR,-1.00,1.00\n\n\
    2026-01-03,Total balance, , ,EUR,1.00,-1.00\n";

/// The header, the category of food, that of a payment, and the closing row.
const LANGUAGES: [(&str, &str, &str, &str); 11] = [
    ("Datum,Beschreibung,Kategorie,Kosten,Währung", "Lebensmittel", "Zahlung", "Gesamtbilanz"),
    ("Fecha,Descripción,Categoría,Coste,Moneda", "Comida", "Pago", "Saldo total"),
    ("Data,Descrizione,Categorie,Costo,Valuta", "Alimentari", "Pagamento", "Bilancio totale"),
    ("Data,Descrição,Categoria,Custo,Moeda", "Mercado", "Pagamento", "Saldo total"),
    ("Datum,Omschrijving,Categorie,Kosten,Valuta", "Boodschappen", "Betaling", "Totaal saldo"),
    ("Data,Opis,Kategoria,Koszt,Waluta", "Zakupy", "Płatność", "Saldo całkowite"),
    ("Datum,Beskrivning,Kategori,Kostnad,Valuta", "Mat", "Betalning", "Totalt saldo"),
    ("Tanggal,Deskripsi,Kategori,Biaya,Mata uang", "Makanan", "Pembayaran", "Saldo total"),
    ("日付,説明,カテゴリー,費用,通貨", "食料品", "支払い", "合計残高"),
    ("วันที่,คำอธิบาย,หมวดหมู่,ค่าใช้จ่าย,สกุลเงิน", "อาหาร", "การชำระเงิน", "ยอดรวม"),
    ("Date,Description,Catégorie,Coût,Devise", "Courses", "Paiement", "Solde total"),
];

#[test]
fn every_language_says_the_same_with_the_same_origins() {
    let origins = |file: &ImportFile| file.rows().map(|row| row.origin()).collect::<Vec<_>>();
    let english = read(ENGLISH.as_bytes()).unwrap();
    for (header, food, payment, total) in LANGUAGES {
        let text = ENGLISH
            .replace("Date,Description,Category,Cost,Currency", header)
            .replace("Groceries", food)
            .replace("Payment", payment)
            .replace("Total balance", total);
        let file = read(text.as_bytes()).unwrap();
        assert_eq!(origins(&file), origins(&english), "{header}");
        let rows: Vec<_> = file.rows().collect();
        assert_eq!(kind(&rows[1]), Kind::Transfer { from: 1, to: 0 }, "{header}");
        assert_eq!(rows[0].category(), Some(food));
        assert_eq!((file.totals().len(), file.repairs()), (1, &[][..]));
        // The words of the header are those in which problems are told.
        let problems = read(text.replace("4.00", "x").as_bytes()).unwrap_err().to_string();
        let cost = header.split(',').nth(3).unwrap();
        assert!(problems.starts_with(&format!("line 3, column 4 ({cost}): ")), "{problems}");
    }
}

#[test]
fn closing_rows_are_known_by_having_no_cost() {
    let file = "Data,Descrizione,Categorie,Costo,Valuta,Ann,Ben\n\
                2026-01-01,Tè,Alimentari,4.00,EUR,2.00,-2.00\n\
                2026-01-03,Bilancio totale, , ,EUR,2.00,-2.00\n\
                2026-01-03,Bilancio totale, , ,JPY,0.00,0.00\n";
    assert_eq!(read(file.as_bytes()).unwrap().totals().len(), 2);
    let wrong = read(file.replace(" ,EUR,2.00,-2.00", " ,EUR,2.00,-3.00").as_bytes()).unwrap_err();
    assert!(matches!(wrong.first().kind(), ProblemKind::TotalMismatch { .. }), "{wrong}");
    let without: String = file.lines().take(2).map(|line| format!("{line}\n")).collect();
    assert_eq!(read(without.as_bytes()).unwrap().unreconciled_currencies().count(), 1);
}

#[test]
fn up_to_ten_lines_may_stand_above_the_header() {
    let plain = read(ENGLISH.as_bytes()).unwrap();
    for above in [
        "Note: does not include group expenses\n\n".to_owned(),
        "\u{feff}export.csv\nsep=,\n".to_owned(),
        "x,y\n".repeat(10),
    ] {
        let file = read(format!("{above}{ENGLISH}").as_bytes()).unwrap();
        assert!(file.rows().map(|row| row.origin()).eq(plain.rows().map(|row| row.origin())));
        let lines = u64::try_from(above.matches('\n').count()).unwrap();
        assert_eq!(file.rows().next().unwrap().line(), lines + 3);
    }
    let problems = read(format!("{}{ENGLISH}", "x\n".repeat(11)).as_bytes()).unwrap_err();
    assert!(matches!(problems.first().kind(), ProblemKind::NotSplitwise { .. }));
}

#[test]
fn what_spreadsheets_make_of_an_export_is_the_same_export() {
    let plain = read(ENGLISH.as_bytes()).unwrap();
    let comma = |separator| ENGLISH.replace(',', separator).replace('.', ",");
    let files: [(Vec<u8>, &[Repair]); 7] = [
        (comma(";").into_bytes(), &[Repair::Separator(';'), Repair::DecimalComma]),
        (ENGLISH.replace(',', "\t").into_bytes(), &[Repair::Separator('\t')]),
        (
            utf16(&comma("\t"), u16::to_le_bytes),
            &[Repair::Utf16, Repair::Separator('\t'), Repair::DecimalComma],
        ),
        (utf16(ENGLISH, u16::to_be_bytes), &[Repair::Utf16]),
        (format!("\u{feff}{ENGLISH}").into_bytes(), &[]),
        (ENGLISH.replace('\n', "\r").into_bytes(), &[]),
        (ENGLISH.replace(".00", "").into_bytes(), &[]),
    ];
    for (bytes, repairs) in files {
        let file = read(&bytes).unwrap();
        assert!(file.rows().map(|row| row.origin()).eq(plain.rows().map(|row| row.origin())));
        assert_eq!(file.repairs(), repairs);
        assert!(file.repairs().iter().all(|repair| repair.to_string().contains("read")));
    }
}

#[test]
fn groups_of_thousands_are_read_only_where_nothing_else_can_be_meant() {
    let row = |cost: &str, half: &str| {
        let row = format!("2026-01-01,Tea,Food,{cost},EUR,{half},-{half},0\n");
        read_rows(&row.replace("-\"", "\"-")).map(|file| file.rows().next().unwrap().amount())
    };
    let amount = |units| Ok(Amount::from_minor_units(units).unwrap());
    assert_eq!(row("\"1,234.00\"", "617.00"), amount(123_400));
    assert_eq!(row("\"1,234,567.00\"", "617.00"), amount(123_456_700));
    assert_eq!(row("\"1.234,00\"", "\"617,00\""), amount(123_400));
    assert_eq!(row("\"1,234\"", "617.00"), amount(123_400));
    for (cost, half) in [("\"1,234\"", "617"), ("\"12,34.00\"", "617.00"), ("\"1,5\"", "1.00")] {
        let problems = row(cost, half).unwrap_err();
        assert!(matches!(problems.first().kind(), ProblemKind::Amount { .. }), "{problems}");
        assert_eq!(problems.first().column().map(Column::number), Some(4));
    }
}

#[test]
fn dates_that_a_spreadsheet_changed_are_told_once_with_what_they_seem_to_be() {
    for (dates, seems) in [
        (["1/2/26", "1/13/26"], "month first, as it seems"),
        (["01.02.2026", "13.01.2026"], "day first, as it seems"),
        (["1/2/26", "3/4/26"], "and nothing says whether day or month comes first"),
        (["13/1/26", "1/13/26"], "some with the day first and some with the month"),
    ] {
        let row = |date: &str| format!("{date},Tea,Food,4,EUR,2,-2,0\n");
        let text = format!("{}2026-01-05,Tea,Food,4,EUR,2,-2,0\n{}", row(dates[0]), row(dates[1]));
        let problems = read_rows(&text).unwrap_err();
        assert_eq!((problems.iter().count(), problems.more()), (1, 0));
        let found = dates[0].to_owned();
        assert_eq!(problems.first().kind(), &ProblemKind::ChangedDates { found, seems, rows: 2 });
        let text = problems.to_string();
        assert!(text.contains("export the group again and do not open the file"), "{text}");
    }
    let mac =
        "Date,Description,Category,Cost,Currency,Ann,Ben\r,,,,,,\r1/13/26,Tea,Food,4,EUR,2,-2\r";
    assert_eq!(read(mac.as_bytes()).unwrap_err().first().line(), 3);
}

#[test]
fn rows_more_precise_than_their_currency_are_rounded_so_that_they_add_up_to_zero() {
    let rows = "2026-01-01,Car,Car,15.01,EUR,7.505,-3.7525,-3.7525\n\
                2026-01-01,Tea,Food,1001,JPY,500.50,-500.50,0\n\
                2026-01-02,Third,Food,10.00,EUR,6.6666666666666667,-3.3333333333333333,-3.3333333333333333\n\
                2026-01-02,Total balance, , ,EUR,14.1716,-7.0859,-7.0858\n";
    let file = read_rows(rows).unwrap();
    let found: Vec<_> = file.rows().map(|row| nets(&row, 3)).collect();
    assert_eq!(found, [[750, -375, -375], [501, -501, 0], [667, -333, -334]]);
    let repairs =
        [("EUR", 2), ("JPY", 1)].map(|(code, rows)| (Currency::from_code(code).unwrap(), rows));
    let repairs = repairs.map(|(currency, rows)| Repair::Rounded { currency, rows });
    assert_eq!(file.repairs(), repairs);
    assert!(repairs[0].to_string().starts_with("2 rows have more decimals than EUR has"));
    // The identity is that of the rounded numbers.
    let again = read_rows("2026-01-01,Car,Car,15.01,EUR,7.50,-3.75,-3.75\n").unwrap();
    let origin = |file: &ImportFile| file.rows().next().unwrap().origin();
    assert_eq!(origin(&file), origin(&again));
    for bad in ["7.505,-3.7525,-3.7", "7.505,-7.4999,0", "7.51,-7.505,0"] {
        let problems = read_rows(&format!("2026-01-01,Car,Car,15.01,EUR,{bad}\n")).unwrap_err();
        assert!(matches!(problems.first().kind(), ProblemKind::Unbalanced { .. }), "{problems}");
    }
    // A closing row may differ by what was rounded, and no more.
    assert!(read_rows(&rows.replace("14.1716", "14.1999")).is_ok());
    assert!(read_rows(&rows.replace("14.1716", "14.2100")).is_err());
}

#[test]
fn all_problems_are_told_up_to_twenty() {
    let rows = "2026-01-01,Tea,Food,x,EUR,y,-2,0\n,Tea,Food,1,XXY,2,-2,0\n2026-01-01,Tea\n";
    let problems = read_rows(rows).unwrap_err();
    let places: Vec<_> =
        problems.iter().map(|p| (p.line(), p.column().map_or(0, Column::number))).collect();
    assert_eq!(places, [(2, 4), (2, 6), (3, 1), (3, 5), (4, 0)]);
    assert_eq!(problems.to_string().lines().count(), 5);
    let problems = read_rows(&rows.repeat(9)).unwrap_err();
    assert_eq!((problems.iter().count(), problems.more()), (20, 25));
    assert!(problems.to_string().ends_with("\nand 25 more problems"));
}

#[test]
fn an_export_of_spliit_is_never_read_as_one_of_splitwise() {
    let spliit = "\"Date\",\"Description\",\"Category\",\"Currency\",\"Cost\",\"Is Reimbursement\",\"Split mode\",\"Ann\",\"Ben\"\n\
                  \"2026-01-01\",\"Tea\",\"General\",\"EUR\",\"4.00\",\"No\",\"Evenly\",2,-2\n";
    assert!(read(spliit.as_bytes()).is_err());
}

#[test]
fn a_mark_against_formulas_is_taken_off() {
    let rows = "2026-01-01,\"'=HYPERLINK(\"\"x\"\")\",'+1,4.00,EUR,2.00,-2.00,0.00\n\
                2026-01-01,''@x,'quoted',4.00,EUR,2.00,-2.00,0.00\n";
    let file = read_rows(rows).unwrap();
    let texts: Vec<_> = file
        .rows()
        .map(|row| (row.description().to_owned(), row.category().unwrap_or_default().to_owned()))
        .collect();
    let expected = [("=HYPERLINK(\"x\")", "+1"), ("'@x", "'quoted'")];
    assert_eq!(texts, expected.map(|(text, word)| (text.to_owned(), word.to_owned())));
    for text in ["=1", "'=1", "''=1", "+1", "-", "@", "a=1", "'a", "'"] {
        let guarded = crate::csv::with_guard(text);
        assert!(!guarded.starts_with(['=', '+', '-', '@']), "{guarded}");
        assert_eq!(crate::csv::without_guard(&guarded), text);
    }
}

/// Codes that Splitwise has or had.
#[test]
fn every_currency_of_splitwise_is_read() {
    const CODES: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB \
        BRL BSD BTC BTN BWP BYN BYR BZD CAD CDF CHF CLP CMG CNY COP CRC CUC CUP CVE CZK DJF DKK DOP DZD \
        EEK EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD \
        IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LTL LVL LYD MAD MDL \
        MGA MKD MMK MNT MOP MRO MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP \
        PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SKK SLL SOS SRD SSP STD SVC SYP SZL \
        THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VEF VES VND VUV WST XAF XCD XOF XPF YER \
        ZAR ZMW";
    for code in CODES.split_whitespace() {
        let file = read_rows(&format!("2014-05-01,Tea,Food,4.00,{code},2.00,-2.00,0.00\n"));
        assert_eq!(file.map(|file| file.row_count()), Ok(1), "{code}");
    }
}

#[test]
fn a_note_above_the_header_may_have_commas() {
    let german = ENGLISH.replace("Date,Description,Category,Cost,Currency", LANGUAGES[0].0);
    for file in [ENGLISH, &german] {
        for note in [
            "Note: does not include group expenses, loans, or others,a,b,c,d",
            "a,b,c,d,e,f,g,h",
            "\"Note, with \"\"quotes\"\"\",,,,,,",
            "ann-and-ben_2026-01-02_export.csv,,,,,,",
        ] {
            let found = read(format!("{note}\n\n{file}").as_bytes()).unwrap();
            let names: Vec<&str> = found.people().iter().map(Person::name).collect();
            assert_eq!((names, found.row_count()), (vec!["Ann", "Ben"], 2), "{note}");
        }
    }
}

#[test]
fn a_spreadsheet_also_makes_numbers_and_words_of_dates() {
    for (dates, says) in [
        (["46023", "46024"], "into numbers of days or words for months"),
        (["1-Jan-26", "02-Feb-26"], "into numbers of days or words for months"),
        (["Jan 13, 2026", "1 février 2026"], "into numbers of days or words for months"),
        (["13/01/2026", "1-Feb-26"], "day first, as it seems"),
    ] {
        let file = ENGLISH.replace("2026-01-01", &format!("\"{}\"", dates[0]));
        let file = file.replace("2026-01-02", &format!("\"{}\"", dates[1]));
        let text = read(file.as_bytes()).unwrap_err().to_string();
        assert!(text.contains("changed the dates of 2 rows"), "{text}");
        assert!(text.contains(says), "{text}");
        assert!(!text.contains('\n'), "told once: {text}");
    }
    for date in ["", "x", "2026-13-01", "2026-01", "123456", "soon"] {
        let file = ENGLISH.replace("2026-01-01", date);
        let text = read(file.as_bytes()).unwrap_err().to_string();
        assert!(text.contains("is not a date"), "{text}");
    }
}

/// The codes that Splitwise offers or offered, by their decimals.
const CURRENCIES: [(u32, &str); 4] = [
    (0, "BIF BYR CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"),
    (
        2,
        "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF \
         CHF CMG CNY COP CRC CUC CUP CVE CZK DKK DOP DZD EEK EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD \
         HKD HNL HRK HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL LTL LVL MAD MDL MGA \
         MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD \
         RUB SAR SBD SCR SDG SEK SGD SHP SKK SLL SOS SRD SSP STD SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH \
         USD UYU UZS VEF VES WST XCD YER ZAR ZMW",
    ),
    (3, "BHD IQD JOD KWD LYD OMR TND"),
    (8, "BTC"),
];

#[test]
fn every_currency_of_splitwise_is_read_with_its_decimals() {
    let mut count = 0;
    for (decimals, codes) in CURRENCIES {
        for code in codes.split_whitespace() {
            let file = ENGLISH.replace("EUR", code);
            // Splitwise writes two decimals whatever the currency.
            let found = read(file.as_bytes()).unwrap_or_else(|problems| panic!("{problems}"));
            let rows: Vec<_> = found.rows().collect();
            assert_eq!(rows[0].currency().exponent(), decimals, "{code}");
            let unit = 10_u64.pow(decimals);
            assert_eq!(rows[0].amount().minor_units(), 4 * unit, "{code}");
            count += 1;
        }
    }
    assert!(count >= 148, "{count}");
}
