//! Writing entries: a draft says what, signing says who and where.

use std::collections::BTreeSet;

use crate::details::Details;
use crate::entry::{DecodedEntry, HeaderFields, VerifiedEntry};
use crate::id::{EntryId, MemberId};
use crate::keys::{Card, DeviceKey, PlaceholderCard, RootEntropy};
use crate::ledger::{GroupState, Position};
use crate::limits::{MAX_MEMBERS, MAX_REFS};
use crate::money::Amount;
use crate::payload::{
    Cancellation, Content, Correction, Expense, Genesis, Part, Payload, Placeholder, RefIndex,
    Transfer,
};
use crate::rule::Refusal;

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
        let genesis = Genesis::new(self.name, card, signatures)?;
        let payload = Payload::Genesis(Box::new(genesis));
        assemble(payload, Vec::new(), device, None, timestamp_ms)
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
        let card = PlaceholderCard::new(state.group(), introducer, name, nonce)?;
        Ok(Self { payload: Payload::Placeholder(Placeholder::new(card)), refs: Vec::new() })
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
        at: &Position,
        timestamp_ms: u64,
    ) -> Result<VerifiedEntry, DraftError> {
        if device.id() != at.device {
            return Err(DraftError::ForeignDevice);
        }
        assemble(self.payload, self.refs, device, Some(at), timestamp_ms)
    }
}

fn assemble(
    payload: Payload,
    refs: Vec<EntryId>,
    device: &DeviceKey,
    at: Option<&Position>,
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
