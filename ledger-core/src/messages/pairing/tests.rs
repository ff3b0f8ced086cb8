use super::*;
use crate::base::id::{EntryId, GroupId, MemberId};
use crate::base::rule::Rule;
use crate::draft::NewGroup;
use crate::keys::{DeviceKey, RootEntropy};
use crate::messages::frame::MessageKind;
use crate::statement::Generation;

const NOW: u64 = 1_000_000;

fn entropy() -> RootEntropy {
    RootEntropy::from_bytes([1; 32])
}

/// Anna's group number `index`.
fn granted(index: u32) -> GrantedGroup {
    let entropy = entropy();
    let salt = [index as u8; 32];
    let group = NewGroup::new("Flat", "Anna", &entropy, index, salt);
    let genesis = group.create(&DeviceKey::from_bytes(&[1; 64]), 0).unwrap();
    let enrolled_by = EntryId::from_bytes([4; 32]);
    let generation = Generation::Card(MemberId::from_bytes([5; 32]));
    GrantedGroup { genesis, enrolled_by, generation, index }
}

fn offered(index: u32) -> GroupOffer {
    let group = GroupId::from(granted(index).genesis.id());
    GroupOffer { group, name: "Flat".into(), root: entropy().root_key(index).id() }
}

fn new_device(seed: u8) -> (NewDevice, Vec<u8>) {
    let mut random = [seed; 80];
    random[0] = 0;
    NewDevice::begin(&random, NOW)
}

fn scan(offer: &[u8]) -> (Scanned, Vec<u8>) {
    Scanned::scan(offer, &[7; 64], NOW).unwrap()
}

/// Both devices, as far as the code; nobody interferes.
fn compared() -> (ComparingCode, EnteringCode) {
    let (new, offer) = new_device(3);
    let (old, opening) = scan(&offer);
    let (new, reveal) = new.receive(&opening, NOW).unwrap();
    (new, old.receive(&reveal, NOW).unwrap())
}

fn paired() -> (ComparingCode, Paired) {
    let (new, old) = compared();
    let code = new.reveal_code();
    (new, old.enter(&code, NOW).unwrap())
}

/// As far as the certificates, for the groups 0 and 1.
fn certifying() -> (AwaitingGrant, Certifying) {
    let (new, old) = paired();
    let (old, message) = old.offer_groups(vec![offered(0), offered(1)]);
    let new = new.receive(&message, NOW).unwrap();
    let keys = [DeviceKey::from_bytes(&[8; 64]), DeviceKey::from_bytes(&[9; 64])];
    let (new, message) = new.accept(&keys).unwrap();
    (new, old.receive(&message).unwrap())
}

fn rule<T>(result: Result<T, PairingError>) -> Rule {
    result.map(|_| ()).unwrap_err().rule()
}

#[test]
fn a_device_is_paired_in_standard_mode() {
    let (new, old) = compared();
    let code = new.reveal_code();
    assert!(code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit()));
    let spaced = format!(" {} {}", &code[..3], &code[3..]);
    let old = old.enter(&spaced, NOW).unwrap();
    let (old, message) = old.offer_groups(vec![offered(0), offered(1)]);
    let new = new.receive(&message, NOW).unwrap();
    assert_eq!(new.groups(), [offered(0), offered(1)]);
    let keys = [DeviceKey::from_bytes(&[8; 64]), DeviceKey::from_bytes(&[9; 64])];
    let (new, message) = new.accept(&keys).unwrap();
    let old = old.receive(&message).unwrap();
    for (index, (device, key)) in (0..).zip(old.devices().iter().zip(&keys)) {
        assert_eq!(device.certificate().device(), key.id());
        let signed = device.certify(&entropy().root_key(index)).unwrap();
        assert_eq!(signed.certificate().check(signed.signatures()), Ok(()));
    }
    let groups = [granted(0), granted(1)];
    let message = old.grant(Some(&entropy()), &groups).unwrap();
    let got = new.receive(&message, &[6; 32]).unwrap();
    assert_eq!(got.groups, groups);
    assert_eq!(got.entropy.unwrap().expose_bytes(), entropy().expose_bytes());
}

#[test]
fn high_security_mode_hands_over_no_entropy() {
    let (new, old) = certifying();
    let message = old.grant(None, &[granted(0), granted(1)]).unwrap();
    let got = new.receive(&message, &[6; 32]).unwrap();
    assert!(got.entropy.is_none() && got.groups.len() == 2);
}

#[test]
fn n1_expired_or_valid_for_too_long() {
    let (new, offer) = new_device(3);
    let late = NOW + PAIRING_MS;
    assert_eq!(rule(Scanned::scan(&offer, &[7; 64], late)), Rule::N1);
    assert!(Scanned::scan(&offer, &[7; 64], late - 1).is_ok());
    // A code posted somewhere for the next year, or a clock far off.
    let early = NOW + PAIRING_MS - MAX_PAIRING_MS;
    assert!(Scanned::scan(&offer, &[7; 64], early).is_ok());
    let error = Scanned::scan(&offer, &[7; 64], early - 1).unwrap_err();
    assert_eq!(error, PairingError::TooLong);
    // At each further step, on either device.
    let (old, opening) = scan(&offer);
    assert_eq!(rule(new.receive(&opening, late)), Rule::N1);
    let (_, reveal) = new_device(3).0.receive(&opening, NOW).unwrap();
    assert_eq!(rule(old.receive(&reveal, late)), Rule::N1);
    let (new, old) = compared();
    assert_eq!(rule(old.enter(&new.reveal_code(), late)), Rule::N1);
    let (new, old) = paired();
    let (_, message) = old.offer_groups(vec![]);
    assert_eq!(rule(new.receive(&message, late)), Rule::N1);
}

#[test]
fn n2_messages_of_another_or_earlier_session() {
    let (new, offer) = new_device(3);
    let mut random = [3; 80];
    random[0] = 1;
    let (other, other_offer) = NewDevice::begin(&random, NOW);
    let (old, opening) = scan(&offer);
    let (_, other_opening) = scan(&other_offer);
    assert_eq!(rule(new.receive(&other_opening, NOW)), Rule::N2);
    let (_, other_reveal) = other.receive(&other_opening, NOW).unwrap();
    assert_eq!(rule(old.receive(&other_reveal, NOW)), Rule::N2);
    // Sealed messages of a session with the same keys, but another id.
    let (new, old) = paired();
    let (_, message) = old.offer_groups(vec![offered(0)]);
    let mut body = MessageKind::PairingGroups.open(&message).unwrap().to_vec();
    body[0] ^= 1;
    let moved = MessageKind::PairingGroups.frame(&[&body]);
    assert_eq!(rule(new.receive(&moved, NOW)), Rule::N2);
    drop(opening);
}

/// The messages of a pairing that was recorded open nothing in the next one,
/// even if the new device showed the very same code again.
#[test]
fn a_replayed_pairing_has_other_keys() {
    let (new, old) = certifying();
    let recorded = old.grant(Some(&entropy()), &[granted(0), granted(1)]).unwrap();
    drop(new);
    let (new, offer) = new_device(3);
    let (old, opening) = Scanned::scan(&offer, &[70; 64], NOW).unwrap();
    let (new, reveal) = new.receive(&opening, NOW).unwrap();
    let old = old.receive(&reveal, NOW).unwrap();
    assert_ne!(new.reveal_code(), compared().0.reveal_code());
    let old = old.enter(&new.reveal_code(), NOW).unwrap();
    let (_, message) = old.offer_groups(vec![offered(0), offered(1)]);
    let keys = [DeviceKey::from_bytes(&[8; 64]), DeviceKey::from_bytes(&[9; 64])];
    let (new, _) = new.receive(&message, NOW).unwrap().accept(&keys).unwrap();
    assert_eq!(rule(new.receive(&recorded, &[6; 32])), Rule::N6);
}

/// Mallory relays, with keys of her own towards either device.
#[test]
fn man_in_the_middle_shows_other_digits() {
    let (new, offer) = new_device(3);
    // Towards the old device, she shows a code of her own.
    let (mallory_new, mallory_offer) = new_device(0x66);
    let (old, opening) = scan(&mallory_offer);
    // Towards the new device, she replies in the old one's place.
    let (mallory_old, mallory_opening) = Scanned::scan(&offer, &[0x67; 64], NOW).unwrap();
    let (new, reveal) = new.receive(&mallory_opening, NOW).unwrap();
    let (mallory_new, mallory_reveal) = mallory_new.receive(&opening, NOW).unwrap();
    let old = old.receive(&mallory_reveal, NOW).unwrap();
    let mallory_old = mallory_old.receive(&reveal, NOW).unwrap();
    // She knows both codes, and they differ: the person types the one shown.
    assert_ne!(new.reveal_code(), mallory_new.reveal_code());
    assert_eq!(rule(old.enter(&new.reveal_code(), NOW)), Rule::N5);
    // The new device would take her list: hence the question to the person.
    let mallory = mallory_old.enter(&new.reveal_code(), NOW).unwrap();
    let (_, message) = mallory.offer_groups(vec![offered(0)]);
    assert!(new.receive(&message, NOW).is_ok());
}

/// She keeps the honest session id and swaps only keys: the commitment, or the
/// digits, give her away.
#[test]
fn n3_a_swapped_key_or_nonce_does_not_fit_the_commitment() {
    let (new, offer) = new_device(3);
    let body = MessageKind::PairingOffer.open(&offer).unwrap().to_vec();
    for place in [0, 16, 48] {
        let mut swapped = body.clone();
        swapped[place..place + 16].copy_from_slice(&[0x55; 16]);
        let (old, _) = scan(&MessageKind::PairingOffer.frame(&[&swapped]));
        let mut session = [0; 16];
        session.copy_from_slice(&swapped[..16]);
        let nonce: [u8; 32] = core::array::from_fn(|_| 3);
        let reveal = MessageKind::PairingReveal.frame(&[&session, &nonce]);
        assert_eq!(rule(old.receive(&reveal, NOW)), Rule::N3, "field at {place}");
    }
    let (old, opening) = scan(&offer);
    let (_, reveal) = new.receive(&opening, NOW).unwrap();
    let mut other = MessageKind::PairingReveal.open(&reveal).unwrap().to_vec();
    other[16] ^= 1;
    let other = MessageKind::PairingReveal.frame(&[&other]);
    assert_eq!(rule(old.receive(&other, NOW)), Rule::N3);
}

#[test]
fn n4_keys_of_low_order_on_either_side() {
    let low_orders = [[0; 32], {
        let mut one = [0; 32];
        one[0] = 1;
        one
    }];
    for low in low_orders {
        let (new, offer) = new_device(3);
        let (_, opening) = scan(&offer);
        let mut body = MessageKind::PairingOpening.open(&opening).unwrap().to_vec();
        body[16..48].copy_from_slice(&low);
        let opening = MessageKind::PairingOpening.frame(&[&body]);
        assert_eq!(rule(new.receive(&opening, NOW)), Rule::N4);

        // Shown by an attacker, with an honest commitment to it.
        let session = [2; 16];
        let commitment = super::channel::commitment(&session, &low, &[4; 32]);
        let expires = (NOW + 1_000).to_be_bytes();
        let parts: [&[u8]; 4] = [&session, &low, &commitment, &expires];
        let (old, _) = scan(&MessageKind::PairingOffer.frame(&parts));
        let reveal = MessageKind::PairingReveal.frame(&[&session, &[4; 32]]);
        assert_eq!(rule(old.receive(&reveal, NOW)), Rule::N4);
    }
}

#[test]
fn n5_wrong_digits_end_the_pairing() {
    let wrong = |alter: fn(&str) -> String| {
        let (new, old) = compared();
        rule(old.enter(&alter(&new.reveal_code()), NOW))
    };
    let next = |code: &str| format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000);
    assert_eq!(wrong(next), Rule::N5);
    assert_eq!(wrong(|_| String::new()), Rule::N5);
    assert_eq!(wrong(|code| code[..5].to_owned()), Rule::N5);
    assert_eq!(wrong(|code| format!("{code}0")), Rule::N5);
}

/// A code that somebody sent or stuck over the real one: the person scans it,
/// and types what the own new device shows.
#[test]
fn phishing_code_gets_nothing() {
    let (_, phishing) = new_device(0x66);
    let (new, offer) = new_device(3);
    let (phished, opening) = scan(&phishing);
    let (_, honest_opening) = scan(&offer);
    let (new, _) = new.receive(&honest_opening, NOW).unwrap();
    let (_, reveal) = new_device(0x66).0.receive(&opening, NOW).unwrap();
    let phished = phished.receive(&reveal, NOW).unwrap();
    assert_eq!(rule(phished.enter(&new.reveal_code(), NOW)), Rule::N5);
}

#[test]
fn n6_messages_sent_back_or_of_another_step_do_not_open() {
    // Reflected: what a device said comes back to it.
    let (new, offer) = new_device(3);
    assert_eq!(rule(new.receive(&offer, NOW)), Rule::M1);
    let (old, opening) = scan(&offer);
    assert_eq!(rule(old.receive(&opening, NOW)), Rule::M1);
    let (new, old) = paired();
    let (old, groups) = old.offer_groups(vec![offered(0)]);
    let body = MessageKind::PairingGroups.open(&groups).unwrap();
    let reflected = MessageKind::PairingDevices.frame(&[body]);
    assert_eq!(rule(old.receive(&reflected)), Rule::N6);
    // A later message of the same sender in an earlier one's place.
    let (_, old) = certifying();
    let grant = old.grant(None, &[granted(0), granted(1)]).unwrap();
    let body = MessageKind::PairingGrant.open(&grant).unwrap();
    let moved = MessageKind::PairingGroups.frame(&[body]);
    assert_eq!(rule(new.receive(&moved, NOW)), Rule::N6);
}

#[test]
fn n6_every_altered_byte_of_a_sealed_message_is_refused() {
    let (new, old) = certifying();
    let message = old.grant(Some(&entropy()), &[granted(0), granted(1)]).unwrap();
    drop(new);
    let body = MessageKind::PairingGrant.open(&message).unwrap();
    for place in 0..body.len() {
        let mut altered = body.to_vec();
        altered[place] ^= 1;
        let altered = MessageKind::PairingGrant.frame(&[&altered]);
        let expected = if place < 16 { Rule::N2 } else { Rule::N6 };
        assert_eq!(rule(certifying().0.receive(&altered, &[6; 32])), expected);
    }
}

#[test]
fn n7_other_groups_than_were_offered() {
    let (new, old) = paired();
    let (old, message) = old.offer_groups(vec![offered(0)]);
    let new = new.receive(&message, NOW).unwrap();
    assert_eq!(rule(new.accept(&[])), Rule::N7);
    // The new device sends a certificate for another group, or none.
    let key = DeviceKey::from_bytes(&[8; 64]);
    for groups in [vec![offered(1)], vec![], vec![offered(0), offered(1)]] {
        let (new, honest) = paired();
        let (honest, _) = honest.offer_groups(vec![offered(0)]);
        let (_, dishonest) = paired();
        let (_, message) = dishonest.offer_groups(groups.clone());
        let keys: Vec<_> = groups.iter().map(|_| DeviceKey::from_bytes(&[8; 64])).collect();
        let (_, message) = new.receive(&message, NOW).unwrap().accept(&keys).unwrap();
        assert_eq!(rule(honest.receive(&message)), Rule::N7);
    }
    // The old device is asked to sign under another root key than it named.
    let offer = GroupOffer { root: entropy().root_key(5).id(), ..offered(0) };
    let device = DeviceOffer::new(&offer, &key).unwrap();
    assert!(!device.fits(&offered(0)));
    assert!(device.certify(&entropy().root_key(0)).is_err());
    // The grant is for other groups, or under another root key.
    let (new, honest) = certifying();
    assert_eq!(rule(honest.grant(None, &[granted(1), granted(0)])), Rule::N7);
    let (_, honest) = certifying();
    let other = RootEntropy::from_bytes([2; 32]);
    let message = honest.grant(Some(&other), &[granted(0), granted(1)]).unwrap();
    assert_eq!(rule(new.receive(&message, &[6; 32])), Rule::N7);
    drop(old);
}

#[test]
fn n7_a_certificate_needs_the_devices_own_signature() {
    let (new, old) = paired();
    let (old, message) = old.offer_groups(vec![offered(0)]);
    let new = new.receive(&message, NOW).unwrap();
    let (_, message) = new.accept(&[DeviceKey::from_bytes(&[8; 64])]).unwrap();
    // Whoever has the keys of the pairing but not of the device alters the
    // last byte of the acceptance, and seals again.
    let (other, _) = paired();
    let channel = other.into_channel();
    let mut body = channel.open(MessageKind::PairingDevices, &message).unwrap().to_vec();
    *body.last_mut().unwrap() ^= 1;
    let forged = channel.seal(MessageKind::PairingDevices, &body);
    assert_eq!(rule(old.receive(&forged)), Rule::K4);
}

#[test]
fn debug_shows_no_secret() {
    let (new, old) = compared();
    let code = new.reveal_code();
    assert!(!format!("{new:?} {old:?}").contains(&*code));
    let (_, old) = certifying();
    assert!(format!("{old:?}").starts_with("Certifying { devices"));
}
