//! `ledger undo`: the opposite of what this device did last.

use std::io::Write;

use ledger_core::Verdict;
use ledger_core::engine::{Kind, Payload};
use ledger_store::{Activity, Group, NewEntry, Recorded, VersionKind};

use crate::args::Location;
use crate::change::append;
use crate::context::{People, open, the_group};
use crate::entry::in_words;
use crate::failure::Failure;
use crate::history::{print_differences, versions};
use crate::read::summary;
use crate::show::one_line;

/// Entries read from the database at once.
const PAGE: u32 = 100;

pub(crate) fn run(arguments: &Location, out: &mut dyn Write) -> Result<(), Failure> {
    let group = the_group(&open(arguments)?, arguments)?;
    let state = group.state()?;
    let Some(act) = last_act(&group)? else {
        return Err(Failure::Ledger("this device wrote nothing that could be undone".to_owned()));
    };
    let id = group.lists().short_id(act.entry.id())?;
    let named = format!("{id} ({})", one_line(&summary(&act, &state)));
    match act.kind() {
        Kind::EXPENSE | Kind::TRANSFER | Kind::COPY => {
            refuse_shared(&group, &act, &named, &People::of(&state))?;
            let shown = still_shown(&group, &act, &named)?;
            let cancellation = NewEntry::Cancellation { original: shown.original, reason: None };
            let by = append(&group, cancellation)?;
            writeln!(out, "undid {named}: cancelled by entry {by}")?;
            Ok(())
        }
        Kind::CORRECTION => {
            let shown = still_shown(&group, &act, &named)?;
            let Some(before) = act.before else { return no_way_back(&act, &named) };
            let (original, transaction) = (shown.original, before.clone());
            let by = append(&group, NewEntry::Correction { original, transaction })?;
            let is = one_line(&in_words(&before));
            writeln!(out, "undid {named}: it is {is} again, by entry {by}")?;
            print_differences(Some(&shown.transaction), &before, &People::of(&state), out)
        }
        Kind::CANCELLATION => {
            let shown = ended(&group, &act, &named, true)?;
            let by = append(&group, NewEntry::Restoration { original: shown.original })?;
            writeln!(out, "undid {named}: restored by entry {by}")?;
            Ok(())
        }
        Kind::RESTORATION => {
            let shown = ended(&group, &act, &named, false)?;
            let cancellation = NewEntry::Cancellation { original: shown.original, reason: None };
            let by = append(&group, cancellation)?;
            writeln!(out, "undid {named}: cancelled by entry {by}")?;
            Ok(())
        }
        _ => no_way_back(&act, &named),
    }
}

/// The expense or transfer of a cancellation or restoration, if it is still as that left it.
fn ended(group: &Group, act: &Activity, named: &str, cancelled: bool) -> Result<Recorded, Failure> {
    let shown = match act.original.filter(|_| act.verdict == Verdict::Applied) {
        Some(original) => group.lists().recorded(original)?,
        None => None,
    };
    shown.filter(|shown| shown.cancelled == cancelled).ok_or_else(|| {
        Failure::Ledger(format!("{named} has no effect any more; there is nothing to undo"))
    })
}

/// The last entry of this device that its person wrote, and not the library by itself.
fn last_act(group: &Group) -> Result<Option<Activity>, Failure> {
    let device = group.device();
    let mut after = None;
    loop {
        let page = group.lists().activity(after, PAGE)?;
        let Some(last) = page.last() else { return Ok(None) };
        after = Some(last.cursor);
        let is_act = |row: &Activity| {
            let own = row.entry.decoded().header().device() == device;
            own && !matches!(row.kind(), Kind::MERGE | Kind::EPOCH | Kind::ROTATION)
        };
        if let Some(found) = page.into_iter().find(is_act) {
            return Ok(Some(found));
        }
    }
}

/// The expense or transfer of an act, if the act is what shows: what somebody changed since is not
/// undone with it.
fn still_shown(group: &Group, act: &Activity, named: &str) -> Result<Recorded, Failure> {
    let shown = group.lists().recorded(act.entry.id())?.filter(|_| act.verdict == Verdict::Applied);
    let Some(shown) = shown else {
        return Err(Failure::Ledger(format!("{named} does not count; there is nothing to undo")));
    };
    if shown.cancelled {
        return Err(Failure::Ledger(format!("{named} was cancelled; there is nothing to undo")));
    }
    if shown.current_version != act.entry.id() {
        let id = group.lists().short_id(act.entry.id())?;
        return Err(Failure::Ledger(format!(
            "{named} was changed since, so that undoing it would take back more; `ledger history \
             {id}` shows by whom, and `ledger correct {id}` or `ledger cancel {id}` changes it"
        )));
    }
    Ok(shown)
}

/// Refuses to undo the record of an imported row, or of what recurs, that somebody else recorded, too:
/// both are one expense, so a cancellation would end theirs as well.
fn refuse_shared(
    group: &Group,
    act: &Activity,
    named: &str,
    people: &People,
) -> Result<(), Failure> {
    let has_origin = match act.entry.decoded().payload() {
        Payload::Transaction(transaction) => transaction.origin().is_some(),
        _ => false,
    };
    if !has_origin || act.verdict != Verdict::Applied {
        return Ok(());
    }
    let versions = versions(group, act.entry.id())?;
    let other = versions.iter().find(|version| {
        let counts = version.verdict == Verdict::Applied;
        counts && version.kind == VersionKind::Original && version.entry.id() != act.entry.id()
    });
    let Some(other) = other else { return Ok(()) };
    let who = one_line(other.author.map_or("?", |author| people.label(author)));
    let (own, other) =
        (group.lists().short_id(act.entry.id())?, group.lists().short_id(other.entry.id())?);
    Err(Failure::Ledger(format!(
        "{named} is what {who} recorded as well, by entry {other}, and both are one expense; \
         `ledger cancel {own}` cancels it for both, `ledger history {own}` shows who recorded it"
    )))
}

/// Says what to do about an act that has no opposite.
fn no_way_back(act: &Activity, named: &str) -> Result<(), Failure> {
    let advice = match act.entry.decoded().payload() {
        Payload::Genesis(_) => "`ledger delete-group` deletes the group from this device",
        Payload::Endorsement(review) if review.confirms() => "`ledger dispute` says the opposite",
        Payload::Endorsement(_) => "`ledger confirm` says the opposite",
        Payload::Placeholder(_) | Payload::AddMember(_) => {
            "`ledger remove` removes a member, as the owner"
        }
        Payload::Statement(_) => {
            "a statement stays; `ledger rename` and `ledger invite --for-member` change a name and \
             bring somebody back"
        }
        _ => "nothing takes it back",
    };
    Err(Failure::Ledger(format!(
        "the last act of this device, {named}, cannot be undone: {advice}"
    )))
}
