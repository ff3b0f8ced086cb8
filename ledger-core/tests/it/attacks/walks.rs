//! Work that a member can make others do, counted in questions to the index, and that what
//! saves work decides nothing.

use ledger_core::engine::{Admission, Draft};
use ledger_core::statement::NewStatement;
use ledger_core::{EntryId, Verdict, VoidReason};

use crate::common::{Counting, Device, Group, Person, View};

/// Returns how many questions the last entry asks when all others are here.
fn questions(g: &Group) -> usize {
    let (last, others) = g.pool.split_last().unwrap();
    let (mut ledger, index) = g.arrive(others.to_vec());
    let Ok(Admission::Admitted(last)) = ledger.admit(last.clone(), &index) else { panic!() };
    let counting = Counting::new(&index);
    let Ok(replayed) = ledger.replay(&last, &counting);
    assert_eq!((replayed.verdict(), replayed.flips().len()), (Verdict::Applied, 0));
    counting.asked()
}

fn revoke(
    g: &mut Group,
    base: &[EntryId],
    signer: &Person,
    (subject, device): (&Person, &Device),
    carrier: &mut Device,
) -> EntryId {
    let revocation =
        NewStatement::Revoke { generation: subject.generation, device: device.key.id() };
    let (view, root) = (g.view(base), signer.root());
    g.issue_statement_at(base, &view, carrier, &root, &revocation)
}

/// Ben forks at one place many times, Anna joins the forks, and Ben revokes his phone behind them.
/// His revocation must know on which forks it ends. Each is visited, and none is read. A second
/// one knows of the first, and asks nothing about forks.
#[test]
fn a_revocation_behind_many_forks_reads_none_of_them() {
    let asked = |forks: u64| {
        let (mut g, mut anna) = Group::new();
        let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
        let mut tablet = g.enrol(&g.now(), &mut ben);
        let (tip, mut ends) = (ben.phone.tip, Vec::new());
        for cents in 1..=forks {
            ben.phone.tip = tip;
            let view = g.view(&[tip.unwrap()]);
            ends.push(g.owes(&view, &mut ben.phone, anna.member, ben.member, cents));
        }
        let joined = g.write(&g.view(&ends), &mut anna.phone, |_| Draft::merge());
        let first = revoke(&mut g, &[joined], &ben, (&ben, &ben.phone), &mut tablet);
        let of_first = questions(&g);
        revoke(&mut g, &[first], &ben, (&ben, &ben.phone), &mut tablet);
        (of_first, questions(&g))
    };
    let (few, many) = (asked(4), asked(14));
    assert!(many.0 - few.0 <= 2 * 10, "one question for each fork, and not three");
    assert_eq!(many.1, few.1);
}

/// Ben's revocations of his phone know nothing of each other: his tablet signs a base for each,
/// his laptop carries them. The past of a base is that of the one before.
#[test]
fn revocations_apart_from_each_other_walk_to_the_base_before() {
    let asked = |forks: u64, revocations: usize| {
        let (mut g, mut anna) = Group::new();
        let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
        let mut tablet = g.enrol(&g.now(), &mut ben);
        let mut laptop = g.enrol(&g.now(), &mut ben);
        let (tip, mut ends) = (ben.phone.tip, vec![laptop.enrolment]);
        for cents in 1..=forks {
            ben.phone.tip = tip;
            let view = g.view(&[tip.unwrap()]);
            ends.push(g.owes(&view, &mut ben.phone, anna.member, ben.member, cents));
        }
        let mut base = g.write(&g.view(&ends), &mut tablet, |_| Draft::merge());
        for _ in 0..revocations {
            revoke(&mut g, &[base], &ben, (&ben, &ben.phone), &mut laptop);
            base = g.write(&g.view(&[base]), &mut tablet, |_| Draft::merge());
        }
        revoke(&mut g, &[base], &ben, (&ben, &ben.phone), &mut laptop);
        assert!(revocations > 3 || g.outcome().applied(base));
        questions(&g)
    };
    assert_eq!(asked(14, 3), asked(4, 3));
    assert_eq!(asked(4, 13), asked(4, 3));
}

/// Behind the start of Ben's keys is whatever a device of his signed. So a statement on the end
/// of his chain does not search for it.
#[test]
fn a_statement_behind_a_long_chain_of_its_signer_asks_no_more() {
    let asked = |count: usize| {
        let (mut g, mut anna) = Group::new();
        let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
        let (root, generation) = (ben.root(), ben.generation);
        for _ in 0..count {
            let view = g.view(&[ben.phone.tip.unwrap_or(ben.phone.enrolment)]);
            let rename = NewStatement::Rename { generation, name: "Benny" };
            g.issue_statement(&view, &mut ben.phone, &root, &rename);
        }
        questions(&g)
    };
    assert_eq!(asked(24), asked(4));
}

/// Ben leaves on his tablet. His phone does not know of it, and names what Anna writes, who does
/// not know of it either. No walk goes twice through her entries.
#[test]
fn entries_beside_a_leave_walk_once_through_the_entries_of_others() {
    let asked = |count: u64| {
        let (mut g, mut anna) = Group::new();
        let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
        let mut tablet = g.enrol(&g.now(), &mut ben);
        let apart = g.now();
        let leave = NewStatement::Leave { generation: ben.generation };
        let root = ben.root();
        g.issue_statement(&apart, &mut tablet, &root, &leave);
        let mut seen: View = apart;
        for _ in 0..count {
            let hers = g.owes(&seen, &mut anna.phone, anna.member, ben.member, 1);
            let his = g.owes(&g.view(&[hers]), &mut ben.phone, anna.member, ben.member, 1);
            seen = g.view(&[hers]);
            assert!(g.view(&[his]) != g.now());
        }
        let asked = questions(&g);
        let last = g.outcome();
        assert!(g.pool.iter().all(|entry| last.applied(entry.id())));
        asked
    };
    assert_eq!(asked(12), asked(4));
}

/// Ben revokes his tablet, and again with a base that knows the first revocation and more of the
/// tablet. Anna removes Ben. A removal that knows of none of them lets both fall; one that knows
/// of the second knows of the first.
#[test]
fn a_revocation_that_repeats_an_earlier_one_falls_with_it() {
    for (known, expected) in
        [(0, None), (1, Some(VoidReason::Revoked)), (2, Some(VoidReason::Revoked))]
    {
        let (mut g, mut anna) = Group::new();
        let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
        let mut tablet = g.enrol(&g.now(), &mut ben);
        let early = g.owes(&g.now(), &mut tablet, anna.member, ben.member, 1);
        let (ben_, view) = (&mut ben, g.view(&[early]));
        let mut phone = std::mem::replace(&mut ben_.phone, g.device(early));
        let first = revoke(&mut g, &[early], &ben, (&ben, &tablet), &mut phone);
        let late = g.owes(&view, &mut tablet, anna.member, ben.member, 2);
        let mut both = [first, late];
        both.sort();
        let second = revoke(&mut g, &both, &ben, (&ben, &tablet), &mut phone);
        let mut base = vec![late];
        base.extend([first, second].get(..known).unwrap().last());
        base.sort();
        let (view, root) = (g.view(&base), anna.root());
        let removal = NewStatement::Remove { member: ben.member };
        g.issue_statement_at(&base, &view, &mut anna.phone, &root, &removal);
        let outcome = g.outcome();
        assert_eq!(outcome.void(late), expected, "{known} known");
        assert_eq!(outcome.void(early), None);
    }
}

/// What can never be accepted is not repeated: a revocation by somebody else's root key, and one
/// whose base does not know Ben's keys. The next one cuts by itself.
#[test]
fn a_revocation_that_knows_of_a_forged_one_cuts_by_itself() {
    for by_somebody_else in [true, false] {
        let (mut g, mut anna) = Group::new();
        let genesis = g.id.genesis();
        let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
        let mut cara = g.add(&g.now(), &mut anna.phone, "Cara");
        let mut tablet = g.enrol(&g.now(), &mut ben);
        let early = g.owes(&g.now(), &mut tablet, anna.member, ben.member, 1);
        let (signer, base) = match by_somebody_else {
            true => (&cara, early),
            false => (&ben, genesis),
        };
        let signer = Person { phone: g.device(early), card: signer.card.clone(), ..*signer };
        let forged = revoke(&mut g, &[base], &signer, (&ben, &tablet), &mut cara.phone);
        let mut base = [forged, early];
        base.sort();
        let mut phone = std::mem::replace(&mut ben.phone, g.device(early));
        revoke(&mut g, &base, &ben, (&ben, &tablet), &mut phone);
        let late = g.owes(&g.view(&[early]), &mut tablet, anna.member, ben.member, 2);
        let outcome = g.outcome();
        assert!(outcome.void(forged).is_some());
        assert_eq!((outcome.void(early), outcome.void(late)), (None, Some(VoidReason::Revoked)));
    }
}
