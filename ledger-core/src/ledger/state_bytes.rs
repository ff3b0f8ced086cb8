//! State as bytes: what the digest covers, and what a checkpoint keeps.

use std::collections::BTreeSet;

use super::state::{Device, Directory, GroupState, Member, UsableEpoch};
use crate::act::Generation;
use crate::codec::{Reader, Writer};
use crate::hash::{Tag, digest};
use crate::id::{DeviceId, EntryId, EpochCommit, GroupId, MemberId, StateDigest, Topic};
use crate::limits::MAX_NAME_BYTES;
use crate::money::Balance;
use crate::payload::read_currency;
use crate::rule::{Refusal, Rule};

impl GroupState {
    /// The digest of the state: devices with equal heads and equal digests
    /// agree on everything.
    #[must_use]
    pub fn digest(&self) -> StateDigest {
        let mut w = Writer::new();
        self.encode_meaning(&mut w);
        StateDigest::from_bytes(digest(Tag::STATE, &[w.as_bytes()]))
    }

    /// What the digest covers (SPEC §7.1).
    fn encode_meaning(&self, w: &mut Writer) {
        w.array(5);
        w.bytes(self.group.as_bytes());
        w.text(&self.name);
        w.array(self.members.len());
        for (id, member) in &self.members {
            w.array(5);
            w.bytes(id.as_bytes());
            w.text(&member.name);
            w.uint(u64::from(member.introduced));
            w.uint(u64::from(member.removed));
            w.array(member.generations.len());
            member.generations.iter().for_each(|generation| generation.write(w));
        }
        w.array(self.devices.len());
        for ((generation, id), device) in &self.devices {
            w.array(4);
            generation.write(w);
            w.bytes(id.as_bytes());
            w.uint(device.exchange_generation);
            w.bytes(&device.exchange);
        }
        w.array(self.balances.len());
        for ((currency, member), balance) in &self.balances {
            w.array(3);
            w.text(currency.code());
            w.bytes(member.as_bytes());
            w.bytes(&balance.minor_units().to_be_bytes());
        }
    }

    pub(super) fn encode(&self, w: &mut Writer) {
        w.array(4);
        self.encode_meaning(w);
        w.array(self.recovery.len());
        for (generation, key) in &self.recovery {
            w.array(2);
            generation.write(w);
            w.bytes(key);
        }
        w.array(self.epochs.len());
        for ((lamport, id), epoch) in &self.epochs {
            w.array(3);
            w.uint(*lamport);
            w.bytes(id.as_bytes());
            epoch.write(w);
        }
        self.directory.encode(w);
    }

    pub(super) fn decode(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(4)?;
        r.array(5)?;
        let group = GroupId::from_bytes(r.bytes_n()?);
        let name = r.text(MAX_NAME_BYTES)?.to_owned();
        let mut state = Self {
            group,
            name,
            members: Default::default(),
            devices: Default::default(),
            balances: Default::default(),
            recovery: Default::default(),
            epochs: Default::default(),
            directory: Directory::default(),
        };
        for _ in 0..read_len(r)? {
            r.array(5)?;
            let id = MemberId::from_bytes(r.bytes_n()?);
            let name = r.text(MAX_NAME_BYTES)?.to_owned();
            let (introduced, removed) = (read_flag(r)?, read_flag(r)?);
            let generations = (0..read_len(r)?)
                .map(|_| Generation::read(r))
                .collect::<Result<BTreeSet<_>, _>>()?;
            state.members.insert(id, Member { name, introduced, removed, generations });
        }
        for _ in 0..read_len(r)? {
            r.array(4)?;
            let generation = Generation::read(r)?;
            let id = DeviceId::from_bytes(r.bytes_n()?);
            let device = Device { exchange_generation: r.uint()?, exchange: r.bytes_n()? };
            state.devices.insert((generation, id), device);
        }
        for _ in 0..read_len(r)? {
            r.array(3)?;
            let currency = read_currency(r)?;
            let member = MemberId::from_bytes(r.bytes_n()?);
            let balance = Balance::from_i128(i128::from_be_bytes(r.bytes_n()?));
            state.balances.insert((currency, member), balance);
        }
        for _ in 0..read_len(r)? {
            r.array(2)?;
            state.recovery.insert(Generation::read(r)?, r.bytes_n()?);
        }
        for _ in 0..read_len(r)? {
            r.array(3)?;
            let order = (r.uint()?, EntryId::from_bytes(r.bytes_n()?));
            state.epochs.insert(order, UsableEpoch::read(r)?);
        }
        state.directory = Directory::decode(r)?;
        Ok(state)
    }
}

impl UsableEpoch {
    pub(crate) fn write(self, w: &mut Writer) {
        w.array(2);
        w.bytes(self.topic.as_bytes());
        w.bytes(self.commit.as_bytes());
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(2)?;
        let topic = Topic::from_bytes(r.bytes_n()?);
        Ok(Self { topic, commit: EpochCommit::from_bytes(r.bytes_n()?) })
    }
}

impl Directory {
    fn encode(&self, w: &mut Writer) {
        w.array(5);
        w.array(self.introductions.len());
        for (entry, member) in &self.introductions {
            w.array(2);
            w.bytes(entry.as_bytes());
            w.bytes(member.as_bytes());
        }
        w.array(self.order.len());
        for (member, (lamport, entry)) in &self.order {
            w.array(3);
            w.bytes(member.as_bytes());
            w.uint(*lamport);
            w.bytes(entry.as_bytes());
        }
        w.array(self.owners.len());
        for (device, member) in &self.owners {
            w.array(2);
            w.bytes(device.as_bytes());
            w.bytes(member.as_bytes());
        }
        w.array(self.currencies.len());
        for (currency, entries) in &self.currencies {
            w.array(2);
            w.text(currency.code());
            w.uint(*entries);
        }
        w.uint(self.unknown);
    }

    fn decode(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        let mut directory = Self::default();
        r.array(5)?;
        for _ in 0..read_len(r)? {
            r.array(2)?;
            let entry = EntryId::from_bytes(r.bytes_n()?);
            directory.introductions.insert(entry, MemberId::from_bytes(r.bytes_n()?));
        }
        for _ in 0..read_len(r)? {
            r.array(3)?;
            let member = MemberId::from_bytes(r.bytes_n()?);
            directory.order.insert(member, (r.uint()?, EntryId::from_bytes(r.bytes_n()?)));
        }
        for _ in 0..read_len(r)? {
            r.array(2)?;
            let device = DeviceId::from_bytes(r.bytes_n()?);
            directory.owners.insert(device, MemberId::from_bytes(r.bytes_n()?));
        }
        for _ in 0..read_len(r)? {
            r.array(2)?;
            directory.currencies.insert(read_currency(r)?, r.uint()?);
        }
        directory.unknown = r.uint()?;
        Ok(directory)
    }
}

fn read_flag(r: &mut Reader<'_>) -> Result<bool, Refusal> {
    match r.uint()? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Refusal::new(Rule::Q2)),
    }
}

fn read_len(r: &mut Reader<'_>) -> Result<usize, Refusal> {
    r.array_up_to(usize::MAX, Rule::C6)
}
