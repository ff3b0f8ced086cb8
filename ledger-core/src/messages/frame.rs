//! Frame of all messages outside of the ledger (SPEC §13), as bytes for files or as text for
//! links and QR codes: `form ‖ body ‖ check4`.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use zeroize::Zeroizing;

use crate::base::check::{CHECK_BYTES, append_check, strip_check};
use crate::base::rule::{Refusal, Rule};

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $form:literal, $name:literal;)*) => {
        /// Kind of a message, which is its first byte.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum MessageKind {
            $($(#[$doc])* $kind,)*
        }

        impl MessageKind {
            /// Every kind, by form byte.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// The form byte: kind and version in one.
            pub(crate) const fn form(self) -> u8 {
                match self { $(Self::$kind => $form,)* }
            }

            /// A name for people to read.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }
        }
    };
}

kinds! {
    /// Invite: its holder can ask to join a group.
    InviteLink = 0x10, "invite";
    /// Join request: a person's card, for the inviting member.
    JoinRequest = 0x11, "join request";
    /// Join answer, for the admitted person.
    JoinAnswer = 0x12, "join answer";
    /// First message of a pairing, shown by the new device.
    PairingOffer = 0x20, "pairing code of a new device";
    /// The old device's reply.
    PairingOpening = 0x21, "pairing message 2";
    /// The new device opens its commitment.
    PairingReveal = 0x22, "pairing message 3";
    /// The groups in which the new device is to be enrolled.
    PairingGroups = 0x23, "pairing message 4";
    /// The new device's certificates.
    PairingDevices = 0x24, "pairing message 5";
    /// Genesis entries and, in the normal mode, the entropy, for the new device.
    PairingGrant = 0x25, "pairing message 6";
    /// Share of a person's entropy, for a friend to keep.
    Share = 0x30, "recovery share for a friend";
    /// Request of a person to friends for their shares.
    RecoveryRequest = 0x31, "recovery request";
    /// Share that a friend returns.
    ShareReturn = 0x32, "returned recovery share";
    /// Enrolment of a restored device, for a member to carry.
    Enrolment = 0x33, "enrolment for a member to carry";
}

/// Error of bytes or text that are no message, or not the expected one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MessageError {
    /// Rule M1: the data is not of this library, or of a newer version of it.
    #[error(
        "this is not a link, code or file of Group Ledger, or it is from a newer version; \
         take it again from where it came, or update the app"
    )]
    NotAMessage,
    /// Rule M1: the check bytes do not fit.
    #[error("the message is not whole; copy or scan all of it again")]
    Damaged,
    /// Rule M1: a message of another kind than the expected one.
    #[error("the message is: {}; expected: {}", .found.name(), .expected.name())]
    OtherKind {
        /// The kind of the message.
        found: MessageKind,
        /// The expected kind.
        expected: MessageKind,
    },
    /// Rule M2: the message is whole, but its fields are not those of its kind. Its maker is
    /// at fault.
    #[error("the message was made wrongly; ask for another one ({0})")]
    Malformed(Refusal),
}

impl MessageError {
    /// The rule of SPEC.md that the message breaks.
    #[must_use]
    pub fn rule(&self) -> Rule {
        match self {
            Self::NotAMessage | Self::Damaged | Self::OtherKind { .. } => Rule::M1,
            Self::Malformed(refusal) => refusal.rule(),
        }
    }
}

impl From<Refusal> for MessageError {
    fn from(refusal: Refusal) -> Self {
        Self::Malformed(refusal)
    }
}

impl MessageKind {
    /// The kind of a message that is whole.
    ///
    /// # Errors
    /// [`MessageError`] if the bytes are no message, or not a whole one.
    pub fn from_message(bytes: &[u8]) -> Result<Self, MessageError> {
        open_any(bytes).map(|(kind, _)| kind)
    }

    /// The kind of the message in a link or in the text of a QR code.
    ///
    /// # Errors
    /// [`MessageError`] if the text is no message, or not a whole one.
    pub fn from_text(text: &str) -> Result<Self, MessageError> {
        Self::from_message(&message_from_text(text)?)
    }

    /// Frames a body: `form ‖ body ‖ check4`.
    pub(crate) fn frame(self, body: &[&[u8]]) -> Zeroizing<Vec<u8>> {
        let length =
            body.iter().map(|part| part.len()).fold(1 + CHECK_BYTES, usize::saturating_add);
        let mut bytes = Zeroizing::new(Vec::with_capacity(length));
        bytes.push(self.form());
        body.iter().for_each(|part| bytes.extend_from_slice(part));
        append_check(&mut bytes);
        bytes
    }

    /// The body of a message of this kind (rule M1).
    pub(crate) fn open(self, bytes: &[u8]) -> Result<&[u8], MessageError> {
        match open_any(bytes)? {
            (found, body) if found == self => Ok(body),
            (found, _) => Err(MessageError::OtherKind { found, expected: self }),
        }
    }
}

fn open_any(bytes: &[u8]) -> Result<(MessageKind, &[u8]), MessageError> {
    let (form, _) = bytes.split_first().ok_or(MessageError::NotAMessage)?;
    let kind = MessageKind::ALL.iter().find(|kind| kind.form() == *form);
    let kind = *kind.ok_or(MessageError::NotAMessage)?;
    let rest = strip_check(bytes).ok_or(MessageError::Damaged)?;
    let (_, body) = rest.split_first().ok_or(MessageError::Damaged)?;
    Ok((kind, body))
}

/// A message as text for a QR code or a chat: base64url without padding.
#[must_use]
pub fn message_to_text(message: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(Base64UrlUnpadded::encode_string(message))
}

/// The bytes of a message that came as text: a link, of which only the part behind the last
/// `#` counts, or that part alone. White space, which chats and mails add, is ignored.
///
/// # Errors
/// [`MessageError::NotAMessage`] if it is not base64url in its one spelling.
pub fn message_from_text(text: &str) -> Result<Zeroizing<Vec<u8>>, MessageError> {
    let fragment = text.rsplit_once('#').map_or(text, |(_, fragment)| fragment);
    let mut compact = Zeroizing::new(String::with_capacity(fragment.len()));
    compact.extend(fragment.chars().filter(|c| !c.is_whitespace()));
    Base64UrlUnpadded::decode_vec(&compact)
        .map(Zeroizing::new)
        .map_err(|_| MessageError::NotAMessage)
}

/// Reader of the fields of a body with a fixed layout (rule M2).
pub(crate) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    pub(crate) fn new(body: &'a [u8]) -> Self {
        Self(body)
    }

    pub(crate) fn take<const N: usize>(&mut self) -> Result<[u8; N], Refusal> {
        let (field, rest) = self.0.split_first_chunk().ok_or_else(|| Refusal::new(Rule::M2))?;
        self.0 = rest;
        Ok(*field)
    }

    /// The last field of `N` bytes, and the bytes before it.
    pub(crate) fn rest_then<const N: usize>(self) -> Result<(&'a [u8], [u8; N]), Refusal> {
        let (rest, last) = self.0.split_last_chunk().ok_or_else(|| Refusal::new(Rule::M2))?;
        Ok((rest, *last))
    }

    pub(crate) fn rest(self) -> &'a [u8] {
        self.0
    }

    pub(crate) fn finish(self) -> Result<(), Refusal> {
        if self.0.is_empty() { Ok(()) } else { Err(Refusal::new(Rule::M2)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spec_lists_every_form() {
        let spec = include_str!("../../../SPEC.md");
        let mut forms = std::collections::BTreeSet::new();
        for kind in MessageKind::ALL {
            assert!(forms.insert(kind.form()));
            let line = format!("| `{:02x}` | {} |", kind.form(), kind.name());
            assert!(spec.contains(&line), "SPEC §13 lacks {line}");
        }
    }

    #[test]
    fn m1_every_altered_byte_and_every_cut_shows() {
        let message = MessageKind::RecoveryRequest.frame(&[b"some ", b"body"]);
        assert_eq!(MessageKind::RecoveryRequest.open(&message), Ok(&b"some body"[..]));
        for place in 0..message.len() {
            let mut altered = message.to_vec();
            altered[place] ^= 1;
            // The first byte becomes that of another form.
            let found = MessageKind::from_message(&altered).unwrap_err();
            assert_eq!((found.clone(), found.rule()), (MessageError::Damaged, Rule::M1));
            assert!(MessageKind::from_message(&message[..place]).is_err());
        }
        let longer = [&message[..], &[0]].concat();
        assert_eq!(MessageKind::from_message(&longer), Err(MessageError::Damaged));
        assert_eq!(MessageKind::from_message(&[0x01, 2, 3, 4, 5]), Err(MessageError::NotAMessage));
    }

    #[test]
    fn m1_another_kind_is_named() {
        let message = MessageKind::InviteLink.frame(&[b"body"]);
        let error = MessageKind::JoinRequest.open(&message).unwrap_err();
        assert_eq!(error.to_string(), "the message is: invite; expected: join request");
    }

    #[test]
    fn text_comes_back_from_links_and_broken_lines() {
        let message = MessageKind::InviteLink.frame(&[&[0xfb, 0xff, 0x3e]]);
        let text = message_to_text(&message);
        assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
        let (first, second) = text.split_at(4);
        let link = format!("app://join#x#{first}\r\n  {second}\n");
        assert_eq!(message_from_text(&link).as_deref(), Ok(&*message));
        assert_eq!(MessageKind::from_text(&text), Ok(MessageKind::InviteLink));
        for bad in ["", "=", "AB==", "A", "+/+/", "AB", "ä"] {
            assert!(MessageKind::from_text(bad).is_err(), "{bad}");
        }
        // One spelling only: these two differ in bits that carry nothing.
        assert!(message_from_text("AA").is_ok());
        assert_eq!(message_from_text("AB"), Err(MessageError::NotAMessage));
    }
}
