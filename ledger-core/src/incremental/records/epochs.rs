//! Epochs, and the rotations of devices.

use std::collections::{BTreeMap, BTreeSet};

use crate::codec::{Reader, Writer};
use crate::id::{DeviceId, EntryId, StatementId};
use crate::rule::{Refusal, Rule};
use crate::state::{Device, UsableEpoch};
use crate::statement::Generation;
use crate::verdict::ChainPosition;

/// Epochs and what they must know of, both in the order of arrival.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Epochs {
    pub(crate) required: Vec<Required>,
    pub(crate) begun: Vec<Begun>,
}

/// What makes older keys unfit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Required {
    /// A removal, bind, revocation or leave.
    Cut(StatementId),
    /// A rotation of a device's X25519 key.
    Rotation { of: (Generation, DeviceId), order: (u64, EntryId), point: ChainPosition },
}

/// An epoch entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Begun {
    pub(crate) order: (u64, EntryId),
    pub(crate) epoch: UsableEpoch,
    pub(crate) applied: bool,
    /// How many of [`Epochs::required`] were known when it came.
    pub(crate) known: u32,
    /// Which of these are not in its past.
    pub(crate) unseen: BTreeSet<u32>,
}

impl Epochs {
    pub(crate) fn require(&mut self, required: Required) {
        self.required.push(required);
    }

    pub(crate) fn known(&self) -> u32 {
        u32::try_from(self.required.len()).unwrap_or(u32::MAX)
    }

    pub(crate) fn required(&self, number: u32) -> Option<&Required> {
        self.required.get(usize::try_from(number).ok()?)
    }
}

impl Epochs {
    pub(crate) fn write(&self, w: &mut Writer) {
        w.array(2);
        w.list(self.required.iter(), |w, required| match required {
            Required::Cut(digest) => w.bytes(digest.as_bytes()),
            Required::Rotation { of: (generation, device), order: (lamport, id), point } => {
                w.array(5);
                generation.write(w);
                w.bytes(device.as_bytes());
                w.uint(*lamport);
                w.bytes(id.as_bytes());
                point.write(w);
            }
        });
        w.list(self.begun.iter(), |w, begun| {
            w.array(6);
            w.uint(begun.order.0);
            w.bytes(begun.order.1.as_bytes());
            begun.epoch.write(w);
            w.flag(begun.applied);
            w.uint(u64::from(begun.known));
            w.list(begun.unseen.iter(), |w, number| w.uint(u64::from(*number)));
        });
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(2)?;
        let required = r.list(|r| {
            let mut ahead = Reader::new(r.rest());
            if ahead.bytes().is_ok() {
                return Ok(Required::Cut(StatementId::from_bytes(r.bytes_n()?)));
            }
            r.array(5)?;
            let of = (Generation::read(r)?, DeviceId::from_bytes(r.bytes_n()?));
            let order = (r.uint()?, EntryId::from_bytes(r.bytes_n()?));
            Ok(Required::Rotation { of, order, point: ChainPosition::read(r)? })
        })?;
        let begun = r.list(|r| {
            r.array(6)?;
            let order = (r.uint()?, EntryId::from_bytes(r.bytes_n()?));
            let (epoch, applied) = (UsableEpoch::read(r)?, r.flag()?);
            let (known, unseen) = (read_u32(r)?, r.list(read_u32)?);
            Ok(Begun { order, epoch, applied, known, unseen })
        })?;
        Ok(Self { required, begun })
    }
}

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
