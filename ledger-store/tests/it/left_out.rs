//! Idle entries that are left out, and what must never be: statements, dinners and removals of
//! others, also behind a flood (SPEC §5.3).
#![cfg(feature = "sqlcipher")]

use ledger_core::engine::{Draft, Payload, VerifiedEntry};
use ledger_core::hazmat::any_position;
use ledger_core::keys::{DeviceKey, RootEntropy, RootKey, SignedCard, SignedDevice};
use ledger_core::limits::LedgerLimits;
use ledger_core::seal::EpochKey;
use ledger_core::statement::{Generation, NewStatement};
use ledger_core::{Amount, Currency, Date, EntryId, Expense, MemberId, Transaction, Verdict};
use ledger_store::{Group, NewEntry, Store, StoreOptions};

use crate::common::people::{ingest, secret, sign, verdict};
use crate::common::{Folder, Seeded, assert_sound, digest, entries, found, go_on, only};

type Travelling = (Vec<u8>, [u8; 64]);

/// Limits that a chain of sixty entries exceeds.
fn small() -> LedgerLimits {
    LedgerLimits { idle_bytes_per_member: 8_000, ..LedgerLimits::default() }
}

fn travelling(entry: &VerifiedEntry) -> Travelling {
    (entry.decoded().as_bytes().to_vec(), *entry.decoded().signature())
}

fn all(chain: &[VerifiedEntry]) -> Vec<Travelling> {
    chain.iter().map(travelling).collect()
}

/// A member whose keys the test holds.
struct Member {
    device: DeviceKey,
    root: RootKey,
    member: MemberId,
    /// The entry that introduced the member.
    added: EntryId,
}

/// Anna's group on her phone, with small limits, and her keys.
struct Scene {
    folder: Folder,
    store: Store,
    group: Group,
    anna: DeviceKey,
    owner: RootKey,
}

impl Scene {
    fn new(seed: u64) -> Self {
        let folder = Folder::new(seed);
        let store = folder.store_with(small());
        let group = found(&store, 1);
        let anna = DeviceKey::from_bytes(&secret(&folder, "device-"));
        let owner = RootEntropy::from_bytes(secret(&folder, "entropy")).root_key(0);
        Self { folder, store, group, anna, owner }
    }

    fn add(&self, n: u8, name: &str) -> Member {
        let (device, entropy) = (DeviceKey::from_bytes(&[n; 64]), RootEntropy::from_bytes([n; 32]));
        let card = SignedCard::new(self.group.id(), name, &entropy, 0, &device).unwrap();
        let ledger = self.group.ledger().unwrap();
        let draft = Draft::add_member(ledger.state(), &card).unwrap();
        let added = ingest(&self.group, &sign(&ledger, &self.anna, None, draft));
        Member { device, root: entropy.root_key(0), member: card.card().member(), added }
    }

    fn heads(&self) -> Vec<EntryId> {
        self.group.ledger().unwrap().frontier().heads().collect()
    }

    fn clock(&self, id: EntryId) -> u64 {
        let entry = self.group.lists().entry(id).unwrap().unwrap();
        entry.entry.decoded().header().lamport()
    }

    /// Anna's removal of a member, signed now, to be handed out later.
    fn removal(&self, member: MemberId) -> VerifiedEntry {
        let remove = NewStatement::Remove { member };
        let heads = self.heads();
        let draft = Draft::statement(&self.owner, self.group.id(), &remove, heads, [3; 16]);
        sign(&self.group.ledger().unwrap(), &self.anna, None, draft.unwrap())
    }

    /// Entries of a device behind the one that enrolled it. Another `stamp` makes others.
    fn chain(&self, key: &DeviceKey, enrolment: EntryId, n: u64, stamp: u64) -> Vec<VerifiedEntry> {
        chain(&self.group, key, (enrolment, self.clock(enrolment)), n, stamp)
    }

    /// Another phone with all that Anna's has.
    fn copy(self, seed: u64) -> (Self, Folder, Store, Group) {
        let Self { folder, store, group, anna, owner } = self;
        drop((group, store));
        let copy = folder.copy(seed);
        let (store, other) = (folder.store_with(small()), copy.store_with(small()));
        let (group, second) = (only(&store), only(&other));
        (Self { folder, store, group, anna, owner }, copy, other, second)
    }
}

fn chain(
    group: &Group,
    key: &DeviceKey,
    (mut back, mut clock): (EntryId, u64),
    n: u64,
    stamp: u64,
) -> Vec<VerifiedEntry> {
    let mut all = Vec::new();
    for seq in 0..n {
        clock += 1;
        let at = any_position(group.id(), key.id(), seq, back, vec![], clock);
        let entry = Draft::merge().sign(key, &at, stamp).unwrap();
        back = entry.id();
        all.push(entry);
    }
    all
}

/// Both get all that the other one has, again and again.
fn exchange(one: &Group, other: &Group) {
    for _ in 0..3 {
        one.ingest(&entries(other)).unwrap();
        other.ingest(&entries(one)).unwrap();
    }
    assert_sound(one);
    assert_sound(other);
}

fn assert_agree(one: &Group, other: &Group) {
    assert_eq!(one.agreed_heads().unwrap(), other.agreed_heads().unwrap());
    assert_eq!(digest(one), digest(other));
}

fn dinner(debtor: MemberId, creditor: MemberId) -> Transaction {
    let amount = Amount::from_minor_units(10_000).unwrap();
    let eur = Currency::from_code("EUR").unwrap();
    Transaction::Expense(
        Expense::new(Date::from_ymd(2026, 1, 1).unwrap(), "Dinner", eur, amount)
            .paid_by(creditor, amount)
            .share(debtor, amount),
    )
}

/// Ben, removed, writes sixty entries, and the next one carries what Cleo's root key signed. It
/// enters on a phone that met the flood before the removal, and on one that met it after.
#[test]
fn a_statement_behind_a_flood_enters_everywhere() {
    for which in 0..3 {
        let scene = Scene::new(10 + which);
        let (ben, cleo) = (scene.add(1, "Ben"), scene.add(2, "Cleo"));
        let before = scene.heads();
        let ledger = scene.group.ledger().unwrap();
        let owner = ledger.state().members()[0].0;
        let draft = Draft::record(ledger.state(), &dinner(owner, cleo.member)).unwrap();
        ingest(&scene.group, &sign(&ledger, &cleo.device, Some(cleo.added), draft));
        let removal = scene.removal(ben.member);
        let (scene, _folder, _store, second) = scene.copy(20 + which);
        let mut flood = scene.chain(&ben.device, ben.added, 60, 0);
        let last = flood.last().unwrap();
        let generation = Generation::Card(cleo.member);
        let statement = match which {
            0 => NewStatement::Rename { generation, name: "Clea" },
            1 => NewStatement::Revoke { generation, device: cleo.device.id() },
            _ => NewStatement::Leave { generation },
        };
        let draft =
            Draft::statement(&cleo.root, scene.group.id(), &statement, before, [9; 16]).unwrap();
        let clock = last.decoded().header().lamport() + 1;
        let at = any_position(scene.group.id(), ben.device.id(), 60, last.id(), vec![], clock);
        flood.push(draft.sign(&ben.device, &at, 0).unwrap());
        let carrier = flood.last().unwrap().id();

        scene.group.ingest(&all(&flood)).unwrap();
        scene.group.ingest(&[travelling(&removal)]).unwrap();
        second.ingest(&[travelling(&removal)]).unwrap();
        let report = second.ingest(&all(&flood)).unwrap();
        assert_eq!(report.left_out, 0, "all of it is in the past of the carrier");
        exchange(&scene.group, &second);
        assert_agree(&scene.group, &second);
        assert!(second.lists().entry(carrier).unwrap().is_some());
    }
}

/// The owner has left, and removes Ben by an entry on top of an idle branch. Another phone is
/// full of another branch. The removal enters there, too.
#[test]
fn an_owners_removal_enters_where_idle_branches_differ() {
    for leaves in [false, true] {
        let scene = Scene::new(30);
        let (ben, x) = (scene.add(1, "Ben"), scene.add(9, "X"));
        ingest(&scene.group, &scene.removal(x.member));
        if leaves {
            let owner = scene.group.state().unwrap().members()[0].0;
            let leave = NewStatement::Leave { generation: Generation::Card(owner) };
            let (base, id) = (scene.heads(), scene.group.id());
            let draft = Draft::statement(&scene.owner, id, &leave, base, [5; 16]).unwrap();
            let ledger = scene.group.ledger().unwrap();
            ingest(&scene.group, &sign(&ledger, &scene.anna, None, draft));
        }
        let (scene, _folder, _store, second) = scene.copy(31);
        let long = scene.chain(&x.device, x.added, 60, 1);
        let short = scene.chain(&x.device, x.added, 12, 2);
        assert!(second.ingest(&all(&long)).unwrap().left_out > 0);
        scene.group.ingest(&all(&short)).unwrap();
        // By hand, as an app that does not know of agreed heads.
        let remove = NewStatement::Remove { member: ben.member };
        let base = scene.heads();
        let draft = Draft::statement(&scene.owner, scene.group.id(), &remove, base, [4; 16]);
        let draft = draft.unwrap();
        let ledger = scene.group.ledger().unwrap();
        let clock = scene.heads().iter().map(|id| scene.clock(*id)).max().unwrap();
        let at = ledger.next_position(scene.anna.id()).unwrap().behind(clock);
        ingest(&scene.group, &draft.sign(&scene.anna, &at, 0).unwrap());
        exchange(&scene.group, &second);
        assert!(second.state().unwrap().member(ben.member).unwrap().is_removed());
        assert_agree(&scene.group, &second);
    }
}

/// Dora left, by her phone. Her tablet, which has not heard of it, records a dinner on top of
/// what a removed member wrote. It counts everywhere, also where there is no room for that.
#[test]
fn a_dinner_of_somebody_who_left_is_kept_with_all_that_it_builds_on() {
    let scene = Scene::new(40);
    let (x, dora) = (scene.add(9, "X"), scene.add(7, "Dora"));
    let (group, tablet) = (scene.group.id(), DeviceKey::from_bytes(&[8; 64]));
    let certified = SignedDevice::new(group, &dora.root, &tablet).unwrap();
    let generation = Generation::Card(dora.member);
    let enrol = NewStatement::Enrol { generation, device: &certified };
    let draft = Draft::statement(&dora.root, group, &enrol, scene.heads(), [1; 16]).unwrap();
    let ledger = scene.group.ledger().unwrap();
    let enrolled = ingest(&scene.group, &sign(&ledger, &dora.device, Some(dora.added), draft));
    let removal = scene.removal(x.member);
    let leave = NewStatement::Leave { generation };
    let draft = Draft::statement(&dora.root, group, &leave, scene.heads(), [2; 16]).unwrap();
    let leave = sign(&scene.group.ledger().unwrap(), &dora.device, None, draft);

    let (scene, _folder, _store, second) = scene.copy(41);
    let long = scene.chain(&x.device, x.added, 60, 1);
    let short = scene.chain(&x.device, x.added, 12, 2);
    let tip = short.last().unwrap();
    let clock = tip.decoded().header().lamport().max(scene.clock(enrolled)) + 1;
    let at = any_position(group, tablet.id(), 0, enrolled, vec![tip.id()], clock);
    let ledger = scene.group.ledger().unwrap();
    let owner = ledger.state().members()[0].0;
    let draft = Draft::record(ledger.state(), &dinner(owner, dora.member)).unwrap();
    let dinner = draft.sign(&tablet, &at, 0).unwrap();

    // One phone meets everything as it was written, the other one in the worst order.
    second.ingest(&all(&short)).unwrap();
    second.ingest(&[travelling(&dinner)]).unwrap();
    second.ingest(&[travelling(&leave), travelling(&removal)]).unwrap();
    scene.group.ingest(&[travelling(&removal), travelling(&leave)]).unwrap();
    scene.group.ingest(&all(&long)).unwrap();
    let mut offered = all(&short);
    offered.push(travelling(&dinner));
    scene.group.ingest(&offered).unwrap();
    assert_eq!(verdict(&scene.group, dinner.id()), Verdict::Applied);
    exchange(&scene.group, &second);
    assert_eq!(verdict(&second, dinner.id()), Verdict::Applied);
    assert_agree(&scene.group, &second);
}

/// Five devices of one member write after the removal. All together they keep as much as
/// one.
#[test]
fn several_devices_of_a_member_share_one_limit() {
    let scene = Scene::new(50);
    let ben = scene.add(1, "Ben");
    let group = scene.group.id();
    let mut devices = vec![(DeviceKey::from_bytes(&[1; 64]), ben.added)];
    let mut first = true;
    for n in 11..15 {
        let device = DeviceKey::from_bytes(&[n; 64]);
        let certified = SignedDevice::new(group, &ben.root, &device).unwrap();
        let generation = Generation::Card(ben.member);
        let enrol = NewStatement::Enrol { generation, device: &certified };
        let draft = Draft::statement(&ben.root, group, &enrol, scene.heads(), [n; 16]).unwrap();
        let ledger = scene.group.ledger().unwrap();
        let enrolment = first.then_some(ben.added);
        let enrolled = ingest(&scene.group, &sign(&ledger, &ben.device, enrolment, draft));
        first = false;
        devices.push((device, enrolled));
    }
    ingest(&scene.group, &scene.removal(ben.member));
    for (device, enrolment) in &devices[1..] {
        scene.group.ingest(&all(&scene.chain(device, *enrolment, 30, 0))).unwrap();
    }
    let idle = scene.group.ledger().unwrap().idle_bytes();
    assert!((7_000..=8_000).contains(&idle), "{idle}");
    assert_sound(&scene.group);
}

/// A puppet of a removed member writes more than is kept. When somebody vouches for the puppet,
/// what was left out is asked for, also after a restart, until it is here.
#[test]
fn what_was_left_out_is_asked_for_when_its_author_is_accepted() {
    let scene = Scene::new(60);
    let ben = scene.add(1, "Ben");
    let removal = scene.removal(ben.member);
    let group = scene.group.id();
    let (key, entropy) = (DeviceKey::from_bytes(&[5; 64]), RootEntropy::from_bytes([5; 32]));
    let card = SignedCard::new(group, "Puppet", &entropy, 0, &key).unwrap();
    let ledger = scene.group.ledger().unwrap();
    let draft = Draft::add_member(ledger.state(), &card).unwrap();
    let added = sign(&ledger, &ben.device, Some(ben.added), draft);
    ingest(&scene.group, &removal);
    ingest(&scene.group, &added);
    let flood = scene.chain(&key, added.id(), 60, 0);
    let report = scene.group.ingest(&all(&flood)).unwrap();
    assert!(report.left_out > 0 && report.missing.is_empty());
    let kept = report.added.len();

    let Scene { folder, store, group, anna, .. } = scene;
    drop((group, store));
    let store = folder.store_with(small());
    let group = only(&store);
    let ledger = group.ledger().unwrap();
    let member = card.card().member();
    let adopt = Draft::adopt(ledger.state(), member).unwrap();
    let adopt = sign(&ledger, &anna, None, adopt);
    let clock = added.decoded().header().lamport().max(adopt.decoded().header().lamport() - 1);
    let at = ledger.next_position(anna.id()).unwrap().behind(clock);
    let adopt = Draft::adopt(ledger.state(), member).unwrap().sign(&anna, &at, 0).unwrap();
    let report = group.ingest(&[travelling(&adopt)]).unwrap();
    let left_out: Vec<EntryId> = flood[kept..].iter().map(VerifiedEntry::id).collect();
    assert_eq!(report.missing.into_iter().collect::<Vec<_>>(), {
        let mut ids = left_out.clone();
        ids.sort_unstable();
        ids
    });
    let report = group.ingest(&all(&flood)).unwrap();
    assert_eq!((report.added.len(), report.left_out), (60 - kept, 0));
    assert!(report.missing.is_empty());
    assert_sound(&group);
}

/// Fresh keys fill the waiting room. What a member's device waits for stays; what a device that
/// nobody knew had to give up is asked for when the device is enrolled.
#[test]
fn entries_that_gave_way_are_asked_for_when_their_device_is_enrolled() {
    let folder = Folder::new(70);
    let limits = LedgerLimits { waiting_entries: 30, ..LedgerLimits::default() };
    let store = folder.store_with(limits);
    let group = found(&store, 1);
    let anna = DeviceKey::from_bytes(&secret(&folder, "device-"));
    let owner = RootEntropy::from_bytes(secret(&folder, "entropy")).root_key(0);
    let scene = Scene { folder, store, group, anna, owner };
    let ben = scene.add(1, "Ben");
    // Ben's chain comes without its first entry, Dora's before she is introduced.
    let honest = scene.chain(&ben.device, ben.added, 11, 0);
    let (dora, entropy) = (DeviceKey::from_bytes(&[6; 64]), RootEntropy::from_bytes([6; 32]));
    let card = SignedCard::new(scene.group.id(), "Dora", &entropy, 0, &dora).unwrap();
    let ledger = scene.group.ledger().unwrap();
    let draft = Draft::add_member(ledger.state(), &card).unwrap();
    let added = sign(&ledger, &scene.anna, None, draft);
    let clock = added.decoded().header().lamport();
    let early = chain(&scene.group, &dora, (added.id(), clock), 5, 0);
    scene.group.ingest(&all(&honest[1..])).unwrap();
    scene.group.ingest(&all(&early)).unwrap();
    for n in 100..200 {
        let key = DeviceKey::from_bytes(&[n; 64]);
        let absent = EntryId::from_bytes([n; 32]);
        scene.group.ingest(&all(&chain(&scene.group, &key, (absent, 900), 1, 0))).unwrap();
    }
    let report = scene.group.ingest(&all(&honest[..1])).unwrap();
    assert_eq!(report.added.len(), 11, "none of Ben's gave way");
    let report = scene.group.ingest(&[travelling(&added)]).unwrap();
    let gone: Vec<EntryId> =
        early.iter().map(VerifiedEntry::id).filter(|id| !report.added.contains(id)).collect();
    assert!(!gone.is_empty() && gone.iter().all(|id| report.missing.contains(id)));
    let report = scene.group.ingest(&all(&early)).unwrap();
    assert_eq!(report.added.len(), gone.len());
    assert!(gone.iter().all(|id| !report.missing.contains(id)));
    assert_sound(&scene.group);
}

/// Ben revokes the phone in his hand, so that the carrier is idle. Nobody answers by itself;
/// Anna's phone carries the revocation in front of her next entry, once.
#[test]
fn a_statement_that_only_idle_entries_carry_is_carried_with_the_next_own_entry() {
    let scene = Scene::new(80);
    let ben = scene.add(1, "Ben");
    let generation = Generation::Card(ben.member);
    let revoke = NewStatement::Revoke { generation, device: ben.device.id() };
    let base = scene.heads();
    let draft = Draft::statement(&ben.root, scene.group.id(), &revoke, base, [1; 16]).unwrap();
    let ledger = scene.group.ledger().unwrap();
    let carrier = sign(&ledger, &ben.device, Some(ben.added), draft);
    let before = scene.group.agreed_heads().unwrap();
    ingest(&scene.group, &carrier);
    assert_eq!(scene.group.agreed_heads().unwrap(), before, "it is idle, and nothing answers");
    let count = |group: &Group| group.ledger().unwrap().frontier().entries();
    let entries = count(&scene.group);
    let owner = scene.group.state().unwrap().members()[0].0;
    let record = || {
        let dinner = NewEntry::Record(dinner(owner, owner_of(&scene)));
        scene.group.append(vec![dinner]).unwrap()
    };
    record();
    assert_eq!(count(&scene.group), entries + 2, "a carrier and the dinner");
    record();
    assert_eq!(count(&scene.group), entries + 3, "once");
    let ledger = scene.group.ledger().unwrap();
    assert_eq!(ledger.statements_to_carry(scene.anna.id(), 4), []);
    assert_sound(&scene.group);
}

/// Somebody else than the owner, whom a dinner can name.
fn owner_of(scene: &Scene) -> MemberId {
    scene.group.state().unwrap().members()[1].0
}

/// Ben, removed and past his limit, began an epoch. Without its entry, the key under which others
/// sealed is worth nothing: once something that is kept came under it, the entry is asked for and
/// kept. A second entry of the same epoch is not; nor is one whose key Ben handed out for nothing.
#[test]
fn the_epoch_entry_of_a_key_in_use_is_asked_for_and_kept() {
    let scene = Scene::new(90);
    let ben = scene.add(1, "Ben");
    ingest(&scene.group, &scene.removal(ben.member));
    assert!(
        scene.group.ingest(&all(&scene.chain(&ben.device, ben.added, 60, 0))).unwrap().left_out > 0
    );
    let key = EpochKey::from_bytes(scene.group.id(), [7; 32]);
    let begun = |key: &EpochKey, stamp| {
        let clock = scene.clock(ben.added) + 1;
        let at = any_position(scene.group.id(), ben.device.id(), 0, ben.added, vec![], clock);
        Draft::epoch(key.begin(&[]).unwrap()).sign(&ben.device, &at, stamp).unwrap()
    };
    let (epoch, copy) = (begun(&key, 1), begun(&key, 2));
    let report = scene.group.ingest(&[travelling(&epoch)]).unwrap();
    assert_eq!((report.left_out, report.missing.len()), (1, 0));
    let sql = "INSERT INTO epochs (grp, topic, secret) VALUES (1, ?1, ?2)";
    let row = (key.topic().as_bytes().to_vec(), key.expose_secret().to_vec());
    scene.folder.raw().execute(sql, row).unwrap();
    assert_eq!(scene.group.ingest(&[]).unwrap().missing, [].into());
    let report = scene.group.ingest(&[travelling(&epoch)]).unwrap();
    assert_eq!((report.left_out, report.missing.len()), (1, 0));
    let came_under = |from: &str, key: &EpochKey| {
        let sql = format!(
            "INSERT OR REPLACE INTO sealed (n, epoch) SELECT n, e FROM entries, epochs
             WHERE {from} AND topic = ?1 LIMIT 1"
        );
        let topic = key.topic().as_bytes().to_vec();
        assert_eq!(scene.folder.raw().execute(&sql, [topic]).unwrap(), 1);
    };
    came_under("kind <> 23", &key);
    let report = scene.group.ingest(&[]).unwrap();
    assert_eq!(report.missing, [epoch.id()].into());
    let report = scene.group.ingest(&[travelling(&epoch)]).unwrap();
    assert_eq!((report.added, report.missing.len()), (vec![epoch.id()], 0));
    // Epoch entries do not keep each other.
    let next = EpochKey::from_bytes(scene.group.id(), [8; 32]);
    let row = (next.topic().as_bytes().to_vec(), next.expose_secret().to_vec());
    scene.folder.raw().execute(sql, row).unwrap();
    came_under("kind = 23", &next);
    let another = begun(&next, 3);
    let report = scene.group.ingest(&[travelling(&another)]).unwrap();
    assert_eq!((report.left_out, report.missing.len()), (1, 0));
    assert_eq!(scene.group.ingest(&[travelling(&copy)]).unwrap().left_out, 1);
    assert_sound(&scene.group);
}

/// An epoch entry that gave way while it waited, of a device that nobody knows: it is asked for once
/// something that is kept came under its key.
#[test]
fn an_epoch_entry_that_gave_way_is_asked_for_when_its_key_is_in_use() {
    let folder = Folder::new(110);
    let store = folder.store_with(LedgerLimits { waiting_entries: 1, ..LedgerLimits::default() });
    let group = found(&store, 1);
    let key = EpochKey::from_bytes(group.id(), [7; 32]);
    let stranger = DeviceKey::from_bytes(&[5; 64]);
    let absent = EntryId::from_bytes([9; 32]);
    let at = any_position(group.id(), stranger.id(), 0, absent, vec![], 900);
    let epoch = Draft::epoch(key.begin(&[]).unwrap()).sign(&stranger, &at, 0).unwrap();
    group.ingest(&[travelling(&epoch)]).unwrap();
    let other = DeviceKey::from_bytes(&[6; 64]);
    group.ingest(&all(&chain(&group, &other, (absent, 900), 1, 0))).unwrap();
    assert_eq!(group.waiting().unwrap().total, 1);
    let raw = folder.raw();
    let row = (key.topic().as_bytes().to_vec(), key.expose_secret().to_vec());
    raw.execute("INSERT INTO epochs (grp, topic, secret) VALUES (1, ?1, ?2)", row).unwrap();
    let sql = "INSERT INTO sealed (n, epoch) SELECT max(n), e FROM entries, epochs";
    raw.execute(sql, []).unwrap();
    assert!(group.ingest(&[]).unwrap().missing.contains(&epoch.id()));
}

/// The memory of what was left out is bounded: the oldest ids are forgotten.
#[test]
fn ids_of_what_was_left_out_are_bounded() {
    let folder = Folder::new(100);
    let limits = LedgerLimits { waiting_entries: 2, left_out_ids: 5, ..LedgerLimits::default() };
    let store = folder.store_with(limits);
    let group = found(&store, 1);
    let anna = DeviceKey::from_bytes(&secret(&folder, "device-"));
    let owner = RootEntropy::from_bytes(secret(&folder, "entropy")).root_key(0);
    let scene = Scene { folder, store, group, anna, owner };
    let (dora, entropy) = (DeviceKey::from_bytes(&[6; 64]), RootEntropy::from_bytes([6; 32]));
    let card = SignedCard::new(scene.group.id(), "Dora", &entropy, 0, &dora).unwrap();
    let ledger = scene.group.ledger().unwrap();
    let draft = Draft::add_member(ledger.state(), &card).unwrap();
    let added = sign(&ledger, &scene.anna, None, draft);
    let clock = added.decoded().header().lamport();
    let early = chain(&scene.group, &dora, (added.id(), clock), 30, 0);
    for entry in &early {
        scene.group.ingest(&[travelling(entry)]).unwrap();
    }
    let rows: u64 = scene
        .folder
        .raw()
        .query_row("SELECT count(*) FROM left_out", [], |row| row.get(0))
        .unwrap();
    assert_eq!(rows, 5);
    let report = scene.group.ingest(&[travelling(&added)]).unwrap();
    assert_eq!((report.added.len(), report.missing.len()), (3, 5));
}

/// Ben, removed, writes without end, and carries his own removal again behind each flood. That
/// keeps none of it, also if the carrier comes first.
#[test]
fn a_further_carrier_of_a_known_statement_keeps_nothing() {
    let scene = Scene::new(110);
    let ben = scene.add(1, "Ben");
    let removal = scene.removal(ben.member);
    ingest(&scene.group, &removal);
    let Payload::Statement(signed) = removal.decoded().payload() else { panic!() };
    for stamp in 0..3 {
        let flood = scene.chain(&ben.device, ben.added, 60, stamp);
        let last = flood.last().unwrap();
        let clock = last.decoded().header().lamport().max(scene.clock(removal.id())) + 1;
        let at = any_position(scene.group.id(), ben.device.id(), 60, last.id(), vec![], clock);
        let carrier = Draft::carry(signed).sign(&ben.device, &at, stamp).unwrap();
        scene.group.ingest(&[travelling(&carrier)]).unwrap();
        let report = scene.group.ingest(&all(&flood)).unwrap();
        assert!(report.left_out > 0);
        // Also together.
        let mut both = all(&flood);
        both.push(travelling(&carrier));
        scene.group.ingest(&both).unwrap();
        let idle = scene.group.ledger().unwrap().idle_bytes();
        assert!(idle <= 8_000, "{idle}");
    }
    let entries = scene.group.ledger().unwrap().frontier().entries();
    assert!(entries < 60, "{entries}");
    assert_sound(&scene.group);
}

/// A store that kept more than an ingest would take, as after a salvage: strangers' entries push
/// none of it out, and nothing is dropped by opening it.
#[test]
fn what_waits_beyond_the_limits_survives_an_ingest() {
    let scene = Scene::new(120);
    let ben = scene.add(1, "Ben");
    let chain = scene.chain(&ben.device, ben.added, 60, 0);
    // Half of them of devices that nobody knows.
    let known = EntryId::from_bytes([7; 32]);
    let stranger = DeviceKey::from_bytes(&[77; 64]);
    let strange = self::chain(&scene.group, &stranger, (known, 900), 30, 0);
    scene.group.ingest(&all(&chain[1..])).unwrap();
    scene.group.ingest(&all(&strange)).unwrap();
    assert_eq!(scene.group.waiting().unwrap().total, 89);
    let Scene { folder, store, group, .. } = scene;
    drop((group, store));
    let limits = LedgerLimits {
        waiting_entries: 10,
        waiting_bytes: 9_000,
        waiting_bytes_per_member: 2_000,
        ..LedgerLimits::default()
    };
    let store = folder.store_with(limits);
    let group = only(&store);
    group.ingest(&[]).unwrap();
    assert_eq!(group.waiting().unwrap().total, 89);
    for n in 100..130 {
        let key = DeviceKey::from_bytes(&[n; 64]);
        let absent = EntryId::from_bytes([n; 32]);
        group.ingest(&all(&self::chain(&group, &key, (absent, 900), 1, 0))).unwrap();
    }
    assert_eq!(group.waiting().unwrap().total, 89, "no more, and no fewer");
    let report = group.ingest(&all(&chain[..1])).unwrap();
    assert_eq!(report.added.len(), 60, "none of Ben's gave way");
    assert_sound(&group);
}

/// Dora's entries wait, and some gave way, when Anna's phone adds her by itself. From then on they
/// are a member's: asked for, and pushed out by no stranger.
#[test]
fn entries_that_wait_are_reviewed_when_this_device_adds_their_author() {
    let folder = Folder::new(130);
    let limits = LedgerLimits { waiting_entries: 10, ..LedgerLimits::default() };
    let store = folder.store_with(limits);
    let group = found(&store, 1);
    let (dora, entropy) = (DeviceKey::from_bytes(&[6; 64]), RootEntropy::from_bytes([6; 32]));
    let card = SignedCard::new(group.id(), "Dora", &entropy, 0, &dora).unwrap();
    let early = chain(&group, &dora, (EntryId::from_bytes([9; 32]), 900), 12, 0);
    group.ingest(&all(&early)).unwrap();
    let count = |sql: &str| -> u64 { folder.raw().query_row(sql, [], |row| row.get(0)).unwrap() };
    assert_eq!(count("SELECT count(*) FROM pending"), 10);
    assert_eq!(count("SELECT count(*) FROM left_out WHERE wanted = 0"), 2);
    group.append(vec![NewEntry::Member { card: Box::new(card) }]).unwrap();
    assert_eq!(count("SELECT count(*) FROM left_out WHERE wanted = 1"), 2);
    for n in 100..120 {
        let key = DeviceKey::from_bytes(&[n; 64]);
        let absent = EntryId::from_bytes([n; 32]);
        group.ingest(&all(&chain(&group, &key, (absent, 900), 1, 0))).unwrap();
    }
    let of_dora = "SELECT count(*) FROM pending WHERE substr(entry, 39, 32) = (SELECT device FROM left_out WHERE wanted = 1 LIMIT 1)";
    assert_eq!(count(of_dora), 10);
}

/// Anna built on what Ben wrote after his removal, far behind it. A salvage with room for less than
/// that keeps it all the same.
#[test]
fn a_salvage_keeps_the_idle_entries_that_later_ones_need() {
    let folder = Folder::new(140);
    let store = folder.store();
    let group = found(&store, 1);
    let anna = DeviceKey::from_bytes(&secret(&folder, "device-"));
    let owner = RootEntropy::from_bytes(secret(&folder, "entropy")).root_key(0);
    let scene = Scene { folder, store, group, anna, owner };
    let ben = scene.add(1, "Ben");
    ingest(&scene.group, &scene.removal(ben.member));
    let idle = scene.chain(&ben.device, ben.added, 60, 0);
    scene.group.ingest(&all(&idle)).unwrap();
    // More than a salvage takes at once.
    let names = (0..520).map(|n| NewEntry::Placeholder { name: format!("P{n}") });
    scene.group.append(names.collect()).unwrap();
    let ledger = scene.group.ledger().unwrap();
    let own = ledger.next_position(scene.anna.id()).unwrap();
    let (seq, clock) = (ledger.frontier().last_seq(scene.anna.id()).unwrap() + 1, own.lamport());
    let parents = vec![idle.last().unwrap().id()];
    let at = any_position(scene.group.id(), scene.anna.id(), seq, own.backlink(), parents, clock);
    ingest(&scene.group, &Draft::merge().sign(&scene.anna, &at, 0).unwrap());
    let before = (digest(&scene.group), entries(&scene.group).len());
    let Scene { folder, store, group, .. } = scene;
    drop((group, store));
    let to = folder.db().with_file_name("new.db");
    let options = StoreOptions::new().environment(Seeded::new(1)).limits(small());
    let salvaged =
        options.salvage_database(&folder.db(), folder.secrets(), &to, &mut go_on).unwrap();
    assert!(salvaged.lost.is_empty() && salvaged.groups[0].missing.is_empty(), "{salvaged:?}");
    assert_eq!((salvaged.groups[0].entries, salvaged.groups[0].waiting), (before.1 as u64, 0));
    let store = Store::open(&to, folder.secrets()).unwrap();
    assert_eq!((digest(&only(&store)), entries(&only(&store)).len()), before);
}
