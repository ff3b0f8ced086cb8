//! Bytes that decoding or verification refuses, each by one rule (SPEC §1 to §4).

use ledger_core::Rule;
use ledger_core::engine::{DecodedEntry, verify_batch};
use serde_json::{Value, json};

use crate::vectors::raw::{self, Piece, array, array_head, bytes, ids, null, text, uint};
use crate::vectors::world::hex;
use crate::vectors::{encoding_keys, encoding_order, encoding_payloads, file};

/// Cases with the rule that each breaks.
#[derive(Default)]
pub(crate) struct Cases(Vec<Value>);

impl Cases {
    pub(crate) fn push(&mut self, rule: &str, name: &str, entry: (Vec<u8>, [u8; 64])) {
        let (bytes, signature) = entry;
        assert_eq!(broken(&bytes, &signature), Some(rule), "{name}");
        let same = self.0.iter().any(|case| case["name"] == name);
        assert!(!same, "{name} twice");
        let mut case = json!({ "name": name, "rule": rule });
        match runs(&bytes) {
            runs if runs.len() == 1 => case["bytes"] = json!(hex(&bytes)),
            runs => case["runs"] = json!(runs),
        }
        case["signature"] = json!(hex(&signature));
        self.0.push(case);
    }

    /// A header with one field changed, before a payload that nobody reads.
    pub(crate) fn header(&mut self, rule: &str, name: &str, field: usize, piece: Piece) {
        let payload = b"opaque";
        let mut fields = raw::header(&raw::public(1), 999, payload);
        fields[field] = piece;
        self.push(rule, name, raw::entry(1, &fields, payload));
    }

    /// A payload in an otherwise sound entry with this many refs.
    pub(crate) fn payload(&mut self, rule: &str, name: &str, kind: u64, refs: u8, payload: &[u8]) {
        self.push(rule, name, with_refs(kind, refs, payload));
    }
}

/// A sound header before a payload; the refs are 1, 2, … in every byte.
pub(crate) fn with_refs(kind: u64, refs: u8, payload: &[u8]) -> (Vec<u8>, [u8; 64]) {
    let mut fields = raw::header(&raw::public(1), kind, payload);
    let all: Vec<[u8; 32]> = (1..=refs).map(|n| [n; 32]).collect();
    fields[raw::REFS] = ids(&all);
    raw::entry(1, &fields, payload)
}

/// The rule that decoding or verification names.
fn broken(bytes: &[u8], signature: &[u8; 64]) -> Option<&'static str> {
    let refused = |refusal: ledger_core::Refusal| refusal.rule().code();
    match DecodedEntry::decode(bytes, signature) {
        Err(refusal) => Some(refused(refusal)),
        Ok(decoded) => verify_batch(vec![decoded], &[5; 32]).remove(0).err().map(refused),
    }
}

/// Bytes as (hexadecimal, times) so that long runs of one byte stay short.
fn runs(bytes: &[u8]) -> Vec<(String, usize)> {
    let mut runs: Vec<(String, usize)> = Vec::new();
    let mut plain = String::new();
    for same in bytes.chunk_by(|a, b| a == b) {
        if same.len() < 256 {
            plain += &hex(same);
            continue;
        }
        if !plain.is_empty() {
            runs.push((core::mem::take(&mut plain), 1));
        }
        runs.push((hex(&same[..1]), same.len()));
    }
    runs.push((plain, 1));
    runs
}

/// Heads of every kind where an integer is expected.
fn heads(cases: &mut Cases) {
    let timestamp = |cases: &mut Cases, rule, name, piece: &[u8]| {
        cases.header(rule, name, raw::TIMESTAMP, piece.to_vec());
    };
    timestamp(cases, "C2", "integer in two bytes instead of one", &[0x18, 0x17]);
    timestamp(cases, "C2", "integer in three bytes instead of two", &[0x19, 0x00, 0xff]);
    timestamp(cases, "C2", "integer in five bytes instead of three", &[0x1a, 0, 0, 0xff, 0xff]);
    let nine = [0x1b, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff];
    timestamp(cases, "C2", "integer in nine bytes instead of five", &nine);
    timestamp(cases, "C7", "integer 2^63", &[0x1b, 0x80, 0, 0, 0, 0, 0, 0, 0]);
    timestamp(cases, "C7", "integer 2^64 - 1", &[0x1b, 255, 255, 255, 255, 255, 255, 255, 255]);
    timestamp(cases, "C1", "negative integer", &[0x20]);
    timestamp(cases, "C1", "negative integer in a longer form", &[0x38, 0x00]);
    timestamp(cases, "C1", "byte string for an integer", &[0x40]);
    timestamp(cases, "C1", "text for an integer", &[0x60]);
    timestamp(cases, "C1", "array for an integer", &[0x80]);
    timestamp(cases, "C1", "map", &[0xa0]);
    timestamp(cases, "C3", "indefinite map", &[0xbf, 0xff]);
    timestamp(cases, "C1", "tag", &[0xc1, 0x00]);
    timestamp(cases, "C1", "false", &[0xf4]);
    timestamp(cases, "C1", "true", &[0xf5]);
    timestamp(cases, "C1", "null where none is allowed", &[0xf6]);
    timestamp(cases, "C1", "undefined", &[0xf7]);
    timestamp(cases, "C1", "simple value 32", &[0xf8, 0x20]);
    timestamp(cases, "C1", "half float", &[0xf9, 0x00, 0x00]);
    timestamp(cases, "C1", "float", &[0xfa, 0, 0, 0, 0]);
    timestamp(cases, "C1", "double", &[0xfb, 0, 0, 0, 0, 0, 0, 0, 0]);
    timestamp(cases, "C1", "break", &[0xff]);
    timestamp(cases, "C1", "reserved head", &[0x1c]);
    timestamp(cases, "C1", "indefinite integer", &[0x1f]);
}

fn strings(cases: &mut Cases) {
    let long = [&[0x59, 0x00, 0x20][..], &[1; 32]].concat();
    cases.header("C2", "byte string with a longer length", raw::DEVICE, long);
    let parts = [&[0x5f, 0x58, 0x20][..], &[1; 32], &[0xff]].concat();
    cases.header("C3", "indefinite byte string", raw::DEVICE, parts);
    cases.header("C6", "key of 31 bytes", raw::DEVICE, bytes(&[1; 31]));
    cases.header("C6", "key of 33 bytes", raw::DEVICE, bytes(&[1; 33]));
    cases.header("C1", "text for a key", raw::DEVICE, text(&"k".repeat(32)));
    cases.header("C1", "integer for an id", raw::GROUP_FIELD, uint(0));
    cases.header("C1", "false for an absent group", raw::GROUP_FIELD, vec![0xf4]);
    let id = bytes(&[4; 32]);
    cases.header("C3", "indefinite array", raw::PARENTS, [&[0x9f][..], &id, &[0xff]].concat());
    cases.header("C2", "array with a longer length", raw::PARENTS, [&[0x98, 1][..], &id].concat());
    cases.header("C6", "parent of 16 bytes", raw::PARENTS, array(&[bytes(&[4; 16])]));
}

fn whole(cases: &mut Cases) {
    let payload = b"opaque";
    let fields = raw::header(&raw::public(1), 999, payload);
    cases.push("C6", "nothing at all", (vec![], [0; 64]));
    let (sound, signature) = raw::entry(1, &fields, payload);
    cases.push("C6", "cut off inside the header", (sound[..40].to_vec(), signature));
    cases.push("C6", "cut off inside a head", (sound[..2].to_vec(), signature));
    cases.push("H7", "cut off inside the payload", (sound[..sound.len() - 1].to_vec(), signature));
    cases.push("H7", "one byte too many", ([&sound[..], &[0]].concat(), signature));
    let short = [array_head(11), fields[..11].concat()].concat();
    cases.push("C6", "header of 11 fields", raw::seal(1, &short, payload));
    let long = [array_head(13), fields.concat(), uint(0)].concat();
    cases.push("C6", "header of 13 fields", raw::seal(1, &long, payload));
    let forever = [&[0x9f][..], &fields.concat(), &[0xff]].concat();
    cases.push("C3", "indefinite header", raw::seal(1, &forever, payload));
    let mapped = [&[0xac][..], &fields.concat()].concat();
    cases.push("C1", "map for a header", raw::seal(1, &mapped, payload));
    let huge = vec![0; 65_469 - 300];
    let mut big = raw::header(&raw::public(1), 999, &huge);
    big[raw::TIMESTAMP] = uint(1 << 40);
    let (mut too_long, signature) = raw::entry(1, &big, &huge);
    too_long.resize(65_469, 0);
    cases.push("H1", "65,469 bytes", (too_long, signature));
}

fn headers(cases: &mut Cases) {
    cases.header("H8", "version 0", raw::VERSION, uint(0));
    cases.header("H2", "no group", raw::GROUP_FIELD, null());
    cases.header("H2", "no backlink", raw::BACKLINK, null());
    cases.header("H2", "a genesis entry with a group and backlink", raw::KIND, uint(0));
    cases.header("H3", "parents that descend", raw::PARENTS, ids(&[[5; 32], [4; 32]]));
    cases.header("H3", "a parent twice", raw::PARENTS, ids(&[[4; 32], [4; 32]]));
    cases.header("H3", "the backlink as a parent", raw::PARENTS, ids(&[[3; 32]]));
    let many: Vec<[u8; 32]> = (10..27).map(|n| [n; 32]).collect();
    cases.header("H3", "17 parents", raw::PARENTS, ids(&many));
    cases.header("H4", "refs that descend", raw::REFS, ids(&[[5; 32], [4; 32]]));
    cases.header("H4", "a ref twice", raw::REFS, ids(&[[4; 32], [4; 32]]));
    cases.header("H4", "1,025 refs, of which none follows", raw::REFS, array_head(1025));
    cases.header("H5", "lamport 0", raw::LAMPORT, uint(0));
    cases.header("H6", "kind 65,536", raw::KIND, uint(65_536));
    cases.header("H7", "another payload length", raw::PAYLOAD_LEN, uint(5));
    cases.header("H7", "another payload hash", raw::PAYLOAD_HASH, bytes(&[0; 32]));
    use encoding_payloads::founder_with;
    let genesis = founder_with(|f| f[raw::SEQ] = uint(1));
    cases.push("H2", "a genesis entry with seq 1", genesis);
    let genesis = founder_with(|f| f[raw::PARENTS] = ids(&[[4; 32]]));
    cases.push("H9", "a genesis entry with a parent", genesis);
    let genesis = founder_with(|f| f[raw::REFS] = ids(&[[4; 32]]));
    cases.push("H9", "a genesis entry with a ref", genesis);
    let genesis = founder_with(|f| f[raw::LAMPORT] = uint(2));
    cases.push("H9", "a genesis entry with lamport 2", genesis);
    let genesis = founder_with(|f| f[raw::GROUP_FIELD] = bytes(&raw::GROUP));
    cases.push("H2", "a genesis entry with a group", genesis);
}

/// Which of two broken rules is named.
fn precedence(cases: &mut Cases) {
    let payload = b"opaque";
    let two = |change: &dyn Fn(&mut Vec<Piece>)| {
        let mut fields = raw::header(&raw::public(1), 999, payload);
        change(&mut fields);
        raw::entry(1, &fields, payload)
    };
    let entry = two(&|f| {
        f[raw::VERSION] = uint(0);
        f[raw::KIND] = uint(65_536);
    });
    cases.push("H6", "version 0 and kind 65,536: H6 at its field", entry);
    let entry = two(&|f| {
        f[raw::VERSION] = uint(0);
        f[raw::GROUP_FIELD] = null();
    });
    cases.push("H8", "version 0 and no group: H8 before H2", entry);
    let entry = two(&|f| {
        f[raw::BACKLINK] = null();
        f[raw::PARENTS] = ids(&[[5; 32], [4; 32]]);
    });
    cases.push("H2", "no backlink and parents that descend: H2 before H3", entry);
    let entry = two(&|f| {
        f[raw::REFS] = ids(&[[5; 32], [4; 32]]);
        f[raw::LAMPORT] = uint(0);
    });
    cases.push("H4", "refs that descend and lamport 0: H4 before H5", entry);
    let entry = two(&|f| {
        f[raw::LAMPORT] = uint(0);
        f[raw::PAYLOAD_LEN] = uint(5);
    });
    cases.push("H5", "lamport 0 and another payload length: H5 before H7", entry);
    let (sound, mut signature) = with_refs(1, 0, &array_head(0));
    signature[40] ^= 1;
    cases.push("S1", "a signature of something else", (sound.clone(), signature));
    cases.push("S1", "a signature of zeros", (sound, [0; 64]));
    let (bytes, mut signature) = with_refs(1, 0, &array(&[null()]));
    signature[40] ^= 1;
    cases.push("C6", "a bad payload and a bad signature: the payload first", (bytes, signature));
    let (bytes, mut signature) = raw::entry(1, &raw::header(&raw::public(1), 999, b"?"), b"?");
    signature[0] ^= 1;
    cases.push("S1", "an opaque entry with a bad signature", (bytes, signature));
}

pub(crate) fn build() -> Value {
    let mut cases = Cases::default();
    heads(&mut cases);
    strings(&mut cases);
    whole(&mut cases);
    headers(&mut cases);
    precedence(&mut cases);
    encoding_payloads::push(&mut cases);
    encoding_keys::push(&mut cases);
    encoding_order::push(&mut cases);
    for rule in Rule::ALL {
        let covered = cases.0.iter().any(|case| case["rule"] == rule.code());
        // Admission has its own vectors, and so have messages.
        let elsewhere = rule.code().starts_with(['A', 'M', 'J', 'N', 'R']);
        assert!(covered || elsewhere, "no case breaks {rule}");
    }
    let about = "Each entry is refused, and rule is the first that it breaks. Long ones are given \
        as runs: bytes in hexadecimal, and how often they are repeated.";
    file(about, "cases", Value::Array(cases.0))
}
