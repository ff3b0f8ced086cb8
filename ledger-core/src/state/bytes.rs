//! Group state as bytes: what the digest covers, and what a checkpoint holds.

use super::device::{Device, UsableEpoch};
use super::group_state::GroupState;
use super::member::Member;
use super::name_index::{IntroductionPlace, IntroductionStanding, NameIndex};
use crate::base::codec::{Reader, Writer};
use crate::base::hash::{Tag, digest};
use crate::base::id::{DeviceId, EntryId, EpochCommit, GroupId, MemberId, StateDigest, Topic};
use crate::base::limits::MAX_NAME_BYTES;
use crate::base::rule::{Refusal, Rule};
use crate::money::Balance;
use crate::payload::read_currency;
use crate::statement::Generation;

impl GroupState {
    /// Returns the digest of the state. Devices with equal heads and equal digests agree on
    /// everything.
    #[must_use]
    pub fn digest(&self) -> StateDigest {
        let mut w = Writer::new();
        self.encode_meaning(&mut w);
        StateDigest::from_bytes(digest(Tag::STATE, &[w.as_bytes()]))
    }

    /// Writes what the digest covers (SPEC §7.1).
    fn encode_meaning(&self, w: &mut Writer) {
        w.array(5);
        w.bytes(self.group.as_bytes());
        w.text(&self.name);
        w.list(self.members.iter(), |w, (id, member)| {
            w.array(5);
            w.bytes(id.as_bytes());
            w.text(&member.name);
            w.flag(member.introduced);
            w.flag(member.removed);
            w.list(member.generations.iter(), |w, generation| generation.write(w));
        });
        w.list(self.devices.iter(), |w, ((generation, id), device)| {
            w.array(4);
            generation.write(w);
            w.bytes(id.as_bytes());
            w.uint(device.exchange_generation);
            w.bytes(&device.exchange);
        });
        w.list(self.balances.iter(), |w, ((currency, member), balance)| {
            w.array(3);
            w.text(currency.code());
            w.bytes(member.as_bytes());
            w.bytes(&balance.minor_units().to_be_bytes());
        });
    }

    pub(crate) fn encode(&self, w: &mut Writer) {
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
        self.name_index.encode(w);
    }

    pub(crate) fn decode(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(4)?;
        r.array(5)?;
        Ok(Self {
            group: GroupId::from_bytes(r.bytes_n()?),
            name: r.text(MAX_NAME_BYTES)?.to_owned(),
            members: r.list(|r| {
                r.array(5)?;
                let id = MemberId::from_bytes(r.bytes_n()?);
                let name = r.text(MAX_NAME_BYTES)?.to_owned();
                let (introduced, removed) = (r.flag()?, r.flag()?);
                let generations = r.list(Generation::read)?;
                Ok((id, Member { name, introduced, removed, generations }))
            })?,
            devices: r.list(|r| {
                r.array(4)?;
                let key = (Generation::read(r)?, DeviceId::from_bytes(r.bytes_n()?));
                Ok((key, Device { exchange_generation: r.uint()?, exchange: r.bytes_n()? }))
            })?,
            balances: r.list(|r| {
                r.array(3)?;
                let key = (read_currency(r)?, MemberId::from_bytes(r.bytes_n()?));
                Ok((key, Balance::from_minor_units(i128::from_be_bytes(r.bytes_n()?))))
            })?,
            recovery: r.list(|r| {
                r.array(2)?;
                Ok((Generation::read(r)?, r.bytes_n()?))
            })?,
            epochs: r.list(|r| {
                r.array(3)?;
                let order = (r.uint()?, EntryId::from_bytes(r.bytes_n()?));
                Ok((order, UsableEpoch::read(r)?))
            })?,
            name_index: NameIndex::decode(r)?,
        })
    }
}

impl Device {
    pub(crate) fn write(self, w: &mut Writer) {
        w.array(2);
        w.uint(self.exchange_generation);
        w.bytes(&self.exchange);
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(2)?;
        Ok(Self { exchange_generation: r.uint()?, exchange: r.bytes_n()? })
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

impl NameIndex {
    fn encode(&self, w: &mut Writer) {
        w.array(5);
        w.list(self.introductions.iter(), |w, (entry, member)| {
            w.array(2);
            w.bytes(entry.as_bytes());
            w.bytes(member.as_bytes());
        });
        w.list(self.order.iter(), |w, (member, place)| {
            w.array(4);
            w.bytes(member.as_bytes());
            w.uint(place.standing.code());
            w.uint(place.lamport);
            w.bytes(place.entry.as_bytes());
        });
        w.list(self.owners.iter(), |w, (device, member)| {
            w.array(2);
            w.bytes(device.as_bytes());
            w.bytes(member.as_bytes());
        });
        w.list(self.currencies.iter(), |w, (currency, entries)| {
            w.array(2);
            w.text(currency.code());
            w.uint(*entries);
        });
        w.uint(self.unknown);
    }

    fn decode(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(5)?;
        Ok(Self {
            introductions: r.list(|r| {
                r.array(2)?;
                Ok((EntryId::from_bytes(r.bytes_n()?), MemberId::from_bytes(r.bytes_n()?)))
            })?,
            order: r.list(|r| {
                r.array(4)?;
                let member = MemberId::from_bytes(r.bytes_n()?);
                let standing = IntroductionStanding::from_code(r.uint()?);
                let standing = standing.ok_or(Refusal::new(Rule::Q2))?;
                let (lamport, entry) = (r.uint()?, EntryId::from_bytes(r.bytes_n()?));
                Ok((member, IntroductionPlace { standing, lamport, entry }))
            })?,
            owners: r.list(|r| {
                r.array(2)?;
                Ok((DeviceId::from_bytes(r.bytes_n()?), MemberId::from_bytes(r.bytes_n()?)))
            })?,
            currencies: r.list(|r| {
                r.array(2)?;
                Ok((read_currency(r)?, r.uint()?))
            })?,
            unknown: r.uint()?,
        })
    }
}
