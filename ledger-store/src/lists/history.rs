//! The history of one expense or transfer: its versions, and its reviews.

use std::collections::BTreeSet;

use ledger_core::engine::{Payload, SlotRole, VerifiedEntry};
use ledger_core::{EntryId, GroupState, MemberId, Transaction, Verdict};
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::cursor::ListId;
use super::{Cursor, Lists};
use crate::StoreError;
use crate::entries::index::{believed_entry, slot_number, stored_entry, verdict};
use crate::entries::shown::version_shown;

pub(super) const CHANGES: &str = "SELECT e.entry, e.signature, e.verdict, e.lamport, e.n
     FROM named m JOIN entries e ON e.n = m.n
     WHERE m.original = ?1 AND m.endorses = 0 AND (m.lamport, m.id) < (?2, ?3)
     ORDER BY m.lamport DESC, m.id DESC LIMIT ?4";

const FIRST: &str = "SELECT entry, signature, verdict, lamport, n FROM entries
     WHERE n = ?1 AND (lamport, id) < (?2, ?3)";

pub(super) const ENDORSEMENTS: &str = "SELECT e.entry, e.signature, e.id
     FROM named m JOIN entries e ON e.n = m.n
     WHERE m.original = ?1 AND m.endorses = 1 AND e.verdict = 0
     ORDER BY m.lamport DESC, m.id DESC";

/// A version of an expense or transfer: one entry of its history.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Version {
    /// The entry.
    pub entry: VerifiedEntry,
    /// The member whose device signed it.
    pub author: Option<MemberId>,
    /// Whether it counts.
    pub verdict: Verdict,
    /// The kind of the version.
    pub kind: VersionKind,
    /// The content; none of a cancellation or restoration, or if the entry names an unknown member (and is void
    /// for that reason).
    pub transaction: Option<Transaction>,
    /// The reason of a cancellation, if its author gave one.
    pub reason: Option<String>,
    /// The position after this row, where the next page begins.
    pub cursor: Cursor,
}

/// The kind of a version of an expense or transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VersionKind {
    /// The entry that first recorded it.
    Original,
    /// A copy of a void original.
    Copy,
    /// A correction.
    Correction,
    /// A cancellation.
    Cancellation,
    /// A restoration, which takes back the cancellations before it.
    Restoration,
}

impl From<SlotRole> for VersionKind {
    fn from(role: SlotRole) -> Self {
        match role {
            SlotRole::Original => Self::Original,
            SlotRole::Copy => Self::Copy,
            SlotRole::Correction => Self::Correction,
            SlotRole::Cancellation => Self::Cancellation,
            SlotRole::Restoration => Self::Restoration,
        }
    }
}

/// A review of one version of an expense or transfer by a member: the last confirmation or dispute of
/// that version by them that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Review {
    /// The member.
    pub member: MemberId,
    /// Whether the member confirms it; otherwise they dispute it.
    pub confirms: bool,
    /// A note of the member.
    pub note: Option<String>,
    /// The version that it names: an original, a copy or a correction. It says nothing of others.
    pub target: EntryId,
    /// Whether that version is what the expense or transfer shows.
    pub current: bool,
    /// The entry of the review.
    pub entry: EntryId,
    /// The time of the entry, by the clock of the member's device.
    pub timestamp_ms: u64,
}

impl Lists<'_> {
    /// All versions of an expense or transfer, void ones as well: newest first in the total order
    /// of clocks and ids. Several originals with one origin, as of one file that two people imported,
    /// are versions of one expense, whichever of them is named.
    ///
    /// # Errors
    /// [`StoreError::UnknownEntry`] if `original` is not an entry of this group
    /// that first recorded an expense or transfer; [`StoreError::CursorOfAnotherList`];
    /// [`StoreError`] if the database cannot be read.
    pub fn history(
        &self,
        original: EntryId,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<Vec<Version>, StoreError> {
        self.group.read(|connection, loaded| {
            let state = loaded.ledger.state();
            let first = self.original(connection, original)?;
            let list = ListId::of_history(original);
            let after = list.before(after)?;
            let id: Option<Vec<u8>> = connection
                .prepare_cached("SELECT id FROM entries WHERE n = ?1")?
                .query_row([after.minor], |row| row.get(0))
                .optional()?;
            let mut statement = connection.prepare_cached(CHANGES)?;
            let bounds = (first, after.major, id.clone().unwrap_or_default(), limit);
            let mut rows = statement.query(bounds)?;
            let mut page = Vec::new();
            while let Some(row) = rows.next()? {
                page.push(version(row, state, list)?);
            }
            // The original that names the slot. It comes last, unless others have its origin.
            let mut statement = connection.prepare_cached(FIRST)?;
            let id = id.unwrap_or_default();
            let mut rows = statement.query((first, after.major, id))?;
            if let Some(row) = rows.next()? {
                let row = version(row, state, list)?;
                let place = page.partition_point(|version| order(version) > order(&row));
                page.insert(place, row);
                page.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
            }
            Ok(page)
        })
    }

    /// The reviews of an expense or transfer: of each member and version the last one that counts,
    /// newest first. Takes time in proportion to the number of confirmations and disputes.
    ///
    /// # Errors
    /// As [`Lists::history`].
    pub fn reviews(&self, original: EntryId) -> Result<Vec<Review>, StoreError> {
        self.group.read(|connection, loaded| {
            let first = self.original(connection, original)?;
            let shown = version_shown(connection, first)?;
            let first = u64::try_from(first).unwrap_or(0);
            let (mut reviews, mut all) = (Vec::new(), u32::MAX);
            let mut found = ReviewsOfSlot::new(loaded.ledger.state(), shown);
            found.read(connection, first, &mut all, |review| reviews.push(review))?;
            Ok(reviews)
        })
    }

    /// The number of an original's slot.
    fn original(&self, connection: &Connection, id: EntryId) -> Result<i64, StoreError> {
        let mut statement = connection
            .prepare_cached("SELECT entry, signature, n FROM entries WHERE id = ?1 AND grp = ?2")?;
        let mut rows = statement.query((id.as_bytes(), self.group.key.0))?;
        let unknown = || StoreError::UnknownEntry(vec![id]);
        let row = rows.next()?.ok_or_else(unknown)?;
        let entry = stored_entry(row)?;
        match entry.decoded().payload() {
            Payload::Transaction(_) => {
                slot_number(connection, self.group.key, entry.decoded(), row.get(2)?)
            }
            _ => Err(unknown()),
        }
    }
}

/// Place of a version in the total order.
fn order(version: &Version) -> (u64, EntryId) {
    (version.entry.decoded().header().lamport(), version.entry.id())
}

/// Reader of the reviews of one slot.
pub(super) struct ReviewsOfSlot<'a> {
    state: &'a GroupState,
    /// The version that the slot shows.
    shown: Option<EntryId>,
    /// Members whose last review of a version was read.
    heard: BTreeSet<(MemberId, EntryId)>,
}

impl<'a> ReviewsOfSlot<'a> {
    pub(super) fn new(state: &'a GroupState, shown: Option<EntryId>) -> Self {
        Self { state, shown, heard: BTreeSet::new() }
    }

    /// Passes the last review of each version by each member, newest first. Takes every entry that is
    /// read from `budget`; returns whether it was enough for all.
    pub(super) fn read(
        &mut self,
        connection: &Connection,
        original: u64,
        budget: &mut u32,
        mut each: impl FnMut(Review),
    ) -> Result<bool, StoreError> {
        let mut statement = connection.prepare_cached(ENDORSEMENTS)?;
        let mut rows = statement.query([original])?;
        while let Some(row) = rows.next()? {
            let Some(left) = budget.checked_sub(1) else { return Ok(false) };
            *budget = left;
            let entry = believed_entry(row, EntryId::from_bytes(row.get(2)?))?;
            let header = entry.decoded().header();
            let Payload::Endorsement(endorsement) = entry.decoded().payload() else { continue };
            let Some(member) = self.state.device_owner(header.device()) else { continue };
            let target = endorsement.target().as_usize();
            let Some(target) = header.refs().get(target).copied() else { continue };
            if self.heard.insert((member, target)) {
                each(Review {
                    member,
                    confirms: endorsement.confirms(),
                    note: endorsement.note().map(str::to_owned),
                    target,
                    current: self.shown == Some(target),
                    entry: entry.id(),
                    timestamp_ms: header.timestamp_ms(),
                });
            }
        }
        Ok(true)
    }
}

fn version(row: &Row<'_>, state: &GroupState, list: ListId) -> Result<Version, StoreError> {
    let entry = stored_entry(row)?;
    let decoded = entry.decoded();
    let (kind, reason) = match decoded.payload() {
        Payload::Copy(_) => (VersionKind::Copy, None),
        Payload::Correction(_) => (VersionKind::Correction, None),
        Payload::Cancellation(cancellation) => {
            (VersionKind::Cancellation, cancellation.reason().map(str::to_owned))
        }
        Payload::Restoration(_) => (VersionKind::Restoration, None),
        _ => (VersionKind::Original, None),
    };
    Ok(Version {
        author: state.device_owner(decoded.header().device()),
        verdict: verdict(row.get(2)?)?,
        kind,
        transaction: state.transaction_of(decoded),
        reason,
        cursor: list.cursor(row.get(3)?, row.get(4)?),
        entry,
    })
}
