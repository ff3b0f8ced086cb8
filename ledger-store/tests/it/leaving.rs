//! People who leave, or revoke the phone in their hand: what they recorded still reaches others.

#![cfg(feature = "sqlcipher")]

use ledger_core::EntryId;
use ledger_core::engine::Draft;
use ledger_core::seal::Envelope;
use ledger_core::statement::{Generation, NewStatement};
use ledger_store::{Group, NewEntry, Since, StatementIntent, StoreError};

use crate::common::people::{self, ingest};
use crate::common::scene::{Scene, dinner};
use crate::common::sealed::{add, anna, exchange, export, holds, import, pay, records, remove};
use crate::common::{Folder, Rng, assert_sound, count, digest, entries, go_on, heads};

fn sign(group: &Group, intent: StatementIntent) -> EntryId {
    let mut proposal = group.statements().propose(intent).unwrap();
    proposal.confirm();
    group.statements().sign(&proposal).unwrap()
}

fn revoke_own_phone(group: &Group) -> EntryId {
    sign(group, StatementIntent::Revoke { device: group.device(), since: None })
}

fn try_export(group: &Group) -> Result<Vec<u8>, StoreError> {
    let mut out = Vec::new();
    group.bundles().export(Since::Beginning, &mut out, &mut go_on)?;
    Ok(out)
}

/// Ben leaves, and Cleo revokes the phone in her hand: both hand out that, and what they recorded
/// before. The others then begin an epoch without them.
#[test]
fn who_leaves_or_revokes_the_phone_in_hand_hands_out_what_came_before() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let anna = anna(&folder);
    let (ben, cleo) = (add(&anna, "Ben", 2), add(&anna, "Cleo", 3));
    let dora = add(&anna, "Dora", 4);
    exchange(&[&anna, &ben.group, &cleo.group, &dora.group]);
    for leaver in [&ben, &cleo] {
        import(&cleo.group, &export(&anna));
        let dinner = pay(&leaver.group, &mut rng);
        let statement = match leaver.member == ben.member {
            true => sign(&leaver.group, StatementIntent::Leave),
            false => revoke_own_phone(&leaver.group),
        };
        let bundle = try_export(&leaver.group).unwrap();
        for group in [&anna.group, &dora.group] {
            assert!(import(group, &bundle).is_complete());
            assert!(holds(group, dinner) && holds(group, statement));
        }
        assert_eq!(digest(&anna), digest(&leaver.group));
        // Again, and after what others wrote under the same epoch.
        assert!(try_export(&leaver.group).is_ok());
        let later = pay(&anna, &mut rng);
        import(&leaver.group, &export(&anna));
        // A revoked phone still has its person's phrase, to which keys are wrapped.
        let reads_on = leaver.member == cleo.member;
        assert_eq!(holds(&leaver.group, later), reads_on, "sealed without the one who left");
        import(&dora.group, &export(&anna));
        assert!(holds(&dora.group, later));
        assert!(try_export(&leaver.group).is_ok(), "still what came before");
        assert_sound(&leaver.group);
    }
    let state = anna.state().unwrap();
    assert_eq!(state.devices().count(), 2);
}

/// The first thing that Ben ever exports is that he leaves: no epoch was usable, so he begins one in
/// the same step.
#[test]
fn who_leaves_without_a_usable_epoch_begins_one_first() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let anna = anna(&folder);
    let (ben, cleo) = (add(&anna, "Ben", 2), add(&anna, "Cleo", 3));
    exchange(&[&anna, &ben.group, &cleo.group]);
    // Anna removes Cleo; Ben hears of it by other means than a key.
    remove(&anna, cleo.member);
    for entry in entries(&anna) {
        ben.group.entries().ingest(&[entry]).unwrap();
    }
    let dinner = pay(&ben.group, &mut rng);
    sign(&ben.group, StatementIntent::Leave);
    let bundle = try_export(&ben.group).unwrap();
    import(&anna, &bundle);
    assert!(holds(&anna, dinner));
    assert_eq!(digest(&anna), digest(&ben.group));
    import(&cleo.group, &bundle);
    assert!(!holds(&cleo.group, dinner), "Ben knew that she was removed");
}

/// Ben leaves and goes on hearing of the group. Anna removes Cleo, who has every key that he has:
/// he hands out nothing any more, and says why.
#[test]
fn who_left_hands_out_nothing_after_somebody_elses_cut() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let anna = anna(&folder);
    let (ben, cleo) = (add(&anna, "Ben", 2), add(&anna, "Cleo", 3));
    exchange(&[&anna, &ben.group, &cleo.group]);
    pay(&ben.group, &mut rng);
    sign(&ben.group, StatementIntent::Leave);
    remove(&anna, cleo.member);
    for entry in entries(&anna) {
        ben.group.entries().ingest(&[entry]).unwrap();
    }
    assert!(matches!(try_export(&ben.group), Err(StoreError::CutOff)));
    // So does somebody who was removed and knows it.
    for entry in entries(&anna) {
        cleo.group.entries().ingest(&[entry]).unwrap();
    }
    assert!(matches!(try_export(&cleo.group), Err(StoreError::CutOff)));
}

/// Ben's two devices: the tablet learns that he left on the phone, and hands out what it recorded.
#[test]
fn the_other_device_of_a_leaver_hands_out_what_it_recorded() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let anna = anna(&folder);
    let ben = add(&anna, "Ben", 2);
    exchange(&[&anna, &ben.group]);
    let tablet = crate::common::phones::Phone::new(9);
    let groups =
        crate::pairing::pair(&ben.store, &tablet.store, ledger_store::PairingMode::Standard);
    exchange(&[&anna, &ben.group, &groups[0]]);
    let dinner = pay(&groups[0], &mut rng);
    sign(&ben.group, StatementIntent::Leave);
    let bundle = try_export(&ben.group).unwrap();
    import(&groups[0], &bundle);
    let news = try_export(&groups[0]).unwrap();
    import(&anna, &bundle);
    import(&anna, &news);
    assert!(holds(&anna, dinner));
}

/// The owner's leave needs a confirmation: nobody else can remove members.
#[test]
fn the_owner_leaves_after_a_confirmation_only() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let anna = anna(&folder);
    let (ben, cleo) = (add(&anna, "Ben", 2), add(&anna, "Cleo", 3));
    exchange(&[&anna, &ben.group, &cleo.group]);
    let before = entries(&anna).len();
    let mut proposal = anna.statements().propose(StatementIntent::Leave).unwrap();
    assert!(proposal.needs_confirmation() && proposal.text().contains("You own this group"));
    assert!(matches!(anna.statements().sign(&proposal), Err(StoreError::NotConfirmed)));
    assert_eq!(entries(&anna).len(), before, "nothing was signed");
    let his = ben.group.statements().propose(StatementIntent::Leave).unwrap();
    assert!(!his.needs_confirmation());
    proposal.confirm();
    anna.statements().sign(&proposal).unwrap();
    let bundle = try_export(&anna).unwrap();
    for person in [&ben, &cleo] {
        assert!(import(&person.group, &bundle).is_complete());
    }
    // The others go on without her.
    let dinner = pay(&ben.group, &mut rng);
    let bundle = export(&ben.group);
    import(&cleo.group, &bundle);
    import(&anna, &bundle);
    assert!(holds(&cleo.group, dinner) && !holds(&anna, dinner));
    assert_eq!(digest(&ben.group), digest(&cleo.group));
}

/// What a leaver hands out travels under the epoch from before, so that a bundle of envelopes alone
/// tells nothing new about the leaver.
#[test]
fn a_leaver_seals_under_the_last_epoch_from_before() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let anna = anna(&folder);
    let ben = add(&anna, "Ben", 2);
    exchange(&[&anna, &ben.group]);
    let usable = ben.group.state().unwrap().usable_epochs().next().unwrap().1.topic();
    pay(&ben.group, &mut rng);
    sign(&ben.group, StatementIntent::Leave);
    let bundle = try_export(&ben.group).unwrap();
    let last = records(&bundle).pop().unwrap();
    assert_eq!(Envelope::parse(&last).unwrap().topic(), usable);
}

/// Ben revokes the phone in his hand, so that the carrier is idle. Nobody answers by itself;
/// Anna's phone carries the revocation in front of her next entry, once.
#[test]
fn a_statement_that_only_idle_entries_carry_is_carried_with_the_next_own_entry() {
    let scene = Scene::new(80);
    let ben = scene.add(1, "Ben");
    let generation = Generation::Card(ben.member);
    let revoke = NewStatement::Revoke { generation, device: ben.device.id() };
    let base = heads(&scene.group);
    let draft = Draft::statement(&ben.root, scene.group.id(), &revoke, base, [1; 16]).unwrap();
    let ledger = scene.group.ledger().unwrap();
    let carrier = people::sign(&ledger, &ben.device, Some(ben.added), draft);
    let before = scene.group.agreed_heads().unwrap();
    ingest(&scene.group, &carrier);
    assert_eq!(scene.group.agreed_heads().unwrap(), before, "it is idle, and nothing answers");
    let entries = count(&scene.group);
    let members: Vec<_> =
        scene.group.state().unwrap().members().iter().map(|(id, _)| *id).collect();
    let record = || {
        let dinner = NewEntry::Record(dinner(members[0], members[1]));
        scene.group.entries().append(vec![dinner]).unwrap()
    };
    record();
    assert_eq!(count(&scene.group), entries + 2, "a carrier and the dinner");
    record();
    assert_eq!(count(&scene.group), entries + 3, "once");
    let ledger = scene.group.ledger().unwrap();
    assert_eq!(ledger.statements_to_carry(scene.anna.id(), 4), []);
    assert_sound(&scene.group);
}
