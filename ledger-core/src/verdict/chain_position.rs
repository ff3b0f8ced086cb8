//! Position of an entry on its device's chain, as this device numbers chains.

use crate::base::codec::{Reader, Writer};
use crate::base::rule::{Refusal, Rule};

/// Position of an admitted entry: the number of its chain, and its `seq`.
///
/// Where a device signed two entries with one `seq` (an equivocation), its chain
/// forks: the branch that arrived second is a chain of its own, which begins
/// behind the entry where it left the other. So a position names one entry.
///
/// Chain numbers are local. Each device counts chains in the order in which it
/// met them, so a position must not travel and is not part of any digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChainPosition {
    /// The number of the chain.
    pub chain: u32,
    /// The entry's `seq`: its place in its device's chain, counted from 0.
    pub seq: u64,
}

impl ChainPosition {
    pub(crate) fn write(self, w: &mut Writer) {
        w.array(2);
        w.uint(u64::from(self.chain));
        w.uint(self.seq);
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(2)?;
        let chain = u32::try_from(r.uint()?).map_err(|_| Refusal::new(Rule::Q2))?;
        Ok(Self { chain, seq: r.uint()? })
    }
}
