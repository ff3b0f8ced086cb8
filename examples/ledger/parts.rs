//! Names on the command line, and the values behind `=`.

use core::fmt;

use ledger_core::limits::{MAX_NAME_BYTES, MAX_WEIGHT};
use ledger_core::{Amount, Balance, Currency, MemberId, Percent};

use crate::failure::Failure;

/// Names that can take part.
pub(crate) trait Circle {
    /// Whether somebody has exactly this name.
    fn has(&self, name: &str) -> bool;

    /// Who has this name.
    ///
    /// # Errors
    /// If nobody with it can take part.
    fn participant(&self, name: &str) -> Result<Participant, Failure>;

    /// Those who share what names nobody, if the circle knows them.
    fn everybody(&self) -> Option<Vec<Participant>>;

    /// The default weight of each of everybody, if the circle has any.
    fn default_weights(&self) -> Option<Vec<(Participant, u64)>> {
        None
    }
}

/// Somebody who takes part. The order is that of SPEC §9.1: members by their id, and names without
/// a ledger by their bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Participant {
    pub(crate) member: Option<MemberId>,
    pub(crate) name: String,
}

impl fmt::Display for Participant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name)
    }
}

/// A participant, and the value behind `=`.
pub(crate) type Part = (Participant, Option<String>);

/// A name, and the value behind `=`.
type Named = (String, Option<String>);

/// Takes `NAME=VALUE` apart at the last `=`, unless somebody has the whole as a name. `NAME=` is
/// somebody without a value whose name has a `=`.
///
/// A text that could be two members is refused: who renames themselves `Ben=2` must not get what
/// is meant for Ben.
pub(crate) fn name_and_value(text: &str, circle: &dyn Circle) -> Result<Named, Failure> {
    let is_name = circle.has(text);
    let Some((name, value)) = text.rsplit_once('=') else { return Ok((text.to_owned(), None)) };
    let is_part = match value {
        "" => name.contains('=') && circle.has(name),
        _ => !is_name || circle.has(name),
    };
    match (is_name, is_part) {
        (true, true) => two_readings(text, name, value),
        (true, false) => Ok((text.to_owned(), None)),
        (false, true) => Ok((name.to_owned(), Some(value.to_owned()).filter(|v| !v.is_empty()))),
        (false, false) => usage(format!("{text:?} has no value behind the =")),
    }
}

/// Says how to write either member: a further `=` ends a name, and a zero in front of a number
/// changes the text alone.
fn two_readings(text: &str, name: &str, value: &str) -> Result<Named, Failure> {
    let whole = format!("{text}=");
    let (sign, number) = value.split_at(value.find(|c| !"+-".contains(c)).unwrap_or(0));
    let part = if value.is_empty() { name.to_owned() } else { format!("{name}={sign}0{number}") };
    usage(format!(
        "{text:?} can be the member of that name, or {name:?} with what is behind the =; write \
         {whole:?} for the first, {part:?} for the second"
    ))
}

/// Refuses a name that no group or member can have, before anything is made.
pub(crate) fn check_name(name: &str) -> Result<(), Failure> {
    match name.len() {
        0 => usage("a name is empty".to_owned()),
        1..=MAX_NAME_BYTES => ledger_core::check_name(name)
            .map_err(|error| Failure::Usage(format!("{name:?}: {error}"))),
        found => usage(format!("a name has at most {MAX_NAME_BYTES} bytes, this one has {found}")),
    }
}

pub(crate) fn amount(text: &str, currency: Currency) -> Result<Amount, Failure> {
    Amount::parse(text, currency).map_err(|error| Failure::Usage(format!("{text:?}: {error}")))
}

/// The amount of something that is recorded.
pub(crate) fn whole(text: &str, currency: Currency) -> Result<Amount, Failure> {
    let amount = amount(text, currency)?;
    match amount.is_zero() {
        true => usage(format!("{text:?}: an amount is more than zero")),
        false => Ok(amount),
    }
}

/// The text of an option.
pub(crate) fn said<'a>(
    option: &str,
    text: Option<&'a String>,
) -> Result<Option<&'a String>, Failure> {
    match text.is_some_and(|text| text.trim().is_empty()) {
        true => usage(format!("{option} has no effect without a text; leave it out, or write one")),
        false => Ok(text),
    }
}

pub(crate) fn usage<T>(text: String) -> Result<T, Failure> {
    Err(Failure::Usage(text))
}

pub(crate) fn each<T>(
    parts: Vec<Part>,
    read: impl Fn(Participant, Option<String>) -> Result<T, Failure>,
) -> Result<Vec<T>, Failure> {
    parts.into_iter().map(|(name, value)| read(name, value)).collect()
}

pub(crate) fn without_value(
    name: Participant,
    value: Option<String>,
) -> Result<Participant, Failure> {
    match value {
        None => Ok(name),
        Some(value) => usage(format!(
            "an equal split takes names alone; --split weights, percent, exact or adjust says what \
             the {value} of {name} is"
        )),
    }
}

pub(crate) fn needed(
    name: &Participant,
    value: Option<String>,
    what: &str,
) -> Result<String, Failure> {
    value.ok_or_else(|| {
        Failure::Usage(format!("--for {:?} needs ={}", name.name, what.to_uppercase()))
    })
}

/// A percentage, with or without `%`.
pub(crate) fn percent(text: &str) -> Result<Percent, Failure> {
    let number = text.strip_suffix('%').unwrap_or(text);
    Percent::parse(number).map_err(|error| Failure::Usage(format!("{text:?}: {error}")))
}

/// An amount with a sign, where no sign means more.
pub(crate) fn adjustment(text: &str, currency: Currency) -> Result<Balance, Failure> {
    let (size, negative) = match text.strip_prefix('-') {
        Some(size) => (size, true),
        None => (text.strip_prefix('+').unwrap_or(text), false),
    };
    let size = Balance::from(amount(size, currency)?);
    Ok(if negative { size.negated() } else { size })
}

/// Decimals of a weight. All weights are taken times 10^4, which does not change any share.
const WEIGHT_DECIMALS: usize = 4;

pub(crate) fn weighted(
    name: Participant,
    value: Option<String>,
) -> Result<(Participant, u64), Failure> {
    let text = value.unwrap_or_else(|| "1".to_owned());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let long = whole.is_empty() || fraction.len() > WEIGHT_DECIMALS || text.ends_with('.');
    if long || !digits(whole) || !digits(fraction) {
        return usage(format!(
            "{text:?}: a weight is a number such as 2 or 1.5, with at most 4 decimals"
        ));
    }
    let scaled: Option<u64> = format!("{whole}{fraction:0<WEIGHT_DECIMALS$}").parse().ok();
    match scaled.filter(|weight| *weight <= MAX_WEIGHT) {
        Some(weight) => Ok((name, weight)),
        None => usage(format!("{text:?}: a weight is at most {}", MAX_WEIGHT / 10_000)),
    }
}

/// Weights without the decimals that none of them has, so that 2 is recorded as 2.
pub(crate) fn plain(mut weights: Vec<(Participant, u64)>) -> Vec<(Participant, u64)> {
    for _ in 0..WEIGHT_DECIMALS {
        if weights.iter().any(|(_, weight)| !weight.is_multiple_of(10)) {
            break;
        }
        weights.iter_mut().for_each(|(_, weight)| *weight /= 10);
    }
    weights
}
