//! Steps of a pairing on the old device.

use core::fmt;

use super::channel::{Channel, Offer, Opening, Reveal, commitment};
use super::devices::{DeviceOffer, GrantedGroup, GroupOffer, write_grant};
use super::{MAX_PAIRING_MS, PairingError, content};
use crate::base::rule::{Refusal, Rule};
use crate::keys::{ExchangeKey, RootEntropy, hidden_debug};
use crate::messages::frame::MessageKind;

/// Old device that has scanned the new device's code and replied.
pub struct Scanned {
    key: ExchangeKey,
    offer: Offer,
    opening: Vec<u8>,
}

/// Old device that waits for the person to type the six digits.
pub struct EnteringCode {
    channel: Channel,
    offer: Offer,
}

/// Old device that got the right digits: it shares its secret with the device that shows them.
pub struct Paired {
    channel: Channel,
}

/// Old device that has sent its groups and waits for certificates.
pub struct AwaitingDevices {
    channel: Channel,
    groups: Vec<GroupOffer>,
}

/// Old device that has the new device's certificates, and has to sign and enrol them.
pub struct Certifying {
    channel: Channel,
    devices: Vec<DeviceOffer>,
}

impl Scanned {
    /// Scans the code that the new device shows (rule N1). `random` must be 64 fresh random bytes.
    /// Returns the reply for the new device, too.
    ///
    /// # Errors
    /// [`PairingError`]; the pairing is over.
    pub fn scan(
        offer: &[u8],
        random: &[u8; 64],
        now_ms: u64,
    ) -> Result<(Self, Vec<u8>), PairingError> {
        let offer = Offer::decode(offer)?;
        offer.check_time(now_ms)?;
        if offer.expires_ms > now_ms.saturating_add(MAX_PAIRING_MS) {
            return Err(PairingError::TooLong);
        }
        let (mut secret, mut nonce) = (zeroize::Zeroizing::new([0; 32]), [0; 32]);
        let (first, second) = random.split_at(secret.len());
        secret.copy_from_slice(first);
        nonce.copy_from_slice(second);
        let key = ExchangeKey::from_bytes(*secret);
        let reply = Opening { session: offer.session, key: key.public_key(), nonce };
        let opening = reply.encode();
        Ok((Self { key, offer, opening: opening.clone() }, opening))
    }

    /// Receives the opened commitment (rules N2 to N4).
    ///
    /// # Errors
    /// [`PairingError`]; the pairing is over.
    pub fn receive(self, reveal: &[u8], now_ms: u64) -> Result<EnteringCode, PairingError> {
        self.offer.check_time(now_ms)?;
        let theirs = Reveal::decode(reveal)?;
        let session = self.offer.session;
        if theirs.session != session {
            return Err(PairingError::OtherSession);
        }
        if commitment(&session, &self.offer.key, &theirs.nonce) != self.offer.commitment {
            return Err(PairingError::Commitment);
        }
        let messages: [&[u8]; 3] = [&self.offer.encode(), &self.opening, reveal];
        let channel = Channel::agree(session, &self.key, &self.offer.key, messages)?;
        Ok(EnteringCode { channel, offer: self.offer })
    }
}

impl EnteringCode {
    /// Checks the digits that the person typed (rule N5). Spaces do not matter. There is one
    /// attempt.
    ///
    /// # Errors
    /// [`PairingError::WrongCode`]; the pairing is over, whatever the reason.
    pub fn enter(self, typed: &str, now_ms: u64) -> Result<Paired, PairingError> {
        self.offer.check_time(now_ms)?;
        let typed = typed.chars().filter(|c| !c.is_whitespace());
        // A comparison in constant time is not needed: nobody at the other end can measure it.
        if !typed.eq(self.channel.code().chars()) {
            return Err(PairingError::WrongCode);
        }
        Ok(Paired { channel: self.channel })
    }
}

impl Paired {
    /// Offers the groups in which the new device will be enrolled. Returns the message as well.
    #[must_use]
    pub fn offer_groups(self, groups: Vec<GroupOffer>) -> (AwaitingDevices, Vec<u8>) {
        let body = GroupOffer::write_all(&groups);
        let message = self.channel.seal(MessageKind::PairingGroups, &body);
        (AwaitingDevices { channel: self.channel, groups }, message)
    }
}

impl AwaitingDevices {
    /// Receives the new device's certificates, one for each group (rule N7).
    ///
    /// # Errors
    /// [`PairingError`]; the pairing is over.
    pub fn receive(self, message: &[u8]) -> Result<Certifying, PairingError> {
        let opened = self.channel.open(MessageKind::PairingDevices, message)?;
        let devices = DeviceOffer::read_all(&opened).map_err(content)?;
        let fit = devices.iter().zip(&self.groups).all(|(device, group)| device.fits(group));
        if devices.len() != self.groups.len() || !fit {
            return Err(content(Refusal::with_detail(Rule::N7, "other groups than were offered")));
        }
        Ok(Certifying { channel: self.channel, devices })
    }
}

impl Certifying {
    /// The new device's certificates, in the order of the groups. Certify and enrol each of them.
    #[must_use]
    pub fn devices(&self) -> &[DeviceOffer] {
        &self.devices
    }

    /// Hands over. With `entropy`, the new device can do whatever this one can
    /// (standard mode); without, it can only write (high-security mode). At most one message of
    /// these may leave this device: all are sealed with one key and nonce.
    ///
    /// # Errors
    /// [`PairingError::Content`] if these are not the groups of the pairing.
    pub fn grant(
        &self,
        entropy: Option<&RootEntropy>,
        groups: &[GrantedGroup],
    ) -> Result<Vec<u8>, PairingError> {
        let ids = groups.iter().map(|group| crate::base::id::GroupId::from(group.genesis.id()));
        if !ids.eq(self.devices.iter().map(DeviceOffer::group)) {
            return Err(content(Refusal::with_detail(Rule::N7, "other groups than were offered")));
        }
        Ok(self.channel.seal(MessageKind::PairingGrant, &write_grant(entropy, groups)))
    }
}

impl fmt::Debug for Certifying {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certifying").field("devices", &self.devices).finish_non_exhaustive()
    }
}

hidden_debug!(Scanned, EnteringCode, Paired, AwaitingDevices);
