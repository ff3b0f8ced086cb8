//! Contents of the sealed messages of a pairing.

use zeroize::Zeroizing;

use super::{PairingError, content};
use crate::base::codec::{Reader, Writer};
use crate::base::id::{EntryId, GroupId, RootId};
use crate::base::limits::MAX_NAME_BYTES;
use crate::base::rule::{Refusal, Rule};
use crate::entry::{DecodedEntry, VerifiedEntry, verify_batch};
use crate::keys::{DeviceCertificate, DeviceKey, RootEntropy, RootKey, SignedDevice};
use crate::messages::frame::MessageKind;
use crate::statement::Generation;

/// Most groups in one pairing: as many as a person has numbers for root keys.
const MAX_GROUPS: usize = 1_024;

/// Group in which the old device will enrol the new one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupOffer {
    /// The group.
    pub group: GroupId,
    /// Its name, for the person to see.
    pub name: String,
    /// The person's root key in the group.
    pub root: RootId,
}

/// Certificate of a new device for one group. The device has signed it; the root key has not yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceOffer {
    certificate: DeviceCertificate,
    acceptance: [u8; 64],
}

/// Group in which the new device was enrolled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantedGroup {
    /// The group's genesis entry; its id is the group's.
    pub genesis: VerifiedEntry,
    /// The entry that enrolled the new device.
    pub enrolled_by: EntryId,
    /// The generation of keys to which the device belongs.
    pub generation: Generation,
    /// Number of the person's root key in the group.
    pub index: u32,
}

impl GroupOffer {
    pub(super) fn write_all(offers: &[Self]) -> Vec<u8> {
        let mut w = Writer::new();
        w.array(offers.len());
        for offer in offers {
            w.array(3);
            w.bytes(offer.group.as_bytes());
            w.text(&offer.name);
            w.bytes(offer.root.as_bytes());
        }
        w.into_bytes()
    }

    pub(super) fn read_all(bytes: &[u8]) -> Result<Vec<Self>, Refusal> {
        read_all(bytes, |r| {
            r.array(3)?;
            let group = GroupId::from_bytes(r.bytes_n()?);
            let name = r.text(MAX_NAME_BYTES)?.to_owned();
            Ok(Self { group, name, root: RootId::from_bytes(r.bytes_n()?) })
        })
    }
}

impl DeviceOffer {
    /// The certificate of `device` for one group, which the device accepts.
    pub(super) fn new(offer: &GroupOffer, device: &DeviceKey) -> Result<Self, Refusal> {
        let certificate = DeviceCertificate::unsigned(*offer.group.as_bytes(), offer.root, device)?;
        let acceptance = certificate.accept(device);
        Ok(Self { certificate, acceptance })
    }

    pub(super) fn write_all(offers: &[Self]) -> Vec<u8> {
        let mut w = Writer::new();
        w.array(offers.len());
        for offer in offers {
            w.array(2);
            w.bytes(offer.certificate.as_bytes());
            w.bytes(&offer.acceptance);
        }
        w.into_bytes()
    }

    pub(super) fn read_all(bytes: &[u8]) -> Result<Vec<Self>, Refusal> {
        read_all(bytes, |r| {
            r.array(2)?;
            let certificate = DeviceCertificate::decode(r.bytes()?)?;
            let acceptance = r.bytes_n()?;
            certificate.check_acceptance(&acceptance)?;
            Ok(Self { certificate, acceptance })
        })
    }

    /// Whether the certificate is for the group that was offered (rule N7).
    pub(super) fn fits(&self, offer: &GroupOffer) -> bool {
        self.certificate.scope() == offer.group.as_bytes()
            && self.certificate.root() == offer.root
            && self.certificate.exchange_generation() == 0
    }

    /// The group.
    #[must_use]
    pub fn group(&self) -> GroupId {
        GroupId::from_bytes(*self.certificate.scope())
    }

    /// The certificate.
    #[must_use]
    pub fn certificate(&self) -> &DeviceCertificate {
        &self.certificate
    }

    /// Certifies the device with the person's root key in the group.
    ///
    /// # Errors
    /// [`PairingError::Content`] if it is another key than the certificate
    /// names.
    pub fn certify(&self, root: &RootKey) -> Result<SignedDevice, PairingError> {
        if root.id() != self.certificate.root() {
            return Err(content(Refusal::with_detail(Rule::K4, "another root key")));
        }
        Ok(SignedDevice::certify(self.certificate.clone(), root, self.acceptance))
    }
}

/// Writes the grant for the new device. It may hold the person's entropy.
pub(super) fn write_grant(
    entropy: Option<&RootEntropy>,
    groups: &[GrantedGroup],
) -> Zeroizing<Vec<u8>> {
    let mut w = Writer::new();
    w.array(2);
    w.optional(entropy, |w, entropy| w.bytes(entropy.expose_bytes()));
    w.array(groups.len());
    for group in groups {
        w.array(5);
        w.bytes(group.genesis.decoded().as_bytes());
        w.bytes(group.genesis.decoded().signature());
        w.bytes(group.enrolled_by.as_bytes());
        group.generation.write(&mut w);
        w.uint(group.index.into());
    }
    Zeroizing::new(w.into_bytes())
}

/// Reads the result of [`write_grant`].
pub(super) fn read_grant(
    bytes: &[u8],
    seed: &[u8; 32],
) -> Result<(Option<RootEntropy>, Vec<GrantedGroup>), Refusal> {
    let mut r = Reader::new(bytes);
    r.array(2)?;
    let entropy = r.optional(|r| Ok(RootEntropy::from_bytes(r.bytes_n()?)))?;
    let parts = read_all(r.rest(), |r| {
        r.array(5)?;
        let entry = r.bytes()?;
        let genesis = DecodedEntry::decode(entry, &r.bytes_n()?)?;
        let enrolled_by = EntryId::from_bytes(r.bytes_n()?);
        let generation = Generation::read(r)?;
        let index = u32::try_from(r.uint()?).map_err(|_| Refusal::new(Rule::N7))?;
        Ok((genesis, enrolled_by, generation, index))
    })?;
    let entries = parts.iter().map(|(genesis, ..)| genesis.clone()).collect();
    let verified = verify_batch(entries, seed);
    let groups = verified.into_iter().zip(parts).map(|(genesis, part)| {
        let (_, enrolled_by, generation, index) = part;
        Ok(GrantedGroup { genesis: genesis?, enrolled_by, generation, index })
    });
    Ok((entropy, groups.collect::<Result<_, Refusal>>()?))
}

fn read_all<T>(
    bytes: &[u8],
    mut read: impl FnMut(&mut Reader<'_>) -> Result<T, Refusal>,
) -> Result<Vec<T>, Refusal> {
    let mut r = Reader::new(bytes);
    let count = r.array_up_to(MAX_GROUPS, Rule::N7)?;
    let all = (0..count).map(|_| read(&mut r)).collect::<Result<_, _>>()?;
    r.finish()?;
    Ok(all)
}

/// Reads the content of a sealed message of a pairing, without checking the signatures of entries.
pub(crate) fn read_unsealed(kind: MessageKind, bytes: &[u8]) -> Result<(), Refusal> {
    match kind {
        MessageKind::PairingGroups => GroupOffer::read_all(bytes).map(|_| ()),
        MessageKind::PairingDevices => DeviceOffer::read_all(bytes).map(|_| ()),
        _ => read_grant(bytes, &[0; 32]).map(|_| ()),
    }
}
