//! Replay over an index that fails: nothing changes.

use core::cell::Cell;

use super::*;

/// An index that fails from a certain call on.
struct FailingIndex<'a> {
    index: &'a MemoryIndex,
    calls_left: Cell<usize>,
}

impl FailingIndex<'_> {
    fn call<T>(&self, answer: Result<T, Infallible>) -> Result<T, &'static str> {
        let left = self.calls_left.get().checked_sub(1).ok_or("the index failed")?;
        self.calls_left.set(left);
        let Ok(answer) = answer;
        Ok(answer)
    }
}

impl EntryIndex for FailingIndex<'_> {
    type Error = &'static str;

    fn link(&self, id: &EntryId) -> Result<Option<Link>, Self::Error> {
        self.call(self.index.link(id))
    }

    fn dependencies(&self, id: &EntryId) -> Result<Vec<EntryId>, Self::Error> {
        self.call(self.index.dependencies(id))
    }

    fn chain(&self, from: ChainPosition) -> Result<Vec<ChainEntry>, Self::Error> {
        self.call(self.index.chain(from))
    }

    fn entry(&self, id: &EntryId) -> Result<Option<Arc<VerifiedEntry>>, Self::Error> {
        self.call(self.index.entry(id))
    }

    fn first_with_origin(&self, origin: &Origin) -> Result<Option<EntryId>, Self::Error> {
        self.call(self.index.first_with_origin(origin))
    }

    fn slot(&self, original: &EntryId) -> Result<Vec<SlotEntry>, Self::Error> {
        self.call(self.index.slot(original))
    }

    fn slot_without(
        &self,
        original: &EntryId,
        without: &BTreeSet<EntryId>,
    ) -> Result<Slot, Self::Error> {
        self.call(self.index.slot_without(original, without))
    }
}

/// Replays an entry over an index that fails after 0, 1, 2, ... calls, until it is
/// replayed. Returns after how many calls, and what it changed.
fn replay_over_failures(group: &mut Group, entry: VerifiedEntry) -> (usize, Replayed) {
    let Ok(Admission::Admitted(admitted)) = group.ledger.admit(entry, &group.index) else {
        panic!("not admitted")
    };
    let mut calls = 0;
    loop {
        let before = group.ledger.clone();
        let index = FailingIndex { index: &group.index, calls_left: Cell::new(calls) };
        match group.ledger.replay(&admitted, &index) {
            Ok(replayed) => {
                group.index.insert(&admitted, &replayed);
                group.entries.push(admitted.verified().clone());
                return (calls, replayed);
            }
            Err(error) => assert_eq!(error, "the index failed"),
        }
        assert_eq!(group.ledger, before, "after {calls} calls");
        calls += 1;
    }
}

#[test]
fn an_index_that_fails_in_the_middle_changes_nothing() {
    let mut group = Group::new();
    let (id, generation) = (group.ledger.group(), Generation::Card(group.members[0]));
    let root = RootEntropy::from_bytes([8; 32]).root_key(0);
    let phone = DeviceKey::from_bytes(&[101; 64]);
    let signed = SignedDevice::new(id, &root, &phone).unwrap();
    let enrol = NewStatement::Enrol { generation, device: &signed };
    let heads = |group: &Group| group.ledger.frontier().heads().collect::<Vec<EntryId>>();
    let draft = Draft::statement(&root, id, &enrol, heads(&group), [1; 16]).unwrap();
    group.add(draft);
    let base = heads(&group);
    let laptop = std::mem::replace(&mut group.device, phone);
    let dinner = group.record(&group.expense(0, &[0, 1, 2], 3000));
    group.record(&group.expense(1, &[0, 1], 500));

    // A data entry: the correction reads the slot and the content that it replaces.
    let details = group.expense(2, &[0, 1, 2], 3000);
    let draft = Draft::correction(group.ledger.state(), dinner, &details).unwrap();
    let at = group.ledger.next_position(group.device.id()).unwrap();
    let correction = draft.sign(&group.device, &at, 0).unwrap();
    let (calls, replayed) = replay_over_failures(&mut group, correction);
    assert!(calls > 2 && replayed.verdict().is_applied(), "{calls} calls");
    assert_eq!(group.balances(), [-1250, -750, 2000]);

    // A control entry that flips verdicts: a revocation of the phone from then on.
    let phone = std::mem::replace(&mut group.device, laptop);
    let revoke = NewStatement::Revoke { generation, device: phone.id() };
    let draft = Draft::statement(&root, id, &revoke, base, [2; 16]).unwrap();
    let at = group.ledger.next_position(group.device.id()).unwrap();
    let revocation = draft.sign(&group.device, &at, 0).unwrap();
    let (calls, replayed) = replay_over_failures(&mut group, revocation);
    assert!(calls > 5 && replayed.flips().len() == 3, "{calls} calls, {replayed:?}");
    assert_eq!(group.balances(), [0, 0, 0]);
    let evaluation = evaluate(id, group.entries.clone()).unwrap();
    assert_eq!(evaluation.view(), group.ledger.view());
}
