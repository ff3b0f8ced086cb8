//! The person's entropy and phrase.

use ledger_core::keys::RootEntropy;
use rusqlite::TransactionBehavior;
use zeroize::Zeroizing;

use crate::environment::random;
use crate::{Secret, SecretName, Store, StoreError};

/// How many root keys a device numbers before it may meet those of another
/// device of the same person.
const LANE: u32 = 64;

/// How many such lanes there are among the numbers that a restored person
/// tries.
const LANES: u32 = 16;

impl Store {
    /// The 24 words that restore this person on a new device. For their eyes
    /// only; to be written down on paper.
    ///
    /// # Errors
    /// [`StoreError::NoRootKey`] if this device does not hold the entropy, or
    /// nobody has used it yet.
    pub fn reveal_phrase(&self) -> Result<Zeroizing<String>, StoreError> {
        Ok(self.known_entropy()?.ok_or(StoreError::NoRootKey)?.reveal_phrase())
    }

    /// Makes this device that of the person whose phrase was typed.
    ///
    /// # Errors
    /// [`StoreError::Phrase`] says what is wrong with the words;
    /// [`StoreError::OtherPerson`] if this device belongs to somebody else.
    pub fn restore_phrase(&self, typed: &str) -> Result<(), StoreError> {
        self.become_person(&RootEntropy::from_phrase(typed)?)
    }

    /// Makes this device that of the person with this entropy, unless it is
    /// somebody else's.
    pub(crate) fn become_person(&self, entropy: &RootEntropy) -> Result<(), StoreError> {
        let same = |known: &RootEntropy| known.root_key(0).id() == entropy.root_key(0).id();
        let known = self.known_entropy()?;
        if known.as_ref().is_some_and(same) {
            return Ok(());
        }
        let random = u32::from_be_bytes(*random::<4>(self.environment())?);
        let lane = random.checked_rem(LANES.saturating_sub(1)).unwrap_or(0).saturating_add(1);
        self.write(|connection| {
            let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let sql = "SELECT EXISTS (SELECT 1 FROM groups UNION ALL SELECT 1 FROM joins)";
            let used: bool = tx.query_row(sql, [], |row| row.get(0))?;
            // Groups without entropy are those of a device in high-security mode.
            if used && known.is_some() {
                return Err(StoreError::OtherPerson);
            }
            // Another device may have numbered groups that this one does not know.
            tx.execute("DELETE FROM person", [])?;
            let first = lane.saturating_mul(LANE);
            tx.execute("INSERT INTO person (first_index) VALUES (?1)", [first])?;
            Ok(tx.commit()?)
        })?;
        // After the row: without the secret, that only wastes numbers.
        let bytes = Secret::new(entropy.expose_bytes().to_vec());
        Ok(self.secrets().set(&SecretName::entropy(), &bytes)?)
    }
}
