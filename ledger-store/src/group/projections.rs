//! The lists of expenses: by date, by what they can be found by, by words. They
//! belong to the content that a slot shows, and move with it.

use std::collections::BTreeSet;

use ledger_core::{Currency, DecodedEntry, Details, EntryId, GroupState, MemberId, Slot};
use rusqlite::{Connection, OptionalExtension as _};

use super::GroupKey;
use crate::StoreError;

/// Places of a number beside its date in [`place`].
const NUMBERS: i64 = 1 << 36;

/// What an expense can be found by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Term {
    pub(super) kind: u8,
    pub(super) value: Vec<u8>,
}

impl Term {
    pub(super) fn member(member: MemberId) -> Self {
        Self { kind: 1, value: member.as_bytes().to_vec() }
    }

    pub(super) fn category(category: &str) -> Self {
        Self { kind: 2, value: category.as_bytes().to_vec() }
    }

    pub(super) fn currency(currency: Currency) -> Self {
        Self { kind: 3, value: currency.code().as_bytes().to_vec() }
    }

    /// Its number in the database, if anything was ever found by it.
    pub(super) fn number(
        &self,
        connection: &Connection,
        group: GroupKey,
    ) -> Result<Option<i64>, StoreError> {
        let mut statement = connection
            .prepare_cached("SELECT term FROM terms WHERE grp = ?1 AND kind = ?2 AND value = ?3")?;
        let number = statement.query_row((group.0, self.kind, &self.value), |row| row.get(0));
        Ok(number.optional()?)
    }

    /// Lets an expense be found by it.
    fn insert(
        &self,
        connection: &Connection,
        group: GroupKey,
        date: u32,
        original: i64,
    ) -> Result<(), StoreError> {
        let mut statement = connection.prepare_cached(
            "INSERT INTO found_by (term, date, n)
             SELECT term, ?4, ?5 FROM terms WHERE grp = ?1 AND kind = ?2 AND value = ?3",
        )?;
        let row = (group.0, self.kind, &self.value, date, original);
        if statement.execute(row)? == 0 {
            connection
                .prepare_cached("INSERT INTO terms (grp, kind, value) VALUES (?1, ?2, ?3)")?
                .execute((group.0, self.kind, &self.value))?;
            statement.execute(row)?;
        }
        Ok(())
    }
}

/// What the lists say of a content.
pub(super) struct Listed {
    pub(super) date: u32,
    pub(super) terms: BTreeSet<Term>,
    pub(super) words: String,
}

impl Listed {
    /// None if the entry has no content, or names somebody unknown.
    pub(super) fn of(entry: &DecodedEntry, state: &GroupState) -> Option<Self> {
        let details = Details::of(entry, state)?;
        let parts = details.paid().into_iter().chain(details.owed());
        let mut terms: BTreeSet<Term> = parts.map(|(member, _)| Term::member(member)).collect();
        terms.insert(Term::currency(details.currency()));
        let mut words = details.description().to_owned();
        if let Details::Expense(expense) = &details {
            terms.extend(expense.category.as_deref().map(Term::category));
            for more in expense.category.iter().chain(&expense.note) {
                words.push('\n');
                words.push_str(more);
            }
        }
        Some(Self { date: details.date().yyyymmdd(), terms, words })
    }

    fn insert(
        &self,
        connection: &Connection,
        group: GroupKey,
        original: i64,
    ) -> Result<(), StoreError> {
        for term in &self.terms {
            term.insert(connection, group, self.date, original)?;
        }
        connection
            .prepare_cached("INSERT INTO texts (rowid, words) VALUES (?1, ?2)")?
            .execute((text_row(self.date, original)?, &self.words))?;
        Ok(())
    }

    fn delete(
        &self,
        connection: &Connection,
        group: GroupKey,
        original: i64,
    ) -> Result<(), StoreError> {
        let mut statement = connection.prepare_cached(
            "DELETE FROM found_by WHERE date = ?4 AND n = ?5 AND term =
             (SELECT term FROM terms WHERE grp = ?1 AND kind = ?2 AND value = ?3)",
        )?;
        for term in &self.terms {
            statement.execute((group.0, term.kind, &term.value, self.date, original))?;
        }
        connection
            .prepare_cached("DELETE FROM texts WHERE rowid = ?1")?
            .execute([text_row(self.date, original)?])?;
        Ok(())
    }
}

/// A place in the list as one number, in the order of the list; none if it is
/// beyond every place.
pub(super) fn place(date: u64, n: u64) -> Option<i64> {
    let n = i64::try_from(n).ok()?.min(NUMBERS.checked_sub(1)?);
    i64::try_from(date).ok()?.checked_mul(NUMBERS)?.checked_add(n)
}

/// The row in `texts` of an expense.
pub(super) fn text_row(date: u32, original: i64) -> Result<i64, StoreError> {
    let number = u64::try_from(original).ok().filter(|_| original < NUMBERS);
    let place = number.and_then(|n| place(u64::from(date), n));
    place.ok_or_else(|| StoreError::Damaged(format!("entry number {original} is too large")))
}

/// Brings every list up to date with what a slot shows now.
pub(super) fn update(
    connection: &Connection,
    group: GroupKey,
    state: &GroupState,
    original: i64,
    slot: &Slot,
) -> Result<(), StoreError> {
    let before: Option<i64> = connection
        .prepare_cached("SELECT content FROM expenses WHERE n = ?1")?
        .query_row([original], |row| row.get(0))
        .optional()?;
    let after = match slot.content() {
        Some(shown) => Some((number(connection, shown)?, shown)),
        None => None,
    };
    if let (Some(before), Some((n, _))) = (before, after)
        && before == n
    {
        connection
            .prepare_cached("UPDATE expenses SET cancelled = ?2 WHERE n = ?1")?
            .execute((original, slot.is_cancelled()))?;
        return Ok(());
    }
    if let Some(before) = before {
        listed(connection, state, before)?.delete(connection, group, original)?;
        connection.prepare_cached("DELETE FROM expenses WHERE n = ?1")?.execute([original])?;
    }
    // A slot whose original is void shows nothing and has no row.
    let Some((n, _)) = after else { return Ok(()) };
    let listed = listed(connection, state, n)?;
    connection
        .prepare_cached(
            "INSERT INTO expenses (n, grp, date, content, cancelled) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute((original, group.0, listed.date, n, slot.is_cancelled()))?;
    listed.insert(connection, group, original)
}

fn number(connection: &Connection, id: EntryId) -> Result<i64, StoreError> {
    let n = connection
        .prepare_cached("SELECT n FROM entries WHERE id = ?1")?
        .query_row([id.as_bytes()], |row| row.get(0))
        .optional()?;
    n.ok_or_else(|| StoreError::Damaged(format!("entry {id} is gone")))
}

fn listed(connection: &Connection, state: &GroupState, n: i64) -> Result<Listed, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT entry, signature FROM entries WHERE n = ?1")?;
    let mut rows = statement.query([n])?;
    let nothing = || StoreError::Damaged(format!("entry number {n} shows nothing"));
    let row = rows.next()?.ok_or_else(nothing)?;
    let bytes = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
    let entry = DecodedEntry::decode(bytes, &row.get(1)?)?;
    Listed::of(&entry, state).ok_or_else(nothing)
}
