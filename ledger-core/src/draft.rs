//! Writing entries: a draft says what, signing says who and where.

use std::collections::BTreeSet;

use crate::details::Details;
use crate::entry::{DecodedEntry, HeaderFields, VerifiedEntry};
use crate::id::{DeviceId, EntryId, GroupId, MemberId};
use crate::keys::{
    Card, DeviceKey, PlaceholderCard, RootEntropy, RootKey, SignedCard, SignedDevice,
};
use crate::limits::{MAX_DEVICES, MAX_MEMBERS, MAX_REFS};
use crate::money::Amount;
use crate::payload::{
    AddMember, Cancellation, Claim, Content, Copy, Correction, Endorsement, Epoch, Expense,
    Genesis, Opening, Part, Payload, Placeholder, Predecessor, RefIndex, Rotation, Transfer,
};
use crate::rule::Refusal;
use crate::state::{GroupState, NextEntryPosition, View};
use crate::statement::{Generation, SignedStatement, StatementBody, StatementSignatures};

/// The draft cannot become an entry. The caller is at fault; nothing changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DraftError {
    /// The member is not in the group.
    #[error("member {} is not in this group; use an id that the group lists", .0.short())]
    UnknownMember(MemberId),
    /// One member stands twice among the payers or the shares.
    #[error("member {} is listed twice; add the two parts up", .0.short())]
    DuplicateMember(MemberId),
    /// The group is full.
    #[error("a group has at most {MAX_MEMBERS} members")]
    TooManyMembers,
    /// The member has as many devices as a person may have.
    #[error("a member has at most {MAX_DEVICES} devices; revoke one that is not used")]
    TooManyDevices,
    /// More members and entries are named than an entry can refer to.
    #[error("an entry refers to at most {MAX_REFS} others")]
    TooManyRefs,
    /// The device that would sign is not the one at this position.
    #[error("the device is not enrolled in this group")]
    ForeignDevice,
    /// The entry would break a rule of the format.
    #[error(transparent)]
    Rule(#[from] Refusal),
}

/// A group to found.
#[derive(Debug)]
pub struct NewGroup<'a> {
    /// The group's name.
    pub name: &'a str,
    /// The founder's name.
    pub founder: &'a str,
    /// The founder's entropy, from which the root key derives.
    pub entropy: &'a RootEntropy,
    /// Which of the founder's groups this is; a number not used before.
    pub index: u32,
    /// 32 fresh random bytes.
    pub salt: [u8; 32],
    /// The group that this one goes on from, with the founder's place in it.
    pub successor_of: Option<(&'a View, MemberId)>,
}

impl NewGroup<'_> {
    /// Writes and signs the genesis entry on the founder's first device.
    ///
    /// # Errors
    /// [`DraftError::Rule`] if a name is empty or too long.
    pub fn found(
        &self,
        device: &DeviceKey,
        timestamp_ms: u64,
    ) -> Result<VerifiedEntry, DraftError> {
        let (card, signatures) =
            Card::sign(self.salt, self.founder, self.entropy, self.index, device)?;
        let predecessor = self.predecessor(&card)?;
        let genesis = Genesis::new(self.name, card, signatures, predecessor);
        let payload = Payload::Genesis(Box::new(genesis));
        assemble(payload, Vec::new(), device, None, timestamp_ms)
    }

    /// The old group's people and balances. Their new cards are told apart by
    /// what named them there.
    fn predecessor(&self, card: &Card) -> Result<Option<Predecessor>, DraftError> {
        let Some((old, founder)) = self.successor_of else { return Ok(None) };
        let state = old.state();
        if state.member(founder).is_none() {
            return Err(DraftError::UnknownMember(founder));
        }
        let balances = |member: MemberId| {
            let of = |currency| (currency, state.balance(member, currency));
            state.currencies().map(of).filter(|(_, balance)| !balance.is_zero()).collect()
        };
        let mut opening = vec![Opening { card: None, balances: balances(founder) }];
        for (id, member) in state.members() {
            if id == founder {
                continue;
            }
            let nonce = id.as_bytes().first_chunk().copied().unwrap_or_default();
            let card = PlaceholderCard::new(self.salt, card.member(), member.name(), nonce)?;
            opening.push(Opening { card: Some(card), balances: balances(id) });
        }
        Ok(Some(Predecessor {
            group: old.group(),
            digest: state.digest(),
            heads: old.frontier().heads().collect(),
            opening,
        }))
    }
}

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

impl NewStatement<'_> {
    /// Checks that the act stays within the limits that honest devices keep.
    ///
    /// # Errors
    /// [`DraftError::TooManyDevices`] if a generation would have more than 10.
    pub fn check_limits(&self, state: &GroupState) -> Result<(), DraftError> {
        let Self::Enrol { generation, .. } = self else { return Ok(()) };
        let devices = state.devices().filter(|(of, ..)| of == generation).count();
        if devices >= MAX_DEVICES { Err(DraftError::TooManyDevices) } else { Ok(()) }
    }
}

/// What an entry is to say, before anybody has signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    payload: Payload,
    refs: Vec<EntryId>,
}

impl Draft {
    /// Introduces somebody called `name` who has no key yet. `nonce` tells
    /// apart people of the same name: 16 random bytes.
    ///
    /// # Errors
    /// [`DraftError`] if the name is empty or too long, or the group is full.
    pub fn placeholder(
        state: &GroupState,
        introducer: MemberId,
        name: &str,
        nonce: [u8; 16],
    ) -> Result<Self, DraftError> {
        if state.members().len() >= MAX_MEMBERS {
            return Err(DraftError::TooManyMembers);
        }
        let card = PlaceholderCard::new(*state.group().as_bytes(), introducer, name, nonce)?;
        Ok(Self { payload: Payload::Placeholder(Placeholder::new(card)), refs: Vec::new() })
    }

    /// Introduces, under their new group's roof, a person whom the genesis
    /// entry of a successor group carried over, so that refs can mean them.
    #[must_use]
    pub fn carried_over(card: &PlaceholderCard) -> Self {
        Self { payload: Payload::Placeholder(Placeholder::new(card.clone())), refs: Vec::new() }
    }

    /// Introduces a person with a card.
    ///
    /// # Errors
    /// [`DraftError::TooManyMembers`] if the group is full.
    pub fn add_member(state: &GroupState, card: &SignedCard) -> Result<Self, DraftError> {
        if state.members().len() >= MAX_MEMBERS {
            return Err(DraftError::TooManyMembers);
        }
        let payload = Payload::AddMember(Box::new(AddMember { card: card.clone() }));
        Ok(Self { payload, refs: Vec::new() })
    }

    /// Hands a placeholder, which the author introduced, to a person.
    ///
    /// # Errors
    /// [`DraftError::UnknownMember`] if the group does not know the member.
    pub fn claim(
        state: &GroupState,
        member: MemberId,
        card: &SignedCard,
    ) -> Result<Self, DraftError> {
        let claim = Claim { target: RefIndex::new(0), card: card.clone() };
        let refs = vec![introduction(state, member)?];
        Ok(Self { payload: Payload::Claim(Box::new(claim)), refs })
    }

    /// Vouches for a member whose introduction is void.
    ///
    /// # Errors
    /// [`DraftError::UnknownMember`] if the group does not know the member.
    pub fn adopt(state: &GroupState, member: MemberId) -> Result<Self, DraftError> {
        let refs = vec![introduction(state, member)?];
        Ok(Self { payload: Payload::Adopt(RefIndex::new(0)), refs })
    }

    /// Carries a statement that `root` signs. `base` is the frontier at which
    /// it is made, all known heads as a rule: what it cuts, it spares in the
    /// past of these.
    ///
    /// # Errors
    /// [`DraftError::Rule`] if the base is empty or has more than 16 ids, or a
    /// name is empty or too long.
    pub fn act(
        root: &RootKey,
        group: GroupId,
        act: &NewStatement<'_>,
        base: impl IntoIterator<Item = EntryId>,
        nonce: [u8; 16],
    ) -> Result<Self, DraftError> {
        Ok(Self::carry(&SignedStatement::new(root, group, act, base, nonce)?))
    }

    /// Carries a statement again: anybody may be its courier.
    #[must_use]
    pub fn carry(act: &SignedStatement) -> Self {
        let refs = act.act().base().to_vec();
        Self { payload: Payload::Statement(Box::new(act.clone())), refs }
    }

    /// Records again, under the author's hand, what the void entry `original`
    /// said.
    ///
    /// # Errors
    /// [`DraftError`] if it names somebody unknown or somebody twice.
    pub fn copy(
        state: &GroupState,
        original: EntryId,
        details: &Details,
    ) -> Result<Self, DraftError> {
        let refs = Refs::of(state, details, Some(original))?;
        let copy = Copy { original: refs.entry(original)?, content: refs.content(details)? };
        Ok(Self { payload: Payload::Copy(copy), refs: refs.ids })
    }

    /// Confirms or disputes an expense, a transfer or a copy.
    #[must_use]
    pub fn endorsement(target: EntryId, confirms: bool, note: Option<String>) -> Self {
        let endorsement = Endorsement { target: RefIndex::new(0), confirms, note };
        Self { payload: Payload::Endorsement(endorsement), refs: vec![target] }
    }

    /// Tells the device's new X25519 public key; `generation` counts its
    /// rotations, this one included.
    #[must_use]
    pub fn rotation(generation: u64, exchange_public_key: [u8; 32]) -> Self {
        let rotation = Rotation::new(generation, exchange_public_key);
        Self { payload: Payload::Rotation(rotation), refs: Vec::new() }
    }

    /// Begins an epoch: [`EpochKey::begin`](crate::EpochKey::begin).
    #[must_use]
    pub fn epoch(epoch: Epoch) -> Self {
        Self { payload: Payload::Epoch(epoch), refs: Vec::new() }
    }

    /// Records an expense or a transfer.
    ///
    /// # Errors
    /// [`DraftError`] if it names somebody unknown or somebody twice.
    pub fn record(state: &GroupState, details: &Details) -> Result<Self, DraftError> {
        let refs = Refs::of(state, details, None)?;
        let payload = Payload::Content(refs.content(details)?);
        Ok(Self { payload, refs: refs.ids })
    }

    /// Replaces the whole content of what `original` first recorded.
    ///
    /// # Errors
    /// [`DraftError`] if it names somebody unknown or somebody twice.
    pub fn correction(
        state: &GroupState,
        original: EntryId,
        details: &Details,
    ) -> Result<Self, DraftError> {
        let refs = Refs::of(state, details, Some(original))?;
        let correction =
            Correction { target: refs.entry(original)?, content: refs.content(details)? };
        Ok(Self { payload: Payload::Correction(correction), refs: refs.ids })
    }

    /// Ends what `original` first recorded.
    #[must_use]
    pub fn cancellation(original: EntryId, reason: Option<String>) -> Self {
        let payload = Payload::Cancellation(Cancellation { target: RefIndex::new(0), reason });
        Self { payload, refs: vec![original] }
    }

    /// Joins the heads; an entry with more than 16 heads before it needs this
    /// first.
    #[must_use]
    pub fn merge() -> Self {
        Self { payload: Payload::Merge, refs: Vec::new() }
    }

    /// Signs the draft at its place in the ledger. The result needs no further
    /// check of its signature.
    ///
    /// # Errors
    /// [`DraftError`] if the key is not the position's, or if what was drafted
    /// breaks a rule of the format, such as shares that do not sum up.
    pub fn sign(
        self,
        device: &DeviceKey,
        at: &NextEntryPosition,
        timestamp_ms: u64,
    ) -> Result<VerifiedEntry, DraftError> {
        if device.id() != at.device {
            return Err(DraftError::ForeignDevice);
        }
        assemble(self.payload, self.refs, device, Some(at), timestamp_ms)
    }
}

impl SignedStatement {
    /// A statement that `root` signs, for anybody to carry. `base` is the
    /// frontier at which it is made.
    ///
    /// # Errors
    /// [`DraftError::Rule`] if the base is empty or has more than 16 ids, or a
    /// name is empty or too long.
    pub fn new(
        root: &RootKey,
        group: GroupId,
        act: &NewStatement<'_>,
        base: impl IntoIterator<Item = EntryId>,
        nonce: [u8; 16],
    ) -> Result<Self, DraftError> {
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
        Ok(Self::sign(root, group, body, more, base, nonce)?)
    }
}

fn assemble(
    payload: Payload,
    refs: Vec<EntryId>,
    device: &DeviceKey,
    at: Option<&NextEntryPosition>,
    timestamp_ms: u64,
) -> Result<VerifiedEntry, DraftError> {
    // Only known payloads are drafted; the kind of another would be refused.
    let kind = payload.kind().unwrap_or(crate::payload::Kind::MERGE);
    let bytes = payload.encode();
    let mut fields = HeaderFields::for_payload(device.id(), kind, &bytes);
    fields.refs = refs;
    fields.timestamp_ms = timestamp_ms;
    if let Some(at) = at {
        fields.group = Some(at.group);
        fields.seq = at.seq;
        fields.backlink = Some(at.backlink);
        fields.parents.clone_from(&at.parents);
        fields.lamport = at.lamport;
    }
    let entry = DecodedEntry::assemble(fields, &bytes, |id| device.sign_entry(id))?;
    Ok(VerifiedEntry::signed_here(entry))
}

/// The refs of a draft: sorted, unique, and how to find a member among them.
struct Refs<'a> {
    state: &'a GroupState,
    ids: Vec<EntryId>,
}

impl<'a> Refs<'a> {
    fn of(
        state: &'a GroupState,
        details: &Details,
        target: Option<EntryId>,
    ) -> Result<Self, DraftError> {
        let mut ids: BTreeSet<EntryId> = target.into_iter().collect();
        for member in details.members() {
            ids.insert(introduction(state, member)?);
        }
        if ids.len() > MAX_REFS {
            return Err(DraftError::TooManyRefs);
        }
        Ok(Self { state, ids: ids.into_iter().collect() })
    }

    fn entry(&self, id: EntryId) -> Result<RefIndex, DraftError> {
        let place = self.ids.binary_search(&id).ok().and_then(|place| u16::try_from(place).ok());
        place.map(RefIndex::new).ok_or(DraftError::TooManyRefs)
    }

    fn member(&self, member: MemberId) -> Result<RefIndex, DraftError> {
        self.entry(introduction(self.state, member)?)
    }

    /// The details with refs in place of members.
    fn content(&self, details: &Details) -> Result<Content, DraftError> {
        Ok(match details.clone() {
            Details::Expense(expense) => Content::Expense(Expense {
                date: expense.date,
                description: expense.description,
                category: expense.category,
                note: expense.note,
                currency: expense.currency,
                amount: expense.amount,
                payers: self.parts(&expense.payers)?,
                shares: self.parts(&expense.shares)?,
                origin: expense.origin,
            }),
            Details::Transfer(transfer) => Content::Transfer(Transfer {
                date: transfer.date,
                description: transfer.description,
                currency: transfer.currency,
                amount: transfer.amount,
                from: self.member(transfer.from)?,
                to: self.member(transfer.to)?,
                origin: transfer.origin,
            }),
        })
    }

    fn parts(&self, parts: &[(MemberId, Amount)]) -> Result<Vec<Part>, DraftError> {
        let mut sorted = Vec::with_capacity(parts.len());
        for (member, amount) in parts {
            let part = Part { member: self.member(*member)?, amount: *amount };
            if sorted.iter().any(|other: &Part| other.member == part.member) {
                return Err(DraftError::DuplicateMember(*member));
            }
            sorted.push(part);
        }
        sorted.sort_by_key(|part| part.member);
        Ok(sorted)
    }
}

/// The entry by which a draft names a member: the first introduction.
fn introduction(state: &GroupState, member: MemberId) -> Result<EntryId, DraftError> {
    state.first_introduction(member).ok_or(DraftError::UnknownMember(member))
}
