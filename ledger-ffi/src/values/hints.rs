//! Hints of expenses and transfers: tags, receipts, another currency.

use ledger_core::{Currency, HintError, PaidIn as Paid, Receipt as Kept};

use super::money::{amount, minor_units};
use crate::error::{ErrorCode, LedgerError};

/// Notes beside the money of an expense or transfer. No balance follows from them.
#[derive(Clone, Debug, Default, PartialEq, Eq, uniffi::Record)]
pub struct Hints {
    /// Tags, at most 32, each of 1 to 128 bytes. They come back in ascending order.
    pub tags: Vec<String>,
    /// Receipts, at most 8.
    pub receipts: Vec<Receipt>,
    /// What was paid in another currency.
    pub paid_in: Option<PaidIn>,
}

/// Picture or document of a receipt, which the app keeps elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Receipt {
    /// The name of the sealed file: a hash of 32 bytes.
    pub blob: Vec<u8>,
    /// Its length in bytes, at least 1.
    pub size: u64,
    /// Its media type, such as `image/jpeg`.
    pub media_type: String,
    /// The key that opens it, of 32 bytes.
    pub key: Vec<u8>,
}

/// Amount that was paid in another currency.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct PaidIn {
    /// The code of the other currency, such as `USD`.
    pub currency: String,
    /// The amount in its minor units, at least 1.
    pub minor_units: i64,
    /// Numerator of the rate: how much of the transaction's currency one unit of the other is, in
    /// whole units such as euros. At least 1.
    pub numerator: u64,
    /// Denominator of the rate, at least 1.
    pub denominator: u64,
    /// Where the rate is from; may be empty.
    pub source: String,
}

// Keys of the hints (SPEC §4.12).
const PAID_IN: u64 = 3;
const RECEIPTS: u64 = 4;
const TAGS: u64 = 5;

impl From<&ledger_core::Hints> for Hints {
    fn from(hints: &ledger_core::Hints) -> Self {
        Self {
            tags: hints.tags(),
            receipts: hints.receipts().into_iter().map(of_receipt).collect(),
            paid_in: hints.paid_in().map(of_paid),
        }
    }
}

pub(super) fn of_receipt(kept: Kept) -> Receipt {
    Receipt {
        blob: kept.blob.to_vec(),
        size: kept.size,
        media_type: kept.media_type,
        key: kept.key.to_vec(),
    }
}

pub(super) fn of_paid(paid: Paid) -> PaidIn {
    PaidIn {
        currency: paid.currency.code().to_owned(),
        minor_units: minor_units(paid.amount),
        numerator: paid.rate.0,
        denominator: paid.rate.1,
        source: paid.source,
    }
}

impl Hints {
    /// Sets these hints, and takes away those that are not among them: a correction does not bring
    /// them back.
    pub(super) fn set(self, hints: &mut ledger_core::Hints) -> Result<(), LedgerError> {
        let Self { tags, receipts, paid_in } = self;
        match tags.as_slice() {
            [] => hints.remove(TAGS),
            some => hints.set_tags(some.iter().map(String::as_str)).map_err(invalid)?,
        }
        let receipts = receipts.into_iter().map(Receipt::known).collect::<Result<Vec<_>, _>>()?;
        match receipts.as_slice() {
            [] => hints.remove(RECEIPTS),
            some => hints.set_receipts(some).map_err(invalid)?,
        }
        match paid_in {
            None => hints.remove(PAID_IN),
            Some(paid) => hints.set_paid_in(Some(&paid.known()?)).map_err(invalid)?,
        }
        Ok(())
    }
}

impl Receipt {
    fn known(self) -> Result<Kept, LedgerError> {
        let bytes = |bytes: Vec<u8>| {
            <[u8; 32]>::try_from(bytes).map_err(|found| {
                let text = format!("name and key of a receipt have 32 bytes, not {}", found.len());
                LedgerError::new(ErrorCode::InvalidEntry, text)
            })
        };
        let (blob, key) = (bytes(self.blob)?, bytes(self.key)?);
        Ok(Kept { blob, size: self.size, media_type: self.media_type, key })
    }
}

impl PaidIn {
    fn known(self) -> Result<Paid, LedgerError> {
        Ok(Paid {
            currency: self.currency.parse::<Currency>()?,
            amount: amount(self.minor_units)?,
            rate: (self.numerator, self.denominator),
            source: self.source,
        })
    }
}

fn invalid(error: HintError) -> LedgerError {
    LedgerError::new(ErrorCode::InvalidEntry, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some() -> Hints {
        let receipt = Receipt {
            blob: vec![1; 32],
            size: 9,
            media_type: "image/png".into(),
            key: vec![2; 32],
        };
        let paid = PaidIn {
            currency: "USD".into(),
            minor_units: 1000,
            numerator: 9,
            denominator: 10,
            source: "bank".into(),
        };
        Hints { tags: vec!["food".into()], receipts: vec![receipt], paid_in: Some(paid) }
    }

    #[test]
    fn hints_go_both_ways_and_are_taken_away() {
        let mut known = ledger_core::Hints::default();
        some().set(&mut known).unwrap();
        assert_eq!(Hints::from(&known), some());
        Hints::default().set(&mut known).unwrap();
        assert!(known.is_empty() && Hints::from(&known) == Hints::default());
    }

    #[test]
    fn what_is_out_of_bounds_says_so() {
        let code = |hints: Hints| hints.set(&mut ledger_core::Hints::default()).unwrap_err().code();
        let mut short = some();
        short.receipts[0].key.pop();
        assert_eq!(code(short), ErrorCode::InvalidEntry);
        assert_eq!(code(Hints { tags: vec![String::new()], ..some() }), ErrorCode::InvalidEntry);
        let mut nothing = some();
        nothing.paid_in.as_mut().unwrap().minor_units = 0;
        assert_eq!(code(nothing), ErrorCode::InvalidEntry);
        let mut unknown = some();
        unknown.paid_in.as_mut().unwrap().currency = "dollars".into();
        assert_eq!(code(unknown), ErrorCode::InvalidCurrency);
    }
}
