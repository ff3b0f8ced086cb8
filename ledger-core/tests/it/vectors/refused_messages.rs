//! Texts, invites, requests and answers that break a rule (SPEC §13, §14).

use ed25519_zebra::SigningKey;
use ledger_core::engine::NewGroup;
use ledger_core::keys::{RootEntropy, SignedCard};
use ledger_core::messages::invite::{InviteLink, InviteSecret, JoinRequest, Welcome};
use ledger_core::messages::{message_from_text, message_to_text};
use serde_json::{Value, json};

use crate::vectors::raw::{self, array, bytes};
use crate::vectors::sealed_by_hand::{kdf, message, public, wrap};
use crate::vectors::world::{World, device, entropy, hex};

/// The secret of the invite in `messages.json`.
pub(crate) const INVITE: [u8; 32] = [0x61; 32];

/// Texts with what they stand for, or null.
pub(crate) fn texts() -> Vec<Value> {
    let text = |text: &str| {
        let found = message_from_text(text).ok();
        json!({ "text": text, "bytes": found.map(|bytes| hex(&bytes)) })
    };
    let all = [
        "",
        "AA",
        "AB",
        "AAA",
        "AAB",
        "A",
        "AAAA",
        "AAAAA",
        "AA==",
        "AA=",
        "_-_-",
        "/+/+",
        "_-_-_-_-",
        " A\tA\r\nA A ",
        "AA\u{a0}\u{2003}AA",
        "AA\u{200b}AA",
        "https://example.org/join#x#AAAA",
        "AAAA#",
        "#",
        "AÄAA",
        "AA.A",
    ];
    all.map(text).to_vec()
}

struct Invite {
    group: [u8; 32],
    s: [u8; 32],
    inviter: [u8; 32],
    inv: [u8; 32],
}

impl Invite {
    fn new(world: &World) -> Self {
        let s = kdf(&[], &INVITE, "inv-s", &[]);
        let seed = kdf(&[], &s, "inv-ed", &[]);
        Self {
            group: *world.group.as_bytes(),
            s,
            inviter: public(kdf(&[], &INVITE, "inv-x", &[])),
            inv: ed25519_zebra::VerificationKey::from(&SigningKey::from(seed)).into(),
        }
    }

    /// A request whose sealed part holds this, signed by the link's key.
    fn request(&self, plaintext: &[u8]) -> Vec<u8> {
        let context = [self.group, self.inv].concat();
        self.signed(&wrap(&self.inviter, "join-seal", &context, plaintext))
    }

    fn signed(&self, sealed: &[u8]) -> Vec<u8> {
        let signed = [&self.group[..], &self.inviter, sealed].concat();
        let message_bytes = [b"gl/1/join".as_slice(), &raw::digest("join", &signed)].concat();
        let seed = kdf(&[], &self.s, "inv-ed", &[]);
        let signature: [u8; 64] = SigningKey::from(seed).sign(&message_bytes).into();
        message(0x11, &[&self.inv, sealed, &signature])
    }
}

/// Links, requests and answers of the invite in `messages.json`, each with the rule it breaks.
pub(crate) fn invites(world: &World) -> Vec<Value> {
    let mut cases = Vec::new();
    let invite = Invite::new(world);
    let mut push = |reader: &str, name: &str, rule: &str, message: &[u8]| {
        let found = match reader {
            "link" => {
                let text = message_to_text(message);
                InviteLink::parse(&text).map(|_| ()).map_err(|error| error.rule())
            }
            "request" => {
                let secret = InviteSecret::from_bytes(INVITE);
                let opened = JoinRequest::open(message, &secret, world.group);
                opened.map(|_| ()).map_err(|error| error.rule())
            }
            _ => {
                let phone = device(3);
                let card = SignedCard::new(world.group, "Cleo", &entropy(3), 0, &phone).unwrap();
                let (card, exchange) = (card.card(), phone.exchange_key());
                let opened = Welcome::open(message, world.group, card, exchange, &[1; 32]);
                opened.map(|_| ()).map_err(|error| error.rule())
            }
        };
        assert_eq!(found.map_err(|rule| rule.code()), Err(rule), "{name}");
        let message = hex(message);
        cases.push(json!({ "reader": reader, "name": name, "rule": rule, "message": message }));
    };
    let parts: [&[u8]; 3] = [&invite.group, &invite.s, &invite.inviter];
    push("link", "of the form of a request", "M1", &message(0x11, &parts));
    push("link", "cut off", "M1", &message(0x10, &parts)[..100]);
    push("link", "a byte short", "M2", &message(0x10, &[parts[0], parts[1], &parts[2][1..]]));
    push("link", "a byte long", "M2", &message(0x10, &[parts[0], parts[1], parts[2], &[0]]));
    push("link", "to a weak key", "K2", &message(0x10, &[parts[0], parts[1], &[0; 32]]));

    let (card, signatures) = raw::card(&invite.group, "Cleo", 120, 121);
    let sound = array(&[bytes(&card), signatures.clone()]);
    let request = invite.request(&sound);
    let inner = &request[1..request.len() - 4];
    push("request", "of the form of an answer", "M1", &message(0x12, &[inner]));
    push("request", "too short for its fields", "M2", &message(0x11, &[&inner[..95]]));
    let other = [&[1; 32], &inner[32..]].concat();
    push("request", "for another invite", "J1", &message(0x11, &[&other]));
    let mut forged = inner.to_vec();
    let last = forged.len() - 1;
    forged[last] ^= 1;
    push("request", "with a bad signature", "J1", &message(0x11, &[&forged]));
    push("request", "sealed for nobody", "J2", &invite.signed(&[9; 100]));
    push("request", "with nothing sealed", "J2", &invite.signed(&[]));
    let short = invite.request(&array(&[bytes(&card)]));
    push("request", "without card signatures", "J3", &short);
    let (elsewhere, theirs) = raw::card(&[5; 32], "Cleo", 120, 121);
    let elsewhere = invite.request(&array(&[bytes(&elsewhere), theirs]));
    push("request", "with a card for another group", "J3", &elsewhere);
    let swapped = raw::card(&invite.group, "Cleo", 120, 122).1;
    let swapped = invite.request(&array(&[bytes(&card), swapped]));
    push("request", "with the signatures of another card", "J3", &swapped);
    push(
        "request",
        "with something behind the card",
        "J3",
        &invite.request(&[sound, vec![0xf6]].concat()),
    );

    let genesis = world.entry("genesis").decoded();
    let card = SignedCard::new(world.group, "Cleo", &entropy(3), 0, &device(3)).unwrap();
    let member = *card.card().member().as_bytes();
    let context = [invite.group, member].concat();
    let to = device(3).exchange_public_key();
    let answer =
        |fields: &[raw::Piece]| message(0x12, &[&wrap(&to, "answer", &context, &array(fields))]);
    let sound = || vec![bytes(genesis.as_bytes()), bytes(genesis.signature()), bytes(&[1; 32])];
    let whole = answer(&sound());
    push("answer", "of the form of a request", "M1", &message(0x11, &[&whole[1..whole.len() - 4]]));
    push("answer", "sealed for nobody", "J2", &message(0x12, &[&[9; 100]]));
    let another = [invite.group, [7; 32]].concat();
    let another = message(0x12, &[&wrap(&to, "answer", &another, &array(&sound()))]);
    push("answer", "to another card", "J2", &another);
    push("answer", "without what admitted the card", "J3", &answer(&sound()[..2]));
    let mut forged = sound();
    forged[1] = bytes(&[0; 64]);
    push("answer", "with a badly signed entry", "J3", &answer(&forged));
    let mut long = genesis.as_bytes().to_vec();
    long.push(0);
    let mut broken = sound();
    broken[0] = bytes(&long);
    push("answer", "with an entry that is too long", "J3", &answer(&broken));
    let anna = entropy(1);
    let other = NewGroup::new("Other", "Anna", &anna, 1, [8; 32]).create(&device(1), 0).unwrap();
    let mut elsewhere = sound();
    elsewhere[0] = bytes(other.decoded().as_bytes());
    elsewhere[1] = bytes(other.decoded().signature());
    push("answer", "into another group", "J4", &answer(&elsewhere));
    let plain = world.entry("add-ben").decoded();
    let mut not_genesis = sound();
    not_genesis[0] = bytes(plain.as_bytes());
    not_genesis[1] = bytes(plain.signature());
    push("answer", "with an entry that is no genesis entry", "J4", &answer(&not_genesis));
    cases
}

/// Phrases that are refused. The words are of the phrases in `messages.json`.
pub(crate) fn phrases() -> Vec<Value> {
    let counting: [u8; 32] = core::array::from_fn(|i| i as u8);
    let phrase = RootEntropy::from_bytes(counting).reveal_phrase();
    let words: Vec<&str> = phrase.split(' ').collect();
    let mut swapped = words.clone();
    swapped.swap(0, 1);
    let longer = [&words[..], &words[..1]].concat();
    let mut unknown = words.clone();
    unknown[3] = "xyzzy";
    let mut both = swapped.clone();
    both[3] = "xyzzy";
    let cases = [
        ("23 words", words[..23].join(" "), Some("R1")),
        ("25 words", longer.join(" "), Some("R1")),
        ("nothing", String::new(), Some("R1")),
        ("a word that is none", unknown.join(" "), Some("R1")),
        ("two words exchanged", swapped.join(" "), Some("R2")),
        ("two words exchanged, and one that is none", both.join(" "), Some("R1")),
        ("in capital letters, on two lines", words.join(" \n ").to_uppercase(), None),
    ];
    let case = |(name, phrase, rule): (&str, String, Option<&str>)| {
        let found = RootEntropy::from_phrase(&phrase).err().map(|error| error.rule().code());
        assert_eq!(found, rule, "{name}");
        json!({ "name": name, "phrase": phrase, "rule": rule })
    };
    cases.map(case).to_vec()
}
