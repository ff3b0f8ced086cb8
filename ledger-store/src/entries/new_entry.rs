//! The entries that an app can record.

use ledger_core::engine::{Draft, EntryIndex as _};
use ledger_core::keys::SignedCard;
use ledger_core::{
    DeviceId, DraftError, EntryId, MemberId, Recurrence, Setting, SettingError, SettingValue,
    Transaction, VoidReason, check_name,
};

use super::GroupTransaction;
use crate::StoreError;
use crate::platform::Environment;
use crate::platform::environment::random;

/// A new entry, to be recorded with [`GroupEntries::append`](crate::GroupEntries::append).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NewEntry {
    /// A placeholder: a member without keys.
    Placeholder {
        /// The name.
        name: String,
    },
    /// An expense or a transfer.
    Record(Transaction),
    /// A correction: the whole new content of an expense or transfer.
    Correction {
        /// The entry that first recorded it, or any entry that changed it.
        original: EntryId,
        /// The new content.
        transaction: Transaction,
    },
    /// A cancellation of an expense or transfer.
    Cancellation {
        /// The entry that first recorded it, or any entry that changed it.
        original: EntryId,
        /// The reason.
        reason: Option<String>,
    },
    /// A restoration: takes back the cancellations of an expense or transfer, which counts again.
    Restoration {
        /// The entry that first recorded it, or any entry that changed it.
        original: EntryId,
    },
    /// A confirmation of one version of an expense or a transfer. It changes no balance, and counts
    /// while that version is shown.
    Confirmation {
        /// The version: [`Recorded::current_version`](crate::Recorded::current_version) of the row
        /// that the person looked at. An original with later corrections stands for the last of them.
        target: EntryId,
        /// A note on it.
        note: Option<String>,
    },
    /// A dispute of one version of an expense or a transfer. It changes no balance, and counts while
    /// that version is shown.
    Dispute {
        /// The version, as of a confirmation.
        target: EntryId,
        /// A note on it.
        note: Option<String>,
    },
    /// A copy of a void entry, signed by this device, with the same content: for what a removed
    /// member wrote, and is still true.
    VoidEntryCopy {
        /// The void entry.
        original: EntryId,
    },
    /// A member with keys of their own.
    Member {
        /// The card that the person sent.
        card: Box<SignedCard>,
    },
    /// A claim: a placeholder that this member introduced gets keys of its own.
    Claim {
        /// The placeholder.
        member: MemberId,
        /// The card that the person sent.
        card: Box<SignedCard>,
    },
    /// A vouching for a member whose introduction is void.
    Vouching {
        /// The member.
        member: MemberId,
    },
    /// A template: an expense or transfer that recurs; see
    /// [`Group::recurring`](crate::Group::recurring).
    Template {
        /// The content, on the first day.
        transaction: Transaction,
        /// The rule by which the days recur.
        rule: Recurrence,
        /// The number before which it ends, if it ends.
        end: Option<u64>,
    },
    /// A change of a template.
    TemplateChange {
        /// The series: the id of its first template.
        series: EntryId,
        /// The number from which on it holds, and the number that falls on the content's day.
        numbers: (u64, u64),
        /// The content.
        transaction: Transaction,
        /// The rule by which the days recur.
        rule: Recurrence,
        /// The number before which it ends, if it ends.
        end: Option<u64>,
    },
    /// A setting of the group; see [`GroupSettings::current`](crate::GroupSettings::current).
    Setting(SettingValue),
}

/// Checks a name that this device is about to write. An empty one breaks rule P3, which the draft
/// says.
///
/// # Errors
/// [`DraftError::Name`] if nobody could read the name, or it would act on what shows it.
pub(crate) fn check_new_name(name: &str) -> Result<(), DraftError> {
    if name.is_empty() { Ok(()) } else { Ok(check_name(name)?) }
}

impl NewEntry {
    pub(super) fn draft(
        &self,
        tx: &GroupTransaction<'_>,
        device: DeviceId,
        environment: &dyn Environment,
    ) -> Result<Draft, StoreError> {
        let state = tx.ledger().state();
        Ok(match self {
            Self::Placeholder { name } => {
                check_new_name(name)?;
                let me = state.device_owner(device).ok_or(DraftError::ForeignDevice)?;
                Draft::placeholder(state, me, name, *random(environment)?)?
            }
            Self::Record(transaction) => Draft::record(state, transaction)?,
            Self::Correction { original, transaction } => {
                let original = tx.changeable(*original)?;
                match tx.content_shown(original)? {
                    Some(shown) => Draft::correction_of(state, original, transaction, &shown)?,
                    None => Draft::correction(state, original, transaction)?,
                }
            }
            Self::Cancellation { original, reason } => {
                Draft::cancellation(tx.changeable(*original)?, reason.clone())
            }
            Self::Restoration { original } => Draft::restoration(tx.restorable(*original)?),
            Self::Confirmation { target, note } => {
                Draft::endorsement(tx.endorsable(*target)?, true, note.clone())
            }
            Self::Dispute { target, note } => {
                Draft::endorsement(tx.endorsable(*target)?, false, note.clone())
            }
            Self::VoidEntryCopy { original } => {
                let original = &tx.copyable(*original)?;
                let unknown = || StoreError::UnknownEntry(vec![*original]);
                let entry = tx.index().entry(original)?.ok_or_else(unknown)?;
                let wrong = StoreError::WouldBeVoid(VoidReason::WrongTarget);
                let transaction = state.transaction_of(entry.decoded()).ok_or(wrong)?;
                Draft::copy(state, *original, &transaction)?
            }
            Self::Member { card } => Draft::add_member(state, card)?,
            Self::Claim { member, card } => Draft::claim(state, *member, card)?,
            Self::Vouching { member } => Draft::adopt(state, *member)?,
            Self::Template { transaction, rule, end } => {
                Draft::template(state, transaction, *rule, *end)?
            }
            Self::TemplateChange { series, numbers, transaction, rule, end } => {
                Draft::template_change(state, *series, *numbers, transaction, *rule, *end)?
            }
            Self::Setting(value) => {
                let me = state.device_owner(device);
                if matches!(value, SettingValue::Relays { member, .. } if Some(*member) != me) {
                    return Err(DraftError::from(SettingError::InAnothersName).into());
                }
                if let SettingValue::DeviceName { device, .. } = value
                    && !me.is_some_and(|me| state.uses_device(me, *device))
                {
                    return Err(DraftError::from(SettingError::DeviceOfAnother).into());
                }
                if let SettingValue::DefaultWeight { member, .. } = value
                    && state.member(*member).is_none()
                {
                    return Err(DraftError::UnknownMember(*member).into());
                }
                Draft::setting(Setting::new(value).map_err(DraftError::from)?)
            }
        })
    }
}
