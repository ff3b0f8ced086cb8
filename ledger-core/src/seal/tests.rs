//! Envelopes and key envelopes, and everything that can be wrong with them.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::base::hash::Tag;
use crate::base::id::{GroupId, Topic};
use crate::engine::{Draft, Ledger, NewGroup};
use crate::entry::{DecodedEntry, VerifiedEntry};
use crate::keys::{DeviceKey, ExchangeKey, RootEntropy};

fn group() -> GroupId {
    GroupId::from_bytes([1; 32])
}

fn key(byte: u8) -> EpochKey {
    EpochKey::from_bytes(group(), [byte; 32])
}

/// Some entry, with a name of this length in it.
fn entry(name: usize) -> DecodedEntry {
    let device = DeviceKey::from_bytes(&[7; 64]);
    let entropy = RootEntropy::from_bytes([7; 32]);
    let name = "x".repeat(name.clamp(1, 256));
    let group = NewGroup::new(&name, "Anna", &entropy, 0, [7; 32]);
    group.create(&device, 0).unwrap().decoded().clone()
}

/// A cancellation with a reason of this length: a long entry.
fn long_entry(reason: usize) -> VerifiedEntry {
    let device = DeviceKey::from_bytes(&[7; 64]);
    let genesis = crate::hazmat::trust_stored(entry(1));
    let ledger = Ledger::from_genesis(&genesis).unwrap();
    let draft = Draft::cancellation(genesis.id(), Some("r".repeat(reason)));
    draft.sign(&device, &ledger.next_position(device.id()).unwrap(), 0).unwrap()
}

fn opened(key: &EpochKey, bytes: &[u8]) -> Result<DecodedEntry, EnvelopeError> {
    key.open(&Envelope::parse(bytes)?)
}

#[test]
fn sealing_gives_the_same_bytes_again_and_opens_to_the_entry() {
    let (entry, sealed) = (entry(5), key(2).seal(&entry(5)));
    assert_eq!(sealed, key(2).seal(&entry));
    assert_eq!(opened(&key(2), &sealed).unwrap(), entry);
    assert_eq!(Envelope::parse(&sealed).unwrap().topic(), key(2).topic());
    assert_ne!(sealed[33..57], key(3).seal(&entry)[33..57], "another key, another nonce");
}

#[test]
fn two_signatures_of_one_entry_never_share_a_nonce() {
    let honest = entry(5);
    let other = DecodedEntry::decode(honest.as_bytes(), &[9; 64]).unwrap();
    assert_eq!(honest.id(), other.id());
    assert_ne!(key(2).seal(&honest)[33..57], key(2).seal(&other)[33..57]);
}

#[test]
fn sizes_hide_all_but_a_class() {
    assert_eq!(key(2).seal(&entry(1)).len(), key(2).seal(&entry(20)).len());
    for reason in [1, 300, 4096] {
        let entry = long_entry(reason);
        let sealed = key(2).seal(entry.decoded());
        assert_eq!((sealed.len() - 73) % 512, 0);
        assert!(sealed.len() <= MAX_ENVELOPE_BYTES);
        assert_eq!(opened(&key(2), &sealed).unwrap(), *entry.decoded());
    }
    assert_eq!(MAX_ENVELOPE_BYTES, 65_609);
}

#[test]
fn another_topic_is_named() {
    let sealed = key(2).seal(&entry(5));
    let (found, own) = (key(2).topic(), key(3).topic());
    assert_eq!(opened(&key(3), &sealed), Err(EnvelopeError::OtherTopic { found, key: own }));
}

#[test]
fn a_wrong_key_under_the_right_topic_opens_nothing() {
    // Whoever relabels an envelope gets nowhere: the topic is authenticated.
    let mut relabelled = key(2).seal(&entry(5));
    relabelled[1..33].copy_from_slice(key(3).topic().as_bytes());
    assert_eq!(opened(&key(3), &relabelled), Err(EnvelopeError::NotAuthentic));
}

#[test]
fn every_altered_byte_is_noticed() {
    let sealed = key(2).seal(&entry(5));
    for place in 0..sealed.len() {
        let mut altered = sealed.clone();
        altered[place] ^= 1;
        let expected = match place {
            0 => EnvelopeError::Kind(0),
            1..33 => {
                let found = Topic::from_bytes(altered[1..33].try_into().unwrap());
                EnvelopeError::OtherTopic { found, key: key(2).topic() }
            }
            _ => EnvelopeError::NotAuthentic,
        };
        assert_eq!(opened(&key(2), &altered), Err(expected), "byte {place}");
    }
}

#[test]
fn truncation_and_trailing_bytes_are_told_by_the_size() {
    let sealed = key(2).seal(&entry(5));
    for len in 1..sealed.len() {
        let found = opened(&key(2), &sealed[..len]);
        let at_a_class = len > 73 && (len - 73) % 512 == 0;
        let expected =
            if at_a_class { EnvelopeError::NotAuthentic } else { EnvelopeError::Size(len) };
        assert_eq!(found, Err(expected), "{len}");
    }
    let longer = [sealed.as_slice(), &[0]].concat();
    assert_eq!(opened(&key(2), &longer), Err(EnvelopeError::Size(longer.len())));
    assert_eq!(Envelope::parse(&[]), Err(EnvelopeError::Size(0)));
    assert_eq!(Envelope::parse(&vec![1; 70_000]), Err(EnvelopeError::Size(70_000)));
}

/// What somebody who holds the key can put into an envelope.
fn forged(nonce: [u8; 24], plaintext: &[u8]) -> Vec<u8> {
    let key = key(2);
    let mut out = [&[1][..], key.topic().as_bytes(), &nonce].concat();
    let ad = [Tag::ENVELOPE.as_bytes(), &[1], key.topic().as_bytes()].concat();
    out.extend_from_slice(plaintext);
    key.seal.seal_from(&nonce, &ad, &mut out, 57);
    out
}

fn plaintext(entry: &DecodedEntry, size: usize) -> Vec<u8> {
    let len = u32::try_from(entry.as_bytes().len()).unwrap().to_be_bytes();
    let mut plaintext = [&len, entry.as_bytes(), entry.signature()].concat();
    plaintext.resize(size, 0);
    plaintext
}

#[test]
fn members_who_seal_badly_are_told_which_rule() {
    let entry = entry(5);
    let nonce = key(2).nonce(&[entry.id().as_bytes(), entry.signature()]);
    let size = plaintext(&entry, 0).len();
    let size = size.max(entry.as_bytes().len() + 68).next_multiple_of(512);
    let good = plaintext(&entry, size);
    assert_eq!(forged(nonce, &good), key(2).seal(&entry));

    assert_eq!(opened(&key(2), &forged([0; 24], &good)), Err(EnvelopeError::Nonce));
    let mut marked = good.clone();
    *marked.last_mut().unwrap() = 1;
    assert_eq!(opened(&key(2), &forged(nonce, &marked)), Err(EnvelopeError::Padding));
    let len = entry.as_bytes().len() as u64;
    let wide = plaintext(&entry, size + 512);
    assert_eq!(opened(&key(2), &forged(nonce, &wide)), Err(EnvelopeError::Length(len)));
    let mut long = good.clone();
    long[..4].copy_from_slice(&u32::MAX.to_be_bytes());
    let found = opened(&key(2), &forged(nonce, &long));
    assert_eq!(found, Err(EnvelopeError::Length(u64::from(u32::MAX))));
    let mut short = good.clone();
    short[..4].copy_from_slice(&3u32.to_be_bytes());
    let found = opened(&key(2), &forged(nonce, &short));
    assert_eq!(found, Err(EnvelopeError::Length(3)), "three bytes need one class less");
    let mut other = good;
    other[4] ^= 1;
    assert!(matches!(opened(&key(2), &forged(nonce, &other)), Err(EnvelopeError::Entry(_))));
}

fn exchange(byte: u8) -> ExchangeKey {
    ExchangeKey::from_bytes([byte; 32])
}

fn public(bytes: impl IntoIterator<Item = u8>) -> BTreeSet<[u8; 32]> {
    bytes.into_iter().map(|byte| exchange(byte).public_key()).collect()
}

#[test]
fn each_recipient_finds_the_key_and_nobody_else_does() {
    let envelopes = key(2).wrap_for(&public([1, 2, 3, 4, 5]), &[9; 32]);
    assert_eq!(envelopes.len(), 1);
    assert_eq!(envelopes[0].len(), 49 + 8 * 88, "dummies fill up to a power of two");
    let envelope = KeyEnvelope::parse(&envelopes[0]).unwrap();
    assert_eq!(envelope.topic(), key(2).topic());
    for byte in 1..=5 {
        assert_eq!(envelope.open(group(), [&exchange(byte)]), Ok(Some(key(2))));
    }
    assert_eq!(envelope.open(group(), [&exchange(6)]), Ok(None));
    assert_eq!(envelope.open(group(), [&exchange(6), &exchange(3)]), Ok(Some(key(2))));
    let elsewhere = GroupId::from_bytes([2; 32]);
    let other = KeyEnvelopeError::OtherKey(key(2).topic());
    assert_eq!(envelope.open(elsewhere, [&exchange(1)]), Err(other));
}

#[test]
fn two_envelopes_of_one_key_share_no_hint() {
    let slots = |seed| {
        let bytes = key(2).wrap_for(&public([1]), &[seed; 32]).remove(0);
        let slots: Vec<Vec<u8>> = bytes[49..].chunks(88).map(|s| s[..8].to_vec()).collect();
        slots
    };
    let (one, other) = (slots(1), slots(2));
    assert!(one.iter().all(|hint| !other.contains(hint)));
    assert_eq!(one, slots(1));
}

/// Who holds the key makes the envelope again, dummies included, and knows who misses a right wrap:
/// a copied hint before garbage is none.
#[test]
fn whoever_holds_the_key_checks_every_wrap() {
    let recipients = public([1, 2, 3]);
    let bytes = key(2).wrap_for(&recipients, &[9; 32]).remove(0);
    let envelope = KeyEnvelope::parse(&bytes).unwrap();
    assert_eq!(envelope.recipients(&key(2), &public([1, 2, 3, 4])), recipients);
    assert!(envelope.recipients(&key(3), &recipients).is_empty(), "another key tells nothing");
    let hint = |byte| {
        let public = exchange(byte).public_key();
        crate::base::hash::digest(Tag::HINT, &[&bytes[33..49], &public])[..8].to_vec()
    };
    let mut slots: Vec<Vec<u8>> = bytes[49..].chunks(88).map(<[u8]>::to_vec).collect();
    let spoilt = slots.iter().position(|slot| slot.starts_with(&hint(2))).unwrap();
    slots[spoilt][60] ^= 1;
    slots.sort();
    let spoilt = [&bytes[..49], &slots.concat()].concat();
    let spoilt = KeyEnvelope::parse(&spoilt).unwrap();
    assert_eq!(spoilt.open(group(), [&exchange(2)]), Ok(None));
    assert_eq!(spoilt.recipients(&key(2), &recipients), public([1, 3]));
    // The first dummy follows from key and salt as well.
    let salt: [u8; 16] = bytes[33..49].try_into().unwrap();
    let derived = crate::base::hash::kdf_salted::<88>(&[2; 32], &salt, Tag::DUMMY, &[&[0; 4]]);
    let secret: [u8; 32] = derived[8..40].try_into().unwrap();
    let enc = ExchangeKey::from_bytes(secret).public_key();
    let dummy = [&derived[..8], &enc, &derived[40..]].concat();
    assert!(bytes[49..].chunks(88).any(|slot| slot == dummy));
}

#[test]
fn one_ephemeral_key_wraps_for_one_recipient_under_one_salt() {
    let ephemeral = |key: &EpochKey, byte, seed| -> BTreeSet<Vec<u8>> {
        let bytes = key.wrap_for(&public([byte]), &[seed; 32]).remove(0);
        bytes[49..].chunks(88).map(|slot| slot[8..40].to_vec()).collect()
    };
    let all = [
        ephemeral(&key(2), 1, 9),
        ephemeral(&key(2), 2, 9),
        ephemeral(&key(2), 1, 8),
        ephemeral(&key(3), 1, 9),
    ];
    // The dummies follow from the key and the salt alone: three are the same for two recipients.
    let (one, other) = (&all[0], &all[1]);
    assert_eq!(one.intersection(other).count(), 3);
    for (place, one) in all.iter().enumerate() {
        assert_eq!(one.len(), 4);
        for other in all.iter().skip(place.max(1) + 1) {
            assert!(one.is_disjoint(other));
        }
    }
    assert_eq!(ephemeral(&key(2), 1, 9), all[0]);
}

#[test]
fn a_low_order_x25519_key_blocks_nobody() {
    let mut recipients = public([1, 2]);
    recipients.insert([0; 32]);
    recipients.insert({
        let mut one = [0; 32];
        one[0] = 1;
        one
    });
    let envelopes = key(2).wrap_for(&recipients, &[9; 32]);
    let envelope = KeyEnvelope::parse(&envelopes[0]).unwrap();
    for byte in [1, 2] {
        assert_eq!(envelope.open(group(), [&exchange(byte)]), Ok(Some(key(2))));
    }
}

/// An envelope that says one topic and wraps another key.
fn cheat(recipient: &ExchangeKey) -> Vec<u8> {
    let mut envelope = key(2).wrap_for(&public([77]), &[9; 32]).remove(0);
    let (salt, public) = (envelope[33..49].to_vec(), recipient.public_key());
    let topic = key(2).topic();
    let context: [&[u8]; 2] = [topic.as_bytes(), &public];
    let wrapped = wrap::wrap(&public, Tag::WRAP, &context, &[66; 32], &[8; 32]).unwrap();
    let hint = crate::base::hash::digest(Tag::HINT, &[&salt, &public]);
    let mut slots: Vec<Vec<u8>> = envelope[49..].chunks(88).map(<[u8]>::to_vec).collect();
    slots[0] = [&hint[..8], &wrapped].concat();
    slots.sort();
    envelope.truncate(49);
    envelope.extend(slots.concat());
    envelope
}

#[test]
fn a_rotator_who_hands_out_another_key_is_caught() {
    let cheated = cheat(&exchange(1));
    let envelope = KeyEnvelope::parse(&cheated).unwrap();
    let caught = Err(KeyEnvelopeError::OtherKey(key(2).topic()));
    assert_eq!(envelope.open(group(), [&exchange(1)]), caught);
}

#[test]
fn key_envelopes_of_another_form_are_refused() {
    let bytes = key(2).wrap_for(&public([1]), &[9; 32]).remove(0);
    for len in 1..bytes.len() {
        assert_eq!(KeyEnvelope::parse(&bytes[..len]), Err(KeyEnvelopeError::Size(len)));
    }
    assert_eq!(KeyEnvelope::parse(&[]), Err(KeyEnvelopeError::Size(0)));
    let longer = [bytes.as_slice(), &[0; 88]].concat();
    assert_eq!(KeyEnvelope::parse(&longer), Err(KeyEnvelopeError::Size(longer.len())));
    let mut swapped = bytes.clone();
    let (one, other) = swapped.split_at_mut(137);
    one[49..].swap_with_slice(&mut other[..88]);
    assert_eq!(KeyEnvelope::parse(&swapped), Err(KeyEnvelopeError::Order));
    let mut repeated = bytes.clone();
    repeated.copy_within(49..137, 137);
    assert_eq!(KeyEnvelope::parse(&repeated), Err(KeyEnvelopeError::Order));
    let mut other = bytes;
    other[0] = 1;
    assert_eq!(KeyEnvelope::parse(&other), Err(KeyEnvelopeError::Kind(1)));
}

#[test]
fn a_thousand_devices_take_two_envelopes() {
    let keys: Vec<ExchangeKey> = (0..1000u32)
        .map(|n| {
            let mut bytes = [3; 32];
            bytes[..4].copy_from_slice(&n.to_be_bytes());
            ExchangeKey::from_bytes(bytes)
        })
        .collect();
    let recipients: BTreeSet<[u8; 32]> = keys.iter().map(ExchangeKey::public_key).collect();
    let envelopes = key(2).wrap_for(&recipients, &[9; 32]);
    assert_eq!(envelopes.iter().map(Vec::len).collect::<Vec<_>>(), [45_105, 45_105]);
    let parsed: Vec<KeyEnvelope> =
        envelopes.iter().map(|bytes| KeyEnvelope::parse(bytes).unwrap()).collect();
    for ours in keys.iter().step_by(97) {
        let found = parsed.iter().filter_map(|e| e.open(group(), [ours]).unwrap());
        assert_eq!(found.collect::<Vec<_>>(), [key(2)]);
    }
}

proptest! {
    #[test]
    fn bytes_of_any_kind_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..700)) {
        for kind in [1, 2] {
            let bytes = [&[kind], bytes.as_slice()].concat();
            let _ = opened(&key(2), &bytes);
            let _ = KeyEnvelope::parse(&bytes).map(|e| e.open(group(), [&exchange(1)]));
        }
    }
}
