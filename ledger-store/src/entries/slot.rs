//! Content and standing of a slot, by the few of its entries that decide it. Each is found by index, so that an
//! entry which joins a slot costs the same however many others are in it.

use std::collections::BTreeSet;

use ledger_core::EntryId;
use ledger_core::engine::{Kind, Slot, SlotEntry, SlotRole};
use rusqlite::{Connection, Row};

use crate::StoreError;

/// The applied entries of a slot that decide what it shows: its first originals and copy, its last
/// correction, cancellation and restoration. Only applied entries have a slot.
pub(crate) const DECISIVE: &str = "
    SELECT id, lamport, kind FROM entries WHERE n = ?1 AND slot = ?1 AND n <= ?2
    UNION ALL SELECT * FROM (SELECT id, lamport, kind FROM entries
        WHERE slot = ?1 AND slot <> n AND kind = 16 AND n <= ?2 ORDER BY lamport, id LIMIT 1)
    UNION ALL SELECT * FROM (SELECT id, lamport, kind FROM entries
        WHERE slot = ?1 AND slot <> n AND kind = 17 AND n <= ?2 ORDER BY lamport, id LIMIT 1)
    UNION ALL SELECT * FROM (SELECT id, lamport, kind FROM entries
        WHERE slot = ?1 AND slot <> n AND kind = 20 AND n <= ?2 ORDER BY lamport, id LIMIT 1)
    UNION ALL SELECT * FROM (SELECT id, lamport, kind FROM entries
        WHERE slot = ?1 AND slot <> n AND kind = 18 AND n <= ?2
        ORDER BY lamport DESC, id DESC LIMIT 1)
    UNION ALL SELECT * FROM (SELECT id, lamport, kind FROM entries
        WHERE slot = ?1 AND slot <> n AND kind = 19 AND n <= ?2
        ORDER BY lamport DESC, id DESC LIMIT 1)
    UNION ALL SELECT * FROM (SELECT id, lamport, kind FROM entries
        WHERE slot = ?1 AND slot <> n AND kind = 24 AND n <= ?2
        ORDER BY lamport DESC, id DESC LIMIT 1)";

/// The kinds of entries that are in slots.
const KINDS: [Kind; 6] = [
    Kind::EXPENSE,
    Kind::TRANSFER,
    Kind::COPY,
    Kind::CORRECTION,
    Kind::CANCELLATION,
    Kind::RESTORATION,
];

/// The original that names a slot, if it is applied and in this slot.
const NAMING: &str = "SELECT id, lamport, kind FROM entries WHERE n = ?1 AND slot = ?1 AND n <= ?2";

/// The other entries of one kind in a slot, from the first one in the total order.
pub(crate) const FROM_FIRST: &str = "SELECT id, lamport, kind FROM entries
     WHERE slot = ?1 AND slot <> n AND kind = ?3 AND n <= ?2 ORDER BY lamport, id";

/// The same, from the last one.
pub(crate) const FROM_LAST: &str = "SELECT id, lamport, kind FROM entries
     WHERE slot = ?1 AND slot <> n AND kind = ?3 AND n <= ?2 ORDER BY lamport DESC, id DESC";

/// The role of an entry of this kind in its slot.
pub(crate) fn role(kind: u16) -> SlotRole {
    match kind {
        kind if kind == Kind::COPY.number() => SlotRole::Copy,
        kind if kind == Kind::CORRECTION.number() => SlotRole::Correction,
        kind if kind == Kind::CANCELLATION.number() => SlotRole::Cancellation,
        kind if kind == Kind::RESTORATION.number() => SlotRole::Restoration,
        _ => SlotRole::Original,
    }
}

/// What a slot shows, given by the number of its original, of the entries up to a number.
pub(crate) fn slot_shown(
    connection: &Connection,
    slot: i64,
    upto: i64,
) -> Result<Slot, StoreError> {
    let mut statement = connection.prepare_cached(DECISIVE)?;
    let rows = statement.query_map((slot, upto), part)?;
    rows.collect::<Result<Vec<_>, _>>().map(Slot::from_entries).map_err(StoreError::from)
}

/// The same without some entries. Passes over these, and reads of the others only those that decide.
pub(crate) fn slot_without(
    connection: &Connection,
    slot: i64,
    upto: i64,
    without: &BTreeSet<EntryId>,
) -> Result<Slot, StoreError> {
    if without.is_empty() {
        return slot_shown(connection, slot, upto);
    }
    // An error goes on to the caller.
    let stays = |part: &rusqlite::Result<SlotEntry>| {
        !part.as_ref().is_ok_and(|part| without.contains(&part.id))
    };
    let mut statement = connection.prepare_cached(NAMING)?;
    let mut decisive: Vec<SlotEntry> =
        statement.query_map((slot, upto), part)?.filter(stays).collect::<Result<_, _>>()?;
    for kind in KINDS.map(Kind::number) {
        let sql = if role(kind).first_decides() { FROM_FIRST } else { FROM_LAST };
        let mut statement = connection.prepare_cached(sql)?;
        let found = statement.query_map((slot, upto, kind), part)?.find(stays);
        decisive.extend(found.transpose()?);
    }
    Ok(Slot::from_entries(decisive))
}

/// Reads columns 0 to 2 as an applied entry of a slot.
pub(super) fn part(row: &Row<'_>) -> rusqlite::Result<SlotEntry> {
    let id = EntryId::from_bytes(row.get(0)?);
    Ok(SlotEntry { id, lamport: row.get(1)?, role: role(row.get(2)?) })
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;
    use crate::database::in_memory;

    /// An entry with a number: its kind, its clock, and the number of its slot, if it is applied.
    type Stored = (i64, Kind, u64, Option<i64>);

    fn id(n: i64) -> EntryId {
        // Not in the order of the numbers.
        let mut id = [0; 32];
        id[..8].copy_from_slice(&(n * 7919 % 101).to_be_bytes());
        id[24..].copy_from_slice(&n.to_be_bytes());
        EntryId::from_bytes(id)
    }

    fn stored(entries: &[Stored]) -> Connection {
        let connection = in_memory().unwrap();
        let group = "INSERT INTO groups (grp, id, device, root_index) VALUES (1, x'01', x'02', 0)";
        connection.execute(group, []).unwrap();
        let insert = "INSERT INTO entries
             (n, grp, id, chain, seq, lamport, kind, verdict, slot, entry, signature)
             VALUES (?1, 1, ?2, 0, ?1, ?3, ?4, 0, ?5, x'', x'')";
        let mut insert = connection.prepare(insert).unwrap();
        for (n, kind, lamport, slot) in entries {
            insert.execute((n, id(*n).as_bytes(), lamport, kind.number(), slot)).unwrap();
        }
        drop(insert);
        connection
    }

    fn slot_of(entries: &[Stored], slot: i64, upto: i64, without: &BTreeSet<EntryId>) -> Slot {
        let parts = entries.iter().filter(|(n, _, _, of)| *of == Some(slot) && *n <= upto);
        let parts = parts.map(|(n, kind, lamport, _)| SlotEntry {
            id: id(*n),
            lamport: *lamport,
            role: role(kind.number()),
        });
        Slot::from_entries(parts.filter(|part| !without.contains(&part.id)))
    }

    /// Two slots side by side. The original of the second one is void now and then.
    fn two_slots(seed: i64) -> Vec<Stored> {
        let of = |n: i64| match n {
            1 => Some(1),
            2 => (seed % 3 > 0).then_some(2),
            n => [Some(1), Some(2), None][usize::try_from(n * seed % 5 % 3).unwrap()],
        };
        let kind = |n: i64| match n {
            1 | 2 => Kind::EXPENSE,
            n => KINDS[usize::try_from((n + seed) * 31 % 11 % 6).unwrap()],
        };
        let lamport = |n: i64| u64::try_from(3 + (n * seed) % 4).unwrap();
        (1..40).map(|n| (n, kind(n), lamport(n), of(n))).collect()
    }

    #[test]
    fn what_a_slot_shows_is_what_all_its_entries_decide() {
        for seed in 1..40 {
            let entries = two_slots(seed);
            let connection = stored(&entries);
            for (slot, upto) in [(1, i64::MAX), (2, i64::MAX), (1, 20), (2, 9)] {
                for left_out in [0, 1, 5, 30, 40] {
                    let without: BTreeSet<EntryId> =
                        (1..=left_out).map(|n| id(n * seed % 41)).collect();
                    let shown = slot_without(&connection, slot, upto, &without).unwrap();
                    let expected = slot_of(&entries, slot, upto, &without);
                    assert_eq!(shown, expected, "{seed}: {slot} up to {upto} without {left_out}");
                }
            }
        }
    }

    /// Steps of the virtual machine to read so many rows. They are counted, not timed.
    fn steps(connection: &Connection, sql: &str, values: &[i64], rows: usize) -> i32 {
        let mut statement = connection.prepare(sql).unwrap();
        let values = rusqlite::params_from_iter(values);
        for part in statement.query_map(values, part).unwrap().take(rows) {
            part.unwrap();
        }
        statement.get_status(StatementStatus::VmStep)
    }

    /// A slot of ten entries of each kind takes the steps of one with a thousand.
    #[test]
    fn what_a_slot_shows_takes_the_same_steps_however_many_entries_are_in_it() {
        let of = |each: i64| {
            let first = (1, Kind::EXPENSE, 1, Some(1));
            let others = (0..each * 6).map(|n| {
                let kind = KINDS[usize::try_from(n % 6).unwrap()];
                (n + 2, kind, u64::try_from(n + 2).unwrap(), Some(1))
            });
            stored(&std::iter::once(first).chain(others).collect::<Vec<_>>())
        };
        let (few, many) = (of(10), of(1_000));
        for (sql, values, rows) in [
            (DECISIVE, vec![1, i64::MAX], 7),
            (FROM_FIRST, vec![1, i64::MAX, 16], 1),
            (FROM_LAST, vec![1, i64::MAX, 24], 1),
        ] {
            let (few, many) = (steps(&few, sql, &values, rows), steps(&many, sql, &values, rows));
            assert_eq!(few, many, "{sql}");
        }
        // Shows that the comparison can fail.
        let whole = "SELECT id, lamport, kind FROM entries WHERE slot = ?1 AND slot <> n";
        let all = |connection| steps(connection, whole, &[1], usize::MAX);
        assert!(all(&many) > 50 * all(&few));
    }
}
