//! Templates of recurring expenses and transfers (SPEC §4.16).

use super::{RefIndex, Transaction};
use crate::base::codec::{Reader, Writer};
use crate::base::limits::MAX_OCCURRENCE;
use crate::base::rule::{Refusal, Rule};
use crate::header::Kind;
use crate::money::{Recurrence, RecurrenceUnit};

/// Template of occurrences, which moves no money itself: `[kind, content, rule, end, change]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    pub(crate) transaction: Transaction<RefIndex>,
    pub(crate) rule: Recurrence,
    pub(crate) end: Option<u64>,
    pub(crate) change: Option<TemplateChange>,
}

/// Change of an earlier template from a number on: `[target, from, base]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TemplateChange {
    pub(crate) target: RefIndex,
    pub(crate) from: u64,
    pub(crate) base: u64,
}

impl Template {
    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(5)?;
        let kind = u16::try_from(r.uint()?).map_err(|_| Refusal::new(Rule::H6))?;
        let transaction = Transaction::read(Kind::from_number(kind), r)?;
        let rule = read_rule(r)?;
        let end = r.optional(read_number)?;
        let change = r.optional(TemplateChange::read)?;
        Ok(Self { transaction, rule, end, change })
    }

    pub(super) fn write(&self, w: &mut Writer) {
        w.array(5);
        w.uint(u64::from(self.transaction.kind().number()));
        self.transaction.write(w);
        w.array(2);
        w.uint(unit_number(self.rule.unit()));
        w.uint(u64::from(self.rule.every()));
        w.optional(self.end, Writer::uint);
        w.optional(self.change, |w, change| change.write(w));
    }

    pub(super) fn each_ref(&self, visit: &mut dyn FnMut(RefIndex)) {
        if let Some(change) = self.change {
            visit(change.target);
        }
        self.transaction.members().for_each(visit);
    }

    /// The content of every occurrence, but for day and origin. Its day is the first day.
    #[must_use]
    pub fn transaction(&self) -> &Transaction<RefIndex> {
        &self.transaction
    }

    /// The rule by which its days recur.
    #[must_use]
    pub fn rule(&self) -> Recurrence {
        self.rule
    }

    /// The number before which its occurrences end. Without one they go on.
    #[must_use]
    pub fn end(&self) -> Option<u64> {
        self.end
    }

    /// The change of an earlier template that it is. `None` if it is a first one.
    #[must_use]
    pub fn change(&self) -> Option<TemplateChange> {
        self.change
    }
}

impl TemplateChange {
    fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(3)?;
        let (target, from, base) = (RefIndex::read(r)?, read_number(r)?, read_number(r)?);
        if base > from {
            return Err(Refusal::with_detail(Rule::P10, format!("{base} is behind {from}")));
        }
        Ok(Self { target, from, base })
    }

    fn write(self, w: &mut Writer) {
        w.array(3);
        self.target.write(w);
        w.uint(self.from);
        w.uint(self.base);
    }

    /// The first template of the series.
    #[must_use]
    pub fn target(self) -> RefIndex {
        self.target
    }

    /// The number from which on it holds.
    #[must_use]
    pub fn from(self) -> u64 {
        self.from
    }

    /// The number that falls on the first day.
    #[must_use]
    pub fn base(self) -> u64 {
        self.base
    }
}

/// Reads the number of an occurrence (rule P10).
fn read_number(r: &mut Reader<'_>) -> Result<u64, Refusal> {
    match r.uint()? {
        number @ 0..=MAX_OCCURRENCE => Ok(number),
        number => Err(Refusal::with_detail(Rule::P10, number.to_string())),
    }
}

fn read_rule(r: &mut Reader<'_>) -> Result<Recurrence, Refusal> {
    r.array(2)?;
    let unit = match r.uint()? {
        0 => RecurrenceUnit::Days,
        1 => RecurrenceUnit::Weeks,
        2 => RecurrenceUnit::Months,
        3 => RecurrenceUnit::Years,
        other => return Err(Refusal::with_detail(Rule::Q2, format!("{other} is no unit"))),
    };
    let every = r.uint()?;
    let refused = |_| Refusal::with_detail(Rule::P10, format!("every {every}"));
    Recurrence::new(unit, every).map_err(refused)
}

fn unit_number(unit: RecurrenceUnit) -> u64 {
    match unit {
        RecurrenceUnit::Days => 0,
        RecurrenceUnit::Weeks => 1,
        RecurrenceUnit::Months => 2,
        RecurrenceUnit::Years => 3,
    }
}
