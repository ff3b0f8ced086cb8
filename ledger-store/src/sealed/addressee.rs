//! Finding the group of this database that a file is for.

use std::sync::Arc;

use ledger_core::GroupId;
use ledger_core::bundle::Manifest;
use ledger_core::keys::ExchangeKey;
use ledger_core::messages::MessageKind;
use ledger_core::seal::{Envelope, KeyEnvelope, Topic};

use super::RecordReader;
use super::trial::topics_of_groups;
use crate::StoreError;
use crate::keyring::exchange_keys;
use crate::platform::progress::OnProgress;
use crate::session::Session;

/// Finds the group of the first record that is of a group here: a topic of it is in the record, or a
/// key for its device. `None` if no record is, as far as this device can tell. `answer` is called for
/// each join answer before it, and may return the group that the answer led to.
///
/// # Errors
/// [`StoreError::NoBundle`] if the file holds no record, [`StoreError::Secrets`] if no record is of
/// a group whose keys can be read, and other groups have keys that cannot;
/// [`StoreError::Cancelled`], and the errors of `answer`.
pub(crate) fn find_addressee(
    session: &Arc<Session>,
    mut records: RecordReader<'_>,
    progress: OnProgress<'_>,
    mut answer: impl FnMut(&[u8]) -> Result<Option<GroupId>, StoreError>,
) -> Result<Option<GroupId>, StoreError> {
    let topics = session.read(|connection| topics_of_groups(connection, None))?;
    let mut keys: Option<GroupKeys> = None;
    let mut is_bundle = false;
    let found = records.find(progress, |record| {
        is_bundle = true;
        if MessageKind::from_message(&record) == Ok(MessageKind::JoinAnswer) {
            return answer(&record).transpose();
        }
        if let Some(group) = topic(&record).and_then(|topic| topics.get(&topic)) {
            return Some(Ok(*group));
        }
        let envelope = KeyEnvelope::parse(&record).ok()?;
        if keys.is_none() {
            match GroupKeys::read(session) {
                Ok(read) => keys = Some(read),
                Err(error) => return Some(Err(error)),
            }
        }
        keys.as_ref()?.opens(&envelope).map(Ok)
    })?;
    match (found, keys.and_then(|keys| keys.unreadable)) {
        (Some(group), _) => Ok(Some(group?)),
        (None, Some(error)) => Err(error),
        (None, None) if is_bundle => Ok(None),
        (None, None) => Err(StoreError::NoBundle),
    }
}

/// The X25519 keys of this device in all groups.
struct GroupKeys {
    keys: Vec<(GroupId, Vec<ExchangeKey>)>,
    /// Error of the first group whose keys cannot be read; the others are not kept waiting for it.
    unreadable: Option<StoreError>,
}

impl GroupKeys {
    fn read(session: &Arc<Session>) -> Result<Self, StoreError> {
        let (mut keys, mut unreadable) = (Vec::new(), None);
        for id in session.group_ids()?.into_iter().chain(session.groups_without_genesis()?) {
            match exchange_keys(&session.group(id)?) {
                Ok(of_group) => keys.push((id, of_group)),
                Err(error @ StoreError::Secrets(_)) => {
                    unreadable.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Self { keys, unreadable })
    }

    /// The group for whose device a key envelope is.
    fn opens(&self, envelope: &KeyEnvelope) -> Option<GroupId> {
        let opens = |(id, keys): &&(GroupId, Vec<ExchangeKey>)| {
            matches!(envelope.open(*id, keys), Ok(Some(_)))
        };
        self.keys.iter().find(opens).map(|(id, _)| *id)
    }
}

fn topic(record: &[u8]) -> Option<Topic> {
    match record.first()? {
        1 => Envelope::parse(record).ok().map(|envelope| envelope.topic()),
        2 => KeyEnvelope::parse(record).ok().map(|envelope| envelope.topic()),
        3 => Manifest::topic(record).ok(),
        _ => None,
    }
}
