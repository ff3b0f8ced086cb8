//! A group of a store, in which five people write.

use std::path::Path;

use ledger_core::{
    Admission, Amount, Currency, Details, DeviceKey, Draft, EntryId, ExpenseDetails, Ledger,
    MemberId, MemoryIndex, RootEntropy, SignedCard, VerifiedEntry, split_equally,
};
use ledger_store::Group;

pub(crate) struct Crowd {
    pub(crate) ledger: Ledger,
    index: MemoryIndex,
    people: Vec<(MemberId, DeviceKey, EntryId)>,
    pub(crate) entries: Vec<VerifiedEntry>,
}

/// The device key in a file of secrets.
fn device(keys: &Path) -> DeviceKey {
    let keys = std::fs::read_to_string(keys).unwrap();
    let line = keys.lines().find(|line| line.starts_with("device-")).unwrap();
    let hex = line.split_once(' ').unwrap().1;
    let byte = |n: usize| u8::from_str_radix(&hex[2 * n..2 * n + 2], 16).unwrap();
    DeviceKey::from_bytes(&std::array::from_fn(byte))
}

impl Crowd {
    pub(crate) fn of(group: &Group, keys: &Path) -> Self {
        let genesis = group.activity(None, 1).unwrap().remove(0).entry;
        let mut index = MemoryIndex::new();
        let ledger = Ledger::begin(&genesis, &mut index).unwrap();
        let founder = ledger.state().members()[0].0;
        let people = vec![(founder, device(keys), genesis.id())];
        let mut crowd = Self { ledger, index, people, entries: vec![genesis] };
        for n in 1..5u8 {
            let (key, entropy) =
                (DeviceKey::from_bytes(&[n; 64]), RootEntropy::from_bytes([n; 32]));
            let name = format!("Person {n}");
            let card = SignedCard::new(crowd.ledger.group(), &name, &entropy, 0, &key).unwrap();
            let draft = Draft::add_member(crowd.ledger.state(), &card).unwrap();
            let id = crowd.sign(0, draft);
            crowd.people.push((card.card().member(), key, id));
        }
        crowd
    }

    /// Entries until there are so many besides genesis.
    pub(crate) fn write(&mut self, entries: usize) {
        while self.entries.len() <= entries {
            let n = self.entries.len();
            let amount = Amount::from_minor_units(100 + n as u64 % 9_000).unwrap();
            let members: Vec<MemberId> = self.people.iter().map(|(member, ..)| *member).collect();
            let shares = members.iter().copied().zip(split_equally(amount, 5, n as u64)).collect();
            let details = Details::Expense(ExpenseDetails {
                date: format!("2026-{:02}-{:02}", 1 + n % 12, 1 + n % 28).parse().unwrap(),
                description: format!("Groceries, and what was missing {}", n % 977),
                category: Some("Groceries".to_owned()),
                note: None,
                currency: Currency::from_code("EUR").unwrap(),
                amount,
                payers: vec![(members[n % 5], amount)],
                shares,
                origin: None,
            });
            let draft = Draft::record(self.ledger.state(), &details).unwrap();
            self.sign(n % 5, draft);
        }
    }

    fn sign(&mut self, who: usize, draft: Draft) -> EntryId {
        let (_, device, home) = &self.people[who];
        let at = self.ledger.next_position(device.id());
        let at = at.or_else(|| self.ledger.first_position(device.id(), *home)).unwrap();
        let entry = draft.sign(device, &at, 1_700_000_000_000).unwrap();
        let id = entry.id();
        let Ok(Admission::Admitted(admitted)) = self.ledger.admit(entry.clone(), &self.index)
        else {
            panic!("{id} is not admitted");
        };
        let Ok(replayed) = self.ledger.replay(&admitted, &self.index);
        self.index.insert(&admitted, &replayed);
        self.entries.push(entry);
        id
    }
}
