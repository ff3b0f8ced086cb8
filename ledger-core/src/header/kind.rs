//! Kinds of entries, by their numbers on the wire (SPEC §4).

/// Kind of an entry, by its number on the wire. Numbers never change their meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind(u16);

impl Kind {
    /// The beginning of a group.
    pub const GENESIS: Kind = Kind(0);
    /// Merges several heads into one.
    pub const MERGE: Kind = Kind(1);
    /// Introduces a person with a card.
    pub const ADD_MEMBER: Kind = Kind(2);
    /// Introduces a person who has no key.
    pub const PLACEHOLDER: Kind = Kind(3);
    /// Hands a placeholder to a person.
    pub const CLAIM: Kind = Kind(4);
    /// Vouches for a member whose introduction is void.
    pub const ADOPT: Kind = Kind(5);
    /// Carries a statement of the owner or of a member.
    pub const STATEMENT: Kind = Kind(6);
    /// Money spent for several people.
    pub const EXPENSE: Kind = Kind(16);
    /// Money given from one member to another.
    pub const TRANSFER: Kind = Kind(17);
    /// Replaces the content of an expense or transfer.
    pub const CORRECTION: Kind = Kind(18);
    /// Ends an expense or transfer.
    pub const CANCELLATION: Kind = Kind(19);
    /// Records again what a void entry said.
    pub const COPY: Kind = Kind(20);
    /// Confirms or disputes an expense or transfer.
    pub const ENDORSEMENT: Kind = Kind(21);
    /// Announces the device's new X25519 key.
    pub const ROTATION: Kind = Kind(22);
    /// Begins an epoch: a new key that seals entries in transport.
    pub const EPOCH: Kind = Kind(23);
    /// Takes back the cancellations of an expense or transfer.
    pub const RESTORATION: Kind = Kind(24);
    /// Sets something for the whole group.
    pub const SETTING: Kind = Kind(25);
    /// Template of recurring expenses or transfers.
    pub const TEMPLATE: Kind = Kind(26);
    /// Says what the device reads.
    pub const SPEAKS: Kind = Kind(27);

    /// Creates a kind from the number in a header.
    #[must_use]
    pub const fn from_number(number: u16) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }

    /// Returns whether entries of this kind decide about others: they introduce members or
    /// carry statements.
    #[must_use]
    pub const fn is_control(self) -> bool {
        matches!(
            self,
            Self::GENESIS
                | Self::ADD_MEMBER
                | Self::PLACEHOLDER
                | Self::CLAIM
                | Self::ADOPT
                | Self::STATEMENT
        )
    }

    /// A word for logs and tools.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::GENESIS => "genesis",
            Self::MERGE => "merge",
            Self::ADD_MEMBER => "add-member",
            Self::PLACEHOLDER => "placeholder",
            Self::CLAIM => "claim",
            Self::ADOPT => "adopt",
            Self::STATEMENT => "act",
            Self::EXPENSE => "expense",
            Self::TRANSFER => "transfer",
            Self::CORRECTION => "correction",
            Self::CANCELLATION => "cancellation",
            Self::COPY => "copy",
            Self::ENDORSEMENT => "endorsement",
            Self::ROTATION => "rotation",
            Self::EPOCH => "epoch",
            Self::RESTORATION => "restoration",
            Self::SETTING => "setting",
            Self::TEMPLATE => "template",
            Self::SPEAKS => "speaks",
            _ => "unknown",
        }
    }
}
