//! Entries as the command line names them: by the beginning of their id.

use ledger_core::{EntryId, GroupState, Transaction};
use ledger_store::{Group, Recorded};

use crate::failure::Failure;
use crate::read::summary;

/// Entries named in a message about a beginning that several have.
const NAMED: u32 = 5;

/// The entry whose id begins like `text`.
///
/// # Errors
/// [`Failure::Usage`] if there is none, or several.
pub(crate) fn find(group: &Group, state: &GroupState, text: &str) -> Result<EntryId, Failure> {
    let lists = group.lists();
    let found = match text {
        "" => Vec::new(),
        _ => lists.ids_beginning(text, NAMED)?,
    };
    match found.as_slice() {
        [one] => Ok(*one),
        [] => Err(Failure::Usage(format!(
            "no entry of the group has an id that begins with {text:?}; `ledger expenses` and \
             `ledger activity` show ids"
        ))),
        several => {
            let mut names = Vec::new();
            for id in several {
                let row = lists.entry(*id)?;
                let what = row.map_or_else(String::new, |row| summary(&row, state));
                names.push(format!("{} ({what})", lists.short_id(*id)?));
            }
            let names = names.join(", ");
            Err(Failure::Usage(format!(
                "several entries have an id that begins with {text:?}, such as {names}; type more of it"
            )))
        }
    }
}

/// The expense or transfer to which the entry with this beginning belongs, in its current version.
///
/// # Errors
/// [`Failure::Usage`] if the entry is of another kind; [`Failure::Ledger`] if it does not count.
pub(crate) fn recorded(group: &Group, state: &GroupState, text: &str) -> Result<Recorded, Failure> {
    let id = find(group, state, text)?;
    let original = original(group, state, id)?;
    let short = group.lists().short_id(id)?;
    group.lists().recorded(original)?.ok_or_else(|| {
        Failure::Ledger(format!(
            "entry {short} does not count; `ledger copy {short}` makes it count, if it is true"
        ))
    })
}

/// The entry that first recorded what an entry is about.
///
/// # Errors
/// [`Failure::Usage`] if it is about no expense or transfer.
pub(crate) fn original(group: &Group, state: &GroupState, id: EntryId) -> Result<EntryId, Failure> {
    let (row, short) = (group.lists().entry(id)?, group.lists().short_id(id)?);
    let about = row.as_ref().and_then(|row| row.original);
    about.ok_or_else(|| {
        let what = row.map_or_else(String::new, |row| format!(": {}", summary(&row, state)));
        Failure::Usage(format!("entry {short} is no expense or transfer{what}"))
    })
}

/// `Dinner, 30.00 EUR of 2026-11-21`.
pub(crate) fn in_words(transaction: &Transaction) -> String {
    let (amount, currency) = (transaction.amount(), transaction.currency());
    let (text, date) = (transaction.description(), transaction.date());
    let text = if text.is_empty() { "a transfer" } else { text };
    format!("{text}, {} {currency} of {date}", amount.format(currency))
}
