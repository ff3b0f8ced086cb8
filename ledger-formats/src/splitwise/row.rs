//! Rows: their fields, and the meaning of these.

use super::error::{Error, ErrorKind, shorten};
use super::header::{CATEGORY, COST, CURRENCY, DATE, DESCRIPTION, Header, MEMBERS, check_length};
use super::origin::{Content, Origins};
use super::table::Record;
use super::totals::ClosingTotal;
use super::{Inference, Row, RowKind};
use ledger_core::limits::{MAX_CATEGORY_BYTES, MAX_TEXT_BYTES};
use ledger_core::{Amount, Balance, Currency, Date, Direction, Origin, split_equally};

/// The description of a closing row.
pub(super) const TOTAL: &str = "Total balance";

/// The category of a transfer.
pub(super) const PAYMENT: &str = "Payment";

/// A row under the header.
pub(super) struct Fields<'a> {
    header: &'a Header,
    record: &'a Record,
}

impl<'a> Fields<'a> {
    pub(super) fn new(header: &'a Header, record: &'a Record) -> Result<Self, Error> {
        let (found, expected) = (record.len(), header.columns());
        let surplus = record.fields().skip(expected).any(|field| !field.trim().is_empty());
        if found < expected || surplus {
            let kind = ErrorKind::FieldCount { found, expected };
            return Err(Error::new(record.line, kind));
        }
        Ok(Self { header, record })
    }

    pub(super) fn is_closing_total(&self) -> bool {
        self.trimmed(DESCRIPTION) == TOTAL && self.trimmed(COST).is_empty()
    }

    pub(super) fn closing_total(&self) -> Result<ClosingTotal, Error> {
        let currency = self.currency()?;
        Ok(ClosingTotal { line: self.record.line, currency, balances: self.balances(currency)? })
    }

    pub(super) fn row(&self, origins: &mut Origins) -> Result<Row, Error> {
        let date = self.date()?;
        let description = self.record.field(DESCRIPTION);
        self.check_length(DESCRIPTION, description, MAX_TEXT_BYTES)?;
        let category = self.trimmed(CATEGORY);
        self.check_length(CATEGORY, category, MAX_CATEGORY_BYTES)?;
        let category = Some(category).filter(|category| !category.is_empty());
        let currency = self.currency()?;
        let (cost, direction) = self.cost(currency)?;
        let nets = self.balances(currency)?;

        let sum = nets.iter().fold(Balance::ZERO, |sum, net| sum.plus(*net));
        if !sum.is_zero() {
            let kind = ErrorKind::Unbalanced { sum: sum.format(currency), currency };
            return Err(Error::new(self.record.line, kind));
        }
        let content =
            Content { date, description, category, cost, direction, currency, nets: &nets };
        let origin = origins.next(&content, &self.header.members);
        let transfer = category
            .filter(|category| category.eq_ignore_ascii_case(PAYMENT))
            .filter(|_| direction == Direction::Outgoing)
            .and_then(|_| transfer(cost, &nets));
        let (kind, inference) = match transfer {
            Some(kind) => (kind, Inference::Exact),
            None => expense(cost, direction, &nets, origin).ok_or_else(|| {
                let owed = owed(&mirrored(direction, &nets)).format(currency);
                let kind = ErrorKind::CostTooSmall { cost: cost.format(currency), owed, currency };
                self.error(COST, kind)
            })?,
        };
        Ok(Row {
            line: self.record.line,
            origin,
            date,
            description: description.to_owned(),
            category: category.map(str::to_owned),
            currency,
            amount: cost,
            kind,
            inference,
        })
    }

    fn date(&self) -> Result<Date, Error> {
        let text = self.trimmed(DATE);
        text.parse()
            .map_err(|source| self.error(DATE, ErrorKind::Date { found: shorten(text), source }))
    }

    fn currency(&self) -> Result<Currency, Error> {
        Currency::from_code(self.trimmed(CURRENCY))
            .map_err(|source| self.error(CURRENCY, ErrorKind::Currency(source)))
    }

    /// The cost without its sign, and the direction that the sign means.
    fn cost(&self, currency: Currency) -> Result<(Amount, Direction), Error> {
        let text = self.trimmed(COST);
        let (size, is_negative) = self.size(COST, text, currency)?;
        let is_refund = is_negative && !size.is_zero();
        Ok((size, if is_refund { Direction::Incoming } else { Direction::Outgoing }))
    }

    /// The members' numbers, in column order.
    fn balances(&self, currency: Currency) -> Result<Vec<Balance>, Error> {
        (MEMBERS..self.header.columns()).map(|index| self.balance(index, currency)).collect()
    }

    /// A number with or without a minus sign.
    fn balance(&self, index: usize, currency: Currency) -> Result<Balance, Error> {
        let (size, is_negative) = self.size(index, self.trimmed(index), currency)?;
        let size = Balance::from(size);
        Ok(if is_negative { size.negated() } else { size })
    }

    /// A number without its sign, and whether it has a minus sign.
    fn size(&self, index: usize, text: &str, currency: Currency) -> Result<(Amount, bool), Error> {
        let digits = text.strip_prefix('-');
        let size = Amount::parse(digits.unwrap_or(text), currency).map_err(|source| {
            self.error(index, ErrorKind::Amount { found: shorten(text), source })
        })?;
        Ok((size, digits.is_some()))
    }

    fn trimmed(&self, index: usize) -> &'a str {
        self.record.field(index).trim()
    }

    fn check_length(&self, index: usize, text: &str, allowed: usize) -> Result<(), Error> {
        check_length(text, allowed).map_err(|kind| self.error(index, kind))
    }

    fn error(&self, index: usize, kind: ErrorKind) -> Error {
        self.header.error(self.record.line, index, kind)
    }
}

/// A balance that is not negative, as an amount.
fn amount(balance: Balance) -> Option<Amount> {
    let minor_units = u64::try_from(balance.minor_units()).ok()?;
    Amount::from_minor_units(minor_units).ok()
}

/// Sum that is owed to the members who paid more than their share.
fn owed(nets: &[Balance]) -> Balance {
    nets.iter().fold(Balance::ZERO, |sum, net| sum.plus(Balance::ZERO.max(*net)))
}

/// Nets with their signs turned if the money came in.
fn mirrored(direction: Direction, nets: &[Balance]) -> Vec<Balance> {
    match direction {
        Direction::Outgoing => nets.to_vec(),
        Direction::Incoming => nets.iter().map(|net| net.negated()).collect(),
    }
}

/// A payment of the whole cost from one member to another.
fn transfer(cost: Amount, nets: &[Balance]) -> Option<RowKind> {
    let mut parties = nets.iter().enumerate().filter(|(_, net)| !net.is_zero());
    let (first, second) = (parties.next()?, parties.next()?);
    let (from, to) = if first.1 > second.1 { (first, second) } else { (second, first) };
    // The nets of a row add up to 0, so the other one is the same.
    let whole = parties.next().is_none() && *from.1 == Balance::from(cost);
    whole.then_some(RowKind::Transfer { from: from.0, to: to.0 })
}

/// Payers and shares that cost what the row costs and leave every member with
/// the row's net; none if the cost is less than what members are owed.
///
/// An export says only what a member paid less what they owe. Members with a
/// negative net are taken to have paid nothing. What the cost exceeds the
/// positive nets by was both paid and owed by members with a positive net, in
/// equal parts as far as anyone can know; by all members if no net is positive.
///
/// A refund is read as the expense with all signs turned: members with a negative net received it.
fn expense(
    cost: Amount,
    direction: Direction,
    nets: &[Balance],
    origin: Origin,
) -> Option<(RowKind, Inference)> {
    let nets = &mirrored(direction, nets)[..];
    let positive = nets.iter().filter(|net| **net > Balance::ZERO).count();
    let inference = match positive {
        0 if cost.is_zero() => Inference::Exact,
        0 => Inference::NoEffect,
        1 => Inference::Exact,
        _ => Inference::SeveralPayers,
    };
    let excess = amount(Balance::from(cost).minus(owed(nets)))?;
    let takes_part = |net: &Balance| positive == 0 || *net > Balance::ZERO;
    let parts = if positive == 0 { nets.len() } else { positive };
    let turn = u64::from_be_bytes(origin.as_bytes().first_chunk().copied().unwrap_or_default());
    let mut excess = split_equally(excess, parts, turn).into_iter();

    let (mut payers, mut shares) = (Vec::new(), Vec::new());
    for (member, net) in nets.iter().enumerate() {
        let both = if takes_part(net) { excess.next()? } else { Amount::ZERO };
        let paid = both.checked_add(amount(Balance::ZERO.max(*net))?)?;
        let owes = both.checked_add(amount(Balance::ZERO.max(Balance::ZERO.minus(*net)))?)?;
        payers.extend((!paid.is_zero()).then_some((member, paid)));
        shares.extend((!owes.is_zero()).then_some((member, owes)));
    }
    Some((RowKind::Expense { payers, shares, direction }, inference))
}
