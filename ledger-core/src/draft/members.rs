//! Drafts that introduce members.

use super::refs::introduction;
use super::{Draft, DraftError};
use crate::base::id::MemberId;
use crate::base::limits::MAX_MEMBERS;
use crate::keys::{PlaceholderCard, SignedCard};
use crate::payload::{AddMember, Claim, Payload, Placeholder, RefIndex};
use crate::state::{GroupState, Member};

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
        check_room(state, true)?;
        let card = PlaceholderCard::new(*state.group().as_bytes(), Some(introducer), name, nonce)?;
        Ok(Self { payload: Payload::Placeholder(Placeholder::new(card)), refs: Vec::new() })
    }

    /// Introduces a person from a file of another program, by a card that is the same for everybody
    /// who imports the file. `salt` is the genesis entry's (`Genesis::salt`), and name and nonce
    /// follow from the file (SPEC §10).
    ///
    /// # Errors
    /// [`DraftError`] if the name is empty or too long, or the group is full.
    pub fn person_from_file(
        state: &GroupState,
        salt: [u8; 32],
        name: &str,
        nonce: [u8; 16],
    ) -> Result<Self, DraftError> {
        check_room(state, true)?;
        let card = PlaceholderCard::from_file(salt, name, nonce)?;
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
        check_room(state, false)?;
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

/// Checks the limit of members: as many people with keys, and as many without (SPEC §8). Members who
/// were removed or never accepted do not count, so that nobody can fill the group for good.
fn check_room(state: &GroupState, placeholders: bool) -> Result<(), DraftError> {
    let counts = |member: &&Member| {
        member.is_introduced() && !member.is_removed() && member.is_placeholder() == placeholders
    };
    match state.members.values().filter(counts).count() {
        0..MAX_MEMBERS => Ok(()),
        _ => Err(DraftError::TooManyMembers),
    }
}
