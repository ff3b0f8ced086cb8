//! A group opened with a restored phrase and a bundle alone (SPEC §16.1).

use std::collections::BTreeMap;
use std::io::{Read, Seek, SeekFrom};
use std::ops::ControlFlow;

use ledger_core::bundle::Records;
use ledger_core::engine::{Draft, Epoch, Payload, VerifiedEntry, verify_batch};
use ledger_core::keys::{ExchangeKey, SignedDevice};
use ledger_core::messages::recovery::EnrolmentRequest;
use ledger_core::seal::{Envelope, EpochKey, FoundKey, KeyEnvelope, Topic};
use ledger_core::statement::{NewStatement, SignedStatement};
use ledger_core::{EntryId, GroupId};

use crate::enter::MembershipRow;
use crate::environment::random;
use crate::{Group, Imported, Progress, Store, StoreError, StoreOptions};

/// How many root keys a person has room for.
const ROOT_KEYS: u32 = 1_024;

/// How many envelopes wait for a key while the group is not known.
const MAX_HELD: usize = 1_000;

/// Most ids in the base of a statement.
const MAX_BASE: usize = 16;

/// What a bundle would restore, for the person to look at first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupPreview {
    /// The group.
    pub id: GroupId,
    /// Its name.
    pub name: String,
    /// The names of its members, each different from the others'.
    pub members: Vec<String>,
    /// How many entries the bundle brings.
    pub entries: u64,
}

impl Store {
    /// Looks into a bundle that [`Store::restore_group`] would open, and keeps
    /// nothing of it: the group is read into memory. Whoever knows a person's
    /// public recovery key can make a group and a bundle for it, so show the person
    /// what it is before entering it.
    ///
    /// # Errors
    /// As [`Store::restore_group`].
    pub fn preview_group(
        &self,
        bundle: &mut (impl Read + Seek),
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<GroupPreview, StoreError> {
        let entropy = self.known_entropy()?.ok_or(StoreError::NoRootKey)?;
        let scratch = StoreOptions::new().in_memory()?;
        scratch.become_person(&entropy)?;
        let (group, _) = scratch.restore_group(bundle, progress)?;
        bundle.seek(SeekFrom::Start(0)).map_err(StoreError::Bundle)?;
        let ledger = group.ledger()?;
        let (state, labels) = (ledger.state(), ledger.state().labels());
        let name = |id| labels.get(&id).cloned().unwrap_or_default();
        Ok(GroupPreview {
            id: group.id(),
            name: state.name().to_owned(),
            members: state.members().into_iter().map(|(id, _)| name(id)).collect(),
            entries: ledger.frontier().entries(),
        })
    }

    /// Opens a group from a bundle, with nothing but the entropy that a phrase or
    /// friends restored: it can be read at once. To write in it, the device asks
    /// a member to carry its enrolment ([`Group::request_enrolment`]).
    /// [`Store::preview_group`] shows beforehand which group it is.
    ///
    /// A bundle of a group that is here already is imported.
    ///
    /// # Errors
    /// [`StoreError::NoRootKey`] if no entropy was restored,
    /// [`StoreError::NoKey`] if the bundle holds no key for this person,
    /// and as [`Group::import_bundle`].
    pub fn restore_group(
        &self,
        bundle: &mut (impl Read + Seek),
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<(Group, Imported), StoreError> {
        let entropy = self.known_entropy()?.ok_or(StoreError::NoRootKey)?;
        let keys = (0..ROOT_KEYS).map(|index| entropy.recovery_key(index)).collect();
        let seed = random(self.environment())?;
        let (genesis, index) = Search::new(keys).run(bundle, &seed)?;
        let id = GroupId::from(genesis.id());
        let group = match self.group(id) {
            Ok(group) => group,
            Err(StoreError::UnknownGroup(_)) => {
                let device = self.new_device()?.id();
                let place = MembershipRow { genesis: &genesis, device, root_index: index };
                let (mut groups, _) = self.enter(&[place], |_| Ok(()))?;
                groups.pop().ok_or(StoreError::UnknownGroup(id))?
            }
            Err(error) => return Err(error),
        };
        bundle.seek(SeekFrom::Start(0)).map_err(StoreError::Bundle)?;
        let imported = group.import_bundle(bundle, progress)?;
        Ok((group, imported))
    }

    /// Carries the enrolment of a member's restored device. The member's root key
    /// has signed it; carrying adds nothing to it.
    ///
    /// # Errors
    /// [`StoreError::Enrolment`] if it is not whole or not honest,
    /// [`StoreError::NoKey`] if it is for no group of this device,
    /// [`StoreError::WouldBeVoid`] if it would not count.
    pub fn carry_enrolment(&self, message: &[u8]) -> Result<(GroupId, EntryId), StoreError> {
        let topic = EnrolmentRequest::topic(message)?;
        for id in self.group_ids()? {
            let group = self.group(id)?;
            let Some(key) = group.epoch_key(&topic)? else { continue };
            let request = EnrolmentRequest::open(message, &key)?;
            let device = group.signing_key()?;
            let entry = group.write(|writer| {
                group.merge_heads(writer, &device)?;
                group.keep(writer, &device, Draft::carry(request.act()))
            })?;
            return Ok((id, entry));
        }
        Err(StoreError::NoKey)
    }
}

impl Group {
    /// For a device that was restored by phrase or by friends: a message by which
    /// it asks any member to carry its enrolment. Once that comes back in a
    /// bundle, the device writes.
    ///
    /// # Errors
    /// [`StoreError::AlreadyIn`] if the device may write,
    /// [`StoreError::NoRootKey`] if the person's root key does not count in the
    /// group any more, [`StoreError::Draft`] if the person has too many devices.
    pub fn request_enrolment(&self) -> Result<Vec<u8>, StoreError> {
        let entropy = self.store().known_entropy()?.ok_or(StoreError::NoRootKey)?;
        let root = entropy.root_key(self.root_index()?);
        let device = self.device_key()?;
        let ledger = self.ledger()?;
        if ledger.state().may_write(self.device()) {
            return Err(StoreError::AlreadyIn(self.id()));
        }
        let (_, generation) = ledger.member_of_root(root.id()).ok_or(StoreError::NoRootKey)?;
        let device = SignedDevice::new(self.id(), &root, &device)?;
        let enrol = NewStatement::Enrol { generation, device: &device };
        Draft::check_limits(&enrol, ledger.state())?;
        let nonce = *random(self.store().environment())?;
        let base = ledger.frontier().heads().take(MAX_BASE);
        let act = SignedStatement::new(&root, self.id(), &enrol, base, nonce)?;
        let key = self.newest_epoch_key()?.ok_or(StoreError::NoKey)?;
        Ok(EnrolmentRequest::new(act)?.seal(&key))
    }
}

/// Looks for the genesis entry of the group of a bundle.
struct Search {
    keys: Vec<ExchangeKey>,
    found: Vec<FoundKey>,
    /// The group, with the number of the person's root key in it.
    group: Option<(GroupId, u32)>,
    ring: BTreeMap<Topic, EpochKey>,
    /// Epochs whose boxes are not open yet.
    boxes: Vec<Epoch>,
    held: Vec<Vec<u8>>,
    genesis: Option<ledger_core::engine::DecodedEntry>,
}

impl Search {
    fn new(keys: Vec<ExchangeKey>) -> Self {
        let (found, boxes, held) = (Vec::new(), Vec::new(), Vec::new());
        Self { keys, found, group: None, ring: BTreeMap::new(), boxes, held, genesis: None }
    }

    fn run(
        mut self,
        bundle: &mut impl Read,
        seed: &[u8; 32],
    ) -> Result<(VerifiedEntry, u32), StoreError> {
        let (mut records, mut buffer) = (Records::new(), vec![0; 128 * 1024]);
        loop {
            let read = match bundle.read(&mut buffer) {
                Ok(read) => read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(StoreError::Bundle(error)),
            };
            records.push(buffer.get(..read).unwrap_or_default());
            while let Some(record) = records.next_record() {
                self.take(record);
                if let (Some(genesis), Some((_, index))) = (self.genesis.take(), self.group) {
                    let verified = verify_batch(vec![genesis], seed).pop();
                    return Ok((verified.ok_or(StoreError::NoKey)??, index));
                }
            }
            if read == 0 {
                return Err(StoreError::NoKey);
            }
        }
    }

    fn take(&mut self, record: Vec<u8>) {
        if let Ok(envelope) = KeyEnvelope::parse(&record) {
            self.found.extend(envelope.find(&self.keys));
        } else if self.open(&record) {
            // Keys that came with it may open what waits.
            while let Some(at) = (0..self.held.len()).find(|at| self.can_open(*at)) {
                let waiting = self.held.swap_remove(at);
                self.open(&waiting);
            }
        } else if self.held.len() < MAX_HELD {
            self.held.push(record);
        }
    }

    fn can_open(&self, at: usize) -> bool {
        let record = self.held.get(at).map(Vec::as_slice).unwrap_or_default();
        Envelope::parse(record).is_ok_and(|envelope| self.ring.contains_key(&envelope.topic()))
    }

    /// Opens an envelope if its key is here; whether it is.
    fn open(&mut self, record: &[u8]) -> bool {
        let Ok(envelope) = Envelope::parse(record) else { return true };
        let topic = envelope.topic();
        if !self.ring.contains_key(&topic) {
            let ours = |found: &&FoundKey| found.topic() == topic;
            let key = self
                .found
                .iter()
                .filter(ours)
                .find_map(|found| Some((found.index(), found.of_group(&envelope)?)));
            let Some((index, key)) = key else { return false };
            let index = u32::try_from(index).unwrap_or(u32::MAX);
            let (group, _) = *self.group.get_or_insert((key.group(), index));
            if group == key.group() {
                self.ring.insert(topic, key);
                self.open_boxes();
            }
        }
        let Some(key) = self.ring.get(&topic) else { return false };
        let Ok(entry) = key.open(&envelope) else { return true };
        if let Payload::Epoch(epoch) = entry.payload() {
            self.boxes.push(epoch.clone());
            self.open_boxes();
        }
        if self.group.is_some_and(|(group, _)| group.genesis() == entry.id()) {
            self.genesis = Some(entry);
        }
        true
    }

    /// A box opens with the key of its own epoch, whichever its entry travelled
    /// under.
    fn open_boxes(&mut self) {
        while let Some(at) = self.boxes.iter().position(|e| self.ring.contains_key(&e.topic())) {
            let epoch = self.boxes.swap_remove(at);
            let key = self.ring.get(&epoch.topic());
            let keys = key.and_then(|key| key.predecessors(&epoch).ok()).unwrap_or_default();
            self.ring.extend(keys.into_iter().map(|key| (key.topic(), key)));
        }
    }
}
