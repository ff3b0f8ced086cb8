//! Histories and their verdicts as lines of JSON, for other implementations.

use ledger_core::EntryId;
use serde_json::{Value, json};

use super::{ArrivingHistory, JudgedEntry, Judgement};

/// The entries of a history in the order of arrival: `{"seed", "entries": [{"hex", "sig"}…]}`.
#[must_use]
pub fn entries(history: &ArrivingHistory) -> Value {
    let entries = history.arrivals.iter();
    let entries = entries.map(|a| json!({ "hex": hex(&a.bytes), "sig": hex(&a.signature) }));
    json!({ "seed": history.seed, "entries": entries.collect::<Vec<_>>() })
}

/// The verdicts on a history: what became of each arrival, digest, agreed heads, open balances and
/// members.
///
/// Of each arrival exactly one of `admitted`, `refused` and `waiting` is true. `code` is the verdict
/// on an admitted entry (0 applied, 1 unknown, else the code of the reason), and `rule` is the rule
/// by which an entry was refused.
#[must_use]
pub fn verdicts(seed: u64, judgement: &Judgement) -> Value {
    let state = judgement.evaluation.state();
    let mut balances: Vec<Value> = Vec::new();
    for currency in state.currencies() {
        let open = state.open_balances(currency);
        balances.extend(open.map(|(member, balance)| {
            json!([currency.to_string(), hex(member.as_bytes()), integer(balance.minor_units())])
        }));
    }
    let members = state.members().into_iter().map(|(id, member)| {
        let (introduced, removed) = (member.is_introduced(), member.is_removed());
        json!([hex(id.as_bytes()), member.name(), introduced, removed])
    });
    json!({
        "seed": seed,
        "results": judgement.results.iter().map(result).collect::<Vec<_>>(),
        "digest": hex(state.digest().as_bytes()),
        "heads": judgement.heads.iter().map(|id| hex(id.as_bytes())).collect::<Vec<_>>(),
        "balances": balances,
        "members": members.collect::<Vec<_>>(),
    })
}

fn result((id, judged): &(EntryId, JudgedEntry)) -> Value {
    let (mut code, mut rule) = (None, None);
    match judged {
        JudgedEntry::Admitted(verdict) => code = Some(verdict.code()),
        JudgedEntry::Refused(broken) => rule = Some(broken.code()),
        JudgedEntry::Waiting => {}
    }
    json!({
        "id": hex(id.as_bytes()),
        "admitted": code.is_some(),
        "refused": rule.is_some(),
        "waiting": *judged == JudgedEntry::Waiting,
        "code": code,
        "rule": rule,
    })
}

/// Balances of random histories are small; one that is not is written as text.
fn integer(units: i128) -> Value {
    i64::try_from(units).map_or_else(|_| json!(units.to_string()), |units| json!(units))
}

fn hex(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(bytes)
}
