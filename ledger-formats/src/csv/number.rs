//! Numbers of a file: with a decimal point or comma, groups of thousands, and any number of decimals.

use ledger_core::{Amount, AmountError, Currency};

/// Decimals that are kept; those behind them are too small to matter.
const SCALE: u32 = 18;

/// Decimal number as it stands in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decimal {
    /// In units of 10^-18.
    pub(crate) value: i128,
    /// Decimals that stand in the file, at most 18.
    pub(crate) decimals: u32,
}

/// Decimal mark of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// `1,234.50`, and what programs write: `1234.50`.
    Point,
    /// `1.234,50`.
    Comma,
    /// No number says which.
    Unknown,
}

/// Evidence in the numbers of a file for one decimal mark or the other.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Marks {
    point: bool,
    comma: bool,
}

impl Marks {
    /// Looks at a number. Three digits behind a single mark say nothing: they may be a group.
    pub(crate) fn push(&mut self, text: &str) {
        if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '\u{2212}')) {
            return;
        }
        let (point, comma) = (text.rfind('.'), text.rfind(','));
        let behind = |at: usize| text.len().saturating_sub(at).saturating_sub(1);
        match (point, comma) {
            (Some(point), Some(comma)) if point > comma => self.point = true,
            (Some(_), Some(_)) => self.comma = true,
            (Some(at), None) => self.point |= behind(at) != 3,
            (None, Some(at)) => self.comma |= behind(at) != 3 && text.matches(',').count() == 1,
            (None, None) => {}
        }
    }

    /// The mark of the file. If there is evidence for both, the point, as programs write it: the other
    /// numbers are problems then.
    pub(crate) const fn style(self) -> Style {
        match (self.point, self.comma) {
            (false, true) => Style::Comma,
            (true, _) => Style::Point,
            (false, false) => Style::Unknown,
        }
    }
}

impl Decimal {
    /// Reads a number with or without a minus sign.
    ///
    /// # Errors
    /// [`AmountError`] if it is none, or too large.
    pub(crate) fn read(text: &str, style: Style) -> Result<Self, AmountError> {
        let digits = text.strip_prefix(['-', '\u{2212}']);
        let is_negative = digits.is_some();
        let digits = digits.unwrap_or(text);
        let mark = if style == Style::Comma { ',' } else { '.' };
        let (whole, fraction) = match digits.rsplit_once(mark) {
            Some((_, "")) => return Err(AmountError::NotANumber),
            Some(parts) => parts,
            None => (digits, ""),
        };
        let whole = without_groups(whole, style).ok_or(AmountError::NotANumber)?;
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !is_number(&whole) || !is_number(fraction) {
            return Err(AmountError::NotANumber);
        }
        let whole = whole.trim_start_matches('0');
        if whole.len() > 16 {
            return Err(AmountError::TooLarge);
        }
        let places = usize::try_from(SCALE).unwrap_or_default();
        let kept = fraction.get(..places.min(fraction.len())).unwrap_or_default();
        let padding = core::iter::repeat_n(b'0', places.saturating_sub(kept.len()));
        let mut value: i128 = 0;
        for digit in whole.bytes().chain(kept.bytes()).chain(padding) {
            value = value.saturating_mul(10).saturating_add(i128::from(digit.saturating_sub(b'0')));
        }
        let decimals = u32::try_from(kept.trim_end_matches('0').len()).unwrap_or(SCALE);
        Ok(Self { value: if is_negative { value.saturating_neg() } else { value }, decimals })
    }

    /// The number with at least so many decimals.
    pub(crate) fn format(value: i128, least: u32) -> String {
        let digits = format!("{:0>19}", value.unsigned_abs());
        let (whole, fraction) = digits.split_at(digits.len().saturating_sub(18));
        let kept = fraction.trim_end_matches('0').len();
        let kept = kept.max(usize::try_from(least).unwrap_or_default());
        let sign = if value < 0 { "-" } else { "" };
        match fraction.get(..kept).unwrap_or(fraction) {
            "" => format!("{sign}{whole}"),
            fraction => format!("{sign}{whole}.{fraction}"),
        }
    }

    /// Units of 10^-18 in one minor unit of a currency.
    pub(crate) fn unit(currency: Currency) -> i128 {
        10_i128.saturating_pow(SCALE.saturating_sub(currency.exponent()))
    }

    #[cfg(test)]
    /// The minor units if the number has no further decimals.
    ///
    /// # Errors
    /// [`AmountError`] if it has, or if it is beyond an amount.
    pub(crate) fn exact(self, currency: Currency) -> Result<i128, AmountError> {
        let units = self.floor(currency)?;
        match units.1 {
            0 => Ok(units.0),
            _ => Err(AmountError::TooPrecise { allowed: currency.exponent() }),
        }
    }

    /// The minor units rounded down, and the rest in units of 10^-18.
    ///
    /// # Errors
    /// [`AmountError::TooLarge`] beyond an amount.
    pub(crate) fn floor(self, currency: Currency) -> Result<(i128, i128), AmountError> {
        let unit = Self::unit(currency);
        let (units, rest) = (self.value.div_euclid(unit), self.value.rem_euclid(unit));
        let size = u64::try_from(units.unsigned_abs()).map_err(|_| AmountError::TooLarge)?;
        Amount::from_minor_units(size)?;
        Ok((units, rest))
    }
}

/// The digits before the decimal mark without groups of three. `None` if the groups are others, or could
/// be decimals: `1,234` in a file in which nothing else says what a comma is.
fn without_groups(whole: &str, style: Style) -> Option<String> {
    let separators: &[char] = match style {
        Style::Comma => &['.', ' ', '\'', '\u{a0}', '\u{202f}', '\u{2019}'],
        Style::Point => &[',', ' ', '\'', '\u{a0}', '\u{202f}', '\u{2019}'],
        Style::Unknown => &[' ', '\u{a0}', '\u{202f}', '\u{2019}'],
    };
    if !whole.contains(separators) {
        return Some(whole.to_owned());
    }
    let mut groups = whole.split(separators);
    let first = groups.next().filter(|first| (1..=3).contains(&first.len()))?;
    let mut digits = first.to_owned();
    for group in groups {
        if group.len() != 3 {
            return None;
        }
        digits.push_str(group);
    }
    Some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_by_the_marks_of_the_file() {
        use Style::{Comma, Point, Unknown};
        let euro = Currency::from_code("EUR").unwrap();
        let cents = |text: &str, style| Decimal::read(text, style).and_then(|n| n.exact(euro));
        for (text, style, expected) in [
            ("1234.5", Point, 123_450),
            ("-1,234.50", Point, -123_450),
            ("1,234,567.00", Point, 123_456_700),
            ("1.234,50", Comma, 123_450),
            ("1 234,50", Comma, 123_450),
            ("1.234", Comma, 123_400),
            ("\u{2212}4", Unknown, -400),
            ("007.10", Point, 710),
        ] {
            assert_eq!(cents(text, style), Ok(expected), "{text}");
        }
        for (text, style) in [
            ("1,234", Unknown),
            ("1,5", Point),
            ("12,34.5", Point),
            ("1,23", Unknown),
            ("1.", Point),
            (".5", Point),
            ("+1", Point),
            ("--1", Point),
            ("1e3", Point),
            ("", Point),
            ("1,", Comma),
        ] {
            assert_eq!(cents(text, style), Err(AmountError::NotANumber), "{text}");
        }
        assert_eq!(cents("7.505", Point), Err(AmountError::TooPrecise { allowed: 2 }));
        assert_eq!(cents("99999999999999999", Point), Err(AmountError::TooLarge));
    }

    #[test]
    fn only_numbers_that_prove_a_mark_decide() {
        let style = |texts: &[&str]| {
            let mut marks = Marks::default();
            texts.iter().for_each(|text| marks.push(text));
            marks.style()
        };
        assert_eq!(style(&["1,234", "4", "x,1"]), Style::Unknown);
        assert_eq!(style(&["1,234", "4.00"]), Style::Point);
        assert_eq!(style(&["4,00", "1.234"]), Style::Comma);
        assert_eq!(style(&["1.234,00"]), Style::Comma);
        assert_eq!(style(&["4,20", "2.10"]), Style::Point);
    }
}
