//! `ledger groups`, `members` and `devices`.

use std::io::Write;

use ledger_core::{GroupState, MemberId, Speaks};
use serde_json::{Value, json};

use crate::args::{Read, ReadDatabase};
use crate::context::{People, open, the_group};
use crate::failure::Failure;
use crate::read::print_json;
use crate::show::{Align, one_line, table};

pub(crate) fn groups(arguments: &ReadDatabase, out: &mut dyn Write) -> Result<(), Failure> {
    let store = open(&arguments.location)?;
    let groups = store.groups()?;
    let unfinished = |group: &ledger_store::GroupSummary| {
        let found = store.group(group.id)?.lists().unfinished_import()?;
        Ok::<bool, Failure>(found.is_some())
    };
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
    let rows: Vec<[String; 4]> = groups
        .iter()
        .map(|group| {
            let note = if unfinished(group)? { "an import is not finished" } else { "" };
            let entries = format!("{} entries", group.entries);
            Ok([group.id.short(), one_line(&group.name), entries, note.to_owned()])
        })
        .collect::<Result<_, Failure>>()?;
    table(out, [Align::Left, Align::Left, Align::Right, Align::Left], &rows)
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
    let devices = group.lists().devices()?;
    if arguments.json {
        let row = |row: &ledger_store::DeviceRow| {
            let speaks = row.speaks.as_ref().map(
                |speaks| json!({ "version": speaks.version(), "features": speaks.features() }),
            );
            json!({
                "id": row.id.to_string(),
                "member": people.label(row.member),
                "name": row.name,
                "this": row.is_this_device,
                "speaks": speaks,
            })
        };
        return print_json(out, &devices.iter().map(row).collect::<Vec<Value>>());
    }
    let rows: Vec<[String; 5]> = devices
        .iter()
        .map(|row| {
            let name = row.name.as_deref().map(one_line).unwrap_or_default();
            let this = if row.is_this_device { "this device" } else { "" };
            let reads = row.speaks.as_ref().map_or_else(String::new, reads);
            [row.id.short(), one_line(people.label(row.member)), name, this.to_owned(), reads]
        })
        .collect();
    table(out, [Align::Left; 5], &rows)
}

/// `reads version 1 and features 1024, 1025`.
fn reads(speaks: &Speaks) -> String {
    let features: Vec<String> = speaks.features().iter().map(u64::to_string).collect();
    let features = match features.as_slice() {
        [] => String::new(),
        some => format!(" and features {}", some.join(", ")),
    };
    format!("reads version {}{features}", speaks.version())
}
