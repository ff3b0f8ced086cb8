//! Phones that exchange entries and messages without sealing.

use ledger_core::messages::invite::InviteLink;
use ledger_store::{Admitted, Group, NewEntry, NewInvite, Received, Store};

use super::{Folder, Travelling};

/// A phone: its disk, and what runs on it.
pub struct Phone {
    pub folder: Folder,
    pub store: Store,
}

impl Phone {
    pub fn new(seed: u64) -> Self {
        let folder = Folder::new(seed);
        Self { store: folder.store(), folder }
    }

    /// The phone after its app was closed and opened again.
    pub fn restarted(self) -> Self {
        drop(self.store);
        Self { store: self.folder.store(), folder: self.folder }
    }
}

/// Everything that one group has, as another ingests it.
pub fn hand_over(giver: &Group, taker: &Group) {
    let rows = giver.lists().activity(None, 10_000).unwrap();
    let entries: Vec<Travelling> = rows
        .iter()
        .map(|row| {
            let decoded = row.entry.decoded();
            (decoded.as_bytes().to_vec(), *decoded.signature())
        })
        .collect();
    let report = taker.entries().ingest(&entries).unwrap();
    assert!(report.refused.is_empty() && report.missing.is_empty(), "{report:?}");
}

pub fn agree(a: &Group, b: &Group) {
    assert_eq!(a.state().unwrap().digest(), b.state().unwrap().digest());
    assert_eq!(a.agreed_heads().unwrap(), b.agreed_heads().unwrap());
}

/// The link of a fresh invite, as somebody reads it.
pub fn link(group: &Group, new: &NewInvite) -> InviteLink {
    let text = group.invites().create(new).unwrap().reveal("https://example.org/join");
    InviteLink::parse(&text).unwrap()
}

pub fn admitted(received: Received) -> Admitted {
    match received {
        Received::Admitted(admitted) => admitted,
        other => panic!("{other:?}"),
    }
}

pub fn open_invite() -> NewInvite {
    NewInvite::default().note("the flat")
}

/// Somebody joins by an open invite, and has all entries.
pub fn join(group: &Group, host: &Phone, guest: &Phone, name: &str) -> Group {
    let request = guest.store.joining().join(&link(group, &open_invite()), name).unwrap();
    let answer = admitted(host.store.joining().receive_request(&request).unwrap()).answer;
    let joined = guest.store.joining().enter(&answer).unwrap();
    hand_over(group, &joined);
    joined
}

/// Writes something that everybody sees.
pub fn write(group: &Group, name: &str) {
    group.entries().append(vec![NewEntry::Placeholder { name: name.into() }]).unwrap();
}
