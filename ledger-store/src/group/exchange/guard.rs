//! Against restored backups and clones: a device whose database is behind what
//! it handed out must not sign, or its chain forks; nor one whose chain forked.

use ledger_core::engine::EntryIndex as _;
use ledger_core::keys::DeviceKey;
use ledger_core::{DeviceId, EntryId};
use rusqlite::{Connection, OptionalExtension as _};

use crate::enter::MembershipRow;
use crate::group::index::StoredIndex;
use crate::group::{Group, GroupKey, GroupTransaction};
use crate::{Secret, SecretName, StoreError};

impl Group {
    /// Notes that this device's entries up to this one leave it.
    pub(super) fn note_handed_out(&self, seq: u64, id: &EntryId) -> Result<(), StoreError> {
        let name = SecretName::handed_out(&self.device);
        if self.handed_out()?.is_some_and(|(known, _)| known >= seq) {
            return Ok(());
        }
        let bytes = [&seq.to_be_bytes()[..], id.as_bytes()].concat();
        Ok(self.store.secrets().set(&name, &Secret::new(bytes))?)
    }

    fn handed_out(&self) -> Result<Option<(u64, EntryId)>, StoreError> {
        let Some(secret) = self.store.secrets().get(&SecretName::handed_out(&self.device))? else {
            return Ok(None);
        };
        let parts = secret.expose().split_first_chunk::<8>();
        let read = parts.and_then(|(seq, id)| {
            Some((u64::from_be_bytes(*seq), EntryId::from_bytes(*id.first_chunk::<32>()?)))
        });
        Ok(read)
    }

    /// Gives this device new keys in the group, in place of those of a chain that
    /// forked or that goes on elsewhere ([`StoreError::Forked`],
    /// [`StoreError::Behind`]). The old ones are forgotten; what they signed stays.
    /// Then [`Group::request_enrolment`] asks a member to carry the enrolment; once
    /// it comes back in a bundle, this device writes, and revokes the old one.
    ///
    /// # Errors
    /// [`StoreError::NoRootKey`] if this device holds no root key: pair it again.
    pub fn start_anew(&self) -> Result<Self, StoreError> {
        let store = &self.store;
        store.known_entropy()?.ok_or(StoreError::NoRootKey)?;
        let root_index = self.root_index()?;
        let genesis = self.look(|connection, _| {
            let index = StoredIndex::whole(connection, self.key);
            let genesis = index.entry(&self.id.genesis())?;
            genesis.ok_or_else(|| StoreError::Damaged("the genesis entry is gone".to_owned()))
        })?;
        let device = store.new_device()?.id();
        let place = MembershipRow { genesis: &genesis, device, root_index };
        let (mut groups, replaced) = store.enter(&[place], |_| Ok(()))?;
        for device in replaced {
            store.forget_device(&device)?;
        }
        groups.pop().ok_or(StoreError::UnknownGroup(self.id))
    }

    /// Refuses to sign where a chain forked.
    ///
    /// # Errors
    /// [`StoreError::Forked`] if it is this device's.
    pub(in crate::group) fn refuse_fork(
        &self,
        writer: &GroupTransaction<'_>,
    ) -> Result<(), StoreError> {
        match writer.ledger().has_forked(self.device) {
            true => Err(StoreError::Forked(self.device)),
            false => Ok(()),
        }
    }

    /// This device's keys, if its database is not behind what it handed out.
    ///
    /// # Errors
    /// [`StoreError::Behind`].
    pub(crate) fn signing_key(&self) -> Result<DeviceKey, StoreError> {
        self.check_not_behind()?;
        self.device_key()
    }

    /// Asked once for each open store: no backup is restored under it.
    pub(super) fn check_not_behind(&self) -> Result<(), StoreError> {
        if self.store.memory().not_behind.contains(&self.key) {
            return Ok(());
        }
        self.check()?;
        self.store.memory().not_behind.insert(self.key);
        Ok(())
    }

    fn check(&self) -> Result<(), StoreError> {
        let Some((_, id)) = self.handed_out()? else { return Ok(()) };
        self.store.read(|connection| {
            let mut known =
                connection.prepare_cached("SELECT 1 FROM entries WHERE id = ?1 AND grp = ?2")?;
            if !known.exists((id.as_bytes(), self.key.0))? {
                return Err(StoreError::Behind(id));
            }
            Ok(())
        })
    }
}

/// The id at a place of a chain.
pub(super) fn entry_at(
    connection: &Connection,
    group: GroupKey,
    chain: u32,
    seq: u64,
) -> Result<Option<EntryId>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT id FROM entries WHERE grp = ?1 AND chain = ?2 AND seq = ?3")?;
    let found = statement.query_row((group.0, chain, seq), |row| row.get(0)).optional()?;
    Ok(found.map(EntryId::from_bytes))
}

/// Whose chain it is, by its first entry here.
pub(super) fn device_of_chain(
    connection: &Connection,
    group: GroupKey,
    chain: u32,
) -> Result<Option<DeviceId>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT entry, signature FROM entries WHERE grp = ?1 AND chain = ?2 ORDER BY seq LIMIT 1",
    )?;
    let mut rows = statement.query((group.0, chain))?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let entry = crate::group::index::stored_entry(row)?;
    Ok(Some(entry.decoded().header().device()))
}
