//! `ledger import`: another program's export into the ledger.

use std::io::Write;
use std::path::Path;

use ledger_core::MemberId;
use ledger_formats::{ImportFile, Inference, Person, splitwise};
use ledger_store::{Group, ImportReport, StoreError};
use serde_json::json;

use crate::args::{Import, ImportFormat};
use crate::as_of::BalancesAt;
use crate::context::{People, open_or_create, refuse_without_genesis, the_group};
use crate::failure::Failure;
use crate::parts::check_name;
use crate::read::{print_balances, print_json};
use crate::settle::print_plan;
use crate::show::{one_line, progress_bar};

/// How many inferred or cancelled rows are named before the rest is only counted.
const ROWS_SHOWN: usize = 5;

pub(crate) fn run(arguments: &Import, out: &mut dyn Write) -> Result<(), Failure> {
    let ImportFormat::Splitwise = arguments.format;
    let path = &arguments.file;
    let bytes =
        std::fs::read(path).map_err(|source| Failure::Read { path: path.clone(), source })?;
    // Everything in the file is checked before anything is touched.
    let failed = |source| Failure::Import { path: path.clone(), source };
    let export = splitwise::read(&bytes).map_err(failed)?;
    let founder = founder(arguments, &export)?;
    let name = group_name(arguments);
    let check_group_name = || {
        let advice =
            |error: Failure| Failure::Usage(format!("{error}; choose a group's name with --name"));
        check_name(&name).map_err(advice)
    };
    // Names are checked where they are written: a further import makes no group, and knows members.
    let check_names = || {
        export.check_new_names(|_| false).map_err(failed)?;
        check_group_name()
    };
    let refuse_group = || match arguments.location.group {
        None => Ok(()),
        Some(_) => {
            let text = "--group has no effect on the first import; --name names the new group";
            Err(Failure::Usage(text.to_owned()))
        }
    };
    if !arguments.location.db.exists() {
        refuse_group()?;
        check_names()?;
    }
    let store = open_or_create(&arguments.location)?;
    let first = store.group_ids()?.is_empty();
    if first {
        refuse_group()?;
        refuse_without_genesis(&store)?;
        check_names()?;
    }
    let group = if first {
        store.create_group(&name, founder.name())?
    } else {
        let group = the_group(&store, &arguments.location)?;
        refuse_other_names(arguments, &group)?;
        group
    };
    let report = group.import_splitwise(&export, &mut progress_bar());
    let report = report.map_err(|error| match error {
        StoreError::Import(source) => failed(*source),
        error => error.into(),
    })?;
    if arguments.json {
        return print_report_json(&group, &report, out);
    }
    if first && arguments.me.is_none() {
        let name = one_line(founder.name());
        writeln!(out, "You are {name}, the first column (--me NAME chooses another).\n")?;
    }
    print_report(&report, &export, path, out)?;
    print_cancelled(&group, &report, out)?;
    print_people(&group, &report, out)?;
    print_result(&group, out)
}

/// Refuses `--me` and `--name` on a further import, unless they say what is so: then the same command
/// can be given again.
fn refuse_other_names(arguments: &Import, group: &Group) -> Result<(), Failure> {
    let state = group.state()?;
    let people = People::of(&state);
    let said = |option: &str, said: &str, is: &str| {
        let (said, is) = (one_line(said), one_line(is));
        Err(Failure::Usage(format!(
            "--{option} {said:?} has no effect on a further import; in the group it is {is:?}"
        )))
    };
    if let (Some(me), Some(id)) = (&arguments.me, group.me()?) {
        let is = people.label(id);
        if state.member(id).is_none_or(|member| member.name() != me) && is != me {
            return said("me", me, is);
        }
    }
    match &arguments.name {
        Some(name) if name != state.name() => said("name", name, state.name()),
        _ => Ok(()),
    }
}

/// Who imports: the member that `--me` names, else the first column.
fn founder<'a>(arguments: &Import, export: &'a ImportFile) -> Result<&'a Person, Failure> {
    let members = export.people();
    let found = match &arguments.me {
        Some(me) => members.iter().find(|member| member.name() == me),
        None => members.first(),
    };
    found.ok_or_else(|| {
        let names: Vec<&str> = members.iter().map(Person::name).collect();
        let me = arguments.me.as_deref().unwrap_or_default();
        Failure::Usage(format!("--me {me:?} is nobody in the file; it has {}", names.join(", ")))
    })
}

/// The name that `--name` gives, else the file's name without its ending.
fn group_name(arguments: &Import) -> String {
    let stem = || arguments.file.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let name = arguments.name.clone().or_else(stem).filter(|name| !name.is_empty());
    name.unwrap_or_else(|| "Imported group".to_owned())
}

fn print_report(
    report: &ImportReport,
    export: &ImportFile,
    path: &Path,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let file = one_line(&path.display().to_string());
    writeln!(out, "{file}: {} rows added, {} known already", report.added, report.known)?;
    if report.waiting > 0 {
        writeln!(
            out,
            "{} rows are in entries that wait for others: import a bundle that has those",
            report.waiting
        )?;
    }
    if report.members_added > 0 {
        let added = report.members_added;
        writeln!(out, "{added} people added; only the group's owner can give them keys")?;
    }
    if !report.inferred.is_empty() {
        let lines: Vec<String> = report
            .inferred
            .iter()
            .take(ROWS_SHOWN)
            .map(|(line, inference)| format!("line {line} ({})", describe(*inference)))
            .collect();
        writeln!(
            out,
            "{} rows inferred, because the file does not tell who paid how much; every balance \
             is exact: {}",
            report.inferred.len(),
            and_more(&lines, report.inferred.len()),
        )?;
    }
    let open: Vec<&ledger_core::Currency> = report
        .matching
        .iter()
        .filter(|currency| export.unreconciled_currencies().all(|open| open != **currency))
        .collect();
    if !open.is_empty() {
        let codes: Vec<&str> = open.iter().map(|currency| currency.code()).collect();
        writeln!(out, "The balances equal the file's closing totals in {}.", codes.join(", "))?;
    }
    let why = if report.cancelled.is_empty() {
        "the ledger holds more than it"
    } else {
        "rows of it are cancelled, or the ledger holds more than it"
    };
    for currency in &report.differing {
        writeln!(out, "The balances in {currency} differ from the file's: {why}.")?;
    }
    Ok(writeln!(out)?)
}

/// The rows that somebody cancelled. An import brings none of them back.
fn print_cancelled(
    group: &Group,
    report: &ImportReport,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let mut lines = Vec::new();
    for (line, original) in report.cancelled.iter().take(ROWS_SHOWN) {
        lines.push(format!("line {line} ({})", group.lists().short_id(*original)?));
    }
    if lines.is_empty() {
        return Ok(());
    }
    let (count, lines) = (report.cancelled.len(), and_more(&lines, report.cancelled.len()));
    writeln!(
        out,
        "{count} rows are cancelled in the ledger and stay so: {lines}; `ledger restore ID` makes \
         one count again\n"
    )?;
    Ok(())
}

/// Some of so many rows, and how many more there are.
fn and_more(shown: &[String], of: usize) -> String {
    let rest = of.saturating_sub(shown.len());
    let rest = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    format!("{}{rest}", shown.join(", "))
}

/// Whom a person should look at: names prove nothing.
fn print_people(group: &Group, report: &ImportReport, out: &mut dyn Write) -> Result<(), Failure> {
    let (state, me) = (group.state()?, group.me()?);
    let people = People::of(&state);
    let shown = |ids: &[MemberId]| {
        others(ids, me).map(|id| people.shown(id)).collect::<Vec<_>>().join(", ")
    };
    let (named, ambiguous) = (shown(&report.matched_by_name), shown(&report.ambiguous));
    if !named.is_empty() {
        writeln!(out, "Known by name only; look whether they are those of the file: {named}\n")?;
    }
    if !ambiguous.is_empty() {
        writeln!(out, "Added, as several members have the name: {ambiguous}\n")?;
    }
    Ok(())
}

/// These members without the person of this device, who knows who they are.
fn others(ids: &[MemberId], me: Option<MemberId>) -> impl Iterator<Item = MemberId> + '_ {
    ids.iter().copied().filter(move |id| Some(*id) != me)
}

fn describe(inference: Inference) -> &'static str {
    match inference {
        Inference::Exact => "exact",
        Inference::SeveralPayers => "several payers",
        Inference::NoEffect => "no effect",
    }
}

fn print_result(group: &Group, out: &mut dyn Write) -> Result<(), Failure> {
    let state = group.state()?;
    let people = People::of(&state);
    print_balances(&state, &people, &BalancesAt::now(&state), out)?;
    writeln!(out)?;
    print_plan(&state, &people, out)
}

fn print_report_json(
    group: &Group,
    report: &ImportReport,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let (people, me) = (People::of(&*group.state()?), group.me()?);
    let members = |ids: &[MemberId]| -> Vec<_> {
        let member = |id: MemberId| json!({ "id": id.to_string(), "name": people.label(id) });
        others(ids, me).map(member).collect()
    };
    let inferred: Vec<_> = report
        .inferred
        .iter()
        .map(|(line, inference)| json!({ "line": line, "why": describe(*inference) }))
        .collect();
    let cancelled: Vec<_> = report
        .cancelled
        .iter()
        .map(|(line, original)| json!({ "line": line, "id": original.to_string() }))
        .collect();
    let codes = |currencies: &[ledger_core::Currency]| -> Vec<String> {
        currencies.iter().map(ToString::to_string).collect()
    };
    print_json(
        out,
        &json!({
            "added": report.added,
            "known": report.known,
            "cancelled": cancelled,
            "waiting": report.waiting,
            "members_added": report.members_added,
            "inferred": inferred,
            "currencies_matching": codes(&report.matching),
            "currencies_differing": codes(&report.differing),
            "matched_by_name": members(&report.matched_by_name),
            "ambiguous": members(&report.ambiguous),
        }),
    )
}
