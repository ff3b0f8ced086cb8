//! Introductions: a member brings a person into the group (SPEC §4.3).

use super::RefIndex;
use crate::base::codec::{Reader, Writer};
use crate::base::rule::Refusal;
use crate::header::Header;
use crate::keys::{Card, PlaceholderCard, SignedCard};

/// Introduction of a person with a card and a first device: `[card, signatures]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddMember {
    pub(crate) card: SignedCard,
}

/// Claim that gives a placeholder, which the author introduced, to a person:
/// `[target, card, signatures]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub(crate) target: RefIndex,
    pub(crate) card: SignedCard,
}

/// Introduction of a person without a key: `[card]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placeholder {
    card: PlaceholderCard,
}

impl AddMember {
    pub(super) fn read(r: &mut Reader<'_>, header: &Header) -> Result<Self, Refusal> {
        r.array(2)?;
        Ok(Self { card: SignedCard::read(r, header.group())? })
    }

    pub(super) fn write(&self, w: &mut Writer) {
        w.array(2);
        self.card.write(w);
    }

    pub(crate) fn check_signatures(&self) -> Result<(), Refusal> {
        self.card.check()
    }

    /// The person's card.
    #[must_use]
    pub fn card(&self) -> &Card {
        self.card.card()
    }
}

impl Claim {
    pub(super) fn read(r: &mut Reader<'_>, header: &Header) -> Result<Self, Refusal> {
        r.array(3)?;
        let target = RefIndex::read(r)?;
        Ok(Self { target, card: SignedCard::read(r, header.group())? })
    }

    pub(super) fn write(&self, w: &mut Writer) {
        w.array(3);
        self.target.write(w);
        self.card.write(w);
    }

    pub(crate) fn check_signatures(&self) -> Result<(), Refusal> {
        self.card.check()
    }

    /// The entry that introduces the placeholder.
    #[must_use]
    pub fn target(&self) -> RefIndex {
        self.target
    }

    /// The person's card.
    #[must_use]
    pub fn card(&self) -> &Card {
        self.card.card()
    }
}

impl Placeholder {
    pub(crate) fn new(card: PlaceholderCard) -> Self {
        Self { card }
    }

    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(1)?;
        Ok(Self { card: PlaceholderCard::decode(r.bytes()?)? })
    }

    pub(super) fn write(&self, w: &mut Writer) {
        w.array(1);
        w.bytes(&self.card.encode());
    }

    /// The card of the member who is introduced.
    #[must_use]
    pub fn card(&self) -> &PlaceholderCard {
        &self.card
    }
}
