//! Creating a group.

use std::collections::BTreeMap;
use std::sync::Arc;

use ledger_core::engine::{NewGroup, VerifiedEntry, View};
use ledger_core::keys::{DeviceKey, PlaceholderCard, RootEntropy};
use ledger_core::{GroupId, MemberId};
use rusqlite::{Connection, TransactionBehavior};

use super::{GroupSession, Session, next_root_index, successor};
use crate::StoreError;
use crate::database::GroupKey;
use crate::entries::{GroupTransaction, NewEntry, check_new_name};
use crate::platform::Environment as _;
use crate::platform::environment::{CallContext, random};

/// A group to be created, and whom it begins with.
pub(crate) struct Founding<'a> {
    pub(crate) name: &'a str,
    /// The name of this device's person, who owns it.
    pub(crate) founder: &'a str,
    /// People who come as placeholders.
    pub(crate) others: &'a [&'a str],
    /// The group that it continues, with the person's member id there, and the cards of its members
    /// who came from files of other programs.
    pub(crate) successor_of: Option<(&'a View, MemberId, &'a BTreeMap<MemberId, PlaceholderCard>)>,
    /// Whether it must be the first group of the database.
    pub(crate) only_first: bool,
}

impl Session {
    /// Creates a group, all in one transaction.
    pub(crate) fn create_group(
        self: &Arc<Self>,
        founding: &Founding<'_>,
    ) -> Result<GroupSession, StoreError> {
        Ok(self.found_group(founding, |_, _| Ok(()))?.0)
    }

    /// Creates a group and runs `then` on it, all in one transaction.
    ///
    /// # Errors
    /// [`StoreError::ImportOutdated`] if it was to be the first one, and there is another.
    pub(crate) fn found_group<T>(
        self: &Arc<Self>,
        founding: &Founding<'_>,
        then: impl FnOnce(&mut GroupTransaction<'_>, &DeviceKey) -> Result<T, StoreError>,
    ) -> Result<(GroupSession, T), StoreError> {
        let Founding { name, founder, others, successor_of, only_first } = *founding;
        // A successor group takes over names that others may have given.
        let taken_over = |text: &str| {
            successor_of.is_some_and(|(old, me, _)| {
                let member = old.state().member(me).map(ledger_core::Member::name);
                text == old.state().name() || Some(text) == member
            })
        };
        // A name that breaks a rule is noticed before any secret is kept.
        for text in others.iter().copied().chain([name, founder]).filter(|text| !taken_over(text)) {
            check_new_name(text)?;
        }
        let nobody = RootEntropy::from_bytes([0; 32]);
        for person in others.iter().chain([&founder]) {
            let group = NewGroup::new(name, person, &nobody, 0, [0; 32]);
            group.create(&DeviceKey::from_bytes(&[0; 64]), 0)?;
        }
        let turn = self.turn()?;
        let entropy = self.entropy()?;
        let people = others.iter().map(|name| NewEntry::Placeholder { name: (*name).to_owned() });
        let people: Vec<NewEntry> = people.collect();
        self.with_new_device(|device| {
            let salt = *random(self.environment())?;
            let context = self.call_context()?;
            let genesis = |tx: &Connection| {
                self.check_turn(turn)?;
                if only_first && !all_groups(tx)?.is_empty() {
                    return Err(StoreError::ImportOutdated);
                }
                let index = next_root_index(tx)?;
                let mut group = NewGroup::new(name, founder, &entropy, index, salt);
                if let Some((view, founder, from_files)) = successor_of {
                    group = group.successor_of(view, founder).people_from_files(from_files.clone());
                }
                Ok((group.create(device, context.now_ms())?, index))
            };
            self.insert_group(device, &context, genesis, |transaction| {
                for person in &people {
                    transaction.record(device, person)?;
                }
                then(transaction, device)
            })
        })
    }

    /// Stores a new group, with all members whom it takes over from an old one, and runs `then` on it.
    fn insert_group<T>(
        self: &Arc<Self>,
        device: &DeviceKey,
        context: &CallContext,
        genesis: impl FnOnce(&Connection) -> Result<(VerifiedEntry, u32), StoreError>,
        then: impl FnOnce(&mut GroupTransaction<'_>) -> Result<T, StoreError>,
    ) -> Result<(GroupSession, T), StoreError> {
        self.write(|connection| {
            let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let (genesis, index) = genesis(&tx)?;
            let id = GroupId::from(genesis.id());
            tx.execute(
                "INSERT INTO groups (id, device, root_index) VALUES (?1, ?2, ?3)",
                (id.as_bytes(), device.id().as_bytes(), index),
            )?;
            let key = GroupKey(tx.last_insert_rowid());
            let loaded = GroupTransaction::insert_genesis(&tx, key, &genesis, device.id())?;
            let mut transaction = GroupTransaction::new(&tx, key, loaded, context)?;
            successor::introduce_members(&mut transaction, device, &genesis)?;
            let result = then(&mut transaction)?;
            let loaded = transaction.finish()?;
            tx.commit()?;
            self.cache().keep(key, loaded);
            Ok((GroupSession::new(self, id, key, device.id()), result))
        })
    }
}

/// The ids of all groups, also of those that wait for their genesis entry.
fn all_groups(connection: &Connection) -> Result<Vec<GroupId>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT id FROM groups")?;
    let rows = statement.query_map([], |row| row.get(0).map(GroupId::from_bytes))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
