//! Rows in few bytes: a file of a million rows must fit into the memory of a phone.

use ledger_core::{Amount, Balance, Currency, Date, Direction, Hints};
use minicbor::{Decoder, Encoder, decode, encode};

/// Bytes in one block. Blocks are never moved, so growing needs no second copy.
const BLOCK: usize = 1 << 18;

/// What a reader found in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) line: u64,
    pub(crate) date: Date,
    pub(crate) description: String,
    /// Without white space around it, and not empty.
    pub(crate) category: Option<String>,
    pub(crate) note: Option<String>,
    pub(crate) currency: Currency,
    pub(crate) cost: Amount,
    pub(crate) money: Money,
    /// From which no balance follows: tags, another currency, the rule of the split.
    pub(crate) hints: Hints,
}

/// How a row moves money. People are places in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Money {
    /// What each person paid less what they owe, in the order of the file.
    Nets(Direction, Vec<Balance>),
    /// Who paid and who owes how much; both sum to the cost, and no part is zero.
    Sides(Direction, Vec<(usize, Amount)>, Vec<(usize, Amount)>),
    /// One person gave the cost to another.
    Transfer {
        /// Who gave.
        from: usize,
        /// Who received.
        to: usize,
    },
}

impl Found {
    pub(crate) fn direction(&self) -> Direction {
        match self.money {
            Money::Nets(direction, _) | Money::Sides(direction, ..) => direction,
            Money::Transfer { .. } => Direction::Outgoing,
        }
    }

    /// What each of so many people paid less what they owe.
    pub(super) fn nets(&self, people: usize) -> Vec<Balance> {
        let mut nets = vec![Balance::ZERO; people];
        let mut add = |person: usize, part: Balance| {
            if let Some(net) = nets.get_mut(person) {
                *net = net.plus(part);
            }
        };
        match &self.money {
            Money::Nets(_, nets) => {
                nets.iter().enumerate().for_each(|(person, net)| add(person, *net))
            }
            Money::Sides(direction, payers, shares) => {
                let (credited, debited) = match direction {
                    Direction::Outgoing => (payers, shares),
                    Direction::Incoming => (shares, payers),
                };
                credited.iter().for_each(|(person, part)| add(*person, (*part).into()));
                debited
                    .iter()
                    .for_each(|(person, part)| add(*person, Balance::from(*part).negated()));
            }
            Money::Transfer { from, to } => {
                add(*from, self.cost.into());
                add(*to, Balance::from(self.cost).negated());
            }
        }
        nets
    }
}

/// Rows one behind the other, each as CBOR. The bytes stay in memory and are no format.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Packed {
    blocks: Vec<Vec<u8>>,
    len: usize,
    /// Categories and codes, which are few and stand in many rows.
    words: Vec<String>,
}

impl Packed {
    pub(super) fn push(
        &mut self,
        found: &Found,
        words: &mut std::collections::BTreeMap<String, u64>,
    ) {
        let mut word = |text: &str| -> u64 {
            if let Some(place) = words.get(text) {
                return *place;
            }
            let place = number(self.words.len());
            self.words.push(text.to_owned());
            words.insert(text.to_owned(), place);
            place
        };
        let category = found.category.as_deref().map(&mut word);
        let currency = word(found.currency.code());
        let mut encoder = Encoder::new(Vec::new());
        // Writing to a vector cannot fail.
        let written = write(&mut encoder, found, category, currency);
        debug_assert!(written.is_ok());
        let row = encoder.into_writer();
        let has_room = |block: &&mut Vec<u8>| block.len().saturating_add(row.len()) <= BLOCK;
        match self.blocks.last_mut().filter(has_room) {
            Some(block) => block.extend_from_slice(&row),
            None => {
                let mut block = Vec::with_capacity(BLOCK.max(row.len()));
                block.extend_from_slice(&row);
                self.blocks.push(block);
            }
        }
        self.len = self.len.saturating_add(1);
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// The rows, in the order in which they came.
    pub(super) fn iter(&self, people: usize) -> Unpack<'_> {
        Unpack { packed: self, people, block: 0, place: 0 }
    }
}

/// Iterator of packed rows.
#[derive(Clone, Debug)]
pub(super) struct Unpack<'a> {
    packed: &'a Packed,
    people: usize,
    block: usize,
    place: usize,
}

impl Iterator for Unpack<'_> {
    type Item = Found;

    fn next(&mut self) -> Option<Found> {
        loop {
            let block = self.packed.blocks.get(self.block)?;
            let rest = block.get(self.place..).filter(|rest| !rest.is_empty());
            let Some(rest) = rest else {
                (self.block, self.place) = (self.block.saturating_add(1), 0);
                continue;
            };
            let mut decoder = Decoder::new(rest);
            // These bytes were written here, so that they can be read.
            let found = read(&mut decoder, &self.packed.words, self.people);
            debug_assert!(found.is_ok());
            self.place = self.place.saturating_add(decoder.position());
            return found.ok();
        }
    }
}

type Written = Result<(), encode::Error<core::convert::Infallible>>;

fn write(w: &mut Encoder<Vec<u8>>, found: &Found, category: Option<u64>, currency: u64) -> Written {
    w.u64(found.line)?.u32(found.date.yyyymmdd())?.str(&found.description)?;
    match category {
        Some(category) => w.u64(category)?,
        None => w.null()?,
    };
    match &found.note {
        Some(note) => w.str(note)?,
        None => w.null()?,
    };
    w.u64(currency)?.u64(found.cost.minor_units())?;
    w.bool(found.direction() == Direction::Incoming)?;
    match &found.money {
        Money::Nets(_, nets) => {
            let nets = nets.iter().enumerate().filter(|(_, net)| !net.is_zero());
            w.u8(0)?.array(number(nets.clone().count()))?;
            for (person, net) in nets {
                w.u64(number(person))?.bool(*net < Balance::ZERO)?;
                // A net is read as an amount, so it fits.
                w.u64(u64::try_from(net.minor_units().unsigned_abs()).unwrap_or(u64::MAX))?;
            }
        }
        Money::Sides(_, payers, shares) => {
            w.u8(1)?;
            for side in [payers, shares] {
                w.array(number(side.len()))?;
                for (person, part) in side {
                    w.u64(number(*person))?.u64(part.minor_units())?;
                }
            }
        }
        Money::Transfer { from, to } => {
            w.u8(2)?.u64(number(*from))?.u64(number(*to))?;
        }
    }
    w.array(number(found.hints.iter().count()))?;
    for (key, bytes) in found.hints.iter() {
        w.u64(key)?.bytes(bytes)?;
    }
    Ok(())
}

fn read(r: &mut Decoder<'_>, words: &[String], people: usize) -> Result<Found, decode::Error> {
    let wrong = |_| decode::Error::message("not a packed row");
    let word = |place: u64| {
        let word = usize::try_from(place).ok().and_then(|place| words.get(place));
        word.ok_or(decode::Error::message("no such word"))
    };
    let line = r.u64()?;
    let date = Date::from_yyyymmdd(r.u64()?).map_err(|_| decode::Error::message("no date"))?;
    let description = r.str()?.to_owned();
    let category = nullable(r, |r| Ok(word(r.u64()?)?.clone()))?;
    let note = nullable(r, |r| Ok(r.str()?.to_owned()))?;
    let currency = Currency::from_code(word(r.u64()?)?);
    let currency = currency.map_err(|_| decode::Error::message("no currency"))?;
    let cost = amount(r)?;
    let direction = if r.bool()? { Direction::Incoming } else { Direction::Outgoing };
    let money = match r.u8()? {
        0 => {
            let mut nets = vec![Balance::ZERO; people];
            for _ in 0..r.array()?.unwrap_or_default() {
                let (person, is_less, size) = (r.u64()?, r.bool()?, amount(r)?);
                let size = Balance::from(size);
                let person = usize::try_from(person).map_err(wrong)?;
                if let Some(net) = nets.get_mut(person) {
                    *net = if is_less { size.negated() } else { size };
                }
            }
            Money::Nets(direction, nets)
        }
        1 => Money::Sides(direction, side(r)?, side(r)?),
        _ => {
            let (from, to) = (r.u64()?, r.u64()?);
            let from = usize::try_from(from).map_err(wrong)?;
            Money::Transfer { from, to: usize::try_from(to).map_err(wrong)? }
        }
    };
    let mut hints = Hints::default();
    for _ in 0..r.array()?.unwrap_or_default() {
        let (key, bytes) = (r.u64()?, r.bytes()?);
        hints.set(key, bytes).map_err(|_| decode::Error::message("hints"))?;
    }
    Ok(Found { line, date, description, category, note, currency, cost, money, hints })
}

fn nullable<'b, T>(
    r: &mut Decoder<'b>,
    read: impl FnOnce(&mut Decoder<'b>) -> Result<T, decode::Error>,
) -> Result<Option<T>, decode::Error> {
    if r.datatype()? == minicbor::data::Type::Null {
        r.null()?;
        return Ok(None);
    }
    read(r).map(Some)
}

fn side(r: &mut Decoder<'_>) -> Result<Vec<(usize, Amount)>, decode::Error> {
    let mut side = Vec::new();
    for _ in 0..r.array()?.unwrap_or_default() {
        let person = usize::try_from(r.u64()?);
        let person = person.map_err(|_| decode::Error::message("no such person"))?;
        side.push((person, amount(r)?));
    }
    Ok(side)
}

fn amount(r: &mut Decoder<'_>) -> Result<Amount, decode::Error> {
    Amount::from_minor_units(r.u64()?).map_err(|_| decode::Error::message("no amount"))
}

fn number(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}
