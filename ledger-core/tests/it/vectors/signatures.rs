//! Signatures published by others. Key, message and signature are read from the file; the
//! test works out only whether ZIP 215 accepts them.

use ed25519_zebra::{Signature, VerificationKey};
use serde_json::{Value, json};

pub(crate) fn unhex(text: &str) -> Vec<u8> {
    assert!(text.len().is_multiple_of(2));
    let pair = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(pair).collect()
}

fn is_valid(case: &Value) -> bool {
    let bytes = |field: &str| unhex(case[field].as_str().unwrap());
    let key: [u8; 32] = bytes("key").try_into().unwrap();
    let signature: [u8; 64] = bytes("signature").try_into().unwrap();
    VerificationKey::try_from(key)
        .and_then(|key| key.verify(&Signature::from(signature), &bytes("message")))
        .is_ok()
}

pub(crate) fn build(mut file: Value) -> Value {
    for suite in file["suites"].as_array_mut().unwrap() {
        for case in suite["cases"].as_array_mut().unwrap() {
            case["valid"] = json!(is_valid(case));
        }
    }
    file
}
