//! `ledger correct`, `cancel`, `restore`, `confirm`, `dispute`, `copy`: entries about one expense or transfer.

use std::collections::BTreeMap;
use std::io::Write;

use ledger_core::{Amount, Direction, Expense, HintError, Split, Transaction, Transfer};
use ledger_store::{Group, NewEntry};

use crate::args::{Cancel, Correct, Hints, OfEntry, Review};
use crate::context::{People, open, the_group};
use crate::entry::{find, in_words, original, recorded};
use crate::failure::Failure;
use crate::history::print_differences;
use crate::parts::{Participant, usage, whole};
use crate::record::{Members, paid_in, payers, split_turn};
use crate::show::one_line;

pub(crate) fn correct(arguments: &Correct, out: &mut dyn Write) -> Result<(), Failure> {
    let group = open_group(&arguments.entry)?;
    let state = group.state()?;
    let people = People::of(&state);
    let row = recorded(&group, &state, &arguments.entry.entry)?;
    let after = match &row.transaction {
        Transaction::Expense(before) => {
            let shared_by = before.shares.iter().map(|(member, _)| *member).collect();
            let weights = BTreeMap::new();
            let members = Members { people: &people, shared_by, weights };
            Transaction::Expense(corrected(arguments, before, &group, &members)?)
        }
        Transaction::Transfer(before) => {
            Transaction::Transfer(corrected_transfer(arguments, before, &people)?)
        }
    };
    if row.transaction.differences(&after).is_empty() {
        return usage(format!(
            "nothing would change: {} is so already; an option such as --amount says what changes",
            in_words(&row.transaction)
        ));
    }
    let before = row.transaction;
    let correction = NewEntry::Correction { original: row.original, transaction: after.clone() };
    let id = append(&group, correction)?;
    writeln!(out, "corrected {} by entry {id}:", one_line(&in_words(&before)))?;
    print_differences(Some(&before), &after, &people, out)
}

/// Changes direction and notes as the options say.
fn change_hints(said: &Hints, is_other: bool, after: &mut Expense) -> Result<(), Failure> {
    match (said.refund, said.no_refund) {
        (true, _) => after.direction = Direction::Incoming,
        (_, true) => after.direction = Direction::Outgoing,
        _ => {}
    }
    let hint = |error: HintError| Failure::Usage(error.to_string());
    if said.no_tags || !said.tag.is_empty() {
        after.hints.set_tags(said.tag.iter().map(String::as_str)).map_err(hint)?;
    }
    if let [paid, code] = said.currency_paid.as_slice() {
        let paid = paid_in(paid, code, after.amount, after.currency)?;
        after.hints.set_paid_in(Some(&paid)).map_err(hint)?;
    } else if said.no_currency_paid || is_other && after.hints.paid_in().is_some() {
        // With another amount it would say how one came about that no longer stands there.
        after.hints.set_paid_in(None).map_err(hint)?;
    }
    Ok(())
}

/// The expense with what the options change.
fn corrected(
    arguments: &Correct,
    before: &Expense,
    group: &Group,
    members: &Members<'_>,
) -> Result<Expense, Failure> {
    if arguments.to.is_some() {
        return usage("--to has no effect on an expense; --for says who shares it".to_owned());
    }
    let mut after = before.clone();
    after.date = arguments.on.unwrap_or(before.date);
    if let Some(text) = &arguments.description {
        after.description.clone_from(text);
    }
    change_text(&mut after.category, arguments.category.as_ref());
    change_text(&mut after.note, arguments.note.as_ref());
    after.currency = arguments.currency.unwrap_or(before.currency);
    let currency = after.currency;
    after.amount = new_amount(arguments, before.amount, before.currency)?;
    let is_other = after.amount != before.amount || currency != before.currency;
    change_hints(&arguments.hints, is_other, &mut after)?;
    if !arguments.by.is_empty() {
        after.payers = payers(group, members, &arguments.by, after.amount, currency)?;
    } else if is_other {
        match after.payers.as_mut_slice() {
            [(_, paid)] => *paid = after.amount,
            _ => {
                return usage("several people paid; --by says how much each paid of it".to_owned());
            }
        }
    }
    let (date, amount) = (after.date, after.amount.minor_units());
    let turn = split_turn(&arguments.sharing, &after.description, date, amount);
    if arguments.sharing.is_said() {
        after.shares.clear();
        for (who, share) in arguments.sharing.shares(members, after.amount, currency, turn)? {
            after.shares.push((members.people.find(&who.name)?, share));
        }
        after.keep_rule(&arguments.sharing.rule(members, currency)?);
    } else if is_other {
        after = shared_as_before(before, after, members.people, turn)?;
    } else if arguments.sharing.turn().is_some() {
        return usage("--turn has no effect: the shares stay as they are".to_owned());
    } else if let Some(rule) = before.said_rule() {
        // The hint names payers by their places, and they may be others now.
        after.keep_rule(&rule);
    } else if !arguments.by.is_empty() {
        // Nor can a rule that this version cannot read be kept then.
        after.keep_rule(&before.rule());
    }
    Ok(after)
}

/// The expense with its new amount shared by the rule of before.
fn shared_as_before(
    before: &Expense,
    after: Expense,
    people: &People,
    turn: u64,
) -> Result<Expense, Failure> {
    let now = "--for and --split say how it is shared now";
    match before.rule() {
        Split::Exact(_) => usage(format!("it was not shared equally; {now}")),
        Split::Items(_) => usage(format!("it was shared by the items of a receipt; {now}")),
        Split::Adjust(_) if before.currency != after.currency => {
            let old = before.currency;
            usage(format!("it was shared with adjustments in {old}; {now}"))
        }
        rule => {
            // Errors name people.
            let named = rule.try_map(|member| {
                let name = people.label(*member).to_owned();
                Ok::<_, Failure>(Participant { member: Some(*member), name })
            })?;
            let misfit =
                |error: String| Failure::Usage(format!("as it was shared, {error}; {now}"));
            named
                .shares(after.amount, after.currency, turn)
                .map_err(|error| misfit(error.to_string()))?;
            after.split(&rule, turn).map_err(|error| misfit(error.to_string()))
        }
    }
}

/// The transfer with what the options change.
fn corrected_transfer(
    arguments: &Correct,
    before: &Transfer,
    people: &People,
) -> Result<Transfer, Failure> {
    let sharing = &arguments.sharing;
    let is_said = sharing.is_said() || sharing.turn().is_some();
    let sharing = is_said.then_some("an option about shares, such as --for,");
    let category = arguments.category.as_ref().map(|_| "--category");
    let note = arguments.note.as_ref().map(|_| "--note");
    let said = &arguments.hints;
    let is_hint = said.refund
        || said.no_refund
        || said.no_tags
        || said.no_currency_paid
        || !(said.tag.is_empty() && said.currency_paid.is_empty());
    let hint = is_hint.then_some("an option of expenses, such as --refund or --tag,");
    if let Some(option) = sharing.or(category).or(note).or(hint) {
        return usage(format!("{option} has no effect on a transfer"));
    }
    let mut after = before.clone();
    after.date = arguments.on.unwrap_or(before.date);
    if let Some(text) = &arguments.description {
        after.description.clone_from(text);
    }
    after.currency = arguments.currency.unwrap_or(before.currency);
    after.amount = new_amount(arguments, before.amount, before.currency)?;
    match arguments.by.as_slice() {
        [] => {}
        [one] => after.from = people.find(one)?,
        _ => return usage("one member gives a transfer; say --by once".to_owned()),
    }
    if let Some(to) = &arguments.to {
        after.to = people.find(to)?;
    }
    Ok(after)
}

/// The amount that the options say. An amount in another currency has to be said: the old number
/// would mean something else.
fn new_amount(
    arguments: &Correct,
    before: Amount,
    old: ledger_core::Currency,
) -> Result<Amount, Failure> {
    let currency = arguments.currency.unwrap_or(old);
    match &arguments.amount {
        Some(text) => whole(text, currency),
        None if currency == old => Ok(before),
        None if currency.exponent() == old.exponent() => Ok(before),
        None => usage(format!(
            "{currency} has other decimals than {old}; --amount says how much it is in {currency}"
        )),
    }
}

fn change_text(text: &mut Option<String>, said: Option<&String>) {
    if let Some(said) = said {
        *text = Some(said.clone()).filter(|said| !said.is_empty());
    }
}

pub(crate) fn cancel(arguments: &Cancel, out: &mut dyn Write) -> Result<(), Failure> {
    let group = open_group(&arguments.entry)?;
    let state = group.state()?;
    let row = recorded(&group, &state, &arguments.entry.entry)?;
    let reason = arguments.reason.clone();
    let id = append(&group, NewEntry::Cancellation { original: row.original, reason })?;
    writeln!(out, "cancelled {} by entry {id}", one_line(&in_words(&row.transaction)))?;
    Ok(())
}

pub(crate) fn restore(arguments: &OfEntry, out: &mut dyn Write) -> Result<(), Failure> {
    let group = open_group(arguments)?;
    let state = group.state()?;
    let row = recorded(&group, &state, &arguments.entry)?;
    let id = group.lists().short_id(group.entries().restore(row.original)?)?;
    let what = one_line(&in_words(&row.transaction));
    writeln!(out, "restored {what} by entry {id}, and it counts again")?;
    Ok(())
}

pub(crate) fn review(
    arguments: &Review,
    confirms: bool,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let group = open_group(&arguments.entry)?;
    let state = group.state()?;
    let target = recorded(&group, &state, &arguments.entry.entry)?;
    let note = arguments.note.clone();
    let entry = match confirms {
        // What is printed below, whatever came in meanwhile.
        true => NewEntry::Confirmation { target: target.current_version, note },
        false => NewEntry::Dispute { target: target.current_version, note },
    };
    let id = append(&group, entry)?;
    let word = if confirms { "confirmed" } else { "disputed" };
    writeln!(out, "{word} {} by entry {id}", one_line(&in_words(&target.transaction)))?;
    Ok(())
}

pub(crate) fn copy(arguments: &OfEntry, out: &mut dyn Write) -> Result<(), Failure> {
    let group = open_group(arguments)?;
    let state = group.state()?;
    let id = original(&group, &state, find(&group, &state, &arguments.entry)?)?;
    let copied = append(&group, NewEntry::VoidEntryCopy { original: id })?;
    let row = group.lists().recorded(id)?;
    let what = row.map_or_else(String::new, |row| one_line(&in_words(&row.transaction)));
    writeln!(out, "copied {what} by entry {copied}, and it counts now")?;
    Ok(())
}

fn open_group(arguments: &OfEntry) -> Result<Group, Failure> {
    the_group(&open(&arguments.location)?, &arguments.location)
}

/// Appends one entry, and returns its id as lists show it.
pub(crate) fn append(group: &Group, entry: NewEntry) -> Result<String, Failure> {
    match group.entries().append(vec![entry])?.as_slice() {
        [id, ..] => Ok(group.lists().short_id(*id)?),
        [] => Ok(String::new()),
    }
}
