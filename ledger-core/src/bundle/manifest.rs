//! Manifests: tables of contents of bundles, sealed for the members.

use crate::base::codec::{Reader, Writer};
use crate::base::hash::{Tag, digest};
use crate::base::id::{EntryId, GroupId, Topic};
use crate::base::rule::{Refusal, Rule};
use crate::seal::{EnvelopeError, EpochKey};

/// First byte of a sealed manifest.
const KIND: u8 = 0x03;

/// Greatest number of entries in one manifest.
pub const MAX_PART_ENTRIES: usize = 1_000;

/// Manifest: lists the entries of one part of a bundle and stands before them. The first
/// manifest also holds the heads that its maker knew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The group.
    pub group: GroupId,
    /// The bundle, the same in all its parts ([`BundleId::compute`]).
    pub bundle: BundleId,
    /// Number of this part, and number of all parts.
    pub part: Part,
    /// Number of entries in all parts together.
    pub entries: u64,
    /// Heads that the maker knew, at most 256: in the first part.
    pub heads: Vec<EntryId>,
    /// Topics whose keys the maker asks for, at most 256: in the first part.
    pub wanted: Vec<Topic>,
    /// The entries of this part, at most 1,000, in the order of their
    /// envelopes.
    pub ids: Vec<EntryId>,
}

/// Id of a bundle, which its manifests bear. It tells bundles apart that were joined to one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BundleId([u8; 16]);

impl BundleId {
    /// Computes the id of a bundle of these entries: the first 16 bytes of `D("bundle", ids)`. Two
    /// bundles of the same entries are the same bundle.
    pub fn compute(ids: impl IntoIterator<Item = EntryId>) -> Self {
        let ids: Vec<u8> = ids.into_iter().flat_map(|id| *id.as_bytes()).collect();
        Self(digest(Tag::BUNDLE, &[&ids]).first_chunk().copied().unwrap_or_default())
    }

    /// Creates the id from its 16 bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// Number of a part of a bundle, from 0, and number of all parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Part {
    /// Number of this part, from 0.
    pub number: u64,
    /// Number of all parts.
    pub total: u64,
}

impl Manifest {
    /// Greatest number of heads, and of topics, in one manifest.
    pub const MAX_LISTED: usize = 256;

    fn encode(&self) -> Vec<u8> {
        let mut w = Writer::new();
        w.array(8);
        w.bytes(self.group.as_bytes());
        w.bytes(self.bundle.as_bytes());
        w.uint(self.part.number);
        w.uint(self.part.total);
        w.uint(self.entries);
        w.array(self.heads.len().min(Manifest::MAX_LISTED));
        self.heads.iter().take(Manifest::MAX_LISTED).for_each(|id| w.bytes(id.as_bytes()));
        w.array(self.wanted.len().min(Manifest::MAX_LISTED));
        self.wanted.iter().take(Manifest::MAX_LISTED).for_each(|topic| w.bytes(topic.as_bytes()));
        w.array(self.ids.len().min(MAX_PART_ENTRIES));
        self.ids.iter().take(MAX_PART_ENTRIES).for_each(|id| w.bytes(id.as_bytes()));
        w.into_bytes()
    }

    fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        let mut r = Reader::new(bytes);
        r.array(8)?;
        let group = GroupId::from_bytes(r.bytes_n()?);
        let bundle = BundleId::from_bytes(r.bytes_n()?);
        let part = Part { number: r.uint()?, total: r.uint()? };
        let entries = r.uint()?;
        let heads = read_list(&mut r, Manifest::MAX_LISTED, EntryId::from_bytes)?;
        let wanted = read_list(&mut r, Manifest::MAX_LISTED, Topic::from_bytes)?;
        let ids = read_list(&mut r, MAX_PART_ENTRIES, EntryId::from_bytes)?;
        r.finish()?;
        Ok(Self { group, bundle, part, entries, heads, wanted, ids })
    }

    /// Greatest length of a sealed manifest that lists this number of heads, topics and
    /// entries together, in bytes.
    #[must_use]
    pub fn max_len(listed: usize) -> usize {
        // Each listed id and the group take 34 bytes, the bundle 17, a number at most 9, the length
        // of a list 1 or 3, the array 1.
        let others = 1 + 34 + 17 + 3 * 9 + 3 * 3;
        crate::seal::sealed_len(listed.saturating_mul(34).saturating_add(others))
    }

    /// Seals the manifest under an epoch's key; longer lists are cut off.
    #[must_use]
    pub fn seal(&self, key: &EpochKey) -> Vec<u8> {
        let bytes = self.encode();
        key.seal_padded(KIND, Tag::MANIFEST, &[&digest(Tag::MANIFEST, &[&bytes])], &bytes, &[])
    }

    /// The topic of a sealed manifest.
    ///
    /// # Errors
    /// [`EnvelopeError`] if the bytes are no sealed manifest.
    pub fn topic(bytes: &[u8]) -> Result<Topic, EnvelopeError> {
        crate::seal::parse(KIND, bytes).map(|(topic, ..)| topic)
    }

    /// Opens a sealed manifest, by the rules of an envelope.
    ///
    /// # Errors
    /// [`EnvelopeError`], the first rule that is broken.
    pub fn open(key: &EpochKey, bytes: &[u8]) -> Result<Self, EnvelopeError> {
        let parts = crate::seal::parse(KIND, bytes)?;
        key.open_padded(KIND, Tag::MANIFEST, parts, 0, |bytes, _| {
            let manifest = Self::decode(bytes)?;
            let expected = key.nonce(&[&digest(Tag::MANIFEST, &[bytes])]);
            if expected == parts.1 { Ok(manifest) } else { Err(EnvelopeError::Nonce) }
        })
    }
}

fn read_list<T>(
    r: &mut Reader<'_>,
    max: usize,
    of: impl Fn([u8; 32]) -> T,
) -> Result<Vec<T>, Refusal> {
    let len = r.array_up_to(max, Rule::C6)?;
    (0..len).map(|_| r.bytes_n().map(&of)).collect()
}
