//! Settings of a group: of each field and subject the last applied one (SPEC §4.15).

use std::collections::{BTreeMap, BTreeSet};

use super::group_state::GroupState;
use crate::base::id::{DeviceId, MemberId};
use crate::money::{Currency, Split};
use crate::payload::{Setting, SettingValue};

/// Settings of a group. No part of the digest: they move no money and decide about nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// The currency that an app offers first.
    pub default_currency: Option<Currency>,
    /// Weights of members in new expenses; whoever has none counts once.
    pub default_weights: BTreeMap<MemberId, u64>,
    /// Addresses of relays that the owner set.
    pub relays: Vec<String>,
    /// Addresses of relays that other members propose.
    pub proposed_relays: BTreeMap<MemberId, Vec<String>>,
    /// The categories that an app offers, in their order.
    pub categories: Vec<String>,
    /// Names of devices that may write, as the members who use them gave them.
    pub device_names: BTreeMap<DeviceId, String>,
}

impl Settings {
    /// The weights of members by default, as for an item of a receipt: whoever has none counts once.
    #[must_use]
    pub fn weights_of(&self, members: impl IntoIterator<Item = MemberId>) -> Vec<(MemberId, u64)> {
        let weight = |member: &MemberId| self.default_weights.get(member).copied().unwrap_or(1);
        members.into_iter().map(|member| (member, weight(&member))).collect()
    }

    /// The rule by which these members share an expense if nobody says otherwise: equally, or by the
    /// default weights if there are any.
    ///
    /// ```
    /// use ledger_core::{MemberId, Settings, Split};
    /// # let (anna, ben) = (MemberId::from_bytes([1; 32]), MemberId::from_bytes([2; 32]));
    /// let mut settings = Settings::default();
    /// assert_eq!(settings.default_split([anna, ben]), Split::Equal(vec![anna, ben]));
    /// settings.default_weights.insert(ben, 2);
    /// assert_eq!(settings.default_split([anna, ben]), Split::Weights(vec![(anna, 1), (ben, 2)]));
    /// ```
    #[must_use]
    pub fn default_split(&self, members: impl IntoIterator<Item = MemberId>) -> Split<MemberId> {
        if self.default_weights.is_empty() {
            return Split::Equal(members.into_iter().collect());
        }
        Split::Weights(self.weights_of(members))
    }
}

/// Collects the settings in force from applied settings, which must come newest first: descending
/// in (lamport, id).
///
/// Takes memory in proportion to the number of members and devices, whatever else was set.
#[derive(Debug)]
pub struct SettingsInForce<'a> {
    state: &'a GroupState,
    settings: Settings,
    currency: bool,
    categories: bool,
    weights: BTreeSet<MemberId>,
    relays: BTreeSet<MemberId>,
    devices: BTreeSet<DeviceId>,
}

impl<'a> SettingsInForce<'a> {
    /// Begins with nothing set in a group with this state.
    #[must_use]
    pub fn new(state: &'a GroupState) -> Self {
        Self {
            state,
            settings: Settings::default(),
            currency: false,
            categories: false,
            weights: BTreeSet::new(),
            relays: BTreeSet::new(),
            devices: BTreeSet::new(),
        }
    }

    /// Adds the next older applied setting, with the member whose device signed it.
    pub fn add(&mut self, author: Option<MemberId>, setting: &Setting) {
        let Some(value) = setting.value() else { return };
        let state = self.state;
        let settings = &mut self.settings;
        match value {
            SettingValue::DefaultCurrency(currency) => {
                if !core::mem::replace(&mut self.currency, true) {
                    settings.default_currency = currency;
                }
            }
            SettingValue::Categories(categories) => {
                if !core::mem::replace(&mut self.categories, true) {
                    settings.categories = categories;
                }
            }
            SettingValue::DefaultWeight { member, weight } => {
                if self.state.member(member).is_some() && self.weights.insert(member) {
                    settings.default_weights.extend(weight.map(|weight| (member, weight)));
                }
            }
            SettingValue::Relays { member, relays } => {
                let own = author == Some(member) && self.state.member(member).is_some();
                if own && self.relays.insert(member) {
                    if self.state.introduced_by(self.state.group().genesis()) == author {
                        settings.relays = relays;
                    } else if !relays.is_empty() {
                        settings.proposed_relays.insert(member, relays);
                    }
                }
            }
            SettingValue::DeviceName { device, name } => {
                let is_own = author.is_some_and(|author| state.uses_device(author, device));
                if is_own && self.devices.insert(device) {
                    settings.device_names.extend(name.map(|name| (device, name)));
                }
            }
        }
    }

    /// The settings in force.
    #[must_use]
    pub fn finish(self) -> Settings {
        self.settings
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::GroupId;
    use crate::state::any_names;

    fn member(n: u16) -> MemberId {
        let mut id = [0; 32];
        id[..2].copy_from_slice(&n.to_be_bytes());
        MemberId::from_bytes(id)
    }

    /// Whoever sets weights and relays of invented members takes no memory of others, whatever the
    /// number: nobody can fill a group with members.
    #[test]
    fn settings_about_nobody_take_no_memory() {
        let state = any_names(GroupId::from_bytes([1; 32]), []);
        let mut settings = SettingsInForce::new(&state);
        for n in 0..10_000 {
            let (member, relays) = (member(n), vec!["https://x".to_owned()]);
            for value in [
                SettingValue::DefaultWeight { member, weight: Some(1) },
                SettingValue::Relays { member, relays },
                SettingValue::DeviceName {
                    device: DeviceId::from_bytes(*member.as_bytes()),
                    name: Some("x".to_owned()),
                },
            ] {
                settings.add(Some(member), &Setting::new(&value).unwrap());
            }
            settings.add(Some(member), &Setting::from_parts(99, &n.to_be_bytes(), &[0; 64]));
        }
        assert!(settings.weights.is_empty() && settings.relays.is_empty());
        assert!(settings.devices.is_empty());
        assert_eq!(settings.finish(), Settings::default());
    }
}
