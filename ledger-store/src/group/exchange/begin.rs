//! Beginning epochs, and which one is sealed under.

use ledger_core::engine::Draft;
use ledger_core::keys::DeviceKey;
use ledger_core::limits::MAX_EPOCH_PREDECESSORS;
use ledger_core::seal::EpochKey;

use super::ring::EpochKeyring;
use crate::StoreError;
use crate::environment::random;
use crate::group::{Group, GroupTransaction, StatementIntent};

impl Group {
    pub(super) fn ring<'a>(&self, writer: &GroupTransaction<'a>) -> EpochKeyring<'a> {
        EpochKeyring { connection: writer.connection(), group: self.key, id: self.id }
    }

    /// Begins an epoch whose key only those get who are in the group now.
    ///
    /// Happens by itself with every removal, bind and revocation; call this now
    /// and then (a month is a good age) so that a key that leaked unnoticed opens
    /// nothing new. Begins none if the epoch in use is younger than
    /// `at_least_ms`; says whether it did.
    ///
    /// # Errors
    /// [`StoreError::WouldBeVoid`] if this device may not write.
    pub fn renew_epoch(&self, at_least_ms: u64) -> Result<bool, StoreError> {
        let device = self.signing_key()?;
        self.write(|writer| {
            let now_ms = writer.environment().now_ms();
            self.ring(writer).refresh()?;
            let used = self.sealing_key(writer)?;
            if let Some((_, key)) = used {
                let usable = writer.ledger().state().usable_epochs();
                let entry = usable.into_iter().find(|(_, epoch)| epoch.topic() == key.topic());
                let begun_ms = match entry {
                    Some((id, _)) => self.timestamp_ms(writer, &id)?,
                    None => 0,
                };
                if now_ms.saturating_sub(begun_ms) < at_least_ms {
                    return Ok(false);
                }
            }
            self.begin_epoch(writer, &device)?;
            Ok(true)
        })
    }

    fn timestamp_ms(
        &self,
        writer: &GroupTransaction<'_>,
        id: &ledger_core::EntryId,
    ) -> Result<u64, StoreError> {
        use ledger_core::engine::EntryIndex as _;
        let entry = writer.index().entry(id)?;
        Ok(entry.map_or(0, |entry| entry.decoded().header().timestamp_ms()))
    }

    /// The usable epoch under which entries are sealed first (SPEC Y3).
    pub(super) fn sealing_key(
        &self,
        writer: &GroupTransaction<'_>,
    ) -> Result<Option<(i64, EpochKey)>, StoreError> {
        let ring = self.ring(writer);
        for (_, epoch) in writer.ledger().state().usable_epochs() {
            if let Some((e, key)) = ring.find(&epoch.topic())?
                && key.commit() == epoch.commit()
            {
                return Ok(Some((e, key)));
            }
        }
        Ok(None)
    }

    /// The same, having begun an epoch if need be.
    pub(super) fn sealing_key_or_new(
        &self,
        writer: &mut GroupTransaction<'_>,
        device: &DeviceKey,
    ) -> Result<(i64, EpochKey), StoreError> {
        self.ring(writer).refresh()?;
        if let Some(found) = self.sealing_key(writer)? {
            return Ok(found);
        }
        if !writer.ledger().state().may_write(self.device) {
            return Err(StoreError::NoEpochKey);
        }
        self.begin_epoch(writer, device)?;
        self.sealing_key(writer)?.ok_or(StoreError::NoEpochKey)
    }

    /// Begins an epoch with the keys of all that are in no other box.
    pub(super) fn begin_epoch(
        &self,
        writer: &mut GroupTransaction<'_>,
        device: &DeviceKey,
    ) -> Result<(), StoreError> {
        loop {
            self.ring(writer).refresh()?;
            let known = self.ring(writer).uncovered()?;
            let carried: Vec<&EpochKey> = known.iter().take(MAX_EPOCH_PREDECESSORS).collect();
            let key = EpochKey::from_bytes(self.id, *random(writer.environment())?);
            let epoch = key.begin(&carried)?;
            self.merge_heads(writer, device)?;
            self.ring(writer).add(&key)?;
            self.keep(writer, device, Draft::epoch(epoch))?;
            self.ring(writer).refresh()?;
            if known.len() <= MAX_EPOCH_PREDECESSORS {
                return Ok(());
            }
        }
    }

    /// Whoever cuts somebody off begins an epoch in the same transaction. Where
    /// nothing was handed out yet, nobody has a key to be kept from.
    pub(in crate::group) fn after_act(
        &self,
        writer: &mut GroupTransaction<'_>,
        device: &DeviceKey,
        act: &StatementIntent,
    ) -> Result<(), StoreError> {
        let cuts = matches!(
            act,
            StatementIntent::Remove { .. }
                | StatementIntent::Bind { .. }
                | StatementIntent::Revoke { .. }
        );
        let may_write = writer.ledger().state().may_write(self.device);
        if !cuts || !may_write || self.ring(writer).is_empty()? {
            return Ok(());
        }
        self.begin_epoch(writer, device)
    }
}
