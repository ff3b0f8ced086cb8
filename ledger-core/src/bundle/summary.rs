//! Summaries: how far a device knows a group, small enough for a QR code.

use std::collections::BTreeMap;

use crate::base::check::{append_check, strip_check};
use crate::base::id::{DeviceId, EntryId, GroupId};
use crate::state::Frontier;

/// Version and kind.
const FORM: u8 = 0x40;

/// Most chains in a summary: 16 bytes each, so that all fits into a QR code.
const MAX_CHAINS: usize = 150;

const CHAIN_BYTES: usize = 8 + 4 + 4;

/// Last known entry of every chain, each shortened to its first bytes. An entry that the
/// summary leaves out, or that a shortened id hides, is sent once more than necessary; none
/// is lost.
///
/// A summary shows the number of devices and the number of entries of each, so only members
/// should see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    group: [u8; 8],
    chains: BTreeMap<[u8; 8], (u32, [u8; 4])>,
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
    /// Summarizes a frontier. If it has more than 150 devices, the summary holds those that
    /// wrote last.
    #[must_use]
    pub fn new(group: GroupId, frontier: &Frontier) -> Self {
        let mut tips: Vec<(u64, DeviceId, u64, EntryId)> = frontier.tips().collect();
        tips.sort();
        // Sorted by clock, so the end of the list holds the devices that wrote last.
        let last = tips.iter().rev().take(MAX_CHAINS);
        let chains = last.filter_map(|(_, device, seq, tip)| {
            Some((short(device.as_bytes()), (u32::try_from(*seq).ok()?, short4(tip))))
        });
        Self { group: short(group.as_bytes()), chains: chains.collect() }
    }

    /// Sequence number up to which the maker of the summary knows the chain of a device.
    /// `None` if the chain is unknown there, or if its entry with that number is not the one
    /// that `entry_at` returns: then the maker needs the whole chain.
    #[must_use]
    pub fn known(
        &self,
        device: DeviceId,
        entry_at: impl FnOnce(u64) -> Option<EntryId>,
    ) -> Option<u64> {
        let (seq, tip) = self.chains.get(&short(device.as_bytes()))?;
        let seq = u64::from(*seq);
        entry_at(seq).filter(|id| short4(id) == *tip).map(|_| seq)
    }

    /// As bytes, at most 2,413: `form ‖ group8 ‖ n × (device8 ‖ seq32 ‖ tip4) ‖
    /// check4`.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![FORM];
        bytes.extend_from_slice(&self.group);
        for (device, (seq, tip)) in &self.chains {
            bytes.extend_from_slice(device);
            bytes.extend_from_slice(&seq.to_be_bytes());
            bytes.extend_from_slice(tip);
        }
        append_check(&mut bytes);
        bytes
    }

    /// Reads what [`Summary::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`SummaryError`] if it is something else, or of another group.
    pub fn from_bytes(group: GroupId, bytes: &[u8]) -> Result<Self, SummaryError> {
        let body = strip_check(bytes).ok_or(SummaryError::Form)?;
        let (form, rest) = body.split_first().ok_or(SummaryError::Form)?;
        let (of, rest) = rest.split_first_chunk::<8>().ok_or(SummaryError::Form)?;
        let (chains, over) = rest.as_chunks::<CHAIN_BYTES>();
        if *form != FORM || !over.is_empty() || chains.len() > MAX_CHAINS {
            return Err(SummaryError::Form);
        }
        if *of != short(group.as_bytes()) {
            return Err(SummaryError::OtherGroup);
        }
        let mut found = BTreeMap::new();
        for chain in chains {
            let (device, rest) = chain.split_first_chunk::<8>().ok_or(SummaryError::Form)?;
            let (seq, tip) = rest.split_first_chunk::<4>().ok_or(SummaryError::Form)?;
            let tip = tip.first_chunk::<4>().ok_or(SummaryError::Form)?;
            found.insert(*device, (u32::from_be_bytes(*seq), *tip));
        }
        Ok(Self { group: *of, chains: found })
    }
}

fn short(bytes: &[u8; 32]) -> [u8; 8] {
    bytes.first_chunk().copied().unwrap_or_default()
}

fn short4(id: &EntryId) -> [u8; 4] {
    id.as_bytes().first_chunk().copied().unwrap_or_default()
}
