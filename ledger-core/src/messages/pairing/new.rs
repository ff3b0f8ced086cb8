//! Steps of a pairing on the new device.

use zeroize::Zeroizing;

use super::channel::{Channel, Offer, Opening, Reveal, commitment};
use super::devices::{DeviceOffer, GrantedGroup, GroupOffer, read_grant};
use super::{PAIRING_MS, PairingError, content};
use crate::base::id::GroupId;
use crate::base::rule::{Refusal, Rule};
use crate::keys::{DeviceKey, ExchangeKey, RootEntropy, hidden_debug};
use crate::messages::frame::MessageKind;

/// New device that shows its code and waits for the old device's reply.
pub struct NewDevice {
    key: ExchangeKey,
    nonce: Zeroizing<[u8; 32]>,
    offer: Offer,
}

/// New device that shows six digits, which the person types into the old device.
pub struct ComparingCode {
    channel: Channel,
    offer: Offer,
}

/// New device that knows in which groups the old device will enrol it.
pub struct ChoosingGroups {
    channel: Channel,
    groups: Vec<GroupOffer>,
}

/// New device that has sent its certificates and waits to be enrolled.
pub struct AwaitingGrant {
    channel: Channel,
    groups: Vec<GroupOffer>,
}

/// Result of a pairing on the new device: the person's entropy, if it was handed over, and the
/// groups.
#[derive(Debug)]
#[non_exhaustive]
pub struct Granted {
    /// The person's entropy; none in high-security mode, in which the device
    /// can write, but not act for the person (enrol, revoke, leave, recover).
    pub entropy: Option<RootEntropy>,
    /// The groups in which it is enrolled.
    pub groups: Vec<GrantedGroup>,
}

impl NewDevice {
    /// Starts a pairing that expires after [`PAIRING_MS`]. `random` must be 80 fresh random bytes.
    /// Returns the message to show as a QR code, too.
    #[must_use]
    pub fn begin(random: &[u8; 80], now_ms: u64) -> (Self, Vec<u8>) {
        let (mut session, mut secret, mut nonce) = ([0; 16], Zeroizing::new([0; 32]), [0; 32]);
        let (first, rest) = random.split_at(session.len());
        let (second, third) = rest.split_at(secret.len());
        session.copy_from_slice(first);
        secret.copy_from_slice(second);
        nonce.copy_from_slice(third);
        let key = ExchangeKey::from_bytes(*secret);
        let public = key.public_key();
        let offer = Offer {
            session,
            key: public,
            commitment: commitment(&session, &public, &nonce),
            expires_ms: now_ms.saturating_add(PAIRING_MS),
        };
        (Self { key, nonce: Zeroizing::new(nonce), offer }, offer.encode())
    }

    /// Receives the old device's reply. Returns the message that opens the commitment, too. Show
    /// the digits only after that message is sent.
    ///
    /// # Errors
    /// [`PairingError`]; the pairing is over.
    pub fn receive(
        self,
        opening: &[u8],
        now_ms: u64,
    ) -> Result<(ComparingCode, Vec<u8>), PairingError> {
        self.offer.check_time(now_ms)?;
        let theirs = Opening::decode(opening)?;
        let session = self.offer.session;
        if theirs.session != session {
            return Err(PairingError::OtherSession);
        }
        // The nonce stays secret until the old device has sent its key: an attacker must choose
        // keys before the digits are known, and so has one guess among a million.
        let reveal = Reveal { session, nonce: *self.nonce }.encode();
        let messages: [&[u8]; 3] = [&self.offer.encode(), opening, &reveal];
        let channel = Channel::agree(session, &self.key, &theirs.key, messages)?;
        Ok((ComparingCode { channel, offer: self.offer }, reveal))
    }
}

impl ComparingCode {
    #[cfg(test)]
    pub(super) fn into_channel(self) -> Channel {
        self.channel
    }

    /// The six digits to show.
    #[must_use]
    pub fn reveal_code(&self) -> Zeroizing<String> {
        self.channel.code()
    }

    /// Receives the old device's list of groups, which it sends after the right digits. Ask the
    /// person whether the old device accepted the digits: an attacker between the devices could
    /// send another list.
    ///
    /// # Errors
    /// [`PairingError`]; the pairing is over.
    pub fn receive(self, message: &[u8], now_ms: u64) -> Result<ChoosingGroups, PairingError> {
        self.offer.check_time(now_ms)?;
        let opened = self.channel.open(MessageKind::PairingGroups, message)?;
        let groups = GroupOffer::read_all(&opened).map_err(content)?;
        Ok(ChoosingGroups { channel: self.channel, groups })
    }
}

impl ChoosingGroups {
    /// The groups, for the person to see.
    #[must_use]
    pub fn groups(&self) -> &[GroupOffer] {
        &self.groups
    }

    /// Accepts the enrolment, with a fresh key for each group, in the order of the groups. Make the
    /// keys durable before this call.
    ///
    /// # Errors
    /// [`PairingError::Content`] if there are not as many keys as groups.
    pub fn accept(self, devices: &[DeviceKey]) -> Result<(AwaitingGrant, Vec<u8>), PairingError> {
        if devices.len() != self.groups.len() {
            return Err(content(Refusal::with_detail(Rule::N7, "a key for each group")));
        }
        let offers = self.groups.iter().zip(devices);
        let offers: Result<Vec<_>, _> =
            offers.map(|(group, device)| DeviceOffer::new(group, device)).collect();
        let body = DeviceOffer::write_all(&offers.map_err(content)?);
        let message = self.channel.seal(MessageKind::PairingDevices, &body);
        Ok((AwaitingGrant { channel: self.channel, groups: self.groups }, message))
    }
}

impl AwaitingGrant {
    /// Receives the last message of the old device. `seed` must be 32 fresh random bytes. If what
    /// it brings cannot be kept, the same message can be received again.
    ///
    /// # Errors
    /// [`PairingError`] if the message is another one.
    pub fn receive(&self, message: &[u8], seed: &[u8; 32]) -> Result<Granted, PairingError> {
        let opened = self.channel.open(MessageKind::PairingGrant, message)?;
        let (entropy, groups) = read_grant(&opened, seed).map_err(content)?;
        let fits = |(granted, offer): (&GrantedGroup, &GroupOffer)| {
            let root = entropy.as_ref().map(|entropy| entropy.root_key(granted.index).id());
            GroupId::from(granted.genesis.id()) == offer.group
                && root.is_none_or(|root| root == offer.root)
        };
        if groups.len() != self.groups.len() || !groups.iter().zip(&self.groups).all(fits) {
            return Err(content(Refusal::with_detail(Rule::N7, "other groups than were offered")));
        }
        Ok(Granted { entropy, groups })
    }
}

hidden_debug!(NewDevice, ComparingCode, ChoosingGroups, AwaitingGrant);
