//! Work of replay, counted: what many statements of one kind cost together.

use core::cell::Cell;

use super::*;
use crate::incremental::IncomingEntry;
use crate::statement::SignedStatement;
use crate::verdict::SlotRole;

/// An index that counts the entries which are judged again, and those of slots that are read.
struct CountingIndex<'a> {
    index: &'a MemoryIndex,
    judged: Cell<usize>,
    in_slots: Cell<usize>,
}

impl CountingIndex<'_> {
    fn read_in_slot(&self, entries: usize) {
        self.in_slots.set(self.in_slots.get() + entries);
    }
}

impl EntryIndex for CountingIndex<'_> {
    type Error = Infallible;

    fn link(&self, id: &EntryId) -> Result<Option<Link>, Infallible> {
        self.index.link(id)
    }

    fn dependencies(&self, id: &EntryId) -> Result<Vec<EntryId>, Infallible> {
        self.index.dependencies(id)
    }

    fn chain(&self, from: ChainPosition) -> Result<Vec<ChainEntry>, Infallible> {
        self.chain_until(from, u64::MAX)
    }

    fn chain_until(&self, from: ChainPosition, until: u64) -> Result<Vec<ChainEntry>, Infallible> {
        let entries = self.index.chain_until(from, until)?;
        self.judged.set(self.judged.get() + entries.len());
        Ok(entries)
    }

    fn bytes(&self, from: ChainPosition, until: u64) -> Result<u64, Infallible> {
        self.index.bytes(from, until)
    }

    fn entry(&self, id: &EntryId) -> Result<Option<Arc<VerifiedEntry>>, Infallible> {
        self.index.entry(id)
    }

    fn first_with_origin(&self, origin: &Origin) -> Result<Option<EntryId>, Infallible> {
        self.index.first_with_origin(origin)
    }

    fn slot(&self, original: &EntryId) -> Result<Vec<SlotEntry>, Infallible> {
        let entries = self.index.slot(original)?;
        self.read_in_slot(entries.len());
        Ok(entries)
    }

    fn slot_without(
        &self,
        original: &EntryId,
        without: &BTreeSet<EntryId>,
    ) -> Result<Slot, Infallible> {
        // At most one of each part decides, beside the original that names the slot.
        self.read_in_slot(SlotRole::ALL.len() + 1 + without.len());
        self.index.slot_without(original, without)
    }
}

/// Anna's second device, which signed some dinners, in a group that her first one goes on with.
struct Phone {
    group: Group,
    phone: DeviceKey,
    dinners: Vec<EntryId>,
}

impl Phone {
    fn with_dinners(count: usize) -> Self {
        let mut group = Group::new();
        let (id, generation) = (group.ledger.group(), Generation::Card(group.members[0]));
        let root = RootEntropy::from_bytes([8; 32]).root_key(0);
        let phone = DeviceKey::from_bytes(&[101; 64]);
        let signed = SignedDevice::new(id, &root, &phone).unwrap();
        let enrol = NewStatement::Enrol { generation, device: &signed };
        let base = group.ledger.agreed_heads();
        group.add(Draft::statement(&root, id, &enrol, base, [1; 16]).unwrap());
        let laptop = std::mem::replace(&mut group.device, phone);
        let dinner = group.expense(0, &[0, 1, 2], 3000);
        let dinners = (0..count).map(|_| group.record(&dinner)).collect();
        let phone = std::mem::replace(&mut group.device, laptop);
        Self { group, phone, dinners }
    }

    fn revocation(&self, base: EntryId, nonce: usize) -> SignedStatement {
        let (id, members) = (self.group.ledger.group(), &self.group.members);
        let root = RootEntropy::from_bytes([8; 32]).root_key(0);
        // The first member is the owner, who has one card.
        let generation = Generation::Card(members[0]);
        let revoke = NewStatement::Revoke { generation, device: self.phone.id() };
        let nonce = [u8::try_from(nonce).unwrap(); 16];
        SignedStatement::new(&root, id, &revoke, [base], nonce).unwrap()
    }

    fn sign(&self, draft: Draft) -> VerifiedEntry {
        let (ledger, device) = (&self.group.ledger, &self.group.device);
        let Ok(at) = ledger.position_of_draft(device.id(), &draft, &self.group.index);
        draft.sign(device, &at.unwrap(), 0).unwrap()
    }

    /// Whether the entry is replayed on a copy of the authority state.
    fn is_copied_for(&self, entry: &VerifiedEntry) -> bool {
        let (ledger, index) = (&self.group.ledger, &self.group.index);
        let Ok(Admission::Admitted(admitted)) = ledger.admit(entry.clone(), index) else {
            panic!()
        };
        let (entry, backlink) = (admitted.verified().decoded(), admitted.backlink());
        let position = ledger.authority.position_behind(backlink);
        let Ok(ancestry) = ledger.authority.compute_ancestry(entry, backlink, index);
        let incoming = IncomingEntry { entry, backlink, position };
        ledger.authority.may_flip_verdicts(incoming, &ancestry)
    }

    /// Replays an entry. Returns how many entries were judged again, and how many flipped.
    fn replay(&mut self, entry: VerifiedEntry) -> (usize, usize) {
        let (judged, flips, _) = self.replay_counted(entry);
        (judged, flips)
    }

    /// The same, and how many entries of slots were read.
    fn replay_counted(&mut self, entry: VerifiedEntry) -> (usize, usize, usize) {
        let group = &mut self.group;
        let Ok(Admission::Admitted(admitted)) = group.ledger.admit(entry, &group.index) else {
            panic!("not admitted")
        };
        let (judged, in_slots) = (Cell::new(0), Cell::new(0));
        let index = CountingIndex { index: &group.index, judged, in_slots };
        let Ok(replayed) = group.ledger.replay(&admitted, &index);
        let (judged, in_slots) = (index.judged.get(), index.in_slots.get());
        group.index.insert(&admitted, &replayed);
        group.entries.push(admitted.verified().clone());
        (judged, replayed.flips().len(), in_slots)
    }

    fn assert_sound(&self) {
        let evaluation = evaluate(self.group.ledger.group(), self.group.entries.clone()).unwrap();
        assert_eq!(evaluation.view(), self.group.ledger.view());
    }
}

/// Forty revocations of a device with sixty entries judge each entry once: those that void
/// nothing new read none, and copy no authority state.
#[test]
fn many_revocations_of_one_device_judge_each_entry_once() {
    let mut phone = Phone::with_dinners(60);
    let middle = phone.dinners[29];
    for n in 0..20 {
        let revocation = phone.sign(Draft::carry(&phone.revocation(middle, n)));
        assert_eq!(phone.is_copied_for(&revocation), n == 0);
        let (judged, flips) = phone.replay(revocation);
        let expected = if n == 0 { 30 } else { 0 };
        assert_eq!((judged, flips), (expected, expected), "revocation {n}");
    }
    // Each of the others knows of one entry less, and voids that one alone.
    let mut judged = 0;
    for n in 0..20 {
        let base = phone.dinners[28 - n];
        let revocation = phone.sign(Draft::carry(&phone.revocation(base, 50 + n)));
        let (more, flips) = phone.replay(revocation);
        assert_eq!(flips, 1);
        judged += more;
    }
    assert_eq!(judged, 20);
    phone.assert_sound();
}

/// What can flip no verdict is replayed in place: another carrier of a known statement, and a
/// removal or bind that somebody else than the owner signed.
#[test]
fn repeated_carriers_and_forged_removals_copy_no_authority_state() {
    let mut phone = Phone::with_dinners(2);
    let base = phone.dinners[0];
    let signed = phone.revocation(base, 1);
    let first = phone.sign(Draft::carry(&signed));
    assert!(phone.is_copied_for(&first));
    phone.replay(first);
    let again = phone.sign(Draft::carry(&signed));
    assert!(!phone.is_copied_for(&again));
    assert_eq!(phone.replay(again), (0, 0));

    let (id, member) = (phone.group.ledger.group(), phone.group.members[1]);
    let remove = NewStatement::Remove { member };
    for (entropy, copied) in [(5, false), (8, true)] {
        let root = RootEntropy::from_bytes([entropy; 32]).root_key(0);
        let draft = Draft::statement(&root, id, &remove, [base], [2; 16]).unwrap();
        let removal = phone.sign(draft);
        assert_eq!(phone.is_copied_for(&removal), copied);
        phone.replay(removal);
    }
    phone.assert_sound();
}

/// Each entry that joins a slot of many, or leaves it, reads as few of them as the first one: the
/// entries of one member make no work that grows with their square.
#[test]
fn a_slot_of_many_entries_is_never_read_whole() {
    let few = SlotRole::ALL.len() + 1;
    let mut phone = Phone::with_dinners(1);
    let Transaction::Expense(dinner) = phone.group.expense(0, &[0, 1, 2], 3000) else { panic!() };
    let dinner = Transaction::Expense(dinner.origin(Origin::of_row(b"row")));
    std::mem::swap(&mut phone.group.device, &mut phone.phone);
    let mut heads = vec![phone.dinners[0]];
    let mut first = None;
    for n in 0..100 {
        let original = first.unwrap_or(heads[0]);
        let draft = match n % 5 {
            0 => Draft::record(phone.group.ledger.state(), &dinner).unwrap(),
            1 => Draft::copy(phone.group.ledger.state(), original, &dinner).unwrap(),
            2 => Draft::correction(phone.group.ledger.state(), original, &dinner).unwrap(),
            3 => Draft::cancellation(original, None),
            _ => Draft::restoration(original),
        };
        let at = phone.group.ledger.next_position(phone.group.device.id()).unwrap();
        let entry = draft.sign(&phone.group.device, &at, 0).unwrap();
        first.get_or_insert(entry.id());
        heads.push(entry.id());
        let (_, _, read) = phone.replay_counted(entry);
        assert!(read <= few, "{read} entries of the slot are read for entry {n}");
    }
    std::mem::swap(&mut phone.group.device, &mut phone.phone);
    // Each revocation knows of one entry less, and takes it out of the slot.
    for n in 0..100 {
        let revocation = phone.sign(Draft::carry(&phone.revocation(heads[99 - n], n)));
        let (judged, flips, read) = phone.replay_counted(revocation);
        assert_eq!((judged, flips), (1, 1), "revocation {n}");
        assert!(read <= 2 * few + 1, "{read} entries of the slot are read for revocation {n}");
    }
    phone.assert_sound();
}
