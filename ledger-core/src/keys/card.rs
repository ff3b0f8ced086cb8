//! Cards introduce people, device certificates tie devices to them (SPEC §3.2).

use super::check::{check_ed25519, check_signature, check_x25519};
use super::{DeviceKey, RootEntropy, RootKey};
use crate::codec::{Reader, Writer};
use crate::hash::{Tag, digest};
use crate::id::{DeviceId, GroupId, MemberId, RootId};
use crate::limits::MAX_NAME_BYTES;
use crate::payload::read_name;
use crate::rule::{Refusal, Rule};

/// Version of cards and certificates.
const VERSION: u64 = 1;

/// X25519 with HKDF-SHA256, as HPKE numbers it (RFC 9180 §7.1).
pub(crate) const KEM_X25519: u64 = 0x0020;

/// The group that a certificate is for; in a genesis entry, whose group has no
/// id yet, the salt that stands for it.
pub(crate) type CertificateScope = [u8; 32];

/// Ties a device's keys to a member's root key:
/// `[1, group|salt, root_pk, ed_pk, kem_id, x_pk, x_gen]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceCertificate {
    place: CertificateScope,
    root: RootId,
    device: DeviceId,
    exchange: [u8; 32],
    exchange_generation: u64,
    bytes: Vec<u8>,
}

/// The two signatures that make a device certificate binding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeviceSignatures {
    /// By the root key over the certificate.
    certificate: [u8; 64],
    /// By the device key over the certificate: it consents.
    acceptance: [u8; 64],
}

/// The three signatures that make a card binding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CardSignatures {
    /// By the root key over the card.
    card: [u8; 64],
    /// Of the first device's certificate.
    device: DeviceSignatures,
}

impl DeviceSignatures {
    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(2)?;
        Ok(Self { certificate: r.bytes_n()?, acceptance: r.bytes_n()? })
    }

    pub(crate) fn write(&self, w: &mut Writer) {
        w.array(2);
        w.bytes(&self.certificate);
        w.bytes(&self.acceptance);
    }
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

impl DeviceCertificate {
    /// Certifies a device, which consents.
    pub(crate) fn sign(
        place: CertificateScope,
        root: &RootKey,
        device: &DeviceKey,
    ) -> Result<(Self, DeviceSignatures), Refusal> {
        let certificate = Self::unsigned(place, root.id(), device)?;
        let acceptance = certificate.accept(device);
        let signatures = certificate.certify(root, acceptance);
        Ok((certificate, signatures))
    }

    /// A certificate that nobody has signed yet.
    pub(crate) fn unsigned(
        place: CertificateScope,
        root: RootId,
        device: &DeviceKey,
    ) -> Result<Self, Refusal> {
        let mut w = Writer::new();
        w.array(7);
        w.uint(VERSION);
        w.bytes(&place);
        w.bytes(root.as_bytes());
        w.bytes(device.id().as_bytes());
        w.uint(KEM_X25519);
        w.bytes(&device.exchange_public_key());
        w.uint(0);
        Self::decode(&w.into_bytes())
    }

    /// The device consents.
    pub(crate) fn accept(&self, device: &DeviceKey) -> [u8; 64] {
        device.sign_certificate(Tag::DEV_ACCEPT, &self.bytes)
    }

    fn certify(&self, root: &RootKey, acceptance: [u8; 64]) -> DeviceSignatures {
        DeviceSignatures { certificate: root.sign(Tag::DEV_CERT, &self.bytes), acceptance }
    }

    /// Reads a certificate and checks the keys in it (rules K1 to K3).
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        let mut r = Reader::new(bytes);
        r.array(7)?;
        expect_version(&mut r)?;
        let place = r.bytes_n()?;
        let root = RootId::from_bytes(r.bytes_n()?);
        let device = DeviceId::from_bytes(r.bytes_n()?);
        expect_kem(&mut r)?;
        let exchange = r.bytes_n()?;
        let exchange_generation = r.uint()?;
        r.finish()?;
        check_ed25519(root.as_bytes(), "the root key")?;
        check_ed25519(device.as_bytes(), "the device key")?;
        check_x25519(&exchange, "the device's exchange key")?;
        Ok(Self { place, root, device, exchange, exchange_generation, bytes: bytes.to_vec() })
    }

    /// Checks the two signatures (rule K4).
    pub(crate) fn check(&self, signatures: &DeviceSignatures) -> Result<(), Refusal> {
        let root = self.root.as_bytes();
        let by_root = &signatures.certificate;
        check_signature(root, Tag::DEV_CERT, &self.bytes, by_root, "the certificate")?;
        self.check_acceptance(&signatures.acceptance)
    }

    /// Checks that the device consents (rule K4).
    pub(crate) fn check_acceptance(&self, acceptance: &[u8; 64]) -> Result<(), Refusal> {
        let device = self.device.as_bytes();
        check_signature(device, Tag::DEV_ACCEPT, &self.bytes, acceptance, "the acceptance")
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn place(&self) -> &CertificateScope {
        &self.place
    }

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

    /// How often the X25519 key was rotated before.
    #[must_use]
    pub fn exchange_generation(&self) -> u64 {
        self.exchange_generation
    }
}

/// Introduces a person who holds a root key:
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
    /// Writes and signs the card of the person who holds `entropy`, for the
    /// group number `index` of theirs, named by `place`.
    pub(crate) fn sign(
        place: CertificateScope,
        name: &str,
        entropy: &RootEntropy,
        index: u32,
        device: &DeviceKey,
    ) -> Result<(Self, CardSignatures), Refusal> {
        let root = entropy.root_key(index);
        let (certificate, device) = DeviceCertificate::sign(place, &root, device)?;
        let mut w = Writer::new();
        w.array(6);
        w.uint(VERSION);
        w.bytes(&place);
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
        let place: CertificateScope = r.bytes_n()?;
        let root = RootId::from_bytes(r.bytes_n()?);
        let recovery = r.bytes_n()?;
        let name = read_name(&mut r)?;
        let certificate = DeviceCertificate::decode(r.bytes()?)?;
        r.finish()?;
        check_x25519(&recovery, "the recovery key")?;
        if certificate.place != place || certificate.root != root {
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

    pub(crate) fn place(&self) -> &CertificateScope {
        &self.certificate.place
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
        self.certificate.root
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

/// A card with its signatures: what a joining person hands to a member, who
/// introduces them with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCard {
    card: Card,
    signatures: CardSignatures,
}

impl SignedCard {
    /// Writes and signs the card of the person who holds `entropy`, under
    /// their root key number `index`, with `device` as first device. A root
    /// key or device key is introduced once: whoever returns takes fresh ones.
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
        if group.is_none_or(|group| card.place() != group.as_bytes()) {
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

/// A device certificate with its signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedDevice {
    certificate: DeviceCertificate,
    signatures: DeviceSignatures,
}

impl SignedDevice {
    /// Certifies a further device of the person who holds `root`; the device
    /// consents.
    ///
    /// # Errors
    /// Rule K1 or K2 if a key is weak, which fresh random ones never are.
    pub fn new(group: GroupId, root: &RootKey, device: &DeviceKey) -> Result<Self, Refusal> {
        let (certificate, signatures) = DeviceCertificate::sign(*group.as_bytes(), root, device)?;
        Ok(Self { certificate, signatures })
    }

    /// Certifies a device that consented from afar.
    pub(crate) fn of(certificate: DeviceCertificate, root: &RootKey, acceptance: [u8; 64]) -> Self {
        let signatures = certificate.certify(root, acceptance);
        Self { certificate, signatures }
    }

    /// The certificate.
    #[must_use]
    pub fn certificate(&self) -> &DeviceCertificate {
        &self.certificate
    }

    pub(crate) fn signatures(&self) -> &DeviceSignatures {
        &self.signatures
    }
}

/// Introduces somebody who has no key yet:
/// `[1, group|salt, introducer's MemberId, name, nonce16]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceholderCard {
    place: CertificateScope,
    introducer: MemberId,
    name: String,
    nonce: [u8; 16],
}

impl PlaceholderCard {
    /// A card for somebody called `name`, told apart by `nonce` from others
    /// of that name. The place is the group's id, or the salt for people whom
    /// the genesis entry of a successor group introduces.
    pub(crate) fn new(
        place: CertificateScope,
        introducer: MemberId,
        name: &str,
        nonce: [u8; 16],
    ) -> Result<Self, Refusal> {
        if name.is_empty() || name.len() > MAX_NAME_BYTES {
            return Err(Refusal::with_detail(Rule::P3, format!("a name of {} bytes", name.len())));
        }
        Ok(Self { place, introducer, name: name.to_owned(), nonce })
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut w = Writer::new();
        w.array(5);
        w.uint(VERSION);
        w.bytes(&self.place);
        w.bytes(self.introducer.as_bytes());
        w.text(&self.name);
        w.bytes(&self.nonce);
        w.into_bytes()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        let mut r = Reader::new(bytes);
        r.array(5)?;
        expect_version(&mut r)?;
        let place = r.bytes_n()?;
        let introducer = MemberId::from_bytes(r.bytes_n()?);
        let name = read_name(&mut r)?;
        let nonce = r.bytes_n()?;
        r.finish()?;
        Ok(Self { place, introducer, name, nonce })
    }

    pub(crate) fn place(&self) -> &CertificateScope {
        &self.place
    }

    /// The member who introduces, and who may claim.
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

pub(crate) fn expect_kem(r: &mut Reader<'_>) -> Result<(), Refusal> {
    match r.uint()? {
        KEM_X25519 => Ok(()),
        other => Err(Refusal::with_detail(Rule::K3, format!("kem_id {other}"))),
    }
}
