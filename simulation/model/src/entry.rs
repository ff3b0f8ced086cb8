//! Entries, cards and statements of the model.
//!
//! There is no cryptography here. Ids and digests are numbers that stand for hashes, keys are small
//! numbers, and "signed by" is a field that is taken as given: whoever builds a history promises
//! that nobody signs with a key they do not hold. SPEC §2 (the entry) and §6 (verdicts).

use std::collections::BTreeSet;

/// Id of an entry, in place of the hash of its header.
pub type Id = u64;
/// Digest of a statement, in place of the hash of group, kind, body, base and nonce.
pub type Digest = u64;
/// A card's digest.
pub type CardId = u32;
/// "A member is named for ever by `MemberId` = digest of the card that introduced them."
pub type MemberId = CardId;
/// The member that a payload names by a reference to an entry that introduces nobody.
pub const NOBODY: MemberId = 0;
/// A root key.
pub type Root = u32;
/// A device's signing key.
pub type Device = u32;
/// A name, of a person or of the group.
pub type Name = u32;
/// A currency.
pub type Currency = u8;
/// An origin.
pub type Origin = u8;

/// A card: of a person (signed by the joining root key, with a first device), or of a placeholder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Card {
    /// The card's digest, which covers every other field.
    pub id: CardId,
    /// The name written on the card.
    pub name: Name,
    /// The person or placeholder that the card describes.
    pub of: Holder,
}

/// The person or placeholder that a card describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    /// A person with a root key and a first device that the root key certified.
    Person {
        /// The joining root key.
        root: Root,
        /// The first device.
        device: Device,
    },
    /// "A placeholder's card is its introducer's MemberId, a name and a nonce."
    Placeholder {
        /// The member who may introduce and claim this placeholder. [`NOBODY`] for a person from a
        /// file, whom anybody introduces and nobody claims.
        introducer: MemberId,
    },
}

/// A key generation, "named by the act that starts it".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Generation {
    /// Started by a person's card, however often admitted (genesis, or any `add member`).
    Card(CardId),
    /// Started by an introducer's claim: this entry.
    Claim(Id),
    /// Started by the owner's bind: this statement.
    Bind(Digest),
}

/// Enrolment of a device: the card or statement at the root of its backlink chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Enrolment {
    /// The first device, named on the card that started the generation.
    First(Generation),
    /// An enrol statement.
    Enrolled(Digest),
}

/// Body of a statement by the owner, or by a member about their own devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Body {
    /// Owner: remove a member.
    Remove {
        /// The target.
        member: MemberId,
    },
    /// Owner: start a new generation of a member and end the earlier ones.
    Bind {
        /// The target.
        member: MemberId,
        /// The card with the new root key and its first device.
        card: Card,
    },
    /// Owner: rename the group.
    RenameGroup {
        /// The new name.
        name: Name,
    },
    /// Self: a further device.
    Enrol {
        /// The generation whose root key signs.
        generation: Generation,
        /// The device, which also signs.
        device: Device,
    },
    /// Self: a device's key signs no more.
    Revoke {
        /// The generation whose root key signs.
        generation: Generation,
        /// The device key revoked in that generation.
        device: Device,
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
        name: Name,
    },
}

impl Body {
    /// The generation whose root key must sign; `None` for owner statements, which the founder signs.
    pub fn generation(&self) -> Option<Generation> {
        match *self {
            Body::Remove { .. } | Body::Bind { .. } | Body::RenameGroup { .. } => None,
            Body::Enrol { generation, .. }
            | Body::Revoke { generation, .. }
            | Body::Leave { generation }
            | Body::Rename { generation, .. } => Some(generation),
        }
    }
}

/// "Owner and self acts are *statements*: the signature covers group, kind, body and `base`, the
/// frontier at which it was made. The device that carries one is a courier."
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Statement {
    /// The digest: "the verdict belongs to the digest".
    pub digest: Digest,
    /// The root key that signed the statement.
    pub signer: Root,
    /// The frontier at which it was made.
    pub base: BTreeSet<Id>,
    /// Kind and body.
    pub body: Body,
}

/// The payers and shares of an expense or transfer, in minor units.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Content {
    /// The currency.
    pub currency: Currency,
    /// The total.
    pub total: i64,
    /// Payers (amounts sum to the total).
    pub paid: Vec<(MemberId, i64)>,
    /// Shares (sum to the total).
    pub shares: Vec<(MemberId, i64)>,
    /// "Income or a refund": the same with signs turned. Never so in a transfer.
    pub incoming: bool,
    /// The imported row that an expense or transfer comes from. Ignored in a correction or copy.
    pub origin: Option<Origin>,
}

impl Content {
    /// Whether a single member gives to the same single member.
    pub fn same_member(&self) -> bool {
        match (self.paid.as_slice(), self.shares.as_slice()) {
            ([(from, _)], [(to, _)]) => from == to,
            _ => false,
        }
    }

    /// The members it names.
    pub fn names(&self) -> impl Iterator<Item = MemberId> + '_ {
        self.paid.iter().chain(&self.shares).map(|&(m, _)| m)
    }
}

/// Kind and payload of an entry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The first entry: the founder's card and the group's name.
    Genesis {
        /// The founder's card.
        card: Card,
        /// The group's first name.
        name: Name,
    },
    /// Introduction: add member.
    Add {
        /// The joining person's card.
        card: Card,
    },
    /// Introduction: add placeholder.
    Placeholder {
        /// The placeholder's card.
        card: Card,
    },
    /// Introduction: claim of a placeholder that the same member introduced.
    Claim {
        /// The placeholder.
        member: MemberId,
        /// The card of the person who takes it over.
        card: Card,
    },
    /// Introduction: adopt a member whose introduction is, or may become, void.
    Adopt {
        /// The member adopted.
        member: MemberId,
    },
    /// A carried statement of the owner or of a member.
    Statement(Statement),
    /// An empty entry that joins heads.
    Merge,
    /// An expense.
    Expense(Content),
    /// A transfer.
    Transfer(Content),
    /// Full replacement of a slot's content.
    Correction {
        /// The expense, transfer or copy corrected.
        target: Id,
        /// The new content.
        content: Content,
    },
    /// The end of a slot.
    Cancellation {
        /// The expense, transfer or copy cancelled.
        target: Id,
    },
    /// Takes back the cancellations before it.
    Restoration {
        /// The expense, transfer or copy restored.
        target: Id,
    },
    /// Re-records a (void) expense or transfer under an active member's hand.
    Copy {
        /// "Always naming the original."
        copied_from: Id,
        /// The content, re-recorded.
        content: Content,
    },
    /// A member confirms or disputes an entry; no effect on balances.
    Endorse {
        /// The entry endorsed.
        target: Id,
        /// Confirmed, or disputed.
        confirm: bool,
    },
    /// The device's own key rotation.
    Rotate {
        /// The number of the new encryption key.
        x_gen: u32,
    },
    /// A template of recurring expenses, which moves no money.
    Template {
        /// The content.
        content: Content,
        /// The first template of the series, if this changes one.
        changes: Option<Id>,
        /// The number from which on it holds.
        from: u32,
        /// The number before which it ends.
        end: Option<u32>,
    },
    /// Sets something for the whole group.
    Set {
        /// The number of the field.
        field: u8,
        /// The member whom it is about; nobody for a field without a subject.
        subject: MemberId,
        /// The number of the value. None is a value that says nothing.
        value: Option<u32>,
    },
    /// Says what the device reads.
    Speaks {
        /// The number of a feature.
        feature: u32,
    },
    /// A new key under which entries travel.
    Epoch {
        /// The number of the key.
        key: u32,
    },
}

/// An entry: header and payload.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The id.
    pub id: Id,
    /// The signing key of the author's device.
    pub device: Device,
    /// Number of the entry in the chain of its device.
    pub seq: u32,
    /// The previous entry of the device; for its first entry, the entry that enrolled the device.
    pub backlink: Option<Id>,
    /// The DAG heads the author knew.
    pub parents: BTreeSet<Id>,
    /// Ids of the entries that the payload refers to.
    pub refs: BTreeSet<Id>,
    /// Exactly 1 + the largest clock among backlink, parents and refs.
    pub lamport: u64,
    /// Kind and payload.
    pub kind: Kind,
}

impl Kind {
    /// The entries that the payload names by id. In the real format payloads index into refs.
    #[must_use]
    pub fn named_entries(&self) -> BTreeSet<Id> {
        match self {
            Kind::Statement(statement) => statement.base.clone(),
            Kind::Correction { target, .. }
            | Kind::Cancellation { target }
            | Kind::Restoration { target }
            | Kind::Copy { copied_from: target, .. }
            | Kind::Endorse { target, .. }
            | Kind::Template { changes: Some(target), .. } => [*target].into(),
            _ => BTreeSet::new(),
        }
    }
}

impl Entry {
    /// "Its dependencies (backlink, parents, refs)."
    pub fn dependencies(&self) -> BTreeSet<Id> {
        let mut all: BTreeSet<Id> = self.parents.union(&self.refs).copied().collect();
        all.extend(self.backlink);
        all
    }

    /// The statement this entry carries, if it is a courier.
    pub fn statement(&self) -> Option<&Statement> {
        match &self.kind {
            Kind::Statement(s) => Some(s),
            _ => None,
        }
    }

    /// The member that this entry introduces (genesis, add member, add placeholder).
    pub fn introduces(&self) -> Option<Card> {
        match self.kind {
            Kind::Genesis { card, .. } | Kind::Add { card } | Kind::Placeholder { card } => {
                Some(card)
            }
            _ => None,
        }
    }
}
