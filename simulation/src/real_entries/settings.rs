//! Settings of a script in real bytes, and those in force as numbers of the model.

use std::collections::{BTreeMap, BTreeSet};

use ledger_core::engine::Draft;
use ledger_core::{Currency, Setting, SettingValue, Settings};
use ledger_model::{Kind, MemberId, NOBODY};

use super::content::CURRENCIES;
use super::keys::Keys;
use super::{Error, PayloadDraft, RealHistory};

impl RealHistory {
    /// Drafts a setting. A value that says nothing is empty, or bytes that no version reads.
    pub(super) fn setting(
        &mut self,
        field: u8,
        subject: MemberId,
        value: Option<u32>,
    ) -> Result<PayloadDraft, Error> {
        let about = if subject == NOBODY { None } else { Some(self.keys.member(subject)?) };
        let (setting, value) = match (value, about) {
            (None, _) => {
                let subject: &[u8] = about.as_ref().map_or(&[], |member| member.as_bytes());
                let junk: &[u8] = if self.rng.chance(50) { &[] } else { &[0xff] };
                (Setting::from_parts(u64::from(field), subject, junk), None)
            }
            (Some(value), about) => {
                let number = if field == 0 { value % 2 } else { value };
                (Setting::new(&real_value(field, about, number)?)?, Some(number))
            }
        };
        let kind = Kind::Set { field, subject, value };
        Ok(PayloadDraft { draft: Draft::setting(setting), refs: BTreeSet::new(), kind })
    }
}

fn real_value(
    field: u8,
    about: Option<ledger_core::MemberId>,
    number: u32,
) -> Result<SettingValue, Error> {
    Ok(match (field, about) {
        (0, None) => {
            let code = CURRENCIES.get(usize::try_from(number)?).ok_or("which currency?")?;
            SettingValue::DefaultCurrency(Some(Currency::from_code(code)?))
        }
        (1, Some(member)) => {
            SettingValue::DefaultWeight { member, weight: Some(u64::from(number)) }
        }
        (2, Some(member)) => {
            SettingValue::Relays { member, relays: vec![format!("https://{number}")] }
        }
        (3, None) => SettingValue::Categories(vec![number.to_string()]),
        _ => return Err("which setting?".into()),
    })
}

/// The settings in force, by field and subject.
pub(super) fn numbers(
    keys: &Keys,
    settings: &Settings,
) -> Result<BTreeMap<(u8, MemberId), u32>, Error> {
    let mut numbers = BTreeMap::new();
    let member = |id| keys.member_number(id).ok_or("a setting about whom?");
    if let Some(currency) = settings.default_currency {
        let place = CURRENCIES.iter().position(|code| *code == currency.code());
        numbers.insert((0, NOBODY), u32::try_from(place.ok_or("which currency?")?)?);
    }
    for (id, weight) in &settings.default_weights {
        numbers.insert((1, member(*id)?), u32::try_from(*weight)?);
    }
    let owner = settings.relays.first().map(|relay| (keys.founder(), relay));
    let others = settings.proposed_relays.iter();
    let others = others.filter_map(|(id, relays)| Some((member(*id), relays.first()?)));
    for (id, relay) in owner.map(|(id, relay)| (Ok(id), relay)).into_iter().chain(others) {
        numbers.insert((2, id?), relay.trim_start_matches("https://").parse()?);
    }
    if let Some(category) = settings.categories.first() {
        numbers.insert((3, NOBODY), category.parse()?);
    }
    Ok(numbers)
}
