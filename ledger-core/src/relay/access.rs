//! Proof of a topic: a signature of the access key that the topic certifies (SPEC §18.3).

use ed25519_dalek::Signer as _;
use ed25519_zebra::{Signature, VerificationKey};

use crate::base::hash::{Tag, signed_message};
use crate::seal::{EpochKey, Topic, topic_of};

/// Proof that its maker holds the key of a topic, for one relay and one challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessProof {
    /// The commitment to the epoch key.
    pub commit: [u8; 32],
    /// The access key. It and the commitment give the topic, so no relay has to be told whose the
    /// topic is.
    pub access: [u8; 32],
    /// The signature of the access key.
    pub signature: [u8; 64],
}

impl AccessProof {
    /// Proves the topic of a key. `relay` is host and port of the address that was dialed, never a
    /// name that the relay told: a relay that hands on another's challenge gets a proof for itself.
    #[must_use]
    pub fn sign(key: &EpochKey, relay: &str, challenge: &[u8; 32]) -> Self {
        let access = key.access_key();
        let message = message(relay, challenge, key.topic());
        Self {
            commit: *key.commit().as_bytes(),
            access: access.verifying_key().to_bytes(),
            signature: access.sign(&message).to_bytes(),
        }
    }

    /// Whether this proves the topic at the relay of this name, for this challenge (rules T1 and
    /// T2).
    #[must_use]
    pub fn proves(&self, topic: Topic, relay: &str, challenge: &[u8; 32]) -> bool {
        let signature = Signature::from(self.signature);
        let message = message(relay, challenge, topic);
        topic_of(&self.commit, &self.access) == topic
            && VerificationKey::try_from(self.access)
                .is_ok_and(|key| key.verify(&signature, &message).is_ok())
    }
}

fn message(relay: &str, challenge: &[u8; 32], topic: Topic) -> Vec<u8> {
    let mut bytes = name_bytes(relay);
    bytes.extend_from_slice(challenge);
    bytes.extend_from_slice(topic.as_bytes());
    signed_message(Tag::ACCESS_PROOF, &bytes)
}

/// `len8 ‖ relay`. Longer names than a relay may have are cut, and so prove nothing.
fn name_bytes(relay: &str) -> Vec<u8> {
    let relay = relay.as_bytes().get(..255).unwrap_or(relay.as_bytes());
    let mut bytes = vec![u8::try_from(relay.len()).unwrap_or(u8::MAX)];
    bytes.extend_from_slice(relay);
    bytes
}
