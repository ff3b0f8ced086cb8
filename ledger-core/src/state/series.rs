//! Series of recurring expenses: a template with its changes (SPEC §4.16).

use std::collections::BTreeMap;

use super::GroupState;
use crate::base::id::{EntryId, MemberId, Origin};
use crate::base::limits::MAX_OCCURRENCE;
use crate::entry::DecodedEntry;
use crate::money::{Date, Recurrence};
use crate::payload::{Payload, Transaction};

/// Applied template: the first one of a series, or a change of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TemplateVersion {
    /// The entry.
    pub entry: EntryId,
    /// The member whose device signed it.
    pub author: Option<MemberId>,
    /// The author's clock, in milliseconds since 1970.
    pub timestamp_ms: u64,
    /// The content. Its day is the first day.
    pub transaction: Transaction,
    /// The rule by which days recur.
    pub rule: Recurrence,
    /// The number from which on it holds: 0 for a first template.
    pub from: u64,
    /// The number that falls on the first day.
    pub base: u64,
    /// The number before which occurrences end.
    pub end: Option<u64>,
    lamport: u64,
}

/// Numbers of which one version holds: from one on, and before another.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    /// The first number.
    pub from: u64,
    /// The number behind the last one.
    pub until: u64,
    /// The version.
    pub version: &'a TemplateVersion,
}

/// Occurrence of a series: an expense or transfer that is due on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Occurrence {
    /// The series.
    pub series: EntryId,
    /// The number, from 0.
    pub number: u64,
    /// The day.
    pub day: Date,
    /// What is to be recorded: with the day and the origin of the occurrence, and with its odd units
    /// where the number brings them.
    pub transaction: Transaction,
    /// The version by which it is so.
    pub version: EntryId,
    /// The author of that version.
    pub author: Option<MemberId>,
}

/// Series of occurrences: a first template, and its changes, of which at least one is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    id: EntryId,
    /// Ascending in (lamport, id).
    versions: Vec<TemplateVersion>,
}

impl Series {
    /// Collects the series of applied templates, each with the member whose device signed it. The
    /// order of the entries does not matter. What names somebody whom no entry introduces is left
    /// out, as no applied template does.
    #[must_use]
    pub fn collect<'e>(
        state: &GroupState,
        applied: impl IntoIterator<Item = (&'e DecodedEntry, Option<MemberId>)>,
    ) -> Vec<Series> {
        let mut series: BTreeMap<EntryId, Vec<TemplateVersion>> = BTreeMap::new();
        for (entry, author) in applied {
            let (Payload::Template(template), Some(transaction)) =
                (entry.payload(), state.template_transaction_of(entry))
            else {
                continue;
            };
            let change = template.change();
            let target = change.map(|change| change.target().as_usize());
            let id = match target.map(|target| entry.header().refs().get(target)) {
                None => entry.id(),
                Some(Some(first)) => *first,
                Some(None) => continue,
            };
            series.entry(id).or_default().push(TemplateVersion {
                entry: entry.id(),
                author,
                timestamp_ms: entry.header().timestamp_ms(),
                transaction,
                rule: template.rule(),
                from: change.map_or(0, |change| change.from()),
                base: change.map_or(0, |change| change.base()),
                end: template.end(),
                lamport: entry.header().lamport(),
            });
        }
        let one = |(id, mut versions): (EntryId, Vec<TemplateVersion>)| {
            versions.sort_by_key(|version| (version.lamport, version.entry));
            Self { id, versions }
        };
        series.into_iter().map(one).collect()
    }

    /// The id of the series: of its first template.
    #[must_use]
    pub fn id(&self) -> EntryId {
        self.id
    }

    /// The applied templates, ascending in (lamport, id).
    #[must_use]
    pub fn versions(&self) -> &[TemplateVersion] {
        &self.versions
    }

    /// The version that holds for a number: of those that hold from it or an earlier number on, the
    /// last in (lamport, id).
    #[must_use]
    pub fn version_of(&self, number: u64) -> Option<&TemplateVersion> {
        self.versions.iter().rfind(|version| version.from <= number)
    }

    /// The version that holds for the first occurrence on a day or later, or else, as the series has
    /// ended by then, the last one: what a change from that day on replaces.
    #[must_use]
    pub fn version_since(&self, day: Date) -> Option<&TemplateVersion> {
        let number = self.first_number_since(day);
        number.and_then(|number| self.version_of(number)).or(self.versions.last())
    }

    /// The numbers by the versions that hold for them, ascending, without those that have no
    /// occurrence because their version has ended.
    #[must_use]
    pub fn segments(&self) -> Vec<Segment<'_>> {
        let mut by_number: Vec<(usize, &TemplateVersion)> =
            self.versions.iter().enumerate().collect();
        by_number.sort_by_key(|(place, version)| (version.from, *place));
        let mut segments: Vec<(u64, usize, &TemplateVersion)> = Vec::new();
        for (place, version) in by_number {
            match segments.last_mut() {
                // An earlier version that holds from a later number on never holds.
                Some((_, last, _)) if *last > place => {}
                Some(last) if last.0 == version.from => *last = (version.from, place, version),
                _ => segments.push((version.from, place, version)),
            }
        }
        let ends = segments.iter().skip(1).map(|(from, ..)| *from).chain([MAX_OCCURRENCE]);
        let mut held = Vec::new();
        for ((from, _, version), next) in segments.iter().zip(ends) {
            let until = version.end.map_or(next, |end| end.min(next));
            if *from < until {
                held.push(Segment { from: *from, until, version });
            }
        }
        held
    }

    /// The occurrence with a number. `None` if there is none: no version holds for it, it has ended
    /// before, or its day would be behind 9999-12-31.
    #[must_use]
    pub fn occurrence(&self, number: u64) -> Option<Occurrence> {
        let version = self.version_of(number).filter(|_| number < MAX_OCCURRENCE)?;
        if version.end.is_some_and(|end| number >= end) {
            return None;
        }
        let day = version.day(number)?;
        let origin = Origin::of_occurrence(self.id, number);
        Some(Occurrence {
            series: self.id,
            number,
            day,
            transaction: version.transaction.clone().with_turn(number).recorded_as(day, origin),
            version: version.entry,
            author: version.author,
        })
    }

    /// The first number of which the occurrence falls on a day or a later one. `None` if all are
    /// before it.
    #[must_use]
    pub fn first_number_since(&self, day: Date) -> Option<u64> {
        self.segments().into_iter().filter_map(|segment| segment.first_since(day)).min()
    }
}

impl TemplateVersion {
    /// The day of a number by this version alone.
    #[must_use]
    pub fn day(&self, number: u64) -> Option<Date> {
        self.rule.day(self.transaction.date(), number.checked_sub(self.base)?)
    }
}

impl Segment<'_> {
    /// The first number of the segment that falls on a day or a later one.
    #[must_use]
    pub fn first_since(&self, day: Date) -> Option<u64> {
        let steps = self.version.rule.steps_until(self.version.transaction.date(), day)?;
        let number = self.version.base.saturating_add(steps).max(self.from);
        (number < self.until && self.version.day(number).is_some()).then_some(number)
    }
}
