//! Finding the group of a bundle with nothing but a person's recovery keys (SPEC §16.1).
//!
//! A key envelope does not say which group it is of, nor which of a person's keys opens it. So all
//! keys are tried; the first envelope that opens with a found key tells the group.

use ledger_core::GroupId;
use ledger_core::engine::{DecodedEntry, Payload, VerifiedEntry, verify_batch};
use ledger_core::keys::ExchangeKey;
use ledger_core::seal::{Envelope, FoundKey, KeyEnvelope};

use super::RecordReader;
use super::key_pool::KeyPool;
use crate::StoreError;
use crate::platform::progress::OnProgress;

/// Most envelopes that wait for a key while the group is not known.
const MAX_HELD: usize = 1_000;

/// Most bytes of these.
const MAX_HELD_BYTES: usize = 8 << 20;

/// Most keys that are tried, and most of one topic. Whoever knows a person's recovery key can wrap
/// any number of keys for it.
const MAX_FOUND: usize = 1_024;
const MAX_FOUND_OF_TOPIC: usize = 4;

/// The genesis entry of the group of a bundle, and the index of the key that opened it.
///
/// # Errors
/// [`StoreError::NoKey`] if none of the keys opens the bundle, [`StoreError::NoBundle`] if it is
/// none, [`StoreError::Cancelled`].
pub(crate) fn find_genesis(
    mut records: RecordReader<'_>,
    keys: Vec<ExchangeKey>,
    seed: &[u8; 32],
    progress: OnProgress<'_>,
) -> Result<(VerifiedEntry, u32), StoreError> {
    let mut search = Search::new(keys);
    let mut is_bundle = false;
    let found = records.find(progress, |record| {
        is_bundle = true;
        search.offer(record);
        search.genesis.take().zip(search.group)
    })?;
    let none = || if is_bundle { StoreError::NoKey } else { StoreError::NoBundle };
    let (genesis, (_, index)) = found.ok_or_else(none)?;
    let verified = verify_batch(vec![genesis], seed).pop();
    Ok((verified.ok_or(StoreError::NoKey)??, index))
}

/// Opens records with the recovery keys of a person until the genesis entry is found. Pure.
struct Search {
    keys: Vec<ExchangeKey>,
    /// Key envelopes that one of the keys opens; which group they are of is not known yet.
    found: Vec<FoundKey>,
    /// The group, with the number of the person's root key in it.
    group: Option<(GroupId, u32)>,
    epoch_keys: KeyPool,
    /// Records that wait for a key.
    held: Vec<Vec<u8>>,
    held_bytes: usize,
    genesis: Option<DecodedEntry>,
}

impl Search {
    fn new(keys: Vec<ExchangeKey>) -> Self {
        let (found, held) = (Vec::new(), Vec::new());
        let epoch_keys = KeyPool::default();
        Self { keys, found, group: None, epoch_keys, held, held_bytes: 0, genesis: None }
    }

    /// Opens a record, and the records that waited for a key in it.
    fn offer(&mut self, record: Vec<u8>) {
        if let Ok(envelope) = KeyEnvelope::parse(&record) {
            let topic = envelope.topic();
            let alike = self.found.iter().filter(|found| found.topic() == topic).count();
            if self.found.len() < MAX_FOUND && alike < MAX_FOUND_OF_TOPIC {
                self.found.extend(envelope.find(&self.keys));
            }
        } else if self.open(&record) {
            while let Some(at) = (0..self.held.len()).find(|at| self.can_open(*at)) {
                let waiting = self.held.swap_remove(at);
                self.held_bytes = self.held_bytes.saturating_sub(waiting.len());
                self.open(&waiting);
            }
        } else if self.held.len() < MAX_HELD
            && self.held_bytes.saturating_add(record.len()) <= MAX_HELD_BYTES
        {
            self.held_bytes = self.held_bytes.saturating_add(record.len());
            self.held.push(record);
        }
    }

    fn can_open(&self, at: usize) -> bool {
        let record = self.held.get(at).map(Vec::as_slice).unwrap_or_default();
        Envelope::parse(record).is_ok_and(|envelope| self.epoch_keys.contains(&envelope.topic()))
    }

    /// Opens an envelope if its key is known. Returns whether it needs to wait no more.
    fn open(&mut self, record: &[u8]) -> bool {
        let Ok(envelope) = Envelope::parse(record) else { return true };
        let topic = envelope.topic();
        if !self.epoch_keys.contains(&topic) {
            let ours = |found: &&FoundKey| found.topic() == topic;
            let key = self
                .found
                .iter()
                .filter(ours)
                .find_map(|found| Some((found.index(), found.epoch_key(&envelope)?)));
            let Some((index, key)) = key else { return false };
            let index = u32::try_from(index).unwrap_or(u32::MAX);
            let (group, _) = *self.group.get_or_insert((key.group(), index));
            if group == key.group() {
                self.epoch_keys.add(key);
            }
        }
        let Some(key) = self.epoch_keys.get(&topic) else { return false };
        let Ok(entry) = key.open(&envelope) else { return true };
        if let Payload::Epoch(epoch) = entry.payload() {
            self.epoch_keys.add_epoch(epoch);
        }
        if self.group.is_some_and(|(group, _)| group.genesis() == entry.id()) {
            self.genesis = Some(entry);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use ledger_core::engine::NewGroup;
    use ledger_core::keys::{DeviceKey, RootEntropy};
    use ledger_core::seal::EpochKey;

    use super::*;

    fn key(n: usize) -> EpochKey {
        let mut secret = [0; 32];
        secret[..8].copy_from_slice(&n.to_be_bytes());
        EpochKey::from_bytes(GroupId::from_bytes([1; 32]), secret)
    }

    #[test]
    fn envelopes_without_a_key_are_bounded() {
        let (entropy, device) = (RootEntropy::from_bytes([1; 32]), DeviceKey::from_bytes(&[2; 64]));
        let genesis = NewGroup::new("Flat", "Anna", &entropy, 0, [3; 32]).create(&device, 0);
        let genesis = genesis.unwrap();
        let mut search = Search::new(Vec::new());
        for n in 0..=MAX_HELD {
            search.offer(key(n).seal(genesis.decoded()));
        }
        assert_eq!(search.held.len(), MAX_HELD);
        // By bytes as well: a record that finds no room is dropped, a smaller one is not.
        let bytes: usize = search.held.iter().map(Vec::len).sum();
        assert_eq!(search.held_bytes, bytes);
        search.held.clear();
        search.held_bytes = MAX_HELD_BYTES;
        search.offer(key(0).seal(genesis.decoded()));
        assert!(search.held.is_empty());
    }

    #[test]
    fn keys_are_bounded_those_of_one_topic_first() {
        let exchange = ExchangeKey::from_bytes([6; 32]);
        let recipients = BTreeSet::from([exchange.public_key()]);
        let mut search = Search::new(vec![exchange]);
        for seed in 0..6 {
            for envelope in key(0).wrap_for(&recipients, &[seed; 32]) {
                search.offer(envelope);
            }
        }
        assert_eq!(search.found.len(), MAX_FOUND_OF_TOPIC);
        for n in 1..=MAX_FOUND {
            for envelope in key(n).wrap_for(&recipients, &[7; 32]) {
                search.offer(envelope);
            }
        }
        assert_eq!(search.found.len(), MAX_FOUND);
    }
}
