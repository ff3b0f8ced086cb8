//! Drafts of genesis entries: for a new group, or the successor of an old one.

use std::collections::BTreeMap;

use super::{DraftError, assemble};
use crate::base::id::MemberId;
use crate::base::limits::{MAX_MEMBERS, MAX_REFS};
use crate::entry::VerifiedEntry;
use crate::keys::{Card, DeviceKey, PlaceholderCard, RootEntropy};
use crate::payload::{Genesis, Opening, Payload, Predecessor};
use crate::state::{GroupState, Member, View};

/// Group to create.
#[derive(Debug)]
pub struct NewGroup<'a> {
    name: &'a str,
    founder: &'a str,
    entropy: &'a RootEntropy,
    index: u32,
    salt: [u8; 32],
    predecessor: Option<(&'a View, MemberId)>,
    from_files: BTreeMap<MemberId, PlaceholderCard>,
}

impl<'a> NewGroup<'a> {
    /// A new group called `name`, begun by a person called `founder` who holds `entropy`.
    ///
    /// `index` is the number of the founder's root key for this group, never used before.
    /// `salt` must be 32 fresh random bytes.
    #[must_use]
    pub fn new(
        name: &'a str,
        founder: &'a str,
        entropy: &'a RootEntropy,
        index: u32,
        salt: [u8; 32],
    ) -> Self {
        Self { name, founder, entropy, index, salt, predecessor: None, from_files: BTreeMap::new() }
    }

    /// Makes the group the successor of `old`, whose people and balances it takes over.
    /// `founder` is the founder's member id in the old group.
    #[must_use]
    pub fn successor_of(mut self, old: &'a View, founder: MemberId) -> Self {
        self.predecessor = Some((old, founder));
        self
    }

    /// Says by which cards people from files of other programs were introduced in the old group. They
    /// keep name and nonce of the file, so that whoever imports the file into the new group introduces
    /// the same members. Other cards are ignored.
    #[must_use]
    pub fn people_from_files(mut self, cards: BTreeMap<MemberId, PlaceholderCard>) -> Self {
        self.from_files = cards;
        self
    }

    /// Writes the genesis entry, signed by the founder's first device.
    ///
    /// # Errors
    /// [`DraftError::Rule`] if a name is empty or too long.
    pub fn create(
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

    /// People and balances of the old group. The nonces of their new cards are taken from
    /// their old member ids, so that the cards differ.
    fn predecessor(&self, card: &Card) -> Result<Option<Predecessor>, DraftError> {
        let Some((old, founder)) = self.predecessor else { return Ok(None) };
        let state = old.state();
        if state.member(founder).is_none() {
            return Err(DraftError::UnknownMember(founder));
        }
        let balances = |member: MemberId| {
            let of = |currency| (currency, state.balance(member, currency));
            state.currencies().map(of).filter(|(_, balance)| !balance.is_zero()).collect()
        };
        let mut opening = vec![Opening { card: None, balances: balances(founder) }];
        for (id, member) in taken_over(state, founder) {
            let from_file = self.from_files.get(&id).filter(|old| old.introducer().is_none());
            let card = match from_file {
                Some(old) => PlaceholderCard::from_file(self.salt, old.name(), *old.nonce())?,
                None => {
                    let nonce = id.as_bytes().first_chunk().copied().unwrap_or_default();
                    PlaceholderCard::new(self.salt, Some(card.member()), member.name(), nonce)?
                }
            };
            opening.push(Opening { card: Some(card), balances: balances(id) });
        }
        Ok(Some(Predecessor {
            group: old.group(),
            digest: state.digest(),
            heads: old.frontier().heads().take(MAX_REFS).collect(),
            opening,
        }))
    }
}

/// The members whom a successor group takes over beside its founder: all, unless they are more than
/// a genesis entry can hold. Then those who owe and are owed nothing stay behind, first the removed
/// ones and those who are not accepted, then placeholders.
fn taken_over(state: &GroupState, founder: MemberId) -> Vec<(MemberId, &Member)> {
    let mut people = state.members();
    people.retain(|(id, _)| *id != founder);
    let owes = |id: MemberId| state.currencies().any(|c| !state.balance(id, c).is_zero());
    let gone = |member: &Member| member.is_removed() || !member.is_introduced();
    if people.len() >= MAX_MEMBERS {
        people.retain(|(id, member)| !gone(member) || owes(*id));
    }
    if people.len() >= MAX_MEMBERS {
        people.retain(|(id, member)| !member.is_placeholder() || owes(*id));
    }
    people
}
