//! Expenses and transfers as they stand now, and the filter for them.

use ledger_core::{Amount, Currency, DeviceId, EntryId, MemberId};
use ledger_store::Filter;

use super::total;
use crate::error::LedgerError;
use crate::values::{Day, Direction, ExpenseId, Instant, Money, SplitKind, Transaction};

/// Condition on an expense or transfer. It is about the current version: after a
/// correction, about what the correction says.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Condition {
    /// The member paid or has a share, or gave or received a transfer.
    Member {
        /// The member.
        id: MemberId,
    },
    /// The member paid something of it, or gave a transfer; of incoming money, received it.
    Payer {
        /// The member.
        id: MemberId,
    },
    /// The category is exactly this one.
    Category {
        /// The category.
        name: String,
    },
    /// One of the tags is exactly this one.
    Tag {
        /// The tag.
        name: String,
    },
    /// The currency is this one.
    Currency {
        /// The currency code, such as `EUR`.
        code: String,
    },
    /// The amount is at least so large, in minor units of whatever its currency is.
    AtLeast {
        /// The amount.
        minor_units: u64,
    },
    /// The amount is at most so large, in minor units of whatever its currency is.
    AtMost {
        /// The amount.
        minor_units: u64,
    },
    /// For each of these words, description, note, category or a tag have a word that
    /// begins so. Case and accents make no difference, nor does "ss" for a sharp s. Of scripts
    /// without spaces, such as Japanese, a part of the text is found wherever it stands.
    Text {
        /// The words, separated by spaces.
        words: String,
    },
    /// It is a transfer; otherwise an expense.
    Transfer {
        /// Whether it is one.
        is_transfer: bool,
    },
    /// Money was spent, or received. A transfer is outgoing.
    Direction {
        /// The direction.
        direction: Direction,
    },
    /// It was cancelled, or was not.
    Cancelled {
        /// Whether it was.
        is_cancelled: bool,
    },
}

impl Condition {
    fn into_condition(
        self,
        currency: impl Fn(&str) -> Result<Currency, LedgerError>,
    ) -> Result<ledger_store::Condition, LedgerError> {
        Ok(match self {
            Self::Member { id } => ledger_store::Condition::Member(id),
            Self::Payer { id } => ledger_store::Condition::Payer(id),
            Self::Category { name } => ledger_store::Condition::Category(name),
            Self::Tag { name } => ledger_store::Condition::Tag(name),
            Self::Currency { code } => ledger_store::Condition::Currency(currency(&code)?),
            Self::AtLeast { minor_units } => {
                ledger_store::Condition::AtLeast(Amount::from_minor_units(minor_units)?)
            }
            Self::AtMost { minor_units } => {
                ledger_store::Condition::AtMost(Amount::from_minor_units(minor_units)?)
            }
            Self::Text { words } => ledger_store::Condition::Text(words),
            Self::Transfer { is_transfer } => ledger_store::Condition::Transfer(is_transfer),
            Self::Direction { direction } => ledger_store::Condition::Direction(direction.into()),
            Self::Cancelled { is_cancelled } => ledger_store::Condition::Cancelled(is_cancelled),
        })
    }
}

/// Filter for expenses and transfers. Without any field set, it selects all.
#[derive(Clone, Debug, Default, PartialEq, Eq, uniffi::Record)]
pub struct ExpenseFilter {
    /// The first day.
    #[uniffi(default = None)]
    pub from_date: Option<Day>,
    /// The last day.
    #[uniffi(default = None)]
    pub to_date: Option<Day>,
    /// Further conditions, all of which must hold.
    #[uniffi(default = [])]
    pub conditions: Vec<Condition>,
}

impl ExpenseFilter {
    /// The filter of the store, with the currency that `currency` finds for a code.
    pub(super) fn into_filter(
        self,
        currency: impl Fn(&str) -> Result<Currency, LedgerError>,
    ) -> Result<Filter, LedgerError> {
        let conditions = self.conditions.into_iter();
        let conditions =
            conditions.map(|one| one.into_condition(&currency)).collect::<Result<Vec<_>, _>>()?;
        Ok(Filter::default().since(self.from_date).until(self.to_date).conditions(conditions))
    }
}

/// An expense or transfer as it stands now.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ExpenseRow {
    /// The id of the expense or transfer, which corrections do not change.
    pub id: ExpenseId,
    /// The entry with the current content: the first one, a copy, or a correction.
    pub current_version: EntryId,
    /// The current content.
    pub transaction: Transaction,
    /// The amount, ready to be shown.
    pub total: Money,
    /// Whether it was cancelled, so that it changes no balance.
    pub is_cancelled: bool,
    /// Whether several people recorded one imported row with different contents; the
    /// history has them all.
    pub is_conflicting: bool,
    /// The device that recorded it.
    pub device: DeviceId,
    /// The member who recorded it.
    pub author: Option<MemberId>,
    /// When it was recorded, by its author's clock. Show it, and do not trust it.
    pub recorded: Instant,
    /// The correction that is shown, if it was edited.
    pub edit: Option<Edit>,
    /// How many members confirm and dispute it. None if this page has too many reviews to
    /// count; `Lists.reviews` has them.
    pub reviews: Option<ReviewCounts>,
    /// The share of this device's person, zero if they have none; of a transfer, what they
    /// received.
    pub my_share: Money,
    /// How it was shared; none of a transfer. The rule itself is in `transaction`.
    pub split: Option<SplitKind>,
    /// What it adds to the balance of this device's person, if it counts.
    pub my_change: Money,
    /// The cursor for the page after this row.
    pub cursor: String,
}

/// The correction that an expense or transfer shows.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Edit {
    /// The device that made it.
    pub device: DeviceId,
    /// The member who made it.
    pub author: Option<MemberId>,
    /// When it was made, by its author's clock. Show it, and do not trust it.
    pub timestamp: Instant,
    /// How many other edits that count were made at the same time and replaced by this one
    /// unseen: tell the person, and show the history. None if finding that out would take
    /// too long for a list.
    pub lost_edits: Option<u64>,
}

/// Members by their last review of an expense or transfer.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ReviewCounts {
    /// How many members confirm it.
    pub confirmed: u64,
    /// How many members dispute it.
    pub disputed: u64,
}

impl From<ledger_store::Edit> for Edit {
    fn from(edit: ledger_store::Edit) -> Self {
        let ledger_store::Edit { device, author, timestamp_ms, lost_edits, .. } = edit;
        Self { device, author, timestamp: Instant::from_ms(timestamp_ms), lost_edits }
    }
}

impl TryFrom<ledger_store::Recorded> for ExpenseRow {
    type Error = LedgerError;

    fn try_from(row: ledger_store::Recorded) -> Result<Self, LedgerError> {
        let currency = row.transaction.currency();
        let counts = |counts: ledger_store::ReviewCounts| {
            let ledger_store::ReviewCounts { confirmed, disputed } = counts;
            ReviewCounts { confirmed, disputed }
        };
        Ok(Self {
            id: row.original.into(),
            current_version: row.current_version,
            total: total(&row.transaction),
            transaction: row.transaction.into(),
            is_cancelled: row.cancelled,
            is_conflicting: row.conflicting,
            device: row.device,
            author: row.author,
            recorded: Instant::from_ms(row.recorded_ms),
            edit: row.edit.map(Into::into),
            reviews: row.reviews.map(counts),
            my_share: Money::of_amount(row.my_share, currency),
            split: row.split.map(Into::into),
            my_change: Money::of_balance(row.my_change, currency)?,
            cursor: row.cursor.to_string(),
        })
    }
}
