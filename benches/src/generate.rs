//! A seeded generator of a shared flat's ledger, over the public API only.

use chacha20::ChaCha20Rng;
use chacha20::rand_core::{Rng as _, SeedableRng as _};
use ledger_core::engine::{Admission, Draft, Ledger, MemoryIndex, NewGroup, VerifiedEntry};
use ledger_core::keys::{DeviceKey, RootEntropy};
use ledger_core::{
    Amount, Currency, Date, EntryId, Expense, MemberId, StateDigest, Transaction, Transfer,
    split_equally,
};

use crate::{Error, Stored};

/// A generated ledger.
#[derive(Clone, Debug)]
pub struct Generated {
    /// The entries in the order in which they were recorded, genesis first.
    pub entries: Vec<Stored>,
    /// The digest of the state that they give.
    pub digest: StateDigest,
}

/// Milliseconds between two entries: a few hours.
const STEP_MS: u64 = 17_000_000;

const WORDS: [&str; 12] = [
    "groceries",
    "rent",
    "electricity",
    "Pizza Napoli",
    "train tickets",
    "internet",
    "cleaning things",
    "birthday present for Jörg",
    "petrol",
    "museum",
    "drinks",
    "coffee and cake",
];

/// A ledger of `money` entries about money after a genesis entry and five placeholders, written by
/// one device. The same seed gives the same bytes.
///
/// Of the entries about money, 85 % are expenses with five shares and one or two payers, 8 % are
/// transfers, 5 % corrections, and 2 % cancellations.
///
/// # Errors
/// If the library refuses what is generated.
pub fn generate(seed: u64, money: usize) -> Result<Generated, Error> {
    let mut author = Author::found(seed)?;
    for name in ["Ben", "Chiara", "Deniz", "Grandma", "Émile"] {
        let nonce = author.random();
        let founder = author.members.first().copied().ok_or("no founder")?;
        let draft = Draft::placeholder(author.ledger.state(), founder, name, nonce)?;
        author.sign(draft)?;
        author.members = author.ledger.state().members().iter().map(|(id, _)| *id).collect();
    }
    for _ in 0..money {
        author.money()?;
    }
    Ok(Generated { entries: author.stored, digest: author.ledger.state().digest() })
}

/// The device that writes everything, with its replayed ledger.
struct Author {
    rng: ChaCha20Rng,
    device: DeviceKey,
    ledger: Ledger,
    index: MemoryIndex,
    members: Vec<MemberId>,
    /// Ids of expenses and transfers that were not cancelled.
    recorded: Vec<EntryId>,
    now_ms: u64,
    stored: Vec<Stored>,
}

impl Author {
    fn found(seed: u64) -> Result<Self, Error> {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let device = DeviceKey::from_bytes(&random(&mut rng));
        let entropy = RootEntropy::from_bytes(random(&mut rng));
        let salt = random(&mut rng);
        let group = NewGroup::new("Flat 12b", "Anna", &entropy, 0, salt);
        let now_ms = 1_700_000_000_000;
        let genesis = group.create(&device, now_ms)?;
        let mut index = MemoryIndex::new();
        let ledger = Ledger::begin(&genesis, &mut index)?;
        let members = ledger.state().members().iter().map(|(id, _)| *id).collect();
        let stored = vec![store(&genesis)];
        Ok(Self { rng, device, ledger, index, members, recorded: Vec::new(), now_ms, stored })
    }

    /// One entry about money.
    fn money(&mut self) -> Result<(), Error> {
        let die = self.below(100);
        if die < 7 && !self.recorded.is_empty() {
            let place = self.place(self.recorded.len());
            if die < 2 {
                let original = self.recorded.swap_remove(place);
                self.sign(Draft::cancellation(original, Some("entered twice".to_owned())))?;
                return Ok(());
            }
            let details = self.details()?;
            let original = *self.recorded.get(place).ok_or("no such place")?;
            let draft = Draft::correction(self.ledger.state(), original, &details)?;
            self.sign(draft)?;
            return Ok(());
        }
        let details = self.details()?;
        let id = self.sign(Draft::record(self.ledger.state(), &details)?)?;
        self.recorded.push(id);
        Ok(())
    }

    fn details(&mut self) -> Result<Transaction, Error> {
        // 85 expenses for 8 transfers.
        if self.below(93) < 8 { self.transfer() } else { self.expense() }
    }

    fn expense(&mut self) -> Result<Transaction, Error> {
        let amount = Amount::from_minor_units(self.below(20_000).saturating_add(200))?;
        let turn = self.rng.next_u64();
        let mut sharing = self.members.clone();
        sharing.remove(self.place(sharing.len()));
        let shares = sharing.into_iter().zip(split_equally(amount, 5, turn));
        // One in six is paid by two people.
        let two = self.below(6) == 0;
        let payers = self.some_members(if two { 2 } else { 1 });
        let paid = split_equally(amount, payers.len(), turn);
        let (date, description) = (self.date()?, self.word());
        let category = (self.below(2) == 0).then(|| "Household".to_owned());
        let note = (self.below(10) == 0).then(|| "the receipt is in the drawer".to_owned());
        let mut expense = Expense::new(date, description, self.currency()?, amount)
            .payers(payers.into_iter().zip(paid))
            .shares(shares);
        (expense.category, expense.note) = (category, note);
        Ok(Transaction::Expense(expense))
    }

    fn transfer(&mut self) -> Result<Transaction, Error> {
        let [from, to] = self.some_members(2)[..] else { return Err("two members".into()) };
        Ok(Transaction::Transfer(
            Transfer::new(
                self.date()?,
                self.currency()?,
                Amount::from_minor_units(self.below(50_000).saturating_add(1))?,
                from,
                to,
            )
            .description("paid back"),
        ))
    }

    fn sign(&mut self, draft: Draft) -> Result<EntryId, Error> {
        let at = self.ledger.next_position(self.device.id()).ok_or("not enrolled")?;
        self.now_ms = self.now_ms.saturating_add(STEP_MS);
        let entry = draft.sign(&self.device, &at, self.now_ms)?;
        let (id, stored) = (entry.id(), store(&entry));
        let Admission::Admitted(entry) = self.ledger.admit(entry, &self.index)? else {
            return Err("an entry was not admitted".into());
        };
        let replayed = self.ledger.replay(&entry, &self.index)?;
        if !replayed.verdict().is_applied() {
            return Err("an entry was void".into());
        }
        self.index.insert(&entry, &replayed);
        self.stored.push(stored);
        Ok(id)
    }

    fn some_members(&mut self, count: usize) -> Vec<MemberId> {
        let first = self.place(self.members.len());
        self.members.iter().copied().cycle().skip(first).take(count).collect()
    }

    fn date(&mut self) -> Result<Date, Error> {
        let year = self.below(3).saturating_add(2023);
        let month = self.below(12).saturating_add(1);
        let day = self.below(28).saturating_add(1);
        Ok(Date::from_ymd(u32::try_from(year)?, u32::try_from(month)?, u32::try_from(day)?)?)
    }

    fn currency(&mut self) -> Result<Currency, Error> {
        let code = if self.below(10) == 0 { "CHF" } else { "EUR" };
        Ok(Currency::from_code(code)?)
    }

    fn word(&mut self) -> String {
        let place = self.place(WORDS.len());
        WORDS.get(place).copied().unwrap_or_default().to_owned()
    }

    /// A number below `limit`; the slight bias does not matter here.
    fn below(&mut self, limit: u64) -> u64 {
        self.rng.next_u64().checked_rem(limit).unwrap_or_default()
    }

    /// A place in a list of `len`.
    fn place(&mut self, len: usize) -> usize {
        let limit = u64::try_from(len).unwrap_or(u64::MAX);
        usize::try_from(self.below(limit)).unwrap_or_default()
    }

    fn random<const N: usize>(&mut self) -> [u8; N] {
        random(&mut self.rng)
    }
}

fn random<const N: usize>(rng: &mut ChaCha20Rng) -> [u8; N] {
    let mut bytes = [0; N];
    rng.fill_bytes(&mut bytes);
    bytes
}

fn store(entry: &VerifiedEntry) -> Stored {
    let decoded = entry.decoded();
    Stored { bytes: decoded.as_bytes().to_vec(), signature: *decoded.signature() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{decode, replay, trust, verify};

    #[test]
    fn the_same_seed_gives_the_same_ledger() {
        let (one, two) = (generate(1, 60).unwrap(), generate(1, 60).unwrap());
        assert_eq!(one.entries, two.entries);
        assert_eq!(one.entries.len(), 66);
        assert_ne!(one.entries, generate(2, 60).unwrap().entries);
    }

    #[test]
    fn every_way_to_the_balances_ends_in_the_same_state() {
        let generated = generate(1, 200).unwrap();
        let verified = verify(decode(&generated.entries).unwrap()).unwrap();
        assert_eq!(replay(verified).unwrap().state().digest(), generated.digest);
        let trusted = trust(decode(&generated.entries).unwrap());
        assert_eq!(replay(trusted).unwrap().state().digest(), generated.digest);
    }
}
