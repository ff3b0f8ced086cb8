//! Pairings in which one message breaks a rule (SPEC §15).

use ledger_core::messages::pairing::{GroupOffer, NewDevice, Paired, PairingError, Scanned};
use serde_json::{Value, json};

use crate::vectors::raw::{self, Piece, array, array_head, bytes, text, uint};
use crate::vectors::sealed_by_hand::{kdf, message, public, seal, shared};
use crate::vectors::world::{World, device, hex, root};

const NOW_MS: u64 = 1_800_000_000_000;

const OLD: [u8; 64] = [0x71; 64];

fn new_random() -> [u8; 80] {
    core::array::from_fn(|i| i as u8)
}

/// The pairing of `messages.json`, whose messages are made by hand.
struct Honest {
    session: [u8; 16],
    offer: Vec<u8>,
    opening: Vec<u8>,
    reveal: Vec<u8>,
    shared: [u8; 32],
    transcript: [u8; 32],
}

impl Honest {
    fn new() -> Self {
        let random = new_random();
        let session: [u8; 16] = random[..16].try_into().unwrap();
        let new: [u8; 32] = random[16..48].try_into().unwrap();
        let old: [u8; 32] = OLD[..32].try_into().unwrap();
        let (_, offer) = NewDevice::begin(&random, NOW_MS);
        let opening = message(0x21, &[&session, &public(old), &OLD[32..]]);
        let reveal = message(0x22, &[&session, &random[48..]]);
        let transcript = raw::digest("pair", &[&offer[..], &opening, &reveal].concat());
        Self { session, offer, opening, reveal, shared: shared(new, public(old)), transcript }
    }

    /// A sealed message: `form ‖ session ‖ sealed`.
    fn sealed(&self, form: u8, plaintext: &[u8]) -> Vec<u8> {
        let key = kdf(&self.transcript, &self.shared, "pair-key", &[form]);
        message(form, &[&self.session, &seal(&key, &[0; 24], &self.session, plaintext)])
    }

    fn code(&self) -> String {
        let bytes = kdf(&self.transcript, &self.shared, "pair-code", &[]);
        let code = u64::from_be_bytes(bytes[..8].try_into().unwrap()) % 1_000_000;
        format!("{code:06}")
    }

    fn enter(&self, typed: &str, now_ms: u64) -> Result<Paired, PairingError> {
        let (old, _) = Scanned::scan(&self.offer, &OLD, NOW_MS).unwrap();
        old.receive(&self.reveal, NOW_MS).unwrap().enter(typed, now_ms)
    }

    fn paired(&self) -> Paired {
        self.enter(&self.code(), NOW_MS).unwrap()
    }
}

/// What a device makes of the message of a step, after an honest run up to there.
fn outcome(world: &World, step: u8, bytes: &[u8], now_ms: u64) -> Result<(), PairingError> {
    let honest = Honest::new();
    let offer = GroupOffer { group: world.group, name: "Flat".to_owned(), root: root(2).id() };
    let new = || NewDevice::begin(&new_random(), NOW_MS).0;
    let old = || Scanned::scan(&honest.offer, &OLD, NOW_MS).unwrap().0;
    let groups = || honest.sealed(0x23, &groups(world));
    match step {
        1 => Scanned::scan(bytes, &OLD, now_ms).map(|_| ()),
        2 => new().receive(bytes, now_ms).map(|_| ()),
        3 => old().receive(bytes, now_ms).map(|_| ()),
        4 => {
            let (new, _) = new().receive(&honest.opening, NOW_MS).unwrap();
            new.receive(bytes, now_ms).map(|_| ())
        }
        5 => honest.paired().offer_groups(vec![offer]).0.receive(bytes).map(|_| ()),
        _ => {
            let (new, _) = new().receive(&honest.opening, NOW_MS).unwrap();
            let new = new.receive(&groups(), NOW_MS).unwrap();
            let (new, _) = new.accept(&[device(4)]).unwrap();
            new.receive(bytes, &[1; 32]).map(|_| ())
        }
    }
}

fn group(world: &World, name: &str) -> Piece {
    array(&[bytes(world.group.as_bytes()), text(name), bytes(root(2).id().as_bytes())])
}

fn groups(world: &World) -> Piece {
    array(&[group(world, "Flat")])
}

/// `[S, acceptance]` with the fields of S changed, accepted by the device of this seed.
fn offered(world: &World, signer: u8, change: impl Fn(&mut Vec<Piece>)) -> Piece {
    let mut fields = raw::certificate_fields(world.group.as_bytes(), 1, 4);
    fields[2] = bytes(root(2).id().as_bytes());
    change(&mut fields);
    let certificate = array(&fields);
    array(&[bytes(&certificate), bytes(&raw::certify(signer, "dev-accept", &certificate))])
}

fn granted(world: &World, change: impl Fn(&mut Vec<Piece>)) -> Piece {
    let genesis = world.entry("genesis").decoded();
    let generation = array(&[uint(0), bytes(world.member("add-ben").as_bytes())]);
    let mut fields = vec![
        bytes(genesis.as_bytes()),
        bytes(genesis.signature()),
        bytes(world.id("add-ben").as_bytes()),
        generation,
        uint(0),
    ];
    change(&mut fields);
    array(&fields)
}

/// Digits that are typed into the old device.
pub(crate) fn typed() -> Vec<Value> {
    let honest = Honest::new();
    let code = honest.code();
    let mut other = code.clone().into_bytes();
    other[5] = if other[5] == b'0' { b'1' } else { b'0' };
    let other = String::from_utf8(other).unwrap();
    let end = NOW_MS + 300_000;
    let cases = [
        (code.clone(), NOW_MS, None),
        (format!(" {} {}\n", &code[..3], &code[3..]), NOW_MS, None),
        (code, end, Some("N1")),
        (other.clone(), NOW_MS, Some("N5")),
        (other.clone(), end, Some("N1")),
        (other[..5].to_owned(), NOW_MS, Some("N5")),
        (String::new(), NOW_MS, Some("N5")),
    ];
    let case = |(typed, now_ms, rule): (String, u64, Option<&str>)| {
        let found = honest.enter(&typed, now_ms).err().map(|error| error.rule().code());
        assert_eq!(found, rule, "{typed}");
        json!({ "typed": typed, "now_ms": now_ms, "rule": rule })
    };
    cases.map(case).to_vec()
}

/// Offers of a new device whose key is weak, each with the message that reveals its nonce.
pub(crate) fn weak_offers() -> Vec<Value> {
    let session = [0x77; 16];
    let case = |key: [u8; 32]| {
        let committed = raw::digest("pair-commit", &[&session[..], &key, &[5; 32]].concat());
        let end = (NOW_MS + 300_000).to_be_bytes();
        let offer = message(0x20, &[&session, &key, &committed, &end]);
        let reveal = message(0x22, &[&session, &[5; 32]]);
        let (old, _) = Scanned::scan(&offer, &OLD, NOW_MS).unwrap();
        let found = old.receive(&reveal, NOW_MS).map(|_| ()).unwrap_err().rule();
        assert_eq!(found.code(), "N4");
        json!({ "now_ms": NOW_MS, "offer": hex(&offer), "reveal": hex(&reveal), "rule": "N4" })
    };
    let mut top = raw::exchange();
    top[31] = 0x80;
    vec![case([0; 32]), case(top)]
}

pub(crate) fn build(world: &World) -> Vec<Value> {
    let honest = Honest::new();
    let mut cases = Vec::new();
    let mut at = |step: u8, now_ms: u64, name: &str, rule: Option<&str>, bytes: &[u8]| {
        let found = outcome(world, step, bytes, now_ms).err().map(|error| error.rule().code());
        assert_eq!(found, rule, "{step}: {name}");
        cases.push(json!({
            "step": step, "now_ms": now_ms, "name": name, "rule": rule, "message": hex(bytes),
        }));
    };
    let end = NOW_MS + 300_000;
    let body = |bytes: &[u8]| bytes[1..bytes.len() - 4].to_vec();
    let offer = body(&honest.offer);
    let with_end = |ms: u64| message(0x20, &[&offer[..80], &ms.to_be_bytes()]);
    at(1, NOW_MS, "as it is", None, &honest.offer);
    at(1, end, "when it ends", Some("N1"), &honest.offer);
    at(1, NOW_MS, "ends after ten minutes", None, &with_end(NOW_MS + 600_000));
    at(1, NOW_MS, "ends later", Some("N1"), &with_end(NOW_MS + 600_001));
    at(1, NOW_MS, "a byte short", Some("M2"), &message(0x20, &[&offer[1..]]));
    at(1, NOW_MS, "message 2", Some("M1"), &honest.opening);
    let opening = body(&honest.opening);
    at(2, NOW_MS, "as it is", None, &honest.opening);
    at(2, end, "cut off, and when it ends", Some("N1"), &honest.opening[..50]);
    at(2, NOW_MS, "a byte long", Some("M2"), &message(0x21, &[&opening, &[0]]));
    let other = message(0x21, &[&[9; 16], &[0; 32], &opening[48..]]);
    at(2, NOW_MS, "of another session, with a weak key", Some("N2"), &other);
    let weak = message(0x21, &[&opening[..16], &[0; 32], &opening[48..]]);
    at(2, NOW_MS, "with a weak key", Some("N4"), &weak);
    let reveal = body(&honest.reveal);
    at(3, NOW_MS, "as it is", None, &honest.reveal);
    at(3, end, "when it ends", Some("N1"), &honest.reveal);
    let other = message(0x22, &[&[9; 16], &[9; 32]]);
    at(3, NOW_MS, "of another session, with other bytes", Some("N2"), &other);
    let other = message(0x22, &[&reveal[..16], &[9; 32]]);
    at(3, NOW_MS, "with other bytes than committed to", Some("N3"), &other);

    let sealed = |form, plaintext: &[u8]| honest.sealed(form, plaintext);
    at(4, NOW_MS, "as it is", None, &sealed(0x23, &groups(world)));
    at(4, end, "when it ends", Some("N1"), &sealed(0x23, &groups(world)));
    at(4, NOW_MS, "too short for a session", Some("M2"), &message(0x23, &[&[0; 15]]));
    at(4, NOW_MS, "of another session", Some("N2"), &message(0x23, &[&[9; 16], &[0; 40]]));
    at(4, NOW_MS, "sealed for nobody", Some("N6"), &message(0x23, &[&honest.session, &[0; 40]]));
    let other_step = body(&sealed(0x24, &groups(world)));
    at(4, NOW_MS, "sealed for another step", Some("N6"), &message(0x23, &[&other_step]));
    at(4, NOW_MS, "of 1,025 groups", Some("N7"), &sealed(0x23, &array_head(1025)));
    let long = array(&[group(world, &"n".repeat(257))]);
    at(4, NOW_MS, "with a name of 257 bytes", Some("P3"), &sealed(0x23, &long));
    let nameless = array(&[group(world, "")]);
    at(4, NOW_MS, "with an empty name", None, &sealed(0x23, &nameless));
    let more = [groups(world), vec![0xf6]].concat();
    at(4, NOW_MS, "with something behind it", Some("C5"), &sealed(0x23, &more));

    let devices = |offers: &[Piece]| honest.sealed(0x24, &array(offers));
    let sound = || offered(world, 4, |_| {});
    at(5, NOW_MS, "as it is", None, &devices(&[sound()]));
    at(5, NOW_MS, "of no group", Some("N7"), &devices(&[]));
    at(5, NOW_MS, "of two groups", Some("N7"), &devices(&[sound(), sound()]));
    let elsewhere = offered(world, 4, |s| s[1] = bytes(&[5; 32]));
    at(5, NOW_MS, "for another group", Some("N7"), &devices(&[elsewhere]));
    let other = offered(world, 4, |s| s[2] = bytes(root(3).id().as_bytes()));
    at(5, NOW_MS, "under another root key", Some("N7"), &devices(&[other]));
    let rotated = offered(world, 4, |s| s[6] = uint(1));
    at(5, NOW_MS, "with x_gen 1", Some("N7"), &devices(&[rotated]));
    let forged = offered(world, 5, |s| s[1] = bytes(&[5; 32]));
    at(5, NOW_MS, "accepted by another device, for another group", Some("K4"), &devices(&[forged]));
    let weak = offered(world, 4, |s| s[5] = bytes(&[0; 32]));
    at(5, NOW_MS, "with a weak key", Some("K2"), &devices(&[weak]));

    let grant = |entropy: Piece, all: &[Piece]| honest.sealed(0x25, &array(&[entropy, array(all)]));
    let mine = || bytes(&[2; 32]);
    at(6, NOW_MS, "as it is", None, &grant(mine(), &[granted(world, |_| {})]));
    at(6, NOW_MS, "record only", None, &grant(raw::null(), &[granted(world, |_| {})]));
    let strangers = grant(bytes(&[3; 32]), &[granted(world, |_| {})]);
    at(6, NOW_MS, "with the entropy of somebody else", Some("N7"), &strangers);
    let other = grant(mine(), &[granted(world, |g| g[4] = uint(1))]);
    at(6, NOW_MS, "with another number of the root key", Some("N7"), &other);
    let huge = grant(mine(), &[granted(world, |g| g[4] = uint(1 << 32))]);
    at(6, NOW_MS, "with number 2^32", Some("N7"), &huge);
    at(6, NOW_MS, "of no group", Some("N7"), &grant(mine(), &[]));
    let other = world.entry("add-ben").decoded();
    let other = |g: &mut Vec<Piece>| {
        g[0] = bytes(other.as_bytes());
        g[1] = bytes(other.signature());
    };
    let other = grant(mine(), &[granted(world, other)]);
    at(6, NOW_MS, "with another entry than the genesis entry", Some("N7"), &other);
    let forged = grant(mine(), &[granted(world, |g| g[1] = bytes(&[0; 64]))]);
    at(6, NOW_MS, "with a badly signed entry", Some("S1"), &forged);
    let generation = |g: &mut Vec<Piece>| g[3] = array(&[uint(3), bytes(&[0; 32])]);
    let third = grant(mine(), &[granted(world, generation)]);
    at(6, NOW_MS, "with a generation of kind 3", Some("Q2"), &third);
    let sealed_other = message(0x25, &[&honest.session, &[0; 40]]);
    at(6, NOW_MS, "sealed for nobody", Some("N6"), &sealed_other);
    cases
}
