//! Requests for approval: the enrolment of a restored device, on its way to a member who
//! carries it (SPEC §16.1).

use crate::base::codec::{Reader, Writer};
use crate::base::hash::Tag;
use crate::base::id::Topic;
use crate::base::rule::{Refusal, Rule};
use crate::messages::frame::{MessageError, MessageKind};
use crate::seal::{EnvelopeError, EpochKey, parse};
use crate::statement::{SignedStatement, StatementBody};

/// Error of a request that cannot be used. Its maker or carrier is at fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnrolmentError {
    /// The request is not whole, or something else.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// The request is sealed under another key, or altered.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// The content is not an enrolment with valid signatures.
    #[error("the message holds no enrolment that its signer signed; ask for another one ({0})")]
    Content(Refusal),
}

/// Enrolment statement that a restored device asks a member to carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrolmentRequest {
    signed: SignedStatement,
}

impl EnrolmentRequest {
    /// Creates a request from a signed statement.
    ///
    /// # Errors
    /// [`EnrolmentError::Content`] if the statement enrols no device, or a signature is invalid.
    pub fn new(signed: SignedStatement) -> Result<Self, EnrolmentError> {
        let check = || {
            if !matches!(signed.statement().body(), StatementBody::Enrol { .. }) {
                return Err(Refusal::with_detail(Rule::Q2, "only enrolments are carried so"));
            }
            signed.check()
        };
        check().map_err(EnrolmentError::Content)?;
        Ok(Self { signed })
    }

    /// Seals the request for the members of the group.
    #[must_use]
    pub fn seal(&self, key: &EpochKey) -> Vec<u8> {
        let mut w = Writer::new();
        self.signed.write(&mut w);
        let digest = self.signed.statement().id();
        let form = MessageKind::Enrolment.form();
        let sealed = key.seal_padded(form, Tag::CARRY, &[digest.as_bytes()], w.as_bytes(), &[]);
        let body = sealed.get(1..).unwrap_or_default();
        MessageKind::Enrolment.frame(&[body]).to_vec()
    }

    /// The topic whose key opens a request.
    ///
    /// # Errors
    /// [`EnrolmentError`] if the message is something else, or not whole.
    pub fn topic(message: &[u8]) -> Result<Topic, EnrolmentError> {
        Ok(sealed(message)?.0)
    }

    /// Opens a request, and checks the signatures in it.
    ///
    /// # Errors
    /// [`EnrolmentError`] if the request cannot be opened, or is made wrongly.
    pub fn open(message: &[u8], key: &EpochKey) -> Result<Self, EnrolmentError> {
        let parts = sealed(message)?;
        let form = MessageKind::Enrolment.form();
        let signed = key.open_padded(form, Tag::CARRY, parts, 0, |bytes, _| {
            let signed = decode(bytes)?;
            let expected = key.nonce(&[signed.statement().id().as_bytes()]);
            if expected == parts.1 { Ok(signed) } else { Err(EnvelopeError::Nonce) }
        })?;
        if signed.statement().group() != key.group() {
            let refusal = Refusal::with_detail(Rule::K3, "a statement for another group");
            return Err(EnrolmentError::Content(refusal));
        }
        Self::new(signed)
    }

    /// The statement, for [`Draft::carry`](crate::engine::Draft::carry).
    #[must_use]
    pub fn statement(&self) -> &SignedStatement {
        &self.signed
    }
}

fn sealed(message: &[u8]) -> Result<(Topic, [u8; 24], &[u8]), EnrolmentError> {
    // Without the check bytes, the layout is that of an envelope.
    MessageKind::Enrolment.open(message)?;
    let (envelope, _) = message.split_last_chunk::<4>().ok_or(MessageError::Damaged)?;
    Ok(parse(MessageKind::Enrolment.form(), envelope)?)
}

fn decode(bytes: &[u8]) -> Result<SignedStatement, Refusal> {
    let mut r = Reader::new(bytes);
    let signed = SignedStatement::read(&mut r)?;
    r.finish()?;
    Ok(signed)
}

/// Reads the plaintext of a request, without a check of signatures.
pub(crate) fn read_enrolment(bytes: &[u8]) -> Result<(), Refusal> {
    decode(bytes).map(|_| ())
}
