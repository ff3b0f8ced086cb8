//! Epoch keys, and the keys and ids that derive from them (SPEC §11.1).

use core::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::aead::{self, Cipher};
use crate::base::hash::{Tag, digest, kdf};
use crate::base::id::{EpochCommit, GroupId, Topic};
use crate::base::rule::Refusal;
use crate::payload::Epoch;

/// Secret key that seals the entries of an epoch. It is wiped on drop; `Debug` does not show
/// it.
#[derive(Clone)]
pub struct EpochKey {
    group: GroupId,
    secret: Zeroizing<[u8; 32]>,
    commit: EpochCommit,
    topic: Topic,
    pub(super) seal: Cipher,
    nonce: Hmac<Sha256>,
}

/// Error of an epoch entry that does not fit its key or the earlier keys. The author of the
/// epoch entry is at fault; a new epoch repairs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EpochError {
    /// The key is not the one that the epoch entry commits to.
    #[error("the key is not the one that the epoch's signed entry commits to")]
    OtherKey,
    /// The box with the earlier keys does not open, or does not hold the keys
    /// that the entry lists.
    #[error("the epoch's box does not hold the earlier keys that its signed entry lists")]
    History,
}

impl EpochKey {
    /// Creates the key from 32 bytes of a cryptographic random generator.
    #[must_use]
    pub fn from_bytes(group: GroupId, secret: [u8; 32]) -> Self {
        let secret = Zeroizing::new(secret);
        let commit = *kdf(&secret, Tag::COMMIT, &[group.as_bytes()]);
        let access = kdf(&secret, Tag::ACCESS, &[group.as_bytes()]);
        let access = ed25519_dalek::SigningKey::from_bytes(&access).verifying_key();
        let topic = digest(Tag::TOPIC, &[&commit, access.as_bytes()]);
        // HMAC pads its key with zeros to the 64 bytes of a block of SHA-256.
        let mut nonce_key = Zeroizing::new([0; 64]);
        let derived = kdf(&secret, Tag::NONCE, &[]);
        nonce_key.iter_mut().zip(derived.iter()).for_each(|(to, from)| *to = *from);
        Self {
            group,
            commit: EpochCommit::from_bytes(commit),
            topic: Topic::from_bytes(topic),
            seal: Cipher::new(&kdf(&secret, Tag::SEAL, &[])),
            nonce: Hmac::new((&*nonce_key).into()),
            secret,
        }
    }

    /// Creates a key that opens envelopes of this topic, without a check that it is the key of
    /// the topic: that depends on the group, which the caller does not know yet.
    pub(super) fn for_topic(topic: Topic, secret: [u8; 32]) -> Self {
        let nobody = GroupId::from_bytes([0; 32]);
        Self { topic, ..Self::from_bytes(nobody, secret) }
    }

    /// The group.
    #[must_use]
    pub fn group(&self) -> GroupId {
        self.group
    }

    /// The commitment to the key.
    #[must_use]
    pub fn commit(&self) -> EpochCommit {
        self.commit
    }

    /// The topic of its envelopes.
    #[must_use]
    pub fn topic(&self) -> Topic {
        self.topic
    }

    /// The secret itself, for its storage.
    #[must_use]
    pub fn expose_secret(&self) -> &[u8; 32] {
        &self.secret
    }

    /// Nonce that derives from these parts: equal parts always give the same nonce, and only
    /// holders of the key can connect a nonce with its parts.
    pub(crate) fn nonce(&self, parts: &[&[u8]]) -> [u8; 24] {
        let mut mac = self.nonce.clone();
        parts.iter().for_each(|part| mac.update(part));
        let full = mac.finalize().into_bytes();
        full.first_chunk().copied().unwrap_or_default()
    }

    /// The payload that begins this key's epoch. Its box holds the keys of earlier epochs, at
    /// most 64.
    ///
    /// # Errors
    /// Rule E1 if there are more, or this key is among them.
    pub fn begin(&self, predecessors: &[&EpochKey]) -> Result<Epoch, Refusal> {
        let mut sorted: Vec<&EpochKey> = predecessors.to_vec();
        sorted.sort_by_key(|key| key.commit);
        sorted.dedup_by_key(|key| key.commit);
        let commits: Vec<EpochCommit> = sorted.iter().map(|key| key.commit).collect();
        let mut keys = Zeroizing::new(Vec::with_capacity(sorted.len().saturating_mul(32)));
        sorted.iter().for_each(|key| keys.extend_from_slice(key.secret.as_slice()));
        let history = match sorted.is_empty() {
            true => Vec::new(),
            false => aead::seal(&self.history_key(&commits), &[0; 24], &[], &keys),
        };
        Epoch::new(self.commit, self.topic, commits, history)
    }

    /// The keys of the epochs before the one that `epoch` began with this key.
    ///
    /// # Errors
    /// [`EpochError`] if the entry is another key's, or its box is not what it
    /// says.
    pub fn predecessors(&self, epoch: &Epoch) -> Result<Vec<EpochKey>, EpochError> {
        if (epoch.commit(), epoch.topic()) != (self.commit, self.topic) {
            return Err(EpochError::OtherKey);
        }
        let commits = epoch.predecessors();
        if commits.is_empty() {
            return Ok(Vec::new());
        }
        let keys = aead::open(&self.history_key(commits), &[0; 24], &[], epoch.history())
            .ok_or(EpochError::History)?;
        let (keys, _) = keys.as_chunks::<32>();
        let keys: Vec<EpochKey> =
            keys.iter().map(|secret| Self::from_bytes(self.group, *secret)).collect();
        // The author of the epoch may have sealed other keys than those that the entry lists.
        if !keys.iter().map(|key| &key.commit).eq(commits) {
            return Err(EpochError::History);
        }
        Ok(keys)
    }

    /// The key of the box. The commits decide which keys are in it, so that one
    /// key and nonce never seal two things.
    fn history_key(&self, commits: &[EpochCommit]) -> Zeroizing<[u8; 32]> {
        let context: Vec<&[u8]> = commits.iter().map(|c| c.as_bytes().as_slice()).collect();
        kdf(&self.secret, Tag::HISTORY, &context)
    }
}

impl fmt::Debug for EpochKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EpochKey(secret, {:?})", self.topic)
    }
}

impl PartialEq for EpochKey {
    /// Compares the commitments, which identify the keys.
    fn eq(&self, other: &Self) -> bool {
        (self.group, self.commit, self.topic) == (other.group, other.commit, other.topic)
    }
}

impl Eq for EpochKey {}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> EpochKey {
        EpochKey::from_bytes(GroupId::from_bytes([1; 32]), [byte; 32])
    }

    #[test]
    fn a_key_is_bound_to_its_group_and_shows_nothing() {
        let other = EpochKey::from_bytes(GroupId::from_bytes([2; 32]), [7; 32]);
        assert_ne!(key(7).commit(), other.commit());
        assert_ne!(key(7).topic(), other.topic());
        assert!(!format!("{:?}", key(7)).contains("0707"));
        assert!(format!("{:?}", key(7)).starts_with("EpochKey(secret, Topic("));
    }

    #[test]
    fn the_box_gives_back_the_keys_before() {
        let epoch = key(3).begin(&[&key(1), &key(2), &key(1)]).unwrap();
        assert_eq!(epoch.predecessors().len(), 2);
        let mut found = key(3).predecessors(&epoch).unwrap();
        found.sort_by_key(|key| key.secret[0]);
        assert_eq!(found, [key(1), key(2)]);
        assert_eq!(key(4).predecessors(&epoch), Err(EpochError::OtherKey));
        assert!(key(1).predecessors(&key(1).begin(&[]).unwrap()).unwrap().is_empty());
        assert_eq!(key(3).begin(&[&key(3)]).unwrap_err().rule(), crate::Rule::E1);
    }

    #[test]
    fn a_box_that_holds_something_else_is_noticed() {
        let honest = key(3).begin(&[&key(1), &key(2)]).unwrap();
        let mut damaged = honest.history().to_vec();
        damaged[5] ^= 1;
        let commits = honest.predecessors().to_vec();
        let rebuilt = |history| {
            Epoch::new(honest.commit(), honest.topic(), commits.clone(), history).unwrap()
        };
        assert_eq!(key(3).predecessors(&rebuilt(damaged)), Err(EpochError::History));
        // The rotator seals other keys than those that it lists.
        let others = [[9u8; 32], [8; 32]].concat();
        let lie = aead::seal(&key(3).history_key(&commits), &[0; 24], &[], &others);
        assert_eq!(key(3).predecessors(&rebuilt(lie)), Err(EpochError::History));
    }
}
