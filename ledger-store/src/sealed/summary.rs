//! Summaries: what this device has, and what a receiver with a summary lacks (SPEC §12).

use std::collections::BTreeMap;

use ledger_core::bundle::{ChainItem, Summary};
use ledger_core::engine::Ledger;
use ledger_core::{DeviceId, EntryId};
use rusqlite::{Connection, OptionalExtension as _};

use crate::StoreError;
use crate::database::GroupKey;
use crate::entries::index::stored_entry;
use crate::entries::missing_entries;
use crate::platform::environment::random;
use crate::session::GroupSession;

/// Most branches of one forked chain in a summary. The entries of others are sent once more than
/// necessary, so who forks without end cannot fill a summary.
const MAX_BRANCHES: usize = 8;

/// Summarizes what a device has of a group, under a fresh salt.
pub(super) fn summarize(group: &GroupSession) -> Result<Summary, StoreError> {
    let environment = group.session.environment();
    let (salt, shuffle) = (random::<8>(environment)?, random::<8>(environment)?);
    group.read(|connection, loaded| {
        let ledger = &loaded.ledger;
        let tips = chains(connection, group.key, ledger)?;
        let missing = missing_entries(connection, group.key, ledger.state(), &*shuffle)?;
        Ok(Summary::new(group.id, *salt, tips, missing))
    })
}

/// The last entries of all chains. Those of devices that may write come first: chains of others
/// must not take their places.
fn chains(
    connection: &Connection,
    group: GroupKey,
    ledger: &Ledger,
) -> Result<Vec<(DeviceId, u64, EntryId)>, StoreError> {
    let branches = Branches::all(connection, group)?;
    let mut tips: Vec<(u64, DeviceId, u64, EntryId)> = ledger.frontier().tips().collect();
    tips.sort_by_key(|&(lamport, device, ..)| (ledger.state().may_write(device), lamport, device));
    let mut found = Vec::with_capacity(tips.len());
    for (_, device, seq, tip) in tips.into_iter().rev() {
        let of_device = branches.by_device.get(&device).filter(|branches| branches.len() > 1);
        let Some(of_device) = of_device else {
            found.push((device, seq, tip));
            continue;
        };
        let mut longest: Vec<(u64, u32)> =
            of_device.iter().map(|(number, branch)| (branch.last, *number)).collect();
        longest.sort_unstable();
        for (last, number) in longest.into_iter().rev().take(MAX_BRANCHES) {
            let id = entry_at(connection, group, number, last)?;
            found.extend(id.map(|id| (device, last, id)));
        }
    }
    Ok(found)
}

/// The entries that a receiver lacks, as far as its summary tells (rules B1 to B4).
pub(super) struct Lacks<'a> {
    summary: &'a Summary,
    /// By branch, the seq from which on entries are not covered.
    from: BTreeMap<u32, u64>,
}

impl<'a> Lacks<'a> {
    pub(super) fn new(
        connection: &Connection,
        group: GroupKey,
        summary: &'a Summary,
    ) -> Result<Self, StoreError> {
        let mut from: BTreeMap<u32, u64> = BTreeMap::new();
        for (device, branches) in &Branches::all(connection, group)?.by_device {
            for item in summary.chain(*device) {
                match branches.first_key_value() {
                    Some((number, only)) if branches.len() == 1 && item.seq() > only.last => {
                        from.insert(*number, u64::MAX);
                    }
                    _ => cover(connection, group, branches, item, &mut from)?,
                }
            }
        }
        Ok(Self { summary, from })
    }

    /// Whether the receiver lacks the entry with this number, or asks for it.
    pub(super) fn lacks(&self, connection: &Connection, n: i64) -> Result<bool, StoreError> {
        let mut place =
            connection.prepare_cached("SELECT chain, seq, id FROM entries WHERE n = ?1")?;
        let (branch, seq, id): (u32, u64, [u8; 32]) =
            place.query_row([n], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let is_covered = self.from.get(&branch).is_some_and(|from| seq < *from);
        Ok(!is_covered || self.summary.asks_for(&EntryId::from_bytes(id)))
    }
}

/// Covers the entry that an item names, if it is here, and its chain up to it.
fn cover(
    connection: &Connection,
    group: GroupKey,
    branches: &BTreeMap<u32, Branch>,
    item: ChainItem,
    from: &mut BTreeMap<u32, u64>,
) -> Result<(), StoreError> {
    for (number, branch) in branches {
        if !(branch.first..=branch.last).contains(&item.seq()) {
            continue;
        }
        let named = entry_at(connection, group, *number, item.seq())?;
        if !named.is_some_and(|id| item.names(&id)) {
            continue;
        }
        let mut next = Some((*number, item.seq()));
        while let Some((number, seq)) = next {
            let end = seq.saturating_add(1);
            let covered = from.entry(number).or_insert(0);
            if *covered >= end {
                break;
            }
            *covered = end;
            next = branches.get(&number).and_then(|branch| branch.behind);
        }
    }
    Ok(())
}

/// The branches of the chains of all devices. The table `entries` numbers each branch of a chain
/// that forked as a chain of its own.
struct Branches {
    /// Each device's branches, by their numbers.
    by_device: BTreeMap<DeviceId, BTreeMap<u32, Branch>>,
}

/// Branch of a device's chain: entries of which each follows the one before.
struct Branch {
    /// The seq of its first entry and of its last one.
    first: u64,
    last: u64,
    /// Number and seq of the branch that it left, if the chain forked.
    behind: Option<(u32, u64)>,
}

impl Branches {
    fn all(connection: &Connection, group: GroupKey) -> Result<Self, StoreError> {
        let mut ends = connection.prepare_cached(
            "SELECT chain, min(seq), max(seq) FROM entries WHERE grp = ?1 GROUP BY chain",
        )?;
        let ends: Vec<(u32, u64, u64)> = ends
            .query_map([group.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .collect::<Result<_, _>>()?;
        let mut first_entry = connection.prepare_cached(
            "SELECT entry, signature FROM entries WHERE grp = ?1 AND chain = ?2 AND seq = ?3",
        )?;
        let mut place = connection
            .prepare_cached("SELECT chain, seq FROM entries WHERE id = ?1 AND grp = ?2")?;
        let mut by_device: BTreeMap<DeviceId, BTreeMap<u32, Branch>> = BTreeMap::new();
        for (number, first, last) in ends {
            let mut rows = first_entry.query((group.0, number, first))?;
            let Some(row) = rows.next()? else { continue };
            let entry = stored_entry(row)?;
            let header = entry.decoded().header();
            // The first entry of a chain stands behind an entry of another device.
            let behind = match header.backlink().filter(|_| first > 0) {
                Some(backlink) => place
                    .query_row((backlink.as_bytes(), group.0), |row| Ok((row.get(0)?, row.get(1)?)))
                    .optional()?,
                None => None,
            };
            let branches = by_device.entry(header.device()).or_default();
            branches.insert(number, Branch { first, last, behind });
        }
        Ok(Self { by_device })
    }
}

/// The id at a position of a branch.
fn entry_at(
    connection: &Connection,
    group: GroupKey,
    branch: u32,
    seq: u64,
) -> Result<Option<EntryId>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT id FROM entries WHERE grp = ?1 AND chain = ?2 AND seq = ?3")?;
    let found = statement.query_row((group.0, branch, seq), |row| row.get(0)).optional()?;
    Ok(found.map(EntryId::from_bytes))
}
