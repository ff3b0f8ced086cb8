//! Invites and joins, between stores that exchange nothing but messages.

#![cfg(feature = "sqlcipher")]

use std::io::Cursor;
use std::ops::ControlFlow;

use ledger_core::messages::invite::{InviteLink, JoinError};
use ledger_core::messages::{MessageError, MessageKind};
use ledger_core::{MemberId, Rule};
use ledger_store::{Admitted, Group, NewEntry, Receipt, Received, StoreError, StoreOptions};

use crate::common::go_on;
use crate::common::phones::{Phone, admitted, agree, hand_over, link, open_invite};

fn members(group: &Group) -> Vec<String> {
    group.state().unwrap().labels().into_values().collect()
}

#[test]
fn an_open_invite_lets_in_by_messages_alone() {
    let (anna, ben) = (Phone::new(1), Phone::new(2));
    let flat = anna.store.create_group("Flat", "Anna").unwrap();
    let link = link(&flat, &open_invite());
    let request = ben.store.joining().join(&link, "Ben").unwrap();
    assert_eq!(ben.store.joining().pending_joins().unwrap()[0].group, flat.id());
    assert!(ben.store.group(flat.id()).is_err(), "a request lets nobody in");

    let Admitted { group, answer, entry } =
        admitted(anna.store.joining().receive_request(&request).unwrap());
    assert_eq!(group, flat.id());
    let bens = ben.store.joining().enter(&answer).unwrap();
    assert_eq!((bens.id(), ben.store.joining().pending_joins().unwrap().len()), (flat.id(), 0));
    assert_eq!(bens.me().unwrap(), None, "the entries are still to come");
    hand_over(&flat, &bens);
    agree(&flat, &bens);
    let me = bens.me().unwrap().unwrap();
    assert_eq!(bens.state().unwrap().introduced_by(entry), Some(me));

    // He writes, and Anna takes it.
    bens.entries().append(vec![NewEntry::Placeholder { name: "Grandma".into() }]).unwrap();
    hand_over(&bens, &flat);
    agree(&flat, &bens);
    let invite = &flat.invites().list().unwrap()[0];
    assert_eq!((invite.used, invite.waiting, &*invite.policy.note), (1, 0, "the flat"));

    // He is in: the link is of no more use to him.
    let again = ben.store.joining().join(&InviteLink::parse(&link.reveal("")).unwrap(), "Ben");
    assert!(matches!(again, Err(StoreError::AlreadyIn(id)) if id == flat.id()));
}

/// The answer without entries, as any file that came: the group is entered, and a second time nothing
/// is left to do.
#[test]
fn an_answer_without_entries_is_received() {
    let (anna, ben) = (Phone::new(1), Phone::new(2));
    let flat = anna.store.create_group("Flat", "Anna").unwrap();
    let request = ben.store.joining().join(&link(&flat, &open_invite()), "Ben").unwrap();
    let Admitted { answer, .. } = admitted(anna.store.joining().receive_request(&request).unwrap());
    let receive = || ben.store.receive(&mut Cursor::new(&answer), &mut go_on).unwrap();
    let receipt = receive();
    assert!(matches!(receipt, Receipt::Entered(id, None) if id == flat.id()), "{receipt:?}");
    let receipt = receive();
    assert!(matches!(receipt, Receipt::Message(MessageKind::JoinAnswer)), "{receipt:?}");
}

/// One file each way: the request, and the answer with everything.
#[test]
fn an_invite_lets_in_by_two_files() {
    let (anna, ben) = (Phone::new(1), Phone::new(2));
    let flat = anna.store.create_group("Flat", "Anna").unwrap();
    flat.entries().append(vec![NewEntry::Placeholder { name: "Grandma".into() }]).unwrap();
    let request = ben.store.joining().join(&link(&flat, &open_invite()), "Ben").unwrap();
    let admitted = admitted(anna.store.joining().receive_request(&request).unwrap());
    let mut file = Vec::new();
    flat.invites().write_welcome(&admitted, &mut file, &mut |_| ControlFlow::Continue(())).unwrap();
    let read = |phone: &Phone, file: &[u8]| {
        let progress = &mut |_| ControlFlow::Continue(());
        phone.store.joining().enter_with_bundle(&mut Cursor::new(file), progress)
    };
    // Nobody else can use it, and a bundle without the answer lets nobody in.
    assert!(matches!(
        read(&Phone::new(3), &file).map(|_| ()),
        Err(StoreError::Join(JoinError::NotForUs))
    ));
    let bare = &file[admitted.answer.len() + 8..];
    assert!(matches!(read(&ben, bare).map(|_| ()), Err(StoreError::Join(JoinError::NotForUs))));
    let (bens, imported) = read(&ben, &file).unwrap();
    assert!(imported.is_complete(), "{imported:?}");
    agree(&flat, &bens);
    assert!(bens.me().unwrap().is_some());
}

#[test]
fn the_same_request_again_gives_the_answer_again_and_uses_nothing_up() {
    let (anna, ben) = (Phone::new(1), Phone::new(2));
    let flat = anna.store.create_group("Flat", "Anna").unwrap();
    let link = link(&flat, &open_invite().max_uses(1));
    let first = anna
        .store
        .joining()
        .receive_request(&ben.store.joining().join(&link, "Ben").unwrap())
        .unwrap();
    // The answer was lost; Ben asks anew, which wraps the same card again.
    let request = ben.store.joining().join(&link, "Ben").unwrap();
    let second = admitted(anna.store.joining().receive_request(&request).unwrap());
    assert_eq!(admitted(first).entry, second.entry);
    assert_eq!(flat.invites().list().unwrap()[0].used, 1);
    assert!(ben.store.joining().enter(&second.answer).is_ok());

    // Somebody else comes too late.
    let cleo = Phone::new(3);
    let request = cleo.store.joining().join(&link, "Cleo").unwrap();
    let late = anna.store.joining().receive_request(&request);
    assert!(matches!(late, Err(StoreError::InviteUsedUp)), "{late:?}");
    assert_eq!(members(&flat), ["Anna", "Ben"]);
}

#[test]
fn an_invite_that_asks_lets_in_after_a_tap() {
    let (anna, ben, cleo) = (Phone::new(1), Phone::new(2), Phone::new(3));
    let flat = anna.store.create_group("Flat", "Anna").unwrap();
    let link = link(&flat, &open_invite().requires_approval(true));
    for (phone, name) in [(&ben, "Ben"), (&cleo, "Cleo")] {
        let received =
            anna.store.joining().receive_request(&phone.store.joining().join(&link, name).unwrap());
        assert!(matches!(received, Ok(Received::Waiting(id, _)) if id == flat.id()));
    }
    let requests = flat.invites().join_requests().unwrap();
    let names: Vec<&str> = requests.iter().map(|request| &*request.name).collect();
    assert_eq!(names, ["Ben", "Cleo"]);
    assert_eq!(
        requests[0].fingerprint,
        ben.store.joining().pending_joins().unwrap()[0].fingerprint
    );
    assert_eq!(members(&flat), ["Anna"]);

    assert_eq!(flat.invites().propose_admission(requests[0].id).unwrap(), None);
    let Admitted { answer, .. } = flat.invites().admit(requests[0].id, None).unwrap();
    flat.invites().decline(requests[1].id).unwrap();
    assert_eq!(flat.invites().join_requests().unwrap(), []);
    let bens = ben.store.joining().enter(&answer).unwrap();
    hand_over(&flat, &bens);
    agree(&flat, &bens);
    assert_eq!(members(&bens), ["Anna", "Ben"]);
    for id in [requests[0].id, requests[1].id] {
        assert!(matches!(flat.invites().admit(id, None), Err(StoreError::UnknownRequest)));
    }
    let again =
        anna.store.joining().receive_request(&cleo.store.joining().join(&link, "Cleo").unwrap());
    assert!(matches!(again, Err(StoreError::UnknownRequest)), "{again:?}");
    // An answer for Ben is none for Cleo.
    let foreign = cleo.store.joining().enter(&answer);
    assert!(matches!(foreign, Err(StoreError::Join(JoinError::NotForUs))));
}

/// Everybody who has the link can ask, under any number of names.
#[test]
fn requests_that_wait_for_one_invite_are_bounded() {
    let anna = Phone::new(1);
    let flat = anna.store.create_group("Flat", "Anna").unwrap();
    let asking = open_invite().requires_approval(true);
    let (link, other) = (link(&flat, &asking), link(&flat, &asking));
    let ask = |link: &InviteLink| {
        let stranger = StoreOptions::new().in_memory().unwrap();
        let request = stranger.joining().join(link, "Ben").unwrap();
        anna.store.joining().receive_request(&request)
    };
    for _ in 0..100 {
        assert!(matches!(ask(&link), Ok(Received::Waiting(..))));
    }
    assert!(matches!(ask(&link), Err(StoreError::InviteUsedUp)));
    assert!(matches!(ask(&other), Ok(Received::Waiting(..))), "another invite has its own room");
    // Who is declined makes room.
    let first = flat.invites().join_requests().unwrap()[0].id;
    flat.invites().decline(first).unwrap();
    assert!(matches!(ask(&link), Ok(Received::Waiting(..))));
}

#[test]
fn a_joiner_takes_the_place_of_a_placeholder() {
    let (anna, gran) = (Phone::new(1), Phone::new(2));
    let flat = anna.store.create_group("Flat", "Anna").unwrap();
    let entry =
        flat.entries().append(vec![NewEntry::Placeholder { name: "Grandma".into() }]).unwrap()[0];
    let place = flat.state().unwrap().introduced_by(entry).unwrap();
    let link = link(&flat, &open_invite().for_member(place));
    let request = gran.store.joining().join(&link, "Berta").unwrap();
    let answer = admitted(anna.store.joining().receive_request(&request).unwrap()).answer;
    let grans = gran.store.joining().enter(&answer).unwrap();
    hand_over(&flat, &grans);
    agree(&flat, &grans);
    assert_eq!(grans.me().unwrap(), Some(place), "the balance stays hers");
    assert_eq!(members(&flat).len(), 2);

    // Her place is taken: the next one by this link is asked about first.
    let other = Phone::new(3);
    let request = other.store.joining().join(&link, "Mallory").unwrap();
    let received = anna.store.joining().receive_request(&request).unwrap();
    assert!(matches!(received, Received::Waiting(..)), "{received:?}");
}

/// Ben has lost his phone and his phrase. Anna owns the group.
#[test]
fn recovery_by_the_owners_bind() {
    let (anna, ben, new) = (Phone::new(1), Phone::new(2), Phone::new(3));
    let flat = anna.store.create_group("Flat", "Anna").unwrap();
    let request = ben.store.joining().join(&link(&flat, &open_invite()), "Ben").unwrap();
    let answer = admitted(anna.store.joining().receive_request(&request).unwrap()).answer;
    let lost = ben.store.joining().enter(&answer).unwrap();
    hand_over(&flat, &lost);
    let me = lost.me().unwrap().unwrap();
    lost.entries().append(vec![NewEntry::Placeholder { name: "Grandma".into() }]).unwrap();
    hand_over(&lost, &flat);

    // Such an invite must ask.
    let invite = open_invite().for_member(me);
    assert!(
        matches!(flat.invites().create(&invite), Err(StoreError::ApprovalRequired(id)) if id == me)
    );
    let link = link(&flat, &invite.requires_approval(true).max_uses(1));
    let request = new.store.joining().join(&link, "Ben").unwrap();
    let Received::Waiting(_, id) = anna.store.joining().receive_request(&request).unwrap() else {
        panic!()
    };
    assert!(
        matches!(flat.invites().admit(id, None), Err(StoreError::NeedsProposal(member)) if member == me)
    );
    let proposal = flat.invites().propose_admission(id).unwrap().unwrap();
    assert_eq!(
        proposal.fingerprint(),
        Some(new.store.joining().pending_joins().unwrap()[0].fingerprint)
    );
    assert_eq!(proposal.voids(), [], "what he wrote before stays");
    let Admitted { answer, .. } = flat.invites().admit(id, Some(&proposal)).unwrap();

    let bens = new.store.joining().enter(&answer).unwrap();
    hand_over(&flat, &bens);
    agree(&flat, &bens);
    assert_eq!(bens.me().unwrap(), Some(me), "id, name and balance stay");
    bens.entries().append(vec![NewEntry::Placeholder { name: "Opa".into() }]).unwrap();
    // Whoever has the lost phone writes for nobody.
    hand_over(&flat, &lost);
    let found = lost.entries().append(vec![NewEntry::Placeholder { name: "Mallory".into() }]);
    assert!(matches!(found, Err(StoreError::WouldBeVoid(_) | StoreError::Draft(_))), "{found:?}");
}

/// Removed, and back in by the owner's word, on the phone that still has the
/// group.
#[test]
fn somebody_removed_returns_with_fresh_keys() {
    let (anna, ben) = (Phone::new(1), Phone::new(2));
    let flat = anna.store.create_group("Flat", "Anna").unwrap();
    let request = ben.store.joining().join(&link(&flat, &open_invite()), "Ben").unwrap();
    let answer = admitted(anna.store.joining().receive_request(&request).unwrap()).answer;
    let bens = ben.store.joining().enter(&answer).unwrap();
    hand_over(&flat, &bens);
    let me = bens.me().unwrap().unwrap();
    let statement = ledger_store::StatementIntent::Remove { member: me, since: None };
    flat.statements().sign(&flat.statements().propose(statement).unwrap()).unwrap();
    hand_over(&flat, &bens);
    assert!(bens.entries().append(vec![NewEntry::Placeholder { name: "Mallory".into() }]).is_err());

    let invite = open_invite().for_member(me).requires_approval(true);
    let request = ben.store.joining().join(&link(&flat, &invite), "Ben").unwrap();
    let Received::Waiting(_, id) = anna.store.joining().receive_request(&request).unwrap() else {
        panic!()
    };
    let proposal = flat.invites().propose_admission(id).unwrap().unwrap();
    let Admitted { answer, .. } = flat.invites().admit(id, Some(&proposal)).unwrap();
    let bens = ben.store.joining().enter(&answer).unwrap();
    hand_over(&flat, &bens);
    agree(&flat, &bens);
    assert_eq!(bens.me().unwrap(), Some(me));
    bens.entries().append(vec![NewEntry::Placeholder { name: "Opa".into() }]).unwrap();
    let reopened = ben.store.group(flat.id()).unwrap();
    assert_eq!(reopened.me().unwrap(), Some(me), "also when it is opened anew");
}

#[test]
fn cancelled_expired_and_foreign_invites() {
    let (anna, ben) = (Phone::new(1), Phone::new(2));
    let flat = anna.store.create_group("Flat", "Anna").unwrap();
    let over = open_invite().expires_ms(1_000);
    let request = ben.store.joining().join(&link(&flat, &over), "Ben").unwrap();
    assert!(matches!(
        anna.store.joining().receive_request(&request),
        Err(StoreError::InviteExpired)
    ));

    let cancelled = link(&flat, &open_invite().requires_approval(true));
    let request = ben.store.joining().join(&cancelled, "Ben").unwrap();
    anna.store.joining().receive_request(&request).unwrap();
    assert!(flat.invites().link(cancelled.id()).is_ok());
    flat.invites().cancel(cancelled.id()).unwrap();
    assert_eq!(
        (flat.invites().join_requests().unwrap().len(), flat.invites().list().unwrap().len()),
        (0, 1)
    );
    assert!(matches!(
        anna.store.joining().receive_request(&request),
        Err(StoreError::UnknownInvite)
    ));
    for gone in
        [flat.invites().link(cancelled.id()).map(|_| ()), flat.invites().cancel(cancelled.id())]
    {
        assert!(matches!(gone, Err(StoreError::UnknownInvite)));
    }
    // Ben's device has not made it, and cannot take requests for it.
    assert!(matches!(
        ben.store.joining().receive_request(&request),
        Err(StoreError::UnknownInvite)
    ));
    let altered = [&request[..40], &[request[40] ^ 1], &request[41..]].concat();
    let error = anna.store.joining().receive_request(&altered).unwrap_err();
    assert!(matches!(error, StoreError::Message(MessageError::Damaged)), "{error:?}");
    let nobody = open_invite().for_member(MemberId::from_bytes([1; 32]));
    assert!(matches!(flat.invites().create(&nobody), Err(StoreError::Draft(_))));
}

#[test]
fn a_join_can_be_called_off() {
    let (anna, ben) = (Phone::new(1), Phone::new(2));
    let flat = anna.store.create_group("Flat", "Anna").unwrap();
    let link = link(&flat, &open_invite());
    let request = ben.store.joining().join(&link, "Ben").unwrap();
    let answer = admitted(anna.store.joining().receive_request(&request).unwrap()).answer;
    ben.store.joining().cancel_join(flat.id()).unwrap();
    assert!(matches!(ben.store.joining().cancel_join(flat.id()), Err(StoreError::UnknownGroup(_))));
    let late = ben.store.joining().enter(&answer).map(|group| group.id()).unwrap_err();
    assert!(matches!(&late, StoreError::Join(error) if error.rule() == Rule::J2), "{late:?}");
    // The root key that was shown is not used for another group.
    let own = ben.store.create_group("Own", "Ben").unwrap();
    assert_ne!(own.id(), flat.id());
}

/// Messages between people name nobody and show no key of the ledger.
#[test]
fn messages_show_neither_names_nor_the_group() {
    let (anna, ben) = (Phone::new(1), Phone::new(2));
    let flat = anna.store.create_group("Zugspitze", "Anna").unwrap();
    let request = ben.store.joining().join(&link(&flat, &open_invite()), "Benedikt").unwrap();
    let answer = admitted(anna.store.joining().receive_request(&request).unwrap()).answer;
    for message in [&request, &answer] {
        for hidden in [&b"Benedikt"[..], b"Zugspitze", b"Anna", flat.id().as_bytes()] {
            assert!(!message.windows(hidden.len()).any(|window| window == hidden));
        }
    }
}
