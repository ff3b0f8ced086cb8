//! Effects of entries that record no money, as values for texts in the user's language.

use ledger_core::engine::{Ledger, Payload, VerifiedEntry};
use ledger_core::statement::StatementBody;
use ledger_core::{DeviceId, EntryId, MemberId, Setting, SettingValue};

use crate::values::{RecurrenceRule, Transaction};

/// Statement that an entry carries.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct StatementRowDetails {
    /// The member who signed the statement, which another member's device may carry. None
    /// if nobody here is known to have that key.
    pub signer: Option<MemberId>,
    /// What it says.
    pub what: SignedStatement,
}

/// Content of a signed statement.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
#[non_exhaustive]
pub enum SignedStatement {
    /// The owner removes a member.
    Remove {
        /// The member.
        member: MemberId,
    },
    /// The owner gives a member new keys, and ends all earlier ones.
    Bind {
        /// The member.
        member: MemberId,
        /// The name on the new card.
        name: String,
    },
    /// The owner renames the group.
    RenameGroup {
        /// The new name.
        name: String,
    },
    /// The signer takes another name.
    Rename {
        /// The new name.
        name: String,
    },
    /// The signer leaves the group.
    Leave,
    /// The signer lets a further device sign for them.
    Enrol {
        /// The device.
        device: DeviceId,
    },
    /// The signer revokes a device of theirs.
    Revoke {
        /// The device.
        device: DeviceId,
    },
    /// A statement that this version of the bindings does not know.
    Other,
}

/// Change of a setting.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
#[non_exhaustive]
pub enum SettingChange {
    /// The currency that is offered first.
    DefaultCurrency {
        /// Its code; none takes it back.
        code: Option<String>,
    },
    /// The weight of a member in new expenses.
    DefaultWeight {
        /// The member.
        member: MemberId,
        /// The weight; none takes it back.
        weight: Option<i64>,
    },
    /// The relays of a member.
    Relays {
        /// The member.
        member: MemberId,
        /// The addresses.
        relays: Vec<String>,
    },
    /// The categories to offer.
    Categories {
        /// The categories, in their order.
        names: Vec<String>,
    },
    /// A setting that this version does not know.
    Other {
        /// Its field.
        field: u64,
    },
}

/// Begin or change of what recurs.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct TemplateDetails {
    /// The series that it changes. None if it begins one, whose id is that of the entry.
    pub changes: Option<EntryId>,
    /// What recurs. None if it names a member whom this device does not know.
    pub transaction: Option<Transaction>,
    /// The rule by which the days recur.
    pub rule: RecurrenceRule,
}

pub(super) fn statement(entry: &VerifiedEntry, ledger: &Ledger) -> Option<StatementRowDetails> {
    let Payload::Statement(signed) = entry.decoded().payload() else { return None };
    let statement = signed.statement();
    let what = match statement.body() {
        StatementBody::Remove { member } => SignedStatement::Remove { member: *member },
        StatementBody::Bind { member, card } => {
            SignedStatement::Bind { member: *member, name: card.name().to_owned() }
        }
        StatementBody::RenameGroup { name } => SignedStatement::RenameGroup { name: name.clone() },
        StatementBody::Rename { name, .. } => SignedStatement::Rename { name: name.clone() },
        StatementBody::Leave { .. } => SignedStatement::Leave,
        StatementBody::Enrol { certificate, .. } => {
            SignedStatement::Enrol { device: certificate.device() }
        }
        StatementBody::Revoke { device, .. } => SignedStatement::Revoke { device: *device },
        _ => SignedStatement::Other,
    };
    let signer = ledger.member_of_root(statement.signer()).map(|(member, _)| member);
    Some(StatementRowDetails { signer, what })
}

pub(super) fn setting(setting: &Setting) -> SettingChange {
    match setting.value() {
        Some(SettingValue::DefaultCurrency(currency)) => {
            SettingChange::DefaultCurrency { code: currency.map(|currency| currency.to_string()) }
        }
        Some(SettingValue::DefaultWeight { member, weight }) => {
            // A weight is at most 10^12.
            let weight = weight.map(|weight| i64::try_from(weight).unwrap_or(i64::MAX));
            SettingChange::DefaultWeight { member, weight }
        }
        Some(SettingValue::Relays { member, relays }) => SettingChange::Relays { member, relays },
        Some(SettingValue::Categories(names)) => SettingChange::Categories { names },
        _ => SettingChange::Other { field: setting.field() },
    }
}

pub(super) fn template(entry: &VerifiedEntry, ledger: &Ledger) -> Option<TemplateDetails> {
    let entry = entry.decoded();
    let Payload::Template(template) = entry.payload() else { return None };
    let series = |index: usize| entry.header().refs().get(index).copied();
    Some(TemplateDetails {
        changes: template.change().and_then(|change| series(change.target().as_usize())),
        transaction: ledger.state().template_transaction_of(entry).map(Into::into),
        rule: template.rule().into(),
    })
}
