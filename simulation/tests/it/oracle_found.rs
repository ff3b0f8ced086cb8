//! Mistakes that the comparison with the model once found in the ledger, as histories written by hand.

use ledger_core::engine::{Draft, NewGroup, Payload, VerifiedEntry, evaluate};
use ledger_core::keys::{DeviceKey, RootEntropy, SignedDevice};
use ledger_core::statement::{Generation, NewStatement};
use ledger_core::{EntryId, GroupId, Rule, hazmat};

struct Group {
    group: GroupId,
    anna: DeviceKey,
    entropy: RootEntropy,
    entries: Vec<VerifiedEntry>,
}

impl Group {
    fn new() -> Group {
        let (anna, entropy) = (DeviceKey::from_bytes(&[7; 64]), RootEntropy::from_bytes([8; 32]));
        let new = NewGroup::new("Flat", "Anna", &entropy, 0, [9; 32]);
        let genesis = new.create(&anna, 0).unwrap();
        Group { group: GroupId::from(genesis.id()), anna, entropy, entries: vec![genesis] }
    }

    fn write(
        &mut self,
        by: &DeviceKey,
        seq: u64,
        after: EntryId,
        clock: u64,
        draft: Draft,
    ) -> EntryId {
        let at = hazmat::any_position(self.group, by.id(), seq, after, Vec::new(), clock);
        let entry = draft.sign(by, &at, 0).unwrap();
        let id = entry.id();
        self.entries.push(entry);
        id
    }
}

/// A clock below a dependency's sorts an entry before it. The entry waits for nothing all the same:
/// it can never be admitted.
#[test]
fn a_clock_below_a_dependencys_is_refused_and_does_not_wait() {
    let mut group = Group::new();
    let anna = DeviceKey::from_bytes(&[7; 64]);
    let genesis = group.group.genesis();
    let one = group.write(&anna, 1, genesis, 2, Draft::merge());
    let two = group.write(&anna, 2, one, 3, Draft::merge());
    let lie = group.write(&anna, 3, two, 1, Draft::merge());
    let evaluation = evaluate(group.group, group.entries.clone()).unwrap();
    assert!(evaluation.missing().is_empty());
    let refused: Vec<_> = evaluation.refused().iter().map(|r| (r.entry(), r.rule())).collect();
    assert_eq!(refused, [(Some(lie), Rule::A3)]);
    // With another dependency truly missing it waits, for that one alone.
    let absent = EntryId::from_bytes([1; 32]);
    let at = hazmat::any_position(group.group, group.anna.id(), 3, two, vec![absent], 1);
    let waiting = Draft::merge().sign(&group.anna, &at, 0).unwrap();
    let id = waiting.id();
    group.entries.push(waiting);
    let evaluation = evaluate(group.group, group.entries.clone()).unwrap();
    assert_eq!(evaluation.missing(), &[(id, [absent].into())].into());
}

/// Two statements, made apart, enrol one device. It is one device, and its last rotation counts,
/// whichever of its chains it stands on.
#[test]
fn a_device_enrolled_twice_keeps_its_rotation() {
    for first in [0, 1] {
        let mut group = Group::new();
        let genesis = group.group.genesis();
        let anna = DeviceKey::from_bytes(&[7; 64]);
        let Payload::Genesis(founder) = group.entries[0].decoded().payload() else { panic!() };
        let generation = Generation::Card(founder.card().member());
        let (root, phone) = (group.entropy.root_key(0), DeviceKey::from_bytes(&[5; 64]));
        let device = SignedDevice::new(group.group, &root, &phone).unwrap();
        let statement = NewStatement::Enrol { generation, device: &device };
        let carriers: Vec<EntryId> = [1, 2]
            .into_iter()
            .map(|nonce| {
                let draft =
                    Draft::statement(&root, group.group, &statement, [genesis], [nonce; 16])
                        .unwrap();
                group.write(&anna, 1, genesis, 2, draft)
            })
            .collect();
        let exchange = DeviceKey::from_bytes(&[6; 64]).exchange_public_key();
        group.write(&phone, 0, carriers[first], 3, Draft::rotation(1, exchange));
        let evaluation = evaluate(group.group, group.entries.clone()).unwrap();
        assert!(evaluation.verdicts().all(|(_, verdict)| verdict.is_applied()));
        let state = evaluation.view().state();
        let (_, _, device) = state.devices().find(|(_, id, _)| *id == phone.id()).unwrap();
        assert_eq!((device.exchange_generation(), *device.exchange_public_key()), (1, exchange));
    }
}
