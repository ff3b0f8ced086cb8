//! Money: expenses and transfers (SPEC §4.4, §4.5).

use super::{Kind, RefIndex};
use crate::codec::{Reader, Writer};
use crate::id::Origin;
use crate::limits::{MAX_CATEGORY_BYTES, MAX_REFS, MAX_TEXT_BYTES};
use crate::money::{Amount, Currency, Date};
use crate::rule::{Refusal, Rule};

/// What a slot shows: an expense or a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Money spent for several people.
    Expense(Expense),
    /// Money given from one member to another.
    Transfer(Transfer),
}

/// One person's part in an expense: who (a ref to an introduction), how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The place of the person's introduction among the refs.
    pub member: RefIndex,
    /// The part, at least one minor unit.
    pub amount: Amount,
}

/// Money spent for several people: `[date, description, category, note,
/// currency, amount, payers, shares, origin]`. What each payer paid and each
/// share sum to the amount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expense {
    pub(crate) date: Date,
    pub(crate) description: String,
    pub(crate) category: Option<String>,
    pub(crate) note: Option<String>,
    pub(crate) currency: Currency,
    pub(crate) amount: Amount,
    pub(crate) payers: Vec<Part>,
    pub(crate) shares: Vec<Part>,
    pub(crate) origin: Option<Origin>,
}

/// Money given back: `[date, description, currency, amount, from, to, origin]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    pub(crate) date: Date,
    pub(crate) description: String,
    pub(crate) currency: Currency,
    pub(crate) amount: Amount,
    pub(crate) from: RefIndex,
    pub(crate) to: RefIndex,
    pub(crate) origin: Option<Origin>,
}

impl Content {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Expense(_) => Kind::EXPENSE,
            Self::Transfer(_) => Kind::TRANSFER,
        }
    }

    pub(super) fn read(kind: Kind, r: &mut Reader<'_>) -> Result<Self, Refusal> {
        match kind {
            Kind::EXPENSE => Expense::read(r).map(Self::Expense),
            Kind::TRANSFER => Transfer::read(r).map(Self::Transfer),
            other => Err(Refusal::with_detail(
                Rule::C1,
                format!("kind {} is neither an expense nor a transfer", other.number()),
            )),
        }
    }

    pub(super) fn write(&self, w: &mut Writer) {
        match self {
            Self::Expense(expense) => expense.write(w),
            Self::Transfer(transfer) => transfer.write(w),
        }
    }

    pub(crate) fn each_ref(&self, visit: &mut dyn FnMut(RefIndex)) {
        match self {
            Self::Expense(expense) => {
                expense.payers.iter().chain(&expense.shares).for_each(|part| visit(part.member));
            }
            Self::Transfer(transfer) => {
                visit(transfer.from);
                visit(transfer.to);
            }
        }
    }

    /// The business date.
    #[must_use]
    pub fn date(&self) -> Date {
        match self {
            Self::Expense(expense) => expense.date,
            Self::Transfer(transfer) => transfer.date,
        }
    }

    /// What it was for.
    #[must_use]
    pub fn description(&self) -> &str {
        match self {
            Self::Expense(expense) => &expense.description,
            Self::Transfer(transfer) => &transfer.description,
        }
    }

    /// The currency.
    #[must_use]
    pub fn currency(&self) -> Currency {
        match self {
            Self::Expense(expense) => expense.currency,
            Self::Transfer(transfer) => transfer.currency,
        }
    }

    /// The whole amount.
    #[must_use]
    pub fn amount(&self) -> Amount {
        match self {
            Self::Expense(expense) => expense.amount,
            Self::Transfer(transfer) => transfer.amount,
        }
    }

    /// The imported row that this came from.
    #[must_use]
    pub fn origin(&self) -> Option<Origin> {
        match self {
            Self::Expense(expense) => expense.origin,
            Self::Transfer(transfer) => transfer.origin,
        }
    }
}

impl Expense {
    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(9)?;
        let expense = Self {
            date: read_date(r)?,
            description: r.text(MAX_TEXT_BYTES)?.to_owned(),
            category: r.optional(|r| r.text(MAX_CATEGORY_BYTES).map(str::to_owned))?,
            note: r.optional(|r| r.text(MAX_TEXT_BYTES).map(str::to_owned))?,
            currency: read_currency(r)?,
            amount: read_amount(r)?,
            payers: read_parts(r)?,
            shares: read_parts(r)?,
            origin: read_origin(r)?,
        };
        expense.check_sum(&expense.payers, "the payers")?;
        expense.check_sum(&expense.shares, "the shares")?;
        Ok(expense)
    }

    fn write(&self, w: &mut Writer) {
        w.array(9);
        w.uint(u64::from(self.date.yyyymmdd()));
        w.text(&self.description);
        w.optional(self.category.as_deref(), Writer::text);
        w.optional(self.note.as_deref(), Writer::text);
        w.text(self.currency.code());
        w.uint(self.amount.minor_units());
        write_parts(w, &self.payers);
        write_parts(w, &self.shares);
        w.optional(self.origin, |w, origin| w.bytes(origin.as_bytes()));
    }

    /// Rule P7: the parts sum to the amount.
    fn check_sum(&self, parts: &[Part], whose: &str) -> Result<(), Refusal> {
        let sum = Amount::checked_sum(parts.iter().map(|part| part.amount));
        if sum == Some(self.amount) {
            return Ok(());
        }
        // Without the amounts: apps log errors.
        let more = sum.is_none_or(|sum| sum > self.amount);
        let how = if more { "more" } else { "less" };
        Err(Refusal::with_detail(Rule::P7, format!("{whose} sum to {how} than the amount")))
    }

    /// The category, if any.
    #[must_use]
    pub fn category(&self) -> Option<&str> {
        self.category.as_deref()
    }

    /// A note, if any.
    #[must_use]
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// Who paid how much.
    #[must_use]
    pub fn payers(&self) -> &[Part] {
        &self.payers
    }

    /// Whose share is how much.
    #[must_use]
    pub fn shares(&self) -> &[Part] {
        &self.shares
    }
}

impl Transfer {
    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(7)?;
        let transfer = Self {
            date: read_date(r)?,
            description: r.text(MAX_TEXT_BYTES)?.to_owned(),
            currency: read_currency(r)?,
            amount: read_positive_amount(r)?,
            from: RefIndex::read(r)?,
            to: RefIndex::read(r)?,
            origin: read_origin(r)?,
        };
        if transfer.from == transfer.to {
            return Err(Refusal::new(Rule::P8));
        }
        Ok(transfer)
    }

    fn write(&self, w: &mut Writer) {
        w.array(7);
        w.uint(u64::from(self.date.yyyymmdd()));
        w.text(&self.description);
        w.text(self.currency.code());
        w.uint(self.amount.minor_units());
        self.from.write(w);
        self.to.write(w);
        w.optional(self.origin, |w, origin| w.bytes(origin.as_bytes()));
    }

    /// Who gave.
    #[must_use]
    pub fn from(&self) -> RefIndex {
        self.from
    }

    /// Who received.
    #[must_use]
    pub fn to(&self) -> RefIndex {
        self.to
    }
}

fn read_date(r: &mut Reader<'_>) -> Result<Date, Refusal> {
    let number = r.uint()?;
    Date::from_yyyymmdd(number).map_err(|_| Refusal::with_detail(Rule::P4, number.to_string()))
}

pub(crate) fn read_currency(r: &mut Reader<'_>) -> Result<Currency, Refusal> {
    Currency::from_letters(r.text(MAX_TEXT_BYTES)?.as_bytes()).ok_or_else(|| Refusal::new(Rule::P5))
}

fn read_amount(r: &mut Reader<'_>) -> Result<Amount, Refusal> {
    let minor_units = r.uint()?;
    Amount::from_minor_units(minor_units)
        .map_err(|_| Refusal::with_detail(Rule::P6, minor_units.to_string()))
}

fn read_positive_amount(r: &mut Reader<'_>) -> Result<Amount, Refusal> {
    let amount = read_amount(r)?;
    if amount.is_zero() {
        return Err(Refusal::with_detail(Rule::P6, "0"));
    }
    Ok(amount)
}

fn read_origin(r: &mut Reader<'_>) -> Result<Option<Origin>, Refusal> {
    r.optional(|r| r.bytes_n().map(Origin::from_bytes))
}

/// Reads parts, strictly ascending by ref (rule P7).
fn read_parts(r: &mut Reader<'_>) -> Result<Vec<Part>, Refusal> {
    let len = r.array_up_to(MAX_REFS, Rule::P1)?;
    let mut parts: Vec<Part> = Vec::with_capacity(len);
    for _ in 0..len {
        r.array(2)?;
        let part = Part { member: RefIndex::read(r)?, amount: read_positive_amount(r)? };
        if parts.last().is_some_and(|last| last.member >= part.member) {
            return Err(Refusal::with_detail(Rule::P7, "not ascending"));
        }
        parts.push(part);
    }
    Ok(parts)
}

fn write_parts(w: &mut Writer, parts: &[Part]) {
    w.array(parts.len());
    for part in parts {
        w.array(2);
        part.member.write(w);
        w.uint(part.amount.minor_units());
    }
}
