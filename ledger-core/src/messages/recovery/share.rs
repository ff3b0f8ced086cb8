//! Shares of a person's entropy for friends (SPEC §16.2; Shamir 1979).

use core::fmt;
use std::collections::BTreeSet;

use chacha20::ChaCha20Rng;
use chacha20::rand_core::{Rng as _, SeedableRng as _};
use vsss_rs::Gf256;
use zeroize::Zeroizing;

use super::ShareError;
use crate::base::codec::{Reader, Writer};
use crate::base::hash::Tag;
use crate::base::id::{GroupId, MemberId, RootId};
use crate::base::rule::{Refusal, Rule};
use crate::keys::{ExchangeKey, RootEntropy, RootKey, check_signature};
use crate::messages::frame::MessageKind;
use crate::seal::wrap::{unwrap, wrap};

/// Largest number of friends among whom the entropy can be shared.
pub const MAX_SHARES: usize = 32;

/// Version of shares.
const VERSION: u64 = 1;

/// Bytes of the shared secret.
const VALUE_BYTES: usize = 32;

/// Plan of a set of shares: the person, the friends, and the number of shares that are needed.
#[derive(Clone, Copy, Debug)]
pub struct SharePlan<'a> {
    /// A group that the person and the friends are in.
    pub group: GroupId,
    /// The person.
    pub member: MemberId,
    /// Number of the person's root key in the group.
    pub index: u32,
    /// Number of shares that are needed: at least 2.
    pub needed: u8,
    /// The friends, at most [`MAX_SHARES`].
    pub holders: &'a [MemberId],
    /// Time of making the set, by which people distinguish an old set from a new one.
    pub made_ms: u64,
}

/// Checked share: the person whose entropy it shares signed it for its holder.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryShare {
    pub(super) group: GroupId,
    pub(super) member: MemberId,
    pub(super) root: RootId,
    pub(super) index: u32,
    pub(super) set: [u8; 16],
    pub(super) made_ms: u64,
    pub(super) needed: u8,
    count: u8,
    pub(super) number: u8,
    pub(super) holder: MemberId,
    pub(super) value: Zeroizing<[u8; VALUE_BYTES]>,
    signature: [u8; 64],
}

/// Splits a person's entropy among friends. Any `needed` of the shares give it back; fewer say
/// nothing about it. `seed` must be 32 fresh random bytes.
///
/// # Errors
/// [`ShareError::Plan`] if the numbers do not make sense.
pub fn split_entropy(
    entropy: &RootEntropy,
    plan: &SharePlan<'_>,
    seed: &[u8; 32],
) -> Result<Vec<RecoveryShare>, ShareError> {
    let holders: BTreeSet<MemberId> = plan.holders.iter().copied().collect();
    let count = u8::try_from(holders.len()).map_err(|_| ShareError::Plan)?;
    // One friend with two shares would be one friend less that an attacker must win.
    if holders.len() != plan.holders.len() || !is_plan(plan.needed, count) {
        return Err(ShareError::Plan);
    }
    let root = entropy.root_key(plan.index);
    let mut rng = ChaCha20Rng::from_seed(*seed);
    let mut set = [0; 16];
    rng.fill_bytes(&mut set);
    let values =
        Gf256::split_bytes(plan.needed.into(), count.into(), entropy.expose_bytes(), &mut rng);
    let values = values.map_err(|_| ShareError::Plan)?.into_iter().map(Zeroizing::new);
    let shares = values.zip(plan.holders).map(|(value, holder)| {
        let (number, value) = value.split_first().ok_or(ShareError::Plan)?;
        let mut share = RecoveryShare {
            group: plan.group,
            member: plan.member,
            root: root.id(),
            index: plan.index,
            set,
            made_ms: plan.made_ms,
            needed: plan.needed,
            count,
            number: *number,
            holder: *holder,
            value: Zeroizing::new(value.try_into().map_err(|_| ShareError::Plan)?),
            signature: [0; 64],
        };
        share.sign(&root);
        Ok(share)
    });
    shares.collect()
}

/// Whether the two numbers of a set obey rule R3.
fn is_plan(needed: u8, count: u8) -> bool {
    (2..=count).contains(&needed) && usize::from(count) <= MAX_SHARES
}

impl RecoveryShare {
    /// Seals the share for the friend who is to keep it, to the recovery key
    /// of the friend's card: it opens on each of the friend's devices that
    /// holds the friend's entropy, also on one that was itself recovered.
    /// `seed` must be 32 fresh random bytes.
    ///
    /// # Errors
    /// [`ShareError::NotForUs`] if the friend's key is weak, which no admitted
    /// card's is.
    pub fn seal_for_holder(
        &self,
        recovery_public_key: &[u8; 32],
        seed: &[u8; 32],
    ) -> Result<Vec<u8>, ShareError> {
        self.seal(MessageKind::Share, recovery_public_key, Tag::SHARE_SEAL, seed)
    }

    /// Opens a share that was sealed for this person to keep.
    ///
    /// # Errors
    /// [`ShareError`] says what is wrong with it.
    pub fn open_as_holder(message: &[u8], recovery: &ExchangeKey) -> Result<Self, ShareError> {
        Self::open(MessageKind::Share, message, recovery, Tag::SHARE_SEAL)
    }

    pub(super) fn seal(
        &self,
        kind: MessageKind,
        recipient: &[u8; 32],
        purpose: Tag,
        seed: &[u8; 32],
    ) -> Result<Vec<u8>, ShareError> {
        let mut w = Writer::new();
        w.array(2);
        let bytes = self.signed_bytes();
        w.bytes(&bytes);
        w.bytes(&self.signature);
        let plaintext = Zeroizing::new(w.into_bytes());
        let sealed = wrap(recipient, purpose, &[recipient], &plaintext, seed)
            .map_err(|_| ShareError::NotForUs)?;
        Ok(kind.frame(&[&sealed]).to_vec())
    }

    pub(super) fn open(
        kind: MessageKind,
        message: &[u8],
        key: &ExchangeKey,
        purpose: Tag,
    ) -> Result<Self, ShareError> {
        let sealed = kind.open(message)?;
        let opened =
            unwrap(key, purpose, &[&key.public_key()], sealed).map_err(|_| ShareError::NotForUs)?;
        Self::read(&opened)
    }

    /// Reads `[share, signature]` and checks it (rules R3 and R5).
    fn read(bytes: &[u8]) -> Result<Self, ShareError> {
        let share = Self::read_fields(bytes).map_err(ShareError::Content)?;
        let (root, bytes) = (share.root.as_bytes(), share.signed_bytes());
        check_signature(root, Tag::SHARE, &bytes, &share.signature, "the share")
            .map_err(|_| ShareError::Forged)?;
        Ok(share)
    }

    fn read_fields(bytes: &[u8]) -> Result<Self, Refusal> {
        let mut outer = Reader::new(bytes);
        outer.array(2)?;
        let mut r = Reader::new(outer.bytes()?);
        r.array(12)?;
        let version = r.uint()?;
        let share = Self {
            group: GroupId::from_bytes(r.bytes_n()?),
            member: MemberId::from_bytes(r.bytes_n()?),
            root: RootId::from_bytes(r.bytes_n()?),
            index: small(&mut r)?,
            set: r.bytes_n()?,
            made_ms: r.uint()?,
            needed: small(&mut r)?,
            count: small(&mut r)?,
            number: small(&mut r)?,
            holder: MemberId::from_bytes(r.bytes_n()?),
            value: Zeroizing::new(r.bytes_n()?),
            signature: outer.bytes_n()?,
        };
        r.finish()?;
        outer.finish()?;
        let numbered = (1..=share.count).contains(&share.number);
        if version != VERSION || !is_plan(share.needed, share.count) || !numbered {
            return Err(Refusal::new(Rule::R3));
        }
        Ok(share)
    }

    pub(super) fn sign(&mut self, root: &RootKey) {
        self.signature = root.sign(Tag::SHARE, &self.signed_bytes());
    }

    fn signed_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut w = Writer::new();
        w.array(12);
        w.uint(VERSION);
        w.bytes(self.group.as_bytes());
        w.bytes(self.member.as_bytes());
        w.bytes(self.root.as_bytes());
        w.uint(self.index.into());
        w.bytes(&self.set);
        w.uint(self.made_ms);
        w.uint(self.needed.into());
        w.uint(self.count.into());
        w.uint(self.number.into());
        w.bytes(self.holder.as_bytes());
        w.bytes(&*self.value);
        Zeroizing::new(w.into_bytes())
    }

    /// The group by which person and friend know each other.
    #[must_use]
    pub fn group(&self) -> GroupId {
        self.group
    }

    /// The person whose entropy is shared.
    #[must_use]
    pub fn member(&self) -> MemberId {
        self.member
    }

    /// The person's root key in that group. The friend who keeps the share checks that it is that
    /// member's.
    #[must_use]
    pub fn root(&self) -> RootId {
        self.root
    }

    /// The friend who keeps the share.
    #[must_use]
    pub fn holder(&self) -> MemberId {
        self.holder
    }

    /// Number of shares of the set that are needed.
    #[must_use]
    pub fn needed(&self) -> u8 {
        self.needed
    }

    /// Number of shares of the set.
    #[must_use]
    pub fn count(&self) -> u8 {
        self.count
    }

    /// Time at which the set was made, by the person's clock.
    #[must_use]
    pub fn made_ms(&self) -> u64 {
        self.made_ms
    }

    /// Random id of the set, the same in all of its shares.
    #[must_use]
    pub fn set(&self) -> &[u8; 16] {
        &self.set
    }
}

/// Reads the content of a share's message, without its signature.
pub(crate) fn read_share(bytes: &[u8]) -> Result<(), Refusal> {
    RecoveryShare::read_fields(bytes).map(|_| ())
}

/// Reads an integer of a small field (rule R3).
fn small<T: TryFrom<u64>>(r: &mut Reader<'_>) -> Result<T, Refusal> {
    T::try_from(r.uint()?).map_err(|_| Refusal::new(Rule::R3))
}

impl fmt::Debug for RecoveryShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecoveryShare")
            .field("member", &self.member)
            .field("holder", &self.holder)
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}
