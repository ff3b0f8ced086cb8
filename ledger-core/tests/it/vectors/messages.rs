//! Messages outside of the ledger: phrases, invites, pairings, shares (SPEC §13
//! to 16).

use ledger_core::engine::Payload;
use ledger_core::keys::{ExchangeKey, RootEntropy, SignedCard};
use ledger_core::messages::invite::{InviteLink, InviteSecret, JoinAnswer, JoinRequest, Welcome};
use ledger_core::messages::pairing::{GrantedGroup, GroupOffer, NewDevice, Scanned};
use ledger_core::messages::recovery::{
    RecoveryRequest, RecoveryShare, ShareCollection, SharePlan, split_entropy,
};
use ledger_core::messages::{MessageKind, message_from_text};
use ledger_core::statement::Generation;
use serde_json::{Value, json};

use crate::vectors::world::{World, device, entropy, hex, root};
use crate::vectors::{fields, file, refused_messages, refused_pairings, refused_shares};

/// The time at which everything happens.
const NOW_MS: u64 = 1_800_000_000_000;

fn phrases() -> Vec<Value> {
    let counting: [u8; 32] = core::array::from_fn(|i| i as u8);
    let all = [[0; 32], [0x7f; 32], [0x80; 32], [0xff; 32], counting];
    let vectors = all.map(|bytes| {
        let phrase = RootEntropy::from_bytes(bytes).reveal_phrase();
        json!({ "entropy": hex(&bytes), "phrase": *phrase })
    });
    vectors.to_vec()
}

fn invite(world: &World) -> Value {
    let group = world.group;
    let secret = InviteSecret::from_bytes([0x61; 32]);
    let link = secret.link(group);
    let text = link.reveal("https://example.org/join");
    let link = InviteLink::parse(&text).unwrap();
    let phone = device(3);
    let card = SignedCard::new(group, "Cleo", &entropy(3), 0, &phone).unwrap();
    let request = link.request(&card, &[0x62; 32]).unwrap();
    assert_eq!(JoinRequest::open(&request, &secret, group).unwrap().card(), &card);
    let genesis = world.entry("genesis");
    let admitted_by = world.id("add-ben");
    let answer = JoinAnswer { genesis, admitted_by }.seal(card.card(), &[0x63; 32]).unwrap();
    let opened =
        Welcome::open(&answer, group, card.card(), phone.exchange_key(), &[0x64; 32]).unwrap();
    assert_eq!(opened.genesis(), genesis);
    json!({
        "w": hex(&[0x61; 32]),
        "group": group.to_string(),
        "link": *text,
        "inv": hex(secret.id().as_bytes()),
        "name": "Cleo",
        "member": card.card().member().to_string(),
        "exchange_secret": hex(&[3 + 128; 32]),
        "request": hex(&request),
        "answer": hex(&answer),
        "genesis": hex(genesis.decoded().as_bytes()),
        "admitted_by": admitted_by.to_string(),
    })
}

fn pairing(world: &World) -> Value {
    let (group, member) = (world.group, world.member("add-ben"));
    let random: [u8; 80] = core::array::from_fn(|i| i as u8);
    let (new, offer) = NewDevice::begin(&random, NOW_MS);
    let (old, opening) = Scanned::scan(&offer, &[0x71; 64], NOW_MS).unwrap();
    let (new, reveal) = new.receive(&opening, NOW_MS).unwrap();
    let old = old.receive(&reveal, NOW_MS).unwrap();
    let code = new.reveal_code();
    let old = old.enter(&code, NOW_MS).unwrap();
    let root = root(2).id();
    let (old, groups) = old.offer_groups(vec![GroupOffer { group, name: "Flat".to_owned(), root }]);
    let new = new.receive(&groups, NOW_MS).unwrap();
    let (new, devices) = new.accept(&[device(4)]).unwrap();
    let old = old.receive(&devices).unwrap();
    let granted = GrantedGroup {
        genesis: world.entry("genesis").clone(),
        enrolled_by: world.id("add-ben"),
        generation: Generation::Card(member),
        index: 0,
    };
    let grant = old.grant(Some(&entropy(2)), std::slice::from_ref(&granted)).unwrap();
    assert_eq!(new.receive(&grant, &[0x72; 32]).unwrap().groups, [granted]);
    let messages = [offer, opening, reveal, groups, devices, grant].map(|message| hex(&message));
    json!({
        "new_random": hex(&random),
        "old_random": hex(&[0x71; 64]),
        "now_ms": NOW_MS,
        "messages": messages,
        "code": *code,
        "group": group.to_string(),
        "root": root.to_string(),
        "device": device(4).id().to_string(),
        "entropy": hex(&[2; 32]),
    })
}

fn shares(world: &World) -> Value {
    let secret: [u8; 32] = core::array::from_fn(|i| 0xff - i as u8);
    let person = RootEntropy::from_bytes(secret);
    let (anna, ben) = (world.member("genesis"), world.member("add-ben"));
    let third = ledger_core::MemberId::from_bytes([7; 32]);
    let plan = SharePlan {
        group: world.group,
        member: ben,
        index: 5,
        needed: 2,
        holders: &[anna, ben, third],
        made_ms: NOW_MS,
    };
    let shares = split_entropy(&person, &plan, &[0x81; 32]).unwrap();
    let recovery = entropy(1).recovery_key(0);
    let key = ExchangeKey::from_bytes([0x82; 32]);
    let mut collection = ShareCollection::new(key);
    let request = collection.request().encode();
    let mut returned = Vec::new();
    for share in &shares {
        let sealed = share.seal_for_holder(&recovery.public_key(), &[0x83; 32]).unwrap();
        let opened = RecoveryShare::open_as_holder(&sealed, &recovery).unwrap();
        let back = RecoveryRequest::decode(&request).unwrap().answer(&opened, &[0x84; 32]).unwrap();
        collection.add(&back).unwrap();
        returned.push(json!({ "sealed": hex(&sealed), "returned": hex(&back) }));
    }
    assert!(collection.recover().is_ok());
    json!({
        "entropy": hex(&secret),
        "index": 5,
        "root": person.root_key(5).id().to_string(),
        "needed": 2,
        "holder_entropy": hex(&[1; 32]),
        "request_secret": hex(&[0x82; 32]),
        "request": hex(&request),
        "shares": returned,
    })
}

/// The digits that two people compare of a card, a certificate and the key of a request.
fn fingerprints(world: &World) -> Vec<Value> {
    let entry = world.entry("add-ben").decoded();
    let Payload::AddMember(add) = entry.payload() else { panic!("no card") };
    let (_, payload) = fields::split(entry.as_bytes());
    let mut decoder = minicbor::Decoder::new(payload);
    decoder.array().unwrap();
    let card = decoder.bytes().unwrap();
    let mut decoder = minicbor::Decoder::new(card);
    decoder.array().unwrap();
    (0..5).for_each(|_| decoder.skip().unwrap());
    let certificate = decoder.bytes().unwrap();
    let key = ExchangeKey::from_bytes([0x82; 32]);
    let request = ShareCollection::new(key).request();
    let of_key = ExchangeKey::from_bytes([0x82; 32]).public_key();
    let of = |what: &str, bytes: &[u8], digits: String| json!({ "of": what, "bytes": hex(bytes), "digits": digits });
    vec![
        of("a card", card, add.card().fingerprint().to_string()),
        of("a certificate", certificate, add.card().certificate().fingerprint().to_string()),
        of("the key of a recovery request", &of_key, request.fingerprint().to_string()),
    ]
}

/// Messages that are none, each with the rule that it breaks.
fn broken(link: &str) -> Vec<Value> {
    let link = message_from_text(link).unwrap();
    let mut cases = Vec::new();
    let mut push = |name: &str, bytes: &[u8]| {
        let rule = MessageKind::from_message(bytes).unwrap_err().rule();
        cases.push(json!({ "name": name, "bytes": hex(bytes), "rule": rule.code() }));
    };
    push("nothing", &[]);
    push("an unknown form", &[&[0x0f], &link[1..]].concat());
    push("another form than the check is of", &[&[0x11], &link[1..]].concat());
    push("cut off", &link[..link.len() - 1]);
    push("with a byte behind it", &[&link[..], &[0]].concat());
    push("altered", &[&link[..50], &[link[50] ^ 1], &link[51..]].concat());
    cases
}

pub(crate) fn build() -> Value {
    let world = World::with_ben();
    let invite = invite(&world);
    let broken = broken(invite["link"].as_str().unwrap());
    let about = "SPEC 13 to 16, and fingerprints (3.2). What the secrets in it give, to be worked out \
        again; broken messages with the rule that they break, null if none. new_random is session, \
        X25519 secret and r_N, old_random X25519 secret and r_O; the new device shows its code for \
        five minutes, which is local (N1 asks for ten at most). texts stand for bytes, or are refused \
        under M1. The messages of refused_invites are for the invite above, of pairing_steps for the \
        pairing above, each after an honest run up to its step; typed_codes are typed in that pairing; \
        an old device scans each of weak_offers. The shares of a collection arrive one \
        after the other; the rule is what the last one breaks, or all of them together.";
    file(
        about,
        "messages",
        json!({
            "phrases": phrases(),
            "invite": invite,
            "pairing": pairing(&world),
            "shares": shares(&world),
            "broken": broken,
            "texts": refused_messages::texts(),
            "refused_phrases": refused_messages::phrases(),
            "refused_invites": refused_messages::invites(&world),
            "pairing_steps": refused_pairings::build(&world),
            "typed_codes": refused_pairings::typed(),
            "weak_offers": refused_pairings::weak_offers(),
            "collections": {
                "request_secret": hex(&[0x82; 32]),
                "cases": refused_shares::shares(),
            },
            "refused_requests": refused_shares::requests(),
            "enrolments": refused_shares::enrolments(),
            "fingerprints": fingerprints(&world),
        }),
    )
}
