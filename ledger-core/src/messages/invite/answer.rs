//! Join answers: they lead an admitted person into the group.

use super::JoinError;
use crate::base::codec::{Reader, Writer};
use crate::base::hash::Tag;
use crate::base::id::{EntryId, GroupId};
use crate::base::rule::Refusal;
use crate::entry::{DecodedEntry, VerifiedEntry, verify_batch};
use crate::keys::{Card, ExchangeKey};
use crate::messages::frame::MessageKind;
use crate::seal::wrap::{unwrap, wrap};

/// Join answer, made by the member's device for the admitted person: the genesis entry and
/// the entry that admits the person. All other entries come in a bundle.
#[derive(Clone, Copy, Debug)]
pub struct JoinAnswer<'a> {
    /// The group's genesis entry.
    pub genesis: &'a VerifiedEntry,
    /// The entry that introduced the person, or bound the person's card.
    pub admitted_by: EntryId,
}

/// Join answer that the admitted person has opened and checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Welcome {
    genesis: VerifiedEntry,
    admitted_by: EntryId,
}

impl JoinAnswer<'_> {
    /// Seals the answer to the device of `card`. `seed` must be 32 fresh
    /// random bytes.
    ///
    /// # Errors
    /// [`JoinError::Content`] if the card is for another group.
    pub fn seal(&self, card: &Card, seed: &[u8; 32]) -> Result<Vec<u8>, JoinError> {
        let group = GroupId::from(self.genesis.id());
        if card.scope() != group.as_bytes() {
            return Err(super::request::other_group());
        }
        let decoded = self.genesis.decoded();
        let mut w = Writer::new();
        w.array(3);
        w.bytes(decoded.as_bytes());
        w.bytes(decoded.signature());
        w.bytes(self.admitted_by.as_bytes());
        let recipient = card.certificate().exchange_public_key();
        let member = card.member();
        let context: [&[u8]; 2] = [group.as_bytes(), member.as_bytes()];
        let sealed = wrap(recipient, Tag::ANSWER, &context, w.as_bytes(), seed)
            .map_err(|_| JoinError::NotForUs)?;
        Ok(MessageKind::JoinAnswer.frame(&[&sealed]).to_vec())
    }
}

impl Welcome {
    /// Opens the answer to a request to join `group` with `card`, and checks that it is for
    /// this group (rules J2 to J4). `exchange` is the key of the card's device; `seed` must be
    /// 32 fresh random bytes.
    ///
    /// # Errors
    /// [`JoinError`] if the answer is not whole, not for this card, or of another group.
    pub fn open(
        message: &[u8],
        group: GroupId,
        card: &Card,
        exchange: &ExchangeKey,
        seed: &[u8; 32],
    ) -> Result<Self, JoinError> {
        let sealed = MessageKind::JoinAnswer.open(message)?;
        let member = card.member();
        let context: [&[u8]; 2] = [group.as_bytes(), member.as_bytes()];
        let opened =
            unwrap(exchange, Tag::ANSWER, &context, sealed).map_err(|_| JoinError::NotForUs)?;
        let welcome = Self::read(&opened, seed).map_err(JoinError::Content)?;
        if GroupId::from(welcome.genesis.id()) != group {
            return Err(JoinError::OtherGroup);
        }
        Ok(welcome)
    }

    fn read(bytes: &[u8], seed: &[u8; 32]) -> Result<Self, Refusal> {
        let (genesis, admitted_by) = decode(bytes)?;
        let verified: Result<Vec<_>, _> = verify_batch(vec![genesis], seed).into_iter().collect();
        let genesis = verified?.pop();
        let genesis = genesis.ok_or_else(|| Refusal::new(crate::base::rule::Rule::S1))?;
        Ok(Self { genesis, admitted_by })
    }

    /// The group's genesis entry; its id is the group's.
    #[must_use]
    pub fn genesis(&self) -> &VerifiedEntry {
        &self.genesis
    }

    /// The entry that introduced the person, or bound the person's card.
    #[must_use]
    pub fn admitted_by(&self) -> EntryId {
        self.admitted_by
    }
}

fn decode(bytes: &[u8]) -> Result<(DecodedEntry, EntryId), Refusal> {
    let mut r = Reader::new(bytes);
    r.array(3)?;
    let entry = r.bytes()?;
    let genesis = DecodedEntry::decode(entry, &r.bytes_n()?)?;
    let admitted_by = EntryId::from_bytes(r.bytes_n()?);
    r.finish()?;
    Ok((genesis, admitted_by))
}

/// Reads the plaintext of an answer, without a check of signatures.
pub(crate) fn read_answer(bytes: &[u8]) -> Result<(), Refusal> {
    decode(bytes).map(|_| ())
}
