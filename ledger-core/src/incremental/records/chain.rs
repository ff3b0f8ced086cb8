//! Record of a chain.

use crate::base::codec::{Reader, Writer};
use crate::base::id::EntryId;
use crate::base::rule::Refusal;
use crate::verdict::{ChainPosition, Enrolment};

/// Run of entries by one device, each the backlink of the next.
///
/// An honest device has one chain. Where a device signed two entries with one
/// `seq`, the branch that arrived second is a chain of its own. A branch holds only
/// the entries behind the fork; the entries before belong to its parent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chain {
    /// Enrolment at the root: the author of every entry of the chain.
    pub(crate) enrolment: Enrolment,
    /// Last entry that a branch has in common with another chain; `None` for a
    /// chain that begins at an enrolment.
    pub(crate) parent: Option<ChainPosition>,
    /// Clock of the first entry.
    pub(crate) clock: u64,
    /// `seq` of the last entry.
    pub(crate) tip: u64,
    /// Id of the last entry.
    pub(crate) tip_id: EntryId,
    /// Clock of the last entry.
    pub(crate) tip_clock: u64,
}

impl Chain {
    /// Returns a chain of one entry.
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

    /// Returns the `seq` of the first entry.
    pub(crate) fn first(&self) -> u64 {
        self.parent.map_or(0, |parent| parent.seq.saturating_add(1))
    }

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
