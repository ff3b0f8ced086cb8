//! Proof of equivocation: a device signed two entries for one position in its chain.

use ed25519_zebra::{Signature, VerificationKey};

use crate::base::codec::Reader;
use crate::base::hash::{Tag, digest};
use crate::base::id::{DeviceId, EntryId};
use crate::base::rule::{Refusal, Rule};
use crate::entry::DecodedEntry;
use crate::header::Header;
use crate::keys::entry_message;

/// Proof that a device signed two entries behind one entry: two signed headers with one
/// sequence number and one backlink.
/// Anybody can check the proof without the payloads. It makes no entry void.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EquivocationProof {
    first: SignedHeader,
    second: SignedHeader,
}

/// Bytes of a header with their signature.
#[derive(Clone, Debug, PartialEq, Eq)]
struct SignedHeader {
    bytes: Vec<u8>,
    signature: [u8; 64],
}

/// Error of two headers that prove nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// A header is not well-formed, or not signed by its device.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The headers have different positions, or are one and the same.
    #[error("the headers are not two entries for one position in one chain of one group")]
    NoEquivocation,
}

impl EquivocationProof {
    /// Creates the proof from two entries.
    ///
    /// # Errors
    /// [`ProofError::NoEquivocation`] if the entries have different positions.
    pub fn new(first: &DecodedEntry, second: &DecodedEntry) -> Result<Self, ProofError> {
        let header = |entry: &DecodedEntry| SignedHeader {
            bytes: entry.header().encode(),
            signature: *entry.signature(),
        };
        let proof = Self { first: header(first), second: header(second) };
        proof.check()?;
        Ok(proof)
    }

    /// Creates a proof from the parts that another device sent: header and signature, twice.
    ///
    /// # Errors
    /// [`ProofError`] if the parts prove nothing.
    pub fn from_parts(parts: [(Vec<u8>, [u8; 64]); 2]) -> Result<Self, ProofError> {
        let [first, second] = parts.map(|(bytes, signature)| SignedHeader { bytes, signature });
        let proof = Self { first, second };
        proof.check()?;
        Ok(proof)
    }

    /// The parts of the proof, to send: header and signature, twice.
    #[must_use]
    pub fn parts(&self) -> [(&[u8], &[u8; 64]); 2] {
        [&self.first, &self.second].map(|header| (&header.bytes[..], &header.signature))
    }

    /// Checks the proof, and returns the device and the two entries that it signed.
    ///
    /// # Errors
    /// [`ProofError`] if the headers prove nothing.
    pub fn check(&self) -> Result<(DeviceId, [EntryId; 2]), ProofError> {
        let (first, one) = self.first.check()?;
        let (second, other) = self.second.check()?;
        let position =
            |header: &Header| (header.group(), header.device(), header.seq(), header.backlink());
        // The backlink says that both are of one enrolment: a key that is enrolled twice
        // begins two chains. Where a chain forks, two entries have one backlink. A genesis
        // entry has none: each begins a group of its own.
        if position(&first) != position(&second) || one == other || first.backlink().is_none() {
            return Err(ProofError::NoEquivocation);
        }
        Ok((first.device(), [one, other]))
    }
}

impl SignedHeader {
    fn check(&self) -> Result<(Header, EntryId), Refusal> {
        let mut r = Reader::new(&self.bytes);
        let header = Header::decode(&mut r)?;
        r.finish()?;
        let id = EntryId::from_bytes(digest(Tag::ENTRY, &[&self.bytes]));
        VerificationKey::try_from(*header.device().as_bytes())
            .and_then(|key| key.verify(&Signature::from(self.signature), &entry_message(&id)))
            .map_err(|_| Refusal::new(Rule::S1).in_entry(id))?;
        Ok((header, id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::GroupId;
    use crate::draft::{Draft, NewGroup};
    use crate::keys::{DeviceKey, RootEntropy};
    use crate::state::any_position;

    fn entry(device: u8, seq: u64, lamport: u64) -> DecodedEntry {
        let device = DeviceKey::from_bytes(&[device; 64]);
        let (group, back) = (GroupId::from_bytes([1; 32]), EntryId::from_bytes([2; 32]));
        let at = any_position(group, device.id(), seq, back, vec![], lamport);
        Draft::merge().sign(&device, &at, 0).unwrap().decoded().clone()
    }

    #[test]
    fn two_entries_for_one_place_are_proof_to_anybody() {
        let (one, other) = (entry(1, 5, 9), entry(1, 5, 10));
        let proof = EquivocationProof::new(&one, &other).unwrap();
        let parts = proof.parts().map(|(bytes, signature)| (bytes.to_vec(), *signature));
        let again = EquivocationProof::from_parts(parts.clone()).unwrap();
        let device = DeviceKey::from_bytes(&[1; 64]).id();
        assert_eq!(again.check(), Ok((device, [one.id(), other.id()])));
        let mut forged = parts;
        forged[1].1[0] ^= 1;
        let refused = EquivocationProof::from_parts(forged);
        assert!(matches!(refused, Err(ProofError::Refused(refusal)) if refusal.rule() == Rule::S1));
    }

    #[test]
    fn a_key_that_is_enrolled_twice_or_founds_two_groups_proves_nothing() {
        let device = DeviceKey::from_bytes(&[1; 64]);
        let group = GroupId::from_bytes([1; 32]);
        let first = |enrolment: u8| {
            let enrolment = EntryId::from_bytes([enrolment; 32]);
            let at = any_position(group, device.id(), 0, enrolment, vec![], 9);
            Draft::merge().sign(&device, &at, 0).unwrap().decoded().clone()
        };
        let found = |salt: u8| {
            let entropy = RootEntropy::from_bytes([3; 32]);
            let group = NewGroup::new("Flat", "Anna", &entropy, 0, [salt; 32]);
            group.create(&device, 0).unwrap().decoded().clone()
        };
        for pair in [[first(2), first(3)], [found(4), found(5)]] {
            let refused = EquivocationProof::new(&pair[0], &pair[1]);
            assert_eq!(refused, Err(ProofError::NoEquivocation));
        }
        let at = any_position(group, device.id(), 0, EntryId::from_bytes([2; 32]), vec![], 8);
        let other = Draft::merge().sign(&device, &at, 0).unwrap();
        assert!(EquivocationProof::new(&first(2), other.decoded()).is_ok());
    }

    #[test]
    fn other_pairs_prove_nothing() {
        let one = entry(1, 5, 9);
        for other in [one.clone(), entry(1, 6, 9), entry(2, 5, 9)] {
            assert_eq!(EquivocationProof::new(&one, &other), Err(ProofError::NoEquivocation));
        }
    }
}
