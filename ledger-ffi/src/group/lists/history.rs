//! Versions and reviews of one expense or transfer.

use ledger_core::{EntryId, MemberId};

use super::{Verdict, total};
use crate::values::{Instant, Money, Transaction};

/// Kind of an entry in the history of an expense or transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum VersionKind {
    /// The entry that first recorded it.
    Original,
    /// A copy of the original, which is void.
    Copy,
    /// A correction, which replaces the whole content.
    Correction,
    /// A cancellation, which ends it.
    Cancellation,
    /// A restoration, which takes back the cancellations before it.
    Restoration,
}

/// One version in the history of an expense or transfer.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct VersionRow {
    /// The entry.
    pub id: EntryId,
    /// The kind of the version.
    pub kind: VersionKind,
    /// The member whose device signed the entry.
    pub author: Option<MemberId>,
    /// When the entry was made, by its author's clock. Show it, and do not trust it.
    pub timestamp: Instant,
    /// Whether the entry counts.
    pub verdict: Verdict,
    /// The content; a cancellation or restoration has none.
    pub transaction: Option<Transaction>,
    /// The amount, ready to be shown.
    pub total: Option<Money>,
    /// The reason of a cancellation, if its author gave one.
    pub reason: Option<String>,
    /// The cursor for the page after this row.
    pub cursor: String,
}

impl From<ledger_store::Version> for VersionRow {
    fn from(row: ledger_store::Version) -> Self {
        Self {
            id: row.entry.id(),
            kind: match row.kind {
                ledger_store::VersionKind::Original => VersionKind::Original,
                ledger_store::VersionKind::Copy => VersionKind::Copy,
                ledger_store::VersionKind::Correction => VersionKind::Correction,
                ledger_store::VersionKind::Cancellation => VersionKind::Cancellation,
                ledger_store::VersionKind::Restoration => VersionKind::Restoration,
            },
            author: row.author,
            timestamp: Instant::from_ms(row.entry.decoded().header().timestamp_ms()),
            verdict: row.verdict.into(),
            total: row.transaction.as_ref().map(total),
            transaction: row.transaction.map(Into::into),
            reason: row.reason,
            cursor: row.cursor.to_string(),
        }
    }
}

/// Review of one version of an expense or transfer by one member: their last of that version.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ReviewRow {
    /// The entry that holds the review.
    pub id: EntryId,
    /// The member who reviewed.
    pub member: MemberId,
    /// Whether the member confirms; otherwise the member disputes.
    pub confirms: bool,
    /// The member's note.
    pub note: Option<String>,
    /// The version that it names: an original, a copy or a correction. It says nothing of
    /// others.
    pub target: EntryId,
    /// Whether that version is what the expense or transfer shows.
    pub current: bool,
    /// When the review was made, by its author's clock. Show it, and do not trust it.
    pub timestamp: Instant,
}

impl From<ledger_store::Review> for ReviewRow {
    fn from(row: ledger_store::Review) -> Self {
        Self {
            id: row.entry,
            member: row.member,
            confirms: row.confirms,
            note: row.note,
            target: row.target,
            current: row.current,
            timestamp: Instant::from_ms(row.timestamp_ms),
        }
    }
}
