//! Requests to friends for their shares, and the collection of the answers (SPEC §16.3).

use core::fmt;
use std::collections::{BTreeMap, BTreeSet};

use vsss_rs::Gf256;
use zeroize::Zeroizing;

use super::{RecoveryShare, ShareError};
use crate::base::hash::Tag;
use crate::base::id::{GroupId, MemberId, RootId};
use crate::keys::{ExchangeKey, Fingerprint, RootEntropy, check_x25519};
use crate::messages::frame::{Fields, MessageError, MessageKind};

/// Request of a person who lost everything, to show to friends: a fresh public key, nothing
/// secret. Friends check by voice or face that the request is from that person, for instance
/// by its fingerprint.
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

    /// The fingerprint that person and friend compare by voice.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::compute(&self.to)
    }

    /// Reads a request.
    ///
    /// # Errors
    /// [`MessageError`] if the bytes are something else, not whole, or hold a weak key.
    pub fn decode(message: &[u8]) -> Result<Self, MessageError> {
        let mut fields = Fields::new(MessageKind::RecoveryRequest.open(message)?);
        let to = fields.take()?;
        fields.finish()?;
        check_x25519(&to, "the key of the person recovering")?;
        Ok(Self { to })
    }

    /// Returns `share`, sealed to the key of the request. `seed` must be 32 fresh
    /// random bytes.
    ///
    /// # Errors
    /// [`ShareError::NotForUs`] if the key is weak, which decoding excludes.
    pub fn answer(&self, share: &RecoveryShare, seed: &[u8; 32]) -> Result<Vec<u8>, ShareError> {
        share.seal(MessageKind::ShareReturn, &self.to, Tag::SHARE_RETURN, seed)
    }
}

/// Shares that friends have returned so far. They may name several people, as a false friend
/// returns what they made themselves, and belong to several sets; one set with enough shares
/// suffices. Nobody's shares keep out those of anybody else.
pub struct ShareCollection {
    key: ExchangeKey,
    people: BTreeMap<Owner, Sets>,
}

/// Owner of shares: group, member, root key, and number of the root key.
type Owner = (GroupId, MemberId, RootId, u32);

/// The sets of one owner.
type Sets = BTreeMap<SetId, BTreeMap<u8, RecoveryShare>>;

/// Id of a set: its time, its random id, and the number of shares that it needs. The time
/// comes first, so that the last set in order is the newest.
type SetId = (u64, [u8; 16], u8);

/// Progress of a set of shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Number of shares that are here.
    pub have: u8,
    /// Number of shares that are needed.
    pub need: u8,
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.have, self.need)
    }
}

impl Progress {
    /// Whether the shares suffice.
    #[must_use]
    pub fn is_enough(&self) -> bool {
        self.have >= self.need
    }
}

/// Person whom shares name as their owner, with the friends who hold them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SharedPerson {
    /// The group by which the friends know the person.
    pub group: GroupId,
    /// The person in that group.
    pub member: MemberId,
    /// The root key that signed the shares. It tells people apart: anybody can name any member.
    pub root: RootId,
    /// The holders whom the shares name, each once.
    pub holders: Vec<MemberId>,
    /// Progress of the set that lacks least.
    pub progress: Progress,
}

impl SharedPerson {
    /// The fingerprint of the root key, for people to tell the two apart.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::compute(self.root.as_bytes())
    }
}

/// Result of adding a share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Added {
    /// The friend whose share it is.
    pub holder: MemberId,
    /// The root key of the person whom the share names.
    pub root: RootId,
    /// Progress of that person's set that lacks least.
    pub progress: Progress,
    /// Whether the share belongs to an older set than another share here: the friend may have
    /// a newer share.
    pub from_old_set: bool,
}

impl Added {
    /// The fingerprint of the root key of the person whom the share names.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::compute(self.root.as_bytes())
    }
}

/// Result of a recovery by shares.
#[derive(Debug)]
#[non_exhaustive]
pub struct RecoveredEntropy {
    /// The person's entropy.
    pub entropy: RootEntropy,
    /// The group by which the friends knew the person.
    pub group: GroupId,
    /// The person in that group.
    pub member: MemberId,
    /// Number of the person's root key in that group.
    pub index: u32,
}

impl ShareCollection {
    /// Begins or continues a recovery with `key`. Its 32 bytes come from a cryptographic random
    /// generator and stay on the device until the recovery is done.
    #[must_use]
    pub fn new(key: ExchangeKey) -> Self {
        Self { key, people: BTreeMap::new() }
    }

    /// The request to show to friends.
    #[must_use]
    pub fn request(&self) -> RecoveryRequest {
        RecoveryRequest { to: self.key.public_key() }
    }

    /// Adds a share that a friend returned. A share that cannot be used changes nothing.
    ///
    /// # Errors
    /// [`ShareError`] if the share cannot be used; some variants name the friend.
    pub fn add(&mut self, message: &[u8]) -> Result<Added, ShareError> {
        let kind = MessageKind::ShareReturn;
        let share = RecoveryShare::open(kind, message, &self.key, Tag::SHARE_RETURN)?;
        let holder = share.holder;
        let owner = (share.group, share.member, share.root, share.index);
        let set = (share.made_ms, share.set, share.needed);
        let sets = self.people.entry(owner).or_default();
        let shares = sets.entry(set).or_default();
        if shares.contains_key(&share.number) {
            return Err(ShareError::Duplicate { holder });
        }
        shares.insert(share.number, share);
        // Sets are ordered by their time.
        let newest = sets.keys().next_back();
        let from_old_set = newest.is_some_and(|newest| *newest != set);
        let progress = progress(sets).unwrap_or(Progress { have: 1, need: set.2 });
        Ok(Added { holder, root: owner.2, progress, from_old_set })
    }

    /// Progress of the set that lacks least, of all people. `None` before the first share.
    #[must_use]
    pub fn progress(&self) -> Option<Progress> {
        let of_each = self.people.values().filter_map(progress);
        of_each.min_by_key(|progress| progress.need.saturating_sub(progress.have))
    }

    /// The people whom the shares name. Honest friends return shares of one person.
    #[must_use]
    pub fn people(&self) -> Vec<SharedPerson> {
        let person = |((group, member, root, _), sets): (&Owner, &Sets)| {
            let holders = sets.values().flat_map(BTreeMap::values).map(|share| share.holder);
            let holders: BTreeSet<MemberId> = holders.collect();
            Some(SharedPerson {
                group: *group,
                member: *member,
                root: *root,
                holders: holders.into_iter().collect(),
                progress: progress(sets)?,
            })
        };
        self.people.iter().filter_map(person).collect()
    }

    /// Combines the shares of the only person who has enough, and checks the result against the
    /// root key that they name (rule R7).
    ///
    /// # Errors
    /// [`ShareError::TooFew`]; [`ShareError::SeveralPeople`] if the shares of several people
    /// suffice: [`ShareCollection::recover_person`] takes the one whom the person chooses;
    /// [`ShareError::DoNotFit`].
    pub fn recover(&self) -> Result<RecoveredEntropy, ShareError> {
        let mut enough: Vec<(&Owner, &Sets)> = self.people.iter().collect();
        enough.retain(|(_, sets)| progress(sets).is_some_and(|progress| progress.is_enough()));
        match enough.as_slice() {
            [(owner, sets)] => combine(owner, sets),
            [] => {
                let Progress { have, need } =
                    self.progress().unwrap_or(Progress { have: 0, need: 2 });
                Err(ShareError::TooFew { have, need })
            }
            _ => Err(ShareError::SeveralPeople),
        }
    }

    /// Like [`ShareCollection::recover`], for the person with this root key.
    ///
    /// # Errors
    /// [`ShareError::TooFew`], or [`ShareError::DoNotFit`].
    pub fn recover_person(&self, root: RootId) -> Result<RecoveredEntropy, ShareError> {
        let of_root = self.people.iter().filter(|((_, _, signer, _), _)| *signer == root);
        // A root key has one number, group and member unless its own device lies; then the set that
        // fits decides.
        let mut last_error = ShareError::TooFew { have: 0, need: 2 };
        for (owner, sets) in of_root {
            match combine(owner, sets) {
                Ok(entropy) => return Ok(entropy),
                Err(error) => last_error = error,
            }
        }
        Err(last_error)
    }
}

/// Progress of the set that lacks least.
fn progress(sets: &Sets) -> Option<Progress> {
    best(sets).map(|(need, shares)| Progress { have: amount(shares), need })
}

/// The set that lacks least; of two such sets, the newer one.
fn best(sets: &Sets) -> Option<(u8, &BTreeMap<u8, RecoveryShare>)> {
    let sets = sets.iter().rev().map(|((_, _, need), shares)| (*need, shares));
    sets.min_by_key(|(need, shares)| need.saturating_sub(amount(shares)))
}

/// Combines the shares of the set of an owner that lacks least.
fn combine(owner: &Owner, sets: &Sets) -> Result<RecoveredEntropy, ShareError> {
    let (need, shares) = best(sets).ok_or(ShareError::TooFew { have: 0, need: 2 })?;
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
    let (group, member, root, index) = *owner;
    // False shares combine to some entropy, too; only the root key shows the right one.
    if entropy.root_key(index).id() != root {
        return Err(ShareError::DoNotFit);
    }
    Ok(RecoveredEntropy { entropy, group, member, index })
}

/// Number of shares in a set. Shares are numbered by a byte, so it fits.
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
