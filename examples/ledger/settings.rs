//! The command that shows and changes the settings of a group.

use std::io::Write;

use ledger_core::{Currency, DeviceId, MemberId, SettingValue, Settings};
use ledger_store::{Group, NewEntry};
use serde_json::json;

use crate::args::Settings as Arguments;
use crate::context::{People, open, the_group};
use crate::failure::Failure;
use crate::parts::usage;
use crate::read::print_json;
use crate::show::{Align, one_line, table};
use crate::sign::find_device;

pub(crate) fn settings(arguments: &Arguments, out: &mut dyn Write) -> Result<(), Failure> {
    let location = &arguments.read.location;
    let store = open(location)?;
    let group = the_group(&store, location)?;
    let people = People::of(&*group.state()?);
    let changes = changes(arguments, &group, &people)?;
    if !changes.is_empty() {
        group.entries().append(changes.into_iter().map(NewEntry::Setting).collect())?;
    }
    let settings = group.settings().current()?;
    if arguments.read.json {
        return print_json(out, &as_json(&settings, &people));
    }
    print(&settings, &people, out)
}

/// Names a device that has just been enrolled, if there is a name for it.
///
/// # Errors
/// [`Failure`] as every command that records.
pub(crate) fn name_device(
    group: &Group,
    device: DeviceId,
    name: Option<&String>,
) -> Result<(), Failure> {
    if let Some(name) = name {
        let value = SettingValue::DeviceName { device, name: Some(name.clone()) };
        group.entries().append(vec![NewEntry::Setting(value)])?;
    }
    Ok(())
}

/// What the options set, each as one entry.
fn changes(
    arguments: &Arguments,
    group: &Group,
    people: &People,
) -> Result<Vec<SettingValue>, Failure> {
    let mut changes = Vec::new();
    if let Some(code) = &arguments.currency {
        let currency = match code.as_str() {
            "none" => None,
            code => Some(code.parse::<Currency>().map_err(|e| Failure::Usage(e.to_string()))?),
        };
        changes.push(SettingValue::DefaultCurrency(currency));
    }
    for text in &arguments.weight {
        let Some((name, weight)) = text.rsplit_once('=') else {
            return usage(format!("--weight {text:?} needs NAME=WEIGHT, or NAME=none"));
        };
        let member = people.find(name)?;
        let weight = match weight {
            "none" => None,
            number => match number.parse() {
                Ok(number) => Some(number),
                Err(_) => {
                    return usage(format!("{number:?}: a default weight is a whole number"));
                }
            },
        };
        changes.push(SettingValue::DefaultWeight { member, weight });
    }
    if !arguments.relay.is_empty() || arguments.no_relays {
        let no_member = || Failure::Usage("this device has no member".to_owned());
        let member = group.me()?.ok_or_else(no_member)?;
        changes.push(SettingValue::Relays { member, relays: arguments.relay.clone() });
    }
    if arguments.device_name.is_some() || arguments.no_device_name {
        let device = match &arguments.device {
            Some(typed) => find_device(&*group.state()?, typed)?,
            None => group.device(),
        };
        changes.push(SettingValue::DeviceName { device, name: arguments.device_name.clone() });
    }
    if !arguments.category.is_empty() || arguments.no_categories {
        changes.push(SettingValue::Categories(arguments.category.clone()));
    }
    Ok(changes)
}

fn as_json(settings: &Settings, people: &People) -> serde_json::Value {
    let member = |id: &MemberId| people.label(*id).to_owned();
    let weights = settings.default_weights.iter();
    let weights = weights.map(|(id, weight)| json!({ "member": member(id), "weight": weight }));
    let proposed = settings.proposed_relays.iter();
    let proposed = proposed.map(|(id, relays)| json!({ "member": member(id), "relays": relays }));
    json!({
        "default_currency": settings.default_currency.map(|currency| currency.to_string()),
        "default_weights": weights.collect::<Vec<_>>(),
        "relays": settings.relays,
        "proposed_relays": proposed.collect::<Vec<_>>(),
        "categories": settings.categories,
    })
}

fn print(settings: &Settings, people: &People, out: &mut dyn Write) -> Result<(), Failure> {
    let mut rows: Vec<[String; 2]> = Vec::new();
    let mut row = |name: &str, value: String| rows.push([name.to_owned(), one_line(&value)]);
    if let Some(currency) = settings.default_currency {
        row("currency", currency.to_string());
    }
    for member in people.in_order() {
        if let Some(weight) = settings.default_weights.get(&member) {
            row("weight", format!("{}={weight}", people.label(member)));
        }
    }
    for relay in &settings.relays {
        row("relay", relay.clone());
    }
    for (member, relays) in &settings.proposed_relays {
        for relay in relays {
            row("relay", format!("{relay} (proposed by {})", people.label(*member)));
        }
    }
    for category in &settings.categories {
        row("category", category.clone());
    }
    if rows.is_empty() {
        writeln!(out, "Nothing is set.")?;
    }
    table(out, [Align::Left; 2], &rows)
}
