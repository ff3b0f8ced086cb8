//! Joining a group by an invite: the request, and entering with the answer.

use std::io::{Read, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::sync::Arc;

use ledger_core::keys::{DeviceKey, Fingerprint, RootEntropy, SignedCard};
use ledger_core::messages::MessageKind;
use ledger_core::messages::invite::{InviteLink, JoinError, Welcome};
use ledger_core::{DeviceId, GroupId};
use rusqlite::{Connection, TransactionBehavior};

use crate::StoreError;
use crate::admitting::{Received, receive_request};
use crate::group::Group;
use crate::platform::environment::random;
use crate::platform::progress::{OnProgress, Progress};
use crate::sealed::{Addressee, Imported, RecordReader, find_addressee, import_records};
use crate::session::{GroupSession, MembershipRow, Session, next_root_index};

/// A join that waits: this device has asked, and no answer was entered so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Join {
    /// The group.
    pub group: GroupId,
    /// The name with which this device's person asked.
    pub name: String,
    /// The fingerprint that the inviter sees.
    pub fingerprint: Fingerprint,
    /// The time of the request, in milliseconds since 1970 UTC.
    pub made_ms: u64,
}

/// A row of the table `joins`.
struct PendingRow {
    j: i64,
    group: GroupId,
    device: DeviceId,
    root_index: u32,
    name: String,
    made_ms: u64,
}

/// Joining groups by an invite. Borrowed from a `Store`.
#[derive(Clone, Copy)]
pub struct Joining<'a> {
    session: &'a Arc<Session>,
}

impl<'a> Joining<'a> {
    pub(crate) fn new(session: &'a Arc<Session>) -> Self {
        Self { session }
    }

    /// Asks to join by a link, as `name`. Returns the message for the inviter's device. Asking
    /// again with the same name gives a message with the same keys.
    ///
    /// # Errors
    /// [`StoreError::AlreadyIn`] if this device is in the group,
    /// [`StoreError::Join`] if the name is empty or too long, [`StoreError`] if
    /// the database or the secrets cannot be used.
    pub fn join(&self, link: &InviteLink, name: &str) -> Result<Vec<u8>, StoreError> {
        let group = link.group();
        match self.session.group(group) {
            Ok(known) if known.ledger()?.state().may_write(known.device) => {
                return Err(StoreError::AlreadyIn(group));
            }
            Ok(_) | Err(StoreError::UnknownGroup(_)) => {}
            Err(error) => return Err(error),
        }
        let entropy = self.session.entropy()?;
        let before = self.asked()?.into_iter().find(|row| row.group == group && row.name == name);
        let (device, index) = match before {
            Some(row) => (self.session.device(&row.device)?, row.root_index),
            None => self.ask(group, name)?,
        };
        let card = SignedCard::new(group, name, &entropy, index, &device);
        let card = card.map_err(JoinError::Content)?;
        let seed = random(self.session.environment())?;
        Ok(link.request(&card, &seed)?)
    }

    /// Makes and stores fresh keys for a group.
    fn ask(&self, group: GroupId, name: &str) -> Result<(DeviceKey, u32), StoreError> {
        let device = self.session.new_device()?;
        let now_ms = self.session.environment().now_ms();
        let index = self.session.write(|connection| {
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

    /// The joins that wait, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] if the database or the secrets cannot be read.
    pub fn pending_joins(&self) -> Result<Vec<Join>, StoreError> {
        let entropy = self.session.entropy()?;
        let rows = self.asked()?.into_iter().map(|row| {
            let card = self.card(&row, &entropy)?;
            let fingerprint = card.card().fingerprint();
            Ok(Join { group: row.group, name: row.name, fingerprint, made_ms: row.made_ms })
        });
        rows.collect()
    }

    /// Cancels all joins of a group. An answer that comes later can no longer be used.
    ///
    /// # Errors
    /// [`StoreError::UnknownGroup`] if there is none.
    pub fn cancel_join(&self, group: GroupId) -> Result<(), StoreError> {
        let rows: Vec<PendingRow> =
            self.asked()?.into_iter().filter(|row| row.group == group).collect();
        if rows.is_empty() {
            return Err(StoreError::UnknownGroup(group));
        }
        self.session.write(|connection| {
            let tx = connection.transaction()?;
            forget(&tx, group, None)?;
            Ok(tx.commit()?)
        })?;
        rows.iter().try_for_each(|row| self.session.forget_device(&row.device))
    }

    /// Enters a group with the answer to a request. From then on the group is in this database, so
    /// far with its first entry only; the others come in a bundle.
    ///
    /// # Errors
    /// [`StoreError::Join`] if the answer is for none of the requests made here, or forged.
    pub fn enter(&self, answer: &[u8]) -> Result<Group, StoreError> {
        Ok(Group::new(self.enter_session(answer)?))
    }

    fn enter_session(&self, answer: &[u8]) -> Result<GroupSession, StoreError> {
        let entropy = self.session.entropy()?;
        for row in self.asked()? {
            let card = self.card(&row, &entropy)?;
            let device = self.session.device(&row.device)?;
            let seed = random(self.session.environment())?;
            let exchange = device.exchange_key();
            match Welcome::open(answer, row.group, card.card(), exchange, &seed) {
                Err(JoinError::NotForUs) => {}
                Err(error) => return Err(error.into()),
                Ok(welcome) => return self.enter_joined(&row, &welcome),
            }
        }
        Err(JoinError::NotForUs.into())
    }

    /// Enters a group with a file that `Invites::write_welcome` wrote: with the answer in it, and
    /// then the entries.
    ///
    /// # Errors
    /// [`StoreError::Join`] if no answer for this device is in it, and as
    /// [`Joining::enter`] and `Bundles::import`. If only importing
    /// failed, the group is here, and the same call goes on.
    pub fn enter_with_bundle(
        &self,
        file: &mut (impl Read + Seek),
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<(Group, Imported), StoreError> {
        let entered = self.enter_session(&first_answer(file, progress)?);
        file.seek(SeekFrom::Start(0)).map_err(StoreError::Bundle)?;
        let group = match entered {
            Ok(group) => group,
            // Used a second time, perhaps after the disk was full: the records tell the group.
            Err(StoreError::Join(JoinError::NotForUs)) => {
                let none = |_: &[u8]| Ok(None);
                let group = find_addressee(self.session, RecordReader::new(file), progress, none)?;
                let Addressee::Group(group) = group else { return Err(JoinError::NotForUs.into()) };
                file.seek(SeekFrom::Start(0)).map_err(StoreError::Bundle)?;
                self.session.group(group)?
            }
            Err(error) => return Err(error),
        };
        let mut imported = import_records(&group, RecordReader::new(file), progress)?;
        // The answer is, whatever became of the rest of the file.
        imported.is_ours = true;
        Ok((Group::new(group), imported))
    }

    /// Receives a request to join that came in any way, on the inviter's device. A request that
    /// came before gives the same result again.
    ///
    /// # Errors
    /// [`StoreError::Join`] or [`StoreError::Message`] if it is incomplete or forged;
    /// [`StoreError::UnknownInvite`], [`StoreError::InviteExpired`], [`StoreError::InviteUsedUp`]
    /// if the invite admits nobody.
    pub fn receive_request(&self, message: &[u8]) -> Result<Received, StoreError> {
        receive_request(self.session, message)
    }

    fn enter_joined(
        &self,
        row: &PendingRow,
        welcome: &Welcome,
    ) -> Result<GroupSession, StoreError> {
        let membership = MembershipRow {
            genesis: welcome.genesis(),
            device: row.device,
            root_index: row.root_index,
        };
        let others = self.asked()?.into_iter();
        let others = others.filter(|other| other.group == row.group && other.j != row.j);
        let mut unused: Vec<DeviceId> = others.map(|other| other.device).collect();
        let (mut groups, replaced) =
            self.session.enter(&[membership], |tx| forget(tx, row.group, Some(row.j)))?;
        unused.extend(replaced);
        for device in unused {
            self.session.forget_device(&device)?;
        }
        groups.pop().ok_or(StoreError::UnknownGroup(row.group))
    }

    /// The card with which a row asked: the same bytes each time.
    fn card(&self, row: &PendingRow, entropy: &RootEntropy) -> Result<SignedCard, StoreError> {
        let device = self.session.device(&row.device)?;
        let card = SignedCard::new(row.group, &row.name, entropy, row.root_index, &device);
        Ok(card.map_err(JoinError::Content)?)
    }

    fn asked(&self) -> Result<Vec<PendingRow>, StoreError> {
        self.session.read(|connection| {
            let sql = "SELECT j, id, device, root_index, name, made_ms FROM joins ORDER BY j";
            let mut statement = connection.prepare_cached(sql)?;
            let rows = statement.query_map([], |row| {
                Ok(PendingRow {
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

/// The first answer in a file.
fn first_answer(file: &mut impl Read, progress: OnProgress<'_>) -> Result<Vec<u8>, StoreError> {
    let is_answer =
        |record: &Vec<u8>| MessageKind::from_message(record) == Ok(MessageKind::JoinAnswer);
    let found = RecordReader::new(file).find(progress, |record| Some(record).filter(is_answer))?;
    found.ok_or(JoinError::NotForUs.into())
}

/// Deletes all joins of a group. Their root keys were shown to others, so they are not used again,
/// except the one of the row that was answered.
fn forget(
    connection: &Connection,
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
