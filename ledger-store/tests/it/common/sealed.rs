//! Phones that exchange sealed bundles.

use ledger_core::bundle::{Records, frame};
use ledger_core::{EntryId, MemberId};
use ledger_store::{Group, Imported, NewEntry, Since, StatementIntent, Store};

use super::phones::{admitted, link, open_invite};
use super::{Folder, Rng, decode, details, digest, entries, go_on};

pub fn export(group: &Group) -> Vec<u8> {
    let mut out = Vec::new();
    let exported = group.bundles().export(Since::Beginning, &mut out, &mut go_on).unwrap();
    assert_eq!(exported.bytes, out.len() as u64);
    out
}

pub fn import(group: &Group, bundle: &[u8]) -> Imported {
    group.bundles().import(&mut &bundle[..], &mut go_on).unwrap()
}

/// Everybody gets what everybody else has.
pub fn exchange(groups: &[&Group]) {
    for _ in 0..2 {
        for from in groups {
            let bundle = export(from);
            for to in groups {
                import(to, &bundle);
            }
        }
    }
    for group in groups {
        assert_eq!(digest(group), digest(groups[0]));
        assert_eq!(group.agreed_heads().unwrap(), groups[0].agreed_heads().unwrap());
    }
}

pub fn pay(group: &Group, rng: &mut Rng) -> EntryId {
    let details = details(&group.state().unwrap(), rng);
    group.entries().append(vec![NewEntry::Record(details)]).unwrap()[0]
}

/// Anna's phone and group.
pub struct Anna {
    pub store: Store,
    pub group: Group,
}

impl std::ops::Deref for Anna {
    type Target = Group;

    fn deref(&self) -> &Group {
        &self.group
    }
}

/// Somebody whom she let in, on a phone of their own.
pub struct Person {
    pub _folder: Folder,
    pub store: Store,
    pub group: Group,
    pub member: MemberId,
}

pub fn anna(folder: &Folder) -> Anna {
    let store = folder.store();
    let group = store.create_group("Flat", "Anna").unwrap();
    group.entries().append(vec![NewEntry::Placeholder { name: "Grandma".into() }]).unwrap();
    Anna { store, group }
}

pub fn add(host: &Anna, name: &str, seed: u64) -> Person {
    let folder = Folder::new(seed);
    let store = folder.store();
    let link = link(host, &open_invite());
    let request = store.joining().join(&link, name).unwrap();
    let admitted = admitted(host.store.joining().receive_request(&request).unwrap());
    let member = host.state().unwrap().introduced_by(admitted.entry).unwrap();
    let group = store.joining().enter(&admitted.answer).unwrap();
    Person { _folder: folder, store, group, member }
}

pub fn remove(owner: &Group, member: MemberId) -> EntryId {
    let proposal =
        owner.statements().propose(StatementIntent::Remove { member, since: None }).unwrap();
    owner.statements().sign(&proposal).unwrap()
}

/// Every record of a bundle, which is not damaged.
pub fn records(bundle: &[u8]) -> Vec<Vec<u8>> {
    let mut records = Records::new();
    records.push(bundle);
    let all = std::iter::from_fn(|| records.next_record()).collect();
    assert_eq!(records.skipped(), 0);
    all
}

/// A bundle of these records.
pub fn framed<'a>(records: impl IntoIterator<Item = &'a Vec<u8>>) -> Vec<u8> {
    records.into_iter().flat_map(|record| frame(record)).collect()
}

pub fn holds(group: &Group, id: EntryId) -> bool {
    entries(group).iter().any(|entry| decode(entry).id() == id)
}
