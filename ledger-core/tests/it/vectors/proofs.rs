//! Proofs of equivocation (SPEC §5.2).

use ledger_core::EntryId;
use ledger_core::engine::{Draft, EquivocationProof, NewGroup, ProofError, VerifiedEntry};
use serde_json::{Value, json};

use crate::vectors::raw::{self, Piece, array, bytes, ids, uint};
use crate::vectors::world::{World, device, entropy, hex};
use crate::vectors::{fields, file};

type Signed = (Vec<u8>, [u8; 64]);

fn header_of(entry: &VerifiedEntry) -> Signed {
    let bytes = entry.decoded().as_bytes();
    (fields::split(bytes).0.to_vec(), *entry.decoded().signature())
}

/// A signed header with some fields changed.
fn header(change: impl Fn(&mut Vec<Piece>)) -> Signed {
    let mut fields = raw::header(&raw::public(1), 999, b"opaque");
    change(&mut fields);
    raw::seal(1, &array(&fields), &[])
}

/// One key that two statements enrol, and one statement that two entries carry.
fn first_entries() -> [Signed; 4] {
    let mut w = World::enrolled_twice();
    w.carry(2, "carried-again", "enrol-a", &[]);
    for (by, label) in [("enrol-a", "one"), ("enrol-b", "two"), ("carried-again", "three")] {
        w.enrolled(4, by);
        w.say(4, label, &["*"], Draft::merge());
    }
    w.enrolled(4, "enrol-a");
    w.say(4, "fork", &["*"], Draft::merge());
    ["one", "two", "three", "fork"].map(|label| header_of(w.entry(label)))
}

pub(crate) fn build() -> Value {
    let mut cases = Vec::new();
    let mut push = |name: &str, expected: &str, first: &Signed, second: &Signed| {
        let proof = EquivocationProof::from_parts([first.clone(), second.clone()]);
        let (found, proven) = match &proof {
            Ok(proof) => {
                let (device, entries) = proof.check().unwrap();
                let entries = entries.map(|id: EntryId| id.to_string());
                ("proof", json!({ "device": device.to_string(), "entries": entries }))
            }
            Err(ProofError::NoEquivocation) => ("no proof", Value::Null),
            Err(ProofError::Refused(refusal)) => (refusal.rule().code(), Value::Null),
            Err(error) => panic!("{error}"),
        };
        assert_eq!(found, expected, "{name}");
        let headers = [first, second]
            .map(|(bytes, signature)| json!({ "bytes": hex(bytes), "signature": hex(signature) }));
        cases.push(json!({
            "name": name, "headers": headers, "outcome": expected, "proven": proven,
        }));
    };
    let at = |field: usize, piece: Piece| header(|fields| fields[field] = piece.clone());
    let one = header(|_| {});
    let later = at(raw::TIMESTAMP, uint(1));
    push("two headers for one position", "proof", &one, &later);
    push(
        "of different kinds and parents",
        "proof",
        &one,
        &header(|fields| {
            fields[raw::KIND] = uint(1);
            fields[raw::PARENTS] = ids(&[[9; 32]]);
            fields[raw::VERSION] = uint(2);
        }),
    );
    push("one header twice", "no proof", &one, &one);
    push("of two groups", "no proof", &one, &at(raw::GROUP_FIELD, bytes(&[9; 32])));
    push("of two numbers", "no proof", &one, &at(raw::SEQ, uint(2)));
    push("behind two backlinks", "no proof", &one, &at(raw::BACKLINK, bytes(&[9; 32])));
    let mut fields = raw::header(&raw::public(2), 999, b"opaque");
    fields[raw::TIMESTAMP] = uint(1);
    push("of two devices", "no proof", &one, &raw::seal(2, &array(&fields), &[]));
    let mut forged = later.clone();
    forged.1[40] ^= 1;
    push("the second with a bad signature", "S1", &one, &forged);
    push("the first with a bad signature, of two numbers", "S1", &forged, &at(raw::SEQ, uint(2)));
    push("the second without a group", "H2", &one, &at(raw::GROUP_FIELD, raw::null()));
    push(
        "the second with parents that descend",
        "H3",
        &one,
        &at(raw::PARENTS, ids(&[[9; 32], [8; 32]])),
    );
    let long = ([&later.0[..], &[0]].concat(), later.1);
    push("something behind the second", "C5", &one, &long);
    let [first, second, third, fork] = first_entries();
    push("first entries of two enrolments of one key", "no proof", &first, &second);
    push("first entries behind two carriers of one enrolment", "no proof", &first, &third);
    push("two first entries behind one carrier", "proof", &first, &fork);
    let genesis = |salt| {
        let entropy = entropy(1);
        let new = NewGroup::new("Flat", "Anna", &entropy, 0, salt);
        header_of(&new.create(&device(1), 0).unwrap())
    };
    push("two genesis entries of one key", "no proof", &genesis([9; 32]), &genesis([8; 32]));
    let about = "SPEC 5.2. Two signed headers, without payloads: they prove that their device signed \
        two entries for one position, or prove nothing, or one of them is refused by a rule.";
    file(about, "cases", json!(cases))
}
