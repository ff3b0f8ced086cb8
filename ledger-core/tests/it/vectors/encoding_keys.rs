//! Cards, certificates and statements that break a rule (SPEC §3).

use crate::vectors::encoding::{Cases, with_refs};
use crate::vectors::raw::{
    GROUP, Piece, array, array_head, bytes, card_fields, card_signatures, certificate_fields,
    certify, ids, null, public, text, uint,
};
use crate::vectors::signatures::unhex;

/// `add member` with these fields of certificate and card, all signed.
pub(super) fn add(certificate: &[Piece], change: impl Fn(&mut Vec<Piece>)) -> Piece {
    let certificate = array(certificate);
    let mut fields = card_fields(&GROUP, 11, "Ben", &certificate);
    change(&mut fields);
    let card = array(&fields);
    array(&[bytes(&card), card_signatures(&card, 11, &certificate, 12)])
}

fn certificates(cases: &mut Cases) {
    let sound = || certificate_fields(&GROUP, 11, 12);
    let mut certificate = |rule: &str, name: &str, field: usize, piece: Piece| {
        let mut fields = sound();
        fields[field] = piece;
        cases.payload(rule, name, 2, 0, &add(&fields, |_| {}));
    };
    certificate("K3", "certificate of version 2", 0, uint(2));
    certificate("K3", "certificate for another group than its card", 1, bytes(&[5; 32]));
    certificate("K3", "certificate of another root key", 2, bytes(&public(13)));
    certificate("K3", "certificate with another kem_id", 4, uint(0x647a));
    certificate("C6", "certificate with a key of 31 bytes", 3, bytes(&[1; 31]));
    for (name, point) in [
        ("of order one", "0100000000000000000000000000000000000000000000000000000000000000"),
        ("of order two", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
        ("of order eight", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
        ("not canonical", "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
        ("minus zero", "0100000000000000000000000000000000000000000000000000000000000080"),
        ("not on the curve", "0200000000000000000000000000000000000000000000000000000000000000"),
        ("with torsion", "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d"),
    ] {
        certificate("K1", &format!("device key {name}"), 3, bytes(&unhex(point)));
    }
    let small = unhex("0100000000000000000000000000000000000000000000000000000000000000");
    certificate("K1", "root key of order one", 2, bytes(&small));
    for (name, point) in [
        ("0", "0000000000000000000000000000000000000000000000000000000000000000"),
        ("1", "0100000000000000000000000000000000000000000000000000000000000000"),
        ("of order eight", "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
        ("p - 1", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
        ("p + 9", "f6ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
        ("with the top bit", "0900000000000000000000000000000000000000000000000000000000000080"),
    ] {
        certificate("K2", &format!("exchange key {name}"), 5, bytes(&unhex(point)));
    }
    let mut more = sound();
    more.push(null());
    cases.payload("C6", "certificate of eight fields", 2, 0, &add(&more, |_| {}));
    cards(cases, &sound());
}

fn cards(cases: &mut Cases, sound: &[Piece]) {
    let elsewhere = add(&certificate_fields(&[5; 32], 11, 12), |card| card[1] = bytes(&[5; 32]));
    cases.payload("K3", "card for another group", 2, 0, &elsewhere);
    let two = add(sound, |card| card[0] = uint(2));
    cases.payload("K3", "card of version 2", 2, 0, &two);
    let weak = add(sound, |card| card[3] = bytes(&[0; 32]));
    cases.payload("K2", "recovery key of low order", 2, 0, &weak);
    let nameless = add(sound, |card| card[4] = text(""));
    cases.payload("P3", "card without a name", 2, 0, &nameless);
    let certificate = array(sound);
    let card = array(&card_fields(&GROUP, 11, "Ben", &certificate));
    let bad = |place: usize| {
        let mut all = [
            certify(11, "card", &card),
            certify(11, "dev-cert", &certificate),
            certify(12, "dev-accept", &certificate),
        ];
        all[place][33] ^= 1;
        let all: Vec<Piece> = all.iter().map(|signature| bytes(signature)).collect();
        array(&[bytes(&card), array(&all)])
    };
    for (place, name) in [(0, "card"), (1, "certificate"), (2, "acceptance")] {
        cases.payload("K4", &format!("{name} with a bad signature"), 2, 0, &bad(place));
    }
    let swapped = array(&[bytes(&card), card_signatures(&card, 11, &certificate, 11)]);
    cases.payload("K4", "acceptance by the root key", 2, 0, &swapped);
    let wrong = array(&[
        bytes(&certify(11, "dev-cert", &card)),
        bytes(&certify(11, "dev-cert", &certificate)),
        bytes(&certify(12, "dev-accept", &certificate)),
    ]);
    let wrong = array(&[bytes(&card), wrong]);
    cases.payload("K4", "card signed as a certificate", 2, 0, &wrong);
    let two = array(&[bytes(&card), array(&[bytes(&[0; 64]), bytes(&[0; 64])])]);
    cases.payload("C6", "card with two signatures", 2, 0, &two);
    let claim = [array_head(3), uint(0), add(sound, |_| {})[1..].to_vec()].concat();
    cases.payload("P1", "claim of nothing", 4, 0, &claim);
    for (place, name) in [(0, "card"), (1, "certificate"), (2, "acceptance")] {
        let claim = [array_head(3), uint(0), bad(place)[1..].to_vec()].concat();
        cases.payload("K4", &format!("claim whose {name} is badly signed"), 4, 1, &claim);
    }
    cases.payload("P2", "add member with a ref", 2, 1, &add(sound, |_| {}));
    let (entry, mut signature) = with_refs(2, 0, &bad(0));
    signature[33] ^= 1;
    cases.push("S1", "a bad card and a bad signature: S1 before K4", (entry, signature));
}

const BASE: [[u8; 32]; 1] = [[1; 32]];

/// The fields of a statement by root key 11.
pub(super) fn statement(kind: u64, body: Piece) -> Vec<Piece> {
    vec![uint(1), bytes(&GROUP), bytes(&public(11)), uint(kind), body, ids(&BASE), bytes(&[6; 16])]
}

pub(super) fn generation(kind: u64) -> Piece {
    array(&[uint(kind), bytes(&[7; 32])])
}

pub(super) fn carried(fields: &[Piece], more: Piece) -> Piece {
    let act = array(fields);
    array(&[bytes(&act), bytes(&certify(11, "act", &act)), more])
}

fn statements(cases: &mut Cases) {
    let leave = || statement(3, array(&[generation(0)]));
    let mut broken = |rule, name, field: usize, piece: Piece| {
        let mut fields = leave();
        fields[field] = piece;
        cases.payload(rule, name, 6, 1, &carried(&fields, array(&[])));
    };
    broken("K3", "statement of version 2", 0, uint(2));
    broken("K3", "statement for another group", 1, bytes(&[5; 32]));
    broken("K4", "statement signed by another key", 2, bytes(&public(13)));
    broken("Q2", "statement of kind 0", 3, uint(0));
    broken("Q2", "statement of kind 8", 3, uint(8));
    broken("Q2", "generation of kind 3", 4, array(&[generation(3)]));
    broken("C6", "generation of three fields", 4, array(&[array(&[uint(0), null(), null()])]));
    broken("C6", "leave with two fields", 4, array(&[generation(0), null()]));
    broken("Q1", "empty base", 5, array(&[]));
    broken("Q1", "base that descends", 5, ids(&[[2; 32], [1; 32]]));
    broken("Q1", "base with an id twice", 5, ids(&[[1; 32], [1; 32]]));
    let many: Vec<[u8; 32]> = (1..18).map(|n| [n; 32]).collect();
    broken("Q1", "base of 17 ids", 5, ids(&many));
    broken("Q3", "base that is not the refs", 5, ids(&[[9; 32]]));
    broken("C6", "statement with a nonce of 15 bytes", 6, bytes(&[6; 15]));
    let sound = carried(&leave(), array(&[]));
    cases.payload("Q3", "statement with a ref too many", 6, 2, &sound);
    let long = [array(&leave()), null()].concat();
    let long = array(&[bytes(&long), bytes(&certify(11, "act", &long)), array(&[])]);
    cases.payload("C5", "something after the statement", 6, 1, &long);
    let act = array(&leave());
    let wrong = array(&[bytes(&act), bytes(&certify(11, "card", &act)), array(&[])]);
    cases.payload("K4", "statement signed as a card", 6, 1, &wrong);
    let more = carried(&leave(), array(&[bytes(&[0; 64]), bytes(&[0; 64])]));
    cases.payload("C6", "leave with device signatures", 6, 1, &more);
    let rename = statement(4, array(&[generation(0), text("")]));
    cases.payload("P3", "rename to nothing", 6, 1, &carried(&rename, array(&[])));
    let rename = statement(7, array(&[text(&"g".repeat(257))]));
    cases.payload("P3", "rename group to 257 bytes", 6, 1, &carried(&rename, array(&[])));
    enrolments(cases);
}

fn enrolments(cases: &mut Cases) {
    let enrol = |place: &[u8; 32], root: u8, accepting: u8| {
        let certificate = array(&certificate_fields(place, root, 12));
        let body = array(&[generation(0), bytes(&certificate)]);
        let more = array(&[
            bytes(&certify(root, "dev-cert", &certificate)),
            bytes(&certify(accepting, "dev-accept", &certificate)),
        ]);
        carried(&statement(1, body), more)
    };
    cases.payload("K3", "enrolment for another group", 6, 1, &enrol(&[5; 32], 11, 12));
    cases.payload("K3", "enrolment certified by another root", 6, 1, &enrol(&GROUP, 13, 12));
    cases.payload("K4", "enrolment that the device refused", 6, 1, &enrol(&GROUP, 11, 13));
    let bind = |place: &[u8; 32], device: u8| {
        let certificate = array(&certificate_fields(place, 14, 12));
        let card = array(&card_fields(place, 14, "Ben", &certificate));
        let body = array(&[bytes(&[7; 32]), bytes(&card)]);
        carried(&statement(6, body), card_signatures(&card, 14, &certificate, device))
    };
    cases.payload("K3", "bind to a card for another group", 6, 1, &bind(&[5; 32], 12));
    cases.payload("K4", "bind that the device refused", 6, 1, &bind(&GROUP, 13));
    let nothing = statement(6, array(&[bytes(&[7; 32]), bytes(&[])]));
    cases.payload("C6", "bind to an empty card", 6, 1, &carried(&nothing, array(&[])));
}

/// Longer forms of certificates and cards. These are kept as received, so comparing with a
/// fresh encoding finds nothing: reading itself must refuse them.
fn longer_forms(cases: &mut Cases) {
    let sound = certificate_fields(&GROUP, 11, 12);
    let with = |field: usize, piece: &[u8]| {
        let mut fields = sound.clone();
        fields[field] = piece.to_vec();
        add(&fields, |_| {})
    };
    let root = [&[0x59, 0x00, 0x20][..], &public(11)].concat();
    cases.payload("C2", "certificate with a key of a longer length", 2, 0, &with(2, &root));
    cases.payload("C2", "certificate with a longer x_gen", 2, 0, &with(6, &[0x18, 0x00]));
    let name = add(&sound, |card| card[4] = b"\x78\x03Ben".to_vec());
    cases.payload("C2", "card with a name of a longer length", 2, 0, &name);
    let head = |fields: &[Piece]| [&[0x98, fields.len() as u8][..], &fields.concat()].concat();
    let certificate = array(&sound);
    let card = head(&card_fields(&GROUP, 11, "Ben", &certificate));
    let card = array(&[bytes(&card), card_signatures(&card, 11, &certificate, 12)]);
    cases.payload("C2", "card with a longer array", 2, 0, &card);
    let act = head(&statement(3, array(&[generation(0)])));
    let act = array(&[bytes(&act), bytes(&certify(11, "act", &act)), array(&[])]);
    cases.payload("C2", "statement with a longer array", 6, 1, &act);
    let mut leave = statement(3, array(&[generation(0)]));
    leave[5] = [&[0x98, 0x01][..], &bytes(&BASE[0])].concat();
    cases.payload("C2", "base with a longer length", 6, 1, &carried(&leave, array(&[])));
}

pub(crate) fn push(cases: &mut Cases) {
    certificates(cases);
    statements(cases);
    longer_forms(cases);
}
