//! Cards introduce people, device certificates tie devices to them (SPEC §3).

use super::check::{check_ed25519, check_signature, check_x25519};
use super::{DeviceKey, RootEntropy};
use crate::codec::{Reader, Writer};
use crate::hash::{Tag, digest};
use crate::id::{DeviceId, GroupId, MemberId, RootId};
use crate::limits::MAX_NAME_BYTES;
use crate::payload::read_name;
use crate::rule::{Refusal, Rule};

/// Version of cards and certificates.
const VERSION: u64 = 1;

/// X25519 with HKDF-SHA256, as HPKE numbers it (RFC 9180 §7.1).
const KEM_X25519: u64 = 0x0020;

/// The group that a certificate is for; in a genesis entry, whose group has no
/// id yet, the salt that stands for it.
type Place = [u8; 32];

/// Ties a device's keys to a member's root key:
/// `[1, group|salt, root_pk, ed_pk, kem_id, x_pk, x_gen]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceCertificate {
    place: Place,
    root: RootId,
    device: DeviceId,
    exchange: [u8; 32],
    exchange_generation: u64,
}

impl DeviceCertificate {
    /// The member's root key.
    #[must_use]
    pub fn root(&self) -> RootId {
        self.root
    }

    /// The device's signing key.
    #[must_use]
    pub fn device(&self) -> DeviceId {
        self.device
    }

    /// The device's X25519 public key.
    #[must_use]
    pub fn exchange_public_key(&self) -> &[u8; 32] {
        &self.exchange
    }

    fn encode(&self) -> Vec<u8> {
        let mut w = Writer::new();
        w.array(7);
        w.uint(VERSION);
        w.bytes(&self.place);
        w.bytes(self.root.as_bytes());
        w.bytes(self.device.as_bytes());
        w.uint(KEM_X25519);
        w.bytes(&self.exchange);
        w.uint(self.exchange_generation);
        w.into_bytes()
    }

    fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        let mut r = Reader::new(bytes);
        r.array(7)?;
        expect_version(&mut r)?;
        let place = r.bytes_n()?;
        let root = RootId::from_bytes(r.bytes_n()?);
        let device = DeviceId::from_bytes(r.bytes_n()?);
        if r.uint()? != KEM_X25519 {
            return Err(Refusal::with_detail(Rule::K3, "unknown kem_id"));
        }
        let exchange = r.bytes_n()?;
        let exchange_generation = r.uint()?;
        r.finish()?;
        check_ed25519(device.as_bytes(), "the device key")?;
        check_x25519(&exchange, "the device's exchange key")?;
        Ok(Self { place, root, device, exchange, exchange_generation })
    }
}

/// Introduces a person who holds a root key:
/// `[1, group|salt, root_pk, recovery_x, name, S]`, with the certificate `S`
/// of the person's first device as a byte string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    bytes: Vec<u8>,
    place: Place,
    recovery: [u8; 32],
    name: String,
    certificate: DeviceCertificate,
    certificate_bytes: Vec<u8>,
}

/// The three signatures that make a card binding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CardSignatures {
    /// By the root key over the card.
    pub(crate) card: [u8; 64],
    /// By the root key over the device certificate.
    pub(crate) certificate: [u8; 64],
    /// By the device key over the device certificate: it consents.
    pub(crate) acceptance: [u8; 64],
}

impl Card {
    /// Writes and signs the card of the person who holds `entropy`, for the
    /// group number `index` of theirs, named by `place`.
    pub(crate) fn sign(
        place: Place,
        name: &str,
        entropy: &RootEntropy,
        index: u32,
        device: &DeviceKey,
    ) -> Result<(Self, CardSignatures), Refusal> {
        let root = entropy.root_key(index);
        let certificate = DeviceCertificate {
            place,
            root: root.id(),
            device: device.id(),
            exchange: device.exchange_public_key(),
            exchange_generation: 0,
        };
        let certificate_bytes = certificate.encode();
        let mut w = Writer::new();
        w.array(6);
        w.uint(VERSION);
        w.bytes(&place);
        w.bytes(root.id().as_bytes());
        w.bytes(&entropy.recovery_public_key(index));
        w.text(name);
        w.bytes(&certificate_bytes);
        let card = Self::decode(&w.into_bytes())?;
        let signatures = CardSignatures {
            card: root.sign(Tag::CARD, &card.bytes),
            certificate: root.sign(Tag::DEV_CERT, &certificate_bytes),
            acceptance: device.sign_certificate(Tag::DEV_ACCEPT, &certificate_bytes),
        };
        Ok((card, signatures))
    }

    /// Reads a card and checks the keys in it (rules K1 to K3), not yet the
    /// signatures.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        let mut r = Reader::new(bytes);
        r.array(6)?;
        expect_version(&mut r)?;
        let place = r.bytes_n()?;
        let root = RootId::from_bytes(r.bytes_n()?);
        let recovery = r.bytes_n()?;
        let name = read_name(&mut r)?;
        let certificate_bytes = r.bytes()?.to_vec();
        r.finish()?;
        let certificate = DeviceCertificate::decode(&certificate_bytes)?;
        check_ed25519(root.as_bytes(), "the root key")?;
        check_x25519(&recovery, "the recovery key")?;
        if certificate.place != place || certificate.root != root {
            return Err(Refusal::with_detail(Rule::K3, "card and certificate differ"));
        }
        Ok(Self { bytes: bytes.to_vec(), place, recovery, name, certificate, certificate_bytes })
    }

    /// Checks the three signatures (rule K4).
    pub(crate) fn check(&self, signatures: &CardSignatures) -> Result<(), Refusal> {
        let root = self.certificate.root;
        let device = self.certificate.device;
        let certificate = &self.certificate_bytes;
        let check = check_signature;
        check(root.as_bytes(), Tag::CARD, &self.bytes, &signatures.card, "the card")?;
        let signature = &signatures.certificate;
        check(root.as_bytes(), Tag::DEV_CERT, certificate, signature, "the certificate")?;
        let signature = &signatures.acceptance;
        check(device.as_bytes(), Tag::DEV_ACCEPT, certificate, signature, "the acceptance")
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
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

/// Introduces somebody who has no key yet:
/// `[1, group, introducer's MemberId, name, nonce16]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceholderCard {
    group: GroupId,
    introducer: MemberId,
    name: String,
    nonce: [u8; 16],
}

impl PlaceholderCard {
    /// A card for somebody called `name`, told apart by `nonce` from others
    /// of that name.
    ///
    /// # Errors
    /// Rule P3 if the name is empty or longer than 256 bytes.
    pub fn new(
        group: GroupId,
        introducer: MemberId,
        name: &str,
        nonce: [u8; 16],
    ) -> Result<Self, Refusal> {
        if name.is_empty() || name.len() > MAX_NAME_BYTES {
            return Err(Refusal::with_detail(Rule::P3, format!("a name of {} bytes", name.len())));
        }
        Ok(Self { group, introducer, name: name.to_owned(), nonce })
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut w = Writer::new();
        w.array(5);
        w.uint(VERSION);
        w.bytes(self.group.as_bytes());
        w.bytes(self.introducer.as_bytes());
        w.text(&self.name);
        w.bytes(&self.nonce);
        w.into_bytes()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        let mut r = Reader::new(bytes);
        r.array(5)?;
        expect_version(&mut r)?;
        let group = GroupId::from_bytes(r.bytes_n()?);
        let introducer = MemberId::from_bytes(r.bytes_n()?);
        let name = read_name(&mut r)?;
        let nonce = r.bytes_n()?;
        r.finish()?;
        Ok(Self { group, introducer, name, nonce })
    }

    /// The group that the card is for.
    #[must_use]
    pub fn group(&self) -> GroupId {
        self.group
    }

    /// The member who introduces.
    #[must_use]
    pub fn introducer(&self) -> MemberId {
        self.introducer
    }

    /// The member whom this card introduces.
    #[must_use]
    pub fn member(&self) -> MemberId {
        member_of(&self.encode())
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// `MemberId = D("member", card)`.
fn member_of(card: &[u8]) -> MemberId {
    MemberId::from_bytes(digest(Tag::MEMBER, &[card]))
}

fn expect_version(r: &mut Reader<'_>) -> Result<(), Refusal> {
    match r.uint()? {
        VERSION => Ok(()),
        other => Err(Refusal::with_detail(Rule::K3, format!("version {other}"))),
    }
}
