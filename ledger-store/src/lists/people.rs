//! Members and devices, with all that a screen shows of them.

use std::collections::BTreeMap;

use ledger_core::engine::EntryIndex as _;
use ledger_core::{DeviceId, EntryId, GroupState, Member, MemberId, Speaks};

use super::Lists;
use super::settings::settings_in_force;
use crate::StoreError;
use crate::entries::index::StoredIndex;
use crate::entries::spoken;

/// Standing of a person in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Standing {
    /// They have devices that may write.
    Active,
    /// They have no keys, and a person can claim them.
    Placeholder,
    /// They have keys and no device that may write: they left, or every device was revoked.
    Left,
    /// The owner removed them.
    Removed,
}

impl Standing {
    /// What each member is, by the state of the group.
    #[must_use]
    pub fn of_members(state: &GroupState) -> BTreeMap<MemberId, Self> {
        let devices = devices_by_member(state);
        let standing = |id: MemberId, member: &Member| match devices.get(&id) {
            _ if member.is_removed() => Self::Removed,
            _ if member.is_placeholder() => Self::Placeholder,
            None => Self::Left,
            Some(_) => Self::Active,
        };
        state.members().into_iter().map(|(id, member)| (id, standing(id, member))).collect()
    }
}

/// A member of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemberRow {
    /// The member's id, which never changes.
    pub id: MemberId,
    /// The member's name, which others may have, too.
    pub name: String,
    /// A name that no other member has.
    pub label: String,
    /// Whether it is the person of this device.
    pub is_me: bool,
    /// Whether it is the owner: the member who created the group.
    pub is_owner: bool,
    /// What they are in the group.
    pub standing: Standing,
    /// Whether an introduction of them is accepted. If not, entries that count may speak of them all
    /// the same.
    pub is_introduced: bool,
    /// The time of the entry that first introduced them, by its author's clock: for display only,
    /// never trusted. None if that entry is not known.
    pub joined_ms: Option<u64>,
    /// Number of their devices that may write.
    pub devices: u64,
}

/// A device that may write.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeviceRow {
    /// The device.
    pub id: DeviceId,
    /// The member who uses it.
    pub member: MemberId,
    /// Its name, as the member gave it ([`ledger_core::SettingValue::DeviceName`]); none is made up.
    pub name: Option<String>,
    /// Whether it is this device.
    pub is_this_device: bool,
    /// The time of the entry that enrolled it, by its author's clock: for display only, never
    /// trusted. None if that entry is not known.
    pub enrolled_ms: Option<u64>,
    /// What it reads, as it said last. None if it said nothing: it may be of an older version.
    pub speaks: Option<Speaks>,
}

impl Lists<'_> {
    /// The members in the order of introduction, removed ones as well.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn members(&self) -> Result<Vec<MemberRow>, StoreError> {
        self.group.read(|connection, loaded| {
            let state = loaded.ledger.state();
            let index = StoredIndex::whole(connection, self.group.key);
            let (labels, me) = (state.labels(), state.device_owner(loaded.device));
            let owner = state.introduced_by(self.group.id.genesis());
            let (devices, standings) = (devices_by_member(state), Standing::of_members(state));
            let mut rows = Vec::new();
            for (id, member) in state.members() {
                let devices = devices.get(&id).copied().unwrap_or(0);
                let joined = state.first_introduction(id);
                rows.push(MemberRow {
                    id,
                    name: member.name().to_owned(),
                    label: labels.get(&id).cloned().unwrap_or_default(),
                    is_me: me == Some(id),
                    is_owner: owner == Some(id),
                    standing: standings.get(&id).copied().unwrap_or(Standing::Left),
                    is_introduced: member.is_introduced(),
                    joined_ms: timestamp_ms(&index, joined)?,
                    devices,
                });
            }
            Ok(rows)
        })
    }

    /// The devices that may write.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn devices(&self) -> Result<Vec<DeviceRow>, StoreError> {
        self.group.read(|connection, loaded| {
            let state = loaded.ledger.state();
            let index = StoredIndex::whole(connection, self.group.key);
            let mut speaks = spoken(connection, self.group.key, state)?;
            let mut names = settings_in_force(connection, loaded, self.group.key)?.device_names;
            let mut rows = Vec::new();
            for (_, id, _) in state.devices() {
                let Some(member) = state.device_owner(id) else { continue };
                // The genesis entry enrols the founder's device by introducing the founder.
                let enrolment = loaded.ledger.enrolment_entry(id);
                let enrolment = enrolment.or_else(|| state.first_introduction(member));
                let enrolled_ms = timestamp_ms(&index, enrolment)?;
                let is_this_device = id == loaded.device;
                let (speaks, name) = (speaks.remove(&id), names.remove(&id));
                rows.push(DeviceRow { id, member, name, is_this_device, enrolled_ms, speaks });
            }
            Ok(rows)
        })
    }
}

/// Number of devices that may write, of each member who has some.
fn devices_by_member(state: &GroupState) -> BTreeMap<MemberId, u64> {
    let mut devices: BTreeMap<MemberId, u64> = BTreeMap::new();
    for owner in state.devices().filter_map(|(_, id, _)| state.device_owner(id)) {
        let count = devices.entry(owner).or_default();
        *count = count.saturating_add(1);
    }
    devices
}

/// The time of an entry, by its author's clock.
fn timestamp_ms(index: &StoredIndex<'_>, id: Option<EntryId>) -> Result<Option<u64>, StoreError> {
    let Some(id) = id else { return Ok(None) };
    Ok(index.entry(&id)?.map(|entry| entry.decoded().header().timestamp_ms()))
}
