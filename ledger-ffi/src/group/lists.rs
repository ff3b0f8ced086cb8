//! Lists, newest first, in pages: pass the cursor of the last row to go on.

use ledger_core::{GroupState, Kind, Payload, RefIndex, SlotRole, VerifiedEntry};
use ledger_store::{By, Filter};

use super::LedgerGroup;
use crate::LedgerError;
use crate::details::Details;
use crate::money::Money;
use crate::timestamp::shown;

/// Whether an entry counts.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Verdict {
    /// It counts.
    Applied,
    /// It counts nothing. It stays in the ledger, and may count again when a
    /// later entry says so.
    Void {
        /// Why, as a word for programs, such as `hard-cut`.
        code: String,
        /// Why, in English.
        reason: String,
    },
    /// It needs a newer version of the app to be judged.
    NeedsUpdate,
}

impl From<ledger_core::Verdict> for Verdict {
    fn from(verdict: ledger_core::Verdict) -> Self {
        match verdict {
            ledger_core::Verdict::Applied => Self::Applied,
            ledger_core::Verdict::Void(reason) => {
                Self::Void { code: reason.slug().to_owned(), reason: reason.text().to_owned() }
            }
            ledger_core::Verdict::Unknown => Self::NeedsUpdate,
        }
    }
}

/// What an expense or transfer is found by. It is about what is shown: after a
/// correction, what the correction says.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum FoundBy {
    /// The member paid or has a share; gave or received a transfer.
    Member {
        /// The member's id.
        id: String,
    },
    /// The category, letter by letter.
    Category {
        /// The category.
        name: String,
    },
    /// The currency.
    Currency {
        /// Its ISO 4217 code.
        code: String,
    },
    /// Description, note and category together have, for each of these words,
    /// one that begins so. Case and accents make no difference.
    Text {
        /// The words, parted by spaces.
        words: String,
    },
}

/// Which expenses and transfers to list; all, if nothing is set.
#[derive(Clone, Debug, Default, PartialEq, Eq, uniffi::Record)]
pub struct ExpenseFilter {
    /// From this day on, such as `2026-11-21`.
    #[uniffi(default = None)]
    pub from_date: Option<String>,
    /// Up to and including this day.
    #[uniffi(default = None)]
    pub to_date: Option<String>,
    /// And only those with this.
    #[uniffi(default = None)]
    pub by: Option<FoundBy>,
}

impl TryFrom<ExpenseFilter> for Filter {
    type Error = LedgerError;

    fn try_from(filter: ExpenseFilter) -> Result<Self, LedgerError> {
        let by = match filter.by {
            None => None,
            Some(FoundBy::Member { id }) => Some(By::Member(id.parse()?)),
            Some(FoundBy::Category { name }) => Some(By::Category(name)),
            Some(FoundBy::Currency { code }) => Some(By::Currency(code.parse()?)),
            Some(FoundBy::Text { words }) => Some(By::Text(words)),
        };
        let date = |text: Option<String>| text.map(|text| text.parse()).transpose();
        Ok(Self { from: date(filter.from_date)?, to: date(filter.to_date)?, by })
    }
}

/// An expense or transfer as it stands now.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ExpenseRow {
    /// The entry that first recorded it: its name for ever, by which
    /// corrections and cancellations name it.
    pub id: String,
    /// The entry whose content is shown: the first, or a correction.
    pub shown: String,
    /// What it says.
    pub details: Details,
    /// Its amount, ready to be shown.
    pub total: Money,
    /// Whether it was cancelled, so that it counts nothing.
    pub is_cancelled: bool,
    /// Where the page after this row begins.
    pub cursor: String,
}

/// What an entry does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
#[non_exhaustive]
pub enum EntryKind {
    /// Begins the group.
    Founding,
    /// Joins what several devices wrote at the same time; says nothing else.
    Merge,
    /// Introduces a person.
    AddMember,
    /// Introduces somebody without keys.
    AddPlaceholder,
    /// Hands a placeholder to a person.
    Claim,
    /// Vouches for a member whose introduction is void.
    Adoption,
    /// Carries an act of the owner or of a member on themselves.
    Act,
    /// Records an expense.
    Expense,
    /// Records a transfer.
    Transfer,
    /// Replaces an expense or transfer.
    Correction,
    /// Ends an expense or transfer.
    Cancellation,
    /// Records again what a void entry said.
    Copy,
    /// Confirms or disputes an expense or transfer.
    Endorsement,
    /// Changes a key of its device.
    Rotation,
    /// Begins a new key under which entries travel.
    Epoch,
    /// Something that this version does not know.
    Other,
}

impl From<Kind> for EntryKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::GENESIS => Self::Founding,
            Kind::MERGE => Self::Merge,
            Kind::ADD_MEMBER => Self::AddMember,
            Kind::PLACEHOLDER => Self::AddPlaceholder,
            Kind::CLAIM => Self::Claim,
            Kind::ADOPT => Self::Adoption,
            Kind::ACT => Self::Act,
            Kind::EXPENSE => Self::Expense,
            Kind::TRANSFER => Self::Transfer,
            Kind::CORRECTION => Self::Correction,
            Kind::CANCELLATION => Self::Cancellation,
            Kind::COPY => Self::Copy,
            Kind::ENDORSEMENT => Self::Endorsement,
            Kind::ROTATION => Self::Rotation,
            Kind::EPOCH => Self::Epoch,
            _ => Self::Other,
        }
    }
}

/// One entry with its verdict: who did what.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ActivityRow {
    /// The entry.
    pub id: String,
    /// What it does.
    pub kind: EntryKind,
    /// The id of the member whose device signed it.
    pub author: Option<String>,
    /// When, in milliseconds since 1970-01-01 UTC by its author's clock: to be
    /// shown, not trusted.
    pub timestamp_ms: i64,
    /// Whether it counts.
    pub verdict: Verdict,
    /// What it records or replaces, if it does.
    pub details: Option<Details>,
    /// The amount of that, ready to be shown.
    pub total: Option<Money>,
    /// Of a correction or cancellation: what the expense or transfer said before.
    pub before: Option<Details>,
    /// The amount of that, ready to be shown.
    pub total_before: Option<Money>,
    /// The expense or transfer that it changes or endorses.
    pub target: Option<String>,
    /// The name of the person it introduces.
    pub introduces: Option<String>,
    /// The act that it carries, as a word, such as `remove`.
    pub act: Option<String>,
    /// Of an endorsement: whether it confirms.
    pub confirms: Option<bool>,
    /// Why it cancels, or what an endorsement adds.
    pub remark: Option<String>,
    /// Where the page after this row begins.
    pub cursor: String,
}

/// What an entry does in the history of an expense or transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Role {
    /// First recorded it.
    Original,
    /// Recorded it again.
    Copy,
    /// Replaces what it says.
    Correction,
    /// Ends it.
    Cancellation,
}

/// One entry in the history of an expense or transfer.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct VersionRow {
    /// The entry.
    pub id: String,
    /// What it does.
    pub role: Role,
    /// The id of the member whose device signed it.
    pub author: Option<String>,
    /// When, by its author's clock.
    pub timestamp_ms: i64,
    /// Whether it counts.
    pub verdict: Verdict,
    /// What it says, unless it cancels.
    pub details: Option<Details>,
    /// The amount of that, ready to be shown.
    pub total: Option<Money>,
    /// Why it cancels, if its author said so.
    pub reason: Option<String>,
    /// Where the page after this row begins.
    pub cursor: String,
}

/// What a member says to an expense or transfer.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct OpinionRow {
    /// The member's id.
    pub member: String,
    /// Whether they confirm; else they dispute.
    pub confirms: bool,
    /// What they add.
    pub note: Option<String>,
    /// The entry that says it.
    pub id: String,
    /// When, by its author's clock.
    pub timestamp_ms: i64,
}

#[uniffi::export]
impl LedgerGroup {
    /// Expenses and transfers by date, newest first; cancelled ones are among
    /// them, and say so.
    ///
    /// # Errors
    /// `InvalidCursor`, `InvalidId`, `InvalidDate`, `InvalidCurrency`, or what
    /// reading the database says.
    #[uniffi::method(default(filter = None, after = None, limit = 50))]
    pub fn expenses(
        &self,
        filter: Option<ExpenseFilter>,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<ExpenseRow>, LedgerError> {
        let filter = Filter::try_from(filter.unwrap_or_default())?;
        let after = cursor(after)?;
        let rows = self.open.reading(self.id, |group| group.find(&filter, after, limit))?;
        let row = |row: ledger_store::Recorded| ExpenseRow {
            id: row.original.into(),
            shown: row.shown.into(),
            total: total(&row.details),
            details: row.details.into(),
            is_cancelled: row.cancelled,
            cursor: row.cursor.to_string(),
        };
        Ok(rows.into_iter().map(row).collect())
    }

    /// Every entry with its verdict: who did what, newest first.
    ///
    /// # Errors
    /// `InvalidCursor`, or what reading the database says.
    #[uniffi::method(default(after = None, limit = 50))]
    pub fn activity(
        &self,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<ActivityRow>, LedgerError> {
        let group = self.inner()?;
        let rows = group.activity(cursor(after)?, limit)?;
        Ok(activity_rows(rows, group.ledger()?.state()))
    }

    /// The entries that count nothing, each with its reason, in the order of
    /// `activity`.
    ///
    /// # Errors
    /// As `activity`.
    #[uniffi::method(default(after = None, limit = 50))]
    pub fn void_entries(
        &self,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<ActivityRow>, LedgerError> {
        let group = self.inner()?;
        let rows = group.void_entries(cursor(after)?, limit)?;
        Ok(activity_rows(rows, group.ledger()?.state()))
    }

    /// Every entry of an expense or transfer, void ones too: newest first, so
    /// that what first recorded it comes last.
    ///
    /// # Errors
    /// `UnknownEntry` if `original` did not first record one, `InvalidId`,
    /// `InvalidCursor`, or what reading the database says.
    #[uniffi::method(default(after = None, limit = 50))]
    pub fn history(
        &self,
        original: &str,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<VersionRow>, LedgerError> {
        let rows = self.inner()?.history(original.parse()?, cursor(after)?, limit)?;
        let row = |row: ledger_store::Version| VersionRow {
            id: row.entry.id().into(),
            role: match row.role {
                SlotRole::Original => Role::Original,
                SlotRole::Copy => Role::Copy,
                SlotRole::Correction => Role::Correction,
                SlotRole::Cancellation => Role::Cancellation,
            },
            author: row.author.map(Into::into),
            timestamp_ms: shown(row.entry.decoded().header().timestamp_ms()),
            verdict: row.verdict.into(),
            total: row.details.as_ref().map(total),
            details: row.details.map(Into::into),
            reason: row.reason,
            cursor: row.cursor.to_string(),
        };
        Ok(rows.into_iter().map(row).collect())
    }

    /// Who confirms or disputes an expense or transfer: of each member the last
    /// endorsement that counts, newest first.
    ///
    /// # Errors
    /// As `history`.
    pub fn opinions(&self, original: &str) -> Result<Vec<OpinionRow>, LedgerError> {
        let rows = self.inner()?.opinions(original.parse()?)?;
        let row = |row: ledger_store::Opinion| OpinionRow {
            member: row.member.into(),
            confirms: row.confirms,
            note: row.note,
            id: row.entry.into(),
            timestamp_ms: shown(row.timestamp_ms),
        };
        Ok(rows.into_iter().map(row).collect())
    }
}

fn cursor(text: Option<String>) -> Result<Option<ledger_store::Cursor>, LedgerError> {
    Ok(text.map(|text| text.parse()).transpose()?)
}

fn total(details: &ledger_core::Details) -> Money {
    Money::of_amount(details.amount(), details.currency())
}

fn activity_rows(rows: Vec<ledger_store::Activity>, state: &GroupState) -> Vec<ActivityRow> {
    let row = |row: ledger_store::Activity| {
        let said = Said::of(&row.entry);
        let details = ledger_core::Details::of(row.entry.decoded(), state);
        ActivityRow {
            id: row.entry.id().into(),
            kind: row.kind().into(),
            author: row.author.map(Into::into),
            timestamp_ms: shown(row.entry.decoded().header().timestamp_ms()),
            verdict: row.verdict.into(),
            total: details.as_ref().map(total),
            details: details.map(Into::into),
            total_before: row.before.as_ref().map(total),
            before: row.before.map(Into::into),
            target: said.target,
            introduces: said.introduces,
            act: said.act,
            confirms: said.confirms,
            remark: said.remark,
            cursor: row.cursor.to_string(),
        }
    };
    rows.into_iter().map(row).collect()
}

/// What an entry says besides details.
#[derive(Default)]
struct Said {
    target: Option<String>,
    introduces: Option<String>,
    act: Option<String>,
    confirms: Option<bool>,
    remark: Option<String>,
}

impl Said {
    fn of(entry: &VerifiedEntry) -> Self {
        let entry = entry.decoded();
        let at =
            |index: RefIndex| entry.header().refs().get(index.place()).map(ToString::to_string);
        let text = |text: Option<&str>| text.map(str::to_owned);
        let mut said = Self::default();
        match entry.payload() {
            Payload::Placeholder(placeholder) => {
                said.introduces = Some(placeholder.card().name().to_owned());
            }
            Payload::AddMember(add) => said.introduces = Some(add.card().name().to_owned()),
            Payload::Claim(claim) => said.introduces = Some(claim.card().name().to_owned()),
            Payload::Statement(act) => said.act = Some(act.act().body().name().to_owned()),
            Payload::Correction(correction) => said.target = at(correction.target()),
            Payload::Copy(copy) => said.target = at(copy.original()),
            Payload::Cancellation(cancellation) => {
                said.target = at(cancellation.target());
                said.remark = text(cancellation.reason());
            }
            Payload::Endorsement(endorsement) => {
                said.target = at(endorsement.target());
                said.confirms = Some(endorsement.confirms());
                said.remark = text(endorsement.note());
            }
            _ => {}
        }
        said
    }
}
