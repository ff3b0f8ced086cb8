//! Members, devices and balances, as apps read them.

use ledger_core::{DeviceId, EntryId, GroupId, MemberId};
use ledger_store::Standing;

use crate::values::{Day, Instant, Money};

/// A group at a glance.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct GroupInfo {
    /// The group's id.
    pub id: GroupId,
    /// The group's name.
    pub name: String,
    /// The member who uses this device.
    pub me: Option<MemberId>,
    /// How many entries are kept.
    pub entries: u64,
    /// How many of the entries need a newer version of the app to be judged. If there
    /// are any, ask the person to update.
    pub entries_needing_update: u64,
}

/// A member of a group.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Member {
    /// The member's id, which never changes.
    pub id: MemberId,
    /// The member's name. Two members may have the same name.
    pub name: String,
    /// A name that no other member has, such as `Alex (2)`.
    pub label: String,
    /// Whether the member is this device's person.
    pub is_me: bool,
    /// Whether the member owns the group.
    pub is_owner: bool,
    /// Whether the member is a placeholder: it has no keys, and a person can claim it.
    pub is_placeholder: bool,
    /// Whether the owner removed the member.
    pub is_removed: bool,
    /// Whether the member left, or has no device any more.
    pub has_left: bool,
    /// Whether an introduction of the member is accepted. If not, entries that count
    /// may speak of the member all the same.
    pub is_introduced: bool,
    /// When the member was introduced, by the clock of whoever did. Show it, and do not
    /// trust it.
    pub joined: Option<Instant>,
    /// How many devices of the member may write.
    pub devices: u64,
}

/// A device that may write.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Device {
    /// The device's id.
    pub id: DeviceId,
    /// The member who uses the device.
    pub member: MemberId,
    /// The device's name, as the member gave it; none is made up.
    pub name: Option<String>,
    /// Whether it is this device.
    pub is_this_device: bool,
    /// When the device was enrolled, by the clock of whoever did. Show it, and do not trust
    /// it.
    pub enrolled: Option<Instant>,
    /// What it reads, as it said last. None if it said nothing: its app may be older.
    pub speaks: Option<Speaks>,
}

/// Version and features that a device reads.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Speaks {
    /// The latest version of the format.
    pub version: u64,
    /// Features; from 1,024 on those of apps.
    pub features: Vec<u64>,
}

/// Balance of one member in one currency.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct MemberBalance {
    /// The member.
    pub member: MemberId,
    /// What the group owes the member is positive, what the member owes is negative.
    pub balance: Money,
}

/// Earlier point of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum AsOf {
    /// An entry: what comes up to it in the order of clocks and ids.
    Entry {
        /// The entry.
        id: EntryId,
    },
    /// A day: what is dated up to it.
    Day {
        /// The day.
        day: Day,
    },
}

impl From<AsOf> for ledger_core::engine::AsOf {
    fn from(point: AsOf) -> Self {
        match point {
            AsOf::Entry { id } => Self::Entry(id),
            AsOf::Day { day } => Self::Date(day),
        }
    }
}

/// One payment of a plan that settles all balances.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Payment {
    /// The member who pays.
    pub from_member: MemberId,
    /// The member who receives.
    pub to_member: MemberId,
    /// How much; positive.
    pub money: Money,
}

/// State digest and heads, which two devices compare to find out whether they agree.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Agreement {
    /// The digest of members, devices and balances.
    pub state_digest: String,
    /// The newest entries that the comparison covers, in ascending order.
    pub heads: Vec<EntryId>,
}

impl From<ledger_store::MemberRow> for Member {
    fn from(row: ledger_store::MemberRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            label: row.label,
            is_me: row.is_me,
            is_owner: row.is_owner,
            is_placeholder: row.standing == Standing::Placeholder,
            is_removed: row.standing == Standing::Removed,
            has_left: row.standing == Standing::Left,
            is_introduced: row.is_introduced,
            joined: row.joined_ms.map(Instant::from_ms),
            devices: row.devices,
        }
    }
}

impl From<ledger_store::DeviceRow> for Device {
    fn from(row: ledger_store::DeviceRow) -> Self {
        let ledger_store::DeviceRow {
            id, member, name, is_this_device, enrolled_ms, speaks, ..
        } = row;
        let speaks = speaks.map(|speaks| Speaks {
            version: speaks.version(),
            features: speaks.features().to_vec(),
        });
        let enrolled = enrolled_ms.map(Instant::from_ms);
        Self { id, member, name, is_this_device, enrolled, speaks }
    }
}
