//! Entries of an active member, each of which counts.

use ledger_core::engine::Draft;
use ledger_core::hazmat::any_names;
use ledger_core::keys::DeviceKey;
use ledger_core::seal::EpochKey;
use ledger_core::statement::{Generation, NewStatement};
use ledger_core::{EntryId, MemberId};

use super::Role;
use super::author::{Device, any_add};
use super::scene::{Act, Scene};

type Row = (Role, &'static str, usize, fn(&mut Scene, usize) -> Vec<Act>);

pub(super) const SCENARIOS: &[Row] = &[
    (Role::Active, "rotations beside epochs", 60, rotations_beside_epochs),
    (Role::Active, "epochs, each with the keys of many", 60, boxes),
    (Role::Active, "revocations of a device with entries", 200, revocations),
    (Role::Active, "one statement, carried again and again", 200, carriers),
    (Role::Active, "enrolments one after another", 100, enrolments),
    (Role::Active, "renames one after another", 200, renames),
    (Role::Active, "a chain of puppets, then revocations", 100, puppets),
    (Role::Active, "forks, then revocations that know all", 200, forks),
    (Role::Active, "forks, then revocations apart from each other", 100, forks_apart),
    (Role::Active, "leaves, then forks behind all", 200, leaves),
    (Role::Active, "claims of one placeholder, then renames", 100, claims),
    (Role::Active, "rotations of many devices, revoked one by one", 20, rotations),
    (Role::Active, "entries beside a leave that lies apart", 500, walk),
    (Role::Active, "additions of a key that lies apart", 500, reuse),
];

fn all(scene: &mut Scene) -> Vec<Act> {
    vec![Act::Ingest(scene.author.take())]
}

/// A phone rotates its key; beside it, the same person's tablet begins epochs.
fn rotations_beside_epochs(scene: &mut Scene, size: usize) -> Vec<Act> {
    let mut tablet = scene.author.enrol(&mut scene.ben);
    for n in 0..size {
        scene.author.next(&mut scene.ben, &[], Draft::rotation(n as u64 + 1, [9; 32]));
        let key = EpochKey::from_bytes(scene.author.group, scene.author.random());
        scene.author.next(&mut tablet, &[], Draft::epoch(key.begin(&[]).unwrap()));
    }
    all(scene)
}

/// Epochs that hold the keys of up to eight before them.
fn boxes(scene: &mut Scene, size: usize) -> Vec<Act> {
    let mut begun: Vec<(EntryId, EpochKey)> = Vec::new();
    for _ in 0..size {
        let key = EpochKey::from_bytes(scene.author.group, scene.author.random());
        let before: Vec<(EntryId, &EpochKey)> =
            begun.iter().rev().take(8).map(|(id, key)| (*id, key)).collect();
        let epoch = key.begin(&before).unwrap();
        let id = scene.author.next(&mut scene.ben, &[], Draft::epoch(epoch));
        begun.push((id, key));
    }
    all(scene)
}

/// A tablet writes; then as many revocations of it as it has tens of entries.
fn revocations(scene: &mut Scene, size: usize) -> Vec<Act> {
    let mut tablet = scene.author.enrol(&mut scene.ben);
    let (base, device) = (tablet.back, tablet.key.id());
    for _ in 0..size {
        scene.author.next(&mut tablet, &[], Draft::merge());
    }
    let statement = NewStatement::Revoke { generation: scene.author.generation, device };
    for _ in 0..size / 10 {
        let draft = scene.author.state(&statement, base);
        scene.author.next(&mut scene.ben, &[], draft);
    }
    all(scene)
}

fn carriers(scene: &mut Scene, size: usize) -> Vec<Act> {
    let device = DeviceKey::from_bytes(&scene.author.random()).id();
    let statement = NewStatement::Revoke { generation: scene.author.generation, device };
    let draft = scene.author.state(&statement, scene.ben.back);
    let signed = scene.author.signed(&mut scene.ben, draft);
    for _ in 0..size {
        scene.author.next(&mut scene.ben, &[], Draft::carry(&signed));
    }
    all(scene)
}

fn enrolments(scene: &mut Scene, size: usize) -> Vec<Act> {
    for _ in 0..size {
        scene.author.enrol(&mut scene.ben);
    }
    all(scene)
}

fn renames(scene: &mut Scene, size: usize) -> Vec<Act> {
    let statement = NewStatement::Rename { generation: scene.author.generation, name: "Benny" };
    for _ in 0..size {
        scene.author.statement(&mut scene.ben, &statement);
    }
    all(scene)
}

fn puppets(scene: &mut Scene, size: usize) -> Vec<Act> {
    let mut tablet = scene.author.enrol(&mut scene.ben);
    let device = tablet.key.id();
    for _ in 0..size {
        let (_, key, card) = scene.author.person("Puppet");
        let back = scene.author.next(&mut tablet, &[], any_add(&card));
        tablet = Device { key, seq: 0, back };
    }
    let statement = NewStatement::Revoke { generation: scene.author.generation, device };
    // Each knows all of them, so that they stay.
    for _ in 0..20 {
        let draft = scene.author.state(&statement, tablet.back);
        scene.author.next(&mut scene.ben, &[], draft);
    }
    all(scene)
}

fn forks(scene: &mut Scene, size: usize) -> Vec<Act> {
    scene.author.forks(&mut scene.ben, size);
    let device = scene.ben.key.id();
    let statement = NewStatement::Revoke { generation: scene.author.generation, device };
    for _ in 0..size {
        scene.author.statement(&mut scene.ben, &statement);
    }
    all(scene)
}

/// A tablet signs a base for each revocation of the phone, which carries them. So none knows
/// another one, and each knows the forks.
fn forks_apart(scene: &mut Scene, size: usize) -> Vec<Act> {
    let mut tablet = scene.author.enrol(&mut scene.ben);
    scene.author.forks(&mut scene.ben, size);
    let (mut joined, device) = (vec![scene.ben.back], scene.ben.key.id());
    let statement = NewStatement::Revoke { generation: scene.author.generation, device };
    for _ in 0..size {
        let base = scene.author.next(&mut tablet, &joined, Draft::merge());
        let draft = scene.author.state(&statement, base);
        scene.author.next(&mut scene.ben, &[], draft);
        joined.clear();
    }
    all(scene)
}

fn leaves(scene: &mut Scene, size: usize) -> Vec<Act> {
    let statement = NewStatement::Leave { generation: scene.author.generation };
    for _ in 0..size {
        scene.author.statement(&mut scene.ben, &statement);
    }
    scene.author.forks(&mut scene.ben, size);
    all(scene)
}

fn claims(scene: &mut Scene, size: usize) -> Vec<Act> {
    let (group, member, nonce) = (scene.author.group, scene.author.member, scene.author.random());
    let draft = Draft::placeholder(&any_names(group, []), member, "P", nonce).unwrap();
    let placeholder = scene.author.next(&mut scene.ben, &[], draft);
    let (names, named) =
        (any_names(group, [placeholder]), MemberId::from_bytes(*placeholder.as_bytes()));
    let mut claimed = Vec::new();
    for _ in 0..size {
        let (entropy, _, card) = scene.author.person("P");
        let draft = Draft::claim(&names, named, &card).unwrap();
        claimed.push((entropy, scene.author.next(&mut scene.ben, &[], draft)));
    }
    for (entropy, claim) in claimed {
        let statement = NewStatement::Rename { generation: Generation::Claim(claim), name: "Q" };
        let (nonce, base) = (scene.author.random(), scene.ben.back);
        let root = entropy.root_key(0);
        let draft = Draft::statement(&root, group, &statement, [base], nonce).unwrap();
        scene.author.next(&mut scene.ben, &[], draft);
    }
    all(scene)
}

fn rotations(scene: &mut Scene, size: usize) -> Vec<Act> {
    let base = scene.ben.back;
    let mut devices = Vec::new();
    for _ in 0..size {
        let mut device = scene.author.enrol(&mut scene.ben);
        devices.push(device.key.id());
        for k in 0..20 {
            scene.author.next(&mut device, &[], Draft::rotation(k + 1, [9; 32]));
        }
    }
    for device in devices {
        let statement = NewStatement::Revoke { generation: scene.author.generation, device };
        let draft = scene.author.state(&statement, base);
        scene.author.next(&mut scene.ben, &[], draft);
    }
    all(scene)
}

/// A tablet leaves apart from a long chain, which the phone then builds on.
fn walk(scene: &mut Scene, size: usize) -> Vec<Act> {
    let mut tablet = scene.author.enrol(&mut scene.ben);
    let mut other = scene.author.enrol(&mut scene.ben);
    let statement = NewStatement::Leave { generation: scene.author.generation };
    scene.author.statement(&mut tablet, &statement);
    for n in 0..size {
        let head = scene.author.next(&mut other, &[], Draft::merge());
        if n.is_multiple_of(10) {
            scene.author.next(&mut scene.ben, &[head], Draft::merge());
        }
    }
    all(scene)
}

/// A tablet adds a key apart from a long chain, which the phone then builds on and adds the key again.
fn reuse(scene: &mut Scene, size: usize) -> Vec<Act> {
    let mut tablet = scene.author.enrol(&mut scene.ben);
    let mut other = scene.author.enrol(&mut scene.ben);
    let (entropy, key, card) = scene.author.person("Key");
    scene.author.next(&mut tablet, &[], any_add(&card));
    for n in 0..size {
        let head = scene.author.next(&mut other, &[], Draft::merge());
        if n % 20 == 0 {
            let name = format!("{n}");
            let again =
                ledger_core::keys::SignedCard::new(scene.author.group, &name, &entropy, 0, &key);
            scene.author.next(&mut scene.ben, &[head], any_add(&again.unwrap()));
        }
    }
    all(scene)
}
