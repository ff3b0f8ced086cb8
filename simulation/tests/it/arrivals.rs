//! Every order of arrival leads to the same result.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::Arc;

use ledger_core::EntryId;
use ledger_core::engine::{
    Admission, EntryIndex as _, Evaluation, Ledger, MemoryIndex, Payload, Slot, SlotReference,
    SparseIndex, VerifiedEntry, WaitingEntries, evaluate,
};
use ledger_model::sim::replay::generate;
use ledger_simulation::real_entries::RealHistory;
use proptest::prelude::*;
use proptest::sample::Index;

/// A device that takes entries in, a batch at a time.
struct Device {
    ledger: Ledger,
    index: MemoryIndex,
    pending: WaitingEntries,
    named: BTreeMap<EntryId, SlotReference>,
}

impl Device {
    fn found(genesis: &VerifiedEntry) -> Device {
        let mut index = MemoryIndex::new();
        let ledger = Ledger::begin(genesis, &mut index).unwrap();
        Device { ledger, index, pending: WaitingEntries::new(), named: BTreeMap::new() }
    }

    fn take(&mut self, entry: &VerifiedEntry) {
        let mut open = vec![entry.clone()];
        while let Some(entry) = open.pop() {
            let Ok(admission) = self.ledger.admit(entry.clone(), &self.index);
            match admission {
                Admission::Admitted(admitted) => {
                    let Ok(replayed) = self.ledger.replay(&admitted, &self.index);
                    self.index.insert(&admitted, &replayed);
                    self.named.extend(replayed.slot_reference().map(|named| (entry.id(), named)));
                    open.extend(self.pending.release(&entry.id()));
                }
                Admission::Missing(ids) => assert!(self.pending.hold(entry, ids).is_empty()),
                Admission::Duplicate => {}
                Admission::Refused(refusal) => panic!("{refusal}"),
            }
        }
    }

    /// Comes back with what a checkpoint holds. What waited is lost.
    fn restart(&mut self) {
        let bytes = self.ledger.to_checkpoint();
        self.ledger = Ledger::from_checkpoint(self.ledger.group(), &bytes).unwrap();
        self.pending = WaitingEntries::new();
    }

    /// The same entries in the same order, by an index that fetches them.
    fn assert_rebuilt(&self) {
        let entries: BTreeMap<EntryId, &VerifiedEntry> =
            self.index.entries().map(|entry| (entry.id(), entry)).collect();
        let fetch = |id: &EntryId| {
            Ok::<_, Infallible>(entries.get(id).map(|entry| Arc::new((*entry).clone())))
        };
        let mut came = self.index.entries();
        let mut index = SparseIndex::new(fetch);
        let mut ledger = index.begin(came.next().unwrap()).unwrap();
        for entry in came {
            let Ok(Admission::Admitted(admitted)) = ledger.admit(entry.clone(), &index) else {
                panic!("{} is not admitted", entry.id());
            };
            let Ok(replayed) = ledger.replay(&admitted, &index);
            index.insert(&admitted, &replayed);
        }
        assert_eq!(ledger, self.ledger);
        for (id, verdict) in self.index.verdicts() {
            let Ok(slot) = self.index.slot(&id);
            assert_eq!(index.slot(&id), Ok(slot.clone()));
            assert_eq!(index.slot_shown(&id), Ok(Slot::from_entries(slot.iter().copied())));
            let origin = entries[&id].decoded().payload().transaction().and_then(|t| t.origin());
            if let Some(origin) = origin {
                assert_eq!(index.first_with_origin(&origin), self.index.first_with_origin(&origin));
            }
            for part in slot {
                assert_eq!(index.status(&part.id).unwrap().2, Some(id));
            }
            assert_eq!(index.status(&id).unwrap().1, verdict);
        }
    }

    /// The bytes for which somebody accounts are those of the idle entries that no entry needs
    /// which is not idle. Less may count, as a kept carrier of a statement needs some, too.
    fn assert_idle_bytes(&self, whole: &Evaluation) {
        let entries: BTreeMap<EntryId, &VerifiedEntry> =
            self.index.entries().map(|entry| (entry.id(), entry)).collect();
        let past = |from: Vec<EntryId>| {
            let (mut found, mut open) = (BTreeSet::new(), from);
            while let Some(id) = open.pop() {
                if found.insert(id) {
                    open.extend(entries[&id].decoded().header().dependencies());
                }
            }
            found
        };
        let (idle, standing): (Vec<EntryId>, Vec<EntryId>) =
            entries.keys().partition(|id| whole.is_idle(**id).unwrap());
        let is_carrier =
            |id: &EntryId| matches!(entries[id].decoded().payload(), Payload::Statement(_));
        let covered = past(standing);
        let carried = past(idle.iter().copied().filter(is_carrier).collect());
        let bytes = |id: &EntryId| entries[id].decoded().as_bytes().len() as u64;
        let uncovered = || idle.iter().filter(|id| !covered.contains(id));
        let most: u64 = uncovered().map(bytes).sum();
        let least: u64 = uncovered().filter(|id| !carried.contains(id)).map(bytes).sum();
        let counted = self.ledger.idle_bytes();
        assert!((least..=most).contains(&counted), "{least} <= {counted} <= {most}");
    }

    /// The name of an original's slot in the index.
    fn first_that_came(&self, original: EntryId) -> EntryId {
        let Ok(entry) = self.index.entry(&original);
        let origin = entry.and_then(|entry| match entry.decoded().payload() {
            Payload::Transaction(transaction) => transaction.origin(),
            _ => None,
        });
        let Some(origin) = origin else { return original };
        let Ok(first) = self.index.first_with_origin(&origin);
        first.unwrap()
    }

    fn assert_same(&self, whole: &Evaluation) {
        self.assert_rebuilt();
        self.assert_idle_bytes(whole);
        assert_eq!(self.ledger.state().digest(), whole.state().digest());
        assert_eq!(self.ledger.view(), whole.view());
        let mut verdicts: Vec<_> = whole.verdicts().map(|(e, verdict)| (e.id(), verdict)).collect();
        verdicts.sort_by_key(|(id, _)| *id);
        assert!(self.index.verdicts().eq(verdicts));
        for (id, named) in self.named.iter().filter(|(_, named)| !named.endorses) {
            let (original, _) = whole.slot_of(*id).unwrap();
            assert_eq!(self.first_that_came(original), named.original);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_order_batching_duplication_and_restart_ends_in_the_same_state(
        seed in any::<u64>(),
        limit in 4usize..28,
        keys in prop::collection::vec(any::<u32>(), 64),
        again in prop::collection::vec(any::<Index>(), 0..20),
        restarts in prop::collection::vec(0usize..64, 0..4),
    ) {
        let real_history = RealHistory::play(&generate(seed, limit), seed).unwrap();
        let mut entries: Vec<VerifiedEntry> = real_history.entries.values().cloned().collect();
        let whole = evaluate(real_history.group, entries.clone()).unwrap();
        let genesis = entries.iter().find(|e| e.id() == real_history.group.genesis()).unwrap().clone();
        // Any permutation; some entries come again; a restart loses what waits, so that everything
        // is sent once more at the end, as a peer would who is asked what is missing.
        let order = |entry: &VerifiedEntry| keys[usize::from(entry.id().as_bytes()[0]) % 64];
        entries.sort_by_key(|entry| (order(entry), entry.id()));
        let repeated: Vec<_> = again.iter().map(|index| index.get(&entries).clone()).collect();
        let mut device = Device::found(&genesis);
        for (n, entry) in entries.iter().chain(&repeated).enumerate() {
            if restarts.contains(&n) {
                device.restart();
            }
            device.take(entry);
        }
        entries.iter().for_each(|entry| device.take(entry));
        prop_assert_eq!(device.pending.entries().count(), 0);
        device.assert_same(&whole);
    }

    #[test]
    fn batches_of_any_size_end_in_the_same_state(
        seed in any::<u64>(),
        limit in 4usize..28,
        cuts in prop::collection::vec(1usize..9, 1..40),
    ) {
        let real_history = RealHistory::play(&generate(seed, limit), seed).unwrap();
        let mut rest: Vec<VerifiedEntry> = real_history.entries.values().cloned().collect();
        rest.sort_by_key(|entry| entry.decoded().header().lamport());
        let whole = evaluate(real_history.group, rest.clone()).unwrap();
        let mut device = Device::found(&rest.remove(0));
        // Each batch arrives turned round, and the device restarts after it.
        for size in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let mut batch: Vec<_> = rest.drain(..(*size).min(rest.len())).collect();
            batch.reverse();
            batch.iter().for_each(|entry| device.take(entry));
            prop_assert_eq!(device.pending.entries().count(), 0);
            device.restart();
        }
        device.assert_same(&whole);
    }
}
