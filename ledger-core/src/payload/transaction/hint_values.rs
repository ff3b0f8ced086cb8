//! Hints that this version reads: another currency, receipts, tags, and the source of an imported row
//! (SPEC §4.12).

use super::hints::{HintError, Hints};
use crate::base::codec::{Reader, Writer};
use crate::base::limits::{MAX_CATEGORY_BYTES, MAX_INTEGER, MAX_RECEIPTS, MAX_TAGS};
use crate::base::rule::{Refusal, Rule};
use crate::money::{Amount, Currency};
use crate::payload::fields::{read_currency, read_positive_amount, read_word, read_words};

const PAID_IN: u64 = 3;
const RECEIPTS: u64 = 4;
const TAGS: u64 = 5;
const SOURCE: u64 = 6;

/// Amount that was paid in another currency than that of the entry, and the rate by which it became
/// the entry's amount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaidIn {
    /// The other currency.
    pub currency: Currency,
    /// The amount in it, at least one minor unit.
    pub amount: Amount,
    /// How much of the entry's currency one unit of the other is, as numerator and denominator: of
    /// whole units, such as euros and not cents. Both are at least 1 and at most 2^63 - 1.
    pub rate: (u64, u64),
    /// Where the rate is from, such as `bank`; at most 128 bytes, and may be empty.
    pub source: String,
}

/// Picture or document of a receipt, which is kept elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The name of the sealed file: a hash.
    pub blob: [u8; 32],
    /// Its length in bytes, at least 1.
    pub size: u64,
    /// Its media type, such as `image/jpeg`: 1 to 128 bytes.
    pub media_type: String,
    /// The key that opens it.
    pub key: [u8; 32],
}

impl Hints {
    /// The tags, ascending. None if there are none, or the hint is not as SPEC.md says.
    #[must_use]
    pub fn tags(&self) -> Vec<String> {
        self.read(TAGS, read_tags).unwrap_or_default()
    }

    /// Sets the tags, in any order; none takes away those that were there.
    ///
    /// ```
    /// use ledger_core::Hints;
    /// let mut hints = Hints::default();
    /// hints.set_tags(["trip", "food"])?;
    /// assert_eq!(hints.tags(), ["food", "trip"]);
    /// # Ok::<(), ledger_core::HintError>(())
    /// ```
    ///
    /// # Errors
    /// [`HintError`] for more than 32 tags, one that is empty or longer than 128 bytes, or hints that
    /// exceed their limit.
    pub fn set_tags<'t>(
        &mut self,
        tags: impl IntoIterator<Item = &'t str>,
    ) -> Result<(), HintError> {
        let tags: std::collections::BTreeSet<&str> = tags.into_iter().collect();
        if tags.len() > MAX_TAGS {
            return Err(HintError::Value("there are at most 32 tags"));
        }
        if tags.iter().any(|tag| tag.is_empty() || tag.len() > MAX_CATEGORY_BYTES) {
            return Err(HintError::Value("a tag has 1 to 128 bytes"));
        }
        let mut w = Writer::new();
        if !tags.is_empty() {
            w.list(tags.iter(), |w, tag| w.text(tag));
        }
        self.set(TAGS, w.into_bytes())
    }

    /// What was paid in another currency. `None` if nothing says so, or the hint is not as SPEC.md
    /// says.
    #[must_use]
    pub fn paid_in(&self) -> Option<PaidIn> {
        self.read(PAID_IN, read_paid_in)
    }

    /// Sets what was paid in another currency; `None` takes it away.
    ///
    /// # Errors
    /// [`HintError`] for an amount or rate of zero, a rate above 2^63 - 1, or a source longer than
    /// 128 bytes.
    pub fn set_paid_in(&mut self, paid: Option<&PaidIn>) -> Result<(), HintError> {
        let mut w = Writer::new();
        if let Some(paid) = paid {
            let (numerator, denominator) = paid.rate;
            let range = 1..=MAX_INTEGER;
            if !range.contains(&numerator) || !range.contains(&denominator) {
                return Err(HintError::Value(
                    "a rate is a fraction of two integers from 1 to 2^63 - 1",
                ));
            }
            if paid.amount.is_zero() {
                return Err(HintError::Value("nothing was paid in the other currency"));
            }
            if paid.source.len() > MAX_CATEGORY_BYTES {
                return Err(HintError::Value("the source of a rate has at most 128 bytes"));
            }
            w.array(4);
            w.text(paid.currency.code());
            w.uint(paid.amount.minor_units());
            w.array(2);
            w.uint(numerator);
            w.uint(denominator);
            w.text(&paid.source);
        }
        self.set(PAID_IN, w.into_bytes())
    }

    /// Removes what was paid in another currency, unless it is set here to something else than
    /// before. An app that sends back the hints of the content shown does not set it.
    pub(super) fn remove_old_paid_in(&mut self, before: &Self) {
        let paid = self.get(PAID_IN);
        if paid.is_none() || paid == before.get(PAID_IN) {
            self.remove(PAID_IN);
        }
    }

    /// The receipts. None if there are none, or the hint is not as SPEC.md says.
    #[must_use]
    pub fn receipts(&self) -> Vec<Receipt> {
        self.read(RECEIPTS, read_receipts).unwrap_or_default()
    }

    /// Sets the receipts; none takes away those that were there.
    ///
    /// # Errors
    /// [`HintError`] for more than 8 receipts, one of no bytes or more than 2^63 - 1, or a media type
    /// of no bytes or more than 128.
    pub fn set_receipts(&mut self, receipts: &[Receipt]) -> Result<(), HintError> {
        if receipts.len() > MAX_RECEIPTS {
            return Err(HintError::Value("there are at most 8 receipts"));
        }
        let fits = |receipt: &Receipt| {
            (1..=MAX_INTEGER).contains(&receipt.size)
                && (1..=MAX_CATEGORY_BYTES).contains(&receipt.media_type.len())
        };
        if !receipts.iter().all(fits) {
            return Err(HintError::Value(
                "a receipt has at least one byte, and a media type of 1 to 128 bytes",
            ));
        }
        let mut w = Writer::new();
        if !receipts.is_empty() {
            w.list(receipts.iter(), |w, receipt| {
                w.array(4);
                w.bytes(&receipt.blob);
                w.uint(receipt.size);
                w.text(&receipt.media_type);
                w.bytes(&receipt.key);
            });
        }
        self.set(RECEIPTS, w.into_bytes())
    }

    /// The source of an imported row: a name of the group of another program of which the file was an
    /// export (SPEC §10). `None` if nothing says so, or the hint is not as SPEC.md says.
    ///
    /// ```
    /// use ledger_core::Hints;
    /// let mut hints = Hints::default();
    /// hints.set_source([7; 8])?;
    /// assert_eq!(hints.source(), Some([7; 8]));
    /// # Ok::<(), ledger_core::HintError>(())
    /// ```
    #[must_use]
    pub fn source(&self) -> Option<[u8; 8]> {
        self.get(SOURCE)?.try_into().ok()
    }

    /// Sets the source of an imported row.
    ///
    /// # Errors
    /// [`HintError`] for hints that exceed their limit.
    pub fn set_source(&mut self, source: [u8; 8]) -> Result<(), HintError> {
        self.set(SOURCE, source)
    }

    /// Reads a whole hint, or nothing.
    pub(super) fn read<T>(
        &self,
        key: u64,
        read: impl FnOnce(&mut Reader<'_>) -> Result<T, Refusal>,
    ) -> Option<T> {
        Reader::read_whole(self.get(key)?, read).ok()
    }
}

fn read_positive(r: &mut Reader<'_>) -> Result<u64, Refusal> {
    match r.uint()? {
        0 => Err(Refusal::new(Rule::P9)),
        n => Ok(n),
    }
}

fn read_tags(r: &mut Reader<'_>) -> Result<Vec<String>, Refusal> {
    let tags = read_words(r, MAX_TAGS, MAX_CATEGORY_BYTES)?;
    // Texts are compared by their bytes.
    if tags.is_empty() || !tags.is_sorted_by(|tag, next| tag < next) {
        return Err(Refusal::new(Rule::P9));
    }
    Ok(tags)
}

fn read_paid_in(r: &mut Reader<'_>) -> Result<PaidIn, Refusal> {
    r.array(4)?;
    let (currency, amount) = (read_currency(r)?, read_positive_amount(r)?);
    r.array(2)?;
    let rate = (read_positive(r)?, read_positive(r)?);
    let source = r.text(MAX_CATEGORY_BYTES)?.to_owned();
    Ok(PaidIn { currency, amount, rate, source })
}

fn read_receipts(r: &mut Reader<'_>) -> Result<Vec<Receipt>, Refusal> {
    let len = r.array_up_to(MAX_RECEIPTS, Rule::P9)?;
    let mut receipts = Vec::new();
    for _ in 0..len {
        r.array(4)?;
        let (blob, size) = (r.bytes_n()?, read_positive(r)?);
        let (media_type, key) = (read_word(r, MAX_CATEGORY_BYTES)?, r.bytes_n()?);
        receipts.push(Receipt { blob, size, media_type, key });
    }
    Ok(receipts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::MemberId;
    use crate::payload::{Expense, Transaction};

    fn paid() -> PaidIn {
        PaidIn {
            currency: Currency::from_code("USD").unwrap(),
            amount: Amount::from_minor_units(1234).unwrap(),
            rate: (9, 10),
            source: "bank".into(),
        }
    }

    fn receipt(n: u8) -> Receipt {
        Receipt { blob: [n; 32], size: 7, media_type: "image/jpeg".into(), key: [0; 32] }
    }

    #[test]
    fn hints_read_back_and_are_taken_away() {
        let mut hints = Hints::default();
        hints.set_tags(["b", "a", "b"]).unwrap();
        hints.set_paid_in(Some(&paid())).unwrap();
        hints.set_receipts(&[receipt(1), receipt(2)]).unwrap();
        assert_eq!(hints.tags(), ["a", "b"]);
        assert_eq!(hints.paid_in(), Some(paid()));
        assert_eq!(hints.receipts(), [receipt(1), receipt(2)]);
        hints.set_tags([]).unwrap();
        hints.set_paid_in(None).unwrap();
        hints.set_receipts(&[]).unwrap();
        let nothing = (hints.tags().len(), hints.paid_in(), hints.receipts().len());
        assert_eq!(nothing, (0, None, 0));
        // The keys stay, so that a correction does not bring back what was there before.
        assert_eq!(hints.iter().count(), 3);
    }

    #[test]
    fn what_is_not_as_it_should_be_says_nothing_and_is_kept() {
        for bytes in
            [&b""[..], &[0x80], &[0xff], &[0x81, 0x60], b"\x82\x61b\x61a", b"\x81\x61a\x00"]
        {
            let mut hints = Hints::default();
            for key in [PAID_IN, RECEIPTS, TAGS, SOURCE] {
                hints.set(key, bytes).unwrap();
                assert_eq!(hints.get(key), Some(bytes));
            }
            assert!(hints.tags().is_empty() && hints.receipts().is_empty(), "{bytes:x?}");
            assert_eq!((hints.paid_in(), hints.source()), (None, None));
        }
    }

    #[test]
    fn what_was_paid_goes_with_the_amount() {
        let dinner = |units, code: &str, hints: &Hints| {
            let amount = Amount::from_minor_units(units).unwrap();
            let (date, currency) =
                ("2026-11-21".parse().unwrap(), Currency::from_code(code).unwrap());
            let dinner = Expense::new(date, "Dinner", currency, amount).hints(hints.clone());
            Transaction::<MemberId>::Expense(dinner)
        };
        let (nothing, mut hints) = (Hints::default(), Hints::default());
        hints.set_paid_in(Some(&paid())).unwrap();
        hints.set_tags(["trip"]).unwrap();
        let shown = dinner(900, "EUR", &hints);
        let kept = |mut after: Transaction<MemberId>| {
            after.keep_hints(&shown);
            assert_eq!(after.hints().tags(), ["trip"]);
            after.hints().paid_in()
        };
        assert_eq!(kept(dinner(900, "EUR", &nothing)), Some(paid()));
        for sent in [&nothing, &hints] {
            assert_eq!(kept(dinner(800, "EUR", sent)), None);
            assert_eq!(kept(dinner(900, "CHF", sent)), None);
        }
        let other = PaidIn { rate: (8, 10), ..paid() };
        hints.set_paid_in(Some(&other)).unwrap();
        assert_eq!(kept(dinner(800, "EUR", &hints)), Some(other));
    }

    #[test]
    fn what_is_out_of_bounds_is_not_set() {
        let mut hints = Hints::default();
        let tags: Vec<String> = (0..33).map(|n| n.to_string()).collect();
        hints.set_tags(tags.iter().map(String::as_str)).unwrap_err();
        hints.set_tags(tags[1..].iter().map(String::as_str)).unwrap();
        hints.set_tags([""]).unwrap_err();
        hints.set_tags([&*"x".repeat(129)]).unwrap_err();
        for rate in [(0, 1), (1, 0), (1 << 63, 1), (1, 1 << 63)] {
            hints.set_paid_in(Some(&PaidIn { rate, ..paid() })).unwrap_err();
        }
        hints.set_paid_in(Some(&PaidIn { amount: Amount::ZERO, ..paid() })).unwrap_err();
        hints.set_receipts(&vec![receipt(1); 9]).unwrap_err();
        hints.set_receipts(&[Receipt { size: 0, ..receipt(1) }]).unwrap_err();
        hints.set_receipts(&[Receipt { media_type: String::new(), ..receipt(1) }]).unwrap_err();
        assert_eq!(hints.tags().len(), 32, "what was set stays");
    }
}
