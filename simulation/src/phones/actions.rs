//! Actions of people: writing, joining, pairing, revoking.

use ledger_core::messages::invite::InviteLink;
use ledger_core::{Amount, Currency, Date, Expense, MemberId, Origin, Transaction, split_equally};
use ledger_store::{
    Group, NewEntry, NewInvite, PairingMode, Received, StatementIntent, StoreError,
};

use super::phone::Phone;
use super::play::{Play, STEPS, StepResult};

impl Play {
    /// A person writes an expense, a correction, a cancellation or a placeholder, or what recurs.
    pub(super) fn write(&mut self, at: usize) -> StepResult {
        let phone = self.phones.get(at).ok_or(StoreError::UnknownRequest)?;
        let state = phone.group.state()?;
        let members: Vec<MemberId> = state.members().iter().map(|(id, _)| *id).collect();
        let (Some(payer), Ok(currency)) = (self.rng.pick(&members), Currency::from_code("EUR"))
        else {
            return Ok(None);
        };
        let units = 1 + self.rng.draw() % 10_000;
        let (Ok(amount), Ok(date)) =
            (Amount::from_minor_units(units), Date::from_ymd(2026, 11, 21))
        else {
            return Ok(None);
        };
        let parts = split_equally(amount, members.len().min(3), units);
        let shares = members.iter().copied().zip(parts).filter(|(_, part)| part.minor_units() > 0);
        let mut expense = Expense::new(date, format!("Thing {units}"), currency, amount)
            .paid_by(payer, amount)
            .shares(shares);
        // Some are rows of a file that others import, too; the names of the rows are few.
        expense.origin = (units % 4 == 1).then(|| Origin::from_bytes([(units / 4 % 5) as u8; 16]));
        let details = Transaction::Expense(expense);
        if self.rng.chance(20) {
            return self.recur(at, details);
        }
        let mut known = phone.group.lists().expenses(None, 50)?;
        let cancelled = known.iter().find(|row| row.cancelled).map(|row| row.original);
        // Nothing but a restoration changes what is cancelled.
        known.retain(|row| !row.cancelled);
        let original = self.rng.pick(&known).map(|row| row.original);
        let entry = match (self.rng.below(10), original) {
            (0, _) if units.is_multiple_of(2) && cancelled.is_some() => {
                NewEntry::Restoration { original: cancelled.ok_or(StoreError::UnknownRequest)? }
            }
            (0, Some(original)) => NewEntry::Cancellation { original, reason: None },
            (1 | 2, Some(original)) => NewEntry::Correction { original, transaction: details },
            (3, _) => NewEntry::Placeholder { name: format!("Guest {units}") },
            _ => NewEntry::Record(details),
        };
        self.tally.add(STEPS, "entry written", 1);
        let (ids, device) = (phone.group.entries().append(vec![entry])?, phone.device());
        self.written.extend(ids.into_iter().map(|id| (id, device)));
        Ok(None)
    }

    /// A new person joins by an open invite of the phone.
    pub(super) fn join(&mut self, at: usize) -> Result<(), StoreError> {
        let (store, person) = (self.database()?, self.people);
        self.people += 1;
        let phone = self.phone(at)?;
        let link = phone.group.invites().create(&NewInvite::default().note("all"))?;
        let link = InviteLink::parse(&link.reveal("x"))?;
        let request = store.joining().join(&link, &format!("Person {person}"))?;
        let Received::Admitted(admitted) = phone.store.joining().receive_request(&request)? else {
            return Err(StoreError::UnknownRequest);
        };
        let group = store.joining().enter(&admitted.answer)?;
        let device = phone.device();
        self.written.insert(admitted.entry, device);
        self.phones.push(Phone::new(store, group, person)?);
        self.tally.add(STEPS, "person joined", 1);
        Ok(())
    }

    /// Pairs a further device, which records only. A device with the root key could not be kept from
    /// anything by a revocation.
    pub(super) fn pair(&mut self, at: usize) -> StepResult {
        let store = self.database()?;
        let old = self.phone(at)?;
        let (new, offer) = store.pairing().start_on_new_device()?;
        let (scanned, reply) = old.store.pairing().start_on_old_device(&offer)?;
        let (showing, revealed) = new.receive(&reply)?;
        let entering = scanned.receive(&revealed)?;
        let (enrolling, groups) = match entering.enter(&showing.reveal_code()) {
            Ok(entered) => entered,
            Err(StoreError::NoRootKey) => return Ok(None),
            Err(error) => return Err(error),
        };
        let (awaiting, devices) = showing.receive(&groups)?.accept()?;
        let granted = match enrolling.receive(&devices, PairingMode::RecordOnly) {
            Ok(granted) => granted,
            Err(StoreError::Draft(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let Some(group) = awaiting.receive(&granted)?.pop() else { return Ok(None) };
        let (person, old) = (old.person, old.device());
        self.cut.enrols(old, group.device());
        self.phones.push(Phone::new(store, group, person)?);
        self.tally.add(STEPS, "device paired", 1);
        self.welcome(at)
    }

    /// A person revokes a device that records only, with a device that has the root key.
    pub(super) fn revoke(&mut self) -> StepResult {
        let records_only = |phone: &&Phone| phone.store.recovery().reveal_phrase().is_err();
        let found = self.phones.iter().filter(records_only).find_map(|target| {
            let mut others = self.phones.iter().filter(|phone| phone.person == target.person);
            let by = others.find(|phone| phone.store.recovery().reveal_phrase().is_ok())?;
            let state = by.group.state().ok()?;
            let both = state.may_write(target.device()) && state.may_write(by.device());
            both.then_some((by, target.device()))
        });
        let Some((by, device)) = found else { return Ok(None) };
        sign(&by.group, StatementIntent::Revoke { device, since: None })?;
        self.cut.by_others.insert(device);
        self.tally.add(STEPS, "device revoked", 1);
        Ok(None)
    }
}

/// Proposes a statement and signs it.
pub(super) fn sign(group: &Group, statement: StatementIntent) -> Result<(), StoreError> {
    let proposal = group.statements().propose(statement)?;
    group.statements().sign(&proposal).map(|_| ())
}
