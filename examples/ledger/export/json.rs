//! Everything as one JSON object.

use std::io::Write;

use serde_json::{Value, json};

use super::{Exported, PAGE};
use crate::failure::Failure;
use crate::read::{activity_json, number, print_json};

pub(super) fn write(exported: &Exported, out: &mut dyn Write) -> Result<(), Failure> {
    let Exported { group, state, people } = exported;
    let members: Vec<Value> = state
        .members()
        .iter()
        .map(|(id, member)| {
            json!({
                "id": id.to_string(),
                "name": member.name(),
                "label": people.label(*id),
                "placeholder": member.is_placeholder(),
                "removed": member.is_removed(),
            })
        })
        .collect();
    let mut balances = Vec::new();
    for currency in state.currencies() {
        for (member, balance) in state.open_balances(currency) {
            balances.push(json!({
                "member": people.label(member),
                "currency": currency.code(),
                "minor_units": number(balance),
            }));
        }
    }
    let mut entries: Vec<Value> = Vec::new();
    let mut after = None;
    loop {
        let page = group.lists().activity(after, PAGE)?;
        let Some(last) = page.last() else { break };
        after = Some(last.cursor);
        entries.extend(page.iter().map(|row| activity_json(row, state, people)));
    }
    entries.reverse();
    let heads: Vec<String> =
        group.ledger()?.frontier().heads().map(|head| head.to_string()).collect();
    print_json(
        out,
        &json!({
            "group": { "id": group.id().to_string(), "name": state.name() },
            "digest": state.digest().to_string(),
            "heads": heads,
            "members": members,
            "balances": balances,
            "entries": entries,
        }),
    )
}
