//! Bytes of the rule by which an expense was split, the hint 2 (SPEC §4.12).
//!
//! Participants are named by places: of a share among the shares, of somebody who paid and has no
//! share behind these, among the payers. So the bytes need the entry beside them (`rule.rs`).

use super::hints::{HintError, Hints};
use crate::base::codec::{Reader, Writer};
use crate::base::limits::{MAX_REFS, MAX_SPLIT_ITEMS, MAX_SPLIT_PARTS, MAX_TEXT_BYTES, MAX_WEIGHT};
use crate::base::rule::{Refusal, Rule};
use crate::money::{Amount, Balance, Itemised, Percent, Split, SplitItem};
use crate::payload::fields::read_amount;

/// Key of the hint.
pub(super) const SPLIT: u64 = 2;

/// Place of a participant, among the shares and then the payers of an expense.
pub(super) type Place = u64;

/// Places are below this: an expense has at most so many shares and payers together.
const PLACES: u64 = 2_048;

const _: () = assert!(PLACES == 2 * MAX_REFS as u64);

// Numbers of the rules on the wire.
const EQUAL: u64 = 0;
const WEIGHTS: u64 = 1;
const PERCENT: u64 = 2;
const EXACT: u64 = 3;
const ADJUST: u64 = 4;
const ITEMS: u64 = 5;

impl Hints {
    /// The rule of the split, its participants named by places. An exact split has no parts: the
    /// shares are. `None` if nothing says so, or the hint is not as SPEC.md says.
    pub(super) fn split(&self) -> Option<Split<Place>> {
        self.read(SPLIT, read_split)
    }

    /// Sets the rule of the split, with every list ascending and without parts of zero.
    ///
    /// # Errors
    /// [`HintError`] if the hints would exceed their limit.
    pub(super) fn set_split(&mut self, split: &Split<Place>) -> Result<(), HintError> {
        let mut w = Writer::new();
        write_split(&mut w, split);
        self.set(SPLIT, w.into_bytes())
    }
}

fn write_split(w: &mut Writer, split: &Split<Place>) {
    let mut rule = |number| {
        w.array(2);
        w.uint(number);
    };
    match split {
        Split::Equal(places) => {
            rule(EQUAL);
            w.list(places.iter(), |w, place| w.uint(*place));
        }
        Split::Weights(parts) => {
            rule(WEIGHTS);
            write_numbers(w, parts, |weight| *weight);
        }
        Split::Percent(parts) => {
            rule(PERCENT);
            write_numbers(w, parts, |percent| percent.millionths());
        }
        Split::Exact(_) => {
            rule(EXACT);
            w.array(0);
        }
        Split::Adjust(parts) => {
            rule(ADJUST);
            w.list(parts.iter(), |w, (place, own)| {
                w.array(3);
                w.uint(*place);
                w.flag(*own < Balance::ZERO);
                // An adjustment is at most an amount.
                let size = own.minor_units().unsigned_abs();
                w.uint(u64::try_from(size).unwrap_or(u64::MAX));
            });
        }
        Split::Items(bill) => {
            rule(ITEMS);
            w.array(5);
            w.list(bill.items.iter(), |w, item| {
                w.array(3);
                w.text(&item.text);
                w.uint(item.amount.minor_units());
                write_numbers(w, &item.participants, |weight| *weight);
            });
            for amount in [bill.tax, bill.tip, bill.service, bill.discount] {
                w.uint(amount.minor_units());
            }
        }
    }
}

fn write_numbers<V>(w: &mut Writer, parts: &[(Place, V)], number: impl Fn(&V) -> u64) {
    w.list(parts.iter(), |w, (place, part)| {
        w.array(2);
        w.uint(*place);
        w.uint(number(part));
    });
}

fn read_split(r: &mut Reader<'_>) -> Result<Split<Place>, Refusal> {
    r.array(2)?;
    Ok(match r.uint()? {
        EQUAL => {
            let parts = read_parts(r, |r| Ok((r.uint()?, ())))?;
            Split::Equal(some(parts)?.into_iter().map(|(place, ())| place).collect())
        }
        WEIGHTS => Split::Weights(some(read_weights(r)?)?),
        PERCENT => {
            let parts = read_parts(r, |r| {
                r.array(2)?;
                let (place, millionths) = (r.uint()?, r.uint()?);
                let percent = Percent::from_millionths(millionths).map_err(|_| wrong())?;
                if millionths == 0 { Err(wrong()) } else { Ok((place, percent)) }
            })?;
            Split::Percent(some(parts)?)
        }
        EXACT => {
            r.array(0)?;
            Split::Exact(Vec::new())
        }
        ADJUST => {
            let parts = read_parts(r, |r| {
                r.array(3)?;
                let (place, is_less, size) = (r.uint()?, r.flag()?, read_amount(r)?);
                match is_less {
                    true if size.is_zero() => Err(wrong()),
                    true => Ok((place, Balance::from(size).negated())),
                    false => Ok((place, Balance::from(size))),
                }
            })?;
            Split::Adjust(some(parts)?)
        }
        ITEMS => Split::Items(read_items(r)?),
        _ => return Err(Refusal::new(Rule::Q2)),
    })
}

fn read_items(r: &mut Reader<'_>) -> Result<Itemised<Place>, Refusal> {
    r.array(5)?;
    let len = r.array_up_to(MAX_SPLIT_ITEMS, Rule::P9)?;
    let mut bill = Itemised::new();
    for _ in 0..len {
        r.array(3)?;
        let mut item = SplitItem::new(r.text(MAX_TEXT_BYTES)?, read_amount(r)?);
        item.participants = read_weights(r)?;
        bill = bill.item(item);
    }
    if bill.items.is_empty() {
        return Err(wrong());
    }
    let mut next = || -> Result<Amount, Refusal> { read_amount(r) };
    Ok(bill.tax(next()?).tip(next()?).service(next()?).discount(next()?))
}

fn read_weights(r: &mut Reader<'_>) -> Result<Vec<(Place, u64)>, Refusal> {
    read_parts(r, |r| {
        r.array(2)?;
        match (r.uint()?, r.uint()?) {
            (place, weight @ 1..=MAX_WEIGHT) => Ok((place, weight)),
            _ => Err(wrong()),
        }
    })
}

/// Reads parts, strictly ascending by place.
fn read_parts<V>(
    r: &mut Reader<'_>,
    mut part: impl FnMut(&mut Reader<'_>) -> Result<(Place, V), Refusal>,
) -> Result<Vec<(Place, V)>, Refusal> {
    let len = r.array_up_to(MAX_SPLIT_PARTS, Rule::P9)?;
    // No room is made for what a number only promises.
    let mut parts: Vec<(Place, V)> = Vec::new();
    for _ in 0..len {
        let (place, value) = part(r)?;
        if place >= PLACES || parts.last().is_some_and(|(last, _)| *last >= place) {
            return Err(wrong());
        }
        parts.push((place, value));
    }
    Ok(parts)
}

fn some<T>(parts: Vec<T>) -> Result<Vec<T>, Refusal> {
    if parts.is_empty() { Err(wrong()) } else { Ok(parts) }
}

/// Of a hint, the rule that it breaks is not shown to anybody.
fn wrong() -> Refusal {
    Refusal::new(Rule::P9)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(units: u64) -> Amount {
        Amount::from_minor_units(units).unwrap()
    }

    fn rules() -> Vec<Split<Place>> {
        let percent = |millionths| Percent::from_millionths(millionths).unwrap();
        let balance = Balance::from_minor_units;
        let pizza = SplitItem::new("Pizza", amount(1200)).shared_by(0, 1).shared_by(2, 2);
        let bill = Itemised::new().item(pizza).item(SplitItem::new("Salt", Amount::ZERO));
        vec![
            Split::Equal(vec![0, 1, 2047]),
            Split::Weights(vec![(0, 1), (5, MAX_WEIGHT)]),
            Split::Percent(vec![(1, percent(1)), (2, percent(999_999))]),
            Split::Exact(Vec::new()),
            Split::Adjust(vec![(0, balance(-5)), (1, balance(0)), (2, balance(7))]),
            Split::Items(bill.tax(amount(1)).tip(amount(2)).service(amount(3)).discount(amount(4))),
        ]
    }

    #[test]
    fn each_rule_reads_back_and_has_one_encoding() {
        for rule in rules() {
            let mut hints = Hints::default();
            hints.set_split(&rule).unwrap();
            assert_eq!(hints.split().as_ref(), Some(&rule));
            let bytes = hints.get(SPLIT).unwrap().to_vec();
            for cut in 0..bytes.len() {
                hints.set(SPLIT, &bytes[..cut]).unwrap();
                assert_eq!(hints.split(), None, "{rule:?} cut off at {cut}");
            }
            hints.set(SPLIT, [&bytes[..], &[0xf6]].concat()).unwrap();
            assert_eq!(hints.split(), None, "something behind");
        }
    }

    #[test]
    fn every_change_of_a_byte_says_another_thing_or_nothing() {
        for rule in rules() {
            let mut hints = Hints::default();
            hints.set_split(&rule).unwrap();
            let bytes = hints.get(SPLIT).unwrap().to_vec();
            for (at, other) in (0..bytes.len()).flat_map(|at| (0..=255).map(move |b| (at, b))) {
                let mut changed = bytes.clone();
                changed[at] = other;
                hints.set(SPLIT, changed.clone()).unwrap();
                let Some(found) = hints.split() else { continue };
                let mut again = Hints::default();
                again.set_split(&found).unwrap();
                assert_eq!(again.get(SPLIT), Some(&*changed), "of {found:?}");
                assert_eq!(found == rule, changed == bytes);
            }
        }
    }

    #[test]
    fn what_is_out_of_bounds_says_nothing() {
        let said = |split: &Split<Place>| {
            let mut hints = Hints::default();
            hints.set_split(split).ok().and_then(|()| hints.split())
        };
        for wrong in [
            Split::Equal(Vec::new()),
            Split::Equal(vec![1, 0]),
            Split::Equal(vec![1, 1]),
            Split::Equal(vec![PLACES]),
            Split::Equal((0..1_025).collect()),
            Split::Weights(vec![(0, 0)]),
            Split::Weights(vec![(0, MAX_WEIGHT + 1)]),
            Split::Items(Itemised::new()),
            Split::Items(Itemised {
                items: vec![SplitItem::new("", Amount::ZERO); 257],
                ..Itemised::new()
            }),
        ] {
            assert_eq!(said(&wrong), None, "{wrong:?}");
        }
        // Nothing taken off is written as nothing added.
        let mut hints = Hints::default();
        hints.set(SPLIT, [0x82, 4, 0x81, 0x83, 0, 1, 0]).unwrap();
        assert_eq!(hints.split(), None);
        hints.set(SPLIT, [0x82, 6, 0x80]).unwrap();
        assert_eq!(hints.split(), None, "a rule of a later version");
    }
}
