//! Statements before the root key signs them.

use std::collections::BTreeSet;

use super::{Generation, SignedStatement, StatementBody, StatementSignatures};
use crate::base::id::{DeviceId, EntryId, GroupId, MemberId};
use crate::base::rule::Refusal;
use crate::keys::{RootKey, SignedCard, SignedDevice};

/// Statement to make: the owner decides about others, a member about themselves.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum NewStatement<'a> {
    /// Self: enrol a further device.
    Enrol {
        /// The generation whose root key signs.
        generation: Generation,
        /// The device, certified by that root key.
        device: &'a SignedDevice,
    },
    /// Self: revoke a device.
    Revoke {
        /// The generation whose root key signs.
        generation: Generation,
        /// The device.
        device: DeviceId,
    },
    /// Self: leave the group.
    Leave {
        /// The generation that leaves.
        generation: Generation,
    },
    /// Self: rename oneself.
    Rename {
        /// The generation whose root key signs.
        generation: Generation,
        /// The new name.
        name: &'a str,
    },
    /// Owner: remove a member.
    Remove {
        /// The member.
        member: MemberId,
    },
    /// Owner: give a member new keys.
    Bind {
        /// The member.
        member: MemberId,
        /// The card with the new keys.
        card: &'a SignedCard,
    },
    /// Owner: rename the group.
    RenameGroup {
        /// The new name.
        name: &'a str,
    },
}

impl SignedStatement {
    /// Signs a statement with `root`, for anybody to carry. `base` is the frontier at which
    /// the statement is made.
    ///
    /// # Errors
    /// [`Refusal`] if the base is empty or has more than 16 ids, or a
    /// name is empty or too long.
    pub fn new(
        root: &RootKey,
        group: GroupId,
        statement: &NewStatement<'_>,
        base: impl IntoIterator<Item = EntryId>,
        nonce: [u8; 16],
    ) -> Result<Self, Refusal> {
        let mut extra = StatementSignatures::Plain;
        let body = match statement {
            NewStatement::Enrol { generation, device } => {
                extra = StatementSignatures::Device(device.signatures().clone());
                let certificate = Box::new(device.certificate().clone());
                StatementBody::Enrol { generation: *generation, certificate }
            }
            NewStatement::Revoke { generation, device } => {
                StatementBody::Revoke { generation: *generation, device: *device }
            }
            NewStatement::Leave { generation } => StatementBody::Leave { generation: *generation },
            NewStatement::Rename { generation, name } => {
                StatementBody::Rename { generation: *generation, name: (*name).to_owned() }
            }
            NewStatement::Remove { member } => StatementBody::Remove { member: *member },
            NewStatement::Bind { member, card } => {
                extra = StatementSignatures::Card(card.signatures().clone());
                StatementBody::Bind { member: *member, card: Box::new(card.card().clone()) }
            }
            NewStatement::RenameGroup { name } => {
                StatementBody::RenameGroup { name: (*name).to_owned() }
            }
        };
        let base: BTreeSet<EntryId> = base.into_iter().collect();
        let base: Vec<EntryId> = base.into_iter().collect();
        Self::sign(root, group, body, extra, base, nonce)
    }
}
