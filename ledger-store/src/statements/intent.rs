//! The statements that the owner or a member can sign.

use ledger_core::keys::{Fingerprint, SignedCard, SignedDevice};
use ledger_core::statement::{Generation, NewStatement};
use ledger_core::{DeviceId, DraftError, EntryId, GroupState, MemberId, VoidReason};

use crate::StoreError;
use crate::entries::check_new_name;

/// A statement under a root key, before it is drafted: of the owner about others, or of a member
/// about themselves.
///
/// A removal, a bind and a revocation leave all entries valid that are known here when they are
/// signed. With `since`, they void that entry, and all entries that the same keys signed after it
/// or with knowledge of it: for a phone that was stolen some time ago.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StatementIntent {
    /// Owner: remove a member.
    Remove {
        /// The member.
        member: MemberId,
        /// The first entry that is not to count.
        since: Option<EntryId>,
    },
    /// Owner: give a member new keys; the earlier ones end.
    Bind {
        /// The member.
        member: MemberId,
        /// What the person sent.
        card: Box<SignedCard>,
        /// The first entry that is not to count.
        since: Option<EntryId>,
    },
    /// Owner: rename the group.
    RenameGroup {
        /// The new name.
        name: String,
    },
    /// Rename oneself.
    Rename {
        /// The new name.
        name: String,
    },
    /// Leave the group.
    Leave,
    /// Enrol a further device of one's own.
    Enrol {
        /// The device, certified by one's root key.
        device: Box<SignedDevice>,
    },
    /// Revoke a device of one's own.
    Revoke {
        /// The device.
        device: DeviceId,
        /// The first entry that is not to count.
        since: Option<EntryId>,
    },
}

impl StatementIntent {
    pub(super) fn since(&self) -> Option<EntryId> {
        match self {
            Self::Remove { since, .. } | Self::Bind { since, .. } | Self::Revoke { since, .. } => {
                *since
            }
            _ => None,
        }
    }

    pub(super) fn fingerprint(&self) -> Option<Fingerprint> {
        match self {
            Self::Bind { card, .. } => Some(card.card().fingerprint()),
            Self::Enrol { device } => Some(device.certificate().fingerprint()),
            _ => None,
        }
    }

    /// Whether the statement cuts off a device, so that a new epoch must begin.
    pub(super) fn cuts(&self) -> bool {
        matches!(self, Self::Remove { .. } | Self::Bind { .. } | Self::Revoke { .. })
    }

    /// Whether this device can write no more afterwards, by its person's own statement.
    pub(super) fn ends(&self, me: DeviceId) -> bool {
        match self {
            Self::Leave => true,
            Self::Revoke { device, .. } => *device == me,
            _ => false,
        }
    }

    /// The statement, with the generation of this device where a member speaks for themselves.
    pub(super) fn draft(
        &self,
        state: &GroupState,
        me: DeviceId,
    ) -> Result<NewStatement<'_>, StoreError> {
        let known = |member: MemberId| match state.member(member) {
            Some(_) => Ok(member),
            None => Err(DraftError::UnknownMember(member)),
        };
        let own = || -> Result<Generation, DraftError> {
            let mine = state.devices().find(|(_, device, _)| *device == me);
            mine.map(|(generation, ..)| generation).ok_or(DraftError::ForeignDevice)
        };
        if let Self::RenameGroup { name } | Self::Rename { name } = self {
            check_new_name(name)?;
        }
        Ok(match self {
            Self::Remove { member, .. } => NewStatement::Remove { member: known(*member)? },
            Self::Bind { member, card, .. } => NewStatement::Bind { member: known(*member)?, card },
            Self::RenameGroup { name } => NewStatement::RenameGroup { name },
            Self::Rename { name } => NewStatement::Rename { generation: own()?, name },
            Self::Leave => NewStatement::Leave { generation: own()? },
            Self::Enrol { device } => NewStatement::Enrol { generation: own()?, device },
            Self::Revoke { device, .. } => {
                let generation = own()?;
                // Only one's own devices can be revoked: a mistyped id must not become an entry.
                let mine =
                    |(of, id, _): (Generation, DeviceId, _)| of == generation && id == *device;
                if !state.devices().any(mine) {
                    return Err(StoreError::WouldBeVoid(VoidReason::EnrolmentVoid));
                }
                NewStatement::Revoke { generation, device: *device }
            }
        })
    }
}

/// A statement and its effects in English: how many entries become void, and how many count again.
/// Apps in other languages make their texts from the same values of the proposal.
pub(super) fn describe(
    intent: &StatementIntent,
    state: &GroupState,
    (voids, revives): (usize, usize),
    needs_confirmation: bool,
) -> String {
    let labels = state.labels();
    let name = |member: &MemberId| labels.get(member).cloned().unwrap_or_else(|| member.short());
    let mut text = match intent {
        StatementIntent::Remove { member, .. } => {
            format!("Remove {} from the group.", name(member))
        }
        StatementIntent::Bind { member, card, .. } => format!(
            "Give {} new keys, and end all earlier ones. Their fingerprint: {}.",
            name(member),
            card.card().fingerprint()
        ),
        StatementIntent::RenameGroup { name } => format!("Rename the group to “{name}”."),
        StatementIntent::Rename { name } => format!("Rename yourself to “{name}”."),
        StatementIntent::Leave => "Leave the group.".to_owned(),
        StatementIntent::Enrol { device } => format!(
            "Let a further device sign for you. Its fingerprint: {}.",
            device.certificate().fingerprint()
        ),
        StatementIntent::Revoke { device, .. } => {
            format!("Device {} signs no more for you.", device.short())
        }
    };
    let mut entries = |count: usize, what: &str| {
        if count > 0 {
            let noun = if count == 1 { "entry" } else { "entries" };
            text.push_str(&format!(" {count} {noun} {what}."));
        }
    };
    entries(voids, "will not count any more");
    entries(revives, "will count again");
    if needs_confirmation {
        text.push_str(
            " You own this group: nobody else can remove members or give them new keys, and what \
             you sign later does not reach the others by itself.",
        );
    }
    text
}
