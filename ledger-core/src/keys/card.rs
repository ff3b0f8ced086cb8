//! Cards of people who hold a root key (SPEC §3.2).

use super::certificate::{DeviceSignatures, VERSION, expect_version};
use super::check::{check_signature, check_x25519};
use super::{CertificateScope, DeviceCertificate, DeviceKey, RootEntropy};
use crate::base::codec::{Reader, Writer};
use crate::base::hash::{Tag, digest};
use crate::base::id::{GroupId, MemberId, RootId};
use crate::base::rule::{Refusal, Rule};

/// Card that introduces a person who holds a root key:
/// `[1, group|salt, root_pk, recovery_x, name, S]`, with the certificate `S`
/// of the person's first device as a byte string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    bytes: Vec<u8>,
    recovery: [u8; 32],
    name: String,
    certificate: DeviceCertificate,
}

impl Card {
    /// Writes and signs a card with the root key number `index` of `entropy`.
    pub(crate) fn sign(
        scope: CertificateScope,
        name: &str,
        entropy: &RootEntropy,
        index: u32,
        device: &DeviceKey,
    ) -> Result<(Self, CardSignatures), Refusal> {
        let root = entropy.root_key(index);
        let (certificate, device) = DeviceCertificate::sign(scope, &root, device)?;
        let mut w = Writer::new();
        w.array(6);
        w.uint(VERSION);
        w.bytes(&scope);
        w.bytes(root.id().as_bytes());
        w.bytes(&entropy.recovery_public_key(index));
        w.text(name);
        w.bytes(certificate.as_bytes());
        let card = Self::decode(&w.into_bytes())?;
        let signatures = CardSignatures { card: root.sign(Tag::CARD, &card.bytes), device };
        Ok((card, signatures))
    }

    /// Reads a card and checks the keys in it (rules K1 to K3), not yet the
    /// signatures.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        let mut r = Reader::new(bytes);
        r.array(6)?;
        expect_version(&mut r)?;
        let scope: CertificateScope = r.bytes_n()?;
        let root = RootId::from_bytes(r.bytes_n()?);
        let recovery = r.bytes_n()?;
        let name = r.name()?;
        let certificate = DeviceCertificate::decode(r.bytes()?)?;
        r.finish()?;
        check_x25519(&recovery, "the recovery key")?;
        // Else a certificate of another group, or of another person, could be put into the card.
        if *certificate.scope() != scope || certificate.root() != root {
            return Err(Refusal::with_detail(Rule::K3, "card and certificate differ"));
        }
        Ok(Self { bytes: bytes.to_vec(), recovery, name, certificate })
    }

    /// Checks the three signatures (rule K4).
    pub(crate) fn check(&self, signatures: &CardSignatures) -> Result<(), Refusal> {
        let root = self.root();
        check_signature(root.as_bytes(), Tag::CARD, &self.bytes, &signatures.card, "the card")?;
        self.certificate.check(&signatures.device)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn scope(&self) -> &CertificateScope {
        self.certificate.scope()
    }

    /// The member whom this card introduces.
    #[must_use]
    pub fn member(&self) -> MemberId {
        member_of(&self.bytes)
    }

    /// The person's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The person's root key.
    #[must_use]
    pub fn root(&self) -> RootId {
        self.certificate.root()
    }

    /// The certificate of the person's first device.
    #[must_use]
    pub fn certificate(&self) -> &DeviceCertificate {
        &self.certificate
    }

    /// The X25519 public key of the person's recovery phrase.
    #[must_use]
    pub fn recovery_public_key(&self) -> &[u8; 32] {
        &self.recovery
    }
}

/// The three signatures that a card needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CardSignatures {
    /// Signature of the root key over the card.
    card: [u8; 64],
    /// The signatures of the first device's certificate.
    device: DeviceSignatures,
}

impl CardSignatures {
    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(3)?;
        let card = r.bytes_n()?;
        let device = DeviceSignatures { certificate: r.bytes_n()?, acceptance: r.bytes_n()? };
        Ok(Self { card, device })
    }

    pub(crate) fn write(&self, w: &mut Writer) {
        w.array(3);
        w.bytes(&self.card);
        w.bytes(&self.device.certificate);
        w.bytes(&self.device.acceptance);
    }
}

/// Card with its signatures. A person who joins sends it to a member, who introduces the
/// person with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCard {
    card: Card,
    signatures: CardSignatures,
}

impl SignedCard {
    /// Writes and signs a card with the root key number `index` of `entropy` and with
    /// `device` as the first device. A group accepts each root key and device key once: a
    /// person who returns to a group needs fresh ones.
    ///
    /// # Errors
    /// Rule P3 if the name is empty or longer than 256 bytes.
    pub fn new(
        group: GroupId,
        name: &str,
        entropy: &RootEntropy,
        index: u32,
        device: &DeviceKey,
    ) -> Result<Self, Refusal> {
        let (card, signatures) = Card::sign(*group.as_bytes(), name, entropy, index, device)?;
        Ok(Self { card, signatures })
    }

    /// Reads `card, signatures` and checks that the card is for `group`.
    pub(crate) fn read(r: &mut Reader<'_>, group: Option<GroupId>) -> Result<Self, Refusal> {
        let card = Card::decode(r.bytes()?)?;
        if group.is_none_or(|group| card.scope() != group.as_bytes()) {
            return Err(Refusal::with_detail(Rule::K3, "the card is for another group"));
        }
        Ok(Self { card, signatures: CardSignatures::read(r)? })
    }

    pub(crate) fn write(&self, w: &mut Writer) {
        w.bytes(self.card.as_bytes());
        self.signatures.write(w);
    }

    /// Checks the three signatures (rule K4).
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        self.card.check(&self.signatures)
    }

    /// The card.
    #[must_use]
    pub fn card(&self) -> &Card {
        &self.card
    }

    pub(crate) fn signatures(&self) -> &CardSignatures {
        &self.signatures
    }
}

/// `MemberId = D("member", card)`.
pub(super) fn member_of(card: &[u8]) -> MemberId {
    MemberId::from_bytes(digest(Tag::MEMBER, &[card]))
}
