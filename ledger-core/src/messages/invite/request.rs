//! Join requests: a person's card on its way to the inviting member.

use super::{InviteLink, InviteSecret, JoinError};
use crate::base::codec::{Reader, Writer};
use crate::base::hash::Tag;
use crate::base::id::{GroupId, InviteId};
use crate::base::rule::{Refusal, Rule};
use crate::keys::{SignedCard, check_signature};
use crate::messages::frame::{Fields, MessageError, MessageKind};
use crate::seal::wrap::{unwrap, wrap};

/// Join request, opened and checked: its sender saw the link, and the signatures of its card
/// are valid. The member decides whether to admit the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinRequest {
    invite: InviteId,
    card: SignedCard,
}

impl InviteLink {
    /// Writes a request to join with `card`, sealed for the inviting device and signed with the
    /// key of the link. `seed` must be 32 fresh random bytes.
    ///
    /// # Errors
    /// [`JoinError::Content`] if the card is for another group.
    pub fn request(&self, card: &SignedCard, seed: &[u8; 32]) -> Result<Vec<u8>, JoinError> {
        let mut w = Writer::new();
        w.array(2);
        card.write(&mut w);
        if card.card().scope() != self.group().as_bytes() {
            return Err(other_group());
        }
        let (group, id) = (self.group(), self.id());
        let context: [&[u8]; 2] = [group.as_bytes(), id.as_bytes()];
        let sealed = wrap(self.inviter(), Tag::JOIN_SEAL, &context, w.as_bytes(), seed)
            .map_err(|_| JoinError::NotForUs)?;
        let signature = self.sign(Tag::JOIN, &signed(group, self.inviter(), &sealed));
        let parts: [&[u8]; 3] = [id.as_bytes(), &sealed, &signature];
        Ok(MessageKind::JoinRequest.frame(&parts).to_vec())
    }
}

impl JoinRequest {
    /// The id of the invite that a request answers, read before any other check: with it, the
    /// inviting device finds the secret.
    ///
    /// # Errors
    /// [`MessageError`] if it is something else, or not whole.
    pub fn invite_id(message: &[u8]) -> Result<InviteId, MessageError> {
        let mut fields = Fields::new(MessageKind::JoinRequest.open(message)?);
        Ok(InviteId::from_bytes(fields.take()?))
    }

    /// Opens a request on the device that made the invite, and checks all of it (rules J1 to
    /// J3).
    ///
    /// # Errors
    /// [`JoinError`] if the request is not whole, of another invite, or made wrongly.
    pub fn open(message: &[u8], secret: &InviteSecret, group: GroupId) -> Result<Self, JoinError> {
        let mut fields = Fields::new(MessageKind::JoinRequest.open(message)?);
        let id = InviteId::from_bytes(fields.take().map_err(MessageError::from)?);
        let (sealed, signature) = fields.rest_then::<64>().map_err(MessageError::from)?;
        let exchange = secret.exchange();
        let bytes = signed(group, &exchange.public_key(), sealed);
        if id != secret.id() {
            return Err(JoinError::OtherInvite);
        }
        check_signature(id.as_bytes(), Tag::JOIN, &bytes, &signature, "the request")
            .map_err(|_| JoinError::OtherInvite)?;
        let context: [&[u8]; 2] = [group.as_bytes(), id.as_bytes()];
        let opened =
            unwrap(&exchange, Tag::JOIN_SEAL, &context, sealed).map_err(|_| JoinError::NotForUs)?;
        let card = read_card(&opened, group).map_err(JoinError::Content)?;
        Ok(Self { invite: id, card })
    }

    /// The invite that the request answers.
    #[must_use]
    pub fn invite(&self) -> InviteId {
        self.invite
    }

    /// The person's card: name, keys, first device.
    #[must_use]
    pub fn card(&self) -> &SignedCard {
        &self.card
    }
}

/// The bytes that the key of the link signs. They name group and inviter, so that no part of a
/// request can be moved to another invite.
fn signed(group: GroupId, inviter: &[u8; 32], sealed: &[u8]) -> Vec<u8> {
    [group.as_bytes(), &inviter[..], sealed].concat()
}

fn read_card(bytes: &[u8], group: GroupId) -> Result<SignedCard, Refusal> {
    let card = decode_card(bytes, group)?;
    card.check()?;
    Ok(card)
}

fn decode_card(bytes: &[u8], group: GroupId) -> Result<SignedCard, Refusal> {
    let mut r = Reader::new(bytes);
    r.array(2)?;
    let card = SignedCard::read(&mut r, Some(group))?;
    r.finish()?;
    Ok(card)
}

/// Reads the plaintext of a request, without a check of signatures.
pub(crate) fn read_request(bytes: &[u8], group: GroupId) -> Result<(), Refusal> {
    decode_card(bytes, group).map(|_| ())
}

pub(super) fn other_group() -> JoinError {
    JoinError::Content(Refusal::with_detail(Rule::K3, "the card is for another group"))
}
