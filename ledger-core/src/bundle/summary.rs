//! How far somebody knows a group, small enough for a QR code.

use std::collections::BTreeMap;

use crate::base::check::{append_check, strip_check};
use crate::base::id::{DeviceId, EntryId, GroupId};
use crate::state::Frontier;

/// Version and kind.
const FORM: u8 = 0x40;

/// Most chains in a summary: 16 bytes each, so that all fits into a QR code.
const MAX_CHAINS: usize = 150;

const CHAIN_BYTES: usize = 8 + 4 + 4;

/// The ends of the chains that somebody knows, by the first bytes of their
/// names. Whatever it leaves out is only sent once more than necessary.
///
/// It shows how many devices there are and how much each has written, so show
/// it to members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    group: [u8; 8],
    chains: BTreeMap<[u8; 8], (u32, [u8; 4])>,
}

/// The bytes are no summary of this group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SummaryError {
    /// Something else, or damaged.
    #[error("this is no summary, or a part of it is missing; scan or copy it again")]
    Form,
    /// Of another group.
    #[error("the summary is of another group")]
    OtherGroup,
}

impl Summary {
    /// What a frontier comes to. Of more than 150 devices, those that wrote
    /// last.
    #[must_use]
    pub fn of(group: GroupId, frontier: &Frontier) -> Self {
        let mut tips: Vec<(u64, DeviceId, u64, EntryId)> = frontier.tips().collect();
        tips.sort();
        let last = tips.iter().rev().take(MAX_CHAINS);
        let chains = last.filter_map(|(_, device, seq, tip)| {
            Some((short(device.as_bytes()), (u32::try_from(*seq).ok()?, short4(tip))))
        });
        Self { group: short(group.as_bytes()), chains: chains.collect() }
    }

    /// The seq up to which the chain of a device is known there, if its entry at
    /// that place is the one that `entry_at` gives: else all of the chain is
    /// news.
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
