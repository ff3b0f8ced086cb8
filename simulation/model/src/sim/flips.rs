//! Check by the table "arrival / whose verdicts can flip" of `docs/authority-questions.md`.

use std::collections::BTreeSet;

use crate::entry::{Body, Device, Entry, Generation, Id, Kind, MemberId};
use crate::history::History;
use crate::sim::arrival::introduces;

/// A row of the table: the verdicts that an arrival may flip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// "nobody's".
    Nobody,
    /// remove, bind: what concerns this member, and people they introduced; both ways.
    Member(MemberId),
    /// revoke: that device's introductions, claims, adoptions and plain entries, and dependants.
    Device(Generation, Device),
    /// adopt, repeated add: void to applied only; that member and dependants.
    Revives(MemberId),
}

/// The row for an arrival.
pub fn row(history: &History, entry: &Entry) -> Row {
    match &entry.kind {
        Kind::Adopt { member } => Row::Revives(*member),
        // A *repeated* add; and (docs/authority-questions.md) a repeated placeholder, which the table leaves out.
        Kind::Add { card } | Kind::Placeholder { card } => {
            let known = history
                .admitted
                .iter()
                .any(|a| a.entry.introduces().is_some_and(|c| c.id == card.id));
            if known { Row::Revives(card.id) } else { Row::Nobody }
        }
        Kind::Statement(s) if !history.statements.contains_key(&s.digest) => match s.body {
            Body::Remove { member } | Body::Bind { member, .. } => Row::Member(member),
            Body::Revoke { generation, device } => Row::Device(generation, device),
            _ => Row::Nobody,
        },
        _ => Row::Nobody,
    }
}

/// Why the table forbids that the verdict of an entry flips; `None` if it allows that. `revived` says
/// whether the new verdict is Applied.
pub fn forbids(row: &Row, history: &History, id: Id, revived: bool) -> Option<&'static str> {
    let allowed = match *row {
        Row::Nobody => return Some("nobody's may flip"),
        Row::Member(member) => dependants(history, [member].into(), BTreeSet::new(), false),
        Row::Device(generation, device) => {
            if revived {
                return Some("a revocation revives nothing");
            }
            let signed = history
                .admitted
                .iter()
                .filter(|a| history.enrolment(a.author) == Some((generation, device)));
            let signed: BTreeSet<Id> =
                signed.filter(|a| a.entry.statement().is_none()).map(|a| a.entry.id).collect();
            dependants(history, people(history, &signed, false), signed, false)
        }
        Row::Revives(member) => {
            if !revived {
                return Some("adoption only adds");
            }
            dependants(history, [member].into(), BTreeSet::new(), false)
        }
    };
    (!allowed.contains(&id)).then_some("not a dependant")
}

/// Where the table as first worded forbids a flip that the table above allows (T1 to T3 of
/// docs/authority-questions.md).
pub fn to_the_letter(
    row: &Row,
    history: &History,
    arrival: &Entry,
    id: Id,
) -> Option<&'static str> {
    if matches!(arrival.kind, Kind::Placeholder { .. }) {
        return Some("T1: a placeholder flips a verdict");
    }
    let Row::Member(member) = *row else { return None };
    if dependants(history, [member].into(), BTreeSet::new(), true).contains(&id) {
        return None;
    }
    let of_target =
        history.get(id).and_then(|a| a.entry.introduces()).is_some_and(|c| c.id == member);
    Some(if of_target {
        "T3: a bind flips an introduction of its target"
    } else {
        "T2, T3: a remove or bind flips somebody adopted, or below"
    })
}

/// The people whom these entries introduce, claim or (but for the table's letter) adopt.
fn people(history: &History, entries: &BTreeSet<Id>, letter: bool) -> BTreeSet<MemberId> {
    let entries = entries.iter().filter_map(|&id| history.get(id)).map(|a| &a.entry);
    let entries = entries.filter(|e| !(letter && matches!(e.kind, Kind::Adopt { .. })));
    entries.flat_map(introduces).collect()
}

/// Everything that hangs on these members: what their devices signed, their self statements, their
/// introductions, and the same for whomever they introduced, adopted or claimed.
fn dependants(
    history: &History,
    mut members: BTreeSet<MemberId>,
    mut found: BTreeSet<Id>,
    letter: bool,
) -> BTreeSet<Id> {
    loop {
        for a in &history.admitted {
            let signer = match a.entry.statement() {
                Some(s) => {
                    s.body.generation().and_then(|g| history.generations.get(&g)).map(|g| g.member)
                }
                None => history.member(a.author),
            };
            let of_them = signer.is_some_and(|m| members.contains(&m));
            let introduces_them = a.entry.introduces().is_some_and(|c| members.contains(&c.id));
            if of_them || (introduces_them && !letter) {
                found.insert(a.entry.id);
            }
        }
        let more: BTreeSet<MemberId> =
            people(history, &found, letter).difference(&members).copied().collect();
        if more.is_empty() {
            return found;
        }
        members.extend(more);
    }
}
