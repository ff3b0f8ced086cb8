//! Frontier: how far a device knows a group.

use std::collections::BTreeMap;

use crate::base::codec::{Reader, Writer};
use crate::base::id::{DeviceId, EntryId, GroupId};
use crate::base::limits::MAX_PARENTS;
use crate::base::rule::Refusal;
use crate::entry::DecodedEntry;

/// Frontier of the admitted entries: the heads of the graph, the agreed heads, the last
/// entry of each device, and the number of entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    heads: BTreeMap<EntryId, u64>,
    /// Agreed heads (SPEC §5.3) with their clocks.
    agreed: BTreeMap<EntryId, u64>,
    tips: BTreeMap<DeviceId, Tip>,
    entries: u64,
}

/// Last entry of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Tip {
    id: EntryId,
    seq: u64,
    lamport: u64,
}

/// Position of a device's next entry: what its header says of the past.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextEntryPosition {
    pub(crate) group: GroupId,
    pub(crate) device: DeviceId,
    pub(crate) seq: u64,
    pub(crate) backlink: EntryId,
    pub(crate) parents: Vec<EntryId>,
    pub(crate) lamport: u64,
}

impl NextEntryPosition {
    /// Returns the position with a clock behind another entry's, on which the entry depends
    /// by a ref or by its backlink. A parent's clock is in it already.
    ///
    /// Parents are agreed heads. What an entry names can stand outside of their past: a
    /// void entry that is copied, or the carrier that enrolled the device (rule A3).
    #[must_use]
    pub fn behind(mut self, clock: u64) -> Self {
        self.lamport = self.lamport.max(clock.saturating_add(1));
        self
    }

    /// Returns the clock of the next entry.
    #[must_use]
    pub fn lamport(&self) -> u64 {
        self.lamport
    }

    /// Returns the entry before, of the same device, or the one that enrolled it.
    #[must_use]
    pub fn backlink(&self) -> EntryId {
        self.backlink
    }
}

/// Returns any position, also one that no honest author would take: to test how others
/// judge what liars sign.
#[must_use]
pub fn any_position(
    group: GroupId,
    device: DeviceId,
    seq: u64,
    backlink: EntryId,
    parents: Vec<EntryId>,
    lamport: u64,
) -> NextEntryPosition {
    NextEntryPosition { group, device, seq, backlink, parents, lamport }
}

impl Frontier {
    /// Adds an admitted entry.
    pub(crate) fn advance(&mut self, entry: &DecodedEntry) {
        let header = entry.header();
        replace_heads(&mut self.heads, entry);
        let tip = Tip { id: entry.id(), seq: header.seq(), lamport: header.lamport() };
        // Of a device that forked, the tip of the longest branch, then the larger id: the
        // same on every device.
        let known = self.tips.entry(header.device()).or_insert(tip);
        if (tip.seq, tip.id) > (known.seq, known.id) {
            *known = tip;
        }
        self.entries = self.entries.saturating_add(1);
    }

    /// Returns the heads: admitted entries on which no other admitted entry depends.
    pub fn heads(&self) -> impl Iterator<Item = EntryId> + '_ {
        self.heads.keys().copied()
    }

    /// Returns the agreed heads: the entries that are not idle, and in the past of no other
    /// entry that is not idle (SPEC §5.3). Devices compare them, and build on them.
    pub fn agreed_heads(&self) -> impl Iterator<Item = EntryId> + '_ {
        self.agreed.keys().copied()
    }

    pub(crate) fn is_agreed_head(&self, id: &EntryId) -> bool {
        self.agreed.contains_key(id)
    }

    /// Makes an entry an agreed head in place of those that it names. Only if no entry is idle:
    /// the entry then has no other agreed head in its past.
    pub(crate) fn advance_agreed_heads(&mut self, entry: &DecodedEntry) {
        replace_heads(&mut self.agreed, entry);
    }

    pub(crate) fn add_agreed_head(&mut self, id: EntryId, clock: u64) {
        self.agreed.insert(id, clock);
    }

    pub(crate) fn remove_agreed_head(&mut self, id: &EntryId) {
        self.agreed.remove(id);
    }

    pub(crate) fn set_agreed_heads(&mut self, heads: BTreeMap<EntryId, u64>) {
        self.agreed = heads;
    }

    /// Returns how many entries are admitted.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// Returns the last entry of each device: clock, device, seq, entry.
    pub fn tips(&self) -> impl Iterator<Item = (u64, DeviceId, u64, EntryId)> + '_ {
        self.tips.iter().map(|(device, tip)| (tip.lamport, *device, tip.seq, tip.id))
    }

    /// Returns the largest `seq` of a device's entries, `None` if it has none.
    #[must_use]
    pub fn last_seq(&self, device: DeviceId) -> Option<u64> {
        Some(self.tips.get(&device)?.seq)
    }

    pub(crate) fn next_position(
        &self,
        group: GroupId,
        device: DeviceId,
    ) -> Option<NextEntryPosition> {
        let tip = self.tips.get(&device)?;
        self.position(group, device, tip.seq.checked_add(1)?, tip.id, tip.lamport)
    }

    pub(crate) fn first_position(
        &self,
        group: GroupId,
        device: DeviceId,
        enrolment: EntryId,
    ) -> Option<NextEntryPosition> {
        self.position(group, device, 0, enrolment, 0)
    }

    /// Returns the position of a merge entry: behind the device's last entry or, for its
    /// first, behind the entry that enrolled it. With too many heads for one entry it leaves
    /// some for the next. Its clock minds the heads; see [`NextEntryPosition::behind`].
    pub(crate) fn merge_position(
        &self,
        group: GroupId,
        device: DeviceId,
        enrolment: Option<EntryId>,
    ) -> Option<NextEntryPosition> {
        let (seq, backlink, clock) = match (self.tips.get(&device), enrolment) {
            (Some(tip), _) => (tip.seq.checked_add(1)?, tip.id, tip.lamport),
            (None, Some(enrolment)) => (0, enrolment, 0),
            (None, None) => return None,
        };
        let others = self.agreed.iter().filter(|(head, _)| **head != backlink).take(MAX_PARENTS);
        let (parents, clocks): (Vec<EntryId>, Vec<u64>) = others.unzip();
        let clock = clocks.into_iter().chain([clock]).max()?;
        Some(NextEntryPosition {
            group,
            device,
            seq,
            backlink,
            parents,
            lamport: clock.checked_add(1)?,
        })
    }

    fn position(
        &self,
        group: GroupId,
        device: DeviceId,
        seq: u64,
        backlink: EntryId,
        lamport: u64,
    ) -> Option<NextEntryPosition> {
        let parents: Vec<EntryId> = self.agreed_heads().filter(|head| *head != backlink).collect();
        if parents.len() > MAX_PARENTS {
            return None;
        }
        let clock = self.agreed.values().copied().chain([lamport]).max()?;
        Some(NextEntryPosition {
            group,
            device,
            seq,
            backlink,
            parents,
            lamport: clock.checked_add(1)?,
        })
    }

    pub(crate) fn encode(&self, w: &mut Writer) {
        w.array(4);
        w.uint(self.entries);
        for heads in [&self.heads, &self.agreed] {
            w.list(heads.iter(), |w, (id, lamport)| {
                w.array(2);
                w.bytes(id.as_bytes());
                w.uint(*lamport);
            });
        }
        w.list(self.tips.iter(), |w, (device, tip)| {
            w.array(4);
            w.bytes(device.as_bytes());
            w.bytes(tip.id.as_bytes());
            w.uint(tip.seq);
            w.uint(tip.lamport);
        });
    }

    pub(crate) fn decode(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(4)?;
        let entries = r.uint()?;
        let mut heads = || {
            r.list(|r| {
                r.array(2)?;
                Ok((EntryId::from_bytes(r.bytes_n()?), r.uint()?))
            })
        };
        Ok(Self {
            entries,
            heads: heads()?,
            agreed: heads()?,
            tips: r.list(|r| {
                r.array(4)?;
                let device = DeviceId::from_bytes(r.bytes_n()?);
                let id = EntryId::from_bytes(r.bytes_n()?);
                Ok((device, Tip { id, seq: r.uint()?, lamport: r.uint()? }))
            })?,
        })
    }
}

/// Puts an entry in place of the heads that it names.
fn replace_heads(heads: &mut BTreeMap<EntryId, u64>, entry: &DecodedEntry) {
    let header = entry.header();
    // Mostly there is one head, and the entry names many others.
    if heads.len() == 1 {
        heads.retain(|head, _| header.dependencies().all(|named| named != head));
    } else {
        header.dependencies().for_each(|named| {
            heads.remove(named);
        });
    }
    heads.insert(entry.id(), header.lamport());
}
