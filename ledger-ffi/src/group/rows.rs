//! Members, devices and balances, as apps read them.

use ledger_core::{DeviceId, GroupState, MemberId};

use crate::money::Money;

/// A group at a glance.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct GroupInfo {
    /// The group's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The id of the member who uses this device.
    pub me: Option<String>,
    /// How many entries are kept.
    pub entries: u64,
    /// How many of them need a newer version of the app to be judged. If there
    /// are any, tell the person to update.
    pub entries_needing_update: u64,
}

/// A member of a group.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Member {
    /// Names the member for ever.
    pub id: String,
    /// The member's name. Two members may have one name.
    pub name: String,
    /// A name that no other member has, such as `Alex (2)`.
    pub label: String,
    /// Whether this device's person is the member.
    pub is_me: bool,
    /// Whether the member has no keys, and can be claimed.
    pub is_placeholder: bool,
    /// Whether the owner removed the member.
    pub is_removed: bool,
    /// Whether an introduction of the member is accepted. If not, honest
    /// entries speak of them all the same.
    pub is_introduced: bool,
}

/// A device that may write.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Device {
    /// The device's id.
    pub id: String,
    /// The id of the member whose device it is.
    pub member: String,
    /// Whether it is this device.
    pub is_this_device: bool,
}

/// What one member gets back, or owes, in one currency.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct MemberBalance {
    /// The member's id.
    pub member: String,
    /// Positive is what the group owes the member.
    pub balance: Money,
}

/// One payment of a plan that settles all balances.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Payment {
    /// The id of the member who pays.
    pub from_member: String,
    /// The id of the member who receives.
    pub to_member: String,
    /// How much, positive.
    pub money: Money,
}

/// What two devices compare to know that they agree.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Agreement {
    /// The digest of members, devices and balances.
    pub state_digest: String,
    /// The newest entries that count for the comparison, in ascending order.
    pub heads: Vec<String>,
}

pub(super) fn members(state: &GroupState, me: Option<MemberId>) -> Vec<Member> {
    let labels = state.labels();
    let member = |(id, member): (MemberId, &ledger_core::Member)| Member {
        id: id.to_string(),
        name: member.name().to_owned(),
        label: labels.get(&id).cloned().unwrap_or_default(),
        is_me: me == Some(id),
        is_placeholder: member.is_placeholder(),
        is_removed: member.is_removed(),
        is_introduced: member.is_introduced(),
    };
    state.members().into_iter().map(member).collect()
}

pub(super) fn devices(state: &GroupState, this: DeviceId) -> Vec<Device> {
    let device = |(_, id, _): (_, DeviceId, _)| {
        let member = state.device_owner(id)?.to_string();
        Some(Device { id: id.to_string(), member, is_this_device: id == this })
    };
    state.devices().filter_map(device).collect()
}
