//! Statements to make: what a person wants to state, before the root key signs it.

use std::collections::BTreeSet;

use super::{Generation, SignedStatement, StatementBody, StatementSignatures};
use crate::base::id::{DeviceId, EntryId, GroupId, MemberId};
use crate::base::rule::Refusal;
use crate::keys::{RootKey, SignedCard, SignedDevice};

/// A statement to make: an act of the owner or of a member on themselves.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum NewStatement<'a> {
    /// Self: a further device.
    Enrol {
        /// The generation whose root key signs.
        generation: Generation,
        /// The device, certified by that root key.
        device: &'a SignedDevice,
    },
    /// Self: a device signs no more.
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
    /// A statement that `root` signs, for anybody to carry. `base` is the
    /// frontier at which it is made.
    ///
    /// # Errors
    /// [`Refusal`] if the base is empty or has more than 16 ids, or a
    /// name is empty or too long.
    pub fn new(
        root: &RootKey,
        group: GroupId,
        act: &NewStatement<'_>,
        base: impl IntoIterator<Item = EntryId>,
        nonce: [u8; 16],
    ) -> Result<Self, Refusal> {
        let mut more = StatementSignatures::Plain;
        let body = match act {
            NewStatement::Enrol { generation, device } => {
                more = StatementSignatures::Device(device.signatures().clone());
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
                more = StatementSignatures::Card(card.signatures().clone());
                StatementBody::Bind { member: *member, card: Box::new(card.card().clone()) }
            }
            NewStatement::RenameGroup { name } => {
                StatementBody::RenameGroup { name: (*name).to_owned() }
            }
        };
        let base: BTreeSet<EntryId> = base.into_iter().collect();
        let base: Vec<EntryId> = base.into_iter().collect();
        Self::sign(root, group, body, more, base, nonce)
    }
}
