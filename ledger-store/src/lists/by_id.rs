//! Entries by the beginning of their id, as a person types it.

use ledger_core::EntryId;
use ledger_core::engine::EntryIndex as _;
use rusqlite::OptionalExtension as _;

use super::find::recorded_slots;
use super::{Lists, Recorded};
use crate::StoreError;
use crate::entries::index::StoredIndex;
use crate::entries::shown::slot_of;

/// Hexadecimal digits of an id.
const DIGITS: usize = 64;

/// Fewest digits that [`Lists::short_id`] returns.
const SHORT: usize = 8;

pub(super) const BEGINNING: &str =
    "SELECT id FROM entries WHERE id BETWEEN ?1 AND ?2 AND +grp = ?3 ORDER BY id LIMIT ?4";

pub(super) const BELOW: &str = "SELECT id FROM entries WHERE id < ?1 ORDER BY id DESC LIMIT 1";

pub(super) const ABOVE: &str = "SELECT id FROM entries WHERE id > ?1 ORDER BY id LIMIT 1";

pub(super) const SHOWN: &str = "SELECT 1 FROM expenses WHERE n = ?1";

impl Lists<'_> {
    /// The ids of entries of this group that begin with these hexadecimal digits, ascending, at most
    /// `limit`. None for a text that is no beginning of an id.
    ///
    /// ```
    /// # use ledger_store::StoreOptions;
    /// # let group = StoreOptions::new().in_memory()?.create_group("Flat", "Anna")?;
    /// let lists = group.lists();
    /// let genesis = group.id().genesis();
    /// let typed = lists.short_id(genesis)?;
    /// assert_eq!(lists.ids_beginning(&typed, 2)?, [genesis]);
    /// assert!(lists.ids_beginning("Dinner", 2)?.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn ids_beginning(&self, digits: &str, limit: u32) -> Result<Vec<EntryId>, StoreError> {
        // Both ends of the range: the digits, and then the smallest or the largest ones.
        let filled = |with: &str| -> Option<EntryId> {
            let missing = DIGITS.checked_sub(digits.len())?;
            format!("{}{}", digits.to_ascii_lowercase(), with.repeat(missing)).parse().ok()
        };
        let (Some(first), Some(last)) = (filled("0"), filled("f")) else { return Ok(Vec::new()) };
        self.group.read(|connection, _| {
            let mut statement = connection.prepare_cached(BEGINNING)?;
            let bounds = (first.as_bytes(), last.as_bytes(), self.group.key.0, limit);
            let ids = statement.query_map(bounds, |row| row.get(0).map(EntryId::from_bytes))?;
            Ok(ids.collect::<Result<_, _>>()?)
        })
    }

    /// The shortest beginning of an entry's id that no other entry of this database has, of at
    /// least 8 digits. Takes time for two rows, however many entries there are. An entry that comes
    /// later may begin with the same digits.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn short_id(&self, id: EntryId) -> Result<String, StoreError> {
        let text = id.to_string();
        let mut digits = SHORT;
        self.group.read(|connection, _| {
            // In the order of ids, nobody begins more alike than the neighbours.
            for sql in [BELOW, ABOVE] {
                let mut statement = connection.prepare_cached(sql)?;
                let found = statement.query_row([id.as_bytes()], |row| row.get(0)).optional()?;
                let Some(other) = found.map(EntryId::from_bytes) else { continue };
                let other = other.to_string();
                let alike = text.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
                digits = digits.max(alike.saturating_add(1));
            }
            Ok(())
        })?;
        Ok(text.chars().take(digits).collect())
    }

    /// The expense or transfer that an entry records, changes or copies, in its current version.
    /// `None` if the entry is of another kind or not here, or if no original of it and no copy counts.
    /// Of several originals with one origin, all lead to the one expense.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn recorded(&self, entry: EntryId) -> Result<Option<Recorded>, StoreError> {
        self.group.read(|connection, loaded| {
            let index = StoredIndex::whole(connection, self.group.key);
            let Some(entry) = index.entry(&entry)? else { return Ok(None) };
            let slot = slot_of(connection, self.group.key, entry.decoded())?;
            let Some((slot, false)) = slot else { return Ok(None) };
            if !connection.prepare_cached(SHOWN)?.exists([slot])? {
                return Ok(None);
            }
            Ok(recorded_slots(connection, self.group.key, loaded, &[slot])?.pop())
        })
    }
}

#[cfg(test)]
mod tests {
    use ledger_core::{Amount, Currency, Expense};

    use super::*;
    use crate::{Group, NewEntry, StoreOptions};

    fn group() -> (Group, Vec<EntryId>) {
        let group = StoreOptions::new().in_memory().unwrap().create_group("Flat", "Anna").unwrap();
        let me = group.me().unwrap().unwrap();
        let one = Amount::from_minor_units(100).unwrap();
        let tea = Expense::new(
            "2026-11-21".parse().unwrap(),
            "Tea",
            Currency::from_code("EUR").unwrap(),
            one,
        );
        let tea = tea.paid_by(me, one).split_equally(&[me], 0);
        let entries = vec![NewEntry::Record(tea.into()); 300];
        let ids = group.entries().append(entries).unwrap();
        (group, ids)
    }

    #[test]
    fn the_digits_of_an_id_find_it_alone() {
        let (group, ids) = group();
        let lists = group.lists();
        for id in &ids {
            let short = lists.short_id(*id).unwrap();
            assert_eq!(short.len(), SHORT);
            assert_eq!(lists.ids_beginning(&short, 5).unwrap(), [*id]);
            assert_eq!(lists.ids_beginning(&short.to_uppercase(), 5).unwrap(), [*id]);
            assert_eq!(lists.ids_beginning(&id.to_string(), 5).unwrap(), [*id]);
        }
        assert!(lists.ids_beginning("", 9).unwrap().len() == 9);
        let first = &ids[0].to_string()[..1];
        let alike = lists.ids_beginning(first, 1_000).unwrap();
        assert!(alike.len() > 1 && alike.is_sorted());
        assert!(alike.iter().all(|id| id.to_string().starts_with(first)));
        for none in ["g", "x1", "é", "0 ", "+1", &"0".repeat(65), &"é".repeat(64)] {
            assert!(lists.ids_beginning(none, 5).unwrap().is_empty(), "{none}");
        }
    }

    #[test]
    fn an_id_that_begins_like_its_neighbours_gets_more_digits() {
        let (group, ids) = group();
        // Ids are hashes; make one begin like another.
        let (old, mut bytes) = (ids[7], *ids[3].as_bytes());
        bytes[31] ^= 1;
        let new = EntryId::from_bytes(bytes);
        let sql = "UPDATE entries SET id = ?1 WHERE id = ?2";
        let lists = group.lists();
        let change = |connection: &mut rusqlite::Connection| {
            Ok(connection.execute(sql, (new.as_bytes(), old.as_bytes()))?)
        };
        assert_eq!(lists.group.session.write(change).unwrap(), 1);
        for id in [ids[3], new] {
            let short = lists.short_id(id).unwrap();
            assert!(short.len() > 62, "{short}");
            assert_eq!(lists.ids_beginning(&short, 5).unwrap(), [id]);
        }
    }

    #[test]
    fn what_an_entry_records_is_found_by_each_entry_about_it() {
        let (group, ids) = group();
        let lists = group.lists();
        let before = lists.recorded(ids[0]).unwrap().unwrap();
        assert_eq!((before.original, before.cancelled), (ids[0], false));
        let mut transaction = before.transaction.clone();
        if let ledger_core::Transaction::Expense(expense) = &mut transaction {
            expense.description = "Coffee".to_owned();
        }
        let correction = NewEntry::Correction { original: ids[0], transaction };
        let changed = group.entries().append(vec![correction]).unwrap()[0];
        let cancellation = NewEntry::Cancellation { original: ids[0], reason: None };
        let ended = group.entries().append(vec![cancellation]).unwrap()[0];
        for id in [ids[0], changed, ended] {
            let row = lists.recorded(id).unwrap().unwrap();
            assert_eq!((row.original, row.current_version), (ids[0], changed));
            assert_eq!((row.transaction.description(), row.cancelled), ("Coffee", true));
        }
        assert_eq!(lists.recorded(group.id().genesis()).unwrap(), None);
        assert_eq!(lists.recorded(EntryId::from_bytes([7; 32])).unwrap(), None);
    }
}
