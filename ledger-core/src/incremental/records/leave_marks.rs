//! Marks of the leaves of a generation on all chains.

use std::collections::BTreeMap;

use super::version_vector::{read_seqs, write_seqs};
use crate::base::codec::{Reader, Writer};
use crate::base::id::StatementId;
use crate::base::rule::Refusal;
use crate::verdict::ChainPosition;

/// Positions on each chain up to which no leave of a generation is in the past of an entry, and from
/// which on one is, as far as walks have found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LeaveMarks {
    /// Smallest clock of the carriers.
    first_clock: Option<u64>,
    /// Last `seq` of a chain known to have no leave in its past.
    apart: BTreeMap<u32, u64>,
    /// First `seq` of a chain known to have a leave in its past, with that leave.
    behind: BTreeMap<u32, (u64, StatementId)>,
}

impl LeaveMarks {
    /// Returns whether no carrier is in the past of an entry with a clock, nor is one itself.
    pub(crate) fn is_before_all(&self, clock: u64) -> bool {
        self.first_clock.is_none_or(|first| clock < first)
    }

    /// Returns whether the entry at a position is known to have no leave in its past.
    pub(crate) fn is_apart(&self, position: ChainPosition) -> bool {
        self.apart.get(&position.chain).is_some_and(|last| position.seq <= *last)
    }

    /// Returns a leave that is known to be in the past of the entry at a position.
    pub(crate) fn leave_behind(&self, position: ChainPosition) -> Option<StatementId> {
        let (first, leave) = self.behind.get(&position.chain)?;
        (position.seq >= *first).then_some(*leave)
    }

    /// Marks the entry at a position, which has a leave in its past or none.
    pub(crate) fn mark(&mut self, position: ChainPosition, leave: Option<StatementId>) {
        let ChainPosition { chain, seq } = position;
        match leave {
            None => {
                let last = self.apart.entry(chain).or_insert(seq);
                *last = seq.max(*last);
            }
            Some(leave) => {
                let first = self.behind.entry(chain).or_insert((seq, leave));
                if seq < first.0 {
                    *first = (seq, leave);
                }
            }
        }
    }

    /// Adds marks of the same generation.
    pub(crate) fn add(&mut self, other: &Self) {
        for (chain, seq) in &other.apart {
            self.mark(ChainPosition { chain: *chain, seq: *seq }, None);
        }
        for (chain, (seq, leave)) in &other.behind {
            self.mark(ChainPosition { chain: *chain, seq: *seq }, Some(*leave));
        }
    }

    /// Adds a carrier of a leave.
    pub(crate) fn add_carrier(&mut self, clock: u64) {
        self.first_clock = Some(self.first_clock.map_or(clock, |first| first.min(clock)));
    }

    pub(crate) fn write(&self, w: &mut Writer) {
        w.array(3);
        w.optional(self.first_clock, Writer::uint);
        write_seqs(w, &self.apart);
        w.list(self.behind.iter(), |w, (chain, (seq, leave))| {
            w.array(2);
            ChainPosition { chain: *chain, seq: *seq }.write(w);
            w.bytes(leave.as_bytes());
        });
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(3)?;
        Ok(Self {
            first_clock: r.optional(Reader::uint)?,
            apart: read_seqs(r)?,
            behind: r.list(|r| {
                r.array(2)?;
                let ChainPosition { chain, seq } = ChainPosition::read(r)?;
                Ok((chain, (seq, StatementId::from_bytes(r.bytes_n()?))))
            })?,
        })
    }
}
