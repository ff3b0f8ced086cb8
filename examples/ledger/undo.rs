//! `ledger undo`: the opposite of what this device did last.

use std::io::Write;

use ledger_core::EntryId;
use ledger_core::engine::Payload;
use ledger_store::{Activity, Group, StoreError, UndoError, UndoneBy};

use crate::args::Location;
use crate::context::{People, open, the_group};
use crate::entry::in_words;
use crate::failure::Failure;
use crate::history::print_differences;
use crate::read::summary;
use crate::show::one_line;

pub(crate) fn run(arguments: &Location, out: &mut dyn Write) -> Result<(), Failure> {
    let group = the_group(&open(arguments)?, arguments)?;
    let people = People::of(&*group.state()?);
    let undone = match group.entries().undo() {
        Ok(undone) => undone,
        Err(StoreError::Undo(refusal)) => return Err(refused(&group, refusal, &people)?),
        Err(error) => return Err(error.into()),
    };
    let (_, named) = act(&group, undone.act)?;
    let by = group.lists().short_id(undone.by)?;
    match undone.how {
        UndoneBy::Cancellation => writeln!(out, "undid {named}: cancelled by entry {by}")?,
        UndoneBy::Restoration => writeln!(out, "undid {named}: restored by entry {by}")?,
        UndoneBy::Correction { undone, now } => {
            let is = one_line(&in_words(&now));
            writeln!(out, "undid {named}: it is {is} again, by entry {by}")?;
            print_differences(Some(&undone), &now, &people, out)?;
        }
        _ => writeln!(out, "undid {named} by entry {by}")?,
    }
    Ok(())
}

/// An act, and how it is named: by its id, and in a few words.
fn act(group: &Group, id: EntryId) -> Result<(Option<Activity>, String), Failure> {
    let (row, state) = (group.lists().entry(id)?, group.state()?);
    let what = row.as_ref().map_or_else(String::new, |row| one_line(&summary(row, &state)));
    Ok((row, format!("{} ({what})", group.lists().short_id(id)?)))
}

/// The refusal in words that name the act, and the command that helps.
fn refused(group: &Group, refusal: UndoError, people: &People) -> Result<Failure, Failure> {
    let Some(id) = refusal.act() else {
        return Ok(Failure::Ledger("this device wrote nothing that could be undone".to_owned()));
    };
    let (row, named) = act(group, id)?;
    let short = group.lists().short_id(id)?;
    Ok(Failure::Ledger(match refusal {
        UndoError::NotCounted(_) => format!("{named} does not count; there is nothing to undo"),
        UndoError::Cancelled(_) => format!("{named} was cancelled; there is nothing to undo"),
        UndoError::NoEffect(_) => {
            format!("{named} has no effect any more; there is nothing to undo")
        }
        UndoError::ChangedSince(_) => format!(
            "{named} was changed since, so that undoing it would take back more; `ledger history \
             {short}` shows by whom, and `ledger correct {short}` or `ledger cancel {short}` changes it"
        ),
        UndoError::RecordedByOthers { other, .. } => {
            let author = group.lists().entry(other)?.and_then(|row| row.author);
            let who = one_line(author.map_or("?", |author| people.label(author)));
            let other = group.lists().short_id(other)?;
            format!(
                "{named} is what {who} recorded as well, by entry {other}, and both are one expense; \
                 `ledger cancel {short}` cancels it for both, `ledger history {short}` shows who \
                 recorded it"
            )
        }
        _ => {
            let advice = row.as_ref().map_or("nothing takes it back", instead);
            format!("the last act of this device, {named}, cannot be undone: {advice}")
        }
    }))
}

/// What to do about an act that has no opposite.
fn instead(act: &Activity) -> &'static str {
    match act.entry.decoded().payload() {
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
    }
}
