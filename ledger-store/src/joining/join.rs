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
use crate::entries::check_new_name;
use crate::group::Group;
use crate::platform::environment::random;
use crate::platform::progress::{OnProgress, Progress};
use crate::sealed::{Imported, RecordReader, find_addressee, import_records};
use crate::session::{GroupSession, MembershipRow, Session, Turn, next_root_index};

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
    /// Whether an answer to it was entered.
    entered: bool,
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

    /// Asks to join by a link, as `name`. Returns the message for the inviter's device.
    ///
    /// Asking again, by the same link or another one of the group, gives a message with the same
    /// keys and the first name, so that nobody becomes two members. [`Joining::pending_joins`]
    /// tells the name; [`Joining::cancel_join`] lets a person ask with another one.
    ///
    /// # Errors
    /// [`StoreError::AlreadyIn`] if this device is in the group, also if the entries that say so
    /// have not come yet, [`StoreError::Join`] if the name is empty or too long,
    /// [`StoreError::Draft`] if nobody could read it or it has control characters, [`StoreError`]
    /// if the database or the secrets cannot be used.
    pub fn join(&self, link: &InviteLink, name: &str) -> Result<Vec<u8>, StoreError> {
        let group = link.group();
        if self.is_in(group)? {
            return Err(StoreError::AlreadyIn(group));
        }
        // A name that breaks a rule is noticed before any secret is kept.
        check_new_name(name)?;
        SignedCard::new(group, name, &RootEntropy::from_bytes([0; 32]), 0, &nobody())
            .map_err(JoinError::Content)?;
        let turn = self.session.turn()?;
        let entropy = self.session.entropy()?;
        let row = match self.waiting(group)? {
            Some(row) => {
                self.session.check_turn(turn)?;
                row
            }
            None => self.ask(group, name, turn)?,
        };
        let card = self.card(&row, &entropy)?;
        let seed = random(self.session.environment())?;
        Ok(link.request(&card, &seed)?)
    }

    /// Whether this device is in the group, or will be as soon as its entries come. A person who
    /// was removed or left is not.
    fn is_in(&self, group: GroupId) -> Result<bool, StoreError> {
        let known = match self.session.group(group) {
            Ok(known) => known,
            Err(StoreError::UnknownGroup(_)) => return Ok(false),
            Err(error) => return Err(error),
        };
        let ledger = known.ledger()?;
        if ledger.state().may_write(known.device) {
            return Ok(true);
        }
        // A device whose enrolment is not here may have been admitted all the same.
        let unknown = ledger.state().device_owner(known.device).is_none();
        let mut rows = self.asked()?.into_iter();
        Ok(unknown && rows.any(|row| row.entered && row.device == known.device))
    }

    /// The join of a group that waits for its answer.
    fn waiting(&self, group: GroupId) -> Result<Option<PendingRow>, StoreError> {
        Ok(self.asked()?.into_iter().find(|row| row.group == group && !row.entered))
    }

    /// Makes and stores fresh keys for a group, unless another process has just asked.
    fn ask(&self, group: GroupId, name: &str, turn: Turn) -> Result<PendingRow, StoreError> {
        self.session.with_new_device(|device| {
            let made_ms = self.session.environment().now_ms();
            self.session.write(|connection| {
                let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
                let sql = "SELECT EXISTS (SELECT 1 FROM joins WHERE id = ?1 AND NOT entered)";
                let asked: bool = tx.query_row(sql, [group.as_bytes()], |row| row.get(0))?;
                if asked {
                    return Err(StoreError::Busy);
                }
                self.session.check_turn(turn)?;
                let index = next_root_index(&tx)?;
                tx.execute(
                    "INSERT INTO joins (id, device, root_index, name, made_ms)
                     VALUES (?1, ?2, ?3, ?4, ?5)",
                    (group.as_bytes(), device.id().as_bytes(), index, name, made_ms),
                )?;
                tx.commit()?;
                Ok(())
            })
        })?;
        self.waiting(group)?.ok_or(StoreError::UnknownGroup(group))
    }

    /// The joins that wait, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] if the database or the secrets cannot be read.
    pub fn pending_joins(&self) -> Result<Vec<Join>, StoreError> {
        let entropy = self.session.entropy()?;
        let waiting = self.asked()?.into_iter().filter(|row| !row.entered);
        let rows = waiting.map(|row| {
            let card = self.card(&row, &entropy)?;
            let fingerprint = card.card().fingerprint();
            Ok(Join { group: row.group, name: row.name, fingerprint, made_ms: row.made_ms })
        });
        rows.collect()
    }

    /// Cancels the join of a group. An answer that comes later can no longer be used.
    ///
    /// # Errors
    /// [`StoreError::UnknownGroup`] if there is none.
    pub fn cancel_join(&self, group: GroupId) -> Result<(), StoreError> {
        let rows: Vec<PendingRow> =
            self.asked()?.into_iter().filter(|row| row.group == group && !row.entered).collect();
        if rows.is_empty() {
            return Err(StoreError::UnknownGroup(group));
        }
        self.session.write(|connection| {
            let tx = connection.transaction()?;
            rows.iter().try_for_each(|row| forget(&tx, row.j))?;
            Ok(tx.commit()?)
        })?;
        rows.iter().try_for_each(|row| self.session.forget_device(&row.device))
    }

    /// Enters a group with the answer to a request. From then on the group is in this database, so
    /// far with its first entry only; the others come in a bundle. An answer that was entered before
    /// gives the group again, and changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Join`] if the answer is for none of the requests made here, or forged.
    pub fn enter(&self, answer: &[u8]) -> Result<Group, StoreError> {
        Ok(Group::new(self.enter_session(answer)?))
    }

    fn enter_session(&self, answer: &[u8]) -> Result<GroupSession, StoreError> {
        let entropy = self.session.entropy()?;
        for row in self.asked()? {
            // The keys are gone if the device got others since.
            let Some(device) = self.session.known_device(&row.device)? else { continue };
            let card = self.card(&row, &entropy)?;
            let seed = random(self.session.environment())?;
            let exchange = device.exchange_key();
            match Welcome::open(answer, row.group, card.card(), exchange, &seed) {
                Err(JoinError::NotForUs) => {}
                Err(error) => return Err(error.into()),
                Ok(_) if row.entered => return self.session.group(row.group),
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
    /// failed, the group is here, and the same file can be entered again.
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
                let group = group.ok_or(JoinError::NotForUs)?;
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
        let mut others = self.asked()?;
        others.retain(|other| other.group == row.group && other.j != row.j);
        let (mut groups, replaced) = self.session.enter(&[membership], |tx| {
            others.iter().try_for_each(|other| forget(tx, other.j))?;
            tx.execute("UPDATE joins SET entered = 1 WHERE j = ?1", [row.j])?;
            Ok(())
        })?;
        for device in others.iter().map(|other| other.device).chain(replaced) {
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
            let sql =
                "SELECT j, id, device, root_index, name, made_ms, entered FROM joins ORDER BY j";
            let mut statement = connection.prepare_cached(sql)?;
            let rows = statement.query_map([], |row| {
                Ok(PendingRow {
                    j: row.get(0)?,
                    group: GroupId::from_bytes(row.get(1)?),
                    device: DeviceId::from_bytes(row.get(2)?),
                    root_index: row.get(3)?,
                    name: row.get(4)?,
                    made_ms: row.get(5)?,
                    entered: row.get(6)?,
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

/// Deletes a join. Its root key was shown to others, so it is not used again.
fn forget(connection: &Connection, j: i64) -> Result<(), StoreError> {
    connection.execute(
        "INSERT OR IGNORE INTO spent (root_index) SELECT root_index FROM joins WHERE j = ?1",
        [j],
    )?;
    connection.execute("DELETE FROM joins WHERE j = ?1", [j])?;
    Ok(())
}

/// Keys for a card that is made only to see whether it can be.
fn nobody() -> DeviceKey {
    DeviceKey::from_bytes(&[0; 64])
}
