//! `ledger salvage`: the sound parts of a damaged database, saved into a new one.

use std::io::Write;

use ledger_store::{Salvaged, Store};
use serde_json::json;

use crate::args;
use crate::context::{explain, secrets};
use crate::failure::Failure;
use crate::read::print_json;
use crate::show::progress_bar;

pub(crate) fn run(arguments: &args::Salvage, out: &mut dyn Write) -> Result<(), Failure> {
    let location = &arguments.read.location;
    let keys = secrets(location);
    let repaired =
        Store::salvage_database(&location.db, keys.clone(), &arguments.to, &mut progress_bar())
            .map_err(|error| explain(error, location, &keys))?;
    if arguments.read.json {
        return print_report_json(&repaired, out);
    }
    print_report(&repaired, out)?;
    let (to, keys) = (arguments.to.display(), keys.path().display());
    writeln!(out, "{to} opens with --key-file {keys}")?;
    Ok(())
}

fn print_report(repaired: &Salvaged, out: &mut dyn Write) -> Result<(), Failure> {
    let damaged = repaired.damaged_pages.iter();
    let ranges: Vec<String> = damaged
        .map(|range| match (range.start(), range.end()) {
            (first, last) if first == last => first.to_string(),
            (first, last) => format!("{first} to {last}"),
        })
        .collect();
    match ranges.as_slice() {
        [] => writeln!(out, "all {} pages are sound", repaired.pages)?,
        ranges => {
            writeln!(out, "of {} pages, these are damaged: {}", repaired.pages, ranges.join(", "))?;
        }
    }
    for group in &repaired.groups {
        let id = group.id.short();
        writeln!(out, "group {id}: {} entries saved, {} wait", group.entries, group.waiting)?;
        for cut in &group.cut {
            let (kept, from) = (cut.kept, cut.waiting_from);
            writeln!(
                out,
                "  device {}: its first {kept} entries are here, and others from number {from} on",
                cut.device.short()
            )?;
        }
        if !group.has_key {
            writeln!(out, "  this device's key in it was not found: the group can only be read")?;
        }
    }
    for id in &repaired.lost {
        writeln!(out, "lost: entry {id}")?;
    }
    if !repaired.is_complete() {
        writeln!(
            out,
            "import bundles of other devices before you record anything here; a device whose own \
             entries wait signs nothing until then, or until `ledger go-on`"
        )?;
    }
    Ok(())
}

fn print_report_json(repaired: &Salvaged, out: &mut dyn Write) -> Result<(), Failure> {
    let groups = repaired.groups.iter().map(|group| {
        let cut = group.cut.iter().map(|cut| {
            json!({
                "device": cut.device.to_string(),
                "kept": cut.kept,
                "waiting_from": cut.waiting_from,
            })
        });
        json!({
            "group": group.id.to_string(),
            "entries": group.entries,
            "waiting": group.waiting,
            "missing": group.missing.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "cut": cut.collect::<Vec<_>>(),
            "has_key": group.has_key,
        })
    });
    let pages = repaired.damaged_pages.iter().map(|range| json!([range.start(), range.end()]));
    print_json(
        out,
        &json!({
            "pages": repaired.pages,
            "damaged_pages": pages.collect::<Vec<_>>(),
            "groups": groups.collect::<Vec<_>>(),
            "lost": repaired.lost.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "complete": repaired.is_complete(),
        }),
    )
}
