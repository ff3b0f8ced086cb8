//! Series of recurring expenses, and what of them is due (SPEC §4.16).

use std::collections::BTreeSet;

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

/// What is due up to a day: at most [`MAX_DUE`] occurrences, of one series after the other, those
/// of `first` before all others; and whether there are more. With `alone`, only those of `first`.
pub(crate) fn due(
    connection: &Connection,
    group: GroupKey,
    ledger: &Ledger,
    until: Date,
    first: Option<MemberId>,
    alone: bool,
) -> Result<(Vec<Occurrence>, bool), StoreError> {
    let all = series(connection, group, ledger)?;
    let segments = |series| move |segment| (series, segment);
    let segments: Vec<(&Series, Segment<'_>)> =
        all.iter().flat_map(|one| one.segments().into_iter().map(segments(one))).collect();
    let own =
        |(_, segment): &&(&Series, Segment<'_>)| first.is_some() && segment.version.author == first;
    let mine = segments.iter().filter(own);
    let others = segments.iter().filter(|one| !alone && !own(one));
    let waiting = waiting_origins(connection, group, ledger.state())?;
    let mut found = Vec::new();
    for (series, segment) in mine.chain(others) {
        for number in due_numbers(segment, until) {
            if is_recorded(connection, group, Origin::of_occurrence(series.id(), number), &waiting)?
            {
                continue;
            }
            let Some(occurrence) = series.occurrence(number) else { continue };
            if found.len() == MAX_DUE {
                return Ok((found, true));
            }
            found.push(occurrence);
        }
    }
    Ok((found, false))
}

fn is_recorded(
    connection: &Connection,
    group: GroupKey,
    origin: Origin,
    waiting: &BTreeSet<Origin>,
) -> Result<bool, StoreError> {
    Ok(waiting.contains(&origin) || has_origin(connection, group, origin)?)
}

/// The last numbers of a segment whose day has come, without those before its template was written.
fn due_numbers(segment: &Segment<'_>, until: Date) -> core::ops::Range<u64> {
    let written = segment.version.timestamp_ms;
    // Nobody's day begins more than a day before that of UTC.
    let Some(own) = Date::of_unix_ms(written.saturating_sub(86_400_000)) else { return 0..0 };
    let Some(first) = segment.first_since(own) else { return 0..0 };
    let behind = until.plus_days(1).and_then(|day| segment.first_since(day));
    let behind = behind.unwrap_or(segment.until).min(segment.until);
    first.max(behind.saturating_sub(MAX_DUE_NUMBERS))..behind
}
