//! Recovery by the phrase, and by shares that friends keep.

#![cfg(feature = "sqlcipher")]

use std::io::Cursor;

use ledger_core::keys::{PhraseError, RootEntropy};
use ledger_core::messages::recovery::{
    RecoveryRequest, RecoveryShare, ShareError, SharePlan, split_entropy,
};
use ledger_core::{GroupId, MemberId, Rule};
use ledger_store::{Group, NewEntry, Since, StatementIntent, StoreError};

use crate::common::go_on;
use crate::common::phones::{Phone, agree, hand_over, join, write};

/// Anna, Ben and Cleo in a flat.
struct Flat {
    phones: [Phone; 3],
    groups: [Group; 3],
    members: [MemberId; 3],
}

fn flat() -> Flat {
    let phones = [Phone::new(1), Phone::new(2), Phone::new(3)];
    let anna = phones[0].store.create_group("Flat", "Anna").unwrap();
    let ben = join(&anna, &phones[0], &phones[1], "Ben");
    let cleo = join(&anna, &phones[0], &phones[2], "Cleo");
    hand_over(&anna, &ben);
    let groups = [anna, ben, cleo];
    let members = [0, 1, 2].map(|i: usize| groups[i].me().unwrap().unwrap());
    Flat { phones, groups, members }
}

#[test]
fn the_phrase_makes_a_new_phone_that_of_the_person() {
    let (phone, new) = (Phone::new(1), Phone::new(2));
    assert!(matches!(phone.store.recovery().reveal_phrase(), Err(StoreError::NoRootKey)));
    phone.store.create_group("Flat", "Anna").unwrap();
    let phrase = phone.store.recovery().reveal_phrase().unwrap();
    assert_eq!(phrase.split(' ').count(), 24);
    new.store.recovery().restore_phrase(&phrase.to_uppercase()).unwrap();
    assert_eq!(new.store.recovery().reveal_phrase().unwrap(), phrase);
    new.store.recovery().restore_phrase(&phrase).unwrap();
    // It numbers new groups apart from those that it does not know.
    new.store.create_group("New", "Anna").unwrap();
    let sql = "SELECT root_index FROM groups";
    let index: u32 = new.folder.raw().query_row(sql, [], |row| row.get(0)).unwrap();
    assert!((64..1024).contains(&index), "{index}");

    let typo = new.store.recovery().restore_phrase(&phrase.replacen(' ', "x ", 1)).unwrap_err();
    assert!(matches!(typo, StoreError::Phrase(PhraseError::UnknownWord { place: 1 })), "{typo:?}");
    let other = RootEntropy::from_bytes([7; 32]).reveal_phrase();
    assert!(matches!(new.store.recovery().restore_phrase(&other), Err(StoreError::OtherPerson)));
    assert_eq!(new.store.recovery().reveal_phrase().unwrap(), phrase);
}

#[test]
fn recovery_by_friends() {
    let Flat { phones: [anna, ben, cleo], groups, members } = flat();
    let phrase = anna.store.recovery().reveal_phrase().unwrap();
    let sealed = groups[0].shares().share_phrase(2, &members[1..]).unwrap();
    let kept = ben.store.recovery().keep_share(&sealed[0]).unwrap();
    assert_eq!((kept.member, kept.group), (members[0], groups[0].id()));
    assert_eq!(ben.store.recovery().keep_share(&sealed[0]).unwrap(), kept, "once is enough");
    assert_eq!(groups[1].shares().list().unwrap(), [kept]);
    let cleos = cleo.store.recovery().keep_share(&sealed[1]).unwrap();

    // Anna loses everything. Her new phone asks.
    let new = Phone::new(9);
    let request = new.store.recovery().request().unwrap().encode();
    assert_eq!(new.store.recovery().request().unwrap().encode(), request);
    assert_eq!(new.store.recovery().progress().unwrap(), None);
    let request = RecoveryRequest::decode(&request).unwrap();
    let first = groups[1].shares().return_share(kept.id, &request).unwrap();
    let added = new.store.recovery().add_returned_share(&first).unwrap();
    assert_eq!((added.progress.to_string().as_str(), added.holder), ("1 of 2", members[1]));
    let again = new.store.recovery().add_returned_share(&first).unwrap_err();
    let expected = ShareError::Duplicate { holder: members[1] };
    assert!(matches!(&again, StoreError::Share(error) if *error == expected), "{again:?}");
    let early = new.store.recovery().recover_from_shares().unwrap_err();
    let few = ShareError::TooFew { have: 1, need: 2 };
    assert!(matches!(&early, StoreError::Share(error) if *error == few), "{early:?}");
    // The days between, in which the phone restarts.
    let new = new.restarted();
    assert_eq!(new.store.recovery().progress().unwrap().unwrap().to_string(), "1 of 2");
    let second = groups[2].shares().return_share(cleos.id, &request).unwrap();
    assert!(new.store.recovery().add_returned_share(&second).unwrap().progress.is_enough());
    new.store.recovery().recover_from_shares().unwrap();
    assert_eq!(new.store.recovery().reveal_phrase().unwrap(), phrase);
    // It is over: the shares are gone, and the next request has another key.
    assert_ne!(new.store.recovery().request().unwrap(), request);
}

/// Whoever shares a phrase without end fills no disk of a friend.
#[test]
fn a_friend_fills_no_disk_with_shares() {
    let Flat { phones: [_anna, ben, _cleo], groups, members } = flat();
    let share = || groups[0].shares().share_phrase(2, &members[1..]).unwrap().swap_remove(0);
    let first = share();
    let kept = ben.store.recovery().keep_share(&first).unwrap();
    for _ in 1..32 {
        ben.store.recovery().keep_share(&share()).unwrap();
    }
    let further = share();
    let full = ben.store.recovery().keep_share(&further);
    assert!(matches!(full, Err(StoreError::TooManyShares { kept: 32 })), "{full:?}");
    assert_eq!(groups[1].shares().list().unwrap().len(), 32);
    assert_eq!(ben.store.recovery().keep_share(&first).unwrap(), kept, "it is here");
    groups[1].shares().forget(kept.id).unwrap();
    ben.store.recovery().keep_share(&further).unwrap();
}

/// Whoever saw a request can return shares of people of their own making.
#[test]
fn returned_shares_are_bounded() {
    let phone = Phone::new(1);
    let recovery = phone.store.recovery();
    let asked = RecoveryRequest::decode(&recovery.request().unwrap().encode()).unwrap();
    let holders: Vec<MemberId> = (1..=32).map(|n| MemberId::from_bytes([n; 32])).collect();
    let returned = |person: u8| -> Vec<Vec<u8>> {
        let plan = SharePlan {
            group: GroupId::from_bytes([9; 32]),
            member: MemberId::from_bytes([person; 32]),
            index: 0,
            needed: 2,
            holders: &holders,
            made_ms: 9,
        };
        let entropy = RootEntropy::from_bytes([person; 32]);
        let shares = split_entropy(&entropy, &plan, &[person; 32]).unwrap();
        shares.iter().map(|share| asked.answer(share, &[6; 32]).unwrap()).collect()
    };
    for person in 1..=4 {
        for message in returned(person) {
            recovery.add_returned_share(&message).unwrap();
        }
    }
    let full = recovery.add_returned_share(&returned(5)[0]);
    assert!(matches!(full, Err(StoreError::TooManyShares { kept: 128 })), "{full:?}");
    assert_eq!(recovery.people().unwrap().len(), 4);
}

#[test]
fn a_friends_share_survives_the_loss_of_the_friends_phone() {
    let Flat { phones: [_anna, ben, _], groups, members } = flat();
    let sealed = groups[0].shares().share_phrase(2, &members[1..]).unwrap();
    // Ben restores his phrase elsewhere; the message still opens there.
    let bens = RootEntropy::from_phrase(&ben.store.recovery().reveal_phrase().unwrap()).unwrap();
    let share = RecoveryShare::open_as_holder(&sealed[0], &bens.recovery_key(0)).unwrap();
    assert_eq!((share.holder(), share.member()), (members[1], members[0]));
}

#[test]
fn wrong_shares_are_not_kept() {
    let Flat { phones: [anna, ben, cleo], groups, members } = flat();
    let sealed = groups[0].shares().share_phrase(2, &members[1..]).unwrap();
    // Cleo's is none of Ben's, nor of a stranger's.
    for phone in [&anna, &ben] {
        let kept = phone.store.recovery().keep_share(&sealed[1]).unwrap_err();
        assert!(matches!(kept, StoreError::Share(ShareError::NotForUs)), "{kept:?}");
    }
    // Mallory makes a share under a root key of her own and says it is Anna's.
    let mallory = RootEntropy::from_bytes([6; 32]);
    let plan = ledger_core::messages::recovery::SharePlan {
        group: groups[0].id(),
        member: members[0],
        index: 0,
        needed: 2,
        holders: &[members[1], members[2]],
        made_ms: 0,
    };
    let forged =
        &ledger_core::messages::recovery::split_entropy(&mallory, &plan, &[1; 32]).unwrap()[0];
    let bens = RootEntropy::from_phrase(&ben.store.recovery().reveal_phrase().unwrap()).unwrap();
    let message = forged.seal_for_holder(&bens.recovery_public_key(0), &[2; 32]).unwrap();
    let kept = ben.store.recovery().keep_share(&message).unwrap_err();
    assert!(matches!(kept, StoreError::Share(ShareError::Forged)), "{kept:?}");
    assert_eq!(groups[1].shares().list().unwrap(), []);

    let kept = cleo.store.recovery().keep_share(&sealed[1]).unwrap();
    groups[2].shares().forget(kept.id).unwrap();
    assert_eq!(groups[2].shares().list().unwrap(), []);
    let request = ben.store.recovery().request().unwrap();
    let gone = groups[2].shares().return_share(kept.id, &request);
    assert!(matches!(gone, Err(StoreError::UnknownRequest)));
}

#[test]
fn shares_go_to_friends_with_keys_only() {
    let Flat { phones: _phones, groups, members } = flat();
    write(&groups[0], "Grandma");
    let state = groups[0].state().unwrap();
    let (grandma, _) = state.members().into_iter().find(|(_, m)| m.is_placeholder()).unwrap();
    let shared = groups[0].shares().share_phrase(2, &[members[1], grandma]);
    assert!(matches!(shared, Err(StoreError::Draft(_))), "{shared:?}");
    let few = groups[0].shares().share_phrase(2, &members[1..2]).unwrap_err();
    assert!(matches!(&few, StoreError::Share(error) if error.rule() == Some(Rule::R3)));
}

fn bundle(group: &Group) -> Cursor<Vec<u8>> {
    let mut out = Vec::new();
    group.bundles().export(Since::Beginning, &mut out, &mut go_on).unwrap();
    Cursor::new(out)
}

fn import(group: &Group, mut bundle: Cursor<Vec<u8>>) {
    assert!(group.bundles().import(&mut bundle, &mut go_on).unwrap().is_complete());
}

/// Ben loses his phone. All he has is 24 words, and a bundle that Anna sends.
#[test]
fn the_phrase_and_a_bundle_alone_open_the_ledger() {
    let Flat { phones: [anna, ben, _cleo], groups, members } = flat();
    // Epochs come and go, so that one wrap must open several.
    let renewed = groups[0].keys().rotate_group_key(0).unwrap();
    // The entry of one that is handed out after the next began travels under that.
    groups[0].keys().rotate_group_key(0).unwrap();
    write(&groups[0], "Grandma");
    import(&groups[1], bundle(&groups[0]));
    let words = ben.store.recovery().reveal_phrase().unwrap();

    let new = Phone::new(9);
    new.store.recovery().restore_phrase(&words).unwrap();
    let (bens, imported) =
        new.store.recovery().restore_group(&mut bundle(&groups[0]), &mut go_on).unwrap();
    assert!(imported.is_complete() && renewed, "{imported:?}");
    agree(&groups[0], &bens);
    assert_eq!(bens.me().unwrap(), None, "this device is not enrolled yet");
    assert!(bens.entries().append(vec![NewEntry::Placeholder { name: "Opa".into() }]).is_err());

    // Anna carries what his root key signed, and he writes.
    let request = bens.keys().request_approval().unwrap();
    let (group, _) = anna.store.recovery().approve_device(&request).unwrap();
    assert_eq!(group, groups[0].id());
    import(&bens, bundle(&groups[0]));
    assert_eq!(bens.me().unwrap(), Some(members[1]));
    write(&bens, "Opa");
    let lost = StatementIntent::Revoke { device: groups[1].device(), since: None };
    bens.statements().sign(&bens.statements().propose(lost).unwrap()).unwrap();
    import(&groups[0], bundle(&bens));
    agree(&groups[0], &bens);
    assert!(matches!(bens.keys().request_approval(), Err(StoreError::AlreadyIn(_))));
    // Once more: the group is here already, and what is new is imported.
    let (again, _) =
        new.store.recovery().restore_group(&mut bundle(&groups[0]), &mut go_on).unwrap();
    assert_eq!((again.id(), again.device()), (bens.id(), bens.device()));
}

#[test]
fn a_bundle_opens_for_no_other_phrase() {
    let Flat { phones: [anna, ..], groups, .. } = flat();
    let stranger = Phone::new(9);
    let words = RootEntropy::from_bytes([7; 32]).reveal_phrase();
    let nobody = stranger.store.recovery().restore_group(&mut bundle(&groups[0]), &mut go_on);
    assert!(matches!(nobody.map(|_| ()), Err(StoreError::NoRootKey)));
    stranger.store.recovery().restore_phrase(&words).unwrap();
    let refused = stranger.store.recovery().restore_group(&mut bundle(&groups[0]), &mut go_on);
    assert!(matches!(refused.map(|_| ()), Err(StoreError::NoKey)));
    assert_eq!(stranger.store.group_ids().unwrap(), []);
    let empty = stranger.store.recovery().restore_group(&mut Cursor::new(Vec::new()), &mut go_on);
    assert!(matches!(empty.map(|_| ()), Err(StoreError::NoBundle)));
    drop(anna);
}

/// Mallory knows the public recovery key on Ben's card, and makes a group for him.
#[test]
fn a_bundle_shows_its_group_before_it_is_entered() {
    let Flat { phones: [_anna, ben, _cleo], groups, .. } = flat();
    let new = Phone::new(9);
    new.store.recovery().restore_phrase(&ben.store.recovery().reveal_phrase().unwrap()).unwrap();
    let mut file = bundle(&groups[0]);
    let shown = new.store.recovery().preview_group(&mut file, &mut go_on).unwrap();
    assert_eq!((shown.id, shown.name.as_str()), (groups[0].id(), "Flat"));
    assert_eq!(shown.members, ["Anna", "Ben", "Cleo"]);
    assert_eq!(new.store.group_ids().unwrap(), [], "nothing is kept");
    let (bens, _) = new.store.recovery().restore_group(&mut file, &mut go_on).unwrap();
    assert_eq!(shown.entries, bens.ledger().unwrap().frontier().entries());
    let other = Phone::new(10);
    let refused = other.store.recovery().preview_group(&mut file, &mut go_on);
    assert!(matches!(refused, Err(StoreError::NoRootKey)));
}

/// A removed member gets no wrap, and an enrolment that they ask others to carry is void.
#[test]
fn the_phrase_of_somebody_removed_opens_nothing_new() {
    let Flat { phones: [anna, ben, _cleo], groups, members } = flat();
    let old = bundle(&groups[0]);
    let remove = StatementIntent::Remove { member: members[1], since: None };
    groups[0].statements().sign(&groups[0].statements().propose(remove).unwrap()).unwrap();
    let new = Phone::new(9);
    new.store.recovery().restore_phrase(&ben.store.recovery().reveal_phrase().unwrap()).unwrap();
    let refused = new.store.recovery().restore_group(&mut bundle(&groups[0]), &mut go_on);
    assert!(matches!(refused.map(|_| ()), Err(StoreError::NoKey)));
    // The bundle from before still opens, as it did for him then.
    let (before, _) = new.store.recovery().restore_group(&mut { old }, &mut go_on).unwrap();
    let request = before.keys().request_approval().unwrap();
    let carried = anna.store.recovery().approve_device(&request);
    assert!(matches!(carried, Err(StoreError::WouldBeVoid(_))), "{carried:?}");
}

/// By friends instead of words, all the way to the ledger.
#[test]
fn shares_and_a_bundle_alone_open_the_ledger() {
    let Flat { phones: [anna, ben, cleo], groups, members } = flat();
    let friends = [members[0], members[2]];
    let sealed = groups[1].shares().share_phrase(2, &friends).unwrap();
    let kept = [
        anna.store.recovery().keep_share(&sealed[0]).unwrap(),
        cleo.store.recovery().keep_share(&sealed[1]).unwrap(),
    ];
    drop(ben);
    let new = Phone::new(9);
    let request = new.store.recovery().request().unwrap();
    for (group, share) in [&groups[0], &groups[2]].into_iter().zip(kept) {
        let returned = group.shares().return_share(share.id, &request).unwrap();
        new.store.recovery().add_returned_share(&returned).unwrap();
    }
    new.store.recovery().recover_from_shares().unwrap();
    let (bens, _) =
        new.store.recovery().restore_group(&mut bundle(&groups[2]), &mut go_on).unwrap();
    let (_, entry) =
        cleo.store.recovery().approve_device(&bens.keys().request_approval().unwrap()).unwrap();
    import(&bens, bundle(&groups[2]));
    assert_eq!(bens.me().unwrap(), Some(members[1]), "carried by {entry}");
    write(&bens, "Opa");
}
