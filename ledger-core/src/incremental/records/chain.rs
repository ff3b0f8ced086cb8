//! Chains of devices, numbered as this device met them.

use crate::codec::{Reader, Writer};
use crate::id::EntryId;
use crate::rule::Refusal;
use crate::verdict::{ChainPosition, Enrolment};

/// A stretch of entries, each the backlink of the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chain {
    /// What stands at its root.
    pub(crate) enrolment: Enrolment,
    /// Where it left another chain, if it is a branch.
    pub(crate) parent: Option<ChainPosition>,
    /// Clock of its first entry.
    pub(crate) clock: u64,
    /// Seq, name and clock of its last entry.
    pub(crate) tip: u64,
    pub(crate) tip_id: EntryId,
    pub(crate) tip_clock: u64,
}

impl Chain {
    /// A chain of one entry.
    pub(crate) fn begin(
        enrolment: Enrolment,
        parent: Option<ChainPosition>,
        id: EntryId,
        clock: u64,
    ) -> Self {
        let mut chain = Self { enrolment, parent, clock, tip: 0, tip_id: id, tip_clock: clock };
        chain.tip = chain.first();
        chain
    }

    /// Seq of its first entry.
    pub(crate) fn first(&self) -> u64 {
        self.parent.map_or(0, |parent| parent.seq.saturating_add(1))
    }
}

impl Chain {
    pub(crate) fn write(w: &mut Writer, chain: &Self) {
        w.array(6);
        chain.enrolment.write(w);
        w.optional(chain.parent, |w, parent| parent.write(w));
        w.uint(chain.clock);
        w.uint(chain.tip);
        w.bytes(chain.tip_id.as_bytes());
        w.uint(chain.tip_clock);
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(6)?;
        Ok(Self {
            enrolment: Enrolment::read(r)?,
            parent: r.optional(ChainPosition::read)?,
            clock: r.uint()?,
            tip: r.uint()?,
            tip_id: EntryId::from_bytes(r.bytes_n()?),
            tip_clock: r.uint()?,
        })
    }
}
