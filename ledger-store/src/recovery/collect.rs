//! Asking friends for the shares of one's own entropy.

use ledger_core::keys::ExchangeKey;
use ledger_core::messages::recovery::{
    Added, Progress, RecoveryRequest, ShareCollection, ShareError,
};

use crate::environment::random;
use crate::{Secret, SecretName, Store, StoreError};

impl Store {
    /// Begins to recover by friends, or shows the request of a recovery that is
    /// under way. The request holds no secret; friends compare its fingerprint
    /// by voice.
    ///
    /// # Errors
    /// [`StoreError`] if the secrets cannot be used.
    pub fn recovery_request(&self) -> Result<RecoveryRequest, StoreError> {
        if let Some(key) = self.collecting_key()? {
            return Ok(ShareCollection::new(key).request());
        }
        let bytes = random::<32>(self.environment())?;
        self.secrets().set(&SecretName::recovery(), &Secret::new(bytes.to_vec()))?;
        Ok(ShareCollection::new(ExchangeKey::from_bytes(*bytes)).request())
    }

    /// Takes a share that a friend returned. It is kept as it came, sealed,
    /// until there are enough.
    ///
    /// # Errors
    /// [`StoreError::Share`] names what is wrong with it, and whose it is;
    /// nothing has changed.
    pub fn add_returned_share(&self, message: &[u8]) -> Result<Added, StoreError> {
        let mut collection = self.collection()?;
        let added = collection.add(message)?;
        let sql = "INSERT INTO returned (message) VALUES (?1)";
        self.write(|connection| Ok(connection.execute(sql, [message])?))?;
        Ok(added)
    }

    /// How far the recovery is; none before the first share.
    ///
    /// # Errors
    /// [`StoreError`] if the database or the secrets cannot be read.
    pub fn recovery_progress(&self) -> Result<Option<Progress>, StoreError> {
        Ok(self.collection()?.progress())
    }

    /// Puts the shares together, and makes this device that of the person.
    ///
    /// # Errors
    /// [`StoreError::Share`] if there are too few, or they do not fit;
    /// [`StoreError::OtherPerson`] if this device belongs to somebody else.
    pub fn recover_from_shares(&self) -> Result<(), StoreError> {
        let recovered = self.collection()?.recover()?;
        self.become_person(&recovered.entropy)?;
        self.cancel_recovery()
    }

    /// Ends a recovery: shares that come later are of no use.
    ///
    /// # Errors
    /// [`StoreError`] if the database or the secrets cannot be written.
    pub fn cancel_recovery(&self) -> Result<(), StoreError> {
        self.write(|connection| Ok(connection.execute("DELETE FROM returned", [])?))?;
        Ok(self.secrets().remove(&SecretName::recovery())?)
    }

    fn collection(&self) -> Result<ShareCollection, StoreError> {
        let key = self.collecting_key()?.ok_or(ShareError::NotForUs)?;
        let mut collection = ShareCollection::new(key);
        let messages: Vec<Vec<u8>> = self.read(|connection| {
            let mut statement = connection.prepare("SELECT message FROM returned ORDER BY r")?;
            let rows = statement.query_map([], |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })?;
        messages.iter().try_for_each(|message| collection.add(message).map(|_| ()))?;
        Ok(collection)
    }

    fn collecting_key(&self) -> Result<Option<ExchangeKey>, StoreError> {
        let secret = self.secrets().get(&SecretName::recovery())?;
        let bytes = secret.as_ref().and_then(|secret| secret.expose().first_chunk::<32>());
        Ok(bytes.map(|bytes| ExchangeKey::from_bytes(*bytes)))
    }
}
