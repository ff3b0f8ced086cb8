//! `ledger invites` and `ledger requests`: what this device invited people with, and who asks.

use std::io::Write;

use ledger_core::Date;
use ledger_store::{Invite, Request};
use serde_json::{Value, json};

use crate::args::{InvitesCommand, RequestsCommand};
use crate::context::{People, open, the_group};
use crate::failure::Failure;
use crate::parts::usage;
use crate::read::print_json;
use crate::show::{Align, one_line, table};

/// Digits of an invite's id that lists show.
const SHOWN: usize = 8;

pub(crate) fn invites(command: &InvitesCommand, out: &mut dyn Write) -> Result<(), Failure> {
    match command {
        InvitesCommand::List(read) => {
            let group = the_group(&open(&read.location)?, &read.location)?;
            let all = group.invites().list()?;
            let people = People::of(&*group.state()?);
            if read.json {
                return print_json(
                    out,
                    &all.iter().map(|one| row(one, &people)).collect::<Vec<_>>(),
                );
            }
            if all.is_empty() {
                writeln!(out, "  This device made no invite that is left.")?;
            }
            let rows: Vec<[String; 4]> = all.iter().map(|one| in_words(one, &people)).collect();
            table(out, [Align::Left; 4], &rows)
        }
        InvitesCommand::Cancel { location, invite } => {
            let group = the_group(&open(location)?, location)?;
            let all = group.invites().list()?;
            let begins = |one: &&Invite| one.id.to_string().starts_with(&invite.to_lowercase());
            let mut found = all.iter().filter(begins).filter(|_| !invite.is_empty());
            match (found.next(), found.next()) {
                (Some(one), None) => group.invites().cancel(one.id)?,
                (None, _) => {
                    return usage(format!(
                        "no invite of this device has an id that begins with {invite:?}; `ledger \
                         invites list` shows ids"
                    ));
                }
                _ => {
                    return usage(format!(
                        "several invites have an id that begins with {invite:?}; type more of it"
                    ));
                }
            }
            Ok(writeln!(out, "cancelled; nobody can ask or join by its link any more")?)
        }
    }
}

pub(crate) fn requests(command: &RequestsCommand, out: &mut dyn Write) -> Result<(), Failure> {
    match command {
        RequestsCommand::List(read) => {
            let group = the_group(&open(&read.location)?, &read.location)?;
            let all = group.invites().join_requests()?;
            if read.json {
                let row = |request: &Request| {
                    json!({
                        "name": request.name,
                        "keys": request.fingerprint.to_string(),
                        "came_ms": request.came_ms,
                        "invite": request.invite.to_string(),
                    })
                };
                return print_json(out, &all.iter().map(row).collect::<Vec<Value>>());
            }
            if all.is_empty() {
                writeln!(out, "  Nobody waits for an answer.")?;
            }
            let row = |request: &Request| {
                let keys = format!("with the keys {}", request.fingerprint);
                [one_line(&request.name), keys, format!("since {}", day(request.came_ms))]
            };
            table(out, [Align::Left; 3], &all.iter().map(row).collect::<Vec<_>>())
        }
        RequestsCommand::Decline { location, who } => {
            let group = the_group(&open(location)?, location)?;
            let all = group.invites().join_requests()?;
            let is_meant = |one: &&Request| one.name == *who || one.fingerprint.to_string() == *who;
            let mut found = all.iter().filter(is_meant);
            match (found.next(), found.next()) {
                (Some(one), None) => {
                    group.invites().decline(one.id)?;
                    Ok(writeln!(out, "declined {}", one_line(&one.name))?)
                }
                (None, _) => usage(format!(
                    "no request of {who:?} waits; `ledger requests list` shows those that do"
                )),
                _ => usage(format!(
                    "several requests of {who:?} wait; give the keys that `ledger requests list` shows"
                )),
            }
        }
    }
}

/// Id, note, terms and use of an invite.
fn in_words(invite: &Invite, people: &People) -> [String; 4] {
    let policy = &invite.policy;
    let id: String = invite.id.to_string().chars().take(SHOWN).collect();
    let mut terms = Vec::new();
    if let Some(member) = policy.for_member {
        terms.push(format!("for the place of {}", one_line(people.label(member))));
    }
    if !policy.requires_approval {
        terms.push("admits without approval".to_owned());
    }
    if let Some(expires_ms) = policy.expires_ms {
        // It ends with the last millisecond of a day.
        terms.push(format!("until {}", day(expires_ms.saturating_sub(1))));
    }
    let most = policy.max_uses.map_or_else(String::new, |most| format!(" of {most}"));
    let mut used = format!("used {}{most}", invite.used);
    if invite.waiting > 0 {
        used.push_str(&format!(", {} wait", invite.waiting));
    }
    [id, one_line(&policy.note), terms.join(", "), used]
}

fn row(invite: &Invite, people: &People) -> Value {
    let policy = &invite.policy;
    json!({
        "id": invite.id.to_string(),
        "note": policy.note,
        "requires_approval": policy.requires_approval,
        "max_uses": policy.max_uses,
        "expires_ms": policy.expires_ms,
        "for_member": policy.for_member.map(|member| people.label(member)),
        "made_ms": invite.made_ms,
        "used": invite.used,
        "waiting": invite.waiting,
    })
}

/// The end of a day in this time zone, in milliseconds since 1970 UTC.
///
/// # Errors
/// [`Failure::Usage`] if that is over.
pub(crate) fn end_of(day: Date) -> Result<u64, Failure> {
    let next = day.plus_days(1).and_then(|next| next.to_string().parse::<jiff::civil::Date>().ok());
    let end = next.and_then(|next| next.to_zoned(jiff::tz::TimeZone::system()).ok());
    let now_ms = jiff::Timestamp::now().as_millisecond();
    let end_ms = end.map(|end| end.timestamp().as_millisecond()).filter(|end_ms| *end_ms > now_ms);
    match end_ms.and_then(|end_ms| u64::try_from(end_ms).ok()) {
        Some(end_ms) => Ok(end_ms),
        None => usage(format!("{day} is over, so nobody could use the invite; choose a later day")),
    }
}

/// The day of an instant in this time zone.
fn day(ms: u64) -> String {
    let time = i64::try_from(ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    let here = time.map(|time| time.to_zoned(jiff::tz::TimeZone::system()));
    here.map_or_else(|| "?".to_owned(), |here| here.date().to_string())
}
