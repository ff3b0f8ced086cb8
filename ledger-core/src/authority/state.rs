//! From a resolution to the state (SPEC §7).

use std::collections::{BTreeMap, BTreeSet};

use super::cuts::own_cut_concerns;
use super::enrolment::{card, enrolled_by, introduces, member_named};
use super::epochs::{recovery_keys, usable_epochs};
use super::history::{History, Node};
use super::resolve::Resolution;
use crate::id::{DeviceId, EntryId, MemberId};
use crate::payload::{Payload, RefIndex};
use crate::state::{Device, GroupState, Member, NameIndex};
use crate::statement::{Generation, StatementBody};
use crate::verdict::{BalanceDelta, Enrolment, Verdict};

/// The state that a resolution gives.
pub(crate) fn state(history: &History, resolution: &Resolution) -> GroupState {
    let mut state = GroupState {
        group: history.group,
        name: group_name(history, resolution),
        members: BTreeMap::new(),
        devices: BTreeMap::new(),
        balances: BTreeMap::new(),
        recovery: recovery_keys(history, resolution),
        epochs: usable_epochs(history, resolution),
        directory: NameIndex::default(),
    };
    for member in resolution.members.iter().copied().chain(referred(history, resolution)) {
        state.members.entry(member).or_insert_with(|| describe(history, resolution, member));
    }
    state.devices = devices(history, resolution);
    if let Some(Payload::Genesis(genesis)) = history.nodes.first().map(Node::payload) {
        for (member, currency, balance) in genesis.opening_balances() {
            state.shift(currency, member, balance);
            state.directory.count(currency, true);
        }
    }
    for slot in resolution.slots.values() {
        if let Some(nets) = slot.effective().and_then(|id| shown_nets(history, &id)) {
            state.count(&nets, true);
        }
    }
    directory(history, resolution, &mut state);
    state
}

/// What the content of an entry adds to balances.
fn shown_nets(history: &History, id: &EntryId) -> Option<BalanceDelta> {
    let node = history.get(id)?;
    BalanceDelta::of(node.payload().transaction()?, |index| {
        member_named(history, node.reference(index)?)
    })
}

/// A name is part of the state once its introduction is accepted or an applied
/// entry refers to it.
fn referred(history: &History, resolution: &Resolution) -> BTreeSet<MemberId> {
    let mut members = BTreeSet::new();
    for (node, verdict) in history.nodes.iter().zip(&resolution.verdicts) {
        if !verdict.is_applied() {
            continue;
        }
        let mut name = |index: RefIndex| {
            let entry = node.reference(index);
            members.extend(entry.and_then(|entry| member_named(history, entry)));
        };
        match node.payload() {
            Payload::Transaction(content) => content.members().for_each(&mut name),
            Payload::Correction(correction) => {
                correction.transaction().members().for_each(&mut name)
            }
            Payload::Copy(copy) => copy.transaction().members().for_each(&mut name),
            Payload::Claim(claim) => name(claim.target()),
            Payload::Adopt(target) => name(*target),
            Payload::Statement(signed) => match signed.act().body() {
                StatementBody::Remove { member } | StatementBody::Bind { member, .. } => {
                    members.insert(*member);
                }
                body => {
                    let start = body.generation().and_then(|g| history.generations.get(&g));
                    members.extend(start.map(|start| start.member));
                }
            },
            _ => {}
        }
    }
    members
}

fn describe(history: &History, resolution: &Resolution, member: MemberId) -> Member {
    // Renames of any generation of the member, the last in statement order.
    let renamed = last(history, resolution, |body| match body {
        StatementBody::Rename { generation, name } => {
            let start = history.generations.get(generation)?;
            (start.member == member).then(|| name.clone())
        }
        _ => None,
    });
    let accepted = || resolution.accepted(history);
    let removed = accepted()
        .filter(|cut| matches!(cut.act.body(), StatementBody::Remove { member: m } if *m == member))
        .any(|cut| {
            !accepted().any(|bind| {
                matches!(bind.act.body(), StatementBody::Bind { member: m, .. } if *m == member)
                    && cut.is_within(bind)
            })
        });
    let generations = history
        .generations
        .iter()
        .filter(|(_, start)| start.member == member)
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

/// The name on the card that the MemberId is the digest of.
fn card_name(history: &History, member: MemberId) -> Option<String> {
    history.introducing.iter().filter_map(|place| history.nodes.get(*place)).find_map(|node| {
        let name = match node.payload() {
            Payload::Genesis(genesis) => {
                let people = genesis.people();
                return people.iter().find(|(id, _)| *id == member).map(|(_, n)| (*n).to_owned());
            }
            Payload::AddMember(add) => add.card().name(),
            Payload::Placeholder(placeholder) => placeholder.card().name(),
            _ => return None,
        };
        (introduces(node) == Some(member)).then(|| name.to_owned())
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

/// The devices that may write, each with its last applied rotation. A key that
/// was enrolled twice in one generation, concurrently, is one device.
fn devices(history: &History, resolution: &Resolution) -> BTreeMap<(Generation, DeviceId), Device> {
    let mut rotations: BTreeMap<(Generation, DeviceId), (u64, EntryId, Device)> = BTreeMap::new();
    for (node, verdict) in history.nodes.iter().zip(&resolution.verdicts) {
        if let Payload::Rotation(rotation) = node.payload()
            && verdict.is_applied()
            && let Some(key) = history.enrolment(node.author)
        {
            let device = Device::rotated(rotation);
            let (lamport, id) = node.order();
            let last = rotations.entry(key).or_insert((lamport, id, device));
            if (lamport, id) > (last.0, last.1) {
                *last = (lamport, id, device);
            }
        }
    }
    let mut devices = BTreeMap::new();
    for enrolment in &resolution.enrolments {
        let Some((generation, id)) = history.enrolment(*enrolment) else { continue };
        if is_cut(history, resolution, generation, id) {
            continue;
        }
        let rotated = rotations.get(&(generation, id)).map(|(_, _, device)| *device);
        let Some(device) = rotated.or_else(|| certified(history, *enrolment)) else { continue };
        devices.insert((generation, id), device);
    }
    devices
}

/// The X25519 key with which a device was enrolled.
fn certified(history: &History, enrolment: Enrolment) -> Option<Device> {
    let certificate = match enrolment {
        Enrolment::Enrolled(digest) => match history.statements.get(&digest)?.act.body() {
            StatementBody::Enrol { certificate, .. } => certificate.as_ref(),
            _ => return None,
        },
        Enrolment::First(generation) => {
            let by = history.generations.get(&generation)?.by.first()?;
            card(history.nodes.get(*by)?)?.certificate()
        }
    };
    Some(Device {
        exchange_generation: certificate.exchange_generation(),
        exchange: *certificate.exchange_public_key(),
    })
}

/// Whether anything ends a device: its generation is not current, or it was
/// revoked or left.
fn is_cut(
    history: &History,
    resolution: &Resolution,
    generation: Generation,
    device: DeviceId,
) -> bool {
    let own = resolution.cuts.own.iter().filter_map(|digest| history.statements.get(digest));
    !resolution.is_current(history, generation)
        || own.into_iter().any(|cut| own_cut_concerns(cut, generation, device))
}

/// The accepted statement that is last in statement order among those picked.
fn last<T>(
    history: &History,
    resolution: &Resolution,
    pick: impl Fn(&StatementBody) -> Option<T>,
) -> Option<T> {
    resolution
        .accepted(history)
        .filter_map(|stated| pick(stated.act.body()).map(|picked| (stated.order(), picked)))
        .max_by(|a, b| a.0.cmp(&b.0))
        .map(|(_, picked)| picked)
}

/// What is known beside the state.
fn directory(history: &History, resolution: &Resolution, state: &mut GroupState) {
    for (node, verdict) in history.nodes.iter().zip(&resolution.verdicts) {
        if let Some(member) = introduces(node).filter(|_| node.fault.is_none()) {
            let (lamport, id) = node.order();
            state.directory.introduce(id, lamport, member);
        }
        let content = node.payload().transaction().filter(|_| verdict.is_applied());
        if let Some(content) = content {
            state.directory.count(content.currency(), true);
        }
        if *verdict == Verdict::Unknown {
            state.directory.unknown = state.directory.unknown.saturating_add(1);
        }
    }
    // A draft names a member by the first introduction. A faulty one comes into
    // question only without another: adopts and claims need one without, and
    // anybody can write one of anybody's card.
    for node in history.nodes.iter().filter(|node| node.fault.is_some()) {
        let Some(member) = introduces(node) else { continue };
        let (lamport, id) = node.order();
        if state.directory.order.contains_key(&member) {
            state.directory.introductions.insert(id, member);
        } else {
            state.directory.introduce(id, lamport, member);
        }
    }
    // Whose a device is: by an enrolment with a chain, else by one that could
    // begin a chain. Anybody can write an enrolment with a public card.
    let begun: BTreeSet<Enrolment> = history.nodes.iter().map(|node| node.author).collect();
    let firsts = history.generations.keys().map(|generation| Enrolment::First(*generation));
    let enrolled = history.nodes.iter().filter_map(|node| match enrolled_by(history, node)?.0 {
        Enrolment::First(_) => None,
        enrolled => Some(enrolled),
    });
    let all: BTreeSet<Enrolment> = firsts.chain(enrolled).collect();
    let (begun, idle): (Vec<_>, Vec<_>) = all.iter().partition(|e| begun.contains(e));
    for enrolment in begun.into_iter().chain(idle) {
        let device = history.enrolment(enrolment).map(|(_, device)| device);
        if let Some((device, member)) = device.zip(history.member(enrolment)) {
            state.directory.owners.entry(device).or_insert(member);
        }
    }
}
