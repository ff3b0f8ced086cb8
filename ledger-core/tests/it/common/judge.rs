//! Verdicts on a written history: the same from scratch and entry by entry, in any order.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use ledger_core::engine::{
    Admission, AdmittedEntry, ChainEntry, ChainPosition, DecodedEntry, EntryIndex, Evaluation,
    Ledger, Link, MemoryIndex, Payload, Slot, SlotEntry, VerifiedEntry, evaluate,
};
use ledger_core::statement::Generation;
use ledger_core::{
    EntryId, GroupState, Member, MemberId, Origin, Rule, StateDigest, Verdict, VoidReason,
};

use super::{Device, Group, eur};

/// The evaluation of a whole history, which is the same on every device.
pub struct Outcome(pub Evaluation);

impl Group {
    /// Evaluates the whole history, and checks that the result is the same from scratch and
    /// entry by entry, in several orders of arrival.
    pub fn outcome(&self) -> Outcome {
        let whole = self.seen(&self.now());
        assert_eq!((whole.refused(), whole.missing().len()), (&[][..], 0));
        let verdicts: BTreeMap<EntryId, Verdict> =
            whole.verdicts().map(|(entry, verdict)| (entry.id(), verdict)).collect();
        let idle_bytes = self.uncovered_idle_bytes(&whole);
        for seed in 1..=4 {
            let mut order = self.pool.clone();
            shuffle(&mut order, seed);
            let other = evaluate(self.id, order.clone()).unwrap();
            assert_eq!(other.state().digest(), whole.state().digest());
            let (ledger, index) = self.arrive(order);
            assert_eq!(ledger.view(), whole.view(), "one by one");
            assert_eq!(index.verdicts().collect::<BTreeMap<_, _>>(), verdicts, "one by one");
            assert!(idle_bytes.is_none_or(|bytes| bytes == ledger.idle_bytes()), "one by one");
            for entry in &self.pool {
                let origin = match entry.decoded().payload() {
                    Payload::Transaction(transaction) => transaction.origin(),
                    _ => None,
                };
                let named = origin.map(|origin| index.first_with_origin(&origin));
                let Ok(named) = named.unwrap_or(Ok(None));
                let named = named.unwrap_or(entry.id());
                let Ok(slot) = index.slot(&named);
                assert_eq!(index.slot_shown(&named), Ok(Slot::from_entries(slot.iter().copied())));
                let slot = (!slot.is_empty()).then(|| Slot::from_entries(slot));
                assert_eq!(slot, whole.slot(entry.id()), "one by one");
            }
        }
        Outcome(whole)
    }

    /// The bytes of idle entries in the past of no entry that is not idle. `None` if a carrier of
    /// a statement is among them: which carriers are needed depends on the order of arrival.
    fn uncovered_idle_bytes(&self, whole: &Evaluation) -> Option<u64> {
        let ids = self.pool.iter().map(VerifiedEntry::id);
        let not_idle: Vec<EntryId> = ids.filter(|id| whole.is_idle(*id) == Some(false)).collect();
        let covered = self.view(&not_idle);
        let uncovered = self.pool.iter().map(|entry| (entry.id(), entry.decoded()));
        let uncovered: BTreeMap<_, _> =
            uncovered.filter(|(id, _)| !covered.0.contains(id)).collect();
        let bytes = |entry: &DecodedEntry| match entry.payload() {
            Payload::Statement(_) => None,
            _ => Some(entry.as_bytes().len() as u64),
        };
        uncovered.values().map(|entry| bytes(entry)).sum()
    }

    /// Replays entries one by one, as a device that receives them.
    pub fn arrive(&self, mut waiting: Vec<VerifiedEntry>) -> (Ledger, MemoryIndex) {
        let mut index = MemoryIndex::new();
        let mut ledger = Ledger::begin(&self.pool[0], &mut index).unwrap();
        while let Some(entry) = waiting.iter().position(|entry| {
            !matches!(ledger.admit(entry.clone(), &index), Ok(Admission::Missing(_)))
        }) {
            let entry = waiting.remove(entry);
            let Ok(admission) = ledger.admit(entry, &index);
            if admission == Admission::Duplicate {
                continue;
            }
            let Admission::Admitted(entry) = &admission else { panic!("{admission:?}") };
            fail_at_every_step(&ledger, entry, &index);
            let Ok(replayed) = ledger.replay(entry, &index);
            index.insert(entry, &replayed);
            let saved = Ledger::from_checkpoint(self.id, &ledger.to_checkpoint());
            assert_eq!(saved.as_ref(), Ok(&ledger), "a checkpoint forgets nothing");
            let sum: i128 = ledger.state().open_balances(eur()).map(|b| b.1.minor_units()).sum();
            assert_eq!(sum, 0, "balances sum to zero at every point");
        }
        assert!(waiting.is_empty());
        (ledger, index)
    }

    /// The state if these entries, and what depends on them, had never been.
    pub fn digest_without(&self, ids: &[EntryId]) -> StateDigest {
        let mut gone: BTreeSet<EntryId> = ids.iter().copied().collect();
        let mut kept = self.pool.clone();
        kept.sort_by_key(|entry| entry.decoded().header().lamport());
        kept.retain(|entry| {
            let depends = entry.decoded().header().dependencies().any(|id| gone.contains(id));
            depends.then(|| gone.insert(entry.id()));
            !gone.contains(&entry.id())
        });
        evaluate(self.id, kept).unwrap().state().digest()
    }

    /// The rule by which everybody refuses an entry that does not get in.
    pub fn refusal(&self, entry: VerifiedEntry) -> Option<Rule> {
        let before = self.seen(&self.now());
        let id = entry.id();
        let all = self.pool.iter().cloned().chain([entry]).collect();
        let after = evaluate(self.id, all).unwrap();
        assert!(after.verdict(id).is_none() && after.view() == before.view());
        after.refused().first().map(|refusal| refusal.rule())
    }
}

impl Outcome {
    pub fn applied(&self, id: EntryId) -> bool {
        self.0.verdict(id).unwrap().is_applied()
    }

    pub fn void(&self, id: EntryId) -> Option<VoidReason> {
        match self.0.verdict(id).unwrap() {
            Verdict::Void(reason) => Some(reason),
            _ => None,
        }
    }

    pub fn state(&self) -> &GroupState {
        self.0.state()
    }

    pub fn digest(&self) -> StateDigest {
        self.state().digest()
    }

    pub fn member(&self, id: MemberId) -> Option<&Member> {
        self.state().member(id)
    }

    pub fn generations(&self, id: MemberId) -> Vec<Generation> {
        self.member(id).unwrap().generations().collect()
    }

    pub fn is_active(&self, device: &Device) -> bool {
        self.state().devices().any(|(_, id, _)| id == device.key.id())
    }

    pub fn balances<const N: usize>(&self, members: [MemberId; N]) -> [i128; N] {
        members.map(|member| self.state().balance(member, eur()).minor_units())
    }
}

/// An index that counts what it is asked.
pub struct Counting<'a> {
    index: &'a MemoryIndex,
    asked: Cell<usize>,
}

impl<'a> Counting<'a> {
    pub fn new(index: &'a MemoryIndex) -> Self {
        Self { index, asked: Cell::new(0) }
    }

    pub fn asked(&self) -> usize {
        self.asked.get()
    }

    fn count<T>(&self, answer: T) -> T {
        self.asked.set(self.asked.get() + 1);
        answer
    }
}

impl EntryIndex for Counting<'_> {
    type Error = core::convert::Infallible;

    fn link(&self, id: &EntryId) -> Result<Option<Link>, Self::Error> {
        self.count(self.index.link(id))
    }

    fn dependencies(&self, id: &EntryId) -> Result<Vec<EntryId>, Self::Error> {
        self.count(self.index.dependencies(id))
    }

    fn chain(&self, from: ChainPosition) -> Result<Vec<ChainEntry>, Self::Error> {
        self.count(self.index.chain(from))
    }

    fn entry(&self, id: &EntryId) -> Result<Option<std::sync::Arc<VerifiedEntry>>, Self::Error> {
        self.count(self.index.entry(id))
    }

    fn first_with_origin(&self, origin: &Origin) -> Result<Option<EntryId>, Self::Error> {
        self.count(self.index.first_with_origin(origin))
    }

    fn slot(&self, original: &EntryId) -> Result<Vec<SlotEntry>, Self::Error> {
        self.count(self.index.slot(original))
    }

    fn slot_without(
        &self,
        original: &EntryId,
        without: &BTreeSet<EntryId>,
    ) -> Result<Slot, Self::Error> {
        self.count(self.index.slot_without(original, without))
    }
}

/// An index that answers some questions, and then no more.
struct Failing<'a> {
    index: &'a MemoryIndex,
    answers: Cell<usize>,
}

impl Failing<'_> {
    fn answer<T>(&self, answer: Result<T, core::convert::Infallible>) -> Result<T, ()> {
        let left = self.answers.get().checked_sub(1).ok_or(())?;
        self.answers.set(left);
        let Ok(answer) = answer;
        Ok(answer)
    }
}

impl EntryIndex for Failing<'_> {
    type Error = ();

    fn link(&self, id: &EntryId) -> Result<Option<Link>, ()> {
        self.answer(self.index.link(id))
    }

    fn dependencies(&self, id: &EntryId) -> Result<Vec<EntryId>, ()> {
        self.answer(self.index.dependencies(id))
    }

    fn chain(&self, from: ChainPosition) -> Result<Vec<ChainEntry>, ()> {
        self.answer(self.index.chain(from))
    }

    fn entry(&self, id: &EntryId) -> Result<Option<std::sync::Arc<VerifiedEntry>>, ()> {
        self.answer(self.index.entry(id))
    }

    fn first_with_origin(&self, origin: &Origin) -> Result<Option<EntryId>, ()> {
        self.answer(self.index.first_with_origin(origin))
    }

    fn slot(&self, original: &EntryId) -> Result<Vec<SlotEntry>, ()> {
        self.answer(self.index.slot(original))
    }

    fn slot_without(&self, original: &EntryId, without: &BTreeSet<EntryId>) -> Result<Slot, ()> {
        self.answer(self.index.slot_without(original, without))
    }
}

/// Whichever question the index does not answer, the ledger stays as it was.
fn fail_at_every_step(ledger: &Ledger, entry: &AdmittedEntry, index: &MemoryIndex) {
    for answers in 0.. {
        let failing = Failing { index, answers: Cell::new(answers) };
        let mut touched = ledger.clone();
        if touched.replay(entry, &failing).is_ok() {
            return;
        }
        assert_eq!(&touched, ledger, "after {answers} answers");
    }
}

/// Fisher-Yates with xorshift: the same on every run.
fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut x = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    for end in (1..items.len()).rev() {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        items.swap(end, usize::try_from(x % (end as u64 + 1)).unwrap());
    }
}
