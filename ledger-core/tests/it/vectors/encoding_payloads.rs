//! Payloads, cards and statements that break a rule (SPEC §3, §4).

use crate::vectors::encoding::Cases;
use crate::vectors::raw::{
    self, GROUP, Piece, array, array_head, bytes, card_fields, card_signatures, certificate_fields,
    ids, null, public, text, uint,
};

const DAY: u64 = 20_261_121;

pub(super) fn part(member: u64, amount: u64) -> Piece {
    array(&[uint(member), uint(amount)])
}

/// An expense of 5 by ref 0 for refs 0 and 1.
pub(super) fn expense() -> Vec<Piece> {
    vec![
        uint(DAY),
        text("Tea"),
        null(),
        null(),
        text("EUR"),
        uint(5),
        array(&[part(0, 5)]),
        array(&[part(0, 2), part(1, 3)]),
        null(),
    ]
}

pub(super) fn transfer() -> Vec<Piece> {
    vec![uint(DAY), text(""), text("EUR"), uint(5), uint(0), uint(1), null()]
}

pub(super) fn with(mut pieces: Vec<Piece>, field: usize, piece: Piece) -> Piece {
    pieces[field] = piece;
    array(&pieces)
}

/// Codes that look like a unit and are none.
const BROKEN_UNITS: [(&str, &str); 28] = [
    ("unit without decimals", "beers/"),
    ("unit without a slash", "beers"),
    ("unit without a name", "/0"),
    ("unit with ten decimals", "beers/10"),
    ("unit with a letter for decimals", "beers/a"),
    ("unit with a digit of another script", "beers/\u{662}"),
    ("unit with a sign", "beers/+1"),
    ("unit of 17 bytes", "seventeen-bytes--/0"),
    ("unit of 17 bytes and 6 characters", "点点点点点a!/0"),
    ("unit with the name of a code", "EUR/2"),
    ("unit with the name of a code that nobody knows", "ABC/2"),
    ("unit that begins with a space", " beers/0"),
    ("unit that ends with a space", "beers /0"),
    ("unit with two spaces", "be  ers/0"),
    ("unit that begins with a digit", "7up/0"),
    ("unit that begins with a hyphen", "-up/0"),
    ("unit with a slash", "a/b/0"),
    ("unit with a quote", "a\"b/0"),
    ("unit with a semicolon", "a;b/0"),
    ("unit with a line break", "a\nb/0"),
    ("unit with a delete", "a\u{7f}b/0"),
    ("unit with a next line", "a\u{85}b/0"),
    ("unit with a space that does not break", "a\u{a0}b/0"),
    ("unit with a space of no width", "a\u{200b}b/0"),
    ("unit with another direction", "a\u{202e}b/0"),
    ("unit with a wide space", "a\u{3000}b/0"),
    ("unit with a character for private use", "\u{10fffd}/0"),
    ("unit with a tag", "a\u{e0041}/0"),
];

fn epochs(cases: &mut Cases) {
    let epoch = |sealed: usize| array(&[bytes(&[1; 32]), bytes(&[2; 32]), bytes(&vec![3; sealed])]);
    let mut broken = |rule, name, refs, sealed| {
        cases.payload(rule, name, 23, refs, &epoch(sealed));
    };
    broken("E1", "epoch with 65 refs", 65, 65 * 32 + 16);
    broken("E1", "epoch with 65 refs and no box", 65, 0);
    broken("E2", "epoch with a short box", 2, 79);
    broken("E2", "epoch with a long box", 2, 112);
    broken("E2", "first epoch with a box", 0, 16);
    broken("E2", "epoch with a ref and no box", 1, 0);
    let short = array(&[bytes(&[1; 31]), bytes(&[2; 32]), bytes(&[])]);
    cases.payload("C6", "commit of 31 bytes", 23, 0, &short);
    let listed = array(&[bytes(&[1; 32]), bytes(&[2; 32]), array(&[]), bytes(&[])]);
    cases.payload("C6", "epoch with a list of commits", 23, 0, &listed);
}

fn money(cases: &mut Cases) {
    let mut broken = |rule, name, field, piece| {
        cases.payload(rule, name, 16, 2, &with(expense(), field, piece));
    };
    broken("P4", "30 February", 0, uint(20_260_230));
    broken("P4", "29 February 1900", 0, uint(19_000_229));
    broken("P4", "month 13", 0, uint(20_261_301));
    broken("P4", "day 0", 0, uint(20_261_100));
    broken("P4", "year 0", 0, uint(101));
    broken("P4", "year 10000", 0, uint(100_000_101));
    broken("P4", "date 0", 0, uint(0));
    broken("P4", "date beyond 32 bits", 0, uint((1 << 32) + DAY));
    broken("P3", "description of 4,097 bytes", 1, text(&"d".repeat(4097)));
    broken("P3", "category of 129 bytes", 2, text(&"c".repeat(129)));
    broken("P3", "note of 4,097 bytes", 3, text(&"n".repeat(4097)));
    broken("C4", "description that is not UTF-8", 1, vec![0x61, 0xff]);
    broken("C4", "description with a surrogate", 1, vec![0x63, 0xed, 0xa0, 0x80]);
    broken("C4", "description with an overlong letter", 1, vec![0x62, 0xc1, 0x81]);
    broken("C1", "bytes for a description", 1, bytes(b"Tea"));
    broken("C2", "description with a longer length", 1, vec![0x78, 0x03, b'T', b'e', b'a']);
    broken("C3", "indefinite description", 1, vec![0x7f, 0x61, b'T', 0xff]);
    broken("P5", "currency of two letters", 4, text("EU"));
    broken("P5", "currency of four letters", 4, text("EURO"));
    broken("P5", "currency in small letters", 4, text("eur"));
    broken("P5", "currency with a digit", 4, text("E1R"));
    broken("P5", "currency with a foreign letter", 4, text("ÄR"));
    for (what, code) in BROKEN_UNITS {
        broken("P5", what, 4, text(code));
    }
    broken("P6", "amount above 10^15", 5, uint(1_000_000_000_000_001));
    broken("P6", "share of nothing", 7, array(&[part(0, 0), part(1, 5)]));
    broken("P6", "payer above 10^15", 6, array(&[part(0, 1_000_000_000_000_001)]));
    broken("P7", "payers that sum to less", 6, array(&[part(0, 4)]));
    broken("P7", "shares that sum to more", 7, array(&[part(0, 3), part(1, 3)]));
    broken("P7", "nobody paid", 6, array(&[]));
    broken("P7", "amount of nothing with payers", 5, uint(0));
    broken("P7", "shares that descend", 7, array(&[part(1, 3), part(0, 2)]));
    broken("P7", "a sharer twice", 7, array(&[part(0, 2), part(0, 3)]));
    broken("P1", "a sharer outside the refs", 7, array(&[part(0, 2), part(2, 3)]));
    broken("P1", "index above 65,535", 7, array(&[part(0, 2), part(65_536, 3)]));
    broken("P1", "1,025 shares, of which none follows", 7, array_head(1025));
    broken("P2", "a ref that nothing uses", 7, array(&[part(0, 5)]));
    broken("C6", "share of three fields", 7, array(&[array(&[uint(0), uint(5), uint(0)])]));
    let mut ten = expense();
    ten.push(null());
    cases.payload("C6", "expense of ten fields", 16, 2, &array(&ten));
    let more = [array(&expense()), null()].concat();
    cases.payload("C5", "something after the expense", 16, 2, &more);
    cases.payload("C6", "expense that ends early", 16, 2, &array(&expense())[..9]);
    cases.payload("P6", "transfer of nothing", 17, 2, &with(transfer(), 3, uint(0)));
    cases.payload("P8", "transfer to oneself", 17, 1, &with(transfer(), 5, uint(0)));
    cases.payload("P1", "transfer to nobody", 17, 1, &array(&transfer()));
    cases.payload("P2", "transfer with a ref too many", 17, 3, &array(&transfer()));
}

fn more(cases: &mut Cases) {
    let field = |key: u64, data: &[u8]| array(&[uint(key), bytes(data)]);
    let mut broken = |rule, name, piece| {
        cases.payload(rule, name, 16, 2, &with(expense(), 8, piece));
    };
    broken("C1", "an origin in place of more", bytes(&[1; 16]));
    broken("P9", "more without fields", array(&[]));
    broken("P9", "origin of 15 bytes", array(&[field(0, &[1; 15])]));
    broken("P9", "direction 0", array(&[field(1, &[0])]));
    broken("P9", "direction 2", array(&[field(1, &[2])]));
    broken("P9", "direction of two bytes", array(&[field(1, &[1, 0])]));
    broken("P9", "fields that descend", array(&[field(1, &[1]), field(0, &[1; 16])]));
    broken("P9", "a hint twice", array(&[field(7, b""), field(7, b"")]));
    broken("P9", "hints of 32,769 bytes", array(&[field(2, &[0; 32_768]), field(70, &[0])]));
    let many: Vec<Piece> = (2..65).map(|key| field(key, b"")).collect();
    broken("P9", "63 hints", array(&many));
    broken("P9", "65 fields, of which none follows", array_head(65));
    broken("C1", "a hint that is text", array(&[array(&[uint(2), text("a")])]));
    broken("C6", "a field of three elements", array(&[array(&[uint(2), bytes(b""), null()])]));
    broken("C7", "key 2^63", array(&[array(&[vec![0x1b, 0x80, 0, 0, 0, 0, 0, 0, 0], bytes(b"")])]));
    broken("P9", "a direction 2 in front of an array", array(&[field(1, &[2]), array_head(9)]));
    let mut wrong = expense();
    (wrong[6], wrong[8]) = (array(&[part(0, 4)]), array(&[]));
    cases.payload("P9", "payers that sum to less, and an empty more", 16, 2, &array(&wrong));
    let incoming = with(transfer(), 6, array(&[field(1, &[1])]));
    cases.payload("P9", "transfer with a direction", 17, 2, &incoming);
}

fn changes(cases: &mut Cases) {
    let change = |kind: Piece, inner: Piece| array(&[uint(0), kind, inner]);
    let inner = || {
        let mut inner = transfer();
        inner[4] = uint(1);
        inner[5] = uint(2);
        array(&inner)
    };
    for kind in [18, 20] {
        let name = |what: &str| format!("{what} in kind {kind}");
        let nested = change(uint(19), inner());
        cases.payload("C1", &name("another kind of content"), kind, 3, &nested);
        let text = change(uint(17), bytes(&inner()));
        cases.payload("C1", &name("content as a byte string"), kind, 3, &text);
        let other = change(uint(16), inner());
        cases.payload("C6", &name("transfer for an expense"), kind, 3, &other);
        let unused = change(uint(17), array(&transfer()));
        cases.payload("P2", &name("an unused third ref"), kind, 3, &unused);
    }
    let reason = array(&[uint(0), text(&"r".repeat(4097))]);
    cases.payload("P3", "reason of 4,097 bytes", 19, 1, &reason);
    cases.payload("P1", "cancellation of nothing", 19, 0, &array(&[uint(0), null()]));
    cases.payload("P1", "restoration of nothing", 24, 0, &array(&[uint(0)]));
    cases.payload("P2", "restoration with a ref too many", 24, 2, &array(&[uint(0)]));
    cases.payload("C6", "restoration with a reason", 24, 1, &array(&[uint(0), null()]));
    let endorse = |choice: u64| array(&[uint(0), uint(choice), null()]);
    cases.payload("Q2", "endorsement 2", 21, 1, &endorse(2));
    cases.payload("C1", "endorsement true", 21, 1, &array(&[uint(0), vec![0xf5], null()]));
    cases.payload("C6", "merge that says something", 1, 0, &array(&[uint(0)]));
    cases.payload("P2", "merge with a ref", 1, 1, &array(&[]));
    cases.payload("P1", "adopt of nothing", 5, 0, &array(&[uint(0)]));
    let rotation = |kem: u64, key: &[u8]| array(&[uint(1), uint(kem), bytes(key)]);
    cases.payload("K3", "rotation with another kem_id", 22, 0, &rotation(0x21, &raw::exchange()));
    cases.payload("K2", "rotation to a key of low order", 22, 0, &rotation(0x20, &[0; 32]));
    cases.payload("C6", "rotation to a key of 31 bytes", 22, 0, &rotation(0x20, &[9; 31]));
    epochs(cases);
    settings(cases);
    templates(cases);
    speaks(cases);
    let card = |fields: &[Piece]| array(&[bytes(&array(fields))]);
    let mut fields = vec![uint(1), bytes(&GROUP), bytes(&[7; 32]), text("P"), bytes(&[8; 16])];
    fields[3] = text("");
    cases.payload("P3", "placeholder without a name", 3, 0, &card(&fields));
    fields[3] = text(&"é".repeat(129));
    cases.payload("P3", "placeholder with a name of 258 bytes", 3, 0, &card(&fields));
    fields[3] = text("P");
    fields[4] = bytes(&[8; 15]);
    cases.payload("C6", "placeholder with a nonce of 15 bytes", 3, 0, &card(&fields));
    fields[4] = bytes(&[8; 16]);
    fields[0] = uint(2);
    cases.payload("K3", "placeholder card of version 2", 3, 0, &card(&fields));
    fields[0] = uint(1);
    fields[2] = bytes(&[]);
    cases.payload("C6", "placeholder with an introducer of 0 bytes", 3, 0, &card(&fields));
    fields[2] = bytes(&[7; 32]);
    let more = array(&[bytes(&[array(&fields), null()].concat())]);
    cases.payload("C5", "something after the placeholder's card", 3, 0, &more);
    let in_place = array(&[array(&fields)]);
    cases.payload("C1", "placeholder card in place", 3, 0, &in_place);
}

/// A setting has no rule of its own: only what is no setting at all is refused.
fn settings(cases: &mut Cases) {
    let setting = |field: Piece, subject: Piece, value: Piece| array(&[field, subject, value]);
    let empty = || bytes(&[]);
    let cut = array(&[uint(0), empty()]);
    cases.payload("C6", "setting without a value", 25, 0, &cut);
    let text = setting(uint(0), empty(), text("EUR"));
    cases.payload("C1", "setting with the value in place", 25, 0, &text);
    cases.payload("C1", "setting without a subject", 25, 0, &setting(uint(0), null(), empty()));
    let large = setting(vec![0x1b, 0x80, 0, 0, 0, 0, 0, 0, 0], empty(), empty());
    cases.payload("C7", "setting of a field that is too large", 25, 0, &large);
    cases.payload("P2", "setting with a ref", 25, 1, &setting(uint(0), empty(), empty()));
}

/// What devices say that breaks a rule.
fn speaks(cases: &mut Cases) {
    let says = |version: u64, features: &[u64]| {
        array(&[uint(version), array(&features.iter().map(|n| uint(*n)).collect::<Vec<_>>())])
    };
    let many: Vec<u64> = (0..65).collect();
    let mut case = |broken: &str, what: &str, payload: Piece| {
        cases.payload(broken, &format!("speaks {what}"), 27, 0, &payload);
    };
    case("P11", "version 0", says(0, &[]));
    case("P11", "65 features", says(1, &many));
    case("P11", "features that do not ascend", says(1, &[2, 1]));
    case("P11", "a feature twice", says(1, &[2, 2]));
    case("C7", "a feature that is too large", says(1, &[1 << 63]));
    case("C6", "nothing else", array(&[uint(1)]));
}

/// Templates that break a rule of their own, or one of the content.
fn templates(cases: &mut Cases) {
    let rule = |unit: u64, every: u64| array(&[uint(unit), uint(every)]);
    let template = |kind: u64, rule: Piece, end: Piece, change: Piece| {
        array(&[uint(kind), array(&expense()), rule, end, change])
    };
    let monthly = || rule(2, 1);
    let mut case = |broken: &str, what: &str, refs: u8, payload: Piece| {
        cases.payload(broken, &format!("template {what}"), 26, refs, &payload);
    };
    case("C1", "of another kind", 2, template(18, monthly(), null(), null()));
    case("H6", "of a kind that is too large", 2, template(65_536, monthly(), null(), null()));
    case("C6", "of a transfer with an expense in it", 2, template(17, monthly(), null(), null()));
    case("Q2", "every fourth unit", 2, template(16, rule(4, 1), null(), null()));
    case("P10", "every 0 days", 2, template(16, rule(0, 0), null(), null()));
    case("P10", "every 1,001 years", 2, template(16, rule(3, 1001), null(), null()));
    case("P10", "that ends too late", 2, template(16, monthly(), uint(1_000_001), null()));
    let change = |from: u64, base: u64| array(&[uint(2), uint(from), uint(base)]);
    case("P10", "from too late a number", 3, template(16, monthly(), null(), change(1_000_001, 0)));
    case("P10", "with a base behind its number", 3, template(16, monthly(), null(), change(3, 4)));
    case("P1", "that changes nothing", 2, template(16, monthly(), null(), change(3, 3)));
    case("P2", "with an unused ref", 3, template(16, monthly(), null(), null()));
    let mut unequal = expense();
    unequal[5] = uint(6);
    let content = array(&[uint(16), array(&unequal), monthly(), null(), null()]);
    case("P7", "with shares that sum to less", 2, content);
}

const SALT: [u8; 32] = [9; 32];

fn balance(n: i128) -> Piece {
    bytes(&n.to_be_bytes())
}

fn opening(card: Piece, balances: &[(&str, i128)]) -> Piece {
    let pairs: Vec<Piece> =
        balances.iter().map(|(code, n)| array(&[text(code), balance(*n)])).collect();
    array(&[card, array(&pairs)])
}

/// A genesis entry of device 1 and root key 11, with a predecessor or null.
pub(super) fn genesis(device: u8, predecessor: Piece) -> (Vec<u8>, [u8; 64]) {
    accepted_by(device, device, predecessor)
}

/// Likewise, with the acceptance of some device.
fn accepted_by(signer: u8, device: u8, predecessor: Piece) -> (Vec<u8>, [u8; 64]) {
    let certificate = array(&certificate_fields(&SALT, 11, device));
    let card = array(&card_fields(&SALT, 11, "Anna", &certificate));
    let signatures = card_signatures(&card, 11, &certificate, signer);
    founded(&array(&[text("Flat"), bytes(&card), signatures, predecessor]), |_| {})
}

/// Likewise, with these card signatures and no predecessor.
pub(super) fn genesis_with_signatures(device: u8, signatures: Piece) -> (Vec<u8>, [u8; 64]) {
    let certificate = array(&certificate_fields(&SALT, 11, device));
    let card = array(&card_fields(&SALT, 11, "Anna", &certificate));
    founded(&array(&[text("Flat"), bytes(&card), signatures, null()]), |_| {})
}

/// An entry of kind 0 whose payload nobody reads, with some fields changed.
pub(super) fn founder_with(change: impl Fn(&mut Vec<Piece>)) -> (Vec<u8>, [u8; 64]) {
    founded(b"opaque", change)
}

fn founded(payload: &[u8], change: impl Fn(&mut Vec<Piece>)) -> (Vec<u8>, [u8; 64]) {
    let mut fields = raw::header(&public(1), 0, payload);
    fields[raw::GROUP_FIELD] = null();
    fields[raw::BACKLINK] = null();
    fields[raw::SEQ] = uint(0);
    fields[raw::LAMPORT] = uint(1);
    change(&mut fields);
    raw::entry(1, &fields, payload)
}

fn founder() -> [u8; 32] {
    let certificate = array(&certificate_fields(&SALT, 11, 1));
    raw::digest("member", &array(&card_fields(&SALT, 11, "Anna", &certificate)))
}

fn carried_over(place: &[u8; 32], introducer: &[u8; 32], nonce: u8) -> Piece {
    let card = [uint(1), bytes(place), bytes(introducer), text("Ben"), bytes(&[nonce; 16])];
    bytes(&array(&card))
}

fn geneses(cases: &mut Cases) {
    cases.push("K5", "a genesis entry by another device", genesis(2, null()));
    cases.push("K4", "a genesis entry that its device refused", accepted_by(2, 1, null()));
    let mut successor = |rule, name, heads: &[[u8; 32]], people: &[Piece]| {
        let old = array(&[bytes(&[4; 32]), bytes(&[5; 32]), ids(heads), array(people)]);
        cases.push(rule, name, genesis(1, old));
    };
    let ben = carried_over(&SALT, &founder(), 1);
    let anna = |balances: &[(&str, i128)]| opening(null(), balances);
    let both = [anna(&[("EUR", 5)]), opening(ben.clone(), &[("EUR", -5)])];
    successor("G1", "heads that descend", &[[7; 32], [6; 32]], &both);
    successor("G1", "a head twice", &[[6; 32], [6; 32]], &both);
    successor("G1", "nobody opens", &[[6; 32]], &[]);
    successor(
        "G1",
        "opening balances that do not sum to zero",
        &[[6; 32]],
        &[anna(&[("EUR", 5)]), opening(ben.clone(), &[("EUR", -4)])],
    );
    successor(
        "G1",
        "opening balances in two currencies",
        &[[6; 32]],
        &[anna(&[("EUR", 5)]), opening(ben.clone(), &[("USD", -5)])],
    );
    successor("G1", "opening balance of zero", &[[6; 32]], &[anna(&[("EUR", 0)])]);
    successor(
        "G1",
        "opening balance of 2^64",
        &[[6; 32]],
        &[anna(&[("EUR", 1 << 64)]), opening(ben.clone(), &[("EUR", -(1 << 64))])],
    );
    successor(
        "G1",
        "opening currencies that descend",
        &[[6; 32]],
        &[anna(&[("USD", 5), ("EUR", 5)]), opening(ben.clone(), &[("USD", -5), ("EUR", -5)])],
    );
    successor(
        "G1",
        "opening with a unit before a code",
        &[[6; 32]],
        &[
            anna(&[("beers/0", 5), ("USD", 5)]),
            opening(ben.clone(), &[("beers/0", -5), ("USD", -5)]),
        ],
    );
    successor(
        "G1",
        "opening that sums to zero over two decimals of a unit alone",
        &[[6; 32]],
        &[anna(&[("beers/0", 5)]), opening(ben.clone(), &[("beers/1", -5)])],
    );
    successor("P5", "opening currency in small letters", &[[6; 32]], &[anna(&[("eur", 5)])]);
    successor("G1", "the founder with a card", &[[6; 32]], &[opening(ben.clone(), &[])]);
    successor("G1", "a second person without a card", &[[6; 32]], &[anna(&[]), anna(&[])]);
    successor(
        "G1",
        "a card twice",
        &[[6; 32]],
        &[anna(&[]), opening(ben.clone(), &[]), opening(ben.clone(), &[])],
    );
    let other = carried_over(&[8; 32], &founder(), 1);
    successor("G1", "a card under another salt", &[[6; 32]], &[anna(&[]), opening(other, &[])]);
    let other = carried_over(&SALT, &[8; 32], 1);
    successor("G1", "a card by another introducer", &[[6; 32]], &[anna(&[]), opening(other, &[])]);
}

pub(crate) fn push(cases: &mut Cases) {
    money(cases);
    more(cases);
    changes(cases);
    geneses(cases);
}
