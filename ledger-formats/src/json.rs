//! Writer of JSON: a whole ledger, or single entries and transactions.
//!
//! Members are named by their labels, of which each belongs to one member.

use std::io::{self, Write};

use ledger_core::engine::{DecodedEntry, Payload};
use ledger_core::{
    Amount, Balance, Direction, EntryId, GroupId, GroupState, MemberId, Transaction, Verdict,
};
use serde_json::{Value, json};

use crate::rows::Labels;

/// An entry with what the ledger thinks of it.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// The entry.
    pub decoded: &'a DecodedEntry,
    /// The member whose device signed it.
    pub author: Option<MemberId>,
    /// Its verdict.
    pub verdict: Verdict,
    /// The position behind it in the caller's list, as text.
    pub cursor: String,
}

/// JSON values of one group, as its state names members.
pub struct Values<'a> {
    state: &'a GroupState,
    labels: Labels,
}

/// Writes a whole ledger as one object, with a line break at its end.
///
/// # Errors
/// The error of `out`.
pub fn write<'a>(
    group: GroupId,
    state: &GroupState,
    heads: impl IntoIterator<Item = EntryId>,
    entries: impl IntoIterator<Item = Entry<'a>>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let values = Values::new(state);
    let heads: Vec<String> = heads.into_iter().map(|head| head.to_string()).collect();
    let entries: Vec<Value> = entries.into_iter().map(|entry| values.entry(&entry)).collect();
    let ledger = json!({
        "group": { "id": group.to_string(), "name": state.name() },
        "digest": state.digest().to_string(),
        "heads": heads,
        "members": values.members(),
        "balances": values.balances(),
        "entries": entries,
    });
    serde_json::to_writer_pretty(&mut *out, &ledger)?;
    writeln!(out)
}

impl<'a> Values<'a> {
    /// The values of a group with this state.
    #[must_use]
    pub fn new(state: &'a GroupState) -> Self {
        Self { state, labels: Labels::new(state) }
    }

    fn members(&self) -> Vec<Value> {
        let member = |id: MemberId| {
            let member = self.state.member(id)?;
            Some(json!({
                "id": id.to_string(),
                "name": member.name(),
                "label": self.labels.label(id),
                "placeholder": member.is_placeholder(),
                "removed": member.is_removed(),
            }))
        };
        self.state.members().into_iter().filter_map(|(id, _)| member(id)).collect()
    }

    fn balances(&self) -> Vec<Value> {
        let mut balances = Vec::new();
        for currency in self.state.currencies() {
            for (member, balance) in self.state.open_balances(currency) {
                balances.push(json!({
                    "member": self.labels.label(member),
                    "currency": currency.code(),
                    "minor_units": balance_number(balance),
                }));
            }
        }
        balances
    }

    /// An entry.
    #[must_use]
    pub fn entry(&self, entry: &Entry<'_>) -> Value {
        let Entry { decoded, author, verdict, cursor } = entry;
        let header = decoded.header();
        let (verdict, reason) = match verdict {
            Verdict::Applied => ("applied", None),
            Verdict::Unknown => ("unknown", None),
            Verdict::Void(reason) => ("void", Some(reason.slug())),
        };
        let mut value = json!({
            "id": decoded.id().to_string(),
            "kind": header.kind().name(),
            "author": author.map(|author| self.labels.label(author)),
            "device": header.device().to_string(),
            "seq": header.seq(),
            "lamport": header.lamport(),
            "timestamp_ms": header.timestamp_ms(),
            "verdict": verdict,
            "reason": reason,
            "cursor": cursor,
        });
        let target = match decoded.payload() {
            Payload::Correction(correction) => Some(correction.target()),
            Payload::Cancellation(cancellation) => Some(cancellation.target()),
            Payload::Restoration(restoration) => Some(restoration.target()),
            Payload::Copy(copy) => Some(copy.original()),
            Payload::Endorsement(endorsement) => Some(endorsement.target()),
            _ => None,
        };
        if let Some(target) = target.and_then(|target| header.refs().get(target.as_usize())) {
            merge(&mut value, json!({ "target": target.to_string() }));
        }
        if let Some(transaction) = self.state.transaction_of(decoded) {
            merge(&mut value, json!({ "details": self.transaction(&transaction) }));
        }
        if let Payload::Placeholder(placeholder) = decoded.payload() {
            let member = self.labels.label(placeholder.card().member());
            merge(&mut value, json!({ "member": member }));
        }
        value
    }

    /// An expense or transfer.
    #[must_use]
    pub fn transaction(&self, transaction: &Transaction) -> Value {
        let parts = |parts: &[(MemberId, Amount)]| -> Vec<Value> {
            let part = |(member, amount): &(MemberId, Amount)| {
                let member = self.labels.label(*member);
                json!({ "member": member, "minor_units": amount.minor_units() })
            };
            parts.iter().map(part).collect()
        };
        let mut value = json!({
            "date": transaction.date().to_string(),
            "description": transaction.description(),
            "currency": transaction.currency().code(),
            "minor_units": transaction.amount().minor_units(),
        });
        let more = match transaction {
            Transaction::Expense(expense) => json!({
                "kind": "expense",
                "direction": match expense.direction {
                    Direction::Outgoing => "outgoing",
                    Direction::Incoming => "incoming",
                },
                "category": expense.category,
                "note": expense.note,
                "payers": parts(&expense.payers),
                "shares": parts(&expense.shares),
            }),
            Transaction::Transfer(transfer) => json!({
                "kind": "transfer",
                "from": self.labels.label(transfer.from),
                "to": self.labels.label(transfer.to),
            }),
        };
        merge(&mut value, more);
        if let Transaction::Expense(expense) = transaction
            && let Some(rule) = expense.said_rule()
        {
            merge(&mut value, json!({ "split": rule.kind().code() }));
        }
        let hints = transaction.hints();
        let tags = hints.tags();
        if !tags.is_empty() {
            merge(&mut value, json!({ "tags": tags }));
        }
        if let Some(paid) = hints.paid_in() {
            let (numerator, denominator) = paid.rate;
            let paid = json!({
                "currency": paid.currency.code(),
                "minor_units": paid.amount.minor_units(),
                "rate": [numerator, denominator],
                "source": paid.source,
            });
            merge(&mut value, json!({ "paid_in": paid }));
        }
        match hints.receipts().len() {
            0 => {}
            count => merge(&mut value, json!({ "receipts": count })),
        }
        value
    }
}

/// Adds the fields of one object to another, behind those that are there.
pub fn merge(value: &mut Value, more: Value) {
    if let (Value::Object(fields), Value::Object(more)) = (value, more) {
        fields.extend(more);
    }
}

/// A balance as a number; as text beyond 64 bits, where readers of JSON lose digits.
#[must_use]
pub fn balance_number(balance: Balance) -> Value {
    let units = balance.minor_units();
    i64::try_from(units).map_or_else(|_| Value::from(units.to_string()), Value::from)
}
