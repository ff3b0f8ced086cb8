//! Chains of devices, numbered as this device met them.

use super::Control;
use crate::authority::Enrolment;
use crate::bug::Bug;
use crate::id::DeviceId;

/// Where an entry stands: on which stretch of a device's chain, and how far
/// along.
///
/// Where a chain forks (an equivocation), the branch that came second is a
/// chain of its own. The numbers are this device's own: other devices number
/// chains in the order in which they met them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Point {
    /// The number of the chain.
    pub chain: u32,
    /// The entry's place in its device's chain.
    pub seq: u64,
}

/// Where an entry comes: what its backlink names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct After {
    /// The enrolment at the root of the chain: whose entry it is.
    pub(crate) author: Enrolment,
    /// The device's entry before; none if this is its first.
    pub(crate) before: Option<Point>,
}

/// A stretch of entries, each the backlink of the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chain {
    /// What stands at its root.
    pub(super) enrolment: Enrolment,
    /// Where it left another chain, if it is a branch.
    pub(super) parent: Option<Point>,
    /// Clock of its first entry.
    pub(super) clock: u64,
    /// Seq of its last entry.
    pub(super) tip: u64,
}

impl Chain {
    /// Seq of its first entry.
    pub(super) fn first(&self) -> u64 {
        self.parent.map_or(0, |parent| parent.seq.saturating_add(1))
    }
}

impl Control {
    pub(super) fn chain(&self, number: u32) -> Option<&Chain> {
        self.chains.get(usize::try_from(number).ok()?)
    }

    /// What comes after an entry of this device, if it is one.
    pub(crate) fn after(&self, point: Point, device: DeviceId) -> Option<After> {
        let author = self.chain(point.chain)?.enrolment;
        let (_, of) = self.enrolment(author)?;
        (of == device).then_some(After { author, before: Some(point) })
    }

    /// Where the next entry stands.
    pub(crate) fn next(&self, after: After) -> Point {
        // Chains are entries, of which no device has 2^32.
        let new = u32::try_from(self.chains.len()).unwrap_or(u32::MAX);
        let Some(before) = after.before else { return Point { chain: new, seq: 0 } };
        let is_tip = self.chain(before.chain).is_some_and(|chain| chain.tip == before.seq)
            || Bug::ForksShareChains.is_on();
        let chain = if is_tip { before.chain } else { new };
        Point { chain, seq: before.seq.saturating_add(1) }
    }

    /// Takes note of an entry at the point that [`Control::next`] gave.
    pub(super) fn place(&mut self, after: After, point: Point, clock: u64) {
        let number = usize::try_from(point.chain).ok();
        if let Some(chain) = number.and_then(|number| self.chains.get_mut(number)) {
            chain.tip = point.seq;
            return;
        }
        let After { author: enrolment, before: parent } = after;
        self.chains.push(Chain { enrolment, parent, clock, tip: point.seq });
        self.lookup.chains.entry(enrolment).or_default().push(point.chain);
    }
}
