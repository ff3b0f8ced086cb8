//! Settings of a group.

use ledger_core::{Currency, DeviceId, EntryId, MemberId, SettingValue};
use ledger_store::NewEntry;

use super::LedgerGroup;
use crate::error::{ErrorCode, LedgerError};
use crate::values::{Split, of_rule};

/// Settings that are in force in a group. They move no money.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Settings {
    /// The currency to offer first, such as `EUR`.
    pub default_currency: Option<String>,
    /// Weights of members in new expenses. Whoever is not listed counts once.
    pub default_weights: Vec<DefaultWeight>,
    /// Addresses of relays that the owner set.
    pub relays: Vec<String>,
    /// Addresses of relays that other members propose. Ask the person before you use one.
    pub proposed_relays: Vec<ProposedRelays>,
    /// The categories to offer, in their order.
    pub categories: Vec<String>,
}

/// Weight of a member in new expenses.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct DefaultWeight {
    /// The member.
    pub member: MemberId,
    /// The weight; 0 leaves the member out.
    pub weight: i64,
}

/// Relays that a member proposes.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ProposedRelays {
    /// The member.
    pub member: MemberId,
    /// The addresses.
    pub relays: Vec<String>,
}

/// The settings of one group: what is in force, and calls that change it. Every member may
/// change everything but the owner's relays. Of two changes of one thing, the later counts.
#[derive(uniffi::Object)]
pub struct GroupSettings {
    group: LedgerGroup,
}

impl GroupSettings {
    pub(super) fn new(group: LedgerGroup) -> Self {
        Self { group }
    }
}

#[uniffi::export]
impl GroupSettings {
    /// The settings in force.
    ///
    /// # Errors
    /// Any error of reading the database.
    pub fn current(&self) -> Result<Settings, LedgerError> {
        let found = self.group.group()?.settings().current()?;
        let weight = |(member, weight)| DefaultWeight {
            member,
            // A weight is at most 10^12.
            weight: i64::try_from(weight).unwrap_or(i64::MAX),
        };
        let proposed = |(member, relays)| ProposedRelays { member, relays };
        Ok(Settings {
            default_currency: found.default_currency.map(|currency| currency.to_string()),
            default_weights: found.default_weights.into_iter().map(weight).collect(),
            relays: found.relays,
            proposed_relays: found.proposed_relays.into_iter().map(proposed).collect(),
            categories: found.categories,
        })
    }

    /// The rule by which a new expense is shared if nobody says otherwise: by everybody who
    /// was neither removed nor left, equally or by the default weights.
    ///
    /// # Errors
    /// Any error of reading the database.
    pub fn default_split(&self) -> Result<Split, LedgerError> {
        Ok(of_rule(self.group.group()?.settings().default_split()?))
    }

    /// Sets the currency that is offered first, or none. Returns the entry.
    ///
    /// # Errors
    /// `InvalidCurrency`, or as every call that records.
    pub fn set_default_currency(&self, currency: Option<String>) -> Result<EntryId, LedgerError> {
        let currency = currency.map(|code| code.parse::<Currency>()).transpose()?;
        self.set(SettingValue::DefaultCurrency(currency))
    }

    /// Sets the weight of a member in new expenses, or none. Returns the entry.
    ///
    /// # Errors
    /// `InvalidEntry` for a weight that is negative or above 10^12, `UnknownMember`, or as
    /// every call that records.
    pub fn set_default_weight(
        &self,
        member: MemberId,
        weight: Option<i64>,
    ) -> Result<EntryId, LedgerError> {
        let negative = || LedgerError::new(ErrorCode::InvalidEntry, "a weight is not negative");
        let weight = weight.map(u64::try_from).transpose().map_err(|_| negative())?;
        self.set(SettingValue::DefaultWeight { member, weight })
    }

    /// Sets the relays of the group, if this device's person is the owner; else proposes them.
    /// Returns the entry.
    ///
    /// # Errors
    /// `InvalidEntry` for more than 16, or an address that does not begin with `https://`,
    /// `NotEnrolled`, or as every call that records.
    pub fn set_relays(&self, relays: Vec<String>) -> Result<EntryId, LedgerError> {
        let me = self.group.group()?.me()?;
        let member = me.ok_or_else(|| {
            LedgerError::new(ErrorCode::NotEnrolled, "the device is not enrolled in this group")
        })?;
        self.set(SettingValue::Relays { member, relays })
    }

    /// Sets the categories to offer, in their order. Returns the entry.
    ///
    /// # Errors
    /// `InvalidEntry` for more than 128, or one that is empty or too long, or as every call
    /// that records.
    pub fn set_categories(&self, categories: Vec<String>) -> Result<EntryId, LedgerError> {
        self.set(SettingValue::Categories(categories))
    }

    /// Names a device of this device's person, such as "Anna's phone", or takes the name away. Call it
    /// when the device has entered the group, or from the device that enrolled it. Returns the entry.
    ///
    /// # Errors
    /// `InvalidEntry` for a device of somebody else, or a name that is too long or that nobody could
    /// read, or as every call that records.
    pub fn set_device_name(
        &self,
        device: DeviceId,
        name: Option<String>,
    ) -> Result<EntryId, LedgerError> {
        self.set(SettingValue::DeviceName { device, name })
    }
}

impl GroupSettings {
    fn set(&self, value: SettingValue) -> Result<EntryId, LedgerError> {
        self.group.append_one(NewEntry::Setting(value))
    }
}
