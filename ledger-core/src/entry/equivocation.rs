//! Proof of equivocation: a device signed two entries for one position in its chain
//! (SPEC §5.2).

use ed25519_zebra::{Signature, VerificationKey};

use crate::base::codec::Reader;
use crate::base::hash::{Tag, digest};
use crate::base::id::{DeviceId, EntryId};
use crate::base::rule::{Refusal, Rule};
use crate::entry::DecodedEntry;
use crate::header::Header;
use crate::keys::entry_message;

/// Proof that a device signed two entries for one position of one chain: two signed headers
/// with one group, device, sequence number and backlink.
///
/// Anybody can check the proof, also without the ledger and the payloads. It makes no entry
/// void. Two first entries behind different backlinks prove nothing: a key that was enrolled
/// twice may begin a chain at each enrolment. Nor do two genesis entries, each of which is of
/// a group of its own.
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
    /// [`ProofError::NoEquivocation`] if the entries have different positions, or are genesis
    /// entries.
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
        // One backlink leads to one enrolment, so these two stand on one chain.
        let position = |header: &Header| {
            Some((header.group()?, header.device(), header.seq(), header.backlink()?))
        };
        if position(&first).is_none() || position(&first) != position(&second) || one == other {
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
        behind(2, device, seq, lamport)
    }

    /// An entry behind the backlink whose every byte is `back`.
    fn behind(back: u8, device: u8, seq: u64, lamport: u64) -> DecodedEntry {
        let device = DeviceKey::from_bytes(&[device; 64]);
        let (group, back) = (GroupId::from_bytes([1; 32]), EntryId::from_bytes([back; 32]));
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
    fn first_entries_of_two_enrolments_of_one_key_prove_nothing() {
        let (one, other) = (behind(2, 1, 0, 9), behind(3, 1, 0, 10));
        assert_eq!(EquivocationProof::new(&one, &other), Err(ProofError::NoEquivocation));
        let fork = behind(2, 1, 0, 10);
        assert!(EquivocationProof::new(&one, &fork).is_ok(), "of one enrolment");
    }

    #[test]
    fn two_genesis_entries_of_one_key_prove_nothing() {
        let device = DeviceKey::from_bytes(&[1; 64]);
        let genesis = |salt| {
            let entropy = RootEntropy::from_bytes([7; 32]);
            let new = NewGroup::new("Flat", "Anna", &entropy, 0, salt);
            new.create(&device, 0).unwrap().decoded().clone()
        };
        let (one, other) = (genesis([1; 32]), genesis([2; 32]));
        assert_eq!(EquivocationProof::new(&one, &other), Err(ProofError::NoEquivocation));
    }

    #[test]
    fn other_pairs_prove_nothing() {
        let one = entry(1, 5, 9);
        for other in [one.clone(), entry(1, 6, 9), entry(2, 5, 9)] {
            assert_eq!(EquivocationProof::new(&one, &other), Err(ProofError::NoEquivocation));
        }
    }
}
