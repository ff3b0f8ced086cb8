//! The beginning of a group (SPEC §4.1).

use super::read_name;
use crate::codec::{Reader, Writer};
use crate::entry::Header;
use crate::keys::{Card, CardSignatures};
use crate::rule::{Refusal, Rule};

/// Founds a group: `[group name, card, card signature, certificate signature,
/// acceptance]`. The founder's root key stays the owner's for the group's life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Genesis {
    group_name: String,
    card: Card,
    signatures: CardSignatures,
}

impl Genesis {
    pub(crate) fn new(
        group_name: &str,
        card: Card,
        signatures: CardSignatures,
    ) -> Result<Self, Refusal> {
        let mut w = Writer::new();
        w.text(group_name);
        let encoded = w.into_bytes();
        let group_name = read_name(&mut Reader::new(&encoded))?;
        Ok(Self { group_name, card, signatures })
    }

    pub(super) fn read(r: &mut Reader<'_>, header: &Header) -> Result<Self, Refusal> {
        r.array(5)?;
        let group_name = read_name(r)?;
        let card = Card::decode(r.bytes()?)?;
        let signatures = CardSignatures {
            card: r.bytes_n()?,
            certificate: r.bytes_n()?,
            acceptance: r.bytes_n()?,
        };
        if card.certificate().device() != header.device() {
            return Err(Refusal::new(Rule::K5));
        }
        Ok(Self { group_name, card, signatures })
    }

    pub(super) fn write(&self, w: &mut Writer) {
        w.array(5);
        w.text(&self.group_name);
        w.bytes(self.card.as_bytes());
        w.bytes(&self.signatures.card);
        w.bytes(&self.signatures.certificate);
        w.bytes(&self.signatures.acceptance);
    }

    /// Checks the certificates' signatures (rule K4).
    pub(crate) fn check_signatures(&self) -> Result<(), Refusal> {
        self.card.check(&self.signatures)
    }

    /// The group's first name.
    #[must_use]
    pub fn group_name(&self) -> &str {
        &self.group_name
    }

    /// The founder's card.
    #[must_use]
    pub fn card(&self) -> &Card {
        &self.card
    }
}
