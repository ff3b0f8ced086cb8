//! Writer of the named seeds in `fuzz/corpus/decode_entry`. It writes the same bytes on every run, and
//! checks that each seed is what its name says:
//!
//! ```sh
//! cargo run --manifest-path fuzz/Cargo.toml --example seeds
//! ```
//!
//! A seed is a signature of 64 bytes, then an entry. `ok-` seeds decode and
//! their signatures are valid; `no-` seeds break the rule in their name.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a small program that stops at the first surprise"
)]

mod author;
mod parts;

use std::path::Path;

use ledger_core::Refusal;
use ledger_core::engine::{DecodedEntry, VerifiedEntry, verify_batch};

use crate::author::everything;
use crate::parts::Parts;

fn main() {
    let good = everything();
    let mut seeds: Vec<(String, Vec<u8>)> = Vec::new();
    for (name, entry) in &good {
        let entry = entry.decoded();
        let seed = [entry.signature(), entry.as_bytes()].concat();
        seeds.push((format!("ok-{name}"), seed));
    }

    let parts = |name| {
        let (_, entry) = good.iter().find(|(found, _)| *found == name).unwrap();
        Parts::new(entry.decoded().as_bytes())
    };
    let mut add = |name: &str, parts: Parts| seeds.push((name.to_owned(), parts.signed()));
    add("ok-unknown-version", parts("expense").edit(|p| p.head[1] = 2));
    add("ok-unknown-kind", parts("expense").edit(|p| p.set_kind(&[0x19, 0xff, 0xff])));
    add("no-C2", parts("expense").edit(|p| p.set_kind(&[0x18, 0x10])));
    add("no-C3", parts("expense").edit(|p| p.head[0] = 0x9f));
    add("no-C4", parts("expense").edit(|p| p.replace(b"Pizza", b"\xff\xff\xff\xff\xff")));
    add("no-C5", parts("expense").edit(|p| p.payload.push(0)));
    add("no-H2", parts("genesis").edit(|p| p.set_kind(&[1])));
    add("no-H6", parts("expense").edit(|p| p.set_kind(&[0x1a, 0, 1, 0, 0])));
    add("no-H8", parts("expense").edit(|p| p.head[1] = 0));
    // The last byte of the last signature; behind it stands null, or no more signatures.
    let unsign = |p: &mut Parts| *p.payload.iter_mut().nth_back(1).unwrap() ^= 1;
    add("no-K4", parts("genesis").edit(unsign));
    add("no-K4-statement", parts("act-rename").edit(unsign));
    add("no-Q2", parts("endorsement").edit(|p| p.replace(&[0x00, 0x01], &[0x00, 0x02])));
    // The direction: key 1, and one byte.
    add("no-P9", parts("refund").edit(|p| p.replace(&[0x01, 0x41, 0x01], &[0x01, 0x41, 0x02])));
    // 29 and 30 February 2024.
    let (last, none) = (20_240_229_u32.to_be_bytes(), 20_240_230_u32.to_be_bytes());
    add("no-P4", parts("expense").edit(|p| p.replace(&last, &none)));
    add("no-P5", parts("expense").edit(|p| p.replace(b"EUR", b"eur")));
    // A change from number 6 on, whose day is that of number 5: of number 7, that is behind it.
    add("no-P10", parts("template-change").edit(|p| p.replace(&[6, 5], &[6, 7])));
    // The whole amount, 30.00, one cent higher.
    let (whole, more) = (b"cEUR\x19\x0b\xb8", b"cEUR\x19\x0b\xb9");
    add("no-P7", parts("expense").edit(|p| p.replace(whole, more)));

    let mut add = |name: &str, seed: Vec<u8>| seeds.push((name.to_owned(), seed));
    let expense = parts("expense").signed();
    add("no-C1", [&[9; 64], b"not an entry".as_slice()].concat());
    add("no-C6-empty", vec![0; 64]);
    add("no-C6-cut", expense[..100].to_vec());
    add("no-H7", [&expense[..], &[0]].concat());
    add("no-S1", [&[9; 64], &expense[64..]].concat());

    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/decode_entry");
    std::fs::create_dir_all(&folder).unwrap();
    for (name, seed) in &seeds {
        check(name, seed);
        std::fs::write(folder.join(name), seed).unwrap();
    }
    println!("{} seeds are in {}", seeds.len(), folder.display());
}

/// Reads and verifies an entry.
fn verified(seed: &[u8]) -> Result<VerifiedEntry, Refusal> {
    let (signature, entry) = seed.split_first_chunk().unwrap();
    let decoded = DecodedEntry::decode(entry, signature)?;
    verify_batch(vec![decoded], &[7; 32]).remove(0)
}

/// The seed is what its name says.
fn check(name: &str, seed: &[u8]) {
    let broken = verified(seed).err().map(|refusal| refusal.rule().code());
    let expected = name.strip_prefix("no-").and_then(|rest| rest.split('-').next());
    assert_eq!(broken, expected, "{name}");
}
