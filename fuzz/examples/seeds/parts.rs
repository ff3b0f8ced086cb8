//! Parts of entries, from which changed entries are made and signed.

use ed25519_zebra::SigningKey;
use sha2::{Digest as _, Sha256};

use crate::author::DEVICE;

/// An entry without the parts of its header that follow from its payload.
pub(crate) struct Parts {
    /// The header up to the kind.
    pub(crate) head: Vec<u8>,
    pub(crate) payload: Vec<u8>,
}

impl Parts {
    pub(crate) fn new(entry: &[u8]) -> Self {
        // The header ends with a hash of what follows.
        let ends = |place: &usize| entry[place - 32..*place] == digest("payload", &entry[*place..]);
        let place = (32..=entry.len()).find(ends).unwrap();
        let payload = entry[place..].to_vec();
        let head = place - 34 - uint(payload.len()).len();
        Self { head: entry[..head].to_vec(), payload }
    }

    pub(crate) fn edit(mut self, edit: impl FnOnce(&mut Self)) -> Self {
        edit(&mut self);
        self
    }

    /// Puts another encoding in the place of the kind, which is one byte.
    pub(crate) fn set_kind(&mut self, kind: &[u8]) {
        self.head.pop();
        self.head.extend(kind);
    }

    /// Replaces bytes that stand once in the payload by as many others.
    pub(crate) fn replace(&mut self, old: &[u8], new: &[u8]) {
        let place = self.payload.windows(old.len()).position(|w| w == old).unwrap();
        self.payload[place..place + old.len()].copy_from_slice(new);
    }

    /// The signature, then the entry with a header for this payload.
    pub(crate) fn signed(self) -> Vec<u8> {
        let mut header = self.head;
        header.extend(uint(self.payload.len()));
        header.extend([0x58, 32]);
        header.extend(digest("payload", &self.payload));
        let message = [b"gl/1/entry-sig".as_slice(), &digest("entry", &header)].concat();
        let (key, _) = DEVICE.split_first_chunk::<32>().unwrap();
        let signature = SigningKey::from(*key).sign(&message);
        [&signature.to_bytes(), &header[..], &self.payload].concat()
    }
}

/// `D(tag, x)` of SPEC §1.2.
fn digest(tag: &str, bytes: &[u8]) -> [u8; 32] {
    let tag = format!("gl/1/{tag}");
    let mut hasher = Sha256::new();
    hasher.update([u8::try_from(tag.len()).unwrap()]);
    hasher.update(tag);
    hasher.update(bytes);
    hasher.finalize().into()
}

/// The shortest CBOR encoding.
fn uint(n: usize) -> Vec<u8> {
    let [.., high, low] = n.to_be_bytes();
    match n {
        0..24 => vec![low],
        24..256 => vec![0x18, low],
        _ => vec![0x19, high, low],
    }
}
