//! Asking to join, and getting in with the answer.

use std::io::{Read, Seek, SeekFrom};
use std::ops::ControlFlow;

use ledger_core::bundle::Records;
use ledger_core::keys::{DeviceKey, Fingerprint, RootEntropy, SignedCard};
use ledger_core::messages::MessageKind;
use ledger_core::messages::invite::{InviteLink, JoinError, Welcome};
use ledger_core::{DeviceId, GroupId};
use rusqlite::TransactionBehavior;

use crate::enter::{MembershipRow, next_root_index};
use crate::environment::random;
use crate::{Group, Imported, Progress, Store, StoreError};

/// A group that this device has asked to join, and that has not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Join {
    /// The group.
    pub group: GroupId,
    /// The name that this device's person asked with.
    pub name: String,
    /// The fingerprint that the inviter sees.
    pub fingerprint: Fingerprint,
    /// When it was asked for, in milliseconds since 1970 UTC.
    pub made_ms: u64,
}

/// A row of the table.
struct Asked {
    j: i64,
    group: GroupId,
    device: DeviceId,
    root_index: u32,
    name: String,
    made_ms: u64,
}

impl Store {
    /// Asks to join by a link, as `name`. Gives the message for the inviter's
    /// device. Asking again with the same name gives a message with the same
    /// keys.
    ///
    /// # Errors
    /// [`StoreError::AlreadyIn`] if this device is in the group,
    /// [`StoreError::Join`] if the name is empty or too long, [`StoreError`] if
    /// the database or the secrets cannot be used.
    pub fn join(&self, link: &InviteLink, name: &str) -> Result<Vec<u8>, StoreError> {
        let group = link.group();
        match self.group(group) {
            Ok(known) if known.ledger()?.state().may_write(known.device()) => {
                return Err(StoreError::AlreadyIn(group));
            }
            Ok(_) | Err(StoreError::UnknownGroup(_)) => {}
            Err(error) => return Err(error),
        }
        let entropy = self.entropy()?;
        let before = self.asked()?.into_iter().find(|row| row.group == group && row.name == name);
        let (device, index) = match before {
            Some(row) => (self.device(&row.device)?, row.root_index),
            None => self.ask(group, name)?,
        };
        let card = SignedCard::new(group, name, &entropy, index, &device);
        let card = card.map_err(JoinError::Content)?;
        let seed = random(self.environment())?;
        Ok(link.request(&card, &seed)?)
    }

    /// Keeps fresh keys for a group that is asked for.
    fn ask(&self, group: GroupId, name: &str) -> Result<(DeviceKey, u32), StoreError> {
        let device = self.new_device()?;
        let now_ms = self.environment().now_ms();
        let index = self.write(|connection| {
            let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let index = next_root_index(&tx)?;
            tx.execute(
                "INSERT INTO joins (id, device, root_index, name, made_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                (group.as_bytes(), device.id().as_bytes(), index, name, now_ms),
            )?;
            tx.commit()?;
            Ok(index)
        })?;
        Ok((device, index))
    }

    /// The groups that this device has asked to join, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] if the database or the secrets cannot be read.
    pub fn joins(&self) -> Result<Vec<Join>, StoreError> {
        let entropy = self.entropy()?;
        let rows = self.asked()?.into_iter().map(|row| {
            let card = self.card(&row, &entropy)?;
            let fingerprint = card.card().fingerprint();
            Ok(Join { group: row.group, name: row.name, fingerprint, made_ms: row.made_ms })
        });
        rows.collect()
    }

    /// Asks no more to join a group. An answer that comes later is of no use.
    ///
    /// # Errors
    /// [`StoreError::UnknownGroup`] if it was not asked for.
    pub fn cancel_join(&self, group: GroupId) -> Result<(), StoreError> {
        let rows: Vec<Asked> = self.asked()?.into_iter().filter(|row| row.group == group).collect();
        if rows.is_empty() {
            return Err(StoreError::UnknownGroup(group));
        }
        self.write(|connection| {
            let tx = connection.transaction()?;
            forget(&tx, group, None)?;
            Ok(tx.commit()?)
        })?;
        rows.iter().try_for_each(|row| self.forget_device(&row.device))
    }

    /// Takes the answer to a request: from then on the group is in this
    /// database, as yet with its first entry only. The others come in a bundle.
    ///
    /// # Errors
    /// [`StoreError::Join`] if the answer is for none of the requests made here,
    /// or not honest.
    pub fn finish_join(&self, answer: &[u8]) -> Result<Group, StoreError> {
        let entropy = self.entropy()?;
        for row in self.asked()? {
            let card = self.card(&row, &entropy)?;
            let device = self.device(&row.device)?;
            let seed = random(self.environment())?;
            let exchange = device.exchange_key();
            match Welcome::open(answer, row.group, card.card(), exchange, &seed) {
                Err(JoinError::NotForUs) => {}
                Err(error) => return Err(error.into()),
                Ok(welcome) => return self.enter_joined(&row, &welcome),
            }
        }
        Err(JoinError::NotForUs.into())
    }

    /// Takes a file that [`Group::write_answer`] wrote: joins the group by the
    /// answer in it, and imports the entries.
    ///
    /// # Errors
    /// [`StoreError::Join`] if no answer for this device is in it, and as
    /// [`Store::finish_join`] and [`Group::import_bundle`]. If only importing
    /// failed, the group is here, and the bundle can be imported again.
    pub fn finish_join_from(
        &self,
        file: &mut (impl Read + Seek),
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<(Group, Imported), StoreError> {
        let group = self.finish_join(&first_answer(file)?)?;
        file.seek(SeekFrom::Start(0)).map_err(StoreError::Bundle)?;
        let imported = group.import_bundle(file, progress)?;
        Ok((group, imported))
    }

    fn enter_joined(&self, row: &Asked, welcome: &Welcome) -> Result<Group, StoreError> {
        let place = MembershipRow {
            genesis: welcome.genesis(),
            device: row.device,
            root_index: row.root_index,
        };
        let others = self.asked()?.into_iter();
        let others = others.filter(|other| other.group == row.group && other.j != row.j);
        let mut unused: Vec<DeviceId> = others.map(|other| other.device).collect();
        let (mut groups, replaced) =
            self.enter(&[place], |tx| forget(tx, row.group, Some(row.j)))?;
        unused.extend(replaced);
        for device in unused {
            self.forget_device(&device)?;
        }
        groups.pop().ok_or(StoreError::UnknownGroup(row.group))
    }

    /// The card with which a row asked: the same bytes each time.
    fn card(&self, row: &Asked, entropy: &RootEntropy) -> Result<SignedCard, StoreError> {
        let device = self.device(&row.device)?;
        let card = SignedCard::new(row.group, &row.name, entropy, row.root_index, &device);
        Ok(card.map_err(JoinError::Content)?)
    }

    fn asked(&self) -> Result<Vec<Asked>, StoreError> {
        self.read(|connection| {
            let sql = "SELECT j, id, device, root_index, name, made_ms FROM joins ORDER BY j";
            let mut statement = connection.prepare_cached(sql)?;
            let rows = statement.query_map([], |row| {
                Ok(Asked {
                    j: row.get(0)?,
                    group: GroupId::from_bytes(row.get(1)?),
                    device: DeviceId::from_bytes(row.get(2)?),
                    root_index: row.get(3)?,
                    name: row.get(4)?,
                    made_ms: row.get(5)?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

/// The answer at the beginning of a file.
fn first_answer(file: &mut impl Read) -> Result<Vec<u8>, StoreError> {
    let (mut records, mut buffer) = (Records::new(), vec![0; 128 * 1024]);
    loop {
        let read = match file.read(&mut buffer) {
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(StoreError::Bundle(error)),
        };
        records.push(buffer.get(..read).unwrap_or_default());
        while let Some(record) = records.next_record() {
            if MessageKind::of_bytes(&record) == Ok(MessageKind::JoinAnswer) {
                return Ok(record);
            }
        }
        if read == 0 {
            return Err(JoinError::NotForUs.into());
        }
    }
}

/// Forgets what was asked of a group; the root keys that were shown to somebody
/// are not used again, but for the row that is answered.
fn forget(
    connection: &rusqlite::Connection,
    group: GroupId,
    answered: Option<i64>,
) -> Result<(), StoreError> {
    connection.execute(
        "INSERT OR IGNORE INTO spent (root_index)
         SELECT root_index FROM joins WHERE id = ?1 AND j IS NOT ?2",
        (group.as_bytes(), answered),
    )?;
    connection.execute("DELETE FROM joins WHERE id = ?1", [group.as_bytes()])?;
    Ok(())
}
