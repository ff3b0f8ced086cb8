//! Attacks by a removed member and by members who help them.

use ledger_core::VoidReason;
use ledger_core::hazmat::any_position;
use ledger_core::statement::Generation;

use crate::common::{Group, debt};
use ledger_core::engine::Draft;

/// Anna removes Ben. Ben turns back his clock, writes that Anna owes him 500
/// and brings Mallory in, once at the end of his chain and once beside an old
/// entry of it. What Anna had seen of his stays; the rest never counts.
#[test]
fn a_removed_member_back_dates_an_expense_and_an_introduction() {
    let (mut g, mut anna) = Group::new();
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    let old = g.now();
    let dinner = g.owes(&old, &mut ben.phone, anna.member, ben.member, 30);
    g.remove(&g.now(), &mut anna, ben.member);
    let before = g.outcome().digest();
    assert_eq!(g.outcome().balances([anna.member, ben.member]), [-30, 30]);

    let late = g.owes(&old, &mut ben.phone, anna.member, ben.member, 500);
    let mut mallory = g.add(&old, &mut ben.phone, "Mallory");
    let hers = g.owes(&old, &mut mallory.phone, anna.member, mallory.member, 9);
    // A second beginning of his chain, with the clock of his first entry.
    let draft = Draft::record(g.seen(&old).state(), &debt(anna.member, ben.member, 7));
    let at = any_position(g.id, ben.phone.key.id(), 0, ben.phone.enrolment, vec![], 3);
    let fork = g.write_at(&mut ben.phone, &at, draft.unwrap());

    let after = g.outcome();
    assert!(after.applied(dinner));
    for entry in [late, mallory.phone.enrolment, fork] {
        assert_eq!(after.void(entry), Some(VoidReason::HardCut));
    }
    assert_eq!(after.void(hers), Some(VoidReason::EnrolmentVoid));
    assert!(after.member(mallory.member).is_none());
    assert_eq!(after.digest(), before);
}

/// Ben, removed, brings in two people who do not exist; they vouch for each
/// other and write bills. Nobody real vouches for either.
#[test]
fn a_removed_member_introduces_a_sock_puppet_that_adopts_another() {
    let (mut g, mut anna) = Group::new();
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    let old = g.now();
    g.remove(&old, &mut anna, ben.member);
    let before = g.outcome().digest();

    let mut one = g.add(&old, &mut ben.phone, "One");
    let mut two = g.add(&old, &mut ben.phone, "Two");
    let all = g.now();
    let adoptions = [
        g.adopt(&all, &mut one.phone, two.member),
        g.adopt(&all, &mut two.phone, one.member),
        g.adopt(&all, &mut ben.phone, one.member),
    ];
    let itself = g.adopt(&all, &mut one.phone, one.member);
    let bill = g.owes(&g.now(), &mut two.phone, anna.member, two.member, 800);

    let after = g.outcome();
    assert!(adoptions.iter().all(|adoption| !after.applied(*adoption)));
    assert_eq!(after.void(itself), Some(VoidReason::AdoptsItself));
    assert_eq!(after.void(bill), Some(VoidReason::EnrolmentVoid));
    assert_eq!(after.digest(), before);
}

/// Alice adds Bob while Anna, who has not heard of him, removes Alice. Bob and
/// his bills fall with Alice, until Cleo vouches for him; Alice stays out.
#[test]
fn alice_adds_bob_while_being_removed_and_bob_is_adopted() {
    let (mut g, mut anna) = Group::new();
    let mut alice = g.add(&g.now(), &mut anna.phone, "Alice");
    let mut cleo = g.add(&g.now(), &mut anna.phone, "Cleo");
    let old = g.now();
    let mut bob = g.add(&old, &mut alice.phone, "Bob");
    let bill = g.owes(&g.now(), &mut bob.phone, cleo.member, bob.member, 40);
    g.remove(&old, &mut anna, alice.member);
    let fallen = g.outcome();
    assert_eq!(fallen.void(bob.phone.enrolment), Some(VoidReason::HardCut));
    assert_eq!(fallen.void(bill), Some(VoidReason::EnrolmentVoid));

    g.adopt(&g.now(), &mut cleo.phone, bob.member);
    let later = g.owes(&g.now(), &mut bob.phone, cleo.member, bob.member, 2);
    let healed = g.outcome();
    assert!([bob.phone.enrolment, bill, later].iter().all(|entry| healed.applied(*entry)));
    assert_eq!(healed.balances([bob.member, cleo.member]), [42, -42]);
    assert!(healed.is_active(&bob.phone) && !healed.is_active(&alice.phone));
}

/// Anna removes Ben; his friend Cleo hands in his old card once more. Ben is
/// introduced, as he was before, but his keys ended with the removal: whether
/// he goes on or begins anew behind Cleo's entry, nothing counts.
#[test]
fn a_removed_members_friend_admits_the_old_card_again() {
    let (mut g, mut anna) = Group::new();
    let mut cleo = g.add(&g.now(), &mut anna.phone, "Cleo");
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    g.owes(&g.now(), &mut ben.phone, anna.member, ben.member, 1);
    g.remove(&g.now(), &mut anna, ben.member);
    let before = g.outcome().digest();

    let again = g.admit(&g.now(), &mut cleo.phone, &ben.card);
    let goes_on = g.owes(&g.now(), &mut ben.phone, anna.member, ben.member, 60);
    (ben.phone.enrolment, ben.phone.tip) = (again, None);
    let begins = g.write(&g.view(&[again]), &mut ben.phone, |_| Draft::merge());
    let after = g.outcome();
    assert!(after.applied(again) && after.member(ben.member).unwrap().is_introduced());
    assert!(after.member(ben.member).unwrap().is_removed());
    assert_eq!(after.generations(ben.member), []);
    for entry in [goes_on, begins] {
        assert_eq!(after.void(entry), Some(VoidReason::HardCut));
    }
    assert_eq!(after.digest(), before);
}

/// Ben, removed, back-dates an introduction of Sock, who enrols a tablet and
/// writes from both devices. Everything of Sock's is void, down to the tablet.
#[test]
fn a_back_dated_introduction_whose_new_member_enrols_a_second_device() {
    let (mut g, mut anna) = Group::new();
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    let old = g.now();
    g.remove(&old, &mut anna, ben.member);
    let before = g.outcome().digest();

    let mut sock = g.add(&old, &mut ben.phone, "Sock");
    let mut tablet = g.enrol(&g.now(), &mut sock);
    let bills = [
        g.owes(&g.now(), &mut sock.phone, anna.member, sock.member, 5),
        g.owes(&g.now(), &mut tablet, anna.member, sock.member, 6),
    ];
    let after = g.outcome();
    assert_eq!(after.void(sock.phone.enrolment), Some(VoidReason::HardCut));
    assert_eq!(after.void(tablet.enrolment), Some(VoidReason::StartVoid));
    assert!(bills.iter().all(|bill| after.void(*bill) == Some(VoidReason::EnrolmentVoid)));
    assert_eq!(after.digest(), before);
}

/// Anna removes the placeholder that Ben made for Grandma; Ben hands it to
/// Mallory all the same. The claim stands in the ledger and gives no power.
#[test]
fn an_owner_removed_placeholder_that_is_claimed() {
    let (mut g, mut anna) = Group::new();
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    let (_, grandma) = g.placeholder(&g.now(), &mut ben, "Grandma");
    g.remove(&g.now(), &mut anna, grandma);
    let before = g.outcome().digest();

    let mut mallory = g.stranger("Mallory");
    let claim = g.claim(&g.now(), &mut ben.phone, grandma, &mut mallory);
    let bill = g.owes(&g.now(), &mut mallory.phone, anna.member, grandma, 77);
    let after = g.outcome();
    assert!(after.applied(claim));
    assert_eq!(after.void(bill), Some(VoidReason::HardCut));
    assert_eq!(after.generations(grandma), []);
    assert_eq!(after.digest(), before);
}

/// Ben is removed and writes junk; then Anna lets him return with fresh keys.
/// The junk stays void, his new bills count, and he is who he was: id, name
/// and balance.
#[test]
fn a_removed_member_is_bound_again() {
    let (mut g, mut anna) = Group::new();
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    g.owes(&g.now(), &mut ben.phone, anna.member, ben.member, 30);
    let old = g.now();
    g.remove(&old, &mut anna, ben.member);
    let junk = g.owes(&old, &mut ben.phone, anna.member, ben.member, 500);

    let mut back = g.stranger("Benjamin the Great");
    g.bind(&g.now(), &mut anna, ben.member, &mut back);
    let bill = g.owes(&g.now(), &mut back.phone, anna.member, ben.member, 4);
    let more_junk = g.owes(&g.now(), &mut ben.phone, anna.member, ben.member, 600);
    let after = g.outcome();
    assert!(after.applied(bill));
    assert_eq!(after.void(junk), Some(VoidReason::HardCut));
    assert_eq!(after.void(more_junk), Some(VoidReason::HardCut));
    let member = after.member(ben.member).unwrap();
    assert_eq!((member.name(), member.is_removed()), ("Ben", false));
    assert_eq!(after.generations(ben.member), [back.generation]);
    assert_eq!(after.balances([anna.member, ben.member]), [-34, 34]);
    assert!(after.is_active(&back.phone) && !after.is_active(&ben.phone));
}

/// Anna introduces Cleo. Ben, removed, introduces Cleo with the same card, late
/// and back-dated, and once more after misusing it, so that this add is faulty.
/// Cleo is not evicted, even where her chain begins behind Ben's entry.
#[test]
fn a_late_duplicate_card_does_not_evict_an_honest_member() {
    let (mut g, mut anna) = Group::new();
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    let old = g.now();
    let mut cleo = g.add(&old, &mut anna.phone, "Cleo");
    let bill = g.owes(&g.now(), &mut cleo.phone, anna.member, cleo.member, 10);
    g.remove(&g.now(), &mut anna, ben.member);
    let before = g.outcome().digest();

    let duplicate = g.admit(&old, &mut ben.phone, &cleo.card);
    let (_, nobody) = g.placeholder(&old, &mut ben, "Nobody");
    let mut posed = g.stranger("Posed");
    posed.card = cleo.card.clone();
    let claim = g.claim(&old, &mut ben.phone, nobody, &mut posed);
    let faulty = g.admit(&old, &mut ben.phone, &cleo.card);
    let mut fork = g.device(duplicate);
    (fork.key, fork.seed) =
        (ledger_core::keys::DeviceKey::from_bytes(&cleo.phone.seed), cleo.phone.seed);
    let behind = g.owes(&g.view(&[bill]), &mut fork, anna.member, cleo.member, 1);

    let after = g.outcome();
    assert!([cleo.phone.enrolment, bill, duplicate, behind].iter().all(|id| after.applied(*id)));
    assert_eq!(after.void(claim), Some(VoidReason::KeyReused));
    assert_eq!(after.void(faulty), Some(VoidReason::KeyReused));
    assert!(after.is_active(&cleo.phone));
    assert_eq!(after.balances([anna.member, cleo.member]), [-11, 11]);
    assert_eq!(g.digest_without(&[duplicate]), before);
}

/// F2. Ben makes a placeholder that Anna does not see when she removes him;
/// Cleo adopts it. Ben back-dates a claim of it for Mallory. An adopt speaks
/// for the placeholder, not for whom Ben would later hand it to.
#[test]
fn claims_are_not_adoptable() {
    let (mut g, mut anna) = Group::new();
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    let mut cleo = g.add(&g.now(), &mut anna.phone, "Cleo");
    let old = g.now();
    let (placeholder, grandma) = g.placeholder(&old, &mut ben, "Grandma");
    g.remove(&old, &mut anna, ben.member);
    g.adopt(&g.now(), &mut cleo.phone, grandma);
    let before = g.outcome();
    assert!(before.applied(placeholder));

    let mut mallory = g.stranger("Mallory");
    let claim = g.claim(&g.view(&[placeholder]), &mut ben.phone, grandma, &mut mallory);
    let bill = g.owes(&g.now(), &mut mallory.phone, anna.member, grandma, 99);
    let after = g.outcome();
    assert_eq!(after.void(claim), Some(VoidReason::HardCut));
    assert_eq!(after.void(bill), Some(VoidReason::EnrolmentVoid));
    assert_eq!(after.generations(grandma), Vec::<Generation>::new());
    assert_eq!(after.digest(), before.digest());
}
