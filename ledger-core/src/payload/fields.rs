//! Fields that several payloads share: dates, currencies, amounts.

use crate::base::codec::Reader;
use crate::base::limits::MAX_TEXT_BYTES;
use crate::base::rule::{Refusal, Rule};
use crate::money::{Amount, Currency, Date};

pub(super) fn read_date(r: &mut Reader<'_>) -> Result<Date, Refusal> {
    let number = r.uint()?;
    Date::from_yyyymmdd(number).map_err(|_| Refusal::with_detail(Rule::P4, number.to_string()))
}

pub(crate) fn read_currency(r: &mut Reader<'_>) -> Result<Currency, Refusal> {
    Currency::from_letters(r.text(MAX_TEXT_BYTES)?.as_bytes()).ok_or_else(|| Refusal::new(Rule::P5))
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
