//! Property: any bytes open to the entry that was sealed, or to a typed error.

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use ledger_core::GroupId;
use ledger_core::bundle::{Manifest, Records, Summary, frame};
use ledger_core::keys::ExchangeKey;
use ledger_core::seal::{Envelope, EnvelopeError, EpochKey, KeyEnvelope};
use sha2::Sha256;

/// The keys of `vectors/sealing.json`, so that its bytes are good seeds.
const SECRET: [u8; 32] = [0x51; 32];
const GROUP: &str = include_str!("sealing_group.txt");

/// Reads `data` as each kind of sealed record, and as the content of an envelope.
#[allow(unreachable_pub, reason = "included by a fuzz target and by tests")]
pub fn check(data: &[u8]) {
    let (key, group) = (key(), group());
    let opened = open(&key, data);
    if let Ok(entry) = opened {
        assert_eq!(key.seal(&entry), data, "one entry, one envelope");
    }
    // A fuzzer cannot guess a tag of Poly1305. Without this, no content would be read.
    match open(&key, &sealed(&key, data)) {
        Ok(entry) => panic!("a nonce of zeros, and {entry:?}"),
        Err(
            EnvelopeError::Size(_)
            | EnvelopeError::Length(_)
            | EnvelopeError::Padding
            | EnvelopeError::Entry(_)
            | EnvelopeError::Nonce,
        ) => {}
        Err(error) => panic!("{error}"),
    }

    if let Ok(envelope) = KeyEnvelope::parse(data) {
        let keys = [ExchangeKey::from_bytes([0x81; 32]), ExchangeKey::from_bytes([0x82; 32])];
        if let Ok(Some(found)) = envelope.open(group, &keys) {
            assert_eq!(found.topic(), envelope.topic());
        }
    }
    if let Ok(manifest) = Manifest::open(&key, data) {
        assert_eq!(manifest.seal(&key), data);
    }
    if let Ok(summary) = Summary::from_bytes(group, data) {
        let again = Summary::from_bytes(group, &summary.to_bytes());
        assert_eq!(again, Ok(summary));
    }
    records(data);
}

#[allow(unreachable_pub, reason = "included by a fuzz target and by tests")]
pub fn group() -> GroupId {
    let Ok(group) = GROUP.trim().parse() else { panic!("a group id") };
    group
}

#[allow(unreachable_pub, reason = "included by a fuzz target and by tests")]
pub fn key() -> EpochKey {
    EpochKey::from_bytes(group(), SECRET)
}

fn open(key: &EpochKey, data: &[u8]) -> Result<ledger_core::engine::DecodedEntry, EnvelopeError> {
    key.open(&Envelope::parse(data)?)
}

/// An envelope around any bytes.
fn sealed(key: &EpochKey, plaintext: &[u8]) -> Vec<u8> {
    let mut secret = [0; 32];
    let derived = Hkdf::<Sha256>::new(None, &SECRET).expand(b"gl/1/seal", &mut secret);
    assert!(derived.is_ok());
    let topic = key.topic();
    let ad = [b"gl/1/env\x01".as_slice(), topic.as_bytes()].concat();
    let payload = Payload { msg: plaintext, aad: &ad };
    let cipher = XChaCha20Poly1305::new(&secret.into());
    let ciphertext = cipher.encrypt(&XNonce::from([0; 24]), payload).unwrap_or_default();
    [&[1], topic.as_bytes().as_slice(), &[0; 24], &ciphertext].concat()
}

/// Checks that every byte is in a record or skipped, and that a framed record is found unless a
/// record that begins before it reaches into its frame.
fn records(data: &[u8]) {
    let behind = b"behind it".to_vec();
    let whole = [data, &frame(&behind)].concat();
    let mut records = Records::new();
    records.push(&whole);
    records.push(&[]);
    let (mut inside, mut covered) = (0, false);
    while let Some(record) = records.next_record() {
        // What is skipped so far stands before this record.
        let begin = inside + usize::try_from(records.skipped()).unwrap_or(usize::MAX);
        let framed = frame(&record);
        assert_eq!(whole.get(begin..begin + framed.len()), Some(framed.as_slice()));
        covered |= (begin..begin + framed.len()).contains(&data.len());
        inside += framed.len();
    }
    assert_eq!(u64::try_from(whole.len() - inside), Ok(records.skipped()));
    assert!(covered, "the frame behind the data is skipped");
}
