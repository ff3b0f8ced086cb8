//! `ledger import`: another program's export into the ledger.

use std::collections::BTreeMap;
use std::io::{Read as _, Write};
use std::path::Path;
use std::sync::Arc;

use ledger_core::MemberId;
use ledger_formats::{ImportFile, Inference, Options, Person, Program};
use ledger_store::{
    AppliedImport, Group, ImportChoice, ImportPlan, ImportReport, ImportTarget, OldRows, Store,
    StoreError, StoreOptions,
};
use serde_json::json;

use crate::args::{Database, Import, ImportFormat};
use crate::as_of::BalancesAt;
use crate::context::{
    People, group_by_name, open, open_or_create, refuse_without_genesis, secrets, the_group,
};
use crate::failure::Failure;
use crate::import_plan::{plan_json, print_plan_of_import};
use crate::parts::check_name;
use crate::read::{print_balances, print_json};
use crate::settle::print_plan;
use crate::show::{one_line, progress_bar};

/// How many inferred or cancelled rows are named before the rest is only counted.
const ROWS_SHOWN: usize = 5;

/// How often an import is planned anew if others record at the same time.
const ATTEMPTS: usize = 5;

pub(crate) fn run(arguments: &Import, out: &mut dyn Write) -> Result<(), Failure> {
    if arguments.file == Path::new("undo") {
        return undo(arguments, out);
    }
    import(arguments, out)
}

fn undo(arguments: &Import, out: &mut dyn Write) -> Result<(), Failure> {
    let named = |is: bool, option: &'static str| is.then_some(option);
    let found = [
        named(arguments.format != ImportFormat::Auto, "--format"),
        named(arguments.currency.is_some(), "--currency"),
        named(arguments.me.is_some(), "--me"),
        named(arguments.name.is_some(), "--name"),
        named(arguments.new_group, "--new-group"),
        named(!arguments.map.is_empty(), "--map"),
        named(arguments.replace, "--replace"),
        named(arguments.add_anyway, "--add-anyway"),
        named(arguments.restore_cancelled, "--restore-cancelled"),
        named(arguments.plan, "--plan"),
        named(arguments.json, "--json"),
    ];
    if let Some(option) = found.into_iter().flatten().next() {
        let text = format!("{option} has no effect on `import undo`; a file called undo is ./undo");
        return Err(Failure::Usage(text));
    }
    let store = open(&arguments.location)?;
    let group = named_group(&store, arguments)?;
    let undone = store.imports().undo(group.id(), &mut progress_bar())?;
    writeln!(out, "undid the import: {} rows count no more", undone.cancelled)?;
    if undone.restored > 0 {
        writeln!(out, "{} rows that it had cancelled count again", undone.restored)?;
    }
    if undone.kept > 0 {
        let kept = undone.kept;
        writeln!(out, "{kept} rows stay as they are: others recorded or cancelled them, too")?;
    }
    writeln!(out)?;
    print_result(&group, out)
}

fn import(arguments: &Import, out: &mut dyn Write) -> Result<(), Failure> {
    let path = &arguments.file;
    if path.is_dir() {
        let text = format!("{} is a folder; name the export in it", path.display());
        return Err(Failure::Usage(text));
    }
    let bytes = read_file(path).map_err(|source| Failure::Read { path: path.clone(), source })?;
    refuse_database(path, &bytes, &arguments.location)?;
    // Everything in the file is checked before anything is touched.
    let failed = |source| Failure::Import { path: path.clone(), source };
    let export = Arc::new(recognise(arguments, &bytes).map_err(failed)?);
    let founder = founder(arguments, &export)?;
    let name = group_name(arguments);
    let check_new_group = || {
        // Names are checked where they are written: a further import makes no group, and knows members.
        export.check_new_names(|_| false).map_err(failed)?;
        refuse_empty(&export, path)?;
        let advice =
            |error: Failure| Failure::Usage(format!("{error}; choose a group's name with --name"));
        check_name(&name).map_err(advice)
    };
    let exists = arguments.location.db.exists();
    if arguments.new_group || !exists {
        refuse_options_of_further_imports(arguments)?;
        check_new_group()?;
    }
    let store = match arguments.plan && !exists {
        // A plan makes no file.
        true => StoreOptions::new().in_memory()?,
        false => open_or_create(&arguments.location)?,
    };
    for attempt in 1.. {
        let first = store.group_ids()?.is_empty();
        let (target, people) = if first && !arguments.new_group {
            refuse_options_of_further_imports(arguments)?;
            refuse_without_genesis(&store)?;
            check_new_group()?;
            let target = ImportTarget::FirstGroup { name: name.clone(), me: founder };
            (target, BTreeMap::new())
        } else if arguments.new_group {
            let target = ImportTarget::NewGroup { name: name.clone(), me: founder };
            (target, BTreeMap::new())
        } else {
            let group = named_group(&store, arguments)?;
            refuse_other_names(arguments, &group)?;
            let people = chosen_people(&arguments.map, &group, &export)?;
            (ImportTarget::Group(group.id()), people)
        };
        let plan = store.imports().plan(Arc::clone(&export), target, people);
        let plan = plan.map_err(|error| explain(error, path))?;
        if let Some(failure) = look(arguments, &store, &plan, out)? {
            return failure;
        }
        let done = store.imports().apply(&plan, choice(arguments), &mut progress_bar());
        match done {
            // Another process imported or recorded at the same time: what is there counts.
            Err(StoreError::ImportOutdated) if attempt < ATTEMPTS => {}
            Err(error) => return Err(explain(error, path)),
            Ok(done) => {
                let makes_group = plan.group().is_none();
                return print_done(arguments, &store, &plan, makes_group, &done, out);
            }
        }
    }
    Ok(())
}

/// The bytes of a file, or of standard input.
fn read_file(path: &Path) -> std::io::Result<Vec<u8>> {
    if path != Path::new("-") {
        return std::fs::read(path);
    }
    let mut bytes = Vec::new();
    std::io::stdin().lock().read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Refuses a database of this program, which only its key file tells from noise.
fn refuse_database(path: &Path, bytes: &[u8], location: &Database) -> Result<(), Failure> {
    let Some(head) = bytes.first_chunk::<16>() else { return Ok(()) };
    let beside = Database { db: path.to_owned(), key_file: None };
    let is_ours = |place: &Database| {
        let salts = secrets(place).database_salts();
        salts.is_ok_and(|salts| salts.contains(head))
    };
    if !is_ours(&beside) && !is_ours(location) {
        return Ok(());
    }
    let path = path.display();
    Err(Failure::Ledger(format!(
        "{path} is a database of this program, and no export; --db names it, and `ledger bundle \
         export` writes what is in it for others\nNothing was imported."
    )))
}

fn explain(error: StoreError, path: &Path) -> Failure {
    match error {
        StoreError::Import(source) => Failure::Import { path: path.to_owned(), source: *source },
        // One transaction: what was written of it is gone.
        StoreError::DiskFull => Failure::Ledger(
            "the disk is full, so nothing was imported; free some space and try again".to_owned(),
        ),
        error => error.into(),
    }
}

fn refuse_empty(export: &ImportFile, path: &Path) -> Result<(), Failure> {
    if export.row_count() > 0 {
        return Ok(());
    }
    let path = one_line(&path.display().to_string());
    Err(Failure::Ledger(format!(
        "{path} has people and no rows; nothing was imported, and no group was made"
    )))
}

fn refuse_options_of_further_imports(arguments: &Import) -> Result<(), Failure> {
    let named = |is: bool, option: &'static str| is.then_some(option);
    let found = [
        named(arguments.location.group.is_some(), "--group"),
        named(arguments.into.is_some(), "--into"),
        named(!arguments.map.is_empty(), "--map"),
        named(arguments.replace, "--replace"),
        named(arguments.add_anyway, "--add-anyway"),
        named(arguments.restore_cancelled, "--restore-cancelled"),
    ];
    match found.into_iter().flatten().next() {
        None => Ok(()),
        Some(option) => Err(Failure::Usage(format!(
            "{option} has no effect on an import that makes a group; --name names the new \
             group"
        ))),
    }
}

/// The group that `--into` or `--group` names, else the only one.
fn named_group(store: &Store, arguments: &Import) -> Result<Group, Failure> {
    match &arguments.into {
        None => the_group(store, &arguments.location),
        Some(named) => group_by_name(store, named),
    }
}

fn choice(arguments: &Import) -> ImportChoice {
    ImportChoice {
        old_rows: match (arguments.replace, arguments.add_anyway) {
            (true, _) => OldRows::Replace,
            (false, true) => OldRows::Keep,
            (false, false) => OldRows::Refuse,
        },
        restore_cancelled: arguments.restore_cancelled,
        other_group: arguments.into.is_some() || arguments.location.group.is_some(),
    }
}

/// The members that `--map` names, by their columns.
fn chosen_people(
    map: &[String],
    group: &Group,
    export: &ImportFile,
) -> Result<BTreeMap<usize, MemberId>, Failure> {
    let people = People::of(&*group.state()?);
    let mut chosen = BTreeMap::new();
    for text in map {
        let (column, member) = chosen_person(text, &people, export)?;
        if chosen.insert(column, member).is_some() {
            let name = export.people().get(column).map(Person::name).unwrap_or_default();
            return Err(Failure::Usage(format!("--map names {name:?} of the file twice")));
        }
    }
    Ok(chosen)
}

/// Takes `OLD=NEW` apart where a member and a column are on its sides. A name may have a `=`, and a
/// person may write the column first, if that leaves no doubt.
fn chosen_person(
    text: &str,
    people: &People,
    export: &ImportFile,
) -> Result<(usize, MemberId), Failure> {
    let column = |name: &str| {
        let mut columns = export.people().iter().enumerate();
        columns.find(|(_, member)| member.name() == name || member.key().name() == name)
    };
    let pair = |member: &str, name: &str| {
        Some((column(name).map(|(place, _)| place)?, people.find(member).ok()?))
    };
    let splits = || {
        let at = text.match_indices('=').map(|(at, _)| at);
        at.filter_map(|at| Some((text.get(..at)?, text.get(at..)?.strip_prefix('=')?)))
    };
    let found = splits().find_map(|(left, right)| pair(left, right));
    let found = found.or_else(|| splits().find_map(|(left, right)| pair(right, left)));
    found.ok_or_else(|| {
        let columns: Vec<&str> = export.people().iter().map(Person::name).collect();
        let members: Vec<&str> = people.in_order().map(|member| people.label(member)).collect();
        Failure::Usage(format!(
            "--map {text:?} is no member=name; the members are {}, and the file has {}",
            members.join(", "),
            columns.join(", ")
        ))
    })
}

/// Prints the plan if it was asked for, or if a person has to choose. Returns how the command ends
/// then.
fn look(
    arguments: &Import,
    store: &Store,
    plan: &ImportPlan,
    out: &mut dyn Write,
) -> Result<Option<Result<(), Failure>>, Failure> {
    let choice = choice(arguments);
    let stops = (plan.is_other_group() && !choice.other_group)
        || (plan.differs() && choice.old_rows == OldRows::Refuse);
    if !stops && !arguments.plan {
        return Ok(None);
    }
    let group = plan.group().map(|group| store.group(group)).transpose()?;
    if arguments.json {
        print_json(out, &plan_json(plan, group.as_ref(), choice)?)?;
        let failure = || Failure::Ledger("nothing was imported; the plan says why".to_owned());
        return Ok(Some(if stops { Err(failure()) } else { Ok(()) }));
    }
    let mut text = Vec::new();
    print_plan_of_import(plan, group.as_ref(), choice, &arguments.file, &mut text)?;
    let text = String::from_utf8_lossy(&text).into_owned();
    if stops {
        return Ok(Some(Err(Failure::Ledger(text.trim_end().to_owned()))));
    }
    write!(out, "{text}")?;
    Ok(Some(Ok(())))
}

fn print_done(
    arguments: &Import,
    store: &Store,
    plan: &ImportPlan,
    makes_group: bool,
    done: &AppliedImport,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let group = store.group(done.group)?;
    let (report, export, path) = (&done.report, plan.file(), &arguments.file);
    if arguments.json {
        return print_report_json(&group, report, export, out);
    }
    if makes_group && arguments.me.is_none() {
        let name = export.people().first().map(Person::name).unwrap_or_default();
        let name = one_line(name);
        writeln!(out, "You are {name}, the first column (--me NAME chooses another).\n")?;
    }
    print_report(report, export, path, out)?;
    print_cancelled(&group, report, out)?;
    print_people(&group, report, out)?;
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
            "--{option} {said:?} has no effect on a further import; in the group it is {is:?} \
             (--new-group makes another group of the file)"
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

/// The column of whoever imports: that of the member that `--me` names, else the first one.
fn founder(arguments: &Import, export: &ImportFile) -> Result<usize, Failure> {
    let members = export.people();
    let found = match &arguments.me {
        Some(me) => members.iter().position(|member| member.name() == me),
        None => Some(0).filter(|_| !members.is_empty()),
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

/// The file, as that of the program which is named or recognised.
fn recognise(arguments: &Import, bytes: &[u8]) -> Result<ImportFile, ledger_formats::Problems> {
    let program = match arguments.format {
        ImportFormat::Auto => None,
        ImportFormat::Splitwise => Some(Program::Splitwise),
        ImportFormat::Spliit => Some(Program::Spliit),
        ImportFormat::Cospend => Some(Program::Cospend),
        ImportFormat::Ihatemoney => Some(Program::IHateMoney),
        ImportFormat::SettleUp => Some(Program::SettleUp),
    };
    ledger_formats::read(bytes, program, &Options { currency: arguments.currency })
}

fn print_report(
    report: &ImportReport,
    export: &ImportFile,
    path: &Path,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let file = one_line(&path.display().to_string());
    writeln!(out, "{file}: {} rows added, {} known already", report.added, report.known)?;
    if export.program() != Program::Splitwise {
        writeln!(out, "{file}: read as an export of {}", export.program())?;
    }
    for repair in export.repairs() {
        writeln!(out, "{file}: {repair}")?;
    }
    if report.replaced > 0 {
        writeln!(out, "{} rows of earlier exports cancelled", report.replaced)?;
    }
    if report.restored > 0 {
        writeln!(out, "{} cancelled rows count again", report.restored)?;
    }
    if report.in_opening > 0 {
        writeln!(
            out,
            "{} rows are in the group that this one continues, and so in the balances with which it \
             began",
            report.in_opening
        )?;
    }
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
    export: &ImportFile,
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
            "program": export.program().to_string(),
            "repairs": export.repairs().iter().map(ToString::to_string).collect::<Vec<_>>(),
            "added": report.added,
            "known": report.known,
            "cancelled": cancelled,
            "replaced": report.replaced,
            "restored": report.restored,
            "in_opening": report.in_opening,
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
