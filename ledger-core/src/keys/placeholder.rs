//! Placeholder cards of people who have no key yet (SPEC §3.2).

use super::CertificateScope;
use super::card::member_of;
use super::certificate::{VERSION, expect_version};
use crate::base::codec::{Reader, Writer};
use crate::base::id::MemberId;
use crate::base::limits::MAX_NAME_BYTES;
use crate::base::rule::{Refusal, Rule};

/// Card that introduces a person who has no key yet:
/// `[1, group|salt, introducer's MemberId|null, name, nonce16]`.
///
/// With null for the introducer it is the card of a person from a file of another program. Name and
/// nonce follow from the file (SPEC §10), so whoever imports the file introduces the same member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceholderCard {
    scope: CertificateScope,
    introducer: Option<MemberId>,
    name: String,
    nonce: [u8; 16],
}

impl PlaceholderCard {
    /// Creates a card. `nonce` distinguishes people of the same name. The scope is the group's
    /// id, or the salt for people whom the genesis entry of a successor group introduces.
    pub(crate) fn new(
        scope: CertificateScope,
        introducer: Option<MemberId>,
        name: &str,
        nonce: [u8; 16],
    ) -> Result<Self, Refusal> {
        if name.is_empty() || name.len() > MAX_NAME_BYTES {
            return Err(Refusal::with_detail(Rule::P3, format!("a name of {} bytes", name.len())));
        }
        Ok(Self { scope, introducer, name: name.to_owned(), nonce })
    }

    /// Creates the card of a person from a file of another program. `salt` is the genesis entry's
    /// (`Genesis::salt`), and name and nonce follow from the file (SPEC §10). So the card, and with it
    /// [`PlaceholderCard::member`], is the same for everybody who imports the file.
    ///
    /// ```
    /// use ledger_core::keys::PlaceholderCard;
    /// let here = PlaceholderCard::from_file([7; 32], "Dora", [1; 16])?;
    /// let there = PlaceholderCard::from_file([7; 32], "Dora", [1; 16])?;
    /// assert_eq!(here.member(), there.member());
    /// let other = PlaceholderCard::from_file([7; 32], "Dora", [2; 16])?;
    /// assert_ne!(here.member(), other.member(), "another person of the name");
    /// # Ok::<(), ledger_core::Refusal>(())
    /// ```
    ///
    /// # Errors
    /// [`Refusal`] by rule P3 if the name is empty or too long.
    pub fn from_file(salt: [u8; 32], name: &str, nonce: [u8; 16]) -> Result<Self, Refusal> {
        Self::new(salt, None, name, nonce)
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut w = Writer::new();
        w.array(5);
        w.uint(VERSION);
        w.bytes(&self.scope);
        w.optional(self.introducer, |w, introducer| w.bytes(introducer.as_bytes()));
        w.text(&self.name);
        w.bytes(&self.nonce);
        w.into_bytes()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        let mut r = Reader::new(bytes);
        r.array(5)?;
        expect_version(&mut r)?;
        let scope = r.bytes_n()?;
        let introducer = r.optional(|r| r.bytes_n().map(MemberId::from_bytes))?;
        let name = r.name()?;
        let nonce = r.bytes_n()?;
        r.finish()?;
        Ok(Self { scope, introducer, name, nonce })
    }

    pub(crate) fn scope(&self) -> &CertificateScope {
        &self.scope
    }

    /// The member who introduces the person, and who may claim the placeholder. `None` for a
    /// person from a file, whom anybody introduces, and to whom only the owner gives keys.
    #[must_use]
    pub fn introducer(&self) -> Option<MemberId> {
        self.introducer
    }

    /// The member whom this card introduces.
    #[must_use]
    pub fn member(&self) -> MemberId {
        member_of(&self.encode())
    }

    /// The number that distinguishes people of one name. In a successor group, it is the
    /// beginning of the person's member id in the old group, or for a person from a file that of the
    /// file.
    #[must_use]
    pub fn nonce(&self) -> &[u8; 16] {
        &self.nonce
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}
