//! Collecting the shares of one's own entropy from friends.

use std::sync::Arc;

use ledger_core::keys::{ExchangeKey, RootId};
use ledger_core::messages::recovery::{
    Added, Progress, RecoveryRequest, ShareCollection, ShareError, SharedPerson,
};

use crate::StoreError;
use crate::platform::environment::random;
use crate::secrets::{Secret, SecretName};
use crate::session::Session;

pub(super) fn request(session: &Session) -> Result<RecoveryRequest, StoreError> {
    if let Some(key) = collecting_key(session)? {
        return Ok(ShareCollection::new(key).request());
    }
    let bytes = random::<32>(session.environment())?;
    let secret = Secret::new(bytes.to_vec());
    session.secrets_to_write()?.set(&SecretName::recovery(), &secret)?;
    Ok(ShareCollection::new(ExchangeKey::from_bytes(*bytes)).request())
}

/// Most returned shares that are kept: those of four people. Whoever saw the request can send shares of
/// people of their own making, and each is opened again with the next.
const MAX_RETURNED: u32 = 128;

pub(super) fn add_returned_share(session: &Session, message: &[u8]) -> Result<Added, StoreError> {
    let mut collection = collection(session)?;
    let added = collection.add(message)?;
    session.write(|connection| {
        let count = "SELECT count(*) FROM returned";
        let kept: u32 = connection.query_row(count, [], |row| row.get(0))?;
        if kept >= MAX_RETURNED {
            return Err(StoreError::TooManyShares { kept });
        }
        connection.execute("INSERT INTO returned (message) VALUES (?1)", [message])?;
        Ok(())
    })?;
    Ok(added)
}

pub(super) fn progress(session: &Session) -> Result<Option<Progress>, StoreError> {
    Ok(collection(session)?.progress())
}

pub(super) fn people(session: &Session) -> Result<Vec<SharedPerson>, StoreError> {
    Ok(collection(session)?.people())
}

pub(super) fn person(session: &Session, fingerprint: &str) -> Result<SharedPerson, StoreError> {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let mut people = people(session)?.into_iter();
    let found =
        people.find(|person| digits(&person.fingerprint().to_string()) == digits(fingerprint));
    found.ok_or_else(|| StoreError::UnknownPerson(fingerprint.to_owned()))
}

pub(super) fn recover_from_shares(
    session: &Arc<Session>,
    person: Option<RootId>,
) -> Result<(), StoreError> {
    let collection = collection(session)?;
    let recovered = match person {
        Some(root) => collection.recover_person(root)?,
        None => collection.recover()?,
    };
    session.become_person(&recovered.entropy)?;
    cancel(session)
}

pub(super) fn cancel(session: &Session) -> Result<(), StoreError> {
    session.write(|connection| Ok(connection.execute("DELETE FROM returned", [])?))?;
    Ok(session.secrets().remove(&SecretName::recovery())?)
}

/// The shares that came back so far.
fn collection(session: &Session) -> Result<ShareCollection, StoreError> {
    let key = collecting_key(session)?.ok_or(ShareError::NotForUs)?;
    let mut collection = ShareCollection::new(key);
    let messages: Vec<Vec<u8>> = session.read(|connection| {
        let mut statement = connection.prepare("SELECT message FROM returned ORDER BY r")?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    })?;
    for message in &messages {
        // Two processes may have stored one share twice; the second time changes nothing.
        let _ = collection.add(message);
    }
    Ok(collection)
}

/// The key to which friends seal the shares that they return.
fn collecting_key(session: &Session) -> Result<Option<ExchangeKey>, StoreError> {
    let secret = session.secrets().get(&SecretName::recovery())?;
    let bytes = secret.as_ref().and_then(|secret| secret.expose().first_chunk::<32>());
    Ok(bytes.map(|bytes| ExchangeKey::from_bytes(*bytes)))
}
