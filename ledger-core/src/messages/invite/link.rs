//! Invites: the secret on the inviting device, and the link that people hand out.

use core::fmt;

use ed25519_dalek::{Signer as _, SigningKey};
use zeroize::Zeroizing;

use crate::base::hash::{Tag, kdf, signed_message};
use crate::base::id::{GroupId, InviteId};
use crate::keys::{ExchangeKey, check_x25519};
use crate::messages::frame::{
    Fields, MessageError, MessageKind, message_from_text, message_to_text,
};

/// Secret of an invite, on the inviting device. Deleting it cancels the invite.
pub struct InviteSecret(Zeroizing<[u8; 32]>);

impl InviteSecret {
    /// Creates the secret from 32 bytes of a cryptographic random generator.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The link to hand out.
    #[must_use]
    pub fn link(&self, group: GroupId) -> InviteLink {
        let secret = kdf(&self.0, Tag::INVITE_SECRET, &[]);
        InviteLink { group, secret, inviter: self.exchange().public_key() }
    }

    /// The id of the invite.
    #[must_use]
    pub fn id(&self) -> InviteId {
        link_key(&kdf(&self.0, Tag::INVITE_SECRET, &[])).1
    }

    /// The private key that opens requests. Links hold only its public key.
    pub(super) fn exchange(&self) -> ExchangeKey {
        ExchangeKey::from_bytes(*kdf(&self.0, Tag::INVITE_EXCHANGE, &[]))
    }
}

/// Invite link: the group, a secret that proves that the sender of a request saw the link,
/// and the public key that requests are sealed to.
pub struct InviteLink {
    group: GroupId,
    secret: Zeroizing<[u8; 32]>,
    inviter: [u8; 32],
}

impl InviteLink {
    /// The link as text: `prefix#` and the invite. Browsers do not send the part behind `#` to
    /// servers. Everybody who has the link can ask to join.
    #[must_use]
    pub fn reveal(&self, prefix: &str) -> Zeroizing<String> {
        let parts: [&[u8]; 3] = [self.group.as_bytes(), &*self.secret, &self.inviter];
        let fragment = message_to_text(&MessageKind::InviteLink.frame(&parts));
        Zeroizing::new([prefix, "#", &fragment].concat())
    }

    /// Reads a link, or only the part behind its `#`.
    ///
    /// # Errors
    /// [`MessageError`] if it is something else, or not whole.
    pub fn parse(text: &str) -> Result<Self, MessageError> {
        let bytes = message_from_text(text)?;
        let mut fields = Fields::new(MessageKind::InviteLink.open(&bytes)?);
        let group = GroupId::from_bytes(fields.take()?);
        let secret = Zeroizing::new(fields.take()?);
        let inviter = fields.take()?;
        fields.finish()?;
        check_x25519(&inviter, "the inviter's exchange key")?;
        Ok(Self { group, secret, inviter })
    }

    /// The group that the link leads to.
    #[must_use]
    pub fn group(&self) -> GroupId {
        self.group
    }

    /// The id of the invite.
    #[must_use]
    pub fn id(&self) -> InviteId {
        link_key(&self.secret).1
    }

    /// The public key that requests are sealed to.
    pub(super) fn inviter(&self) -> &[u8; 32] {
        &self.inviter
    }

    /// Signs with the key of the link, which proves that the signer saw the link.
    pub(super) fn sign(&self, tag: Tag, bytes: &[u8]) -> [u8; 64] {
        link_key(&self.secret).0.sign(&signed_message(tag, bytes)).to_bytes()
    }
}

fn link_key(secret: &[u8; 32]) -> (SigningKey, InviteId) {
    let key = SigningKey::from_bytes(&kdf(secret, Tag::INVITE_SIGNING, &[]));
    let id = InviteId::from_bytes(key.verifying_key().to_bytes());
    (key, id)
}

impl fmt::Debug for InviteSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InviteSecret(secret)")
    }
}

impl fmt::Debug for InviteLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InviteLink").field("group", &self.group).finish_non_exhaustive()
    }
}
