//! Property: reading any bytes as a message, or as the sealed content of one, does no harm, and a
//! message that was read is written as the same bytes.

use ledger_core::GroupId;
use ledger_core::hazmat::read_unsealed;
use ledger_core::keys::{DeviceKey, ExchangeKey, RootEntropy, SignedCard};
use ledger_core::messages::invite::{InviteLink, InviteSecret, JoinRequest, Welcome};
use ledger_core::messages::pairing::{NewDevice, Scanned};
use ledger_core::messages::recovery::{RecoveryRequest, RecoveryShare, ShareCollection};
use ledger_core::messages::{MessageKind, message_from_text, message_to_text};
use sha2::{Digest, Sha256};

const NOW_MS: u64 = 1_000_000;

/// Reads `data` in every way in which a message is read: as text, as bytes, as bytes with the right
/// check bytes after them, and as sealed content.
#[allow(unreachable_pub, reason = "included by a fuzz target and by tests")]
pub fn check(data: &[u8]) {
    if let Ok(text) = core::str::from_utf8(data) {
        as_text(text);
    }
    as_message(data);
    as_message(&[data, &check4(data)].concat());
    let group = GroupId::from_bytes([7; 32]);
    for kind in MessageKind::ALL {
        let _ = read_unsealed(*kind, data, group);
    }
}

fn as_text(text: &str) {
    let _ = MessageKind::from_text(text);
    if let Ok(entropy) = RootEntropy::from_phrase(text) {
        let again = RootEntropy::from_phrase(&entropy.reveal_phrase());
        assert_eq!(again.map(|e| *e.expose_bytes()), Ok(*entropy.expose_bytes()));
    }
    if let Ok(bytes) = message_from_text(text) {
        let written = message_to_text(&bytes);
        assert_eq!(message_from_text(&written).as_deref(), Ok(&*bytes));
    }
}

fn as_message(bytes: &[u8]) {
    let kind = MessageKind::from_message(bytes);
    let text = message_to_text(bytes);
    assert_eq!(MessageKind::from_text(&text), kind);
    if let Ok(link) = InviteLink::parse(&text) {
        assert_eq!(link.reveal("app://join"), format!("app://join#{}", *text).into());
    }
    if let Ok(request) = RecoveryRequest::decode(bytes) {
        assert_eq!(request.encode(), bytes);
    }
    let group = GroupId::from_bytes([7; 32]);
    let secret = InviteSecret::from_bytes([1; 32]);
    assert!(JoinRequest::open(bytes, &secret, group).is_err(), "forged a request");
    let _ = JoinRequest::invite_id(bytes);
    let device = DeviceKey::from_bytes(&[2; 64]);
    let entropy = RootEntropy::from_bytes([3; 32]);
    if let Ok(card) = SignedCard::new(group, "Ben", &entropy, 0, &device) {
        let opened = Welcome::open(bytes, group, card.card(), device.exchange_key(), &[4; 32]);
        assert!(opened.is_err(), "forged an answer");
    }
    assert!(RecoveryShare::open_as_holder(bytes, &entropy.recovery_key(0)).is_err());
    let mut collection = ShareCollection::new(ExchangeKey::from_bytes([5; 32]));
    assert!(collection.add(bytes).is_err() && collection.progress().is_none());
    pair(bytes);
}

/// Gives the bytes to each side of a pairing at each of its first steps.
fn pair(bytes: &[u8]) {
    if let Ok((old, _)) = Scanned::scan(bytes, &[6; 64], NOW_MS) {
        let _ = old.receive(bytes, NOW_MS);
    }
    let (new, offer) = NewDevice::begin(&[7; 80], NOW_MS);
    let Ok((old, _)) = Scanned::scan(&offer, &[8; 64], NOW_MS) else { return };
    assert!(old.receive(bytes, NOW_MS).is_err(), "opened a commitment");
    if let Ok((comparing, _)) = new.receive(bytes, NOW_MS) {
        assert_eq!(comparing.reveal_code().len(), 6);
        assert!(comparing.receive(bytes, NOW_MS).is_err(), "forged a sealed message");
    }
}

/// `check4` of SPEC §13.
fn check4(bytes: &[u8]) -> [u8; 4] {
    let tag = b"gl/1/check";
    let mut hasher = Sha256::new();
    hasher.update([10]);
    hasher.update(tag);
    hasher.update(bytes);
    let [a, b, c, d, ..] = <[u8; 32]>::from(hasher.finalize());
    [a, b, c, d]
}
