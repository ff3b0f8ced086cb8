//! Shares, requests for them and enrolments to carry that break a rule (SPEC §16).

use ledger_core::engine::{Draft, NewGroup, Payload, VerifiedEntry};
use ledger_core::keys::{ExchangeKey, RootEntropy, SignedDevice};
use ledger_core::messages::recovery::{
    EnrolmentError, EnrolmentRequest, RecoveryRequest, ShareCollection,
};
use ledger_core::seal::{EnvelopeError, EpochKey};
use ledger_core::statement::NewStatement;
use serde_json::{Value, json};

use crate::vectors::raw::{Piece, array, bytes, certify_with, uint};
use crate::vectors::sealed_by_hand::{Sealer, message, padded, root_seed, wrap};
use crate::vectors::world::{World, device, entropy, hex};

/// The person recovering, and the secret of their request.
const PERSON: [u8; 32] = [0x21; 32];
const REQUEST: [u8; 32] = [0x82; 32];

/// The twelve fields of share number x of a set of 2 of 3 whose polynomials are the entropy and
/// ones.
fn fields(x: u8) -> Vec<Piece> {
    // Times one, a constant of x in GF(2^8): value = entropy + x.
    let value: Vec<u8> = PERSON.iter().map(|byte| byte ^ x).collect();
    vec![
        uint(1),
        bytes(&[1; 32]),
        bytes(&[2; 32]),
        bytes(RootEntropy::from_bytes(PERSON).root_key(5).id().as_bytes()),
        uint(5),
        bytes(&[3; 16]),
        uint(1_800_000_000_000),
        uint(2),
        uint(3),
        uint(u64::from(x)),
        bytes(&[4; 32]),
        bytes(&value),
    ]
}

/// A returned share of these fields, signed by the person's root key.
fn returned(fields: &[Piece]) -> Vec<u8> {
    let share = array(fields);
    let signature = certify_with(&root_seed(&PERSON, 5), "share", &share);
    sealed(&array(&[bytes(&share), bytes(&signature)]))
}

fn sealed(plaintext: &[u8]) -> Vec<u8> {
    let to = ExchangeKey::from_bytes(REQUEST).public_key();
    message(0x32, &[&wrap(&to, "share-return", &to, plaintext)])
}

/// Shares that arrive one after the other; the rule is that which the last one breaks, or what the
/// collection of them breaks.
pub(crate) fn shares() -> Vec<Value> {
    let mut cases = Vec::new();
    let mut push = |name: &str, rule: Option<&str>, shares: &[Vec<u8>]| {
        let mut collection = ShareCollection::new(ExchangeKey::from_bytes(REQUEST));
        let (last, first) = shares.split_last().unwrap();
        for share in first {
            collection.add(share).unwrap();
        }
        let mut found = collection.add(last).err();
        if found.is_none() && collection.progress().unwrap().is_enough() {
            found = collection.recover().err();
        }
        let found = found.map(|error| error.rule().unwrap().code());
        assert_eq!(found, rule, "{name}");
        let shares: Vec<String> = shares.iter().map(|share| hex(share)).collect();
        cases.push(json!({ "name": name, "rule": rule, "returned": shares }));
    };
    let sound = |x| returned(&fields(x));
    let with = |field: usize, piece: Piece| {
        let mut fields = fields(1);
        fields[field] = piece;
        returned(&fields)
    };
    push("two of three", None, &[sound(1), sound(3)]);
    push("of the form of a share for a friend", Some("M1"), &[message(0x30, &[&[0; 100]])]);
    push("sealed for nobody", Some("R4"), &[message(0x32, &[&[9; 100]])]);
    push("with nothing sealed", Some("R4"), &[message(0x32, &[])]);
    push("of version 2", Some("R3"), &[with(0, uint(2))]);
    push("of which one is needed", Some("R3"), &[with(7, uint(1))]);
    push("of which more are needed than there are", Some("R3"), &[with(7, uint(4))]);
    push("of 33", Some("R3"), &[with(8, uint(33))]);
    push("number 0", Some("R3"), &[with(9, uint(0))]);
    push("number 4 of 3", Some("R3"), &[with(9, uint(4))]);
    push("number 256", Some("R3"), &[with(9, uint(256))]);
    push("root key number 2^32", Some("R3"), &[with(4, uint(1 << 32))]);
    push("with a value of 31 bytes", Some("C6"), &[with(11, bytes(&[0; 31]))]);
    let mut long = fields(1);
    long.push(uint(0));
    push("with a field too many", Some("C6"), &[returned(&long)]);
    let share = array(&fields(1));
    let forged = certify_with(&root_seed(&PERSON, 4), "share", &share);
    let forged = sealed(&array(&[bytes(&share), bytes(&forged)]));
    push("signed by another root key", Some("R5"), &[forged]);
    let mut wrong = fields(1);
    wrong[7] = uint(1);
    let wrong = array(&wrong);
    let unsigned = sealed(&array(&[bytes(&wrong), bytes(&[0; 64])]));
    push("of which one is needed, and not signed", Some("R3"), &[unsigned]);
    let others = |x| {
        let mut other = fields(x);
        other[2] = bytes(&[9; 32]);
        returned(&other)
    };
    push("of another member than the first", None, &[sound(1), others(2)]);
    push("of another member, with the number of the first", None, &[sound(1), others(1)]);
    push("of another member in between", None, &[sound(1), others(2), sound(2)]);
    push("with the number of the first", Some("R6"), &[sound(1), sound(1)]);
    let mut false_value = fields(3);
    false_value[11] = bytes(&[0; 32]);
    push("with a false value", Some("R7"), &[sound(1), returned(&false_value)]);
    let mut old = fields(2);
    old[6] = uint(1_700_000_000_000);
    push("of two sets", None, &[sound(1), returned(&old)]);
    push("of two sets, of which one is whole", None, &[sound(1), returned(&old), sound(2)]);
    cases
}

/// Requests of a person recovering.
pub(crate) fn requests() -> Vec<Value> {
    let case = |(name, rule, body): (&str, &str, &[u8])| {
        let message = message(0x31, &[body]);
        let found = RecoveryRequest::decode(&message).unwrap_err().rule().code();
        assert_eq!(found, rule, "{name}");
        json!({ "name": name, "rule": rule, "message": hex(&message) })
    };
    let cases: [(&str, &str, &[u8]); 3] = [
        ("a byte short", "M2", &[9; 31]),
        ("a byte long", "M2", &[9; 33]),
        ("with a weak key", "K2", &[0; 32]),
    ];
    cases.map(case).to_vec()
}

/// Ben's enrolment of a restored device, sealed for a member to carry, and what breaks it.
pub(crate) fn enrolments() -> Value {
    let mut w = World::with_ben();
    let ben = w.by_card("add-ben");
    let tablet = w.certificate(2, 4);
    let enrol = NewStatement::Enrol { generation: ben, device: &tablet };
    w.issue_statement(2, "enrol", 2, &enrol, &["*"], &["*"]);
    let rename = NewStatement::Rename { generation: ben, name: "Benjamin" };
    w.issue_statement(2, "rename", 2, &rename, &["*"], &["*"]);
    let key = EpochKey::from_bytes(w.group, [0x51; 32]);
    let signed = |entry: &VerifiedEntry| match entry.decoded().payload() {
        Payload::Statement(signed) => (**signed).clone(),
        _ => panic!("no statement"),
    };
    let whole = EnrolmentRequest::new(signed(w.entry("enrol"))).unwrap().seal(&key);
    let sealer = Sealer { secret: [0x51; 32], topic: *key.topic().as_bytes() };
    let payload = |world: &World, label: &str| {
        let entry = world.entry(label).decoded();
        crate::vectors::fields::split(entry.as_bytes()).1.to_vec()
    };
    let carried = |nonce: [u8; 24], plaintext: &[u8]| {
        let envelope = sealer.seal(0x33, "carry", nonce, plaintext);
        message(0x33, &[&envelope[1..]])
    };
    let named = |world: &World, label: &str| sealer.nonce(world.statement_id(label).as_bytes());
    let enrol = payload(&w, "enrol");
    assert_eq!(carried(named(&w, "enrol"), &padded(&enrol, &[])), whole);
    let anna = entropy(1);
    let new = NewGroup::new("Other", "Anna", &anna, 1, [8; 32]);
    let mut other = World::begun_with(new.create(&device(1), 0).unwrap());
    let second = SignedDevice::new(other.group, &anna.root_key(1), &device(5)).unwrap();
    let theirs = NewStatement::Enrol { generation: other.by_card("genesis"), device: &second };
    let draft =
        Draft::statement(&anna.root_key(1), other.group, &theirs, other.ids(&["*"]), [7; 16]);
    other.say(1, "theirs", &["*"], draft.unwrap());

    let mut cases = Vec::new();
    let mut push = |name: &str, rule: Option<&str>, bytes: &[u8]| {
        let found = match EnrolmentRequest::open(bytes, &key) {
            Ok(_) => None,
            Err(EnrolmentError::Message(error)) => Some(error.rule().code()),
            Err(EnrolmentError::Content(refusal)) => Some(refusal.rule().code()),
            Err(EnrolmentError::Envelope(error)) => Some(envelope_rule(&error)),
            Err(error) => panic!("{error}"),
        };
        assert_eq!(found, rule, "{name}");
        cases.push(json!({ "name": name, "rule": rule, "message": hex(bytes) }));
    };
    push("as it is", None, &whole);
    push("cut off", Some("M1"), &whole[..whole.len() - 1]);
    let inner = &whole[1..whole.len() - 4];
    push("a byte short", Some("X1"), &message(0x33, &[&inner[1..]]));
    push("of another topic", Some("X2"), &message(0x33, &[&[9; 32], &inner[32..]]));
    let mut altered = inner.to_vec();
    altered[100] ^= 1;
    push("altered", Some("X3"), &message(0x33, &[&altered]));
    let mut long = padded(&enrol, &[]);
    long.resize(1024, 0);
    push("with more padding", Some("X4"), &carried(named(&w, "enrol"), &long));
    let mut dirty = padded(&enrol, &[]);
    *dirty.last_mut().unwrap() = 1;
    push("with padding that is not zero", Some("X4"), &carried(named(&w, "enrol"), &dirty));
    push("under another nonce", Some("X5"), &carried([9; 24], &padded(&enrol, &[])));
    let theirs = padded(&payload(&other, "theirs"), &[]);
    push("for another group", Some("K3"), &carried(named(&other, "theirs"), &theirs));
    let rename = padded(&payload(&w, "rename"), &[]);
    push("a renaming", Some("Q2"), &carried(named(&w, "rename"), &rename));
    let mut forged = enrol;
    // The statement's signature stands before the certificate's and the acceptance.
    let at = forged.len() - 100 - 64;
    forged[at] ^= 1;
    push("with a bad signature", Some("K4"), &carried(named(&w, "enrol"), &padded(&forged, &[])));
    json!({ "secret": hex(&[0x51; 32]), "group": w.group.to_string(), "cases": cases })
}

/// The rule that an envelope breaks.
pub(crate) fn envelope_rule(error: &EnvelopeError) -> &'static str {
    match error {
        EnvelopeError::Kind(_) | EnvelopeError::Size(_) => "X1",
        EnvelopeError::OtherTopic { .. } => "X2",
        EnvelopeError::NotAuthentic => "X3",
        EnvelopeError::Length(_) | EnvelopeError::Padding => "X4",
        EnvelopeError::Nonce => "X5",
        EnvelopeError::Entry(_) => "X6",
        other => panic!("{other}"),
    }
}
