use super::*;
use crate::base::codec::Writer;
use crate::base::hash::Tag;
use crate::base::id::{EntryId, GroupId};
use crate::draft::NewGroup;
use crate::entry::VerifiedEntry;
use crate::keys::{DeviceKey, ExchangeKey, RootEntropy, SignedCard};
use crate::messages::frame::{MessageKind, message_from_text, message_to_text};
use crate::seal::wrap::{unwrap, wrap};

fn found(salt: u8) -> VerifiedEntry {
    let entropy = RootEntropy::from_bytes([1; 32]);
    let group = NewGroup::new("Flat", "Anna", &entropy, 0, [salt; 32]);
    group.create(&DeviceKey::from_bytes(&[1; 64]), 0).unwrap()
}

fn group() -> GroupId {
    GroupId::from(found(9).id())
}

fn bens_phone() -> DeviceKey {
    DeviceKey::from_bytes(&[2; 64])
}

fn card(group: GroupId) -> SignedCard {
    SignedCard::new(group, "Ben", &RootEntropy::from_bytes([2; 32]), 0, &bens_phone()).unwrap()
}

fn secret() -> InviteSecret {
    InviteSecret::from_bytes([7; 32])
}

fn request() -> Vec<u8> {
    secret().link(group()).request(&card(group()), &[3; 32]).unwrap()
}

fn rule_of(result: Result<JoinRequest, JoinError>) -> Rule {
    result.unwrap_err().rule()
}

#[test]
fn a_request_reaches_the_inviter_and_the_answer_the_joiner() {
    let link = secret().link(group());
    let text = link.reveal("https://example.org/join");
    let (prefix, fragment) = text.split_once('#').unwrap();
    assert_eq!(prefix, "https://example.org/join");
    assert_eq!(fragment.len(), 135, "short enough for a QR code");
    let read = InviteLink::parse(&text).unwrap();
    assert_eq!((read.group(), read.id()), (group(), secret().id()));

    let message = read.request(&card(group()), &[3; 32]).unwrap();
    assert_eq!(JoinRequest::invite_id(&message), Ok(secret().id()));
    let opened = JoinRequest::open(&message, &secret(), group()).unwrap();
    assert_eq!((opened.card(), opened.invite()), (&card(group()), secret().id()));

    let genesis = found(9);
    let admitted_by = EntryId::from_bytes([5; 32]);
    let answer = JoinAnswer { genesis: &genesis, admitted_by };
    let message = answer.seal(opened.card().card(), &[4; 32]).unwrap();
    let card = card(group());
    let exchange = bens_phone();
    let open = |message: &[u8], group| {
        Welcome::open(message, group, card.card(), exchange.exchange_key(), &[5; 32])
    };
    let welcome = open(&message, group()).unwrap();
    assert_eq!((welcome.genesis(), welcome.admitted_by()), (&genesis, admitted_by));
    // Sealed for one group, it opens for no other; nor for another device.
    let other = GroupId::from(found(8).id());
    assert_eq!(open(&message, other), Err(JoinError::NotForUs));
    let stranger = DeviceKey::from_bytes(&[3; 64]);
    let read = Welcome::open(&message, group(), card.card(), stranger.exchange_key(), &[5; 32]);
    assert_eq!(read, Err(JoinError::NotForUs));
}

#[test]
fn j1_only_who_has_the_link_can_ask() {
    let other = InviteSecret::from_bytes([8; 32]);
    assert_eq!(rule_of(JoinRequest::open(&request(), &other, group())), Rule::J1);
    // Somebody who saw a request go by, but not the link, puts in their own card.
    let guess = InviteSecret::from_bytes([6; 32]).link(group());
    let forged = guess.request(&card(group()), &[3; 32]).unwrap();
    let body = MessageKind::JoinRequest.open(&forged).unwrap();
    let renamed = [&secret().id().as_bytes()[..], &body[32..]].concat();
    let renamed = MessageKind::JoinRequest.frame(&[&renamed]);
    assert_eq!(rule_of(JoinRequest::open(&renamed, &secret(), group())), Rule::J1);
    // A request for one group is none for another.
    let elsewhere = GroupId::from(found(8).id());
    assert_eq!(rule_of(JoinRequest::open(&request(), &secret(), elsewhere)), Rule::J1);
}

#[test]
fn j2_the_link_does_not_open_requests() {
    let text = secret().link(group()).reveal("");
    let link = message_from_text(&text).unwrap();
    let fields: &[u8; 96] = MessageKind::InviteLink.open(&link).unwrap().try_into().unwrap();
    let message = request();
    let body = MessageKind::JoinRequest.open(&message).unwrap();
    let (sealed, _) = body[32..].split_last_chunk::<64>().unwrap();
    let (flat, id) = (group(), secret().id());
    let context: [&[u8]; 2] = [flat.as_bytes(), id.as_bytes()];
    let open = |key: &ExchangeKey| unwrap(key, Tag::JOIN_SEAL, &context, sealed).is_ok();
    assert!(open(&secret().exchange()));
    // Whatever somebody with the link takes for the key, it does not open.
    for at in [0, 32, 64] {
        let guess = InviteSecret::from_bytes(fields[at..at + 32].try_into().unwrap());
        let plain = ExchangeKey::from_bytes(fields[at..at + 32].try_into().unwrap());
        assert!(!open(&guess.exchange()) && !open(&plain));
    }
    // Signed with the link, but sealed for somebody else: the inviter cannot read it.
    let key = bens_phone().exchange_public_key();
    let sealed = wrap(&key, Tag::JOIN_SEAL, &context, b"x", &[1; 32]).unwrap();
    let signed = [flat.as_bytes(), &fields[64..], &sealed].concat();
    let signature = secret().link(group()).sign(Tag::JOIN, &signed);
    let parts: [&[u8]; 3] = [id.as_bytes(), &sealed, &signature];
    let message = MessageKind::JoinRequest.frame(&parts);
    assert_eq!(rule_of(JoinRequest::open(&message, &secret(), group())), Rule::J2);
}

#[test]
fn j3_a_card_for_another_group_is_not_asked_with() {
    let elsewhere = GroupId::from(found(8).id());
    let link = secret().link(group());
    assert_eq!(link.request(&card(elsewhere), &[3; 32]).unwrap_err().rule(), Rule::J3);
    let genesis = found(9);
    let answer = JoinAnswer { genesis: &genesis, admitted_by: genesis.id() };
    assert_eq!(answer.seal(card(elsewhere).card(), &[3; 32]).unwrap_err().rule(), Rule::J3);
}

#[test]
fn j4_an_answer_into_another_group_is_refused() {
    // The inviter, or somebody with the card, seals another group's beginning.
    let (ours, other) = (found(9), found(8));
    let card = card(group());
    let genesis = other.decoded();
    let mut w = Writer::new();
    w.array(3);
    w.bytes(genesis.as_bytes());
    w.bytes(genesis.signature());
    w.bytes(ours.id().as_bytes());
    let (flat, member) = (group(), card.card().member());
    let context: [&[u8]; 2] = [flat.as_bytes(), member.as_bytes()];
    let recipient = bens_phone().exchange_public_key();
    let tag = Tag::ANSWER;
    let sealed = wrap(&recipient, tag, &context, w.as_bytes(), &[1; 32]).unwrap();
    let message = MessageKind::JoinAnswer.frame(&[&sealed]);
    let phone = bens_phone();
    let opened = Welcome::open(&message, group(), card.card(), phone.exchange_key(), &[5; 32]);
    assert_eq!(opened.unwrap_err().rule(), Rule::J4);
}

#[test]
fn every_altered_byte_is_refused() {
    let message = request();
    for place in 0..message.len() {
        // With its check put right again, as an attacker would.
        let mut body = MessageKind::JoinRequest.open(&message).unwrap().to_vec();
        if let Some(byte) = body.get_mut(place) {
            *byte ^= 1;
            let altered = MessageKind::JoinRequest.frame(&[&body]);
            assert!(JoinRequest::open(&altered, &secret(), group()).is_err(), "byte {place}");
        }
        assert!(JoinRequest::open(&message[..place], &secret(), group()).is_err());
    }
    let body = MessageKind::JoinRequest.open(&message).unwrap();
    let longer = MessageKind::JoinRequest.frame(&[body, &[0]]);
    assert_eq!(rule_of(JoinRequest::open(&longer, &secret(), group())), Rule::J1);
}

#[test]
fn links_are_strict() {
    let parts = |inviter: &[u8; 32]| {
        let link = MessageKind::InviteLink.frame(&[&[1; 32], &[2; 32], inviter]);
        InviteLink::parse(&message_to_text(&link)).map(|_| ())
    };
    assert_eq!(parts(&bens_phone().exchange_public_key()), Ok(()));
    assert_eq!(parts(&[0; 32]).unwrap_err().rule(), Rule::K2);
    let longer = MessageKind::InviteLink.frame(&[&[1; 32], &[2; 32], &[9; 32], &[0]]);
    let longer = InviteLink::parse(&message_to_text(&longer));
    assert_eq!(longer.unwrap_err().rule(), Rule::M2);
    let shown = format!("{:?} {:?}", secret(), secret().link(group()));
    assert!(!shown.contains(&"07".repeat(4)) && shown.starts_with("InviteSecret(secret)"));
}
