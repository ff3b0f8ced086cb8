//! One group of an open database.

use std::sync::Arc;

use ledger_core::engine::{DecodedEntry, Ledger, VerifiedEntry};
use ledger_core::keys::DeviceKey;
use ledger_core::{DeviceId, GroupId};
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior};

use super::Session;
use crate::StoreError;
use crate::database::GroupKey;
use crate::entries::load::load;
use crate::entries::{
    Arrival, GroupTransaction, Ingested, LoadedLedger, StoredNumbers, WaitingCount, admit_batch,
};
use crate::platform::environment::{CallContext, random};
use crate::platform::progress::Cancellable;

/// Group of an open database, with the device that writes there. Cheap to clone; keeps the database
/// open.
#[derive(Clone)]
pub(crate) struct GroupSession {
    pub(crate) session: Arc<Session>,
    pub(crate) id: GroupId,
    pub(crate) key: GroupKey,
    pub(crate) device: DeviceId,
}

impl GroupSession {
    pub(crate) fn new(
        session: &Arc<Session>,
        id: GroupId,
        key: GroupKey,
        device: DeviceId,
    ) -> Self {
        Self { session: Arc::clone(session), id, key, device }
    }

    /// Runs queries on one snapshot, with the ledger as of that snapshot.
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&Connection, &LoadedLedger) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.session.snapshot(|snapshot| {
            let loaded = snapshot.ledger(self.key, self.id)?;
            work(snapshot.connection(), &loaded)
        })
    }

    /// The ledger as it is now; later changes do not show in it.
    pub(crate) fn ledger(&self) -> Result<Arc<Ledger>, StoreError> {
        self.read(|_, loaded| Ok(Arc::clone(&loaded.ledger)))
    }

    /// Number of entries that wait for others that are not here.
    pub(crate) fn waiting(&self) -> Result<WaitingCount, StoreError> {
        self.session.read(|connection| WaitingCount::read(connection, self.key, self.device))
    }

    /// The keys of the device that writes here.
    pub(crate) fn device_key(&self) -> Result<DeviceKey, StoreError> {
        self.session.device(&self.device)
    }

    /// The index of the person's root key in this group.
    pub(crate) fn root_index(&self) -> Result<u32, StoreError> {
        let found = self.session.read(|connection| {
            let sql = "SELECT root_index FROM groups WHERE grp = ?1";
            let mut statement = connection.prepare_cached(sql)?;
            Ok(statement.query_row([self.key.0], |row| row.get(0)).optional()?)
        })?;
        found.ok_or(StoreError::UnknownGroup(self.id))
    }

    /// Runs `work` in one transaction; commits all of it or nothing.
    pub(crate) fn write<T>(
        &self,
        work: impl FnOnce(&mut GroupTransaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let context = self.session.call_context()?;
        self.session.write(|connection| {
            self.session.write_group(connection, (self.key, self.id), &context, work)
        })
    }

    /// Runs `work` in a transaction that is rolled back: a look at what writing would bring about.
    pub(crate) fn try_and_roll_back<T>(
        &self,
        work: impl FnOnce(&mut GroupTransaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let context = self.session.call_context()?;
        self.session.write(|connection| {
            let known = self.session.cache().ledgers.get(&self.key).cloned();
            let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let mut transaction = open(&tx, (self.key, self.id), known, &context)?;
            let result = work(&mut transaction)?;
            drop(transaction);
            tx.rollback()?;
            Ok(result)
        })
    }

    /// Admits entries from elsewhere, in any order: header and payload, and the signature.
    pub(crate) fn ingest(&self, entries: &[(Vec<u8>, [u8; 64])]) -> Result<Ingested, StoreError> {
        let mut report = Ingested::default();
        let mut decoded = Vec::with_capacity(entries.len());
        for (bytes, signature) in entries {
            match DecodedEntry::decode(bytes, signature) {
                Ok(entry) => decoded.push(entry),
                Err(refusal) => report.refused.push(refusal),
            }
        }
        let call = self.session.cancellations().begin();
        let seed = random(self.session.environment())?;
        let verified = report.verify(self.session.threads(), decoded, &seed);
        self.admit_batch(verified, report, &call, |_, _| Ok(()))
    }

    /// Admits verified entries in one transaction, and runs `then` in the same transaction. Asks for
    /// each entry whether the call was cancelled or the store suspended; then nothing is stored.
    pub(crate) fn admit_batch(
        &self,
        mut verified: Vec<VerifiedEntry>,
        mut report: Ingested,
        call: &Cancellable,
        then: impl FnOnce(&mut GroupTransaction<'_>, &StoredNumbers) -> Result<(), StoreError>,
    ) -> Result<Ingested, StoreError> {
        let context = self.session.call_context()?;
        self.session.write(|connection| {
            report.added.extend(self.restore_genesis(connection, &mut verified)?);
            let writer = self.session.connections().writer();
            let known = self.session.cache().pending.remove(&self.key);
            let known = known.filter(|(read_by, _)| *read_by == writer).map(|(_, known)| known);
            let group = (self.key, self.id);
            let (report, pending) =
                self.session.write_group(connection, group, &context, |transaction| {
                    let (report, stored, pending) =
                        admit_batch(transaction, verified, known, report, &mut || {
                            self.session.connections().check_running()?;
                            call.check()
                        })?;
                    then(transaction, &stored)?;
                    Ok((report, pending))
                })?;
            self.session.cache().pending.insert(self.key, (writer, pending));
            Ok(report)
        })
    }

    /// Puts back the genesis entry of a group that lost it to damage (`salvage_database`).
    fn restore_genesis(
        &self,
        connection: &mut Connection,
        verified: &mut Vec<VerifiedEntry>,
    ) -> Result<Option<Arrival>, StoreError> {
        let Some(place) = verified.iter().position(|entry| entry.id() == self.id.genesis()) else {
            return Ok(None);
        };
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if tx.prepare_cached("SELECT 1 FROM entries WHERE grp = ?1")?.exists([self.key.0])? {
            return Ok(None);
        }
        let genesis = verified.swap_remove(place);
        GroupTransaction::insert_genesis(&tx, self.key, &genesis, self.device)?;
        tx.commit()?;
        Ok(Some(Arrival::new(genesis.decoded(), self.device)))
    }
}

impl Session {
    /// Runs `work` on each group, and then `then` with the results, in one transaction: commits all
    /// of it or nothing.
    pub(crate) fn write_groups<T, R>(
        &self,
        groups: &[GroupSession],
        mut work: impl FnMut(&mut GroupTransaction<'_>) -> Result<T, StoreError>,
        then: impl FnOnce(Vec<T>) -> Result<R, StoreError>,
    ) -> Result<R, StoreError> {
        let context = self.call_context()?;
        self.write(|connection| {
            let known = self.cache().ledgers.clone();
            let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let (mut results, mut ledgers) = (Vec::new(), Vec::new());
            for group in groups {
                let known = known.get(&group.key).cloned();
                let mut transaction = open(&tx, (group.key, group.id), known, &context)?;
                results.push(work(&mut transaction)?);
                ledgers.push((group.key, transaction.finish()?));
            }
            let result = then(results)?;
            tx.commit()?;
            for (key, loaded) in ledgers {
                self.cache().keep(key, loaded);
            }
            Ok(result)
        })
    }

    /// Runs `work` on a group in one transaction; commits all of it or nothing.
    pub(super) fn write_group<T>(
        &self,
        connection: &mut Connection,
        group: (GroupKey, GroupId),
        context: &CallContext,
        work: impl FnOnce(&mut GroupTransaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        // Taken before the transaction begins, so that it does not cover entries that the
        // transaction cannot see.
        let known = self.cache().ledgers.get(&group.0).cloned();
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut transaction = open(&tx, group, known, context)?;
        let result = work(&mut transaction)?;
        let loaded = transaction.finish()?;
        tx.commit()?;
        self.cache().keep(group.0, loaded);
        Ok(result)
    }
}

/// Opens a group in a transaction of the database. `known` is its ledger as it was before that began.
fn open<'a>(
    connection: &'a Connection,
    (key, id): (GroupKey, GroupId),
    known: Option<LoadedLedger>,
    context: &'a CallContext,
) -> Result<GroupTransaction<'a>, StoreError> {
    let loaded = load(connection, key, id, known, None)?;
    GroupTransaction::new(connection, key, loaded, context)
}
