//! Challenges and tickets. The relay recognises its own by a MAC and keeps none (SPEC §18.3).

use hmac::{Hmac, KeyInit as _, Mac as _};
use ledger_core::seal::Topic;
use sha2::Sha256;

/// Milliseconds for which a challenge holds outside of its connection.
const CHALLENGE_MS: u64 = 300_000;

/// Permission to use a topic at this relay: `expires32 ‖ mac16`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket([u8; 20]);

impl Ticket {
    /// A ticket from its bytes, not yet checked.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 20] {
        self.0
    }
}

/// The relay's secret, from which tickets and challenges follow. Who has it can make tickets of any
/// topic, so a wiped relay makes another one.
#[derive(Clone)]
pub struct RelaySecret([u8; 32]);

impl std::fmt::Debug for RelaySecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RelaySecret")
    }
}

impl RelaySecret {
    /// The secret from 32 random bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Makes a ticket that ends at `expires`, in seconds since 1970.
    #[must_use]
    pub fn ticket(&self, topic: Topic, expires: u32) -> Ticket {
        let expires = expires.to_be_bytes();
        let mut bytes = [0; 20];
        let mac = self.mac(b"ticket", &[topic.as_bytes(), &expires]);
        bytes.iter_mut().zip(expires.iter().chain(&mac)).for_each(|(to, from)| *to = *from);
        Ticket(bytes)
    }

    /// Whether a ticket is this relay's, this topic's, and has not ended (rule T4).
    #[must_use]
    pub fn is_valid(&self, ticket: Ticket, topic: Topic, now_ms: u64) -> bool {
        let Some((expires, mac)) = ticket.0.split_first_chunk::<4>() else { return false };
        let until = u64::from(u32::from_be_bytes(*expires));
        now_ms / 1_000 < until && self.verify(b"ticket", &[topic.as_bytes(), expires], mac)
    }

    /// Makes a challenge: `time64 ‖ random8 ‖ mac16`.
    #[must_use]
    pub fn challenge(&self, now_ms: u64, random: [u8; 8]) -> [u8; 32] {
        let now = now_ms.to_be_bytes();
        let mac = self.mac(b"challenge", &[&now, &random]);
        let mut challenge = [0; 32];
        let all = now.iter().chain(&random).chain(&mac);
        challenge.iter_mut().zip(all).for_each(|(to, from)| *to = *from);
        challenge
    }

    /// Whether a challenge is this relay's and at most five minutes old (rule T3).
    #[must_use]
    pub fn is_fresh(&self, challenge: &[u8; 32], now_ms: u64) -> bool {
        let Some((time, rest)) = challenge.split_first_chunk::<8>() else { return false };
        let Some((random, mac)) = rest.split_first_chunk::<8>() else { return false };
        now_ms.abs_diff(u64::from_be_bytes(*time)) <= CHALLENGE_MS
            && self.verify(b"challenge", &[time, random], mac)
    }

    fn mac(&self, purpose: &[u8], parts: &[&[u8]]) -> [u8; 16] {
        let full = self.begin(purpose, parts).map(|mac| mac.finalize().into_bytes());
        full.and_then(|full| full.first_chunk().copied()).unwrap_or_default()
    }

    fn verify(&self, purpose: &[u8], parts: &[&[u8]], mac: &[u8]) -> bool {
        mac.len() == 16
            && self.begin(purpose, parts).is_some_and(|own| own.verify_truncated_left(mac).is_ok())
    }

    fn begin(&self, purpose: &[u8], parts: &[&[u8]]) -> Option<Hmac<Sha256>> {
        // The parts of each purpose have fixed lengths, so they need no framing.
        let mut mac = <Hmac<Sha256>>::new_from_slice(&self.0).ok()?;
        mac.update(purpose);
        parts.iter().for_each(|part| mac.update(part));
        Some(mac)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_of_another_relay_or_topic_or_one_that_ended_is_refused() {
        let (secret, topic) = (RelaySecret::from_bytes([1; 32]), Topic::from_bytes([2; 32]));
        let ticket = secret.ticket(topic, 1_000);
        assert!(secret.is_valid(ticket, topic, 999_999));
        assert!(!secret.is_valid(ticket, topic, 1_000_000));
        assert!(!secret.is_valid(ticket, Topic::from_bytes([3; 32]), 0));
        assert!(!RelaySecret::from_bytes([9; 32]).is_valid(ticket, topic, 0));
        for place in 0..20 {
            let mut bytes = ticket.to_bytes();
            bytes[place] ^= 1;
            assert!(!secret.is_valid(Ticket::from_bytes(bytes), topic, 0), "byte {place}");
        }
    }

    #[test]
    fn a_challenge_holds_for_five_minutes_at_its_relay() {
        let secret = RelaySecret::from_bytes([1; 32]);
        let challenge = secret.challenge(1_000_000, [7; 8]);
        assert!(secret.is_fresh(&challenge, 1_300_000));
        assert!(!secret.is_fresh(&challenge, 1_300_001));
        assert!(!RelaySecret::from_bytes([2; 32]).is_fresh(&challenge, 1_000_000));
        assert!(!secret.is_fresh(&[0; 32], 0));
    }
}
