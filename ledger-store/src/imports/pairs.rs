//! Pairs of rows that are likely one: a row that is new in a file, and a recorded one that the file no
//! longer has.

use std::collections::{BTreeMap, BTreeSet};

use ledger_core::Date;

use super::content::Content;

/// Days by which the date of a row may change and the row still be known by the rest.
const DAYS: u64 = 3;

/// Why two rows are likely one that was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Likeness {
    /// They have the same date and description.
    DateAndDescription,
    /// They have the same date, and the same amounts of the same people.
    DateAndAmounts,
    /// They have the same description and amounts, and dates at most three days apart.
    DescriptionAndAmounts,
    /// Somebody recorded the other by hand, with the same date and amounts.
    ByHand,
}

/// Rows that were paired. All numbers are places in the two lists.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    /// New and old rows of the same content: one row that has another origin, as after a new name of a
    /// person.
    pub(super) same: Vec<(usize, usize)>,
    /// New and old rows that are likely one.
    pub(super) likely: Vec<(usize, usize, Likeness)>,
    /// New rows that may be one of several old ones, or of which several may be an old one.
    pub(super) unclear: BTreeSet<usize>,
}

/// Pairs rows, each at most once. Takes time for each row, and not for each pair of them.
pub(super) fn pair(new: &[Content], old: &[Content]) -> Pairs {
    let mut pairing = Pairing {
        open_new: (0..new.len()).collect(),
        open_old: (0..old.len()).collect(),
        pairs: Pairs::default(),
        new,
        old,
    };
    pairing.same();
    pairing.by(Likeness::DateAndDescription, |row| (row.date, row.description.as_str()));
    pairing.by(Likeness::DateAndAmounts, |row| (row.date, row.currency, row.cost, &row.nets));
    pairing.within_days();
    let Pairing { open_new, mut pairs, .. } = pairing;
    pairs.unclear.retain(|row| open_new.contains(row));
    pairs
}

struct Pairing<'a> {
    new: &'a [Content],
    old: &'a [Content],
    open_new: BTreeSet<usize>,
    open_old: BTreeSet<usize>,
    pairs: Pairs,
}

impl<'a> Pairing<'a> {
    /// Of several rows of one content, the k-th is the k-th.
    fn same(&mut self) {
        for (new, old) in self.groups(|row| row).into_values() {
            for (new, old) in new.into_iter().zip(old) {
                self.take(new, old);
                self.pairs.same.push((new, old));
            }
        }
    }

    /// Pairs rows of one key if there is one of each.
    fn by<K: Ord>(&mut self, likeness: Likeness, key: impl Fn(&'a Content) -> K) {
        for (new, old) in self.groups(key).into_values() {
            match (new.as_slice(), old.as_slice()) {
                ([new], [old]) => {
                    self.take(*new, *old);
                    self.pairs.likely.push((*new, *old, likeness));
                }
                (_, []) => {}
                _ => self.pairs.unclear.extend(new),
            }
        }
    }

    fn within_days(&mut self) {
        let groups = self.groups(|row| (&row.description, row.currency, row.cost, &row.nets));
        for (mut new, mut old) in groups.into_values() {
            let date_in =
                |rows: &'a [Content]| move |place: &usize| rows.get(*place).map(|row| row.date);
            new.sort_by_key(date_in(self.new));
            old.sort_by_key(date_in(self.old));
            let dates = |rows: &'a [Content], places: &[usize]| -> Vec<Date> {
                places.iter().filter_map(date_in(rows)).collect()
            };
            let (new_dates, old_dates) = (dates(self.new, &new), dates(self.old, &old));
            for (place, date) in new.iter().zip(&new_dates) {
                match near(&old_dates, *date) {
                    (_, 0) => {}
                    (first, 1) => {
                        let Some(other) = old.get(first) else { continue };
                        let back = old_dates.get(first).map(|date| near(&new_dates, *date).1);
                        if back == Some(1) {
                            self.take(*place, *other);
                            let likeness = Likeness::DescriptionAndAmounts;
                            self.pairs.likely.push((*place, *other, likeness));
                        } else {
                            self.pairs.unclear.insert(*place);
                        }
                    }
                    _ => {
                        self.pairs.unclear.insert(*place);
                    }
                }
            }
        }
    }

    fn take(&mut self, new: usize, old: usize) {
        self.open_new.remove(&new);
        self.open_old.remove(&old);
    }

    /// The open rows by a key.
    fn groups<K: Ord>(
        &self,
        key: impl Fn(&'a Content) -> K,
    ) -> BTreeMap<K, (Vec<usize>, Vec<usize>)> {
        let mut groups: BTreeMap<K, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
        let rows = |open: &BTreeSet<usize>, all: &'a [Content]| -> Vec<(usize, &'a Content)> {
            open.iter().filter_map(|place| Some((*place, all.get(*place)?))).collect()
        };
        for (place, row) in rows(&self.open_new, self.new) {
            groups.entry(key(row)).or_default().0.push(place);
        }
        for (place, row) in rows(&self.open_old, self.old) {
            groups.entry(key(row)).or_default().1.push(place);
        }
        groups
    }
}

/// The first of these ascending dates that is near a day, and how many are.
fn near(dates: &[Date], day: Date) -> (usize, usize) {
    let is_long_before =
        |one: Date, other: Date| one.plus_days(DAYS).is_some_and(|last| last < other);
    let first = dates.partition_point(|date| is_long_before(*date, day));
    let end = dates.partition_point(|date| !is_long_before(day, *date));
    (first, end.saturating_sub(first))
}

#[cfg(test)]
mod tests {
    use ledger_core::{Balance, Currency, MemberId};

    use super::*;

    fn row(date: &str, description: &str, units: i128) -> Content {
        let (ann, ben) = (MemberId::from_bytes([1; 32]), MemberId::from_bytes([2; 32]));
        let net = Balance::from_minor_units(units);
        Content {
            date: date.parse().unwrap(),
            description: description.to_owned(),
            currency: Currency::from_code("EUR").unwrap(),
            cost: Balance::from_minor_units(units * 2),
            nets: [(ann, net), (ben, net.negated())].into(),
        }
    }

    #[test]
    fn a_row_that_changed_in_one_thing_is_paired() {
        use Likeness::{DateAndAmounts, DateAndDescription, DescriptionAndAmounts};
        let old = row("2026-01-10", "Tea", 100);
        for (new, found) in [
            (row("2026-01-10", "Tea", 100), None),
            (row("2026-01-10", "Tea", 200), Some(DateAndDescription)),
            (row("2026-01-10", "Coffee", 100), Some(DateAndAmounts)),
            (row("2026-01-13", "Tea", 100), Some(DescriptionAndAmounts)),
            (row("2026-01-07", "Tea", 100), Some(DescriptionAndAmounts)),
        ] {
            let pairs = pair(&[new], std::slice::from_ref(&old));
            assert_eq!(pairs.likely.first().map(|pair| pair.2), found);
            assert_eq!(pairs.same.len(), usize::from(found.is_none()));
        }
        let apart = [row("2026-01-14", "Tea", 100), row("2026-01-06", "Tea", 100)];
        let pairs = pair(&apart, &[old]);
        assert!(pairs.likely.is_empty() && pairs.unclear.is_empty());
    }

    #[test]
    fn each_row_is_in_one_pair_and_what_is_unclear_is_in_none() {
        let old = [row("2026-01-10", "Tea", 100), row("2026-01-10", "Tea", 200)];
        let one = [row("2026-01-10", "Tea", 300)];
        let pairs = pair(&one, &old);
        assert!(pairs.likely.is_empty());
        assert_eq!(pairs.unclear, [0].into());
        // The same amounts say which of the two it is.
        let two = [row("2026-01-10", "Cake", 200), row("2026-01-10", "Tea", 100)];
        let pairs = pair(&two, &old);
        assert_eq!(pairs.same, [(1, 0)]);
        assert_eq!(pairs.likely, [(0, 1, Likeness::DateAndAmounts)]);
        assert!(pairs.unclear.is_empty());
        let days = [row("2026-01-09", "Tea", 100), row("2026-01-11", "Tea", 100)];
        assert_eq!(pair(&days, &old[..1]).unclear, [0, 1].into());
        assert_eq!(pair(&days[..1], &old[..1]).likely, [(0, 0, Likeness::DescriptionAndAmounts)]);
        let twice = [old[0].clone(), old[0].clone()];
        assert_eq!(pair(&twice, &twice).same, [(0, 0), (1, 1)]);
        assert_eq!(pair(&twice, &old[..1]).same, [(0, 0)]);
    }
}
