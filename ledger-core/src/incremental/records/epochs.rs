//! Records of epochs and of key rotations.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::codec::{Reader, Writer};
use crate::base::id::{DeviceId, EntryId, StatementId};
use crate::base::rule::{Refusal, Rule};
use crate::state::{Device, UsableEpoch};
use crate::statement::Generation;
use crate::verdict::ChainPosition;

/// Epochs, and the events that a usable epoch must have in its past.
///
/// Both lists are in the order of arrival, and neither ever loses an element. An
/// element's index is its number; epochs name requirements by it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Epochs {
    pub(crate) requirements: Vec<EpochRequirement>,
    pub(crate) epochs: Vec<EpochRecord>,
}

/// Event after which older epoch keys must not be used.
///
/// A requirement stays in the list when its verdict changes; whether it is in force
/// is asked when epochs are listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EpochRequirement {
    /// A removal, bind, revocation or leave.
    Cut(StatementId),
    /// Rotation of a device's X25519 key: the device, the rotation's place in the
    /// total order, and its chain position.
    Rotation { device: (Generation, DeviceId), order: (u64, EntryId), position: ChainPosition },
}

/// An epoch entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EpochRecord {
    /// Place in the total order: clock and id.
    pub(crate) order: (u64, EntryId),
    pub(crate) epoch: UsableEpoch,
    pub(crate) applied: bool,
    /// Number of requirements that existed when the epoch arrived. Later ones are
    /// never in its past.
    pub(crate) known: u32,
    /// Which of these requirements are not in its past.
    pub(crate) unseen: BTreeSet<u32>,
}

impl Epochs {
    /// Returns how many requirements exist.
    pub(crate) fn known(&self) -> u32 {
        u32::try_from(self.requirements.len()).unwrap_or(u32::MAX)
    }

    pub(crate) fn requirement(&self, number: u32) -> Option<&EpochRequirement> {
        self.requirements.get(usize::try_from(number).ok()?)
    }

    pub(crate) fn write(&self, w: &mut Writer) {
        w.array(2);
        w.list(self.requirements.iter(), EpochRequirement::write);
        w.list(self.epochs.iter(), EpochRecord::write);
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(2)?;
        Ok(Self {
            requirements: r.list(EpochRequirement::read)?,
            epochs: r.list(EpochRecord::read)?,
        })
    }
}

impl EpochRequirement {
    fn write(w: &mut Writer, requirement: &Self) {
        match requirement {
            Self::Cut(id) => w.bytes(id.as_bytes()),
            Self::Rotation { device: (generation, device), order: (lamport, id), position } => {
                w.array(5);
                generation.write(w);
                w.bytes(device.as_bytes());
                w.uint(*lamport);
                w.bytes(id.as_bytes());
                position.write(w);
            }
        }
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        // A cut is written as bytes, a rotation as an array.
        let mut ahead = Reader::new(r.rest());
        if ahead.bytes().is_ok() {
            return Ok(Self::Cut(StatementId::from_bytes(r.bytes_n()?)));
        }
        r.array(5)?;
        let device = (Generation::read(r)?, DeviceId::from_bytes(r.bytes_n()?));
        let order = (r.uint()?, EntryId::from_bytes(r.bytes_n()?));
        Ok(Self::Rotation { device, order, position: ChainPosition::read(r)? })
    }
}

impl EpochRecord {
    fn write(w: &mut Writer, record: &Self) {
        w.array(6);
        w.uint(record.order.0);
        w.bytes(record.order.1.as_bytes());
        record.epoch.write(w);
        w.flag(record.applied);
        w.uint(u64::from(record.known));
        w.list(record.unseen.iter(), |w, number| w.uint(u64::from(*number)));
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(6)?;
        Ok(Self {
            order: (r.uint()?, EntryId::from_bytes(r.bytes_n()?)),
            epoch: UsableEpoch::read(r)?,
            applied: r.flag()?,
            known: read_u32(r)?,
            unseen: r.list(read_u32)?,
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
