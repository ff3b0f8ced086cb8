//! A ledger as other languages see it.

use std::path::Path;
use std::sync::Arc;

use ledger_core::{Balance, GroupId, GroupState, MemberId, settle_up};
use ledger_store::{FileSecrets, Store};

use crate::LedgerError;

/// An open database with one group. May be used from any thread.
#[derive(uniffi::Object)]
pub struct Ledger {
    store: Store,
    group: GroupId,
}

/// What one member gets back in one currency.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct BalanceRow {
    /// The member, by a name that no other member has.
    pub member: String,
    /// The currency's ISO 4217 code.
    pub currency: String,
    /// Positive is what the group owes the member, in cents or the like.
    pub minor_units: i64,
}

/// One payment of a plan that settles all balances.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct SettlementRow {
    /// Who pays.
    pub from_member: String,
    /// Who receives.
    pub to_member: String,
    /// The currency's ISO 4217 code.
    pub currency: String,
    /// How much, positive, in cents or the like.
    pub minor_units: i64,
}

#[uniffi::export]
impl Ledger {
    /// Opens a database that exists, with the keys in a key file.
    ///
    /// # Errors
    /// [`LedgerError`] if there is none, the key file is another database's,
    /// or the database does not hold one group.
    #[uniffi::constructor]
    pub fn open(db_path: &str, key_file: &str) -> Result<Self, LedgerError> {
        let store = Store::open(Path::new(db_path), Arc::new(FileSecrets::new(key_file)))?;
        let groups = store.groups()?;
        let [only] = groups.as_slice() else {
            let groups = u64::try_from(groups.len()).unwrap_or(u64::MAX);
            return Err(LedgerError::NotOneGroup { groups });
        };
        Ok(Self { group: only.id, store })
    }

    /// The members in the order of their introduction, by names that no other
    /// member has.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub fn member_names(&self) -> Result<Vec<String>, LedgerError> {
        let state = self.state()?;
        let labels = state.labels();
        Ok(state
            .members()
            .iter()
            .map(|(id, _)| labels.get(id).cloned().unwrap_or_default())
            .collect())
    }

    /// Every member's balance in every currency, zeros too: by currency, then
    /// in the order of the members.
    ///
    /// # Errors
    /// [`LedgerError::TooLarge`], or what reading the database says.
    pub fn balances(&self) -> Result<Vec<BalanceRow>, LedgerError> {
        balance_rows(&self.state()?)
    }

    /// Who pays whom so that everybody is settled.
    ///
    /// # Errors
    /// [`LedgerError::TooLarge`], or what reading the database says.
    pub fn settle_up(&self) -> Result<Vec<SettlementRow>, LedgerError> {
        let state = self.state()?;
        let labels = state.labels();
        let label = |member: MemberId| labels.get(&member).cloned().unwrap_or_default();
        let mut rows = Vec::new();
        for currency in state.currencies() {
            for step in settle_up(state.open_balances(currency)) {
                rows.push(SettlementRow {
                    from_member: label(step.from),
                    to_member: label(step.to),
                    currency: currency.code().to_owned(),
                    minor_units: minor_units(step.amount)?,
                });
            }
        }
        Ok(rows)
    }

    /// The digest of the state in hexadecimal: devices with equal digests
    /// agree on every member and balance.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub fn state_digest(&self) -> Result<String, LedgerError> {
        Ok(self.state()?.digest().to_string())
    }
}

impl Ledger {
    fn state(&self) -> Result<GroupState, LedgerError> {
        Ok(self.store.group(self.group)?.state()?)
    }
}

fn balance_rows(state: &GroupState) -> Result<Vec<BalanceRow>, LedgerError> {
    let labels = state.labels();
    let mut rows = Vec::new();
    for currency in state.currencies() {
        for (member, _) in state.members() {
            rows.push(BalanceRow {
                member: labels.get(&member).cloned().unwrap_or_default(),
                currency: currency.code().to_owned(),
                minor_units: minor_units(state.balance(member, currency))?,
            });
        }
    }
    Ok(rows)
}

fn minor_units(balance: Balance) -> Result<i64, LedgerError> {
    i64::try_from(balance.minor_units()).map_err(|_| LedgerError::too_large(balance))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger_core::{Amount, Currency, Date, Details, TransferDetails};
    use ledger_store::NewEntry;

    /// A folder with a database and its key file.
    struct Fixture {
        folder: tempfile::TempDir,
    }

    impl Fixture {
        fn path(&self, name: &str) -> String {
            self.folder.path().join(name).to_str().unwrap().to_owned()
        }

        fn store(&self) -> Store {
            let secrets = Arc::new(FileSecrets::new(self.path("keys")));
            Store::open_or_create(Path::new(&self.path("db")), secrets).unwrap()
        }

        /// Anna gave Ben 12.50.
        fn with_a_transfer() -> Self {
            let fixture = Self { folder: tempfile::tempdir().unwrap() };
            let store = fixture.store();
            let group = store.found_group("Flat", "Anna").unwrap();
            group.append(vec![NewEntry::Placeholder { name: "Ben".into() }]).unwrap();
            let members = group.state().unwrap().members().iter().map(|m| m.0).collect::<Vec<_>>();
            let transfer = Details::Transfer(TransferDetails {
                date: Date::from_ymd(2026, 11, 21).unwrap(),
                description: "lent".into(),
                currency: Currency::from_code("EUR").unwrap(),
                amount: Amount::from_minor_units(1250).unwrap(),
                from: members[0],
                to: members[1],
                origin: None,
            });
            group.append(vec![NewEntry::Record(transfer)]).unwrap();
            fixture
        }
    }

    #[test]
    fn reads_what_the_store_wrote() {
        let fixture = Fixture::with_a_transfer();
        let ledger = Ledger::open(&fixture.path("db"), &fixture.path("keys")).unwrap();
        assert_eq!(ledger.member_names().unwrap(), ["Anna", "Ben"]);
        let row = |member: &str, minor_units| BalanceRow {
            member: member.to_owned(),
            currency: "EUR".to_owned(),
            minor_units,
        };
        assert_eq!(ledger.balances().unwrap(), [row("Anna", 1250), row("Ben", -1250)]);
        let plan = ledger.settle_up().unwrap();
        assert_eq!(plan.len(), 1);
        assert_eq!((&*plan[0].from_member, &*plan[0].to_member), ("Ben", "Anna"));
        assert_eq!(plan[0].minor_units, 1250);
        let store = fixture.store();
        let digest = store.group(ledger.group).unwrap().state().unwrap().digest();
        assert_eq!(ledger.state_digest().unwrap(), digest.to_string());
    }

    #[test]
    fn failures_have_types() {
        let fixture = Fixture::with_a_transfer();
        let open = |db: &str, keys: &str| {
            Ledger::open(&fixture.path(db), &fixture.path(keys)).err().unwrap()
        };
        assert!(matches!(open("nowhere", "keys"), LedgerError::NotFound { .. }));
        assert!(matches!(open("db", "other keys"), LedgerError::WrongKey { .. }));
        std::fs::write(fixture.path("letter"), "hello").unwrap();
        assert!(matches!(open("db", "letter"), LedgerError::KeyFile { .. }));
        fixture.store().found_group("Trip", "Anna").unwrap();
        assert_eq!(open("db", "keys"), LedgerError::NotOneGroup { groups: 2 });
    }

    #[test]
    fn a_balance_beyond_64_bits_is_an_error() {
        let most = Balance::from(Amount::from_minor_units(1_000_000_000_000_000).unwrap());
        let sum = |n: usize| std::iter::repeat_n(most, n).fold(Balance::ZERO, Balance::plus);
        assert_eq!(minor_units(sum(9_223)), Ok(9_223_000_000_000_000_000));
        assert_eq!(
            minor_units(sum(9_224).negated()),
            Err(LedgerError::TooLarge { minor_units: "-9224000000000000000".to_owned() })
        );
    }
}
