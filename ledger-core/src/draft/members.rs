//! Drafts that introduce members.

use super::refs::introduction;
use super::{Draft, DraftError};
use crate::base::id::MemberId;
use crate::base::limits::MAX_MEMBERS;
use crate::keys::{PlaceholderCard, SignedCard};
use crate::payload::{AddMember, Claim, Payload, Placeholder, RefIndex};
use crate::state::GroupState;

impl Draft {
    /// Introduces a person who has no key yet. `nonce`, 16 random bytes, distinguishes people
    /// of the same name.
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

    /// Introduces a person of the old group in its successor group, so that refs can name the
    /// person. The genesis entry of the successor group holds the card.
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

    /// Claims a placeholder, which the author introduced, for a person with a card.
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
}
