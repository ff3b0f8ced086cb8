//! `ledger groups`, `members` and `devices`.

use std::io::Write;

use ledger_core::{GroupState, MemberId};
use serde_json::{Value, json};

use crate::args::{Read, ReadDatabase};
use crate::context::{People, open, the_group};
use crate::failure::Failure;
use crate::read::print_json;
use crate::show::{Align, one_line, table};

pub(crate) fn groups(arguments: &ReadDatabase, out: &mut dyn Write) -> Result<(), Failure> {
    let groups = open(&arguments.location)?.groups()?;
    if arguments.json {
        let row = |group: &ledger_store::GroupSummary| {
            json!({
                "id": group.id.to_string(),
                "name": group.name,
                "entries": group.entries,
            })
        };
        return print_json(out, &groups.iter().map(row).collect::<Vec<Value>>());
    }
    let rows: Vec<[String; 3]> = groups
        .iter()
        .map(|group| {
            [group.id.short(), one_line(&group.name), format!("{} entries", group.entries)]
        })
        .collect();
    table(out, [Align::Left, Align::Left, Align::Right], &rows)
}

pub(crate) fn members(arguments: &Read, out: &mut dyn Write) -> Result<(), Failure> {
    let store = open(&arguments.location)?;
    let group = the_group(&store, &arguments.location)?;
    let state = group.state()?;
    let (people, me) = (People::of(&state), group.me()?);
    if arguments.json {
        let row = |member: MemberId| {
            json!({
                "id": member.to_string(),
                "name": people.label(member),
                "me": me == Some(member),
                "standing": people.standing(member),
                "devices": devices_of(&state, member),
            })
        };
        return print_json(out, &people.in_order().map(row).collect::<Vec<Value>>());
    }
    let rows: Vec<[String; 3]> = people
        .in_order()
        .map(|member| {
            let you = if me == Some(member) { "you" } else { "" };
            [one_line(people.label(member)), people.standing(member).to_owned(), you.to_owned()]
        })
        .collect();
    table(out, [Align::Left; 3], &rows)
}

fn devices_of(state: &GroupState, member: MemberId) -> usize {
    state.devices().filter(|(_, device, _)| state.device_owner(*device) == Some(member)).count()
}

pub(crate) fn devices(arguments: &Read, out: &mut dyn Write) -> Result<(), Failure> {
    let store = open(&arguments.location)?;
    let group = the_group(&store, &arguments.location)?;
    let state = group.state()?;
    let people = People::of(&state);
    let own = group.device();
    if arguments.json {
        let row = |(_, device, _): (_, ledger_core::DeviceId, _)| {
            let owner = state.device_owner(device);
            json!({
                "id": device.to_string(),
                "member": owner.map(|owner| people.label(owner)),
                "this": device == own,
            })
        };
        return print_json(out, &state.devices().map(row).collect::<Vec<Value>>());
    }
    let rows: Vec<[String; 3]> = state
        .devices()
        .map(|(_, device, _)| {
            let owner = state.device_owner(device).map_or("?", |owner| people.label(owner));
            let this = if device == own { "this device" } else { "" };
            [device.short(), one_line(owner), this.to_owned()]
        })
        .collect();
    table(out, [Align::Left; 3], &rows)
}
