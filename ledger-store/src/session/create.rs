//! Creating a group.

use std::collections::BTreeMap;
use std::sync::Arc;

use ledger_core::engine::{NewGroup, VerifiedEntry, View};
use ledger_core::keys::{DeviceKey, PlaceholderCard, RootEntropy};
use ledger_core::{GroupId, MemberId};
use rusqlite::TransactionBehavior;

use super::{GroupSession, Session, next_root_index, successor};
use crate::StoreError;
use crate::database::GroupKey;
use crate::entries::{GroupTransaction, NewEntry, check_new_name};
use crate::platform::Environment as _;
use crate::platform::environment::{CallContext, random};

impl Session {
    /// Creates a group with this device's person as its owner, and with placeholders for `others`,
    /// all in one transaction. `successor_of` is the group that it continues, with the person's
    /// member id there, and `from_files` has the cards of its members who came from files.
    pub(crate) fn create_group(
        self: &Arc<Self>,
        name: &str,
        founder: &str,
        others: &[&str],
        successor_of: Option<(&View, MemberId)>,
        from_files: &BTreeMap<MemberId, PlaceholderCard>,
    ) -> Result<GroupSession, StoreError> {
        // A successor group takes over names that others may have given.
        let taken_over = |text: &str| {
            successor_of.is_some_and(|(old, me)| {
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
            let genesis = |index| {
                self.check_turn(turn)?;
                let mut group = NewGroup::new(name, founder, &entropy, index, salt);
                if let Some((view, founder)) = successor_of {
                    group = group.successor_of(view, founder).people_from_files(from_files.clone());
                }
                Ok(group.create(device, context.now_ms())?)
            };
            self.insert_group(device, &context, genesis, &people)
        })
    }

    /// Stores a new group, with all members whom it takes over from an old one, and further people.
    fn insert_group(
        self: &Arc<Self>,
        device: &DeviceKey,
        context: &CallContext,
        genesis: impl FnOnce(u32) -> Result<VerifiedEntry, StoreError>,
        people: &[NewEntry],
    ) -> Result<GroupSession, StoreError> {
        self.write(|connection| {
            let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let index = next_root_index(&tx)?;
            let genesis = genesis(index)?;
            let id = GroupId::from(genesis.id());
            tx.execute(
                "INSERT INTO groups (id, device, root_index) VALUES (?1, ?2, ?3)",
                (id.as_bytes(), device.id().as_bytes(), index),
            )?;
            let key = GroupKey(tx.last_insert_rowid());
            let loaded = GroupTransaction::insert_genesis(&tx, key, &genesis, device.id())?;
            let mut transaction = GroupTransaction::new(&tx, key, loaded, context)?;
            successor::introduce_members(&mut transaction, device, &genesis)?;
            for person in people {
                transaction.record(device, person)?;
            }
            let loaded = transaction.finish()?;
            tx.commit()?;
            self.cache().keep(key, loaded);
            Ok(GroupSession::new(self, id, key, device.id()))
        })
    }
}
