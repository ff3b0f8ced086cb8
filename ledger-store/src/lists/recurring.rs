//! Series of recurring expenses, and what of them is due (SPEC §4.16).

use ledger_core::engine::Ledger;
use ledger_core::limits::{MAX_DUE, MAX_DUE_NUMBERS};
use ledger_core::{Date, MemberId, Occurrence, Origin, Segment, Series};
use rusqlite::Connection;

use crate::StoreError;
use crate::database::GroupKey;
use crate::entries::index::stored_entry;
use crate::entries::{has_origin, waiting_origins};

/// Applied templates.
pub(super) const APPLIED: &str = "SELECT entry, signature, chain FROM entries
     WHERE grp = ?1 AND kind = 26 AND verdict = 0
     ORDER BY lamport, id";

/// The series of a group.
pub(crate) fn series(
    connection: &Connection,
    group: GroupKey,
    ledger: &Ledger,
) -> Result<Vec<Series>, StoreError> {
    let mut statement = connection.prepare_cached(APPLIED)?;
    let mut rows = statement.query([group.0])?;
    let mut applied = Vec::new();
    while let Some(row) = rows.next()? {
        applied.push((stored_entry(row)?, ledger.member_of_chain(row.get(2)?)));
    }
    let applied = applied.iter().map(|(entry, author)| (entry.decoded(), *author));
    Ok(Series::collect(ledger.state(), applied))
}

/// Occurrences that are asked for, of those that are due.
#[derive(Clone, Copy)]
pub(crate) struct DueQuery {
    /// The last day.
    pub until: Date,
    /// The member whose templates come first.
    pub first: Option<MemberId>,
    /// Whether only that member's templates count.
    pub alone: bool,
    /// Whether those count that an entry that waits would record, and no others.
    pub waiting: bool,
    /// The number of occurrences that are left out in front.
    pub skip: usize,
}

/// What is due: at most [`MAX_DUE`] occurrences; and whether there are more.
///
/// First comes the earliest of each series, then the second of each, and so on, so that no series
/// hides the others; in each round the templates of one member come first.
pub(crate) fn due(
    connection: &Connection,
    group: GroupKey,
    ledger: &Ledger,
    query: &DueQuery,
) -> Result<(Vec<Occurrence>, bool), StoreError> {
    let all = series(connection, group, ledger)?;
    let waiting = waiting_origins(connection, group, ledger.state())?;
    let is_first =
        |segment: &Segment<'_>| query.first.is_some() && segment.version.author == query.first;
    let mut rounds = Vec::new();
    for first in [true, false].into_iter().filter(|first| *first || !query.alone) {
        for series in &all {
            let segments = series.segments().into_iter();
            let segments = segments.filter(move |segment| is_first(segment) == first);
            rounds.push((series, segments.flat_map(|segment| due_numbers(&segment, query.until))));
        }
    }
    let (mut skip, mut found) = (query.skip, Vec::new());
    while !rounds.is_empty() {
        let mut next = Vec::with_capacity(rounds.len());
        for (series, mut numbers) in rounds {
            let mut listed = None;
            while listed.is_none()
                && let Some(number) = numbers.next()
            {
                let origin = Origin::of_occurrence(series.id(), number);
                if waiting.contains(&origin) == query.waiting
                    && !has_origin(connection, group, origin)?
                {
                    listed = series.occurrence(number);
                }
            }
            let Some(occurrence) = listed else { continue };
            next.push((series, numbers));
            match skip.checked_sub(1) {
                Some(rest) => skip = rest,
                None if found.len() == MAX_DUE => return Ok((found, true)),
                None => found.push(occurrence),
            }
        }
        rounds = next;
    }
    Ok((found, false))
}

/// The occurrences of a series that are not due though their day has come, as it was over when
/// their template was written, and that nothing recorded: at most [`MAX_DUE`], and whether there
/// are more.
pub(crate) fn passed(
    connection: &Connection,
    group: GroupKey,
    series: &Series,
) -> Result<(Vec<Occurrence>, bool), StoreError> {
    let mut found = Vec::new();
    for segment in series.segments() {
        let Some(own) = day_of_writing(&segment) else { continue };
        let behind = segment.first_since(own).unwrap_or(segment.until);
        for number in segment.from.max(behind.saturating_sub(MAX_DUE_NUMBERS))..behind {
            if has_origin(connection, group, Origin::of_occurrence(series.id(), number))? {
                continue;
            }
            match series.occurrence(number) {
                Some(_) if found.len() == MAX_DUE => return Ok((found, true)),
                occurrence => found.extend(occurrence),
            }
        }
    }
    Ok((found, false))
}

/// The last numbers of a segment whose day has come, without those before its template was written.
fn due_numbers(segment: &Segment<'_>, until: Date) -> core::ops::Range<u64> {
    let Some(own) = day_of_writing(segment) else { return 0..0 };
    let Some(first) = segment.first_since(own) else { return 0..0 };
    let behind = until.plus_days(1).and_then(|day| segment.first_since(day));
    let behind = behind.unwrap_or(segment.until).min(segment.until);
    first.max(behind.saturating_sub(MAX_DUE_NUMBERS))..behind
}

/// The earliest day on which, somewhere, a template was written by its author's clock.
fn day_of_writing(segment: &Segment<'_>) -> Option<Date> {
    // Nobody's day begins more than a day before that of UTC.
    Date::of_unix_ms(segment.version.timestamp_ms.saturating_sub(86_400_000))
}
