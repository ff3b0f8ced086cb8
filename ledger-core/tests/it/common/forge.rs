//! Entries encoded by hand, for bytes that no draft would write. The encoder shares no code
//! with core.

use ed25519_dalek::{Signer as _, SigningKey};
use hkdf::Hkdf;
use ledger_core::engine::{DecodedEntry, VerifiedEntry, verify_batch};
use ledger_core::{EntryId, GroupId, Refusal, Rule};
use minicbor::Encoder;
use sha2::{Digest as _, Sha256};

use super::{Device, Group, Person, View, position};
use ledger_core::engine::Draft;

/// The neutral element of the curve: as a key it would verify anything.
pub const IDENTITY: [u8; 32] = {
    let mut key = [0; 32];
    key[0] = 1;
    key
};

/// The signature that the identity key "made" of every message: R neutral, S 0.
pub const ANY_MESSAGE: [u8; 64] = {
    let mut signature = [0; 64];
    signature[0] = 1;
    signature
};

/// A hash with a tag: `SHA-256(len8 ‖ tag ‖ bytes)`.
pub fn tagged(tag: &str, bytes: &[u8]) -> [u8; 32] {
    let tag = format!("gl/1/{tag}");
    let len = [u8::try_from(tag.len()).unwrap()];
    Sha256::new().chain_update(len).chain_update(&tag).chain_update(bytes).finalize().into()
}

/// A certificate's signature: over `tag ‖ D(tag, bytes)`.
pub fn sign(key: &SigningKey, tag: &str, bytes: &[u8]) -> [u8; 64] {
    let message = [format!("gl/1/{tag}").as_bytes(), &tagged(tag, bytes)].concat();
    key.sign(&message).to_bytes()
}

/// The root key in the open, derived anew.
pub fn root_of(person: &Person) -> SigningKey {
    let mut seed = [0; 32];
    let hkdf = Hkdf::<Sha256>::new(Some(b"gl/1/phrase"), &person.entropy);
    hkdf.expand(b"gl/1/root\0\0\0\0", &mut seed).unwrap();
    let key = SigningKey::from_bytes(&seed);
    assert_eq!(key.verifying_key().as_bytes(), person.root().id().as_bytes());
    key
}

/// A device's signing key in the open.
pub fn key_of(device: &Device) -> SigningKey {
    SigningKey::from_bytes(device.seed.first_chunk().unwrap())
}

pub fn cbor(write: impl FnOnce(&mut Encoder<Vec<u8>>)) -> Vec<u8> {
    let mut e = Encoder::new(Vec::new());
    write(&mut e);
    e.into_writer()
}

/// `S`: the certificate of a device.
pub fn certificate(group: GroupId, root: &[u8; 32], device: &[u8; 32], x: &[u8; 32]) -> Vec<u8> {
    cbor(|e| {
        e.array(7).unwrap().u64(1).unwrap().bytes(group.as_bytes()).unwrap();
        e.bytes(root).unwrap().bytes(device).unwrap().u64(0x20).unwrap();
        e.bytes(x).unwrap().u64(0).unwrap();
    })
}

/// `C`: a card.
pub fn card(group: GroupId, root: &[u8; 32], x: &[u8; 32], certificate: &[u8]) -> Vec<u8> {
    cbor(|e| {
        e.array(6).unwrap().u64(1).unwrap().bytes(group.as_bytes()).unwrap();
        e.bytes(root).unwrap().bytes(x).unwrap().str("Ben").unwrap();
        e.bytes(certificate).unwrap();
    })
}

/// The payload of an add member entry.
pub fn add_member(card: &[u8], signatures: [&[u8; 64]; 3]) -> Vec<u8> {
    cbor(|e| {
        e.array(2).unwrap().bytes(card).unwrap().array(3).unwrap();
        signatures.iter().for_each(|signature| {
            e.bytes(*signature).unwrap();
        });
    })
}

/// A statement that enrols a device.
pub fn enrolment(person: &Person, group: GroupId, certificate: &[u8], base: EntryId) -> Vec<u8> {
    cbor(|e| {
        e.array(7).unwrap().u64(1).unwrap().bytes(group.as_bytes()).unwrap();
        e.bytes(person.root().id().as_bytes()).unwrap().u64(1).unwrap();
        e.array(2).unwrap().array(2).unwrap().u64(0).unwrap();
        e.bytes(person.member.as_bytes()).unwrap().bytes(certificate).unwrap();
        e.array(1).unwrap().bytes(base.as_bytes()).unwrap().bytes(&[7; 16]).unwrap();
    })
}

/// The payload that carries a statement, with the signatures beside it.
pub fn carried(statement: &[u8], signature: &[u8; 64], more: &[&[u8]]) -> Vec<u8> {
    cbor(|e| {
        e.array(3).unwrap().bytes(statement).unwrap().bytes(signature).unwrap();
        e.array(more.len() as u64).unwrap();
        more.iter().for_each(|signature| {
            e.bytes(signature).unwrap();
        });
    })
}

/// Payload of an entry with the signature of its statement replaced by one that `key` makes.
pub fn resigned(entry: &VerifiedEntry, key: &SigningKey) -> Vec<u8> {
    let bytes = payload_of(entry);
    let mut d = minicbor::Decoder::new(&bytes);
    assert_eq!(d.array().unwrap(), Some(3));
    let statement = d.bytes().unwrap();
    let before = d.position();
    d.bytes().unwrap();
    let signature = cbor(|e| {
        e.bytes(&sign(key, "act", statement)).unwrap();
    });
    [&bytes[..before], &signature[..], &bytes[d.position()..]].concat()
}

fn payload_of(entry: &VerifiedEntry) -> Vec<u8> {
    let bytes = entry.decoded().as_bytes();
    let mut d = minicbor::Decoder::new(bytes);
    d.skip().unwrap();
    bytes[d.position()..].to_vec()
}

/// Header fields that tests bend.
pub struct Fields {
    pub version: u64,
    pub device: [u8; 32],
    pub seq: u64,
    pub backlink: EntryId,
    pub parents: Vec<EntryId>,
    pub refs: Vec<EntryId>,
    pub lamport: u64,
    pub kind: u16,
}

impl Fields {
    /// Where the device's next entry honestly stands.
    pub fn next(group: &Group, view: &View, device: &Device, kind: u16, refs: &[EntryId]) -> Self {
        let at = position(group.seen(view).view(), device);
        let entry = Draft::merge().sign(&device.key, &at, 0).unwrap();
        let header = entry.decoded().header();
        Self {
            version: 1,
            device: *device.key.id().as_bytes(),
            seq: header.seq(),
            backlink: *header.backlink().as_ref().unwrap(),
            parents: header.parents().to_vec(),
            refs: refs.to_vec(),
            lamport: header.lamport(),
            kind,
        }
    }

    pub fn encode(&self, group: GroupId, payload: &[u8]) -> Vec<u8> {
        let ids = |e: &mut Encoder<Vec<u8>>, ids: &[EntryId]| {
            e.array(ids.len() as u64).unwrap();
            ids.iter().for_each(|id| {
                e.bytes(id.as_bytes()).unwrap();
            });
        };
        let header = cbor(|e| {
            e.array(12).unwrap().u64(self.version).unwrap().bytes(group.as_bytes()).unwrap();
            e.bytes(&self.device).unwrap().u64(self.seq).unwrap();
            e.bytes(self.backlink.as_bytes()).unwrap();
            ids(e, &self.parents);
            ids(e, &self.refs);
            e.u64(self.lamport).unwrap().u64(0).unwrap().u64(self.kind.into()).unwrap();
            e.u64(payload.len() as u64).unwrap().bytes(&tagged("payload", payload)).unwrap();
        });
        [&header[..], payload].concat()
    }
}

/// Signs an entry and sends it to a device: the verified entry, or the broken rule.
pub fn send(
    group: GroupId,
    fields: &Fields,
    payload: &[u8],
    key: &SigningKey,
) -> Result<VerifiedEntry, Rule> {
    let bytes = fields.encode(group, payload);
    let header = &bytes[..bytes.len() - payload.len()];
    let message = [b"gl/1/entry-sig".as_slice(), &tagged("entry", header)].concat();
    receive(&bytes, &key.sign(&message).to_bytes())
}

/// Receives bytes as a device does: the verified entry, or the broken rule.
pub fn receive(bytes: &[u8], signature: &[u8; 64]) -> Result<VerifiedEntry, Rule> {
    let decoded = DecodedEntry::decode(bytes, signature).map_err(|refusal| refusal.rule())?;
    let verified = verify_batch(vec![decoded], &[9; 32]).remove(0);
    verified.map_err(|refusal: Refusal| refusal.rule())
}
