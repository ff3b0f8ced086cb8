//! The state: the same for everybody who holds the same entries, and covered by the state digest; and
//! the verdicts that it follows from.
//!
//! "The state digest covers the state, not the set": nothing in the state depends on whether a void
//! entry is in the set. So neither proofs of equivocation nor reasons are parts of the state.

use std::collections::{BTreeMap, BTreeSet};

use crate::cuts::{Cuts, concerns, own_cut_concerns, statement_order, statement_within};
use crate::entry::{
    Body, Content, Currency, Device, Digest, Enrolment, Generation, Id, Kind, MemberId, Name,
};
use crate::history::{History, StatementRecord};
use crate::rules::Rules;
use crate::slots::Slot;
use crate::verdict::Verdict;

/// A member in the state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Member {
    /// Whether an introduction of theirs is accepted (else an applied entry refers to them).
    pub introduced: bool,
    /// The accepted rename that is last in statement order, else the name on the card.
    pub name: Name,
    /// Whether a removal is accepted that no later bind of theirs knows of.
    pub removed: bool,
    /// The generations whose start is accepted and that no hard cut concerns: the current one;
    /// none for a placeholder or somebody removed; several only after several claims.
    pub current: BTreeSet<Generation>,
}

/// The state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// The group's name.
    pub group_name: Name,
    /// Everybody introduced, or referred to by an applied entry.
    pub members: BTreeMap<MemberId, Member>,
    /// The devices that may write: accepted, of a current generation, neither revoked nor left,
    /// with their latest key rotation.
    pub devices: BTreeMap<(Generation, Device), u32>,
    /// The slots, by original.
    pub slots: BTreeMap<Id, Slot>,
    /// Endorsements by the version that they name and the member: the last applied one.
    pub endorsements: BTreeMap<(Id, MemberId), bool>,
    /// Of each series and each of the first numbers, the template that holds for it, unless it has
    /// ended.
    pub series: BTreeMap<(Id, u32), Id>,
    /// Settings in force that say something, by field and subject.
    pub settings: BTreeMap<(u8, MemberId), u32>,
    /// What each device that may write reads, as it said last.
    pub speaks: BTreeMap<Device, u32>,
    /// The epochs under whose keys entries may be sealed.
    pub epochs: BTreeSet<Id>,
    /// Balances per member and currency: what they paid less what they owe. Zeros are kept out.
    pub balances: BTreeMap<(MemberId, Currency), i128>,
}

/// Meaning of a set of admitted entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// A verdict for each entry.
    pub verdicts: BTreeMap<Id, Verdict>,
    /// A verdict for each statement.
    pub statements: BTreeMap<Digest, Verdict>,
    /// Members whose introduction is accepted.
    pub introduced: BTreeSet<MemberId>,
    /// Generations whose start is accepted (cut or not).
    pub started: BTreeSet<Generation>,
    /// Enrolments accepted (cut or not).
    pub enrolments: BTreeSet<Enrolment>,
    /// The cuts in force.
    pub hard: Vec<Digest>,
    /// Accepted revocations and leaves.
    pub own: Vec<Digest>,
    /// The slots, by original.
    pub slots: BTreeMap<Id, Slot>,
    /// The state: what the state digest covers.
    pub state: State,
}

impl Resolution {
    /// Whether the entry is applied.
    pub fn applied(&self, id: Id) -> bool {
        self.verdicts.get(&id) == Some(&Verdict::Applied)
    }

    /// Whether the statement is accepted.
    pub fn accepted(&self, digest: Digest) -> bool {
        self.statements.get(&digest) == Some(&Verdict::Applied)
    }

    /// The cuts in force, as a [`Cuts`].
    pub fn cuts(&self) -> Cuts {
        Cuts { hard: self.hard.clone(), own: self.own.clone() }
    }
}

/// The numbers of occurrences that the state tells are those before this.
pub const NUMBERS: u32 = 6;

/// Builds the state from the verdicts.
pub fn state(history: &History, r: &Rules, resolution: &Resolution) -> State {
    let mut s = State { slots: resolution.slots.clone(), ..State::default() };
    for slot in resolution.slots.values().filter(|slot| !slot.cancelled) {
        add(&mut s.balances, &slot.content);
    }
    s.balances.retain(|_, sum| *sum != 0);
    for member in resolution.introduced.iter().copied().chain(referred(history, resolution)) {
        s.members.entry(member).or_insert_with(|| describe(history, r, resolution, member));
    }
    for &e in &resolution.enrolments {
        let Some((generation, device)) = history.enrolment(e) else { continue };
        let own = resolution.own.iter().filter_map(|d| history.statements.get(d));
        let ended = own.into_iter().any(|c| own_cut_concerns(history, r, c, generation, device));
        if is_current(history, r, resolution, generation) && !ended {
            s.devices.insert((generation, device), 0);
        }
    }
    s.epochs = usable_epochs(history, resolution, &s.devices);
    s.group_name = match history.admitted.first().map(|a| &a.entry.kind) {
        Some(Kind::Genesis { name, .. }) => *name,
        _ => 0,
    };
    if let Some(name) = last(history, resolution, |body| match body {
        Body::RenameGroup { name } => Some(name),
        _ => None,
    }) {
        s.group_name = name;
    }
    // Endorsements, rotations and settings: the last one in the order `(lamport, id)`.
    let mut order: Vec<_> =
        history.admitted.iter().filter(|a| resolution.applied(a.entry.id)).collect();
    order.sort_by_key(|a| (a.entry.lamport, a.entry.id));
    for a in order {
        match a.entry.kind {
            Kind::Endorse { target, confirm } => {
                if let Some(by) = history.member(a.author) {
                    s.endorsements.insert((target, by), confirm);
                }
            }
            Kind::Speaks { feature }
                if s.devices.keys().any(|(_, device)| *device == a.entry.device) =>
            {
                s.speaks.insert(a.entry.device, feature);
            }
            Kind::Rotate { x_gen } => {
                if let Some(latest) =
                    history.enrolment(a.author).and_then(|k| s.devices.get_mut(&k))
                {
                    *latest = x_gen;
                }
            }
            // Whatever holds from a number on replaces what held for it and all later ones.
            Kind::Template { changes, from, end, .. } => {
                let series = changes.unwrap_or(a.entry.id);
                for number in from..NUMBERS {
                    match end {
                        Some(end) if number >= end => drop(s.series.remove(&(series, number))),
                        _ => drop(s.series.insert((series, number), a.entry.id)),
                    }
                }
            }
            Kind::Set { field, subject, value } => {
                // Relays in somebody else's name, and what is said about nobody, never count.
                let by = history.member(a.author);
                let about = match field {
                    1 => s.members.contains_key(&subject),
                    2 => by == Some(subject) && s.members.contains_key(&subject),
                    _ => true,
                };
                match value {
                    _ if !about => {}
                    Some(value) => drop(s.settings.insert((field, subject), value)),
                    None => drop(s.settings.remove(&(field, subject))),
                }
            }
            _ => {}
        }
    }
    s
}

/// An epoch is usable if it is applied, and every cut and the rotation in force of each device that
/// may write is in its past.
fn usable_epochs(
    history: &History,
    resolution: &Resolution,
    devices: &BTreeMap<(Generation, Device), u32>,
) -> BTreeSet<Id> {
    let applied =
        || history.admitted.iter().enumerate().filter(|(_, a)| resolution.applied(a.entry.id));
    let mut rotated: BTreeMap<(Generation, Device), (u64, Id, usize)> = BTreeMap::new();
    for (place, a) in applied().filter(|(_, a)| matches!(a.entry.kind, Kind::Rotate { .. })) {
        let device = history.enrolment(a.author).filter(|device| devices.contains_key(device));
        if let Some(device) = device {
            let this = (a.entry.lamport, a.entry.id, place);
            let last = rotated.entry(device).or_insert(this);
            *last = this.max(*last);
        }
    }
    let mut known: Vec<Vec<usize>> = rotated.values().map(|(.., place)| vec![*place]).collect();
    for stated in history.statements.values().filter(|s| resolution.accepted(s.statement.digest)) {
        let cuts = matches!(
            stated.statement.body,
            Body::Remove { .. } | Body::Bind { .. } | Body::Revoke { .. } | Body::Leave { .. }
        );
        known.extend(cuts.then(|| stated.carriers.clone()));
    }
    applied()
        .filter(|(_, a)| matches!(a.entry.kind, Kind::Epoch { .. }))
        .filter(|(_, a)| known.iter().all(|any| any.iter().any(|place| a.past.contains(*place))))
        .map(|(_, a)| a.entry.id)
        .collect()
}

/// "Amounts summed in i128 cannot overflow."
fn add(balances: &mut BTreeMap<(MemberId, Currency), i128>, c: &Content) {
    let sign = if c.incoming { -1 } else { 1 };
    for &(member, amount) in &c.paid {
        *balances.entry((member, c.currency)).or_insert(0) += sign * i128::from(amount);
    }
    for &(member, amount) in &c.shares {
        *balances.entry((member, c.currency)).or_insert(0) -= sign * i128::from(amount);
    }
}

/// "A name is part of the state once its introduction is accepted or an applied entry refers to it."
fn referred(history: &History, resolution: &Resolution) -> BTreeSet<MemberId> {
    let mut names = BTreeSet::new();
    for a in history.admitted.iter().filter(|a| resolution.applied(a.entry.id)) {
        match &a.entry.kind {
            Kind::Expense(c)
            | Kind::Transfer(c)
            | Kind::Copy { content: c, .. }
            | Kind::Correction { content: c, .. } => names.extend(c.names()),
            Kind::Claim { member, .. } | Kind::Adopt { member } => {
                names.insert(*member);
            }
            Kind::Statement(s) => match s.body {
                Body::Remove { member } | Body::Bind { member, .. } => {
                    names.insert(member);
                }
                _ => names.extend(
                    s.body.generation().and_then(|g| history.generations.get(&g)).map(|g| g.member),
                ),
            },
            _ => {}
        }
    }
    names
}

fn describe(history: &History, r: &Rules, resolution: &Resolution, member: MemberId) -> Member {
    let cards = history.admitted.iter().filter_map(|a| a.entry.introduces());
    let on_card = cards.into_iter().find(|c| c.id == member).map_or(0, |c| c.name);
    // Renames of any generation of the member, the last in statement order.
    let renamed = last(history, resolution, |body| match body {
        Body::Rename { generation, name }
            if history.generations.get(&generation).is_some_and(|g| g.member == member) =>
        {
            Some(name)
        }
        _ => None,
    });
    let accepted =
        || history.statements.values().filter(|s| resolution.accepted(s.statement.digest));
    let binds = || {
        accepted()
            .filter(|s| matches!(s.statement.body, Body::Bind { member: m, .. } if m == member))
    };
    let removals = accepted().filter(|s| s.statement.body == Body::Remove { member });
    let gens = history
        .generations
        .iter()
        .filter(|(_, g)| g.member == member)
        .map(|(&generation, _)| generation);
    Member {
        introduced: resolution.introduced.contains(&member),
        name: renamed.unwrap_or(on_card),
        removed: removals
            .into_iter()
            .any(|cut| !binds().any(|b| statement_within(history, r, cut, b))),
        current: gens.filter(|&g| is_current(history, r, resolution, g)).collect(),
    }
}

/// Whether a generation's start is accepted and no hard cut concerns it.
fn is_current(
    history: &History,
    r: &Rules,
    resolution: &Resolution,
    generation: Generation,
) -> bool {
    let mut hard = resolution.hard.iter().filter_map(|d| history.statements.get(d));
    resolution.started.contains(&generation)
        && !hard.any(|cut| concerns(history, r, cut, generation))
}

/// The accepted statement that is last in statement order among those that `pick` picks.
fn last<T>(
    history: &History,
    resolution: &Resolution,
    pick: impl Fn(Body) -> Option<T>,
) -> Option<T> {
    let accepted = history.statements.values().filter(|s| resolution.accepted(s.statement.digest));
    let mut picked: Vec<(&StatementRecord, T)> =
        accepted.filter_map(|s| pick(s.statement.body).map(|t| (s, t))).collect();
    picked.sort_by_key(|(s, _)| statement_order(s));
    picked.pop().map(|(_, t)| t)
}
