//! Rows of expenses and transfers, with all that a screen shows of them.

use ledger_core::engine::{Kind, Payload, VerifiedEntry};
use ledger_core::{
    Amount, Balance, DeviceId, Direction, EntryId, MemberId, SplitKind, Transaction, hazmat,
};
use rusqlite::{Connection, Row};

use super::Cursor;
use super::conflict::is_conflicting;
use super::cursor::ListId;
use super::edits::lost_edits;
use super::history::ReviewsOfSlot;
use crate::StoreError;
use crate::database::GroupKey;
use crate::entries::LoadedLedger;
use crate::entries::day::DayNumber;
use crate::entries::index::believed_entry;

macro_rules! columns {
    () => {
        "SELECT c.entry, c.signature, c.id, x.cancelled, x.content, o.id, o.entry, o.signature,
             EXISTS (SELECT 1 FROM named m WHERE m.original = x.n AND m.endorses = 1),
             x.date, x.n
         FROM "
    };
}

/// The original is read only if it is not what the slot shows.
macro_rules! tables {
    () => {
        " CROSS JOIN entries c ON c.n = x.content
         LEFT JOIN entries o ON o.n = CASE WHEN x.content <> x.n THEN x.n END"
    };
}

/// What is read of a slot, up to the table of expenses, which is called `x`.
pub(super) const COLUMNS: &str = columns!();

/// The tables with the entries of a slot.
pub(super) const TABLES: &str = tables!();

/// The row of one slot.
pub(super) const ROW: &str = concat!(columns!(), "expenses x", tables!(), " WHERE x.n = ?1");

/// Most reviews that are read for one page.
const MAX_REVIEWS: u32 = 2_000;

/// Most entries that are gone through for one page to find out which edits an edit knew.
const MAX_WALKED: u32 = 2_000;

/// An expense or transfer in its current version.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recorded {
    /// The entry that first recorded it; corrections and cancellations name it.
    pub original: EntryId,
    /// The entry of the current version: the original or a correction.
    pub current_version: EntryId,
    /// The content of the current version.
    pub transaction: Transaction,
    /// Whether it was cancelled, so that it does not count.
    pub cancelled: bool,
    /// Whether several people recorded one imported row with different contents. One of them is
    /// shown, and [`Lists::history`](super::Lists::history) has them all. A correction does not end
    /// it, since it says nothing about the others.
    pub conflicting: bool,
    /// The device that signed the original.
    pub device: DeviceId,
    /// The member whose device that is.
    pub author: Option<MemberId>,
    /// The time of the original, by its author's clock: for display only, never trusted.
    pub recorded_ms: u64,
    /// The correction that is shown, if one is.
    pub edit: Option<Edit>,
    /// Members whose last review of the version shown confirms or disputes it (SPEC §4.9). None if the
    /// reviews of this page are too many to be counted for a list:
    /// [`Lists::reviews`](super::Lists::reviews) has them.
    pub reviews: Option<ReviewCounts>,
    /// The share of the member who uses this device; zero for others' expenses. Of a transfer, what
    /// the member received.
    pub my_share: Amount,
    /// The kind of the rule by which it was split ([`Expense::rule`](ledger_core::Expense::rule));
    /// none of a transfer. A rule that does not give the shares is shown as exact.
    pub split: Option<SplitKind>,
    /// What it adds to the balance of the member who uses this device, if it counts.
    pub my_change: Balance,
    /// The position after this row, where the next page begins.
    pub cursor: Cursor,
}

/// The correction that an expense or transfer shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Edit {
    /// The device that signed it.
    pub device: DeviceId,
    /// The member whose device that is.
    pub author: Option<MemberId>,
    /// Its time, by its author's clock: for display only, never trusted.
    pub timestamp_ms: u64,
    /// Number of corrections that count and were made at the same time as this one, on a device that
    /// did not know it, so that this one replaced them unseen. None if that would take too long to
    /// find out for a list.
    pub lost_edits: Option<u64>,
}

/// Members by their last review of the version that an expense or transfer shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReviewCounts {
    /// Number of members who confirm it.
    pub confirmed: u64,
    /// Number of members who dispute it.
    pub disputed: u64,
}

/// A reader of rows of one page, with what it may still spend on them.
pub(super) struct RowReader<'a> {
    connection: &'a Connection,
    group: GroupKey,
    loaded: &'a LoadedLedger,
    me: Option<MemberId>,
    reviews: u32,
    walked: u32,
}

impl<'a> RowReader<'a> {
    pub(super) fn new(
        connection: &'a Connection,
        group: GroupKey,
        loaded: &'a LoadedLedger,
    ) -> Self {
        let me = loaded.ledger.state().device_owner(loaded.device);
        Self { connection, group, loaded, me, reviews: MAX_REVIEWS, walked: MAX_WALKED }
    }

    /// The row of the slot with this original.
    pub(super) fn read_slot(&mut self, n: u64, list: ListId) -> Result<Recorded, StoreError> {
        let mut statement = self.connection.prepare_cached(ROW)?;
        let mut rows = statement.query([n])?;
        let gone = || StoreError::Damaged(format!("row {n} is gone"));
        self.read(rows.next()?.ok_or_else(gone)?, list)
    }

    /// The slot of a row with the columns of [`COLUMNS`].
    pub(super) fn read(&mut self, row: &Row<'_>, list: ListId) -> Result<Recorded, StoreError> {
        let (day, n) = (DayNumber::from_stored(row.get(9)?), row.get(10)?);
        let shown = believed_entry(row, EntryId::from_bytes(row.get(2)?))?;
        let nothing = || StoreError::Damaged(format!("entry {} shows nothing", shown.id()));
        let state = self.loaded.ledger.state();
        let transaction = state.transaction_of(shown.decoded()).ok_or_else(nothing)?;
        let original = original(row)?;
        // Of several originals with one origin, the one that is shown.
        let is_original = matches!(shown.decoded().payload(), Payload::Transaction(_));
        let first = original.as_ref().filter(|_| !is_original).unwrap_or(&shown);
        let first = first.decoded().header();
        let named_by = original.as_ref().unwrap_or(&shown);
        let (device, recorded_ms) = (first.device(), first.timestamp_ms());
        let (my_share, my_change) = self.mine(&transaction);
        let slot = i64::try_from(n).unwrap_or(0);
        let named = named_by.decoded().payload();
        Ok(Recorded {
            original: named_by.id(),
            current_version: shown.id(),
            cancelled: row.get(3)?,
            conflicting: is_conflicting(self.connection, state, slot, named)?,
            device,
            author: state.device_owner(device),
            recorded_ms,
            edit: self.edit(n, row.get(4)?, &shown)?,
            reviews: match row.get(8)? {
                true => self.reviews(n, shown.id())?,
                false => Some(ReviewCounts::default()),
            },
            my_share,
            split: transaction.split_kind(),
            my_change,
            transaction,
            cursor: list.cursor(day.position(), n),
        })
    }

    fn edit(
        &mut self,
        original: u64,
        content: i64,
        shown: &VerifiedEntry,
    ) -> Result<Option<Edit>, StoreError> {
        let header = shown.decoded().header();
        if header.kind() != Kind::CORRECTION {
            return Ok(None);
        }
        let slot = (original, content);
        let lost = lost_edits(self.connection, self.group, slot, shown, &mut self.walked)?;
        Ok(Some(Edit {
            device: header.device(),
            author: self.loaded.ledger.state().device_owner(header.device()),
            timestamp_ms: header.timestamp_ms(),
            lost_edits: lost,
        }))
    }

    fn reviews(
        &mut self,
        original: u64,
        shown: EntryId,
    ) -> Result<Option<ReviewCounts>, StoreError> {
        let mut counts = ReviewCounts::default();
        let mut found = ReviewsOfSlot::new(self.loaded.ledger.state(), Some(shown));
        let whole = found.read(self.connection, original, &mut self.reviews, |review| {
            if !review.current {
                return;
            }
            let count = match review.confirms {
                true => &mut counts.confirmed,
                false => &mut counts.disputed,
            };
            *count = count.saturating_add(1);
        })?;
        Ok(whole.then_some(counts))
    }

    /// The share of this device's member, and what the transaction adds to their balance.
    fn mine(&self, transaction: &Transaction) -> (Amount, Balance) {
        let is_mine = |member: MemberId| Some(member) == self.me;
        let own = |parts: &[(MemberId, Amount)]| {
            let own = parts.iter().filter(|(member, _)| is_mine(*member));
            own.fold(Balance::ZERO, |sum, (_, part)| sum.plus((*part).into()))
        };
        let (given, share) = match transaction {
            Transaction::Expense(expense) => {
                // A member has one share of an expense (rule P7).
                let share = expense.shares.iter().find(|(member, _)| is_mine(*member));
                (own(&expense.payers), share.map_or(Amount::ZERO, |(_, share)| *share))
            }
            Transaction::Transfer(transfer) => {
                let received = is_mine(transfer.to).then_some(transfer.amount);
                (own(&[(transfer.from, transfer.amount)]), received.unwrap_or(Amount::ZERO))
            }
        };
        let change = given.minus(share.into());
        match transaction.direction() {
            Direction::Outgoing => (share, change),
            Direction::Incoming => (share, Balance::ZERO.minus(change)),
        }
    }
}

/// The original, if it is not what the slot shows.
fn original(row: &Row<'_>) -> Result<Option<VerifiedEntry>, StoreError> {
    let Some(bytes) = row.get_ref(6)?.as_blob_or_null().map_err(rusqlite::Error::from)? else {
        return Ok(None);
    };
    let id = EntryId::from_bytes(row.get(5)?);
    let entry = hazmat::read_stored(id, bytes, &row.get(7)?);
    let changed = |refusal| StoreError::Damaged(format!("a stored entry changed: {refusal}"));
    entry.map(Some).map_err(changed)
}
