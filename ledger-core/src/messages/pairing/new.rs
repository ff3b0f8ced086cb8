//! The new device's side.

use zeroize::Zeroizing;

use super::channel::{Channel, Offer, Opening, Reveal, commitment};
use super::devices::{DeviceOffer, GrantedGroup, GroupOffer, read_grant};
use super::{PAIRING_MS, PairingError, content};
use crate::base::id::GroupId;
use crate::base::rule::{Refusal, Rule};
use crate::keys::{DeviceKey, ExchangeKey, RootEntropy, hidden_debug};
use crate::messages::frame::MessageKind;

/// Shows its code, and waits for the old device's reply.
pub struct NewDevice {
    key: ExchangeKey,
    nonce: Zeroizing<[u8; 32]>,
    offer: Offer,
}

/// Shows six digits, for the person to type into the old device.
pub struct ComparingCode {
    channel: Channel,
    offer: Offer,
}

/// Has heard from the old device in which groups it is to be enrolled.
pub struct ChoosingGroups {
    channel: Channel,
    groups: Vec<GroupOffer>,
}

/// Has sent its certificates, and waits to be enrolled.
pub struct AwaitingGrant {
    channel: Channel,
    groups: Vec<GroupOffer>,
}

/// What the new device got.
#[derive(Debug)]
pub struct Granted {
    /// The person's entropy; none in high-security mode, in which the device
    /// can write, but not act for the person (enrol, revoke, leave, recover).
    pub entropy: Option<RootEntropy>,
    /// The groups in which it is enrolled.
    pub groups: Vec<GrantedGroup>,
}

impl NewDevice {
    /// Begins a pairing that expires after [`PAIRING_MS`]. `random` must be
    /// 80 fresh random bytes. Gives the message to show as a QR code.
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

    /// Takes the old device's reply. Gives the message that opens the
    /// commitment; only after that is sent are the digits of any use.
    ///
    /// # Errors
    /// [`PairingError`]; the pairing is over.
    pub fn opened(
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

    /// Takes the old device's list of groups, which it sends once the digits
    /// were right. Ask the person whether the old device says so: somebody
    /// between the devices could send a list of their own.
    ///
    /// # Errors
    /// [`PairingError`]; the pairing is over.
    pub fn groups(self, message: &[u8], now_ms: u64) -> Result<ChoosingGroups, PairingError> {
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

    /// Accepts to be enrolled, with a fresh key for each group, in their order.
    /// The keys must be durable before this is called.
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
    /// Takes what the old device hands over. `seed` must be 32 fresh random
    /// bytes.
    ///
    /// # Errors
    /// [`PairingError`]; the pairing is over.
    pub fn granted(self, message: &[u8], seed: &[u8; 32]) -> Result<Granted, PairingError> {
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
