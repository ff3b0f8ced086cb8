//! Contents of statements, by kind, and the generations that they name.

use crate::base::codec::{Reader, Writer};
use crate::base::id::{DeviceId, EntryId, GroupId, MemberId, RootId, StatementId};
use crate::base::rule::{Refusal, Rule};
use crate::keys::{Card, DeviceCertificate};

/// Key generation of a member, identified by the card, claim or bind that started it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Generation {
    /// Started by the member's own card, in a genesis entry or `add member` entries.
    Card(MemberId),
    /// Started by this claim entry.
    Claim(EntryId),
    /// Started by this bind statement of the owner.
    Bind(StatementId),
}

impl Generation {
    pub(crate) fn write(&self, w: &mut Writer) {
        let (kind, bytes) = match self {
            Self::Card(member) => (0, member.as_bytes()),
            Self::Claim(entry) => (1, entry.as_bytes()),
            Self::Bind(statement) => (2, statement.as_bytes()),
        };
        w.array(2);
        w.uint(kind);
        w.bytes(bytes);
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(2)?;
        let kind = r.uint()?;
        let bytes = r.bytes_n()?;
        match kind {
            0 => Ok(Self::Card(MemberId::from_bytes(bytes))),
            1 => Ok(Self::Claim(EntryId::from_bytes(bytes))),
            2 => Ok(Self::Bind(StatementId::from_bytes(bytes))),
            _ => Err(Refusal::with_detail(Rule::Q2, "a kind of generation")),
        }
    }
}

/// Kind and content of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StatementBody {
    /// Self: enrol a further device.
    Enrol {
        /// The generation whose root key signs.
        generation: Generation,
        /// The device.
        certificate: Box<DeviceCertificate>,
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
        name: String,
    },
    /// Owner: remove a member.
    Remove {
        /// The member.
        member: MemberId,
    },
    /// Owner: start a new generation of a member, end the earlier ones.
    Bind {
        /// The member.
        member: MemberId,
        /// The card with the new keys.
        card: Box<Card>,
    },
    /// Owner: rename the group.
    RenameGroup {
        /// The new name.
        name: String,
    },
}

impl StatementBody {
    pub(crate) fn kind(&self) -> u64 {
        match self {
            Self::Enrol { .. } => 1,
            Self::Revoke { .. } => 2,
            Self::Leave { .. } => 3,
            Self::Rename { .. } => 4,
            Self::Remove { .. } => 5,
            Self::Bind { .. } => 6,
            Self::RenameGroup { .. } => 7,
        }
    }

    /// Whether the statement cuts a member or device off: a removal, bind, revocation or leave.
    pub(crate) fn is_cut(&self) -> bool {
        matches!(
            self,
            Self::Remove { .. } | Self::Bind { .. } | Self::Revoke { .. } | Self::Leave { .. }
        )
    }

    /// A word for logs and tools.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Enrol { .. } => "enrol",
            Self::Revoke { .. } => "revoke",
            Self::Leave { .. } => "leave",
            Self::Rename { .. } => "rename",
            Self::Remove { .. } => "remove",
            Self::Bind { .. } => "bind",
            Self::RenameGroup { .. } => "rename-group",
        }
    }

    /// The generation whose root key must sign. `None` for statements of the owner.
    #[must_use]
    pub fn generation(&self) -> Option<Generation> {
        match self {
            Self::Enrol { generation, .. }
            | Self::Revoke { generation, .. }
            | Self::Leave { generation }
            | Self::Rename { generation, .. } => Some(*generation),
            Self::Remove { .. } | Self::Bind { .. } | Self::RenameGroup { .. } => None,
        }
    }

    pub(crate) fn write(&self, w: &mut Writer) {
        match self {
            Self::Enrol { generation, certificate } => {
                w.array(2);
                generation.write(w);
                w.bytes(certificate.as_bytes());
            }
            Self::Revoke { generation, device } => {
                w.array(2);
                generation.write(w);
                w.bytes(device.as_bytes());
            }
            Self::Leave { generation } => {
                w.array(1);
                generation.write(w);
            }
            Self::Rename { generation, name } => {
                w.array(2);
                generation.write(w);
                w.text(name);
            }
            Self::Remove { member } => {
                w.array(1);
                w.bytes(member.as_bytes());
            }
            Self::Bind { member, card } => {
                w.array(2);
                w.bytes(member.as_bytes());
                w.bytes(card.as_bytes());
            }
            Self::RenameGroup { name } => {
                w.array(1);
                w.text(name);
            }
        }
    }

    pub(crate) fn read(kind: u64, r: &mut Reader<'_>) -> Result<Self, Refusal> {
        match kind {
            1 => {
                r.array(2)?;
                let generation = Generation::read(r)?;
                let certificate = Box::new(DeviceCertificate::decode(r.bytes()?)?);
                Ok(Self::Enrol { generation, certificate })
            }
            2 => {
                r.array(2)?;
                let generation = Generation::read(r)?;
                Ok(Self::Revoke { generation, device: DeviceId::from_bytes(r.bytes_n()?) })
            }
            3 => {
                r.array(1)?;
                Ok(Self::Leave { generation: Generation::read(r)? })
            }
            4 => {
                r.array(2)?;
                let generation = Generation::read(r)?;
                Ok(Self::Rename { generation, name: r.name()? })
            }
            5 => {
                r.array(1)?;
                Ok(Self::Remove { member: MemberId::from_bytes(r.bytes_n()?) })
            }
            6 => {
                r.array(2)?;
                let member = MemberId::from_bytes(r.bytes_n()?);
                Ok(Self::Bind { member, card: Box::new(Card::decode(r.bytes()?)?) })
            }
            7 => {
                r.array(1)?;
                Ok(Self::RenameGroup { name: r.name()? })
            }
            other => Err(Refusal::with_detail(Rule::Q2, format!("kind {other}"))),
        }
    }

    /// Checks rule K3: a carried card or certificate is for the statement's group, and the signer of
    /// the statement is the root key that certifies an enrolled device.
    pub(super) fn check_scope(&self, group: GroupId, signer: RootId) -> Result<(), Refusal> {
        let fits = match self {
            Self::Enrol { certificate, .. } => {
                certificate.scope() == group.as_bytes() && certificate.root() == signer
            }
            Self::Bind { card, .. } => card.scope() == group.as_bytes(),
            _ => true,
        };
        if fits { Ok(()) } else { Err(Refusal::with_detail(Rule::K3, "another group or key")) }
    }
}
