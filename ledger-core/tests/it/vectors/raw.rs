//! Entries assembled by hand, also broken ones, without core's codec.

use ed25519_zebra::{SigningKey, VerificationKey};
use minicbor::Encoder;
use sha2::{Digest as _, Sha256};

/// An encoded CBOR item, well-formed or not.
pub(crate) type Piece = Vec<u8>;

fn encoded(
    write: impl FnOnce(
        &mut Encoder<Vec<u8>>,
    ) -> Result<(), minicbor::encode::Error<core::convert::Infallible>>,
) -> Piece {
    let mut encoder = Encoder::new(Vec::new());
    write(&mut encoder).unwrap();
    encoder.into_writer()
}

pub(crate) fn uint(n: u64) -> Piece {
    encoded(|e| e.u64(n).map(|_| ()))
}

pub(crate) fn bytes(bytes: &[u8]) -> Piece {
    encoded(|e| e.bytes(bytes).map(|_| ()))
}

pub(crate) fn text(text: &str) -> Piece {
    encoded(|e| e.str(text).map(|_| ()))
}

pub(crate) fn null() -> Piece {
    encoded(|e| e.null().map(|_| ()))
}

/// The head of an array, without its items.
pub(crate) fn array_head(len: u64) -> Piece {
    encoded(|e| e.array(len).map(|_| ()))
}

pub(crate) fn array(items: &[Piece]) -> Piece {
    [array_head(items.len() as u64), items.concat()].concat()
}

pub(crate) fn ids(ids: &[[u8; 32]]) -> Piece {
    array(&ids.iter().map(|id| bytes(id)).collect::<Vec<_>>())
}

/// `D(tag, x)`.
pub(crate) fn digest(name: &str, data: &[u8]) -> [u8; 32] {
    let tag = format!("gl/1/{name}");
    let mut hasher = Sha256::new();
    hasher.update([tag.len() as u8]);
    hasher.update(&tag);
    hasher.update(data);
    hasher.finalize().into()
}

pub(crate) fn public(seed: u8) -> [u8; 32] {
    VerificationKey::from(&SigningKey::from([seed; 32])).into()
}

/// Signs a certificate or a statement.
pub(crate) fn certify(seed: u8, name: &str, data: &[u8]) -> [u8; 64] {
    certify_with(&[seed; 32], name, data)
}

pub(crate) fn certify_with(seed: &[u8; 32], name: &str, data: &[u8]) -> [u8; 64] {
    let message = [format!("gl/1/{name}").as_bytes(), &digest(name, data)].concat();
    SigningKey::from(*seed).sign(&message).into()
}

/// The twelve fields of a header, each encoded, with those of the payload.
pub(crate) fn header(device: &[u8; 32], kind: u64, payload: &[u8]) -> Vec<Piece> {
    vec![
        uint(1),
        bytes(&GROUP),
        bytes(device),
        uint(1),
        bytes(&[3; 32]),
        array(&[]),
        array(&[]),
        uint(2),
        uint(0),
        uint(kind),
        uint(payload.len() as u64),
        bytes(&digest("payload", payload)),
    ]
}

/// Places of a header's fields.
pub(crate) const VERSION: usize = 0;
pub(crate) const GROUP_FIELD: usize = 1;
pub(crate) const DEVICE: usize = 2;
pub(crate) const SEQ: usize = 3;
pub(crate) const BACKLINK: usize = 4;
pub(crate) const PARENTS: usize = 5;
pub(crate) const REFS: usize = 6;
pub(crate) const LAMPORT: usize = 7;
pub(crate) const TIMESTAMP: usize = 8;
pub(crate) const KIND: usize = 9;
pub(crate) const PAYLOAD_LEN: usize = 10;
pub(crate) const PAYLOAD_HASH: usize = 11;

/// The group of entries that are only decoded.
pub(crate) const GROUP: [u8; 32] = [2; 32];

/// Header and payload, signed by the device of this seed.
pub(crate) fn entry(seed: u8, fields: &[Piece], payload: &[u8]) -> (Vec<u8>, [u8; 64]) {
    seal(seed, &array(fields), payload)
}

pub(crate) fn seal(seed: u8, header: &[u8], payload: &[u8]) -> (Vec<u8>, [u8; 64]) {
    let message = [b"gl/1/entry-sig".as_slice(), &digest("entry", header)].concat();
    let signature = SigningKey::from([seed; 32]).sign(&message).into();
    ([header, payload].concat(), signature)
}

/// A usable X25519 key: the base point.
pub(crate) fn exchange() -> [u8; 32] {
    let mut base = [0; 32];
    base[0] = 9;
    base
}

/// The fields of a device certificate of a root key and a device by their seeds.
pub(crate) fn certificate_fields(place: &[u8; 32], root: u8, device: u8) -> Vec<Piece> {
    vec![
        uint(1),
        bytes(place),
        bytes(&public(root)),
        bytes(&public(device)),
        uint(0x20),
        bytes(&exchange()),
        uint(0),
    ]
}

/// The fields of a card, whose first device is certified by `certificate`.
pub(crate) fn card_fields(
    place: &[u8; 32],
    root: u8,
    name: &str,
    certificate: &[u8],
) -> Vec<Piece> {
    vec![
        uint(1),
        bytes(place),
        bytes(&public(root)),
        bytes(&exchange()),
        text(name),
        bytes(certificate),
    ]
}

/// The three signatures of a card.
pub(crate) fn card_signatures(card: &[u8], root: u8, certificate: &[u8], device: u8) -> Piece {
    array(&[
        bytes(&certify(root, "card", card)),
        bytes(&certify(root, "dev-cert", certificate)),
        bytes(&certify(device, "dev-accept", certificate)),
    ])
}

/// A card with its signatures. Its root key is not derived from entropy: the
/// seed's bytes are all `root`.
pub(crate) fn card(place: &[u8; 32], name: &str, root: u8, device: u8) -> (Vec<u8>, Piece) {
    let certificate = array(&certificate_fields(place, root, device));
    let card = array(&card_fields(place, root, name, &certificate));
    let signatures = card_signatures(&card, root, &certificate, device);
    (card, signatures)
}
