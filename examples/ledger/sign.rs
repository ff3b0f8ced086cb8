//! `ledger remove`, `revoke`, `leave`, `rename`: statements, shown before they are signed;
//! and `ledger successor`.

use std::io::Write;

use ledger_core::{DeviceId, EntryId, GroupState};
use ledger_store::{Group, Proposal, StatementIntent};

use crate::args::{Leave, Location, Remove, Rename, Revoke, Sign, Successor};
use crate::ask::confirm;
use crate::context::{People, open, the_group};
use crate::entry::find;
use crate::failure::Failure;
use crate::show::one_line;

pub(crate) fn remove(arguments: &Remove, out: &mut dyn Write) -> Result<(), Failure> {
    let group = open_group(&arguments.sign.location)?;
    let state = group.state()?;
    let member = People::of(&state).find(&arguments.member)?;
    let since = since(&group, &state, arguments.since.as_deref())?;
    let intent = StatementIntent::Remove { member, since };
    sign(&group, intent, &arguments.sign, out)
}

pub(crate) fn revoke(arguments: &Revoke, out: &mut dyn Write) -> Result<(), Failure> {
    let group = open_group(&arguments.sign.location)?;
    let state = group.state()?;
    let device = find_device(&state, &arguments.device)?;
    let since = since(&group, &state, arguments.since.as_deref())?;
    let intent = StatementIntent::Revoke { device, since };
    sign(&group, intent, &arguments.sign, out)
}

/// The device that may write and whose id begins so.
pub(crate) fn find_device(state: &GroupState, typed: &str) -> Result<DeviceId, Failure> {
    // Nothing would be the beginning of every id.
    let begins = |id: &DeviceId| !typed.is_empty() && id.to_string().starts_with(typed);
    let found: Vec<DeviceId> = state.devices().map(|(_, id, _)| id).filter(begins).collect();
    match found.as_slice() {
        [device] => Ok(*device),
        _ => {
            let text = format!("{} devices have an id that begins with {typed:?}", found.len());
            Err(Failure::Usage(format!("{text}; `ledger devices` lists them")))
        }
    }
}

/// The entry of `--since`, which is here: another one would be ignored.
fn since(
    group: &Group,
    state: &GroupState,
    typed: Option<&str>,
) -> Result<Option<EntryId>, Failure> {
    typed.map(|typed| find(group, state, typed)).transpose()
}

pub(crate) fn leave(arguments: &Leave, out: &mut dyn Write) -> Result<(), Failure> {
    let group = open_group(&arguments.sign.location)?;
    let mut proposal = group.statements().propose(StatementIntent::Leave)?;
    if arguments.as_owner {
        if !proposal.needs_confirmation() {
            let text = "--as-owner has no effect: you do not own this group; leave it out";
            return Err(Failure::Usage(text.to_owned()));
        }
        proposal.confirm();
    } else if proposal.needs_confirmation() {
        let text = "you own this group; `ledger leave --as-owner` leaves it nevertheless";
        return Err(Failure::Usage(text.to_owned()));
    }
    sign_proposal(&group, &proposal, &arguments.sign, out)
}

pub(crate) fn rename(arguments: &Rename, out: &mut dyn Write) -> Result<(), Failure> {
    let intent = StatementIntent::Rename { name: arguments.name.clone() };
    sign(&open_group(&arguments.sign.location)?, intent, &arguments.sign, out)
}

pub(crate) fn successor(arguments: &Successor, out: &mut dyn Write) -> Result<(), Failure> {
    let old = open_group(&arguments.location)?;
    let state = old.state()?;
    let name = arguments.name.as_deref().unwrap_or(state.name());
    let new = old.create_successor_group(name)?;
    writeln!(out, "created {}, group {}", one_line(name), new.id())?;
    print_comparison(&new, out)
}

pub(crate) fn compare_opening(arguments: &Location, out: &mut dyn Write) -> Result<(), Failure> {
    let group = the_group(&open(arguments)?, arguments)?;
    print_comparison(&group, out)
}

/// Says whether a group opened with the balances of the group that it continues.
fn print_comparison(group: &Group, out: &mut dyn Write) -> Result<(), Failure> {
    let Some(compared) = group.compare_opening()? else {
        writeln!(out, "this group continues no other one")?;
        return Ok(());
    };
    let old = compared.predecessor.short();
    if compared.differences.is_empty() {
        writeln!(out, "the opening balances equal those of group {old}")?;
    } else {
        writeln!(out, "the opening balances differ from those of group {old}:")?;
    }
    for difference in &compared.differences {
        let currency = difference.currency;
        writeln!(
            out,
            "  {}: {} {currency}, and {} {currency} in the old group",
            one_line(&difference.name),
            difference.opening.format(currency),
            difference.before.format(currency)
        )?;
    }
    if !compared.is_same_state {
        writeln!(out, "the old group has other entries here than its founder had")?;
    }
    Ok(())
}

fn open_group(location: &Location) -> Result<Group, Failure> {
    the_group(&open(location)?, location)
}

/// Shows the statement, asks, and signs it after a yes.
fn sign(
    group: &Group,
    intent: StatementIntent,
    arguments: &Sign,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    sign_proposal(group, &group.statements().propose(intent)?, arguments, out)
}

fn sign_proposal(
    group: &Group,
    proposal: &Proposal,
    arguments: &Sign,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    writeln!(out, "{}", one_line(proposal.text()))?;
    for id in proposal.voids() {
        writeln!(out, "  would become void: {id}")?;
    }
    if !arguments.yes {
        confirm("Sign this?", "nothing was signed", out)?;
    }
    writeln!(out, "signed {}", group.statements().sign(proposal)?)?;
    Ok(())
}
