//! Mistakes that meet in one encoding, and the rule that is named (SPEC §1.3, §2 to §4).

use crate::vectors::encoding::{Cases, with_refs};
use crate::vectors::encoding_keys::{add, carried, generation, statement};
use crate::vectors::encoding_payloads::{
    expense, founder_with, genesis, genesis_with_signatures, part, transfer, with,
};
use crate::vectors::raw::{
    self, GROUP, Piece, array, array_head, bytes, certificate_fields, certify, ids, null, text,
    uint,
};

const LOW_ORDER: [u8; 32] = [0; 32];

fn heads(cases: &mut Cases) {
    let timestamp = |cases: &mut Cases, rule, name, piece: &[u8]| {
        cases.header(rule, name, raw::TIMESTAMP, piece.to_vec());
    };
    timestamp(cases, "C1", "indefinite negative integer", &[0x3f]);
    timestamp(cases, "C1", "indefinite tag", &[0xdf]);
    timestamp(cases, "C3", "indefinite byte string for an integer", &[0x5f, 0xff]);
    timestamp(cases, "C2", "byte string with a longer length for an integer", &[0x58, 0x00]);
    timestamp(cases, "C2", "array with a longer length for an integer", &[0x98, 0x00]);
    let nine = [0x3b, 0x80, 0, 0, 0, 0, 0, 0, 0];
    timestamp(cases, "C1", "negative integer beyond 2^63", &nine);
    let long = [&[0x5b, 0x80, 0, 0, 0, 0, 0, 0, 0][..], &[1; 32]].concat();
    cases.header("C6", "byte string of 2^63 bytes", raw::DEVICE, long);
    let few = [array_head(9), uint(1)].concat();
    cases.header("C1", "nine parents announced, the first a number", raw::PARENTS, few);
    cases.header("C7", "kind 2^63: C7 before H6", raw::KIND, vec![0x1b, 0x80, 0, 0, 0, 0, 0, 0, 0]);
    let fields = raw::header(&raw::public(1), 999, b"opaque");
    let begun = [array_head(12), fields[..raw::TIMESTAMP].concat()].concat();
    for (name, head) in [
        ("cut off inside a head of a negative integer", &[0x39, 0x01][..]),
        ("cut off inside a head of a float", &[0xf9, 0x01]),
        ("cut off inside a head of a tag", &[0xda, 0x01]),
    ] {
        let short = [&begun[..], head].concat();
        cases.push("C6", name, (short, [0; 64]));
    }
}

fn certificates(cases: &mut Cases) {
    let sound = || certificate_fields(&GROUP, 11, 12);
    let mut broken = |rule, name, changes: &[(usize, Piece)]| {
        let mut fields = sound();
        for (field, piece) in changes {
            if *field < fields.len() {
                fields[*field] = piece.clone();
            } else {
                fields.push(piece.clone());
            }
        }
        cases.payload(rule, name, 2, 0, &add(&fields, |_| {}));
    };
    let low = || bytes(&LOW_ORDER);
    broken(
        "K3",
        "certificate of version 2 with a short root key",
        &[(0, uint(2)), (2, bytes(&[1; 31]))],
    );
    broken(
        "K3",
        "certificate with another kem_id and a short exchange key",
        &[(4, uint(0x21)), (5, bytes(&[9; 31]))],
    );
    broken(
        "C6",
        "certificate with a weak root key and a short exchange key",
        &[(2, low()), (5, bytes(&[9; 31]))],
    );
    broken(
        "K1",
        "certificate with a weak device key and a weak exchange key",
        &[(3, bytes(&[1; 32])), (5, low())],
    );
    let card = |change: &dyn Fn(&mut Vec<Piece>)| add(&sound(), change);
    let two = card(&|card| {
        card[0] = uint(2);
        card[4] = text("");
    });
    cases.payload("K3", "card of version 2 without a name", 2, 0, &two);
    let mut weak = sound();
    weak[2] = low();
    let more = add(&weak, |card| card[3] = low());
    cases.payload("K1", "card with a weak root key and a weak recovery key", 2, 0, &more);
    let more = add(&weak, |card| card.push(null()));
    cases.payload("C6", "card of seven fields with a weak root key", 2, 0, &more);
    let elsewhere = add(&certificate_fields(&[5; 32], 11, 12), |card| card[3] = low());
    cases.payload(
        "K2",
        "card with a weak recovery key, of another group than its certificate",
        2,
        0,
        &elsewhere,
    );
    // K1 of the certificate inside before what follows the card.
    let (weak, sound) = (array(&weak), array(&sound()));
    for (rule, name, certificate) in [
        ("K1", "something after a card with a weak root key", &weak),
        ("C5", "something after a card", &sound),
    ] {
        let card = array(&raw::card_fields(&GROUP, 11, "Ben", certificate));
        let long = [card, null()].concat();
        let signatures = raw::card_signatures(&long, 11, certificate, 12);
        cases.payload(rule, name, 2, 0, &array(&[bytes(&long), signatures]));
    }
    let behind = |certificate: &Piece| {
        let long = [certificate.clone(), null()].concat();
        let card = array(&raw::card_fields(&GROUP, 11, "Ben", &long));
        array(&[bytes(&card), raw::card_signatures(&card, 11, &long, 12)])
    };
    cases.payload("C5", "something after a certificate with a weak root key", 2, 0, &behind(&weak));
    // The group of a card before its signatures are read.
    let certificate = array(&certificate_fields(&[5; 32], 11, 12));
    let card = array(&raw::card_fields(&[5; 32], 11, "Ben", &certificate));
    let one = array(&[bytes(&card), array(&[bytes(&[0; 64])])]);
    cases.payload("K3", "card for another group with one signature", 2, 0, &one);
    let fields = [uint(2), bytes(&GROUP), bytes(&[7; 32]), text(""), bytes(&[8; 16])];
    let card = array(&[bytes(&array(&fields))]);
    cases.payload("K3", "placeholder card of version 2 without a name", 3, 0, &card);
    let rotation = array(&[uint(1), uint(0x21), bytes(&LOW_ORDER)]);
    cases.payload("K3", "rotation to a weak key with another kem_id", 22, 0, &rotation);
}

fn statements(cases: &mut Cases) {
    let leave = || statement(3, array(&[generation(0)]));
    let mut two = leave();
    (two[0], two[3]) = (uint(2), uint(8));
    cases.payload("K3", "statement of version 2 and kind 8", 6, 1, &carried(&two, array(&[])));
    let ends = [array_head(7), leave()[..3].concat(), uint(8)].concat();
    let ends = array(&[bytes(&ends), bytes(&certify(11, "act", &ends)), array(&[])]);
    cases.payload("Q2", "statement that ends behind kind 8", 6, 1, &ends);
    let mut short = leave();
    short[4] = array(&[array(&[uint(3), bytes(&[7; 31])])]);
    cases.payload("C6", "generation of kind 3 with a short id", 6, 1, &carried(&short, array(&[])));
    let mut other = leave();
    (other[1], other[5]) = (bytes(&[5; 32]), ids(&[[9; 32]]));
    let other = carried(&other, array(&[]));
    cases.payload("Q3", "statement for another group on another base than the refs", 6, 1, &other);
    let mut many = leave();
    many[5] = array_head(17);
    cases.payload("Q1", "base of 17 ids, of which none follows", 6, 1, &carried(&many, array(&[])));
}

fn money(cases: &mut Cases) {
    let mut broken = |rule, name, field, piece| {
        cases.payload(rule, name, 16, 2, &with(expense(), field, piece));
    };
    let beyond = || vec![0x1b, 0x80, 0, 0, 0, 0, 0, 0, 0];
    broken("C7", "date 2^63", 0, beyond());
    broken("C7", "amount 2^63", 5, beyond());
    broken("C7", "index 2^63", 7, array(&[array(&[beyond(), uint(5)])]));
    broken("C6", "description beyond the end", 1, vec![0x79, 0x20, 0x00]);
    broken(
        "P3",
        "long description that is not UTF-8",
        1,
        [vec![0x79, 0x10, 0x01], vec![0xff; 4097]].concat(),
    );
    broken("C4", "currency of three bytes that are not UTF-8", 4, vec![0x63, 0xff, 0xff, 0xff]);
    broken("P3", "currency of 4,097 letters", 4, text(&"E".repeat(4097)));
    broken("P5", "currency of 4,096 letters", 4, text(&"E".repeat(4096)));
    broken("P6", "share of nothing that descends", 7, array(&[part(1, 5), part(0, 0)]));
    let mut wrong = expense();
    wrong[6] = array(&[part(0, 4)]);
    wrong[7] = array(&[part(0, 2), part(2, 3)]);
    cases.payload(
        "P7",
        "payers that sum to less, and a sharer outside the refs",
        16,
        2,
        &array(&wrong),
    );
    let mut wrong = expense();
    wrong[6] = array(&[part(0, 4)]);
    let long = [array(&wrong), null()].concat();
    cases.payload("P7", "something after payers that sum to less", 16, 2, &long);
    let long = [with(transfer(), 5, uint(0)), null()].concat();
    cases.payload("P8", "something after a transfer to oneself", 17, 1, &long);
    let outside = with(transfer(), 5, uint(7));
    cases.payload("P1", "transfer to nobody with a ref too many", 17, 3, &outside);
    let (bytes, mut signature) = with_refs(17, 3, &array(&transfer()));
    signature[33] ^= 1;
    cases.push("P2", "a ref too many and a bad signature", (bytes, signature));
    let kind = |kind: Piece| array(&[uint(0), kind, null()]);
    let change = |kind: u64| uint(kind);
    cases.payload("H6", "correction to kind 65,536", 18, 1, &kind(change(65_536)));
    cases.payload("C1", "copy of kind 18", 20, 1, &kind(change(18)));
    cases.payload("C7", "copy of kind 2^63", 20, 1, &kind(beyond()));
}

fn geneses(cases: &mut Cases) {
    cases.push(
        "H5",
        "a genesis entry with lamport 0: H5 before H9",
        founder_with(|fields| {
            fields[raw::LAMPORT] = uint(0);
        }),
    );
    cases.push(
        "H2",
        "a genesis entry of version 2 with a group",
        founder_with(|fields| {
            fields[raw::VERSION] = uint(2);
            fields[raw::GROUP_FIELD] = bytes(&GROUP);
        }),
    );
    cases.push(
        "H9",
        "a genesis entry of version 2 with lamport 2",
        founder_with(|fields| {
            fields[raw::VERSION] = uint(2);
            fields[raw::LAMPORT] = uint(2);
        }),
    );
    let empty = array(&[bytes(&[4; 32]), bytes(&[5; 32]), array(&[]), array(&[])]);
    cases.push("K5", "a genesis entry by another device with an empty opening", genesis(2, empty));
    let two = array(&[bytes(&[0; 64]), bytes(&[0; 64])]);
    cases.push(
        "C6",
        "a genesis entry by another device with two signatures",
        genesis_with_signatures(2, two),
    );
    let mut broken = |rule, name, heads: Piece, people: Piece| {
        let old = array(&[bytes(&[4; 32]), bytes(&[5; 32]), heads, people]);
        cases.push(rule, name, genesis(1, old));
    };
    let anna = |balances: Piece| array(&[array(&[null(), balances])]);
    let balance = |code: &str, length: usize| array(&[text(code), bytes(&vec![1; length])]);
    broken("G1", "1,025 heads, of which none follows", array_head(1025), array(&[]));
    broken("G1", "1,001 people, of whom none follows", array(&[]), array_head(1001));
    broken("G1", "1,025 balances, of which none follows", array(&[]), anna(array_head(1025)));
    broken(
        "G1",
        "heads that descend, and 1,001 people",
        ids(&[[7; 32], [6; 32]]),
        array_head(1001),
    );
    let short = array(&[balance("USD", 16), balance("EUR", 15)]);
    broken("G1", "a balance of 2^120", array(&[]), anna(short));
    let small = [vec![0; 15], vec![1]].concat();
    let unordered = array(&[array(&[text("USD"), bytes(&small)]), balance("EUR", 15)]);
    broken("C6", "a short balance in a currency that descends", array(&[]), anna(unordered));
}

pub(crate) fn push(cases: &mut Cases) {
    heads(cases);
    certificates(cases);
    statements(cases);
    money(cases);
    geneses(cases);
}
