//! Creating a group.

use std::sync::Arc;

use ledger_core::engine::{NewGroup, VerifiedEntry, View};
use ledger_core::{GroupId, MemberId};
use rusqlite::TransactionBehavior;

use super::{GroupSession, Session, next_root_index, successor};
use crate::StoreError;
use crate::database::GroupKey;
use crate::entries::GroupTransaction;
use crate::platform::Environment as _;
use crate::platform::environment::random;

impl Session {
    /// Creates a group with this device's person as its owner. `successor_of` is the group that
    /// it continues, with the person's member id there.
    pub(crate) fn create_group(
        self: &Arc<Self>,
        name: &str,
        founder: &str,
        successor_of: Option<(&View, MemberId)>,
    ) -> Result<GroupSession, StoreError> {
        let entropy = self.entropy()?;
        let device = self.new_device()?;
        let salt = *random(self.environment())?;
        let context = self.call_context()?;
        let now_ms = context.now_ms();
        self.write(|connection| {
            let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let index = next_root_index(&tx)?;
            let mut group = NewGroup::new(name, founder, &entropy, index, salt);
            if let Some((view, founder)) = successor_of {
                group = group.successor_of(view, founder);
            }
            let genesis: VerifiedEntry = group.create(&device, now_ms)?;
            let id = GroupId::from(genesis.id());
            tx.execute(
                "INSERT INTO groups (id, device, root_index) VALUES (?1, ?2, ?3)",
                (id.as_bytes(), device.id().as_bytes(), index),
            )?;
            let key = GroupKey(tx.last_insert_rowid());
            let loaded = GroupTransaction::insert_genesis(&tx, key, &genesis)?;
            let mut transaction = GroupTransaction::new(&tx, key, loaded, &context)?;
            successor::introduce_members(&mut transaction, &device, &genesis)?;
            let loaded = transaction.finish()?;
            tx.commit()?;
            self.cache().keep(key, loaded);
            Ok(GroupSession::new(self, id, key, device.id()))
        })
    }
}
