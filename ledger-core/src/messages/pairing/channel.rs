//! Key agreement of a pairing, the same on both devices (SPEC §15).

use zeroize::Zeroizing;

use super::PairingError;
use crate::base::hash::{Tag, digest, kdf_salted};
use crate::keys::{ExchangeKey, check_x25519};
use crate::messages::frame::{Fields, MessageError, MessageKind};
use crate::seal::aead;

/// Random id of a pairing.
pub(super) type Session = [u8; 16];

/// Number of different codes.
const CODES: u64 = 1_000_000;

/// First message of the new device, which its screen shows.
#[derive(Clone, Copy)]
pub(super) struct Offer {
    pub(super) session: Session,
    pub(super) key: [u8; 32],
    pub(super) commitment: [u8; 32],
    pub(super) expires_ms: u64,
}

impl Offer {
    pub(super) fn encode(&self) -> Vec<u8> {
        let expires = self.expires_ms.to_be_bytes();
        let parts: [&[u8]; 4] = [&self.session, &self.key, &self.commitment, &expires];
        MessageKind::PairingOffer.frame(&parts).to_vec()
    }

    pub(super) fn decode(message: &[u8]) -> Result<Self, MessageError> {
        let mut fields = Fields::new(MessageKind::PairingOffer.open(message)?);
        let (session, key, commitment) = (fields.take()?, fields.take()?, fields.take()?);
        let expires_ms = u64::from_be_bytes(fields.take()?);
        fields.finish()?;
        Ok(Self { session, key, commitment, expires_ms })
    }

    pub(super) fn check_time(&self, now_ms: u64) -> Result<(), PairingError> {
        if now_ms >= self.expires_ms { Err(PairingError::Expired) } else { Ok(()) }
    }
}

/// `c = D("pair-commit", session ‖ pk_N ‖ r_N)`.
pub(super) fn commitment(session: &Session, key: &[u8; 32], nonce: &[u8; 32]) -> [u8; 32] {
    digest(Tag::PAIR_COMMIT, &[session, key, nonce])
}

/// The old device's reply: `session ‖ pk_O ‖ r_O`.
pub(super) struct Opening {
    pub(super) session: Session,
    pub(super) key: [u8; 32],
    pub(super) nonce: [u8; 32],
}

impl Opening {
    pub(super) fn encode(&self) -> Vec<u8> {
        let parts: [&[u8]; 3] = [&self.session, &self.key, &self.nonce];
        MessageKind::PairingOpening.frame(&parts).to_vec()
    }

    pub(super) fn decode(message: &[u8]) -> Result<Self, MessageError> {
        let mut fields = Fields::new(MessageKind::PairingOpening.open(message)?);
        let opening = Self { session: fields.take()?, key: fields.take()?, nonce: fields.take()? };
        fields.finish()?;
        Ok(opening)
    }
}

/// The new device's reveal: `session ‖ r_N`.
pub(super) struct Reveal {
    pub(super) session: Session,
    pub(super) nonce: [u8; 32],
}

impl Reveal {
    pub(super) fn encode(&self) -> Vec<u8> {
        MessageKind::PairingReveal.frame(&[&self.session, &self.nonce]).to_vec()
    }

    pub(super) fn decode(message: &[u8]) -> Result<Self, MessageError> {
        let mut fields = Fields::new(MessageKind::PairingReveal.open(message)?);
        let reveal = Self { session: fields.take()?, nonce: fields.take()? };
        fields.finish()?;
        Ok(reveal)
    }
}

/// Secret channel between both devices, after the exchange of the three open messages.
pub(super) struct Channel {
    session: Session,
    shared: Zeroizing<[u8; 32]>,
    transcript: [u8; 32],
}

impl Channel {
    /// Derives the secret of the channel (rule N4). It depends on all three messages.
    pub(super) fn agree(
        session: Session,
        ours: &ExchangeKey,
        theirs: &[u8; 32],
        messages: [&[u8]; 3],
    ) -> Result<Self, PairingError> {
        // A key of low order would give a secret that does not depend on our key.
        check_x25519(theirs, "the other device's key").map_err(|_| PairingError::WeakKey)?;
        let shared = ours.agree(theirs).ok_or(PairingError::WeakKey)?;
        Ok(Self { session, shared, transcript: digest(Tag::PAIR, &messages) })
    }

    fn key(&self, purpose: Tag, context: &[u8]) -> Zeroizing<[u8; 32]> {
        kdf_salted(&self.shared, &self.transcript, purpose, &[context])
    }

    /// The six digits.
    pub(super) fn code(&self) -> Zeroizing<String> {
        let bytes = self.key(Tag::PAIR_CODE, &[]);
        let first = bytes.first_chunk().copied().unwrap_or_default();
        let number = u64::from_be_bytes(first).checked_rem(CODES).unwrap_or_default();
        Zeroizing::new(format!("{number:06}"))
    }

    /// Seals the message of a step under the key of that step. Each step has one message, so no
    /// key and nonce seal two.
    pub(super) fn seal(&self, kind: MessageKind, body: &[u8]) -> Vec<u8> {
        let key = self.key(Tag::PAIR_KEY, &[kind.form()]);
        let sealed = aead::seal(&key, &[0; 24], &self.session, body);
        kind.frame(&[&self.session, &sealed]).to_vec()
    }

    /// Opens a step's message (rules N2 and N6).
    pub(super) fn open(
        &self,
        kind: MessageKind,
        message: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, PairingError> {
        let mut fields = Fields::new(kind.open(message)?);
        let session: Session = fields.take().map_err(MessageError::from)?;
        if session != self.session {
            return Err(PairingError::OtherSession);
        }
        let key = self.key(Tag::PAIR_KEY, &[kind.form()]);
        aead::open(&key, &[0; 24], &self.session, fields.rest()).ok_or(PairingError::NotPaired)
    }
}
