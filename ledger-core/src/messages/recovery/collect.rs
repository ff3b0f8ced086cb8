//! Asking friends for their shares, and putting them together (SPEC §16.3).

use core::fmt;
use std::collections::BTreeMap;

use vsss_rs::Gf256;
use zeroize::Zeroizing;

use super::{RecoveryShare, ShareError};
use crate::base::hash::Tag;
use crate::base::id::{GroupId, MemberId, RootId};
use crate::keys::{ExchangeKey, Fingerprint, RootEntropy, check_x25519};
use crate::messages::frame::{Fields, MessageError, MessageKind};

/// What somebody who lost everything shows to friends: a fresh key, and
/// nothing secret. Friends make sure by voice or face that the request is that
/// person's, for instance by its fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecoveryRequest {
    pub(super) to: [u8; 32],
}

impl RecoveryRequest {
    /// The request as a message.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        MessageKind::RecoveryRequest.frame(&[&self.to]).to_vec()
    }

    /// What person and friend can compare by voice.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.to)
    }

    /// Reads a request.
    ///
    /// # Errors
    /// [`MessageError`] if it is something else, not whole, or asks to seal to
    /// a weak key.
    pub fn decode(message: &[u8]) -> Result<Self, MessageError> {
        let mut fields = Fields::of(MessageKind::RecoveryRequest.open(message)?);
        let to = fields.take()?;
        fields.finish()?;
        check_x25519(&to, "the key of the person recovering")?;
        Ok(Self { to })
    }

    /// Gives `share` back, sealed to the request. `seed` must be 32 fresh
    /// random bytes.
    ///
    /// # Errors
    /// [`ShareError::NotForUs`] if the key is weak, which a decoded request's
    /// never is.
    pub fn answer(&self, share: &RecoveryShare, seed: &[u8; 32]) -> Result<Vec<u8>, ShareError> {
        share.seal(MessageKind::ShareReturn, &self.to, Tag::SHARE_RETURN, seed)
    }
}

/// The shares that friends have returned so far. Shares of several sets may
/// come; any set with enough of them will do.
pub struct ShareCollection {
    key: ExchangeKey,
    of: Option<Owner>,
    sets: BTreeMap<SetId, BTreeMap<u8, RecoveryShare>>,
}

/// Whose shares, for which group.
type Owner = (GroupId, MemberId, RootId, u32);

/// The time comes first, so that the last set is the newest.
type SetId = (u64, [u8; 16], u8);

/// How far a set is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// How many shares are here.
    pub have: u8,
    /// How many are needed.
    pub need: u8,
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.have, self.need)
    }
}

impl Progress {
    /// Whether there are enough.
    #[must_use]
    pub fn is_enough(&self) -> bool {
        self.have >= self.need
    }
}

/// A share that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Added {
    /// The friend whose share it is.
    pub holder: MemberId,
    /// How far the set is that has most.
    pub progress: Progress,
    /// The share is of a set that the person replaced by a newer one, of which
    /// there are shares here: ask the friend for a newer share, if there is one.
    pub from_old_set: bool,
}

/// What the shares gave back.
#[derive(Debug)]
pub struct RecoveredEntropy {
    /// The person's entropy.
    pub entropy: RootEntropy,
    /// The group by which the friends knew the person.
    pub group: GroupId,
    /// The person in that group.
    pub member: MemberId,
    /// Which of the person's root keys is that of the group.
    pub index: u32,
}

impl ShareCollection {
    /// Begins or goes on with `key`, whose 32 bytes came from a cryptographic
    /// random generator and stay on the device until the recovery is done.
    #[must_use]
    pub fn new(key: ExchangeKey) -> Self {
        Self { key, of: None, sets: BTreeMap::new() }
    }

    /// What to show to friends.
    #[must_use]
    pub fn request(&self) -> RecoveryRequest {
        RecoveryRequest { to: self.key.public_key() }
    }

    /// Takes a share that a friend returned. One that cannot be used changes
    /// nothing.
    ///
    /// # Errors
    /// [`ShareError`] names what is wrong with it, and whose it is.
    pub fn add(&mut self, message: &[u8]) -> Result<Added, ShareError> {
        let kind = MessageKind::ShareReturn;
        let share = RecoveryShare::open(kind, message, &self.key, Tag::SHARE_RETURN)?;
        let holder = share.holder;
        let owner = (share.group, share.member, share.root, share.index);
        if self.of.is_some_and(|of| of != owner) {
            return Err(ShareError::Foreign { holder });
        }
        let set = (share.made_ms, share.set, share.needed);
        let shares = self.sets.entry(set).or_default();
        if shares.contains_key(&share.number) {
            return Err(ShareError::Duplicate { holder });
        }
        shares.insert(share.number, share);
        self.of = Some(owner);
        let newest = self.sets.keys().next_back();
        let from_old_set = newest.is_some_and(|newest| *newest != set);
        let progress = self.progress().unwrap_or(Progress { have: 1, need: set.2 });
        Ok(Added { holder, progress, from_old_set })
    }

    /// How far the set is that has most; none before the first share.
    #[must_use]
    pub fn progress(&self) -> Option<Progress> {
        self.best().map(|(need, shares)| Progress { have: amount(shares), need })
    }

    /// The set that lacks least, the newer one of two.
    fn best(&self) -> Option<(u8, &BTreeMap<u8, RecoveryShare>)> {
        let sets = self.sets.iter().rev().map(|((_, _, need), shares)| (*need, shares));
        sets.min_by_key(|(need, shares)| need.saturating_sub(amount(shares)))
    }

    /// Puts the shares together, and checks what comes out against the key
    /// that they name (rule R7).
    ///
    /// # Errors
    /// [`ShareError::TooFew`], or [`ShareError::DoNotFit`].
    pub fn recover(&self) -> Result<RecoveredEntropy, ShareError> {
        let (need, shares) = self.best().ok_or(ShareError::TooFew { have: 0, need: 2 })?;
        let have = amount(shares);
        if have < need {
            return Err(ShareError::TooFew { have, need });
        }
        let points = shares.values().take(need.into());
        let points: Vec<Vec<u8>> =
            points.map(|share| [&[share.number], &share.value[..]].concat()).collect();
        let points = Zeroizing::new(points);
        let value = Gf256::combine_bytes(&*points).map_err(|_| ShareError::DoNotFit)?;
        let value = Zeroizing::new(value);
        let bytes = value.first_chunk().ok_or(ShareError::DoNotFit)?;
        let entropy = RootEntropy::from_bytes(*bytes);
        let (group, member, root, index) = self.of.ok_or(ShareError::DoNotFit)?;
        if entropy.root_key(index).id() != root {
            return Err(ShareError::DoNotFit);
        }
        Ok(RecoveredEntropy { entropy, group, member, index })
    }
}

/// Shares are numbered by a byte, so there are never more of them.
fn amount(shares: &BTreeMap<u8, RecoveryShare>) -> u8 {
    u8::try_from(shares.len()).unwrap_or(u8::MAX)
}

impl fmt::Debug for ShareCollection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShareCollection")
            .field("progress", &self.progress())
            .finish_non_exhaustive()
    }
}
