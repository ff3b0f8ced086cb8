//! Counts of what happened in a history, and the rows that must not be empty in a long run.

use ledger_model::sim::tally::Tally;
use ledger_model::{Body, Resolution, Verdict, resolve};

use super::script::Entries;

/// Counts the kinds of the entries of a history, and the races among them.
pub(super) fn count(entries: &Entries, tally: &mut Tally) {
    let real_history = &entries.real_history;
    let resolution = resolve(&real_history.history);
    tally.set(&real_history.history, &real_history.steps, &resolution);
    for made in real_history.made.iter().filter(|made| made.refusal.is_some()) {
        let refusal = format!("{:?}", made.refusal);
        let word = refusal.trim_start_matches("Some(").split(['(', ')']).next();
        tally.add("refused by the model", word.unwrap_or_default(), 1);
    }
    cuts(entries, &resolution, tally);
}

/// Counts the cuts in force, and the entries that their targets signed after them.
fn cuts(entries: &Entries, resolution: &Resolution, tally: &mut Tally) {
    let history = &entries.real_history.history;
    let accepted = resolution.hard.iter().chain(&resolution.own);
    let mut first = std::collections::BTreeMap::new();
    for digest in accepted {
        let Some(stated) = history.statements.get(digest) else { continue };
        let (row, after) = match stated.statement.body {
            Body::Remove { .. } => ("remove", "back-dated: signed after a removal, outside of it"),
            Body::Bind { .. } => ("bind", "back-dated: signed after a bind, outside of it"),
            Body::Revoke { .. } => ("revoke", "signed with a revoked key"),
            _ => ("leave", "signed after leaving"),
        };
        tally.add("cuts", row, 1);
        first.insert(*digest, (stated.carriers.first().copied(), after));
    }
    for (at, admitted) in history.admitted.iter().enumerate() {
        use ledger_model::Reason::{HardCut, Left, Revoked};
        let verdict = resolution.verdicts.get(&admitted.entry.id);
        let Some(Verdict::Void(HardCut(cut) | Revoked(cut) | Left(cut))) = verdict else {
            continue;
        };
        if let Some((Some(carrier), row)) = first.get(cut)
            && *carrier < at
        {
            tally.add("attacks", *row, 1);
        }
    }
}

/// Rows that must not be empty after a few hundred histories at level 3.
pub const IMPORTANT: &[(&str, &str)] = &[
    ("entries by kind and verdict", "leave applied"),
    ("entries by kind and verdict", "leave void"),
    ("entries by kind and verdict", "revoke applied"),
    ("entries by kind and verdict", "revoke void"),
    ("entries by kind and verdict", "remove applied"),
    ("entries by kind and verdict", "remove void"),
    ("entries by kind and verdict", "bind applied"),
    ("entries by kind and verdict", "bind void"),
    ("entries by kind and verdict", "enrol applied"),
    ("entries by kind and verdict", "enrol void"),
    ("entries by kind and verdict", "rename applied"),
    ("entries by kind and verdict", "rename group applied"),
    ("entries by kind and verdict", "add applied"),
    ("entries by kind and verdict", "add void"),
    ("entries by kind and verdict", "placeholder applied"),
    ("entries by kind and verdict", "placeholder void"),
    ("entries by kind and verdict", "claim applied"),
    ("entries by kind and verdict", "claim void"),
    ("entries by kind and verdict", "adopt applied"),
    ("entries by kind and verdict", "adopt void"),
    ("entries by kind and verdict", "expense applied"),
    ("entries by kind and verdict", "expense void"),
    ("entries by kind and verdict", "transfer applied"),
    ("entries by kind and verdict", "correction applied"),
    ("entries by kind and verdict", "correction void"),
    ("entries by kind and verdict", "cancellation applied"),
    ("entries by kind and verdict", "cancellation void"),
    ("entries by kind and verdict", "copy applied"),
    ("entries by kind and verdict", "copy void"),
    ("entries by kind and verdict", "endorse applied"),
    ("entries by kind and verdict", "rotate applied"),
    ("entries by kind and verdict", "epoch applied"),
    ("entries by kind and verdict", "epoch void"),
    ("entries by kind and verdict", "template applied"),
    ("entries by kind and verdict", "template void"),
    ("entries by kind and verdict", "setting applied"),
    ("entries by kind and verdict", "merge applied"),
    ("reasons", "EnrolmentVoid"),
    ("reasons", "Form AdoptsItself"),
    ("reasons", "Form KeyReused"),
    ("reasons", "Form NotSignedByOwner"),
    ("reasons", "Form NotTheIntroducer"),
    ("reasons", "Form TargetIsOwner"),
    ("reasons", "Form UnknownMember"),
    ("reasons", "Form WrongTarget"),
    ("reasons", "HardCut"),
    ("reasons", "Left"),
    ("reasons", "NotSignedByRoot"),
    ("reasons", "Revoked"),
    ("reasons", "StartNotInBase"),
    ("reasons", "StartVoid"),
    ("cuts", "remove"),
    ("cuts", "bind"),
    ("cuts", "revoke"),
    ("cuts", "leave"),
    ("races", "remove | bind"),
    ("races", "bind | bind"),
    ("races", "remove | remove"),
    ("races", "remove or bind | own leave"),
    ("races", "remove or bind | own revoke"),
    ("races", "remove or bind | own enrol"),
    ("races", "equivocations"),
    ("races", "statements with several carriers"),
    ("races", "cards admitted more than once"),
    ("races", "members adopted (no add of theirs stands by itself)"),
    ("arrivals that flip verdicts", "remove: applied -> void"),
    ("arrivals that flip verdicts", "bind: applied -> void"),
    ("arrivals that flip verdicts", "bind: void -> applied"),
    ("arrivals that flip verdicts", "revoke: applied -> void"),
    ("arrivals that flip verdicts", "adopt: void -> applied"),
    ("arrivals that flip verdicts", "add: void -> applied"),
    ("attacks", "back-dated: signed after a removal, outside of it"),
    ("attacks", "back-dated: signed after a bind, outside of it"),
    ("attacks", "signed with a revoked key"),
    ("attacks", "signed after leaving"),
    ("attacks", "evil: plot (applied)"),
    ("attacks", "evil: plot (void)"),
    ("attacks", "evil: sock puppet (applied)"),
    ("attacks", "evil: sock puppet (void)"),
    ("attacks", "evil: adopt (void)"),
    ("attacks", "evil: statement republished (applied)"),
    ("attacks", "evil: second card, same keys (void)"),
    ("attacks", "evil: forged bind (void)"),
    ("attacks", "evil: forged remove (void)"),
    ("attacks", "evil: leave, any base (applied)"),
    ("attacks", "evil: flood of the pending set"),
    ("attacks", "mutated bytes do not decode"),
    ("attacks", "mutated bytes: the signature is bad"),
    ("refused by the model", "Lamport"),
    ("refused by the model", "Chain"),
    ("refused by the model", "ChainStart"),
    ("refused by the model", "Waiting"),
    ("arrivals that may change nothing", "entry of a cut, revoked or never accepted device"),
    ("arrivals that may change nothing", "self statement of an ended generation"),
    ("arrivals that may change nothing", "self statement forged"),
    ("arrivals that may change nothing", "owner statement forged"),
    ("arrivals that may change nothing", "statement carried again"),
    ("arrivals", "duplicate"),
    ("arrivals", "waits"),
    ("arrivals", "admitted after waiting"),
    ("arrivals", "gave way while waiting"),
    ("network", "batch of several entries"),
    ("network", "batch reordered"),
    ("network", "batch to a replica that is down"),
    ("network", "message delayed"),
    ("network", "message dropped"),
    ("network", "message duplicated"),
    ("network", "a replica cut off for a while"),
    ("storage and crashes", "crash between batches"),
    ("storage and crashes", "crash in a batch"),
    ("storage and crashes", "entries of a batch lost in a crash"),
    ("storage and crashes", "checkpoint damaged"),
    ("storage and crashes", "restart from a checkpoint that covers all"),
    ("storage and crashes", "restart from a checkpoint, tail replayed"),
    ("storage and crashes", "restart from the genesis entry, no checkpoint"),
    ("storage and crashes", "restart from the genesis entry, checkpoints damaged or too old"),
    ("histories", "looks between quiet points"),
    ("authors", "next position asked for"),
];

/// The important rows that are empty.
#[must_use]
pub fn missing(tally: &Tally) -> Vec<(&'static str, &'static str)> {
    IMPORTANT.iter().copied().filter(|(table, row)| tally.count(table, row) == 0).collect()
}
