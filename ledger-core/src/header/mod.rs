//! Signed header of an entry: the same twelve fields in every version (SPEC §2).

mod kind;

pub use kind::Kind;

use crate::base::codec::{Reader, Writer};
use crate::base::hash::{Tag, digest};
use crate::base::id::{DeviceId, EntryId, GroupId};
use crate::base::limits::{MAX_KIND, MAX_PARENTS, MAX_REFS};
use crate::base::rule::{Refusal, Rule};

/// The version that this build writes and understands.
const VERSION: u64 = 1;

/// Header of an entry that keeps every header rule (SPEC §2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header(HeaderFields);

/// Header fields that are not yet checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HeaderFields {
    pub(crate) version: u64,
    pub(crate) group: Option<GroupId>,
    pub(crate) device: DeviceId,
    pub(crate) seq: u64,
    pub(crate) backlink: Option<EntryId>,
    pub(crate) parents: Vec<EntryId>,
    pub(crate) refs: Vec<EntryId>,
    pub(crate) lamport: u64,
    pub(crate) timestamp_ms: u64,
    pub(crate) kind: Kind,
    pub(crate) payload_len: u64,
    pub(crate) payload_hash: [u8; 32],
}

impl HeaderFields {
    /// Fields of an entry of this version with this payload. The caller sets the rest.
    pub(crate) fn for_payload(device: DeviceId, kind: Kind, payload: &[u8]) -> Self {
        Self {
            version: VERSION,
            group: None,
            device,
            seq: 0,
            backlink: None,
            parents: Vec::new(),
            refs: Vec::new(),
            lamport: 1,
            timestamp_ms: 0,
            kind,
            // A slice is never longer than 2^63 - 1 bytes.
            payload_len: u64::try_from(payload.len()).unwrap_or(u64::MAX),
            payload_hash: digest(Tag::PAYLOAD, &[payload]),
        }
    }
}

impl Header {
    /// Checks the rules H2 to H5, H8 and H9.
    pub(crate) fn check(fields: HeaderFields) -> Result<Self, Refusal> {
        let genesis = fields.kind == Kind::GENESIS;
        let f = &fields;
        if f.version == 0 {
            return Err(Refusal::new(Rule::H8));
        }
        let without_past = f.group.is_none() && f.backlink.is_none() && f.seq == 0;
        let with_past = f.group.is_some() && f.backlink.is_some();
        if if genesis { !without_past } else { !with_past } {
            return Err(Refusal::new(Rule::H2));
        }
        // The backlink is a dependency already; a second mention would give one entry two encodings.
        let backlink_is_parent = f.backlink.is_some_and(|b| f.parents.contains(&b));
        if f.parents.len() > MAX_PARENTS || !ascending(&f.parents) || backlink_is_parent {
            return Err(Refusal::new(Rule::H3));
        }
        if f.refs.len() > MAX_REFS || !ascending(&f.refs) {
            return Err(Refusal::new(Rule::H4));
        }
        if f.lamport == 0 {
            return Err(Refusal::new(Rule::H5));
        }
        if genesis && (!f.parents.is_empty() || !f.refs.is_empty() || f.lamport != 1) {
            return Err(Refusal::new(Rule::H9));
        }
        Ok(Self(fields))
    }

    /// Reads a header, and checks every header rule.
    pub(crate) fn decode(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(12)?;
        let version = r.uint()?;
        let group = r.optional(Reader::bytes_n)?.map(GroupId::from_bytes);
        let device = DeviceId::from_bytes(r.bytes_n()?);
        let seq = r.uint()?;
        let backlink = r.optional(Reader::bytes_n)?.map(EntryId::from_bytes);
        let parents = read_ids(r, MAX_PARENTS, Rule::H3)?;
        let refs = read_ids(r, MAX_REFS, Rule::H4)?;
        let lamport = r.uint()?;
        let timestamp_ms = r.uint()?;
        let kind = r.uint()?;
        let kind = u16::try_from(kind).map_err(|_| {
            Refusal::with_detail(Rule::H6, format!("{kind} is more than {MAX_KIND}"))
        })?;
        Self::check(HeaderFields {
            version,
            group,
            device,
            seq,
            backlink,
            parents,
            refs,
            lamport,
            timestamp_ms,
            kind: Kind::from_number(kind),
            payload_len: r.uint()?,
            payload_hash: r.bytes_n()?,
        })
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let f = &self.0;
        // Each id takes 34 bytes; the rest is never longer.
        let ids = f.parents.len().saturating_add(f.refs.len());
        let mut w = Writer::with_room(ids.saturating_mul(34).saturating_add(256));
        w.array(12);
        w.uint(f.version);
        w.optional(f.group.as_ref(), |w, id| w.bytes(id.as_bytes()));
        w.bytes(f.device.as_bytes());
        w.uint(f.seq);
        w.optional(f.backlink.as_ref(), |w, id| w.bytes(id.as_bytes()));
        write_ids(&mut w, &f.parents);
        write_ids(&mut w, &f.refs);
        w.uint(f.lamport);
        w.uint(f.timestamp_ms);
        w.uint(u64::from(f.kind.number()));
        w.uint(f.payload_len);
        w.bytes(&f.payload_hash);
        w.into_bytes()
    }

    pub(crate) fn payload_len(&self) -> u64 {
        self.0.payload_len
    }

    pub(crate) fn payload_hash(&self) -> &[u8; 32] {
        &self.0.payload_hash
    }

    pub(crate) fn is_known_version(&self) -> bool {
        self.0.version == VERSION
    }

    /// The version of the format in which the entry is written.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.0.version
    }

    /// The group. `None` in the group's genesis entry, whose own id is the group's id.
    #[must_use]
    pub fn group(&self) -> Option<GroupId> {
        self.0.group
    }

    /// The device that signed.
    #[must_use]
    pub fn device(&self) -> DeviceId {
        self.0.device
    }

    /// The entry's sequence number in its device's chain, from 0.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.0.seq
    }

    /// The device's previous entry; for the first one, the entry that enrolled the device.
    /// `None` in a genesis entry.
    #[must_use]
    pub fn backlink(&self) -> Option<EntryId> {
        self.0.backlink
    }

    /// The heads that the author knew, other than the backlink.
    #[must_use]
    pub fn parents(&self) -> &[EntryId] {
        &self.0.parents
    }

    /// The entries that the payload refers to.
    #[must_use]
    pub fn refs(&self) -> &[EntryId] {
        &self.0.refs
    }

    /// The Lamport clock: 1 + the largest among the dependencies.
    #[must_use]
    pub fn lamport(&self) -> u64 {
        self.0.lamport
    }

    /// The author's wall clock in milliseconds since 1970, for display only.
    #[must_use]
    pub fn timestamp_ms(&self) -> u64 {
        self.0.timestamp_ms
    }

    /// The kind of the payload.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// All entries that must be admitted before this one: backlink, parents and refs. An id
    /// may occur more than once.
    pub fn dependencies(&self) -> impl Iterator<Item = &EntryId> {
        self.0.backlink.iter().chain(&self.0.parents).chain(&self.0.refs)
    }
}

fn ascending(ids: &[EntryId]) -> bool {
    ids.is_sorted_by(|a, b| a < b)
}

fn read_ids(r: &mut Reader<'_>, max: usize, rule: Rule) -> Result<Vec<EntryId>, Refusal> {
    let len = r.array_up_to(max, rule)?;
    let mut ids = Vec::with_capacity(len);
    for _ in 0..len {
        ids.push(EntryId::from_bytes(r.bytes_n()?));
    }
    Ok(ids)
}

fn write_ids(w: &mut Writer, ids: &[EntryId]) {
    w.array(ids.len());
    ids.iter().for_each(|id| w.bytes(id.as_bytes()));
}
