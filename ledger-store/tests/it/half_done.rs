//! What a person does twice, or what fails half-way: founding, joining, pairing and restoring happen
//! once and whole, or not at all, and leave no keys behind.

#![cfg(feature = "sqlcipher")]

use std::collections::BTreeSet;
use std::io::Cursor;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use ledger_core::keys::RootEntropy;
use ledger_core::messages::recovery::{RecoveryRequest, SharePlan, split_entropy};
use ledger_store::{
    FileSecrets, Group, MemorySecrets, NewEntry, PairingMode, Received, Secret, SecretError,
    SecretName, SecretStore, Since, StatementIntent, Store, StoreError, StoreOptions,
};

use crate::common::phones::{Phone, admitted, agree, hand_over, join, link, open_invite, write};
use crate::common::{Folder, Seeded, assert_sound, go_on, verify};

/// The names in the key file.
fn secrets(folder: &Folder) -> BTreeSet<String> {
    let keys = std::fs::read_to_string(folder.keys()).unwrap();
    keys.lines().skip(1).map(|line| line.split(' ').next().unwrap().to_owned()).collect()
}

/// Makes every insertion into a table fail until it is dropped.
struct Failing<'a> {
    folder: &'a Folder,
}

impl<'a> Failing<'a> {
    fn new(folder: &'a Folder, table: &str, condition: &str) -> Self {
        let sql = format!(
            "CREATE TRIGGER failing BEFORE INSERT ON {table} WHEN {condition}
             BEGIN SELECT RAISE(ABORT, 'as on a full disk'); END"
        );
        folder.raw().execute_batch(&sql).unwrap();
        Self { folder }
    }
}

impl Drop for Failing<'_> {
    fn drop(&mut self) {
        self.folder.raw().execute_batch("DROP TRIGGER failing").unwrap();
    }
}

#[test]
fn what_fails_leaves_no_keys_behind() {
    let (anna, ben) = (Phone::new(1), Phone::new(2));
    let before = secrets(&anna.folder);
    for names in [("", "Anna", "B"), ("Flat", "", "B"), ("Flat", "Anna", "")] {
        let (group, me, other) = names;
        let founded = anna.store.create_group_with(group, me, &[other]);
        assert!(matches!(founded, Err(StoreError::Draft(_))));
    }
    assert_eq!(secrets(&anna.folder), before);
    assert!(anna.store.groups().unwrap().is_empty(), "with all its people or not at all");
    let flat = anna.store.create_group_with("Flat", "Anna", &["Grandma"]).unwrap();
    assert_eq!(flat.members().unwrap().len(), 2);
    let before = secrets(&anna.folder);
    {
        let _failing = Failing::new(&anna.folder, "groups", "1");
        assert!(anna.store.create_group("Trip", "Anna").is_err());
        assert_eq!(secrets(&anna.folder), before);
    }
    {
        let _failing = Failing::new(&anna.folder, "invites", "1");
        assert!(flat.invites().create(&open_invite()).is_err());
        assert_eq!(secrets(&anna.folder), before);
    }
    // Joining: a wrong name, and a full disk.
    let link = link(&flat, &open_invite());
    let before = secrets(&ben.folder);
    assert!(matches!(ben.store.joining().join(&link, ""), Err(StoreError::Join(_))));
    assert_eq!(secrets(&ben.folder), before);
    ben.store.create_group("Own", "Ben").unwrap();
    let before = secrets(&ben.folder);
    {
        let _failing = Failing::new(&ben.folder, "joins", "1");
        assert!(ben.store.joining().join(&link, "Ben").is_err());
        assert_eq!(secrets(&ben.folder), before);
    }
    // Restoring.
    write(&flat, "Opa");
    let mut bundle = Vec::new();
    flat.bundles().export(Since::Beginning, &mut bundle, &mut go_on).unwrap();
    let new = Phone::new(3);
    new.store.recovery().restore_phrase(&anna.store.recovery().reveal_phrase().unwrap()).unwrap();
    let before = secrets(&new.folder);
    let restore = || {
        let mut bundle = Cursor::new(bundle.clone());
        new.store.recovery().restore_group(&mut bundle, &mut go_on).map(|(group, _)| group)
    };
    {
        let _failing = Failing::new(&new.folder, "groups", "1");
        assert!(restore().is_err());
        assert_eq!(secrets(&new.folder), before);
    }
    let restored = restore().unwrap();
    // New keys in place of the old ones.
    let before = secrets(&new.folder);
    new.folder
        .raw()
        .execute_batch(
            "CREATE TRIGGER failing BEFORE UPDATE OF device ON groups
             BEGIN SELECT RAISE(ABORT, 'as on a full disk'); END",
        )
        .unwrap();
    assert!(restored.keys().reset_device_keys().is_err());
    assert_eq!(secrets(&new.folder), before);
}

#[test]
fn a_link_tapped_twice_makes_one_member() {
    let (anna, ben) = (Phone::new(1), Phone::new(2));
    let flat = anna.store.create_group("Flat", "Anna").unwrap();
    let (one, two) = (link(&flat, &open_invite()), link(&flat, &open_invite()));
    let join = |link, name| ben.store.joining().join(link, name);
    // Twice by one link, once by another one; with other names, too.
    let requests =
        [join(&one, "Ben"), join(&one, "Benjamin"), join(&two, "Benny")].map(Result::unwrap);
    assert_eq!(ben.store.joining().pending_joins().unwrap().len(), 1);
    let answers = requests
        .map(|request| admitted(anna.store.joining().receive_request(&request).unwrap()).answer);
    let names: Vec<String> =
        flat.members().unwrap().iter().map(|(_, member)| member.name().to_owned()).collect();
    assert_eq!(names, ["Anna", "Ben"], "all were admitted, and are one member");
    let bens = ben.store.joining().enter(&answers[0]).unwrap();
    // Before the entries come, and after.
    assert!(matches!(join(&two, "Ben"), Err(StoreError::AlreadyIn(_))));
    for answer in &answers {
        let again = ben.store.joining().enter(answer).unwrap();
        assert_eq!(again.device(), bens.device());
    }
    hand_over(&flat, &bens);
    assert!(matches!(join(&one, "Ben"), Err(StoreError::AlreadyIn(_))));
    write(&bens, "Opa");
    hand_over(&bens, &flat);
    agree(&flat, &bens);
    assert!(ben.store.joining().pending_joins().unwrap().is_empty());
    // A group that was deleted here is joined anew.
    ben.store.delete_group(flat.id()).unwrap();
    assert!(join(&one, "Ben").is_ok());
}

#[test]
fn somebody_removed_before_the_entries_came_can_ask_again() {
    let (anna, ben) = (Phone::new(1), Phone::new(2));
    let flat = anna.store.create_group("Flat", "Anna").unwrap();
    let bens = join(&flat, &anna, &ben, "Ben");
    let member = bens.me().unwrap().unwrap();
    let remove = StatementIntent::Remove { member, since: None };
    flat.statements().sign(&flat.statements().propose(remove).unwrap()).unwrap();
    hand_over(&flat, &bens);
    let invite = open_invite().for_member(member).requires_approval(true);
    let old = bens.device();
    let request = ben.store.joining().join(&link(&flat, &invite), "Ben").unwrap();
    let again = ben.store.joining().join(&link(&flat, &invite), "Ben");
    assert!(again.is_ok());
    let Received::Waiting(_, id) = anna.store.joining().receive_request(&request).unwrap() else {
        panic!()
    };
    let proposal = flat.invites().propose_admission(id).unwrap();
    let answer = flat.invites().admit(id, proposal.as_ref()).unwrap().answer;
    let bens = ben.store.joining().enter(&answer).unwrap();
    assert_ne!(bens.device(), old);
    assert_eq!(ben.store.joining().enter(&answer).unwrap().device(), bens.device());
    hand_over(&flat, &bens);
    write(&bens, "Opa");
}

#[test]
fn the_right_answer_can_be_entered_again_and_brings_what_is_missing() {
    let (anna, ben) = (Phone::new(1), Phone::new(2));
    let flat = anna.store.create_group("Flat", "Anna").unwrap();
    write(&flat, "Opa");
    let request = ben.store.joining().join(&link(&flat, &open_invite()), "Ben").unwrap();
    let answer = admitted(anna.store.joining().receive_request(&request).unwrap());
    let mut file = Vec::new();
    flat.invites().write_welcome(&answer, &mut file, &mut go_on).unwrap();
    let enter =
        || ben.store.joining().enter_with_bundle(&mut Cursor::new(file.clone()), &mut go_on);
    {
        let _failing = Failing::new(&ben.folder, "entries", "NEW.n > 1");
        assert!(enter().is_err(), "the group is here, and its entries are not");
    }
    let (bens, imported) = enter().unwrap();
    assert!(imported.added > 0);
    agree(&flat, &bens);
    let (again, imported) = enter().unwrap();
    assert_eq!((again.device(), imported.added), (bens.device(), 0));
    write(&bens, "Cleo");
    assert_sound(&bens);
}

#[test]
fn a_pairing_enrols_in_all_groups_or_none_and_goes_on() {
    let (phone, tablet) = (Phone::new(1), Phone::new(2));
    let groups =
        ["Flat", "Trip", "Club"].map(|name| phone.store.create_group(name, "Anna").unwrap());
    let (new_side, offer) = tablet.store.pairing().start_on_new_device().unwrap();
    let (old_side, reply) = phone.store.pairing().start_on_old_device(&offer).unwrap();
    let (new_side, reveal) = new_side.receive(&reply).unwrap();
    let old_side = old_side.receive(&reveal).unwrap();
    let (old_side, offered) = old_side.enter(&new_side.reveal_code()).unwrap();
    let (new_side, devices) = new_side.receive(&offered).unwrap().accept().unwrap();
    let count = |group: &Group| group.ledger().unwrap().frontier().entries();
    {
        let _failing = Failing::new(&phone.folder, "entries", "NEW.grp = 2");
        assert!(old_side.receive(&devices, PairingMode::Standard).is_err());
        assert!(groups.iter().all(|group| count(group) == 1), "no orphan in the first group");
    }
    let grant = old_side.receive(&devices, PairingMode::Standard).unwrap();
    assert_eq!(old_side.receive(&devices, PairingMode::Standard).unwrap(), grant);
    assert!(groups.iter().all(|group| count(group) == 2));
    {
        let _failing = Failing::new(&tablet.folder, "groups", "1");
        assert!(new_side.receive(&grant).is_err());
        assert!(matches!(tablet.store.recovery().reveal_phrase(), Err(StoreError::NoRootKey)));
    }
    let paired = new_side.receive(&grant).unwrap();
    for (mine, theirs) in groups.iter().zip(&paired) {
        hand_over(mine, theirs);
        write(theirs, "Opa");
        assert_eq!(verify(theirs).unwrap().problems, []);
    }
    // A pairing that breaks off leaves no keys.
    let other = Phone::new(3);
    let before = secrets(&other.folder);
    let (new_side, offer) = other.store.pairing().start_on_new_device().unwrap();
    let (old_side, reply) = phone.store.pairing().start_on_old_device(&offer).unwrap();
    let (new_side, reveal) = new_side.receive(&reply).unwrap();
    let old_side = old_side.receive(&reveal).unwrap();
    let (_, offered) = old_side.enter(&new_side.reveal_code()).unwrap();
    let accepted = new_side.receive(&offered).unwrap().accept().unwrap();
    assert_eq!(secrets(&other.folder).len(), before.len() + 3, "a key for each group");
    drop(accepted);
    assert_eq!(secrets(&other.folder), before);
}

#[test]
fn a_false_friend_who_is_first_decides_nothing() {
    let phones = [1, 2, 3, 4].map(Phone::new);
    let anna = phones[0].store.create_group("Flat", "Anna").unwrap();
    let ben = join(&anna, &phones[0], &phones[1], "Ben");
    let cleo = join(&anna, &phones[0], &phones[2], "Cleo");
    hand_over(&anna, &ben);
    let members = [&ben, &cleo].map(|group| group.me().unwrap().unwrap());
    let phrase = phones[0].store.recovery().reveal_phrase().unwrap();
    let sealed = anna.shares().share_phrase(2, &members).unwrap();
    let recovery = phones[3].store.recovery();
    let request = recovery.request().unwrap();
    // Mallory makes shares that name Anna, and returns them first, enough of them.
    let mallory = RootEntropy::from_bytes([66; 32]);
    let plan = SharePlan {
        group: anna.id(),
        member: anna.me().unwrap().unwrap(),
        index: 0,
        needed: 2,
        holders: &members,
        made_ms: 9,
    };
    let false_shares = split_entropy(&mallory, &plan, &[5; 32]).unwrap();
    let asked = RecoveryRequest::decode(&request.encode()).unwrap();
    let returned = |share| asked.answer(share, &[6; 32]).unwrap();
    recovery.add_returned_share(&returned(&false_shares[0])).unwrap();
    let first = recovery.people().unwrap();
    assert_eq!(first.len(), 1);
    for (share, (phone, group)) in sealed.iter().zip([(&phones[1], &ben), (&phones[2], &cleo)]) {
        let kept = phone.store.recovery().keep_share(share).unwrap();
        let back = group.shares().return_share(kept.id, &request).unwrap();
        let added = recovery.add_returned_share(&back).unwrap();
        assert_ne!(added.root, first[0].root);
    }
    recovery.add_returned_share(&returned(&false_shares[1])).unwrap();
    // Both suffice, so the person decides; a restart forgets nothing.
    assert!(matches!(recovery.recover_from_shares(), Err(StoreError::Share(_))));
    let people = recovery.people().unwrap();
    let anna_herself = people.iter().find(|person| person.root != first[0].root).unwrap();
    let unknown = recovery.person("12345 67890").map(|person| person.root);
    assert!(matches!(unknown, Err(StoreError::UnknownPerson(_))), "{unknown:?}");
    let digits = anna_herself.fingerprint().to_string().replace(' ', "");
    assert_eq!(recovery.person(&digits).unwrap().root, anna_herself.root);
    recovery.recover_person_from_shares(anna_herself.root).unwrap();
    assert_eq!(recovery.reveal_phrase().unwrap(), phrase);
}

#[test]
fn restored_devices_number_groups_apart() {
    let phone = Phone::new(1);
    phone.store.create_group("Flat", "Anna").unwrap();
    let phrase = phone.store.recovery().reveal_phrase().unwrap();
    let mut met = BTreeSet::new();
    for seed in 0..12 {
        let device = Phone::new(100 + seed);
        device.store.recovery().restore_phrase(&phrase).unwrap();
        for name in ["A", "B"] {
            device.store.create_group(name, "Anna").unwrap();
        }
        let raw = device.folder.raw();
        let mut statement = raw.prepare("SELECT root_index FROM groups ORDER BY grp").unwrap();
        let indexes = statement.query_map([], |row| row.get::<_, u32>(0)).unwrap();
        let indexes: Vec<u32> = indexes.map(Result::unwrap).collect();
        let next = if indexes[0] == 1_023 { 64 } else { indexes[0] + 1 };
        assert_eq!(indexes[1..], [next], "it counts on");
        for index in indexes {
            assert!((64..1024).contains(&index) && met.insert(index), "{index} again: {met:?}");
        }
    }
}

/// A secret store that keeps the entropy and then fails once, as if the app had been killed there.
struct KilledBehind {
    inner: FileSecrets,
    killed: AtomicBool,
}

impl SecretStore for KilledBehind {
    fn get(&self, name: &SecretName) -> Result<Option<Secret>, SecretError> {
        self.inner.get(name)
    }

    fn set(&self, name: &SecretName, secret: &Secret) -> Result<(), SecretError> {
        self.inner.set(name, secret)?;
        match name.as_str() == "entropy" && !self.killed.swap(true, Ordering::Relaxed) {
            true => Err(SecretError::new("the entropy", "the app was killed")),
            false => Ok(()),
        }
    }

    fn remove(&self, name: &SecretName) -> Result<(), SecretError> {
        self.inner.remove(name)
    }
}

/// A device that was killed right after it kept the person's entropy does not count root keys from 0
/// like the person's first one.
#[test]
fn a_restore_that_was_killed_behind_the_entropy_numbers_groups_apart() {
    let anna = Phone::new(1);
    anna.store.create_group("Flat", "Anna").unwrap();
    let phrase = anna.store.recovery().reveal_phrase().unwrap();
    let folder = Folder::new(2);
    let secrets =
        KilledBehind { inner: FileSecrets::new(folder.keys()), killed: AtomicBool::new(false) };
    let options = StoreOptions::new().environment(Seeded::new(2));
    let store = options.open_or_create(&folder.db(), Arc::new(secrets)).unwrap();
    store.recovery().restore_phrase(&phrase).unwrap_err();
    store.recovery().restore_phrase(&phrase).unwrap();
    store.create_group("Trip", "Anna").unwrap();
    let index: u32 =
        folder.raw().query_row("SELECT root_index FROM groups", [], |row| row.get(0)).unwrap();
    assert!((64..1024).contains(&index), "{index}");
}

type Work = Box<dyn FnOnce() + Send>;

/// A secret store behind whose calls for the entropy something else runs, once.
#[derive(Default)]
struct Interrupted {
    inner: MemorySecrets,
    /// The number of calls before it runs.
    then: Mutex<Option<(u32, Work)>>,
}

impl Interrupted {
    fn called(&self, name: &SecretName) {
        let mut then = self.then.lock().unwrap();
        let Some((left, _)) = then.as_mut().filter(|_| name.as_str() == "entropy") else { return };
        if let Some(fewer) = left.checked_sub(1) {
            *left = fewer;
            return;
        }
        let work = then.take();
        drop(then);
        work.unwrap().1();
    }
}

impl SecretStore for Interrupted {
    fn get(&self, name: &SecretName) -> Result<Option<Secret>, SecretError> {
        let found = self.inner.get(name)?;
        self.called(name);
        Ok(found)
    }

    fn set(&self, name: &SecretName, secret: &Secret) -> Result<(), SecretError> {
        self.inner.set(name, secret)?;
        self.called(name);
        Ok(())
    }

    fn add(&self, name: &SecretName, secret: &Secret) -> Result<Secret, SecretError> {
        let there = self.inner.add(name, secret)?;
        self.called(name);
        Ok(there)
    }

    fn remove(&self, name: &SecretName) -> Result<(), SecretError> {
        self.inner.remove(name)
    }
}

/// One call runs as a whole behind any call of another one to the secret store. Returns whether
/// there were so many calls.
fn interrupted(
    calls: u32,
    fresh: bool,
    other_process: bool,
    outer: fn(&Store) -> Result<(), StoreError>,
    inner: fn(&Store) -> Result<(), StoreError>,
) -> bool {
    let (folder, secrets) = (Folder::new(1), Arc::new(Interrupted::default()));
    let open = |seed| {
        let options = StoreOptions::new().environment(Seeded::new(seed));
        options.open_or_create(&folder.db(), secrets.clone()).unwrap()
    };
    let store = open(1);
    if !fresh {
        // An entropy that nothing uses.
        assert_eq!(store.joining().pending_joins().unwrap(), []);
    }
    let other = if other_process { open(2) } else { store.clone() };
    let work = move || match inner(&other) {
        Ok(()) | Err(StoreError::Busy | StoreError::OtherPerson) => {}
        Err(error) => panic!("{error:?}"),
    };
    *secrets.then.lock().unwrap() = Some((calls, Box::new(work)));
    match outer(&store) {
        Ok(()) | Err(StoreError::Busy | StoreError::OtherPerson) => {}
        Err(error) => panic!("{error:?}"),
    }
    let was_interrupted = secrets.then.lock().unwrap().take().is_none();
    found_flat(&store).unwrap();
    for group in store.groups().unwrap() {
        // Needs the root key that the group knows.
        let group = store.group(group.id).unwrap();
        let me = group.me().unwrap();
        let members = group.members().unwrap();
        let (opa, _) = members.iter().find(|(id, _)| Some(*id) != me).unwrap();
        let remove = StatementIntent::Remove { member: *opa, since: None };
        let signed = group.statements().sign(&group.statements().propose(remove).unwrap());
        assert!(signed.is_ok(), "behind call {calls}: {signed:?}");
    }
    was_interrupted
}

fn found_flat(store: &Store) -> Result<(), StoreError> {
    store.create_group_with("Flat", "Anna", &["Opa"]).map(|_| ())
}

fn restore(store: &Store) -> Result<(), StoreError> {
    store.recovery().restore_phrase(&RootEntropy::from_bytes([7; 32]).reveal_phrase())
}

/// Another process founds a group while a phrase is restored on a fresh install: the entropy that it
/// made and uses is not overwritten.
#[test]
fn a_restore_overwrites_no_entropy_that_was_made_meanwhile() {
    let mut calls = 0;
    while interrupted(calls, true, true, restore, found_flat) {
        calls += 1;
    }
    assert!(calls > 1);
}

/// A group gets no root key of an entropy that is replaced, or put back, at the same time.
#[test]
fn founding_and_restoring_at_once_leave_no_group_without_its_root_key() {
    for fresh in [true, false] {
        for (outer, inner) in
            [(restore as fn(&Store) -> _, found_flat as fn(&Store) -> _), (found_flat, restore)]
        {
            let mut calls = 0;
            while interrupted(calls, fresh, false, outer, inner) {
                calls += 1;
            }
            assert!(calls > 0);
        }
    }
}

#[test]
fn many_places_without_keys_keep_nobody_with_keys_out() {
    let (anna, ben) = (Phone::new(1), Phone::new(2));
    let flat = anna.store.create_group("Flat", "Anna").unwrap();
    let place = |n: usize| NewEntry::Placeholder { name: format!("Place {n}") };
    flat.entries().append((0..1_000).map(place).collect()).unwrap();
    let full = flat.entries().append(vec![place(1_000)]);
    assert!(matches!(full, Err(StoreError::Draft(_))), "{full:?}");
    join(&flat, &anna, &ben, "Ben");
    // A place that is removed makes room.
    let (member, _) = flat.members().unwrap()[5].clone();
    let remove = StatementIntent::Remove { member, since: None };
    flat.statements().sign(&flat.statements().propose(remove).unwrap()).unwrap();
    flat.entries().append(vec![place(1_000)]).unwrap();
    assert!(flat.entries().append(vec![place(1_001)]).is_err());
}

#[test]
fn a_successors_opening_balances_are_compared_with_the_old_group() {
    let (anna, ben) = (Phone::new(1), Phone::new(2));
    let flat = anna.store.create_group_with("Flat", "Anna", &["Opa", "Opa"]).unwrap();
    let bens = join(&flat, &anna, &ben, "Ben");
    let mut rng = crate::common::Rng::new(1);
    crate::common::record(&flat, 9, 9, &mut rng);
    assert_eq!(flat.compare_opening().unwrap(), None);
    let next = flat.create_successor_group("Next").unwrap();
    let compared = next.compare_opening().unwrap().unwrap();
    assert_eq!((compared.predecessor, compared.differences.len()), (flat.id(), 0));
    assert!(compared.is_same_state);
    // Ben lacks what came last, and makes a successor of his own.
    let his = bens.create_successor_group("Next").unwrap();
    hand_over(&flat, &bens);
    let compared = his.compare_opening().unwrap().unwrap();
    assert!(!compared.is_same_state && !compared.differences.is_empty());
    let difference = &compared.differences[0];
    assert_ne!(difference.opening, difference.before);
    // Without the old group, nothing can be compared.
    ben.store.delete_group(flat.id()).unwrap();
    assert!(matches!(his.compare_opening(), Err(StoreError::UnknownGroup(id)) if id == flat.id()));
}
