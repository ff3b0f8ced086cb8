//! Introducing somebody who has no key yet (SPEC §4.3).

use crate::codec::{Reader, Writer};
use crate::entry::Header;
use crate::keys::PlaceholderCard;
use crate::rule::{Refusal, Rule};

/// Introduces a placeholder member: `[card]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placeholder {
    card: PlaceholderCard,
}

impl Placeholder {
    pub(crate) fn new(card: PlaceholderCard) -> Self {
        Self { card }
    }

    pub(super) fn read(r: &mut Reader<'_>, header: &Header) -> Result<Self, Refusal> {
        r.array(1)?;
        let card = PlaceholderCard::decode(r.bytes()?)?;
        if Some(card.group()) != header.group() {
            return Err(Refusal::new(Rule::P9));
        }
        Ok(Self { card })
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
