//! Members, devices and balances, as apps read them.

use ledger_core::{DeviceId, EntryId, GroupId, GroupState, MemberId};

use crate::values::Money;

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
    /// Whether the member is a placeholder: it has no keys, and a person can claim it.
    pub is_placeholder: bool,
    /// Whether the owner removed the member.
    pub is_removed: bool,
    /// Whether an introduction of the member is accepted. If not, entries that count
    /// may speak of the member all the same.
    pub is_introduced: bool,
}

/// A device that may write.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Device {
    /// The device's id.
    pub id: DeviceId,
    /// The member who uses the device.
    pub member: MemberId,
    /// Whether it is this device.
    pub is_this_device: bool,
}

/// Balance of one member in one currency.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct MemberBalance {
    /// The member.
    pub member: MemberId,
    /// What the group owes the member is positive, what the member owes is negative.
    pub balance: Money,
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

pub(super) fn members(state: &GroupState, me: Option<MemberId>) -> Vec<Member> {
    let labels = state.labels();
    let member = |(id, member): (MemberId, &ledger_core::Member)| Member {
        id,
        name: member.name().to_owned(),
        label: labels.get(&id).cloned().unwrap_or_default(),
        is_me: me == Some(id),
        is_placeholder: member.is_placeholder(),
        is_removed: member.is_removed(),
        is_introduced: member.is_introduced(),
    };
    state.members().into_iter().map(member).collect()
}

pub(super) fn devices(state: &GroupState, this_device: DeviceId) -> Vec<Device> {
    let device = |(_, id, _): (_, DeviceId, _)| {
        let member = state.device_owner(id)?;
        Some(Device { id, member, is_this_device: id == this_device })
    };
    state.devices().filter_map(device).collect()
}
