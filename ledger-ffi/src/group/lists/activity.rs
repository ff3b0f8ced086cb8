//! Entries with their verdicts: who did what.

use ledger_core::engine::{Kind, Ledger, Payload, VerifiedEntry};
use ledger_core::{DeviceId, EntryId, MemberId};

use super::details::{self, SettingChange, StatementRowDetails, TemplateDetails};
use super::{Verdict, total};
use crate::values::{ExpenseId, Instant, Money, Transaction};

/// Kind of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
#[non_exhaustive]
pub enum EntryKind {
    /// Creates the group.
    CreateGroup,
    /// Joins what several devices wrote at the same time. It has no other content.
    Merge,
    /// Introduces a person.
    AddMember,
    /// Introduces a person without keys.
    AddPlaceholder,
    /// Gives a placeholder to a person.
    Claim,
    /// Vouches for a member whose introduction is void.
    VouchFor,
    /// Carries a statement of the owner, or of a member about themselves.
    Statement,
    /// Records an expense.
    Expense,
    /// Records a transfer.
    Transfer,
    /// Replaces the content of an expense or transfer.
    Correction,
    /// Ends an expense or transfer.
    Cancellation,
    /// Takes back the cancellations of an expense or transfer.
    Restoration,
    /// Copies an expense or transfer that is void.
    Copy,
    /// Confirms or disputes an expense or transfer.
    Review,
    /// Gives its device a new key for receiving.
    DeviceKeyRotation,
    /// Begins a new key under which entries travel.
    GroupKeyRotation,
    /// Sets something for the whole group.
    Setting,
    /// Begins or changes a recurring expense or transfer.
    Template,
    /// Says what the device reads.
    Speaks,
    /// A kind that this version of the app does not know.
    Other,
}

impl From<Kind> for EntryKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::GENESIS => Self::CreateGroup,
            Kind::MERGE => Self::Merge,
            Kind::ADD_MEMBER => Self::AddMember,
            Kind::PLACEHOLDER => Self::AddPlaceholder,
            Kind::CLAIM => Self::Claim,
            Kind::ADOPT => Self::VouchFor,
            Kind::STATEMENT => Self::Statement,
            Kind::EXPENSE => Self::Expense,
            Kind::TRANSFER => Self::Transfer,
            Kind::CORRECTION => Self::Correction,
            Kind::CANCELLATION => Self::Cancellation,
            Kind::RESTORATION => Self::Restoration,
            Kind::COPY => Self::Copy,
            Kind::ENDORSEMENT => Self::Review,
            Kind::ROTATION => Self::DeviceKeyRotation,
            Kind::EPOCH => Self::GroupKeyRotation,
            Kind::SETTING => Self::Setting,
            Kind::TEMPLATE => Self::Template,
            Kind::SPEAKS => Self::Speaks,
            _ => Self::Other,
        }
    }
}

/// One entry with its author and its verdict.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ActivityRow {
    /// The entry.
    pub id: EntryId,
    /// The kind of the entry.
    pub kind: EntryKind,
    /// The device that signed the entry.
    pub device: DeviceId,
    /// Whether that is this device, with the keys that it has now.
    pub signed_here: bool,
    /// The member whose device signed the entry.
    pub author: Option<MemberId>,
    /// When the entry was made, by its author's clock. Show it, and do not trust it.
    pub timestamp: Instant,
    /// Whether the entry counts.
    pub verdict: Verdict,
    /// The expense or transfer that the entry records, changes or reviews.
    pub expense: Option<ExpenseId>,
    /// The content that the entry gives to the expense or transfer.
    pub transaction: Option<Transaction>,
    /// The amount of `transaction`, ready to be shown.
    pub total: Option<Money>,
    /// Of a correction or cancellation: the content before it.
    pub before: Option<Transaction>,
    /// The amount of `before`, ready to be shown.
    pub total_before: Option<Money>,
    /// The name of the person whom the entry introduces.
    pub introduces: Option<String>,
    /// The member whom the entry introduces.
    pub introduced: Option<MemberId>,
    /// The statement that the entry carries, as a word, such as `remove`.
    pub statement: Option<String>,
    /// The statement that the entry carries: who signed it, and what it says.
    pub statement_details: Option<StatementRowDetails>,
    /// The setting that the entry changes.
    pub setting: Option<SettingChange>,
    /// The series that the entry begins or changes.
    pub template: Option<TemplateDetails>,
    /// Of a review: whether it confirms; otherwise it disputes.
    pub confirms: Option<bool>,
    /// The reason of a cancellation, or the note of a review.
    pub remark: Option<String>,
    /// The cursor for the page after this row.
    pub cursor: String,
}

pub(super) fn rows(rows: Vec<ledger_store::Activity>, ledger: &Ledger) -> Vec<ActivityRow> {
    let state = ledger.state();
    let row = |row: ledger_store::Activity| {
        let content = Content::new(&row.entry);
        let transaction = state.transaction_of(row.entry.decoded());
        ActivityRow {
            id: row.entry.id(),
            kind: row.kind().into(),
            device: row.device,
            signed_here: row.signed_here,
            author: row.author,
            timestamp: Instant::from_ms(row.entry.decoded().header().timestamp_ms()),
            verdict: row.verdict.into(),
            expense: row.original.map(ExpenseId::from),
            total: transaction.as_ref().map(total),
            transaction: transaction.map(Into::into),
            total_before: row.before.as_ref().map(total),
            before: row.before.map(Into::into),
            introduces: content.introduces,
            introduced: state.introduced_by(row.entry.id()),
            statement: content.statement,
            statement_details: details::statement(&row.entry, ledger),
            setting: content.setting,
            template: details::template(&row.entry, ledger),
            confirms: content.confirms,
            remark: content.remark,
            cursor: row.cursor.to_string(),
        }
    };
    rows.into_iter().map(row).collect()
}

/// Content of an entry besides an expense or transfer.
#[derive(Default)]
struct Content {
    introduces: Option<String>,
    statement: Option<String>,
    setting: Option<SettingChange>,
    confirms: Option<bool>,
    remark: Option<String>,
}

impl Content {
    fn new(entry: &VerifiedEntry) -> Self {
        let entry = entry.decoded();
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let mut content = Self::default();
        match entry.payload() {
            Payload::Placeholder(placeholder) => {
                content.introduces = Some(placeholder.card().name().to_owned());
            }
            Payload::AddMember(add) => content.introduces = Some(add.card().name().to_owned()),
            Payload::Claim(claim) => content.introduces = Some(claim.card().name().to_owned()),
            Payload::Statement(signed) => {
                content.statement = Some(signed.statement().body().name().to_owned());
            }
            Payload::Setting(setting) => content.setting = Some(details::setting(setting)),
            Payload::Cancellation(cancellation) => {
                content.remark = owned(cancellation.reason());
            }
            Payload::Endorsement(endorsement) => {
                content.confirms = Some(endorsement.confirms());
                content.remark = owned(endorsement.note());
            }
            _ => {}
        }
        content
    }
}
