//! The categories and tags in use.

use ledger_core::Date;
use rusqlite::Connection;

use super::Lists;
use super::totals::{word, wrong_term};
use crate::StoreError;
use crate::database::GroupKey;
use crate::entries::day::DayNumber;
use crate::entries::projections::{CATEGORY_KIND, TAG_KIND};

/// The texts of one kind of term that some slot shows, in the order of their bytes, each with its last
/// day.
pub(super) const IN_USE: &str = "SELECT t.value,
         (SELECT f.date FROM found_by f WHERE f.term = t.term ORDER BY f.date DESC, f.n DESC LIMIT 1)
     FROM terms t WHERE t.grp = ?1 AND t.kind = ?2 AND t.value > ?3
       AND EXISTS (SELECT 1 FROM found_by f WHERE f.term = t.term)
     ORDER BY t.value LIMIT ?4";

/// A category that expenses have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CategoryInUse {
    /// Its name.
    pub name: String,
    /// The last day of an expense with it.
    pub last_day: Date,
}

/// A tag that expenses or transfers have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagInUse {
    /// The tag.
    pub name: String,
    /// The last day of an expense or transfer with it.
    pub last_day: Date,
}

impl Lists<'_> {
    /// The categories that expenses have, cancelled ones as well, in the order of their bytes, after
    /// one.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn categories(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<CategoryInUse>, StoreError> {
        let rows = self.in_use(CATEGORY_KIND, after, limit)?.into_iter();
        Ok(rows.map(|(name, last_day)| CategoryInUse { name, last_day }).collect())
    }

    /// The tags that expenses and transfers have, cancelled ones as well, in the order of their bytes,
    /// after one. An app offers them to whoever types a tag.
    ///
    /// ```
    /// # use ledger_store::{NewEntry, StoreOptions};
    /// # use ledger_core::{Amount, Currency, Expense};
    /// use ledger_core::Hints;
    /// # let group = StoreOptions::new().in_memory()?.create_group("Flat", "Anna")?;
    /// # let me = group.me()?.ok_or("nobody")?;
    /// # let (euro, ten) = (Currency::from_code("EUR")?, Amount::from_minor_units(1000)?);
    /// let mut hints = Hints::default();
    /// hints.set_tags(["trip", "sea"])?;
    /// let tea = Expense::new("2026-11-21".parse()?, "Tea", euro, ten).hints(hints);
    /// # let tea = tea.paid_by(me, ten).split_equally(&[me], 0);
    /// group.entries().append(vec![NewEntry::Record(tea.into())])?;
    /// let tags: Vec<String> =
    ///     group.lists().tags(None, 50)?.into_iter().map(|tag| tag.name).collect();
    /// assert_eq!(tags, ["sea", "trip"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn tags(&self, after: Option<&str>, limit: u32) -> Result<Vec<TagInUse>, StoreError> {
        let rows = self.in_use(TAG_KIND, after, limit)?.into_iter();
        Ok(rows.map(|(name, last_day)| TagInUse { name, last_day }).collect())
    }

    fn in_use(
        &self,
        kind: u8,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<(String, Date)>, StoreError> {
        let group = self.group.key;
        self.group.session.read(|connection| in_use(connection, group, kind, after, limit))
    }
}

fn in_use(
    connection: &Connection,
    group: GroupKey,
    kind: u8,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<(String, Date)>, StoreError> {
    let after = after.unwrap_or_default().as_bytes();
    let mut statement = connection.prepare_cached(IN_USE)?;
    let mut rows = statement.query((group.0, kind, after, limit))?;
    let mut page = Vec::new();
    while let Some(row) = rows.next()? {
        let (name, last_day): (Vec<u8>, i64) = (row.get(0)?, row.get(1)?);
        let last_day = DayNumber::from_stored(last_day).date().ok_or_else(wrong_term)?;
        page.push((word(name)?, last_day));
    }
    Ok(page)
}
