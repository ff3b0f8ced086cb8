use super::*;
use crate::base::hash::Tag;
use crate::base::id::GroupId;
use crate::draft::NewGroup;
use crate::keys::{DeviceKey, ExchangeKey, RootEntropy, SignedDevice};
use crate::messages::frame::MessageKind;
use crate::seal::{Envelope, EpochKey, KeyEnvelope};
use crate::statement::{NewStatement, SignedStatement};

fn entropy() -> RootEntropy {
    RootEntropy::from_bytes(core::array::from_fn(|i| i as u8))
}

fn friend(n: u8) -> MemberId {
    MemberId::from_bytes([n; 32])
}

fn friends(count: u8) -> Vec<MemberId> {
    (1..=count).map(friend).collect()
}

/// `count` shares of which `needed` are needed; `seed` tells sets apart.
fn split(needed: u8, count: u8, seed: u8, made_ms: u64) -> Vec<RecoveryShare> {
    let holders = friends(count);
    let plan = SharePlan {
        group: GroupId::from_bytes([9; 32]),
        member: friend(0),
        index: 3,
        needed,
        holders: &holders,
        made_ms,
    };
    split_entropy(&entropy(), &plan, &[seed; 32]).unwrap()
}

fn collection() -> ShareCollection {
    ShareCollection::new(ExchangeKey::from_bytes([5; 32]))
}

fn returned(share: &RecoveryShare) -> Vec<u8> {
    let request = RecoveryRequest::decode(&collection().request().encode()).unwrap();
    request.answer(share, &[6; 32]).unwrap()
}

#[test]
fn any_k_shares_give_the_entropy_back_and_fewer_do_not() {
    for (needed, count) in [(2, 2), (2, 3), (3, 5), (32, 32)] {
        let shares = split(needed, count, 1, 0);
        for first in 0..count {
            let mut collection = collection();
            for step in 0..needed {
                let early = collection.recover().unwrap_err();
                assert!(matches!(early, ShareError::TooFew { have, .. } if have == step));
                let share = &shares[usize::from((first + step) % count)];
                let added = collection.add(&returned(share)).unwrap();
                assert_eq!(added.progress.to_string(), format!("{} of {needed}", step + 1));
                assert_eq!(added.progress.is_enough(), step + 1 == needed);
                assert_eq!((added.holder, added.from_old_set), (share.holder(), false));
            }
            let recovered = collection.recover().unwrap();
            assert_eq!(recovered.entropy.expose_bytes(), entropy().expose_bytes());
            assert_eq!((recovered.member, recovered.index), (friend(0), 3));
        }
    }
}

/// An independent reading of SPEC §16.2: interpolation with the AES field.
#[test]
fn shares_are_shamirs_over_the_field_of_the_spec() {
    fn times(mut a: u8, mut b: u8) -> u8 {
        let mut product = 0;
        while b > 0 {
            if b & 1 == 1 {
                product ^= a;
            }
            a = (a << 1) ^ if a & 0x80 == 0 { 0 } else { 0x1b };
            b >>= 1;
        }
        product
    }
    let inverse = |a: u8| (0..=255).find(|b| times(a, *b) == 1).unwrap();
    let shares = split(3, 5, 1, 0);
    let chosen = [&shares[4], &shares[0], &shares[2]];
    for byte in 0..32 {
        let mut sum = 0;
        for share in chosen {
            let others = chosen.iter().filter(|other| other.number != share.number);
            let factor = others.fold(1, |factor, other| {
                times(factor, times(other.number, inverse(other.number ^ share.number)))
            });
            sum ^= times(factor, share.value[byte]);
        }
        assert_eq!(sum, byte as u8);
    }
}

/// One share of two says nothing: over many sets, its bytes take every value,
/// that of the secret among them.
#[test]
fn a_single_share_is_uniform() {
    let mut seen = [[false; 256]; 4];
    for seed in 0..=255 {
        for share in split(2, 2, seed, 0) {
            for (byte, seen) in seen.iter_mut().enumerate() {
                seen[usize::from(share.value[byte])] = true;
            }
        }
    }
    for (byte, seen) in seen.iter().enumerate() {
        // 512 draws of 256 values leave 1 in 7.4 unseen.
        let unseen = seen.iter().filter(|seen| !**seen).count();
        assert!((10..60).contains(&unseen), "byte {byte}: {unseen} values unseen");
    }
}

#[test]
fn r3_numbers_that_make_no_sense() {
    let plan = |needed, holders: &[MemberId]| {
        let group = GroupId::from_bytes([9; 32]);
        let plan = SharePlan { group, member: friend(0), index: 0, needed, holders, made_ms: 0 };
        split_entropy(&entropy(), &plan, &[1; 32]).map(|_| ()).map_err(|error| error.rule())
    };
    let refused = Err(Some(Rule::R3));
    assert_eq!(plan(2, &friends(32)), Ok(()));
    assert_eq!(plan(2, &friends(33)), refused);
    assert_eq!(plan(1, &friends(3)), refused);
    assert_eq!(plan(0, &friends(3)), refused);
    assert_eq!(plan(4, &friends(3)), refused);
    assert_eq!(plan(2, &friends(1)), refused);
    assert_eq!(plan(2, &[friend(1), friend(2), friend(1)]), refused);
}

#[test]
fn r4_a_share_opens_for_its_friend_and_comes_back_for_its_request() {
    let (recovery, stranger) = (entropy().recovery_key(0), entropy().recovery_key(1));
    let share = &split(2, 3, 1, 0)[0];
    let message = share.seal_for_holder(&recovery.public_key(), &[2; 32]).unwrap();
    assert_eq!(RecoveryShare::open_as_holder(&message, &recovery).as_ref(), Ok(share));
    let other = RecoveryShare::open_as_holder(&message, &stranger);
    assert_eq!(other, Err(ShareError::NotForUs));
    // A share that a friend was handed is not yet one that was returned.
    assert_eq!(collection().add(&message).unwrap_err().rule(), Some(Rule::M1));
    let request = RecoveryRequest { to: stranger.public_key() };
    let elsewhere = request.answer(share, &[6; 32]).unwrap();
    assert_eq!(collection().add(&elsewhere), Err(ShareError::NotForUs));
    for place in 1..message.len() {
        let mut body = MessageKind::Share.open(&message).unwrap().to_vec();
        if let Some(byte) = body.get_mut(place) {
            *byte ^= 1;
            let altered = MessageKind::Share.frame(&[&body]);
            let opened = RecoveryShare::open_as_holder(&altered, &recovery);
            assert_eq!(opened, Err(ShareError::NotForUs));
        }
    }
}

/// Seals whatever a friend makes up.
fn made_up(bytes: &[u8]) -> Vec<u8> {
    let to = collection().request().to;
    let sealed = crate::seal::wrap::wrap(&to, Tag::SHARE_RETURN, &[&to], bytes, &[1; 32]).unwrap();
    MessageKind::ShareReturn.frame(&[&sealed]).to_vec()
}

#[test]
fn r5_a_wrong_share_is_named_as_such() {
    let shares = split(2, 3, 1, 0);
    let opened = |share: &RecoveryShare| {
        let message = returned(share);
        let sealed = MessageKind::ShareReturn.open(&message).unwrap();
        let key = ExchangeKey::from_bytes([5; 32]);
        let context = [&key.public_key()[..]];
        crate::seal::wrap::unwrap(&key, Tag::SHARE_RETURN, &context, sealed).unwrap().to_vec()
    };
    let honest = opened(&shares[0]);
    assert!(collection().add(&made_up(&honest)).is_ok());
    for place in 0..honest.len() {
        let mut altered = honest.clone();
        altered[place] ^= 1;
        let error = collection().add(&made_up(&altered)).unwrap_err();
        let told = matches!(error, ShareError::Forged | ShareError::Content(_));
        assert!(told, "byte {place}: {error:?}");
        assert!(collection().add(&made_up(&honest[..place])).is_err());
    }
    let mut value = honest.clone();
    // The value is the last field but the signature of 64 bytes and its head of two.
    let place = honest.len() - 67;
    value[place] ^= 1;
    assert_eq!(collection().add(&made_up(&value)), Err(ShareError::Forged));
    let longer = [&honest[..], &[0]].concat();
    assert_eq!(collection().add(&made_up(&longer)).unwrap_err().rule(), Some(Rule::C5));
}

#[test]
fn r6_duplicated_shares_change_nothing_and_nobody_elses_shares_are_in_the_way() {
    let shares = split(2, 3, 1, 0);
    let mut collection = collection();
    collection.add(&returned(&shares[0])).unwrap();
    let again = collection.add(&returned(&shares[0]));
    assert_eq!(again, Err(ShareError::Duplicate { holder: friend(1) }));
    let holders = friends(3);
    let plan = SharePlan {
        group: GroupId::from_bytes([9; 32]),
        member: friend(7),
        index: 0,
        needed: 2,
        holders: &holders,
        made_ms: 0,
    };
    let other = RootEntropy::from_bytes([1; 32]);
    let foreign = &split_entropy(&other, &plan, &[1; 32]).unwrap()[1];
    // A false friend made this share; that it comes first or later decides nothing.
    let added = collection.add(&returned(foreign)).unwrap();
    assert_eq!((added.holder, added.root), (friend(2), other.root_key(0).id()));
    let people = collection.people();
    assert_eq!(people.len(), 2);
    assert!(people.iter().all(|person| person.progress == Progress { have: 1, need: 2 }));
    assert!(matches!(collection.recover(), Err(ShareError::TooFew { have: 1, need: 2 })));
    collection.add(&returned(&shares[1])).unwrap();
    let expected = entropy();
    let recovered = collection.recover().unwrap();
    assert_eq!(recovered.entropy.expose_bytes(), expected.expose_bytes());
    // Enough false shares: the person decides by the root key.
    let all = split_entropy(&other, &plan, &[1; 32]).unwrap();
    collection.add(&returned(&all[0])).unwrap();
    assert_eq!(collection.recover().unwrap_err(), ShareError::SeveralPeople);
    let mine = collection.people().into_iter().find(|person| person.root == shares[0].root());
    let recovered = collection.recover_person(mine.unwrap().root).unwrap();
    assert_eq!(recovered.entropy.expose_bytes(), expected.expose_bytes());
}

#[test]
fn shares_of_an_old_set_are_told_and_still_count_among_themselves() {
    let (old, new) = (split(2, 3, 1, 1_000), split(3, 3, 2, 2_000));
    let mut collection = collection();
    assert!(!collection.add(&returned(&new[0])).unwrap().from_old_set);
    let added = collection.add(&returned(&old[1])).unwrap();
    assert!(added.from_old_set);
    assert_eq!(added.progress.to_string(), "1 of 2");
    // One of each is not two of one.
    assert!(matches!(collection.recover(), Err(ShareError::TooFew { have: 1, need: 2 })));
    collection.add(&returned(&old[2])).unwrap();
    let recovered = collection.recover().unwrap();
    assert_eq!(recovered.entropy.expose_bytes(), entropy().expose_bytes());
}

#[test]
fn r7_shares_that_do_not_give_the_key_they_name() {
    // The person's own device splits one entropy and signs with another's key.
    let mut shares = split(2, 2, 1, 0);
    let root = entropy().root_key(3);
    shares[0].value[0] ^= 1;
    shares[0].sign(&root);
    let mut collection = collection();
    collection.add(&returned(&shares[0])).unwrap();
    collection.add(&returned(&shares[1])).unwrap();
    assert_eq!(collection.recover().unwrap_err(), ShareError::DoNotFit);
}

#[test]
fn requests_are_strict_and_hold_no_secret() {
    let request = collection().request().encode();
    assert_eq!(request.len(), 37);
    let key = ExchangeKey::from_bytes([5; 32]).public_key();
    assert_eq!(request[1..33], key);
    let weak = MessageKind::RecoveryRequest.frame(&[&[0; 32]]);
    assert_eq!(RecoveryRequest::decode(&weak).unwrap_err().rule(), Rule::K2);
    let longer = MessageKind::RecoveryRequest.frame(&[&key, &[0]]);
    assert_eq!(RecoveryRequest::decode(&longer).unwrap_err().rule(), Rule::M2);
}

#[test]
fn debug_shows_no_share() {
    let share = &split(2, 2, 1, 0)[0];
    let shown = format!("{share:?} {:?}", collection());
    let value = format!("{:?}", &share.value[..4]);
    assert!(!shown.contains(value.trim_matches(['[', ']'])), "{shown}");
}

/// Anna's group, with its genesis entry sealed under one key.
fn sealed_group() -> (crate::entry::VerifiedEntry, EpochKey) {
    let entropy = entropy();
    let group = NewGroup::new("Flat", "Anna", &entropy, 7, [9; 32]);
    let genesis = group.create(&DeviceKey::from_bytes(&[1; 64]), 0).unwrap();
    let key = EpochKey::from_bytes(GroupId::from(genesis.id()), [3; 32]);
    (genesis, key)
}

#[test]
fn a_recovery_key_finds_the_group_of_a_bundle() {
    let (genesis, key) = sealed_group();
    let recipients = [entropy().recovery_public_key(7)].into();
    let wraps = key.wrap_for(&recipients, &[4; 32]).remove(0);
    let wraps = KeyEnvelope::parse(&wraps).unwrap();
    let keys: Vec<ExchangeKey> = (0..10).map(|i| entropy().recovery_key(i)).collect();
    let found = wraps.find(&keys).unwrap();
    assert_eq!(found.index(), 7);
    let envelope = key.seal(genesis.decoded());
    assert_eq!(found.epoch_key(&Envelope::parse(&envelope).unwrap()), Some(key.clone()));
    assert!(wraps.find(&keys[..7]).is_none(), "somebody else's phrase");
    // W3: what somebody wrapped is the key of another group.
    let other = EpochKey::from_bytes(GroupId::from_bytes([1; 32]), [3; 32]);
    let moved = other.seal(genesis.decoded());
    assert_eq!(found.epoch_key(&Envelope::parse(&moved).unwrap()), None);
    let false_wraps = other.wrap_for(&recipients, &[4; 32]).remove(0);
    let false_key = KeyEnvelope::parse(&false_wraps).unwrap().find(&keys).unwrap();
    assert_eq!(false_key.epoch_key(&Envelope::parse(&moved).unwrap()), None);
}

#[test]
fn an_enrolment_travels_sealed_to_whoever_carries_it() {
    let (genesis, key) = sealed_group();
    let group = GroupId::from(genesis.id());
    let root = entropy().root_key(7);
    let device = SignedDevice::new(group, &root, &DeviceKey::from_bytes(&[2; 64])).unwrap();
    let generation = crate::statement::Generation::Card(friend(0));
    let enrol = NewStatement::Enrol { generation, device: &device };
    let statement = SignedStatement::new(&root, group, &enrol, [genesis.id()], [5; 16]).unwrap();
    let request = EnrolmentRequest::new(statement).unwrap();
    let message = request.seal(&key);
    assert_eq!(EnrolmentRequest::topic(&message), Ok(key.topic()));
    assert_eq!(EnrolmentRequest::open(&message, &key).as_ref(), Ok(&request));
    assert!(!message.windows(32).any(|window| window == group.as_bytes()));
    for place in 0..message.len() {
        let mut body = MessageKind::Enrolment.open(&message).unwrap().to_vec();
        if let Some(byte) = body.get_mut(place) {
            *byte ^= 1;
            let altered = MessageKind::Enrolment.frame(&[&body]);
            assert!(EnrolmentRequest::open(&altered, &key).is_err(), "byte {place}");
        }
    }
    // Nothing but enrolments.
    let leave = NewStatement::Leave { generation };
    let leave = SignedStatement::new(&root, group, &leave, [genesis.id()], [5; 16]).unwrap();
    assert!(matches!(EnrolmentRequest::new(leave), Err(EnrolmentError::Content(_))));
    // Nor for another group.
    let elsewhere = GroupId::from_bytes([8; 32]);
    let device = SignedDevice::new(elsewhere, &root, &DeviceKey::from_bytes(&[2; 64])).unwrap();
    let enrol = NewStatement::Enrol { generation, device: &device };
    let statement =
        SignedStatement::new(&root, elsewhere, &enrol, [genesis.id()], [5; 16]).unwrap();
    let moved = EnrolmentRequest::new(statement).unwrap().seal(&key);
    let refused = EnrolmentRequest::open(&moved, &key);
    assert!(matches!(refused, Err(EnrolmentError::Content(r)) if r.rule() == Rule::K3));
}
