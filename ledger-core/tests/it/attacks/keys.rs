//! Attacks on keys: stolen devices, forged and borrowed certificates.

use ed25519_dalek::SigningKey;
use ledger_core::engine::Draft;
use ledger_core::keys::SignedDevice;
use ledger_core::statement::{Generation, NewStatement};
use ledger_core::{Rule, VoidReason};

use crate::common::Group;
use crate::common::forge::{
    ANY_MESSAGE, Fields, IDENTITY, add_member, card, carried, certificate, enrolment, key_of,
    receive, resigned, root_of, send, sign,
};

const ADD_MEMBER: u16 = 2;
const ACT: u16 = 6;

/// A thief holds Anna's unlocked phone, but not her root key, and tries every
/// act: under a root key of the thief's own, and with Anna's name under it.
/// None takes effect; once Anna revokes the phone from her tablet, not even the
/// thief's bills remain.
#[test]
fn an_owners_stolen_phone_tries_every_act() {
    let (mut g, mut anna) = Group::new();
    let mut tablet = g.enrol(&g.now(), &mut anna);
    let ben = g.add(&g.now(), &mut anna.phone, "Ben");
    let (thief, loot) = (g.stranger("Thief"), g.device(g.id.genesis()));
    let safe = g.now();
    let before = g.outcome();

    let generation = anna.generation;
    let by_thief = SignedDevice::new(g.id, &thief.root(), &loot.key).unwrap();
    let by_anna = SignedDevice::new(g.id, &anna.root(), &loot.key).unwrap();
    let owner = VoidReason::NotSignedByOwner;
    let own = VoidReason::NotSignedByRoot;
    let statements = |device| {
        [
            (NewStatement::Remove { member: ben.member }, owner),
            (NewStatement::Bind { member: ben.member, card: &thief.card }, owner),
            (NewStatement::RenameGroup { name: "Mine" }, owner),
            (NewStatement::Enrol { generation, device }, own),
            (NewStatement::Revoke { generation, device: tablet.key.id() }, own),
            (NewStatement::Leave { generation }, own),
            (NewStatement::Rename { generation, name: "Thief" }, own),
        ]
    };
    let mut tried = Vec::new();
    for (statement, reason) in statements(&by_thief) {
        tried.push((
            g.issue_statement(&g.now(), &mut anna.phone, &thief.root(), &statement),
            reason,
        ));
    }
    let after = g.outcome();
    for (statement, reason) in &tried {
        assert_eq!(
            after.void(*statement),
            Some(*reason),
            "{}",
            g.signed(*statement).statement().body().name()
        );
    }
    assert_eq!(after.digest(), before.digest());

    // The loot would begin behind the void enrolment or the void bind.
    for enrolment in [tried[3].0, tried[1].0] {
        let device = if enrolment == tried[1].0 { &thief.phone } else { &loot };
        let position = after.0.view().first_position(device.key.id(), enrolment).unwrap();
        let begins = Draft::merge().sign(&device.key, &position, 0).unwrap();
        assert_eq!(g.refusal(begins), Some(Rule::A2));
    }

    // With Anna's name under it, but not her signature: the bytes do not pass.
    let base = g.heads(&g.now());
    for (statement, _) in statements(&by_anna) {
        let draft = Draft::statement(&anna.root(), g.id, &statement, base.iter().copied(), [6; 16])
            .unwrap();
        let at = after.0.view().next_position(anna.phone.key.id()).unwrap();
        let honest = draft.sign(&anna.phone.key, &at, 0).unwrap();
        let fields = Fields::next(&g, &g.now(), &anna.phone, ACT, &base);
        let sent =
            |key: &SigningKey| send(g.id, &fields, &resigned(&honest, key), &key_of(&anna.phone));
        assert_eq!(sent(&root_of(&thief)), Err(Rule::K4));
        assert_eq!(sent(&key_of(&anna.phone)), Err(Rule::K4));
        assert_eq!(sent(&root_of(&anna)), Ok(honest), "what is forged is but the signature");
    }

    let bill = g.owes(&g.now(), &mut anna.phone, ben.member, anna.member, 1_000);
    let friend = g.add(&g.now(), &mut anna.phone, "A friend of the thief");
    assert!(g.outcome().applied(bill) && g.outcome().applied(friend.phone.enrolment));
    let (root, device) = (anna.root(), anna.phone.key.id());
    g.issue_statement(&safe, &mut tablet, &root, &NewStatement::Revoke { generation, device });
    let healed = g.outcome();
    assert_eq!(healed.void(bill), Some(VoidReason::Revoked));
    assert_eq!(healed.void(friend.phone.enrolment), Some(VoidReason::Revoked));
    assert!(healed.member(friend.member).is_none());
    assert!(!healed.is_active(&anna.phone) && healed.is_active(&tablet));
}

/// Mallory makes a card for herself with Ben's root key, to write as Ben later
/// or to keep him out; and she hands in Ben's real card as that of a
/// placeholder of hers. Forged ones do not get in, the borrowed one is void.
#[test]
fn a_card_with_somebody_elses_root_key() {
    let (mut g, mut anna) = Group::new();
    let mut mallory = g.add(&g.now(), &mut anna.phone, "Mallory");
    let ben = g.add(&g.now(), &mut anna.phone, "Ben");
    let before = g.outcome();
    let loot = g.device(g.id.genesis());
    let (hers, his, phone) = (root_of(&mallory), root_of(&ben), key_of(&loot));
    let x = loot.key.exchange_public_key();
    let fields = Fields::next(&g, &g.now(), &mallory.phone, ADD_MEMBER, &[]);
    let try_card = |card_root: &_, cert_root: &_, signers: [&SigningKey; 2]| {
        let s = certificate(g.id, cert_root, loot.key.id().as_bytes(), &x);
        let c = card(g.id, card_root, &x, &s);
        let [by, certified_by] = signers;
        let signatures = [
            &sign(by, "card", &c),
            &sign(certified_by, "dev-cert", &s),
            &sign(&phone, "dev-accept", &s),
        ];
        send(g.id, &fields, &add_member(&c, signatures), &key_of(&mallory.phone)).map(drop)
    };
    let (her_id, his_id) = (hers.verifying_key().to_bytes(), his.verifying_key().to_bytes());
    assert_eq!(try_card(&his_id, &his_id, [&his, &his]), Ok(()), "the bytes are right");
    assert_eq!(try_card(&his_id, &his_id, [&hers, &hers]), Err(Rule::K4));
    assert_eq!(try_card(&his_id, &his_id, [&his, &hers]), Err(Rule::K4));
    assert_eq!(try_card(&his_id, &his_id, [&hers, &his]), Err(Rule::K4));
    assert_eq!(try_card(&his_id, &her_id, [&his, &hers]), Err(Rule::K3));
    assert_eq!(try_card(&her_id, &his_id, [&hers, &his]), Err(Rule::K3));

    let (_, nobody) = g.placeholder(&g.now(), &mut mallory, "Nobody");
    let mut posed = g.stranger("Posed");
    posed.card = ben.card.clone();
    let claim = g.claim(&g.now(), &mut mallory.phone, nobody, &mut posed);
    let after = g.outcome();
    assert_eq!(after.void(claim), Some(VoidReason::KeyReused));
    assert_eq!(after.generations(nobody), Vec::<Generation>::new());
    assert_eq!(after.generations(ben.member), before.generations(ben.member));
    assert!(after.is_active(&ben.phone));
}

/// Mallory enrols Ben's new tablet as a device of hers, to be credited with
/// what he writes on it. The tablet never agreed, so the entry never gets in.
#[test]
fn a_device_enrolled_without_its_consent() {
    let (mut g, mut anna) = Group::new();
    let mallory = g.add(&g.now(), &mut anna.phone, "Mallory");
    let tablet = g.device(g.id.genesis());
    let root = root_of(&mallory);
    let id = root.verifying_key().to_bytes();
    let s = certificate(g.id, &id, tablet.key.id().as_bytes(), &tablet.key.exchange_public_key());
    let base = mallory.phone.enrolment;
    let statement = enrolment(&mallory, g.id, &s, base);
    let signature = sign(&root, "act", &statement);
    let certified = sign(&root, "dev-cert", &s);
    let fields = Fields::next(&g, &g.now(), &mallory.phone, ACT, &[base]);
    let enrol = |more: &[&[u8]]| {
        let payload = carried(&statement, &signature, more);
        send(g.id, &fields, &payload, &key_of(&mallory.phone)).map(drop)
    };
    let consent = sign(&key_of(&tablet), "dev-accept", &s);
    assert_eq!(enrol(&[&certified, &consent]), Ok(()), "with its consent");
    assert_eq!(enrol(&[&certified]), Err(Rule::C6));
    assert_eq!(enrol(&[&certified, &[]]), Err(Rule::C6));
    assert_eq!(enrol(&[&certified, &[0; 64]]), Err(Rule::K4));
    for forger in [&root, &key_of(&mallory.phone)] {
        assert_eq!(enrol(&[&certified, &sign(forger, "dev-accept", &s)]), Err(Rule::K4));
    }
    // What the tablet signed for another purpose is no consent either.
    assert_eq!(enrol(&[&certified, &sign(&key_of(&tablet), "dev-cert", &s)]), Err(Rule::K4));
    assert_eq!(enrol(&[&sign(&key_of(&tablet), "dev-cert", &s), &consent]), Err(Rule::K4));
}

/// Ben's tablet is stolen and revoked. The thief carries its enrolment again
/// and begins a new chain behind it; even Ben, mistaken, certifies it anew,
/// with and without the first enrolment in his base. It stays revoked.
#[test]
fn a_certificate_replayed_after_revocation() {
    let (mut g, mut anna) = Group::new();
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    let unaware = [ben.phone.enrolment];
    let mut tablet = g.enrol(&g.now(), &mut ben);
    g.owes(&g.now(), &mut tablet, anna.member, ben.member, 3);
    let (root, generation) = (ben.root(), ben.generation);
    let statement = NewStatement::Revoke { generation, device: tablet.key.id() };
    g.issue_statement(&g.now(), &mut ben.phone, &root, &statement);
    let before = g.outcome();
    assert!(!before.is_active(&tablet));

    let carry = Draft::carry(&g.signed(tablet.enrolment));
    let again = g.write(&g.now(), &mut tablet, |_| carry);
    let certified = SignedDevice::new(g.id, &root, &tablet.key).unwrap();
    let statement = NewStatement::Enrol { generation, device: &certified };
    let reused = g.issue_statement(&g.now(), &mut ben.phone, &root, &statement);
    let beside = g.issue_statement_at(&unaware, &g.now(), &mut ben.phone, &root, &statement);
    let after = g.outcome();
    assert!(after.applied(again), "the enrolment was one, and still is");
    assert_eq!(after.void(reused), Some(VoidReason::KeyReused));
    assert!(after.applied(beside), "alone in its own past");

    for enrolment in [again, beside, reused] {
        (tablet.enrolment, tablet.tip) = (enrolment, None);
        let position = g.seen(&g.now()).view().first_position(tablet.key.id(), enrolment).unwrap();
        let bill = g.write_at(&mut tablet, &position, Draft::merge());
        assert_eq!(g.outcome().void(bill), Some(VoidReason::Revoked));
        assert!(!g.outcome().is_active(&tablet));
        assert_eq!(g.outcome().digest(), before.digest());
    }
}

/// Under ZIP 215 the neutral element of the curve verifies one signature for
/// every message. Mallory offers it as a device's and as a root key; were it
/// accepted, anybody could sign for it. She also signs entries "by" it.
#[test]
fn the_identity_key_as_a_device_key() {
    let (mut g, mut anna) = Group::new();
    let mut mallory = g.add(&g.now(), &mut anna.phone, "Mallory");
    let (root, phone) = (root_of(&mallory), key_of(&mallory.phone));
    let id = root.verifying_key().to_bytes();
    let x = mallory.phone.key.exchange_public_key();

    let base = mallory.phone.enrolment;
    let s = certificate(g.id, &id, &IDENTITY, &x);
    let statement = enrolment(&mallory, g.id, &s, base);
    let certified = sign(&root, "dev-cert", &s);
    let payload = carried(&statement, &sign(&root, "act", &statement), &[&certified, &ANY_MESSAGE]);
    let fields = Fields::next(&g, &g.now(), &mallory.phone, ACT, &[base]);
    assert_eq!(send(g.id, &fields, &payload, &phone), Err(Rule::K1));

    let fields = Fields::next(&g, &g.now(), &mallory.phone, ADD_MEMBER, &[]);
    for (root_id, device) in [(id, IDENTITY), (IDENTITY, id)] {
        let s = certificate(g.id, &root_id, &device, &x);
        let c = card(g.id, &root_id, &x, &s);
        let payload = add_member(&c, [&ANY_MESSAGE; 3]);
        assert_eq!(send(g.id, &fields, &payload, &phone), Err(Rule::K1));
    }

    // An entry "signed" by it passes the signature check, and has no chain.
    let bill = g.owes(&g.now(), &mut mallory.phone, anna.member, mallory.member, 1);
    let mut fields = Fields::next(&g, &g.now(), &mallory.phone, 1, &[]);
    fields.device = IDENTITY;
    let bytes = fields.encode(g.id, &[0x80]);
    let entry = receive(&bytes, &ANY_MESSAGE).unwrap();
    assert_eq!(g.refusal(entry), Some(Rule::A2));
    for (backlink, parents) in [(bill, vec![]), (base, vec![bill])] {
        (fields.seq, fields.backlink, fields.parents) = (0, backlink, parents);
        let bytes = fields.encode(g.id, &[0x80]);
        let entry = receive(&bytes, &ANY_MESSAGE).unwrap();
        assert_eq!(g.refusal(entry), Some(Rule::A2));
    }
}
