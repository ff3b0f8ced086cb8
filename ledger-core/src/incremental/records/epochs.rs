//! Records of epochs and of key rotations.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::codec::{Reader, Writer};
use crate::base::id::{DeviceId, EntryId};
use crate::base::rule::{Refusal, Rule};
use crate::state::{Device, UsableEpoch};
use crate::statement::Generation;
use crate::verdict::ChainPosition;

/// Epochs, and the candidates for what a usable epoch must have in its past.
///
/// Both lists are in the order of arrival, and neither ever loses an element. An element's index is
/// its number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Epochs {
    /// Rotations, and carriers of removals, binds, revocations and leaves, with any verdict. Which
    /// of them are required is asked when epochs are listed.
    candidates: Vec<Candidate>,
    pub(crate) epochs: Vec<EpochRecord>,
    /// Numbers of the epochs by the ids of their entries. Follows from `epochs`.
    places: BTreeMap<EntryId, usize>,
    /// Topics and commitments of the epochs. Follows from `epochs`.
    named: BTreeSet<UsableEpoch>,
    /// Numbers of the candidates by id. Follows from `candidates`.
    numbers: BTreeMap<EntryId, u32>,
    /// Numbers of the candidates on each chain, ascending, as are their `seq`. Follows from
    /// `candidates`.
    chains: BTreeMap<u32, Vec<u32>>,
}

/// Entry that epochs may be required to have in their past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) id: EntryId,
    pub(crate) position: ChainPosition,
    pub(crate) clock: u64,
}

/// An epoch entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EpochRecord {
    /// Place in the total order: clock and id.
    pub(crate) order: (u64, EntryId),
    pub(crate) epoch: UsableEpoch,
    pub(crate) applied: bool,
    /// Number of candidates that existed when the epoch arrived. Later ones are never in its past.
    pub(crate) candidates_before: u32,
    /// The chains of which its past lacks some of these, each with the `seq` up to which it
    /// holds the chain; `None` if it holds nothing of it. Honest epochs have none, so a record is
    /// small.
    pub(crate) behind: BTreeMap<u32, Option<u64>>,
}

impl Epochs {
    /// Returns how many candidates exist.
    pub(crate) fn candidate_count(&self) -> u32 {
        u32::try_from(self.candidates.len()).unwrap_or(u32::MAX)
    }

    pub(crate) fn add_candidate(&mut self, entry: Candidate) {
        let number = self.candidate_count();
        self.numbers.insert(entry.id, number);
        self.chains.entry(entry.position.chain).or_default().push(number);
        self.candidates.push(entry);
    }

    pub(crate) fn add_epoch(&mut self, epoch: EpochRecord) {
        self.places.insert(epoch.order.1, self.epochs.len());
        self.named.insert(epoch.epoch);
        self.epochs.push(epoch);
    }

    /// Returns whether an entry begins this epoch.
    pub(crate) fn contains(&self, epoch: &UsableEpoch) -> bool {
        self.named.contains(epoch)
    }

    /// Returns the epoch that an entry begins.
    pub(crate) fn epoch(&self, id: &EntryId) -> Option<&EpochRecord> {
        self.epochs.get(*self.places.get(id)?)
    }

    /// Sets whether the epoch that an entry begins is applied.
    pub(crate) fn set_applied(&mut self, id: &EntryId, applied: bool) {
        let place = self.places.get(id).copied();
        if let Some(epoch) = place.and_then(|place| self.epochs.get_mut(place)) {
            epoch.applied = applied;
        }
    }

    /// Returns the number of a candidate.
    pub(crate) fn number(&self, id: &EntryId) -> Option<u32> {
        self.numbers.get(id).copied()
    }

    pub(crate) fn candidate(&self, number: u32) -> Option<&Candidate> {
        self.candidates.get(usize::try_from(number).ok()?)
    }

    /// Returns the chains that have candidates.
    pub(crate) fn chains(&self) -> impl Iterator<Item = u32> + '_ {
        self.chains.keys().copied()
    }

    /// Returns the first candidate of a chain behind a `seq`, or the first of all.
    pub(crate) fn next_on_chain(&self, chain: u32, behind: Option<u64>) -> Option<&Candidate> {
        let numbers = self.chains.get(&chain)?;
        let seq = |number: &u32| self.candidate(*number).map(|entry| entry.position.seq);
        let place = numbers.partition_point(|number| seq(number) <= behind);
        self.candidate(*numbers.get(place)?)
    }

    /// Returns the `seq` up to which an epoch certainly holds a chain: that of the last candidate
    /// in its past.
    pub(crate) fn held_by(&self, epoch: &EpochRecord, chain: u32) -> Option<u64> {
        if let Some(held) = epoch.behind.get(&chain) {
            return *held;
        }
        let numbers = self.chains.get(&chain)?;
        let before = numbers.partition_point(|number| *number < epoch.candidates_before);
        let last = numbers.get(before.checked_sub(1)?)?;
        self.candidate(*last).map(|entry| entry.position.seq)
    }

    /// Returns whether a candidate is in the past of an epoch.
    pub(crate) fn holds(&self, epoch: &EpochRecord, number: u32) -> bool {
        let Some(entry) = self.candidate(number).filter(|_| number < epoch.candidates_before)
        else {
            return false;
        };
        match epoch.behind.get(&entry.position.chain) {
            None => true,
            Some(held) => Some(entry.position.seq) <= *held,
        }
    }

    pub(crate) fn write(&self, w: &mut Writer) {
        w.array(2);
        w.list(self.candidates.iter(), Candidate::write);
        w.list(self.epochs.iter(), EpochRecord::write);
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(2)?;
        let candidates: Vec<Candidate> = r.list(Candidate::read)?;
        let records: Vec<EpochRecord> = r.list(EpochRecord::read)?;
        let mut epochs = Self::default();
        candidates.into_iter().for_each(|entry| epochs.add_candidate(entry));
        records.into_iter().for_each(|epoch| epochs.add_epoch(epoch));
        Ok(epochs)
    }
}

impl Candidate {
    fn write(w: &mut Writer, entry: &Self) {
        w.array(3);
        w.bytes(entry.id.as_bytes());
        entry.position.write(w);
        w.uint(entry.clock);
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(3)?;
        Ok(Self {
            id: EntryId::from_bytes(r.bytes_n()?),
            position: ChainPosition::read(r)?,
            clock: r.uint()?,
        })
    }
}

impl EpochRecord {
    fn write(w: &mut Writer, record: &Self) {
        w.array(6);
        w.uint(record.order.0);
        w.bytes(record.order.1.as_bytes());
        record.epoch.write(w);
        w.flag(record.applied);
        w.uint(u64::from(record.candidates_before));
        w.list(record.behind.iter(), |w, (chain, held)| {
            w.array(2);
            w.uint(u64::from(*chain));
            w.optional(*held, |w, held| w.uint(held));
        });
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(6)?;
        Ok(Self {
            order: (r.uint()?, EntryId::from_bytes(r.bytes_n()?)),
            epoch: UsableEpoch::read(r)?,
            applied: r.flag()?,
            candidates_before: read_u32(r)?,
            behind: r.list(|r| {
                r.array(2)?;
                Ok((read_u32(r)?, r.optional(Reader::uint)?))
            })?,
        })
    }
}

/// Applied rotations of each device, by their place in the total order. The last
/// one is the device's current X25519 key.
pub(crate) type Rotations = BTreeMap<(Generation, DeviceId), BTreeMap<(u64, EntryId), Device>>;

pub(crate) fn write_rotations(w: &mut Writer, rotations: &Rotations) {
    w.list(rotations.iter(), |w, ((generation, device), rotations)| {
        w.array(3);
        generation.write(w);
        w.bytes(device.as_bytes());
        w.list(rotations.iter(), |w, ((lamport, id), device)| {
            w.array(3);
            w.uint(*lamport);
            w.bytes(id.as_bytes());
            device.write(w);
        });
    });
}

pub(crate) fn read_rotations(r: &mut Reader<'_>) -> Result<Rotations, Refusal> {
    r.list(|r| {
        r.array(3)?;
        let key = (Generation::read(r)?, DeviceId::from_bytes(r.bytes_n()?));
        let rotations = r.list(|r| {
            r.array(3)?;
            Ok(((r.uint()?, EntryId::from_bytes(r.bytes_n()?)), Device::read(r)?))
        })?;
        Ok((key, rotations))
    })
}

fn read_u32(r: &mut Reader<'_>) -> Result<u32, Refusal> {
    u32::try_from(r.uint()?).map_err(|_| Refusal::new(Rule::Q2))
}
