//! Attacks on epochs: keys after somebody was cut off, and what a rotator may try. Each
//! story is judged from scratch and entry by entry.

use ledger_core::engine::{Admission, Draft, SetAside, VerifiedEntry};
use ledger_core::keys::{ExchangeKey, SignedDevice};
use ledger_core::seal::EpochKey;
use ledger_core::statement::NewStatement;
use ledger_core::{EntryId, VoidReason, hazmat};

use crate::common::{Counting, Device, Group, Outcome, View};

fn key(g: &Group, number: u8) -> EpochKey {
    EpochKey::from_bytes(g.id, [number; 32])
}

impl Group {
    fn begin(&mut self, view: &View, author: &mut Device, number: u8) -> EntryId {
        let epoch = key(self, number).begin(&[]).unwrap();
        self.write(view, author, |_| Draft::epoch(epoch))
    }

    fn rotate(&mut self, view: &View, author: &mut Device, x_gen: u64) -> EntryId {
        let byte = u8::try_from(x_gen).unwrap();
        let fresh = ExchangeKey::from_bytes([byte; 32]).public_key();
        self.write(view, author, |_| Draft::rotation(x_gen, fresh))
    }
}

fn usable(outcome: &Outcome) -> Vec<EntryId> {
    outcome.state().usable_epochs().map(|(id, _)| id).collect()
}

/// Anna removes Ben; his epoch, and hers from before, seal nothing any more.
/// Ben begins another one behind the removal, which is void.
#[test]
fn a_removal_ends_every_epoch_that_does_not_know_of_it() {
    let (mut g, mut anna) = Group::new();
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    let old = g.now();
    let hers = g.begin(&old, &mut anna.phone, 1);
    let his = g.begin(&g.now(), &mut ben.phone, 2);
    let both = g.outcome();
    assert_eq!(usable(&both), [his, hers], "the last one in (lamport, id) first");
    assert_eq!(both.state().recipients().len(), 4, "two devices, two phrases");

    g.remove(&g.now(), &mut anna, ben.member);
    assert_eq!(usable(&g.outcome()), []);
    g.begin(&g.now(), &mut ben.phone, 3);
    assert_eq!(usable(&g.outcome()), []);
    let fresh = g.begin(&g.now(), &mut anna.phone, 4);
    let after = g.outcome();
    assert_eq!(usable(&after), [fresh]);
    let epoch = after.state().usable_epochs().next().unwrap().1;
    assert_eq!((epoch.topic(), epoch.commit()), (key(&g, 4).topic(), key(&g, 4).commit()));
    assert_eq!(after.state().recipients().len(), 2);
}

/// Cleo begins an epoch while Anna, whom she has not heard from, removes Ben.
/// A carrier of the removal that Dora brings to Cleo is as good as Anna's.
#[test]
fn any_carrier_of_a_removal_will_do() {
    let (mut g, mut anna) = Group::new();
    let ben = g.add(&g.now(), &mut anna.phone, "Ben");
    let mut cleo = g.add(&g.now(), &mut anna.phone, "Cleo");
    let mut dora = g.add(&g.now(), &mut anna.phone, "Dora");
    let old = g.now();
    let removal = g.remove(&old, &mut anna, ben.member);
    let unaware = g.begin(&old, &mut cleo.phone, 1);
    assert_eq!(usable(&g.outcome()), []);

    let carried = g.signed(removal);
    let courier = g.write(&old, &mut dora.phone, |_| Draft::carry(&carried));
    let aware = g.begin(&g.view(&[courier, unaware]), &mut cleo.phone, 2);
    assert_eq!(usable(&g.outcome()), [aware]);
}

/// Ben's X25519 key was stolen. He rotates it; from then on nothing is sealed
/// under a key that was wrapped to the stolen one.
#[test]
fn a_rotation_ends_the_epochs_before_it_and_heals_after_a_stolen_key() {
    let (mut g, mut anna) = Group::new();
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    g.begin(&g.now(), &mut anna.phone, 1);
    let stolen = *ben.card.card().certificate().exchange_public_key();
    assert!(g.outcome().state().recipients().contains(&stolen));
    g.rotate(&g.now(), &mut ben.phone, 1);
    let after = g.outcome();
    assert_eq!(usable(&after), []);
    assert!(!after.state().recipients().contains(&stolen));
    let healed = g.begin(&g.now(), &mut anna.phone, 2);
    assert_eq!(usable(&g.outcome()), [healed]);
}

/// Ben rotates without end, and is removed as if he never had: what he signed
/// outside of the removal requires nothing.
#[test]
fn a_void_rotation_requires_no_epoch() {
    let (mut g, mut anna) = Group::new();
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    let old = g.now();
    g.remove(&old, &mut anna, ben.member);
    let epoch = g.begin(&g.now(), &mut anna.phone, 1);
    for x_gen in 1..4 {
        g.rotate(&old, &mut ben.phone, x_gen);
    }
    assert_eq!(usable(&g.outcome()), [epoch]);
}

/// Ben rotates, and is removed as if he never had: neither that rotation nor a later one counts
/// against the few that a device heeds on one day.
///
/// Nothing else shows that a rotation which turns void is taken out of those in force. What turns
/// it void for good, a hard cut, a revocation or a leave, concerns the device as well: it may not
/// write, so neither its key (SPEC §7.1) nor what epochs must know of (SPEC §11.2) is asked for.
/// An enrolment that is not accepted any more hides it in the same way, and shows it when it is
/// accepted again.
#[test]
fn a_void_rotation_is_not_among_those_that_are_heeded() {
    let (mut g, mut anna) = Group::new();
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    let old = g.now();
    let turned = g.rotate(&old, &mut ben.phone, 1);
    let (ledger, _) = g.arrive(g.pool.clone());
    assert_eq!(ledger.own_requirement(&turned), Some((ben.member, None)));
    g.remove(&old, &mut anna, ben.member);
    let never = g.rotate(&g.view(&[turned]), &mut ben.phone, 2);
    let (ledger, _) = g.arrive(g.pool.clone());
    for rotation in [turned, never] {
        assert_eq!(ledger.own_requirement(&rotation), None);
    }
}

/// A revocation, and a leave, end epochs as well; the phrase of somebody who
/// left gets no further keys.
#[test]
fn revocations_and_leaves_end_epochs() {
    let (mut g, mut anna) = Group::new();
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    let mut tablet = g.enrol(&g.now(), &mut ben);
    let first = g.begin(&g.now(), &mut tablet, 1);
    assert_eq!(usable(&g.outcome()), [first]);

    let root = ben.root();
    let statement = NewStatement::Revoke { generation: ben.generation, device: tablet.key.id() };
    g.issue_statement(&g.now(), &mut ben.phone, &root, &statement);
    let second = g.begin(&g.now(), &mut ben.phone, 2);
    assert_eq!(usable(&g.outcome()), [second]);

    g.issue_statement(
        &g.now(),
        &mut ben.phone,
        &root,
        &NewStatement::Leave { generation: ben.generation },
    );
    let left = g.outcome();
    assert_eq!(usable(&left), []);
    assert!(!left.state().recipients().contains(ben.card.card().recovery_public_key()));
    assert_eq!(left.state().recipients().len(), 2);
    g.begin(&g.now(), &mut ben.phone, 3);
    assert_eq!(usable(&g.outcome()), [], "who left begins no epoch");
    let third = g.begin(&g.now(), &mut anna.phone, 4);
    assert_eq!(usable(&g.outcome()), [third]);
}

/// A removal takes an epoch with it that Ben began; a bind of Ben that knows
/// of neither flips verdicts back and forth in any order of arrival.
#[test]
fn epochs_come_and_go_with_their_verdicts() {
    let (mut g, mut anna) = Group::new();
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    let mut cleo = g.add(&g.now(), &mut ben.phone, "Cleo");
    let old = g.now();
    let hers = g.begin(&old, &mut cleo.phone, 1);
    // Ben is removed with a base from before Cleo: she falls with him.
    let (root, base) = (anna.root(), [ben.phone.enrolment]);
    let remove = NewStatement::Remove { member: ben.member };
    let removal = g.issue_statement_at(&base, &g.view(&base), &mut anna.phone, &root, &remove);
    assert!(!g.outcome().applied(hers));
    let unaware = g.begin(&old, &mut anna.phone, 2);
    assert_eq!(usable(&g.outcome()), [unaware], "the chain of her phone holds the removal");
    // Anna vouches for Cleo, whose later epoch knows of the removal.
    g.adopt(&g.now(), &mut anna.phone, cleo.member);
    let aware = g.begin(&g.view(&[removal]), &mut cleo.phone, 3);
    let after = g.outcome();
    assert!(after.applied(hers) && after.applied(aware));
    assert!(usable(&after).contains(&aware) && !usable(&after).contains(&hers));
}

/// Two devices rotate at the same time: both epochs may seal, and whoever joins
/// them carries both keys on.
#[test]
fn concurrent_epochs_stand_side_by_side() {
    let (mut g, mut anna) = Group::new();
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    let old = g.now();
    let one = g.begin(&old, &mut anna.phone, 1);
    let other = g.begin(&old, &mut ben.phone, 2);
    let mut both = usable(&g.outcome());
    both.sort();
    let mut expected = [one, other];
    expected.sort();
    assert_eq!(both, expected);
    let (first, second) = (key(&g, 1), key(&g, 2));
    let epoch = key(&g, 3).begin(&[(one, &first), (other, &second)]).unwrap();
    g.write(&g.now(), &mut ben.phone, |_| Draft::epoch(epoch.clone()));
    let mut keys = key(&g, 3).predecessors(&epoch).unwrap();
    keys.sort_by_key(EpochKey::topic);
    let mut expected = vec![first, second];
    expected.sort_by_key(EpochKey::topic);
    assert_eq!(keys, expected);
}

/// Ben rotates again and again on two devices. An epoch needs the last rotation of each, and none of
/// a device that may not write any more.
#[test]
fn only_rotations_in_force_of_devices_that_may_write_are_required() {
    let (mut g, mut anna) = Group::new();
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    let mut tablet = g.enrol(&g.now(), &mut ben);
    let before = g.now();
    let rotated = g.rotate(&before, &mut tablet, 1);
    g.rotate(&before, &mut ben.phone, 2);
    let last = g.rotate(&before, &mut ben.phone, 3);
    let unaware = g.begin(&g.view(&[rotated]), &mut anna.phone, 1);
    assert_eq!(usable(&g.outcome()), []);
    let aware = g.begin(&g.view(&[rotated, last]), &mut anna.phone, 2);
    assert_eq!(usable(&g.outcome()), [aware]);
    // The tablet rotates without anybody's knowledge, and Ben leaves without knowing that.
    let hidden = g.rotate(&g.view(&[rotated]), &mut tablet, 4);
    assert_eq!(usable(&g.outcome()), []);
    let root = ben.root();
    let leave = NewStatement::Leave { generation: ben.generation };
    let left = g.issue_statement(&g.view(&[aware]), &mut ben.phone, &root, &leave);
    let fresh = g.begin(&g.view(&[left]), &mut anna.phone, 3);
    let outcome = g.outcome();
    assert!(outcome.applied(hidden) && outcome.applied(unaware));
    assert_eq!(usable(&outcome), [fresh]);
}

/// Ben revokes keys that nobody enrolled: no epoch ends. Once such a key is enrolled, it counts.
#[test]
fn a_revocation_of_an_invented_key_ends_no_epoch() {
    let (mut g, mut anna) = Group::new();
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    let old = g.now();
    let epoch = g.begin(&old, &mut anna.phone, 1);
    let root = ben.root();
    let invented = g.device(ben.phone.enrolment);
    let revoke = NewStatement::Revoke { generation: ben.generation, device: invented.key.id() };
    g.issue_statement(&old, &mut ben.phone, &root, &revoke);
    assert_eq!(usable(&g.outcome()), [epoch]);
    let certified = SignedDevice::new(g.id, &root, &invented.key).unwrap();
    let enrol = NewStatement::Enrol { generation: ben.generation, device: &certified };
    g.issue_statement(&g.now(), &mut ben.phone, &root, &enrol);
    assert_eq!(usable(&g.outcome()), []);
    let aware = g.begin(&g.now(), &mut anna.phone, 2);
    assert_eq!(usable(&g.outcome()), [aware]);
}

/// Sock, whom only Ben brought in, revokes a tablet: void, so no epoch needs to know. Cleo adopts
/// Sock, and epochs need to. The second carrier will do. Then Cleo leaves, and Anna's removal of her,
/// which knows of no leave, voids the leave: epochs need to know of the removal only.
#[test]
fn what_epochs_must_know_of_comes_and_goes_with_its_verdict() {
    let (mut g, mut anna) = Group::new();
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    let mut cleo = g.add(&g.now(), &mut anna.phone, "Cleo");
    let mut dora = g.add(&g.now(), &mut anna.phone, "Dora");
    let old = g.now();
    let mut sock = g.add(&old, &mut ben.phone, "Sock");
    let tablet = g.enrol(&g.view(&[sock.phone.enrolment]), &mut sock);
    let removal = g.remove(&old, &mut anna, ben.member);
    let enrolled = g.view(&[tablet.enrolment]);
    let (root, generation) = (sock.root(), sock.generation);
    let revoke = NewStatement::Revoke { generation, device: tablet.key.id() };
    let revocation = g.issue_statement(&enrolled, &mut sock.phone, &root, &revoke);
    let unaware = g.begin(&g.view(&[removal]), &mut anna.phone, 1);
    let void = g.outcome();
    assert_eq!(void.void(revocation), Some(VoidReason::StartVoid));
    assert_eq!(usable(&void), [unaware]);

    let adoption = g.adopt(&g.view(&[removal, revocation]), &mut cleo.phone, sock.member);
    let accepted = g.outcome();
    assert!(accepted.applied(revocation));
    assert_eq!(usable(&accepted), []);
    let carried = g.signed(revocation);
    let second = g.write(&enrolled, &mut dora.phone, |_| Draft::carry(&carried));
    assert_eq!(usable(&g.outcome()), []);
    let aware = g.begin(&g.view(&[removal, second]), &mut dora.phone, 2);
    assert_eq!(usable(&g.outcome()), [aware]);

    let before = g.view(&[aware, adoption]);
    let leave = NewStatement::Leave { generation: cleo.generation };
    let root = cleo.root();
    let leave = g.issue_statement(&before, &mut cleo.phone, &root, &leave);
    assert_eq!(usable(&g.outcome()), []);
    let removal = g.remove(&before, &mut anna, cleo.member);
    assert_eq!(usable(&g.outcome()), []);
    let fresh = g.begin(&g.view(&[removal]), &mut anna.phone, 3);
    let outcome = g.outcome();
    assert_eq!(outcome.void(leave), Some(VoidReason::HardCut));
    assert_eq!(usable(&outcome), [fresh]);
}

/// Entries of one chain, signed one behind the other without knowing of anything else.
fn chain(g: &Group, device: &Device, drafts: impl Iterator<Item = Draft>) -> Vec<VerifiedEntry> {
    let mut clock = g.entry(device.enrolment).decoded().header().lamport() + 1;
    let (mut back, mut entries) = (device.enrolment, Vec::new());
    for (seq, draft) in (0..).zip(drafts) {
        let at = hazmat::any_position(g.id, device.key.id(), seq, back, vec![], clock);
        let entry = draft.sign(&device.key, &at, 0).unwrap();
        (back, clock) = (entry.id(), clock + 1);
        entries.push(entry);
    }
    entries
}

/// Ben's tablet rotates n times while Cleo's phone begins n epochs, and neither knows of the other.
/// Each epoch costs a few questions, however many there are of both, and the records stay small.
#[test]
fn many_rotations_beside_many_epochs_cost_little() {
    const MANY: u8 = 200;
    let (mut g, mut anna) = Group::new();
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    let tablet = g.enrol(&g.now(), &mut ben);
    let cleo = g.add(&g.now(), &mut anna.phone, "Cleo");
    let (mut ledger, mut index) = g.arrive(g.pool.clone());
    let rotations = (1..=MANY)
        .map(|n| Draft::rotation(n.into(), ExchangeKey::from_bytes([n; 32]).public_key()));
    let epochs = (1..=MANY).map(|n| Draft::epoch(key(&g, n).begin(&[]).unwrap()));
    let mut most = 0;
    let mut sizes = Vec::new();
    for entry in chain(&g, &tablet, rotations).into_iter().chain(chain(&g, &cleo.phone, epochs)) {
        let counting = Counting::new(&index);
        let Ok(Admission::Admitted(admitted)) = ledger.admit(entry, &counting) else { panic!() };
        let Ok(replayed) = ledger.replay(&admitted, &counting);
        most = most.max(counting.asked());
        index.insert(&admitted, &replayed);
        sizes.push(ledger.to_checkpoint().len());
    }
    assert!(most < 30, "{most} questions for one entry");
    let grew = |from: usize, to: usize| (sizes[to] - sizes[from]) / (to - from);
    let many = usize::from(MANY);
    let (early, late) = (grew(many, many + 20), grew(2 * many - 21, 2 * many - 1));
    assert!(late <= early + 8, "{early} and {late} bytes for each epoch");
    assert_eq!(ledger.state().usable_epochs().count(), 0);
}

/// What a device sets aside is not required: its own leave, and what it does not heed yet.
#[test]
fn what_is_set_aside_ends_no_epoch() {
    let (mut g, mut anna) = Group::new();
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    let mut cleo = g.add(&g.now(), &mut anna.phone, "Cleo");
    let epoch = g.begin(&g.now(), &mut anna.phone, 1);
    let root = ben.root();
    let leave = NewStatement::Leave { generation: ben.generation };
    g.issue_statement(&g.now(), &mut ben.phone, &root, &leave);
    let usable = |g: &Group, aside: &SetAside| {
        let (ledger, _) = g.arrive(g.pool.clone());
        let usable = ledger.usable_epochs_without(aside).map(|(id, _)| id).collect::<Vec<_>>();
        (usable, ledger)
    };
    let own = SetAside { generation: Some(ben.generation), ..SetAside::default() };
    let (none, ledger) = usable(&g, &SetAside::default());
    assert_eq!(none, []);
    assert_eq!(ledger.left_generation(ben.phone.key.id()), Some(ben.generation));
    assert_eq!(ledger.left_generation(cleo.phone.key.id()), None);
    assert_eq!(usable(&g, &own).0, [epoch]);
    // Cleo's rotation counts for him, unless it is not heeded yet.
    let rotation = g.rotate(&g.now(), &mut cleo.phone, 1);
    let (none, ledger) = usable(&g, &own);
    assert_eq!(none, []);
    assert_eq!(ledger.own_requirement(&rotation), Some((cleo.member, None)));
    let unheeded = SetAside { entries: [rotation].into(), ..own.clone() };
    assert_eq!(usable(&g, &unheeded).0, [epoch]);
    // A removal always counts, and ends what he may hand out.
    g.remove(&g.now(), &mut anna, cleo.member);
    assert_eq!(usable(&g, &unheeded).0, []);
    g.remove(&g.now(), &mut anna, ben.member);
    let (_, ledger) = usable(&g, &own);
    assert_eq!(ledger.left_generation(ben.phone.key.id()), None);
}
