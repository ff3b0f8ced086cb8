//! Group state that follows from a resolution (SPEC §7).

use std::collections::{BTreeMap, BTreeSet};

use super::cuts::{first_cut, own_cut_concerns};
use super::enrolment::{card, enrolled_by, introduced_member, member_introduced_by};
use super::epochs::{recovery_keys, usable_epochs};
use super::history::{History, Node};
use super::resolve::Resolution;
use crate::base::id::{DeviceId, EntryId, MemberId};
use crate::payload::{Payload, RefIndex};
use crate::state::{
    Device, GroupState, IntroductionPlace, IntroductionStanding, Member, NameIndex,
};
use crate::statement::{Generation, StatementBody};
use crate::verdict::{BalanceDelta, Enrolment, Verdict};

/// Returns the group state that a resolution gives.
pub(super) fn state(history: &History, resolution: &Resolution) -> GroupState {
    let mut state = GroupState {
        group: history.group,
        name: group_name(history, resolution),
        members: BTreeMap::new(),
        devices: BTreeMap::new(),
        balances: BTreeMap::new(),
        recovery: recovery_keys(history, resolution),
        epochs: usable_epochs(history, resolution),
        name_index: NameIndex::default(),
    };
    for member in resolution.members.iter().copied().chain(mentioned(history, resolution)) {
        state.members.entry(member).or_insert_with(|| describe(history, resolution, member));
    }
    state.devices = devices(history, resolution);
    if let Some(Payload::Genesis(genesis)) = history.nodes.first().map(Node::payload) {
        for (member, currency, balance) in genesis.opening_balances() {
            state.add_to_balance(currency, member, balance);
            state.name_index.count_currency(currency, true);
        }
    }
    for slot in resolution.slots.values() {
        if let Some(delta) = slot.effective().and_then(|id| shown_delta(history, &id)) {
            state.apply_delta(&delta, true);
        }
    }
    name_index(history, resolution, &mut state);
    state
}

/// Returns what the content of an entry adds to balances.
fn shown_delta(history: &History, id: &EntryId) -> Option<BalanceDelta> {
    let node = history.get(id)?;
    BalanceDelta::new(node.payload().transaction()?, |index| {
        member_introduced_by(history, node.reference(index)?)
    })
}

/// Returns the members whom an applied entry mentions. They are part of the state even if
/// they are not accepted.
fn mentioned(history: &History, resolution: &Resolution) -> BTreeSet<MemberId> {
    let mut members = BTreeSet::new();
    for (node, verdict) in history.nodes.iter().zip(&resolution.verdicts) {
        if !verdict.is_applied() {
            continue;
        }
        let mut mention = |index: RefIndex| {
            let entry = node.reference(index);
            members.extend(entry.and_then(|entry| member_introduced_by(history, entry)));
        };
        match node.payload() {
            Payload::Transaction(content) => content.members().for_each(&mut mention),
            Payload::Correction(correction) => {
                correction.transaction().members().for_each(&mut mention)
            }
            Payload::Copy(copy) => copy.transaction().members().for_each(&mut mention),
            Payload::Claim(claim) => mention(claim.target()),
            Payload::Adopt(target) => mention(*target),
            Payload::Statement(signed) => match signed.statement().body() {
                StatementBody::Remove { member } | StatementBody::Bind { member, .. } => {
                    members.insert(*member);
                }
                body => {
                    let record = body.generation().and_then(|g| history.generations.get(&g));
                    members.extend(record.map(|record| record.member));
                }
            },
            _ => {}
        }
    }
    members
}

fn describe(history: &History, resolution: &Resolution, member: MemberId) -> Member {
    // The last renaming in statement order, by any generation of the member.
    let renamed = last(history, resolution, |body| match body {
        StatementBody::Rename { generation, name } => {
            let record = history.generations.get(generation)?;
            (record.member == member).then(|| name.clone())
        }
        _ => None,
    });
    let accepted = || resolution.accepted(history);
    let removed = accepted()
        .filter(|cut| matches!(cut.statement.body(), StatementBody::Remove { member: m } if *m == member))
        .any(|cut| {
            !accepted().any(|bind| {
                matches!(bind.statement.body(), StatementBody::Bind { member: m, .. } if *m == member)
                    && cut.is_within(bind)
            })
        });
    let generations = history
        .generations
        .iter()
        .filter(|(_, record)| record.member == member)
        .map(|(generation, _)| *generation)
        .filter(|generation| resolution.is_current(history, *generation))
        .collect();
    Member {
        name: renamed.or_else(|| card_name(history, member)).unwrap_or_default(),
        introduced: resolution.members.contains(&member),
        removed,
        generations,
    }
}

/// Returns the name on the card of which the MemberId is the digest.
fn card_name(history: &History, member: MemberId) -> Option<String> {
    history.introducing.iter().filter_map(|number| history.nodes.get(*number)).find_map(|node| {
        let name = match node.payload() {
            Payload::Genesis(genesis) => {
                let people = genesis.people();
                return people.iter().find(|(id, _)| *id == member).map(|(_, n)| (*n).to_owned());
            }
            Payload::AddMember(add) => add.card().name(),
            Payload::Placeholder(placeholder) => placeholder.card().name(),
            _ => return None,
        };
        (introduced_member(node) == Some(member)).then(|| name.to_owned())
    })
}

fn group_name(history: &History, resolution: &Resolution) -> String {
    let renamed = last(history, resolution, |body| match body {
        StatementBody::RenameGroup { name } => Some(name.clone()),
        _ => None,
    });
    renamed.unwrap_or_else(|| match history.nodes.first().map(Node::payload) {
        Some(Payload::Genesis(genesis)) => genesis.group_name().to_owned(),
        _ => String::new(),
    })
}

/// Rotation in force of a device: the last applied one.
pub(super) struct RotationInForce {
    order: (u64, EntryId),
    /// The number of its entry.
    pub(super) number: usize,
    device: Device,
}

/// Returns the rotation in force of each device that rotated, whether it may write or not.
pub(super) fn rotations_in_force(
    history: &History,
    resolution: &Resolution,
) -> BTreeMap<(Generation, DeviceId), RotationInForce> {
    let mut rotations: BTreeMap<(Generation, DeviceId), RotationInForce> = BTreeMap::new();
    for (number, (node, verdict)) in history.nodes.iter().zip(&resolution.verdicts).enumerate() {
        if let Payload::Rotation(rotation) = node.payload()
            && verdict.is_applied()
            && let Some(key) = history.enrolled_device(node.author)
        {
            let (order, device) = (node.order(), Device::rotated(rotation));
            if rotations.get(&key).is_none_or(|last| order > last.order) {
                rotations.insert(key, RotationInForce { order, number, device });
            }
        }
    }
    rotations
}

/// Returns the devices that may write, each with the key of its rotation in force. A
/// device key that was enrolled twice in one generation, concurrently, is one device.
pub(super) fn devices(
    history: &History,
    resolution: &Resolution,
) -> BTreeMap<(Generation, DeviceId), Device> {
    let rotations = rotations_in_force(history, resolution);
    let mut devices = BTreeMap::new();
    for enrolment in &resolution.enrolments {
        let Some((generation, id)) = history.enrolled_device(*enrolment) else { continue };
        if is_cut(history, resolution, generation, id) {
            continue;
        }
        let rotated = rotations.get(&(generation, id)).map(|rotation| rotation.device);
        let Some(device) = rotated.or_else(|| certified(history, *enrolment)) else { continue };
        devices.insert((generation, id), device);
    }
    devices
}

/// Returns the X25519 key with which a device was enrolled.
fn certified(history: &History, enrolment: Enrolment) -> Option<Device> {
    let certificate = match enrolment {
        Enrolment::Enrolled(id) => match history.statements.get(&id)?.statement.body() {
            StatementBody::Enrol { certificate, .. } => certificate.as_ref(),
            _ => return None,
        },
        Enrolment::First(generation) => {
            let first = history.generations.get(&generation)?.started_by.first()?;
            card(history.nodes.get(*first)?)?.certificate()
        }
    };
    Some(Device {
        exchange_generation: certificate.exchange_generation(),
        exchange: *certificate.exchange_public_key(),
    })
}

/// Returns whether a device may not write: its generation is not current, or an accepted
/// revocation or leave concerns it.
fn is_cut(
    history: &History,
    resolution: &Resolution,
    generation: Generation,
    device: DeviceId,
) -> bool {
    let own = resolution.cuts.own.iter().filter_map(|id| history.statements.get(id));
    !resolution.is_current(history, generation)
        || own.into_iter().any(|cut| own_cut_concerns(cut, generation, device))
}

/// Returns what `pick` finds in the accepted statement that is last in statement order.
fn last<T>(
    history: &History,
    resolution: &Resolution,
    pick: impl Fn(&StatementBody) -> Option<T>,
) -> Option<T> {
    resolution
        .accepted(history)
        .filter_map(|record| pick(record.statement.body()).map(|picked| (record.order(), picked)))
        .max_by(|a, b| a.0.cmp(&b.0))
        .map(|(_, picked)| picked)
}

/// Fills the name index, which is no part of the digest.
fn name_index(history: &History, resolution: &Resolution, state: &mut GroupState) {
    for (number, (node, verdict)) in history.nodes.iter().zip(&resolution.verdicts).enumerate() {
        if let Some(member) = introduced_member(node) {
            let (lamport, entry) = node.order();
            // Genesis is never judged. Whether others made the member accepted plays no part.
            let is_idle = number != 0
                && (first_cut(history, &resolution.cuts, number).is_some()
                    || !resolution.enrolments.contains(&node.author));
            let standing = IntroductionStanding::new(node.fault.is_some(), is_idle);
            state.name_index.introduce(IntroductionPlace { standing, lamport, entry }, member);
        }
        let content = node.payload().transaction().filter(|_| verdict.is_applied());
        if let Some(content) = content {
            state.name_index.count_currency(content.currency(), true);
        }
        if *verdict == Verdict::Unknown {
            state.name_index.unknown = state.name_index.unknown.saturating_add(1);
        }
    }
    // The owner of a device: by an enrolment with a chain, else by one that could begin a
    // chain. Anybody can sign an enrolment of a device key that is not theirs, but only
    // the device can begin the chain.
    let begun: BTreeSet<Enrolment> = history.nodes.iter().map(|node| node.author).collect();
    let firsts = history.generations.keys().map(|generation| Enrolment::First(*generation));
    let enrolled = history.nodes.iter().filter_map(|node| match enrolled_by(history, node)?.0 {
        Enrolment::First(_) => None,
        enrolled => Some(enrolled),
    });
    let all: BTreeSet<Enrolment> = firsts.chain(enrolled).collect();
    let (begun, idle): (Vec<_>, Vec<_>) = all.iter().partition(|e| begun.contains(e));
    for enrolment in begun.into_iter().chain(idle) {
        let device = history.enrolled_device(enrolment).map(|(_, device)| device);
        if let Some((device, member)) = device.zip(history.enrolled_member(enrolment)) {
            state.name_index.owners.entry(device).or_insert(member);
        }
    }
}
