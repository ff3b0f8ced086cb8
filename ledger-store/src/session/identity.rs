//! The person's entropy and the keys of this device, in the secret store.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ledger_core::DeviceId;
use ledger_core::keys::{DeviceKey, RootEntropy};
use rusqlite::{Transaction, TransactionBehavior};

use super::enter::first_index;
use super::{GroupSession, MembershipRow, Session};
use crate::error::{SecretError, StoreError};
use crate::platform::environment::random;
use crate::secrets::{Secret, SecretName};

/// A number that is odd while this process replaces the person's entropy, and is never the same
/// again after that. A root key comes into use only in the turn in which its entropy was read: the
/// secret store cannot take part in a transaction.
#[derive(Default)]
pub(super) struct Turns(AtomicU64);

/// A turn in which the person's entropy stays as it is.
#[derive(Clone, Copy)]
pub(crate) struct Turn(u64);

/// The replacing of the person's entropy; over when it is dropped.
struct Replacing<'a>(&'a Turns);

impl Turns {
    fn replace(&self) -> Result<Replacing<'_>, StoreError> {
        let Turn(now) = self.now()?;
        let begun =
            self.0.compare_exchange(now, now.wrapping_add(1), Ordering::SeqCst, Ordering::SeqCst);
        begun.map(|_| Replacing(self)).map_err(|_| StoreError::Busy)
    }

    fn now(&self) -> Result<Turn, StoreError> {
        let now = self.0.load(Ordering::SeqCst);
        if now.is_multiple_of(2) { Ok(Turn(now)) } else { Err(StoreError::Busy) }
    }
}

impl Drop for Replacing<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Session {
    /// The turn of the person's entropy, asked for before the entropy is read.
    ///
    /// # Errors
    /// [`StoreError::Busy`] while another call replaces the entropy.
    pub(crate) fn turn(&self) -> Result<Turn, StoreError> {
        self.turns.now()
    }

    /// Refuses to use a root key if its entropy may have been replaced since it was read. Called
    /// while holding the writer permit.
    ///
    /// # Errors
    /// [`StoreError::Busy`] if another call replaced it, or is about to.
    pub(crate) fn check_turn(&self, Turn(read_in): Turn) -> Result<(), StoreError> {
        let Turn(now) = self.turns.now()?;
        if now == read_in { Ok(()) } else { Err(StoreError::Busy) }
    }

    /// The person's entropy, made on first use.
    pub(crate) fn entropy(&self) -> Result<RootEntropy, StoreError> {
        if let Some(entropy) = self.known_entropy()? {
            return Ok(entropy);
        }
        let fresh = Secret::new(random::<32>(self.environment())?.to_vec());
        // Another process may make it at the same time; `add` returns the one that is kept.
        let name = SecretName::entropy();
        let there = self.secrets_to_write()?.add(&name, &fresh)?;
        entropy_in(&there)
    }

    /// The person's entropy, if this device holds it.
    pub(crate) fn known_entropy(&self) -> Result<Option<RootEntropy>, StoreError> {
        self.secrets().get(&SecretName::entropy())?.as_ref().map(entropy_in).transpose()
    }

    /// Makes this device that of the person with this entropy.
    ///
    /// # Errors
    /// [`StoreError::OtherPerson`] if it is another person's device.
    pub(crate) fn become_person(self: &Arc<Self>, entropy: &RootEntropy) -> Result<(), StoreError> {
        self.enter_as(&[], Some(entropy)).map(|_| ())
    }

    /// Enters groups, and makes this device that of the person with this entropy, if there is one:
    /// all or nothing.
    ///
    /// # Errors
    /// [`StoreError::OtherPerson`] if it is another person's device, [`StoreError::Busy`] while
    /// another call replaces the entropy.
    pub(crate) fn enter_as(
        self: &Arc<Self>,
        memberships: &[MembershipRow<'_>],
        entropy: Option<&RootEntropy>,
    ) -> Result<(Vec<GroupSession>, Vec<DeviceId>), StoreError> {
        let Some(entropy) = entropy else { return self.enter(memberships, |_| Ok(())) };
        // Over when the entropy that was there before is back, too.
        let _replacing = self.turns.replace()?;
        let before = self.replace_person(entropy)?;
        let entered = self.enter(memberships, |tx| match &before {
            // Another process, which knows no turns, used the former entropy meanwhile.
            Some(Some(_)) if is_in_use(tx)? => Err(StoreError::OtherPerson),
            _ => Ok(()),
        });
        if let (Err(_), Some(before)) = (&entered, before) {
            let name = SecretName::entropy();
            // The error of entering says more than one of putting back.
            let _ = match before {
                Some(secret) => self.secrets().set(&name, &secret),
                None => self.secrets().remove(&name),
            };
        }
        entered
    }

    /// Keeps the entropy of another person. Returns the secret that was there, if it was another one.
    ///
    /// The row `person` is durable first: whoever finds this entropy here finds the number from which
    /// this device counts root keys, too. A row without the entropy only makes it count from there.
    fn replace_person(&self, entropy: &RootEntropy) -> Result<Option<Option<Secret>>, StoreError> {
        let same = |known: &RootEntropy| known.root_key(0).id() == entropy.root_key(0).id();
        let name = SecretName::entropy();
        let before = self.secrets().get(&name)?;
        if before.as_ref().map(entropy_in).transpose()?.as_ref().is_some_and(same) {
            return Ok(None);
        }
        // Another device may have numbered groups that this one does not know.
        let first = first_index(u32::from_be_bytes(*random::<4>(self.environment())?));
        self.write(|connection| {
            let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            // Groups without entropy are those of a device that may record only.
            if before.is_some() && is_in_use(&tx)? {
                return Err(StoreError::OtherPerson);
            }
            tx.execute("DELETE FROM person", [])?;
            tx.execute("INSERT INTO person (first_index) VALUES (?1)", [first])?;
            Ok(tx.commit()?)
        })?;
        let secret = Secret::new(entropy.expose_bytes().to_vec());
        if before.is_some() {
            self.secrets().set(&name, &secret)?;
        } else if self.secrets().add(&name, &secret)? != secret {
            // Somebody made one meanwhile, and may use it already.
            return self.replace_person(entropy);
        }
        Ok(Some(before))
    }

    /// Makes the keys of a new device, and keeps them if `work` succeeds. A failure leaves no
    /// secret behind; a crash can leave keys that are in no group.
    pub(crate) fn with_new_device<T>(
        &self,
        work: impl FnOnce(&DeviceKey) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let device = self.new_device()?;
        work(&device).inspect_err(|_| {
            // The error of the work says more than one of removing keys that open nothing.
            let _ = self.forget_device(&device.id());
        })
    }

    /// Makes the keys of a new device, and keeps them.
    pub(crate) fn new_device(&self) -> Result<DeviceKey, StoreError> {
        let bytes = random::<64>(self.environment())?;
        let device = DeviceKey::from_bytes(&bytes);
        // Durable before anything is signed with it.
        let secret = Secret::new(bytes.to_vec());
        self.secrets_to_write()?.set(&SecretName::device(&device.id()), &secret)?;
        Ok(device)
    }

    /// Removes all secrets of a device that is in no group any more.
    pub(crate) fn forget_device(&self, id: &DeviceId) -> Result<(), StoreError> {
        let names =
            [SecretName::exchange(id), SecretName::published_tip(id), SecretName::device(id)];
        names.iter().try_for_each(|name| Ok(self.secrets().remove(name)?))
    }

    /// The keys of a device, if they are still here.
    pub(crate) fn known_device(&self, id: &DeviceId) -> Result<Option<DeviceKey>, StoreError> {
        match self.secrets().get(&SecretName::device(id))? {
            Some(_) => self.device(id).map(Some),
            None => Ok(None),
        }
    }

    /// The keys of a device.
    pub(crate) fn device(&self, id: &DeviceId) -> Result<DeviceKey, StoreError> {
        let name = SecretName::device(id);
        let secret = self.secrets().get(&name)?.ok_or_else(|| unusable(&name))?;
        let bytes: &[u8; 64] = secret.expose().try_into().map_err(|_| unusable(&name))?;
        let device = DeviceKey::from_bytes(bytes);
        if device.id() != *id {
            return Err(unusable(&name));
        }
        Ok(device)
    }
}

/// Whether the person's root keys are in use: in groups, or in requests to join.
fn is_in_use(tx: &Transaction<'_>) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM groups UNION ALL SELECT 1 FROM joins)";
    Ok(tx.query_row(sql, [], |row| row.get(0))?)
}

/// The person's entropy in its secret.
fn entropy_in(secret: &Secret) -> Result<RootEntropy, StoreError> {
    let bytes: Result<[u8; 32], _> = secret.expose().try_into();
    bytes.map(RootEntropy::from_bytes).map_err(|_| unusable(&SecretName::entropy()))
}

fn unusable(name: &SecretName) -> StoreError {
    let reason = "it is missing or damaged; use the secrets that were made with this database";
    StoreError::Secrets(SecretError::new(format!("secret {}", name.as_str()), reason))
}
