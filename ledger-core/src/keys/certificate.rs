//! Device certificates: they tie a device's keys to a member's root key (SPEC §3.2).

use super::check::{check_ed25519, check_signature, check_x25519};
use super::{DeviceKey, RootKey};
use crate::base::codec::{Reader, Writer};
use crate::base::hash::Tag;
use crate::base::id::{DeviceId, GroupId, RootId};
use crate::base::rule::{Refusal, Rule};

/// Version of cards and certificates.
pub(super) const VERSION: u64 = 1;

/// X25519 with HKDF-SHA256, as HPKE numbers it (RFC 9180 §7.1).
pub(crate) const KEM_X25519: u64 = 0x0020;

/// Group that a certificate is valid in: the group's id or, in the genesis entry, whose group
/// has no id yet, the group's salt.
pub(crate) type CertificateScope = [u8; 32];

/// Certificate that ties a device's keys to a member's root key:
/// `[1, group|salt, root_pk, ed_pk, kem_id, x_pk, x_gen]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceCertificate {
    scope: CertificateScope,
    root: RootId,
    device: DeviceId,
    exchange: [u8; 32],
    exchange_generation: u64,
    bytes: Vec<u8>,
}

/// The two signatures that a device certificate needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeviceSignatures {
    /// Signature of the root key over the certificate.
    pub(super) certificate: [u8; 64],
    /// Signature of the device key over the certificate: the device consents.
    pub(super) acceptance: [u8; 64],
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

impl DeviceCertificate {
    /// Writes a certificate and signs it with the root key and the device key.
    pub(crate) fn sign(
        scope: CertificateScope,
        root: &RootKey,
        device: &DeviceKey,
    ) -> Result<(Self, DeviceSignatures), Refusal> {
        let certificate = Self::unsigned(scope, root.id(), device)?;
        let acceptance = certificate.accept(device);
        let signatures = certificate.certify(root, acceptance);
        Ok((certificate, signatures))
    }

    /// A certificate without signatures.
    pub(crate) fn unsigned(
        scope: CertificateScope,
        root: RootId,
        device: &DeviceKey,
    ) -> Result<Self, Refusal> {
        let mut w = Writer::new();
        w.array(7);
        w.uint(VERSION);
        w.bytes(&scope);
        w.bytes(root.as_bytes());
        w.bytes(device.id().as_bytes());
        w.uint(KEM_X25519);
        w.bytes(&device.exchange_public_key());
        w.uint(0);
        Self::decode(&w.into_bytes())
    }

    /// Signs the certificate with the device key.
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
        let scope = r.bytes_n()?;
        let root = RootId::from_bytes(r.bytes_n()?);
        let device = DeviceId::from_bytes(r.bytes_n()?);
        expect_kem(&mut r)?;
        let exchange = r.bytes_n()?;
        let exchange_generation = r.uint()?;
        r.finish()?;
        check_ed25519(root.as_bytes(), "the root key")?;
        check_ed25519(device.as_bytes(), "the device key")?;
        check_x25519(&exchange, "the device's exchange key")?;
        Ok(Self { scope, root, device, exchange, exchange_generation, bytes: bytes.to_vec() })
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

    pub(crate) fn scope(&self) -> &CertificateScope {
        &self.scope
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

    /// Number of rotations of the X25519 key before this certificate.
    #[must_use]
    pub fn exchange_generation(&self) -> u64 {
        self.exchange_generation
    }
}

/// Device certificate with its signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedDevice {
    certificate: DeviceCertificate,
    signatures: DeviceSignatures,
}

impl SignedDevice {
    /// Certifies a further device of the person who holds `root`, with the device key's
    /// consent.
    ///
    /// # Errors
    /// Rule K1 or K2 if a key is weak, which fresh random ones never are.
    pub fn new(group: GroupId, root: &RootKey, device: &DeviceKey) -> Result<Self, Refusal> {
        let (certificate, signatures) = DeviceCertificate::sign(*group.as_bytes(), root, device)?;
        Ok(Self { certificate, signatures })
    }

    /// Adds the root key's signature to a certificate that the device has accepted elsewhere.
    pub(crate) fn certify(
        certificate: DeviceCertificate,
        root: &RootKey,
        acceptance: [u8; 64],
    ) -> Self {
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

pub(super) fn expect_version(r: &mut Reader<'_>) -> Result<(), Refusal> {
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
