//! Finding the group of this database that a file is for.

use std::collections::BTreeMap;
use std::sync::Arc;

use ledger_core::GroupId;
use ledger_core::bundle::Manifest;
use ledger_core::keys::ExchangeKey;
use ledger_core::messages::MessageKind;
use ledger_core::seal::{Envelope, KeyEnvelope, Topic};

use super::RecordReader;
use crate::StoreError;
use crate::keyring::exchange_keys;
use crate::platform::progress::OnProgress;
use crate::session::Session;

/// Addressee of a file of records.
pub(crate) enum Addressee {
    /// A group of this database: a topic of it is in the file, or a key for its device.
    Group(GroupId),
    /// Nobody here, as far as this device can tell; there are records in the file.
    Unknown,
}

/// Finds the first record of a group that is here. `answer` is called for each join answer before
/// it, and may return the group that the answer led to.
///
/// # Errors
/// [`StoreError::NoBundle`] if the file holds no record, [`StoreError::Cancelled`], and the
/// errors of `answer`.
pub(crate) fn find_addressee(
    session: &Arc<Session>,
    mut records: RecordReader<'_>,
    progress: OnProgress<'_>,
    mut answer: impl FnMut(&[u8]) -> Result<Option<GroupId>, StoreError>,
) -> Result<Addressee, StoreError> {
    let topics = topics(session)?;
    let mut keys: Vec<(GroupId, Vec<ExchangeKey>)> = Vec::new();
    for id in session.group_ids()? {
        keys.push((id, exchange_keys(&session.group(id)?)?));
    }
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
        let opens = |(id, keys): &&(GroupId, Vec<ExchangeKey>)| {
            matches!(envelope.open(*id, keys), Ok(Some(_)))
        };
        keys.iter().find(opens).map(|(id, _)| Ok(*id))
    })?;
    match found {
        Some(group) => Ok(Addressee::Group(group?)),
        None if is_bundle => Ok(Addressee::Unknown),
        None => Err(StoreError::NoBundle),
    }
}

/// The topics of all groups, as far as their keys are here.
fn topics(session: &Arc<Session>) -> Result<BTreeMap<Topic, GroupId>, StoreError> {
    session.read(|connection| {
        let mut statement =
            connection.prepare_cached("SELECT topic, id FROM epochs JOIN groups USING (grp)")?;
        let rows = statement.query_map([], |row| {
            Ok((Topic::from_bytes(row.get(0)?), GroupId::from_bytes(row.get(1)?)))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    })
}

fn topic(record: &[u8]) -> Option<Topic> {
    match record.first()? {
        1 => Envelope::parse(record).ok().map(|envelope| envelope.topic()),
        2 => KeyEnvelope::parse(record).ok().map(|envelope| envelope.topic()),
        3 => Manifest::topic(record).ok(),
        _ => None,
    }
}
