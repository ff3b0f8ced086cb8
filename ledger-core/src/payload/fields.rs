//! Fields that several payloads share: dates, currencies, amounts, words.

use crate::base::codec::Reader;
use crate::base::limits::MAX_TEXT_BYTES;
use crate::base::rule::{Refusal, Rule};
use crate::money::{Amount, Currency, Date};

pub(super) fn read_date(r: &mut Reader<'_>) -> Result<Date, Refusal> {
    let number = r.uint()?;
    Date::from_yyyymmdd(number).map_err(|_| Refusal::with_detail(Rule::P4, number.to_string()))
}

pub(crate) fn read_currency(r: &mut Reader<'_>) -> Result<Currency, Refusal> {
    Currency::from_recorded(r.text(MAX_TEXT_BYTES)?).ok_or_else(|| Refusal::new(Rule::P5))
}

pub(super) fn read_amount(r: &mut Reader<'_>) -> Result<Amount, Refusal> {
    let minor_units = r.uint()?;
    Amount::from_minor_units(minor_units)
        .map_err(|_| Refusal::with_detail(Rule::P6, minor_units.to_string()))
}

pub(super) fn read_positive_amount(r: &mut Reader<'_>) -> Result<Amount, Refusal> {
    let amount = read_amount(r)?;
    if amount.is_zero() {
        return Err(Refusal::with_detail(Rule::P6, "0"));
    }
    Ok(amount)
}

/// Reads a text that is not empty, of at most so many bytes.
pub(super) fn read_word(r: &mut Reader<'_>, longest: usize) -> Result<String, Refusal> {
    match r.text(longest)? {
        "" => Err(Refusal::new(Rule::P3)),
        text => Ok(text.to_owned()),
    }
}

/// Reads at most so many texts, none of them empty.
pub(super) fn read_words(
    r: &mut Reader<'_>,
    most: usize,
    longest: usize,
) -> Result<Vec<String>, Refusal> {
    let len = r.array_up_to(most, Rule::P3)?;
    (0..len).map(|_| read_word(r, longest)).collect()
}
