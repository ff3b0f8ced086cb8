//! Epoch keys, and the keys and ids that derive from them (SPEC §11.1).

use core::fmt;
use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::aead::{self, Cipher};
use crate::base::hash::{Tag, digest, kdf};
use crate::base::id::{EntryId, EpochCommit, GroupId, Topic};
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
    /// The box with the earlier keys does not open.
    #[error("the epoch's box does not open with the key that its signed entry commits to")]
    History,
}

impl EpochKey {
    /// Creates the key from 32 bytes of a cryptographic random generator.
    #[must_use]
    pub fn from_bytes(group: GroupId, secret: [u8; 32]) -> Self {
        let secret = Zeroizing::new(secret);
        let commit = *kdf(&secret, Tag::COMMIT, &[group.as_bytes()]);
        let access = access_key(&secret, group).verifying_key();
        let topic = topic_of(&commit, access.as_bytes());
        // HMAC pads its key with zeros to the 64 bytes of a block of SHA-256.
        let mut nonce_key = Zeroizing::new([0; 64]);
        let derived = kdf(&secret, Tag::NONCE, &[]);
        nonce_key.iter_mut().zip(derived.iter()).for_each(|(to, from)| *to = *from);
        Self {
            group,
            commit: EpochCommit::from_bytes(commit),
            topic,
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

    /// The access key, which proves the topic to relays. Derived when asked for: few keys are used so.
    pub(crate) fn access_key(&self) -> ed25519_dalek::SigningKey {
        access_key(&self.secret, self.group)
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
    /// most 64, by the ids of the entries that began them.
    ///
    /// Each key must belong to its entry ([`EpochKey::belongs_to`]). Then an id stands for one
    /// commit, and that for one key, so that one key and nonce never seal two boxes.
    ///
    /// # Errors
    /// Rule E1 if there are more.
    pub fn begin(&self, predecessors: &[(EntryId, &EpochKey)]) -> Result<Epoch, Refusal> {
        let sorted: BTreeMap<EntryId, &EpochKey> = predecessors.iter().copied().collect();
        let ids: Vec<EntryId> = sorted.keys().copied().collect();
        let mut keys = Zeroizing::new(Vec::with_capacity(ids.len().saturating_mul(32)));
        sorted.values().for_each(|key| keys.extend_from_slice(key.secret.as_slice()));
        let history = match ids.is_empty() {
            true => Vec::new(),
            false => aead::seal(&self.history_key(&ids), &[0; 24], &[], &keys),
        };
        Epoch::new(self.commit, self.topic, ids, history)
    }

    /// Whether this is the key of the epoch that an entry begins (rule Y1).
    #[must_use]
    pub fn belongs_to(&self, epoch: &Epoch) -> bool {
        (epoch.commit(), epoch.topic()) == (self.commit, self.topic)
    }

    /// The keys in the box of the epoch that `epoch` began with this key, in the order of
    /// [`Epoch::predecessors`].
    ///
    /// They may open envelopes at once: each says its own topic. Only [`EpochKey::belongs_to`], of
    /// each with the entry at its ref, tells whether the box holds what it should (rule Y2).
    ///
    /// # Errors
    /// [`EpochError`] if the entry is another key's, or its box does not open.
    pub fn predecessors(&self, epoch: &Epoch) -> Result<Vec<EpochKey>, EpochError> {
        if !self.belongs_to(epoch) {
            return Err(EpochError::OtherKey);
        }
        let ids = epoch.predecessors();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let keys = aead::open(&self.history_key(ids), &[0; 24], &[], epoch.history())
            .ok_or(EpochError::History)?;
        let (keys, _) = keys.as_chunks::<32>();
        Ok(keys.iter().map(|secret| Self::from_bytes(self.group, *secret)).collect())
    }

    /// The key of the box. The ids decide which keys are in it: an id covers its entry's commit,
    /// and the commit its key.
    fn history_key(&self, ids: &[EntryId]) -> Zeroizing<[u8; 32]> {
        let context: Vec<&[u8]> = ids.iter().map(|id| id.as_bytes().as_slice()).collect();
        kdf(&self.secret, Tag::HISTORY, &context)
    }
}

fn access_key(secret: &[u8; 32], group: GroupId) -> ed25519_dalek::SigningKey {
    ed25519_dalek::SigningKey::from_bytes(&kdf(secret, Tag::ACCESS, &[group.as_bytes()]))
}

/// The topic that a commitment and an access key give (SPEC §11.1).
pub(crate) fn topic_of(commit: &[u8; 32], access: &[u8; 32]) -> Topic {
    Topic::from_bytes(digest(Tag::TOPIC, &[commit, access]))
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

    fn id(byte: u8) -> EntryId {
        EntryId::from_bytes([byte; 32])
    }

    #[test]
    fn the_box_gives_back_the_keys_before() {
        let epoch = key(3).begin(&[(id(8), &key(1)), (id(7), &key(2))]).unwrap();
        assert_eq!(epoch.predecessors(), [id(7), id(8)]);
        assert_eq!(key(3).predecessors(&epoch).unwrap(), [key(2), key(1)]);
        assert_eq!(key(4).predecessors(&epoch), Err(EpochError::OtherKey));
        assert!(key(1).predecessors(&key(1).begin(&[]).unwrap()).unwrap().is_empty());
        let more: Vec<EpochKey> = (0..65).map(key).collect();
        let more: Vec<(EntryId, &EpochKey)> = (0..65).map(id).zip(&more).collect();
        assert!(key(99).begin(&more[..64]).is_ok());
        assert_eq!(key(99).begin(&more).unwrap_err().rule(), crate::Rule::E1);
    }

    #[test]
    fn a_box_opens_for_its_own_refs_alone() {
        let honest = key(3).begin(&[(id(7), &key(1)), (id(8), &key(2))]).unwrap();
        let rebuilt = |ids: &[EntryId], history: &[u8]| {
            Epoch::new(honest.commit(), honest.topic(), ids.to_vec(), history.to_vec()).unwrap()
        };
        let mut damaged = honest.history().to_vec();
        damaged[5] ^= 1;
        let damaged = rebuilt(honest.predecessors(), &damaged);
        assert_eq!(key(3).predecessors(&damaged), Err(EpochError::History));
        let moved = rebuilt(&[id(7), id(9)], honest.history());
        assert_eq!(key(3).predecessors(&moved), Err(EpochError::History));
    }

    #[test]
    fn a_key_belongs_to_the_entry_that_commits_to_it() {
        let epoch = key(3).begin(&[]).unwrap();
        assert!(key(3).belongs_to(&epoch));
        assert!(!key(4).belongs_to(&epoch));
    }
}
