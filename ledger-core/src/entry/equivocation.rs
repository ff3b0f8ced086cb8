//! Proof that a device signed two entries for one place in its chain.

use ed25519_zebra::{Signature, VerificationKey};

use crate::base::codec::Reader;
use crate::base::hash::{Tag, digest};
use crate::base::id::{DeviceId, EntryId};
use crate::base::rule::{Refusal, Rule};
use crate::entry::DecodedEntry;
use crate::header::Header;
use crate::keys::entry_message;

/// Two headers with their signatures: one device, one `seq`, two entries
/// (equivocation). Anybody can check it without the entries' payloads; it
/// voids nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EquivocationProof {
    first: SignedHeader,
    second: SignedHeader,
}

/// A header as signed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct SignedHeader {
    bytes: Vec<u8>,
    signature: [u8; 64],
}

/// The two headers prove nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// A header is not well-formed, or not signed by its device.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The headers are of different places, or one and the same.
    #[error("the headers are not two entries for one place in one chain of one group")]
    NoEquivocation,
}

impl EquivocationProof {
    /// The proof that two entries give.
    ///
    /// # Errors
    /// [`ProofError::NoEquivocation`] if they stand at different places.
    pub fn of(first: &DecodedEntry, second: &DecodedEntry) -> Result<Self, ProofError> {
        let header = |entry: &DecodedEntry| SignedHeader {
            bytes: entry.header().encode(),
            signature: *entry.signature(),
        };
        let proof = Self { first: header(first), second: header(second) };
        proof.check()?;
        Ok(proof)
    }

    /// Takes the parts of a proof from elsewhere: header and signature, twice.
    ///
    /// # Errors
    /// [`ProofError`] if they prove nothing.
    pub fn from_parts(parts: [(Vec<u8>, [u8; 64]); 2]) -> Result<Self, ProofError> {
        let [first, second] = parts.map(|(bytes, signature)| SignedHeader { bytes, signature });
        let proof = Self { first, second };
        proof.check()?;
        Ok(proof)
    }

    /// The parts, to hand on: header and signature, twice.
    #[must_use]
    pub fn parts(&self) -> [(&[u8], &[u8; 64]); 2] {
        [&self.first, &self.second].map(|header| (&header.bytes[..], &header.signature))
    }

    /// The device that signed both, and the two entries.
    ///
    /// # Errors
    /// [`ProofError`] if the headers prove nothing.
    pub fn check(&self) -> Result<(DeviceId, [EntryId; 2]), ProofError> {
        let (first, one) = self.first.check()?;
        let (second, other) = self.second.check()?;
        let place = |header: &Header| (header.group(), header.device(), header.seq());
        if place(&first) != place(&second) || one == other {
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
            .map_err(|_| Refusal::new(Rule::S1).of(id))?;
        Ok((header, id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::GroupId;
    use crate::draft::Draft;
    use crate::keys::DeviceKey;
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
        let proof = EquivocationProof::of(&one, &other).unwrap();
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
    fn other_pairs_prove_nothing() {
        let one = entry(1, 5, 9);
        for other in [one.clone(), entry(1, 6, 9), entry(2, 5, 9)] {
            assert_eq!(EquivocationProof::of(&one, &other), Err(ProofError::NoEquivocation));
        }
    }
}
