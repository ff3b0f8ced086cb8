//! Wire form of transactions: members are refs, each field has one encoding
//! (SPEC §4.4, §4.5).

use super::more::More;
use super::{Expense, Hints, Transaction, Transfer};
use crate::base::codec::{Reader, Writer};
use crate::base::limits::{MAX_CATEGORY_BYTES, MAX_REFS, MAX_TEXT_BYTES};
use crate::base::rule::{Refusal, Rule};
use crate::header::Kind;
use crate::money::{Amount, Direction};
use crate::payload::RefIndex;
use crate::payload::fields::{read_amount, read_currency, read_date, read_positive_amount};

/// Part of one member in an expense: the index of the member's introduction among the entry's refs,
/// and the amount.
type Part = (RefIndex, Amount);

impl Transaction<RefIndex> {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Expense(_) => Kind::EXPENSE,
            Self::Transfer(_) => Kind::TRANSFER,
        }
    }

    pub(crate) fn read(kind: Kind, r: &mut Reader<'_>) -> Result<Self, Refusal> {
        match kind {
            Kind::EXPENSE => Expense::read(r).map(Self::Expense),
            Kind::TRANSFER => Transfer::read(r).map(Self::Transfer),
            other => Err(Refusal::with_detail(
                Rule::C1,
                format!("kind {} is neither an expense nor a transfer", other.number()),
            )),
        }
    }

    pub(crate) fn write(&self, w: &mut Writer) {
        match self {
            Self::Expense(expense) => expense.write(w),
            Self::Transfer(transfer) => transfer.write(w),
        }
    }
}

impl Expense<RefIndex> {
    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(9)?;
        let mut expense = Self {
            date: read_date(r)?,
            description: r.text(MAX_TEXT_BYTES)?.to_owned(),
            category: r.optional(|r| r.text(MAX_CATEGORY_BYTES).map(str::to_owned))?,
            note: r.optional(|r| r.text(MAX_TEXT_BYTES).map(str::to_owned))?,
            currency: read_currency(r)?,
            amount: read_amount(r)?,
            payers: read_parts(r)?,
            shares: read_parts(r)?,
            direction: Direction::default(),
            origin: None,
            hints: Hints::default(),
        };
        let More { origin, direction, hints } = More::read(Kind::EXPENSE, r)?;
        (expense.origin, expense.direction, expense.hints) = (origin, direction, hints);
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
        More::write(w, self.origin, self.direction, &self.hints);
    }

    /// Rule P7: the parts sum to the amount.
    fn check_sum(&self, parts: &[Part], whose: &str) -> Result<(), Refusal> {
        let sum = Amount::checked_sum(parts.iter().map(|(_, amount)| *amount));
        if sum == Some(self.amount) {
            return Ok(());
        }
        // Without the amounts: apps log errors.
        let more = sum.is_none_or(|sum| sum > self.amount);
        let how = if more { "more" } else { "less" };
        Err(Refusal::with_detail(Rule::P7, format!("{whose} sum to {how} than the amount")))
    }
}

impl Transfer<RefIndex> {
    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(7)?;
        let mut transfer = Self {
            date: read_date(r)?,
            description: r.text(MAX_TEXT_BYTES)?.to_owned(),
            currency: read_currency(r)?,
            amount: read_positive_amount(r)?,
            from: RefIndex::read(r)?,
            to: RefIndex::read(r)?,
            origin: None,
            hints: Hints::default(),
        };
        let More { origin, hints, .. } = More::read(Kind::TRANSFER, r)?;
        (transfer.origin, transfer.hints) = (origin, hints);
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
        More::write(w, self.origin, Direction::Outgoing, &self.hints);
    }
}

/// Reads parts, strictly ascending by ref (rule P7).
fn read_parts(r: &mut Reader<'_>) -> Result<Vec<Part>, Refusal> {
    let len = r.array_up_to(MAX_REFS, Rule::P1)?;
    let mut parts: Vec<Part> = Vec::with_capacity(len);
    for _ in 0..len {
        r.array(2)?;
        let part = (RefIndex::read(r)?, read_positive_amount(r)?);
        if parts.last().is_some_and(|last| last.0 >= part.0) {
            return Err(Refusal::with_detail(Rule::P7, "not ascending"));
        }
        parts.push(part);
    }
    Ok(parts)
}

fn write_parts(w: &mut Writer, parts: &[Part]) {
    w.array(parts.len());
    for (member, amount) in parts {
        w.array(2);
        member.write(w);
        w.uint(amount.minor_units());
    }
}
