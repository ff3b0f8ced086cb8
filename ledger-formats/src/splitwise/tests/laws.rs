//! What holds for every file.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;

/// A group as Splitwise may know it.
#[derive(Clone, Debug)]
struct Group {
    names: Vec<String>,
    rows: Vec<Spent>,
}

#[derive(Clone, Debug)]
struct Spent {
    day: u32,
    description: String,
    category: String,
    code: &'static str,
    cost: i128,
    nets: Vec<i128>,
}

/// How a program may write the same group.
#[derive(Clone, Copy, Debug)]
struct Style {
    end: &'static str,
    bom: bool,
    blanks: bool,
    totals: bool,
}

const PLAIN: Style = Style { end: "\n", bom: false, blanks: false, totals: true };

fn spent(members: usize) -> impl Strategy<Value = Spent> {
    let amounts = || vec(prop_oneof![3 => Just(0), 2 => 0..5_000i128], members);
    let text = select(vec!["Tea", "Tea, \"good\"", "x\ny", " ünï ", "", "Total balance"]);
    let category = select(vec!["Food", "Payment", "", " payment "]);
    let code = select(vec!["EUR", "JPY", "KWD"]);
    (10..13u32, text, category, code, amounts(), amounts()).prop_map(
        move |(day, description, category, code, paid, mut owed)| {
            // The first member owes what is left, or has paid it for all.
            let cost: i128 = paid.iter().sum();
            let mut nets: Vec<i128> = Vec::new();
            let mut left = cost;
            for share in &mut owed {
                *share = (*share).min(left);
                left -= *share;
            }
            owed[0] += left;
            nets.extend(paid.iter().zip(&owed).map(|(paid, owed)| paid - owed));
            Spent {
                day,
                description: description.to_owned(),
                category: category.to_owned(),
                code,
                cost,
                nets,
            }
        },
    )
}

fn group() -> impl Strategy<Value = Group> {
    let name = || select(vec!["Ann", "Ben", "Ben (removed)", "小龙", "O, \"K\"", "(removed)"]);
    vec(name(), 1..6).prop_flat_map(|names| {
        let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        vec(spent(names.len()), 0..12).prop_map(move |rows| Group { names: names.clone(), rows })
    })
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

fn number(minor_units: i128, code: &str) -> String {
    let size = u64::try_from(minor_units.unsigned_abs()).unwrap();
    let size = Balance::from(Amount::from_minor_units(size).unwrap());
    let number = if minor_units < 0 { Balance::ZERO.minus(size) } else { size };
    number.format(Currency::from_code(code).unwrap())
}

impl Group {
    fn write(&self, style: Style) -> Vec<u8> {
        let mut file = String::from(if style.bom { "\u{feff}" } else { "" });
        let mut line = |fields: Vec<String>| {
            file.push_str(&fields.join(","));
            file.push_str(if style.blanks { "\n\n , \n" } else { "\n" });
        };
        let fixed = ["Date", "Description", "Category", "Cost", "Currency"].map(str::to_owned);
        line(fixed.into_iter().chain(self.names.iter().map(|name| quoted(name))).collect());
        for row in &self.rows {
            let mut fields = vec![
                format!("2026-11-{}", row.day),
                quoted(&row.description),
                row.category.clone(),
                number(row.cost, row.code),
                row.code.to_owned(),
            ];
            fields.extend(row.nets.iter().map(|net| number(*net, row.code)));
            line(fields);
        }
        for code in ["EUR", "JPY", "KWD"].into_iter().filter(|_| style.totals) {
            let mut fields = vec![String::new(), "Total balance".to_owned()];
            fields.extend([" ".to_owned(), " ".to_owned(), code.to_owned()]);
            fields.extend(self.sums(code).iter().map(|sum| number(*sum, code)));
            line(fields);
        }
        file.replace('\n', style.end).into_bytes()
    }

    fn sums(&self, code: &str) -> Vec<i128> {
        let mut sums = vec![0; self.names.len()];
        for row in self.rows.iter().filter(|row| row.code == code) {
            sums.iter_mut().zip(&row.nets).for_each(|(sum, net)| *sum += net);
        }
        sums
    }

    fn origins(&self, style: Style) -> Vec<Origin> {
        let export = read(&self.write(style)).unwrap();
        export.rows().map(|row| row.origin()).collect()
    }
}

/// What every file that is read keeps to.
fn check_laws(export: &ImportFile) {
    let members = 0..export.people().len();
    for row in export.rows() {
        let nets = members.clone().map(|member| row.net(member));
        assert_eq!(nets.fold(Balance::ZERO, Balance::plus), Balance::ZERO);
        match kind(&row) {
            Kind::Transfer { from, to } => {
                assert!(from != to && members.contains(&from) && members.contains(&to));
                assert!(!row.amount().is_zero());
            }
            Kind::Expense { payers, shares, .. } => {
                for parts in [payers, shares] {
                    let sum = Amount::checked_sum(parts.iter().map(|part| part.1));
                    assert_eq!(sum, Some(row.amount()));
                    assert!(parts.is_sorted_by(|a, b| a.0 < b.0));
                    assert!(parts.iter().all(|(i, part)| members.contains(i) && !part.is_zero()));
                }
            }
        }
    }
    let origins: BTreeSet<_> = export.rows().map(|row| row.origin()).collect();
    assert_eq!(origins.len(), export.rows().len());
    let keys: BTreeSet<_> = export.people().iter().map(Person::key).collect();
    assert_eq!(keys.len(), export.people().len());
}

proptest! {
    #[test]
    fn arbitrary_bytes_do_no_harm(bytes in vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes).map(|export| check_laws(&export));
    }

    #[test]
    fn arbitrary_rows_do_no_harm(
        rows in vec(vec(select(vec![
            "2026-11-21", "Tea", "Payment", "Total balance", "EUR", "JPY", "1", "-1", "0", "2.50",
            "", " ", "\"", "\"a\nb\"", "\r", "\n", "é", "\u{feff}",
        ]), 0..10), 0..8),
    ) {
        let mut file = "Date,Description,Category,Cost,Currency,Ann,Ben\n".to_owned();
        rows.iter().for_each(|row| writeln!(file, "{}", row.join(",")).unwrap());
        let _ = read(file.as_bytes()).map(|export| check_laws(&export));
    }

    #[test]
    fn damaged_files_do_no_harm(
        group in group(),
        damage in vec((any::<Index>(), select(b"\",\n\r-09. \x00\xffP".to_vec()), 0..3u8), 1..4),
    ) {
        let mut file = group.write(PLAIN);
        for (place, byte, how) in damage {
            let place = place.index(file.len());
            match how {
                0 => file[place] = byte,
                1 => file.insert(place, byte),
                _ => file.truncate(place.max(1)),
            }
        }
        let _ = read(&file).map(|export| check_laws(&export));
    }

    #[test]
    fn nets_and_costs_are_kept_to_the_cent(group in group(), blanks: bool, totals: bool) {
        let export = read(&group.write(Style { blanks, totals, ..PLAIN })).unwrap();
        check_laws(&export);
        prop_assert_eq!(export.rows().len(), group.rows.len());
        for (row, spent) in export.rows().zip(&group.rows) {
            prop_assert_eq!(i128::from(row.amount().minor_units()), spent.cost);
            let nets: Vec<_> =
                (0..group.names.len()).map(|member| row.net(member).minor_units()).collect();
            prop_assert_eq!(&nets, &spent.nets);
            prop_assert_eq!(row.description(), &spent.description);
        }
        for code in ["EUR", "JPY", "KWD"] {
            let sums = export.sums(Currency::from_code(code).unwrap());
            let sums: Vec<_> = sums.iter().map(|sum| sum.minor_units()).collect();
            prop_assert_eq!(sums, group.sums(code));
        }
        prop_assert_eq!(export.unreconciled_currencies().count() == 0, totals || group.rows.is_empty());
    }

    #[test]
    fn origins_do_not_depend_on_the_style(group in group(), bom: bool, blanks: bool, totals: bool) {
        for end in ["\n", "\r\n", "\r"] {
            let style = Style { end, bom, blanks, totals };
            prop_assert_eq!(group.origins(style), group.origins(PLAIN));
        }
    }

    #[test]
    fn origins_outlive_new_and_removed_members(group in group(), place: Index, left: Index) {
        let mut later = group.clone();
        let left = left.index(group.names.len());
        if !later.names[left].ends_with(" (removed)") {
            later.names[left].push_str(" (removed)");
        }
        let place = place.index(group.names.len() + 1);
        later.names.insert(place, "Dora".to_owned());
        later.rows.iter_mut().for_each(|row| row.nets.insert(place, 0));
        prop_assert_eq!(later.origins(PLAIN), group.origins(PLAIN));
    }

    #[test]
    fn origins_do_not_depend_on_the_order_of_columns(group in group(), turn: Index) {
        // Members who cannot be told apart but by their order are given names.
        let mut group = group;
        group.names.iter_mut().enumerate().for_each(|(i, name)| name.insert_str(0, &i.to_string()));
        let mut later = group.clone();
        let turn = turn.index(group.names.len());
        later.names.rotate_left(turn);
        later.rows.iter_mut().for_each(|row| row.nets.rotate_left(turn));
        prop_assert_eq!(later.origins(PLAIN), group.origins(PLAIN));
    }

    #[test]
    fn rows_that_come_later_leave_origins_alone(group in group(), seed in vec(any::<Index>(), 0..5)) {
        let mut later = group.clone();
        if !group.rows.is_empty() {
            // Repetitions of earlier rows are rows of their own.
            later.rows.extend(seed.iter().map(|index| index.get(&group.rows).clone()));
        }
        let (old, new) = (group.origins(PLAIN), later.origins(PLAIN));
        prop_assert_eq!(&new[..old.len()], &old[..]);
        prop_assert_eq!(new.iter().collect::<BTreeSet<_>>().len(), later.rows.len());
        // In whatever order they come, they are the same rows.
        later.rows.reverse();
        let reversed: BTreeSet<_> = later.origins(PLAIN).into_iter().collect();
        prop_assert_eq!(reversed, new.into_iter().collect());
    }

    #[test]
    fn whatever_changes_a_row_changes_its_origin(group in group(), index: Index, what in 0..5) {
        if group.rows.is_empty() {
            return Ok(());
        }
        let mut later = group.clone();
        let row = index.get(&group.rows).clone();
        let place = index.index(group.rows.len());
        let changed = &mut later.rows[place];
        match what {
            0 => changed.day += 10,
            1 => changed.description.push('!'),
            2 => changed.code = "CHF",
            3 if row.nets.iter().any(|net| *net != 0) => {
                changed.nets.iter_mut().for_each(|net| *net = -*net);
            }
            _ => changed.cost += 1,
        }
        let alone = |row: Spent| {
            let style = Style { totals: false, ..PLAIN };
            Group { names: group.names.clone(), rows: vec![row] }.origins(style)
        };
        prop_assert_ne!(alone(later.rows[place].clone()), alone(row));
    }

    /// An export in another language has other categories, and so has one after an edit that moves no
    /// money.
    #[test]
    fn a_category_changes_the_former_origin_only(group in group(), words in vec(any::<u8>(), 12)) {
        let mut later = group.clone();
        for (row, word) in later.rows.iter_mut().zip(words) {
            row.category = format!("Other {}", word % 3);
        }
        prop_assert_eq!(later.origins(PLAIN), group.origins(PLAIN));
        let former = |group: &Group| -> Vec<_> {
            let file = read(&group.write(PLAIN)).unwrap();
            file.rows().map(|row| row.former().unwrap()).collect()
        };
        let (before, after) = (former(&group), former(&later));
        prop_assert!(before.iter().zip(&after).all(|(before, after)| before != after));
        let origins = later.origins(PLAIN);
        prop_assert!(after.iter().zip(&origins).all(|(former, origin)| former != origin));
        prop_assert_eq!(after.iter().collect::<BTreeSet<_>>().len(), after.len());
    }
}
