//! Entries that no draft makes: of later versions, of unknown kinds, with any refs (SPEC §2).

use std::collections::BTreeMap;

use ed25519_zebra::{SigningKey, VerificationKey};
use ledger_core::engine::DecodedEntry;
use ledger_core::{EntryId, GroupId, Refusal};
use sha2::{Digest as _, Sha256};

/// A time that takes nine bytes, as all later ones of our age.
const START_MS: u64 = 1_800_000_000_000;

/// How many first bytes of two ids are ground alike: as many as summaries once compared, found after
/// about 80,000 tries.
const ALIKE: usize = 4;

/// Fields of an entry that is not signed yet.
#[derive(Clone)]
pub(super) struct RawEntry {
    pub(super) version: u64,
    pub(super) group: GroupId,
    pub(super) seq: u64,
    pub(super) backlink: EntryId,
    /// Strictly ascending, without the backlink.
    pub(super) parents: Vec<EntryId>,
    /// Strictly ascending.
    pub(super) refs: Vec<EntryId>,
    pub(super) lamport: u64,
    pub(super) kind: u16,
    pub(super) payload: Vec<u8>,
}

impl RawEntry {
    /// Signs the entry.
    ///
    /// # Errors
    /// The first rule of form that the fields break.
    pub(super) fn sign(&self, key: &SigningKey) -> Result<DecodedEntry, Refusal> {
        self.sign_at(key, START_MS)
    }

    /// Signs two entries that differ in their times alone, and whose ids begin with the same bytes.
    ///
    /// # Errors
    /// The first rule of form that the fields break.
    pub(super) fn sign_alike(&self, key: &SigningKey) -> Result<[DecodedEntry; 2], Refusal> {
        let [before, after] = self.around_time(key);
        let mut begun = hasher("entry");
        begun.update(&before);
        let mut seen: BTreeMap<[u8; ALIKE], u64> = BTreeMap::new();
        let mut time = START_MS;
        loop {
            let mut hasher = begun.clone();
            hasher.update(item(0, time));
            hasher.update(&after);
            let id: [u8; 32] = hasher.finalize().into();
            let start = id.first_chunk().copied().unwrap_or_default();
            if let Some(earlier) = seen.insert(start, time) {
                return Ok([self.sign_at(key, earlier)?, self.sign_at(key, time)?]);
            }
            time += 1;
        }
    }

    fn sign_at(&self, key: &SigningKey, time: u64) -> Result<DecodedEntry, Refusal> {
        let [before, after] = self.around_time(key);
        let header = [before, item(0, time), after].concat();
        let message = [b"gl/1/entry-sig".as_slice(), &digest("entry", &header)].concat();
        let signature: [u8; 64] = key.sign(&message).into();
        DecodedEntry::decode(&[header, self.payload.clone()].concat(), &signature)
    }

    /// The header's bytes before and after the time.
    fn around_time(&self, key: &SigningKey) -> [Vec<u8>; 2] {
        let device: [u8; 32] = VerificationKey::from(key).into();
        let before = [
            item(4, 12),
            item(0, self.version),
            bytes(self.group.as_bytes()),
            bytes(&device),
            item(0, self.seq),
            bytes(self.backlink.as_bytes()),
            ids(&self.parents),
            ids(&self.refs),
            item(0, self.lamport),
        ];
        let after = [
            item(0, u64::from(self.kind)),
            item(0, self.payload.len() as u64),
            bytes(&digest("payload", &self.payload)),
        ];
        [before.concat(), after.concat()]
    }
}

/// The head of a CBOR item, in its shortest form.
fn item(major: u8, n: u64) -> Vec<u8> {
    let first = major << 5;
    match n {
        0..=23 => vec![first | n as u8],
        24..=0xff => vec![first | 24, n as u8],
        0x100..=0xffff => [vec![first | 25], (n as u16).to_be_bytes().to_vec()].concat(),
        0x1_0000..=0xffff_ffff => [vec![first | 26], (n as u32).to_be_bytes().to_vec()].concat(),
        _ => [vec![first | 27], n.to_be_bytes().to_vec()].concat(),
    }
}

fn bytes(content: &[u8]) -> Vec<u8> {
    [item(2, content.len() as u64), content.to_vec()].concat()
}

fn ids(ids: &[EntryId]) -> Vec<u8> {
    let all = ids.iter().flat_map(|id| bytes(id.as_bytes()));
    item(4, ids.len() as u64).into_iter().chain(all).collect()
}

/// A hash under a tag (SPEC §1.2), before the data.
fn hasher(name: &str) -> Sha256 {
    let tag = format!("gl/1/{name}");
    let mut hasher = Sha256::new();
    hasher.update([tag.len() as u8]);
    hasher.update(&tag);
    hasher
}

fn digest(name: &str, data: &[u8]) -> [u8; 32] {
    let mut hasher = hasher(name);
    hasher.update(data);
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn raw(version: u64, kind: u16, refs: usize) -> RawEntry {
        let id = |n: usize| {
            let mut bytes = [7; 32];
            bytes[..8].copy_from_slice(&(n as u64).to_be_bytes());
            EntryId::from_bytes(bytes)
        };
        RawEntry {
            version,
            group: GroupId::from_bytes([1; 32]),
            seq: 300,
            backlink: id(0),
            parents: vec![id(1)],
            refs: (2..2 + refs).map(id).collect(),
            lamport: 70_000,
            kind,
            payload: b"?".to_vec(),
        }
    }

    #[test]
    fn an_entry_reads_back_as_it_was_written() {
        let key = SigningKey::from([3; 32]);
        for (version, kind, refs) in [(1, 999, 0), (2, 23, 1), (1 << 40, 6, 1_024)] {
            let raw = raw(version, kind, refs);
            let entry = raw.sign(&key).unwrap();
            let header = entry.header();
            assert_eq!((header.version(), header.kind().number()), (version, kind));
            assert_eq!((header.refs(), header.parents()), (&*raw.refs, &*raw.parents));
            assert_eq!((header.seq(), header.lamport()), (300, 70_000));
        }
        assert!(raw(1, 999, 1_025).sign(&key).is_err(), "H4");
    }

    #[test]
    fn ids_that_are_ground_begin_alike_and_differ() {
        let key = SigningKey::from([3; 32]);
        let [one, other] = raw(1, 999, 0).sign_alike(&key).unwrap();
        assert_eq!(one.id().as_bytes()[..ALIKE], other.id().as_bytes()[..ALIKE]);
        assert_ne!(one.id(), other.id());
        let again = raw(1, 999, 0).sign_alike(&key).unwrap();
        assert_eq!([one.id(), other.id()], again.map(|entry| entry.id()), "by the fields alone");
    }
}
