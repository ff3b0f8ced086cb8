//! Summaries: how far a device knows a group, small enough for a QR code.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::check::{append_check, strip_check};
use crate::base::hash::{Tag, digest};
use crate::base::id::{DeviceId, EntryId, GroupId};

/// Version and kind.
const FORM: u8 = 0x41;

const CHAIN_BYTES: usize = 8 + 4 + 8;

/// Last known entries of every chain and ids of missing entries, each shortened under a salt. An
/// entry that the summary leaves out is sent once more than necessary; none is lost.
///
/// The salt is fresh for every summary. So an author who makes two ids that look alike in one
/// summary cannot make them look alike in the next.
///
/// A summary shows the number of devices and the number of entries of each, so only members
/// should see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    group: [u8; 8],
    salt: [u8; 8],
    /// By device; a chain that forked may have several items.
    chains: BTreeMap<[u8; 8], BTreeSet<(u32, [u8; 8])>>,
    missing: BTreeSet<[u8; 8]>,
}

/// Error of bytes that are no summary of this group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SummaryError {
    /// The bytes are something else, or damaged.
    #[error("this is no summary, or a part of it is missing; scan or copy it again")]
    Form,
    /// The summary is of another group.
    #[error("the summary is of another group")]
    OtherGroup,
}

impl Summary {
    /// Most items of chains in a summary.
    pub const MAX_CHAINS: usize = 120;

    /// Most ids of missing entries in a summary.
    pub const MAX_MISSING: usize = 60;

    /// Summarizes the last entries of chains, each with its device and seq, and the ids of entries
    /// that the device lacks and asks for. Of more than a summary holds, the first are taken.
    ///
    /// `salt` must be eight fresh random bytes.
    pub fn new(
        group: GroupId,
        salt: [u8; 8],
        tips: impl IntoIterator<Item = (DeviceId, u64, EntryId)>,
        missing: impl IntoIterator<Item = EntryId>,
    ) -> Self {
        let missing = missing.into_iter().take(Self::MAX_MISSING);
        let missing = missing.map(|id| shortened(&salt, id.as_bytes())).collect();
        let mut chains: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for (device, seq, tip) in tips.into_iter().take(Self::MAX_CHAINS) {
            // A chain that is too long for its item is not named, so it is sent whole.
            let Ok(seq) = u32::try_from(seq) else { continue };
            let item = (seq, shortened(&salt, tip.as_bytes()));
            chains.entry(shortened(&salt, device.as_bytes())).or_default().insert(item);
        }
        Self { group: short(group), salt, chains, missing }
    }

    /// The items of a device's chain. Several if the chain forked; none if the maker of the summary
    /// does not know the chain, or left it out.
    pub fn chain(&self, device: DeviceId) -> impl Iterator<Item = ChainItem> + '_ {
        let items = self.chains.get(&shortened(&self.salt, device.as_bytes()));
        items.into_iter().flatten().map(|&(seq, tip)| ChainItem { salt: self.salt, seq, tip })
    }

    /// Whether the maker of the summary lacks this entry and asks for it.
    #[must_use]
    pub fn asks_for(&self, id: &EntryId) -> bool {
        !self.missing.is_empty() && self.missing.contains(&shortened(&self.salt, id.as_bytes()))
    }

    /// As bytes, at most 2,902: `form ‖ group8 ‖ salt8 ‖ n8 ‖ n × (device8 ‖ seq32 ‖ tip8) ‖
    /// m × missing8 ‖ check4`.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![FORM];
        bytes.extend_from_slice(&self.group);
        bytes.extend_from_slice(&self.salt);
        let items = self.chains.values().map(BTreeSet::len).fold(0, usize::saturating_add);
        // At most 120.
        bytes.push(u8::try_from(items).unwrap_or(u8::MAX));
        for (device, items) in &self.chains {
            for (seq, tip) in items {
                bytes.extend_from_slice(device);
                bytes.extend_from_slice(&seq.to_be_bytes());
                bytes.extend_from_slice(tip);
            }
        }
        self.missing.iter().for_each(|id| bytes.extend_from_slice(id));
        append_check(&mut bytes);
        bytes
    }

    /// Reads what [`Summary::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`SummaryError`] if it is something else, or of another group.
    pub fn from_bytes(group: GroupId, bytes: &[u8]) -> Result<Self, SummaryError> {
        Self::read(group, bytes).unwrap_or(Err(SummaryError::Form))
    }

    /// `None` if the bytes are no summary.
    fn read(group: GroupId, bytes: &[u8]) -> Option<Result<Self, SummaryError>> {
        let (form, rest) = strip_check(bytes)?.split_first()?;
        let (of, rest) = rest.split_first_chunk::<8>()?;
        let (salt, rest) = rest.split_first_chunk::<8>()?;
        let (count, rest) = rest.split_first()?;
        let count = usize::from(*count);
        let (items, missing) = rest.split_at_checked(count.checked_mul(CHAIN_BYTES)?)?;
        let (missing, over) = missing.as_chunks::<8>();
        let too_many = count > Self::MAX_CHAINS || missing.len() > Self::MAX_MISSING;
        if *form != FORM || !over.is_empty() || too_many {
            return None;
        }
        if *of != short(group) {
            return Some(Err(SummaryError::OtherGroup));
        }
        let mut chains: BTreeMap<[u8; 8], BTreeSet<_>> = BTreeMap::new();
        for item in items.as_chunks::<CHAIN_BYTES>().0 {
            let (device, rest) = item.split_first_chunk::<8>()?;
            let (seq, rest) = rest.split_first_chunk::<4>()?;
            let item = (u32::from_be_bytes(*seq), *rest.first_chunk::<8>()?);
            chains.entry(*device).or_default().insert(item);
        }
        let missing = missing.iter().copied().collect();
        Some(Ok(Self { group: *of, salt: *salt, chains, missing }))
    }
}

/// Item of a summary: the seq of an entry of a chain, and its id in short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainItem {
    salt: [u8; 8],
    seq: u32,
    tip: [u8; 8],
}

impl ChainItem {
    /// The seq of the entry.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.seq.into()
    }

    /// Whether the item is of this entry.
    #[must_use]
    pub fn names(&self, id: &EntryId) -> bool {
        shortened(&self.salt, id.as_bytes()) == self.tip
    }
}

fn short(group: GroupId) -> [u8; 8] {
    group.as_bytes().first_chunk().copied().unwrap_or_default()
}

/// The first eight bytes of `D("tip", salt ‖ id)`.
fn shortened(salt: &[u8; 8], id: &[u8; 32]) -> [u8; 8] {
    digest(Tag::TIP, &[salt, id]).first_chunk().copied().unwrap_or_default()
}
