//! The settings in force, and the split that follows from them.

use ledger_core::{MemberId, Settings, Split};

use crate::StoreError;
use crate::lists::{Lists, Standing, settings};
use crate::session::GroupSession;

/// The settings of the group.
#[derive(Clone, Copy)]
pub struct GroupSettings<'a> {
    session: &'a GroupSession,
}

impl<'a> GroupSettings<'a> {
    pub(super) fn new(session: &'a GroupSession) -> Self {
        Self { session }
    }

    /// The settings in force: default currency and weights, relays, categories. A setting is
    /// appended as [`NewEntry::Setting`](crate::NewEntry::Setting). Takes time in proportion to the number of settings that
    /// were ever appended.
    ///
    /// ```
    /// # use ledger_store::{NewEntry, StoreOptions};
    /// # use ledger_core::{Currency, SettingValue};
    /// # let group = StoreOptions::new().in_memory()?.create_group("Flat", "Anna")?;
    /// let euro = Currency::from_code("EUR")?;
    /// group.entries().append(vec![NewEntry::Setting(SettingValue::DefaultCurrency(Some(euro)))])?;
    /// assert_eq!(group.settings().current()?.default_currency, Some(euro));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn current(&self) -> Result<Settings, StoreError> {
        settings(self.session)
    }

    /// The rule by which a new expense is shared if nobody says otherwise: by everybody who was neither
    /// removed nor left, equally or by the default weights of the group
    /// ([`Settings::default_split`]).
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn default_split(&self) -> Result<Split<MemberId>, StoreError> {
        let members = Lists::new(self.session).members()?.into_iter();
        let present = members
            .filter(|row| !matches!(row.standing, Standing::Removed | Standing::Left))
            .map(|row| row.id);
        Ok(self.current()?.default_split(present))
    }
}
