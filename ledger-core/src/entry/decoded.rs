//! Decoded entries: bytes that keep every rule of form. Their signature is not yet checked.

use crate::base::codec::Reader;
use crate::base::hash::{Tag, digest};
use crate::base::id::EntryId;
use crate::base::limits::MAX_ENTRY_BYTES;
use crate::base::rule::{Refusal, Rule};
use crate::header::{Header, HeaderFields};
use crate::payload::Payload;

/// Entry whose bytes keep the rules of codec, header and payload. Its signature is not yet
/// checked.
///
/// ```
/// use ledger_core::Rule;
/// use ledger_core::engine::DecodedEntry;
/// let refused = DecodedEntry::decode(b"not an entry", &[0; 64]).unwrap_err();
/// assert_eq!(refused.rule(), Rule::C1);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodedEntry {
    id: EntryId,
    header: Header,
    payload: Payload,
    bytes: Vec<u8>,
    signature: [u8; 64],
}

impl DecodedEntry {
    /// Reads an entry, which is a header and a payload, and keeps the signature that came with
    /// the entry.
    ///
    /// # Errors
    /// The first rule that the bytes break. Their sender is at fault.
    pub fn decode(bytes: &[u8], signature: &[u8; 64]) -> Result<Self, Refusal> {
        if bytes.len() > MAX_ENTRY_BYTES {
            return Err(Refusal::with_detail(Rule::H1, format!("{} bytes", bytes.len())));
        }
        let mut r = Reader::new(bytes);
        let header = Header::decode(&mut r)?;
        let payload_bytes = r.rest();
        // A header that is encoded again must give the same bytes: no entry has two encodings.
        let header_bytes = header.encode();
        if bytes.strip_prefix(&header_bytes[..]) != Some(payload_bytes) {
            return Err(Refusal::new(Rule::C2));
        }
        let id = EntryId::from_bytes(digest(Tag::ENTRY, &[&header_bytes]));
        let named = |refusal: Refusal| refusal.in_entry(id);
        // The signature covers the header alone; these two fields bind the payload to it.
        let length_fits = u64::try_from(payload_bytes.len()) == Ok(header.payload_len());
        if !length_fits || digest(Tag::PAYLOAD, &[payload_bytes]) != *header.payload_hash() {
            return Err(named(Refusal::new(Rule::H7)));
        }
        let payload = Payload::decode(&header, payload_bytes).map_err(named)?;
        // An opaque payload has no known layout; its hash alone identifies its bytes.
        if payload != Payload::Opaque && payload.encode() != payload_bytes {
            return Err(named(Refusal::new(Rule::C2)));
        }
        Ok(Self { id, header, payload, bytes: bytes.to_vec(), signature: *signature })
    }

    /// Reads an entry that was decoded and verified before it was stored under its id.
    /// Therefore this function does not check the id, the hash of the payload and the
    /// encoding, which saves two hashes and the second encoding.
    pub(super) fn decode_stored(
        id: EntryId,
        bytes: &[u8],
        signature: &[u8; 64],
    ) -> Result<Self, Refusal> {
        let named = |refusal: Refusal| refusal.in_entry(id);
        let mut r = Reader::new(bytes);
        let header = Header::decode(&mut r).map_err(named)?;
        let payload_bytes = r.rest();
        if u64::try_from(payload_bytes.len()) != Ok(header.payload_len()) {
            return Err(named(Refusal::new(Rule::H7)));
        }
        let payload = Payload::decode(&header, payload_bytes).map_err(named)?;
        Ok(Self { id, header, payload, bytes: bytes.to_vec(), signature: *signature })
    }

    /// Reads the dependencies of such an entry, and no more of it than its header.
    pub(super) fn stored_dependencies(bytes: &[u8]) -> Result<Vec<EntryId>, Refusal> {
        let header = Header::decode(&mut Reader::new(bytes))?;
        Ok(header.dependencies().copied().collect())
    }

    /// Builds an entry of this device. It passes the same checks as entries of others.
    pub(crate) fn assemble(
        fields: HeaderFields,
        payload: &[u8],
        sign: impl FnOnce(&EntryId) -> [u8; 64],
    ) -> Result<Self, Refusal> {
        let mut bytes = Header::check(fields)?.encode();
        let id = EntryId::from_bytes(digest(Tag::ENTRY, &[&bytes]));
        bytes.extend_from_slice(payload);
        Self::decode(&bytes, &sign(&id))
    }

    /// The entry's id.
    #[must_use]
    pub fn id(&self) -> EntryId {
        self.id
    }

    /// The header.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The payload.
    #[must_use]
    pub fn payload(&self) -> &Payload {
        &self.payload
    }

    /// The bytes of header and payload as received.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The signature as received.
    #[must_use]
    pub fn signature(&self) -> &[u8; 64] {
        &self.signature
    }
}
