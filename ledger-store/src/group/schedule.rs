//! Changes of a series that leave what was planned behind them as it is (SPEC §4.16).

use ledger_core::limits::MAX_OCCURRENCE;
use ledger_core::{Date, EntryId, Recurrence, Segment, Series, Transaction};

use crate::StoreError;
use crate::entries::NewEntry;

/// Most templates that one change or pause writes. Whoever may write can plan any number of
/// changes of a series, and the next change of somebody else would sign each of them again.
pub(super) const MAX_TEMPLATES: usize = 24;

/// Numbers of a series from one on, by the templates that hold for them.
///
/// A change of a series holds for all larger numbers, also where another template was planned. So
/// whoever changes one part writes the later parts again.
pub(super) struct Schedule {
    series: EntryId,
    /// The number from which on templates are written.
    number: u64,
    /// Ascending, and none empty. Between two, and behind the last, there may be a gap.
    parts: Vec<Part>,
}

/// Consecutive numbers of one content and rule.
#[derive(Clone)]
struct Part {
    from: u64,
    /// The number behind the last one: [`MAX_OCCURRENCE`] if it does not end.
    until: u64,
    base: u64,
    transaction: Transaction,
    rule: Recurrence,
}

impl Schedule {
    /// The numbers of a series from `number` on.
    pub(super) fn since(series: &Series, number: u64) -> Self {
        let parts =
            series.segments().into_iter().filter_map(|segment| Part::since(&segment, number));
        Self { series: series.id(), number, parts: parts.collect() }
    }

    /// The numbers of a series that has ended, which goes on with `number` as it was.
    pub(super) fn after_end(series: &Series, number: u64) -> Result<Self, StoreError> {
        let last = series.versions().last().ok_or(StoreError::SeriesEnded(series.id()))?;
        let part = Part {
            from: number,
            until: MAX_OCCURRENCE,
            base: last.base,
            transaction: last.transaction.clone(),
            rule: last.rule,
        };
        Ok(Self { series: series.id(), number, parts: vec![part] })
    }

    /// Gives the first part another content. What else has the same content and days, up to the
    /// first part that differs, is the same part behind a pause, and changes with it.
    pub(super) fn set_content(&mut self, transaction: &Transaction) {
        let same = self.same_as_first();
        for part in self.parts.iter_mut().take(same) {
            part.transaction = transaction.clone().on(part.transaction.date());
        }
    }

    /// Gives the first part another content and other days, from the day of the content on. Pauses
    /// and ends stay where they are by their days; what is planned behind keeps its days.
    pub(super) fn set_rule(&mut self, transaction: &Transaction, rule: Recurrence) {
        let (first, number) = (transaction.date(), self.number);
        let number_on = |day| Some(number.saturating_add(rule.steps_until(first, day)?));
        let later = self.parts.split_off(self.same_as_first());
        let mut parts: Vec<Part> = Vec::new();
        for (place, part) in self.parts.iter().enumerate() {
            let next = later.first().filter(|next| {
                place.saturating_add(1) == self.parts.len() && next.from == part.until
            });
            let behind = match next {
                Some(next) => next.first_day(),
                None => part.last_day().and_then(|day| day.plus_days(1)),
            };
            let from = if place == 0 { Some(number) } else { part.first_day().and_then(number_on) };
            let until = behind.and_then(number_on).unwrap_or(MAX_OCCURRENCE);
            if let Some(from) = from.filter(|from| *from < until) {
                parts.push(Part {
                    from,
                    until,
                    base: number,
                    transaction: transaction.clone(),
                    rule,
                });
            }
        }
        // The person names a day behind the end, so it goes on.
        if parts.is_empty() && later.is_empty() {
            let transaction = transaction.clone();
            parts.push(Part {
                from: number,
                until: MAX_OCCURRENCE,
                base: number,
                transaction,
                rule,
            });
        }
        // More days may need more numbers than are free.
        let free = later.first().map_or(MAX_OCCURRENCE, |part| part.from);
        let needed = parts.last().map_or(number, |part| part.until);
        let shift = needed.saturating_sub(free);
        parts.extend(later.into_iter().filter_map(|part| part.shifted(shift)));
        self.parts = parts;
    }

    /// Leaves out what falls before a day. Returns whether that is something.
    pub(super) fn leave_out_before(&mut self, day: Date) -> bool {
        let all = core::mem::take(&mut self.parts);
        self.parts = all.into_iter().filter_map(|part| part.since_day(day)).collect();
        self.parts.first().is_none_or(|part| part.from > self.number)
    }

    /// The day from which on another content or other days hold than for the first number.
    pub(super) fn next_difference(&self) -> Option<Date> {
        self.parts.get(self.same_as_first()).and_then(Part::first_day)
    }

    /// The templates to write, in this order; `series` says what held so far.
    ///
    /// # Errors
    /// [`StoreError::TooManyChanges`] if they are too many.
    pub(super) fn templates(&self, series: &Series) -> Result<Vec<NewEntry>, StoreError> {
        let mut templates = Vec::new();
        if self.parts.first().is_none_or(|part| part.from > self.number) {
            templates.push(stop(series, self.number)?);
        }
        let next = self.parts.iter().skip(1).map(|part| Some(part.from)).chain([None]);
        for (part, next) in self.parts.iter().zip(next) {
            let goes_on = part.until >= MAX_OCCURRENCE || next == Some(part.until);
            templates.push(NewEntry::TemplateChange {
                series: self.series,
                numbers: (part.from, part.base),
                transaction: part.transaction.clone(),
                rule: part.rule,
                end: (!goes_on).then_some(part.until),
            });
        }
        match templates.len() {
            0..=MAX_TEMPLATES => Ok(templates),
            found => Err(StoreError::TooManyChanges { series: self.series, found }),
        }
    }

    fn same_as_first(&self) -> usize {
        let Some(first) = self.parts.first() else { return 0 };
        let same = |part: &&Part| {
            (part.base, &part.transaction, part.rule)
                == (first.base, &first.transaction, first.rule)
        };
        self.parts.iter().take_while(same).count()
    }
}

impl Part {
    fn since(segment: &Segment<'_>, number: u64) -> Option<Self> {
        let (from, until) = (segment.from.max(number), segment.until);
        let version = segment.version;
        (from < until).then(|| Self {
            from,
            until,
            base: version.base,
            transaction: version.transaction.clone(),
            rule: version.rule,
        })
    }

    fn day(&self, number: u64) -> Option<Date> {
        self.rule.day(self.transaction.date(), number.checked_sub(self.base)?)
    }

    fn first_day(&self) -> Option<Date> {
        self.day(self.from)
    }

    /// The day of the last number. `None` if it does not end before 9999-12-31.
    fn last_day(&self) -> Option<Date> {
        self.day(self.until.checked_sub(1)?).filter(|_| self.until < MAX_OCCURRENCE)
    }

    fn since_day(self, day: Date) -> Option<Self> {
        let steps = self.rule.steps_until(self.transaction.date(), day)?;
        let from = self.base.saturating_add(steps).max(self.from);
        (from < self.until).then_some(Self { from, ..self })
    }

    /// The part with larger numbers, on the same days.
    fn shifted(self, shift: u64) -> Option<Self> {
        let (from, base) = (self.from.saturating_add(shift), self.base.saturating_add(shift));
        let until = self.until.saturating_add(shift).min(MAX_OCCURRENCE);
        (from < until).then_some(Self { from, until, base, ..self })
    }
}

/// The template that ends a series before a number.
pub(super) fn stop(series: &Series, number: u64) -> Result<NewEntry, StoreError> {
    let version = series.version_of(number).ok_or(StoreError::SeriesEnded(series.id()))?;
    Ok(NewEntry::TemplateChange {
        series: series.id(),
        numbers: (number, version.base),
        transaction: version.transaction.clone(),
        rule: version.rule,
        end: Some(number),
    })
}
