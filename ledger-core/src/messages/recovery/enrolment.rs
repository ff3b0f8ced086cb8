//! The enrolment of a device that was restored, on its way to a member who
//! carries it (SPEC §16.1).

use crate::base::codec::{Reader, Writer};
use crate::base::hash::Tag;
use crate::base::id::Topic;
use crate::base::rule::{Refusal, Rule};
use crate::messages::frame::{MessageError, MessageKind};
use crate::seal::{EnvelopeError, EpochKey, parse};
use crate::statement::{SignedStatement, StatementBody};

/// A request that cannot be used; whoever made or carried it is at fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnrolmentError {
    /// It is not whole, or something else.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// Sealed under another key, or altered.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// It is not an enrolment that its root key signed.
    #[error("the message holds no enrolment that its signer signed; ask for another one ({0})")]
    Content(Refusal),
}

/// An enrolment that a restored device asks others to carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrolmentRequest {
    act: SignedStatement,
}

impl EnrolmentRequest {
    /// Takes a statement.
    ///
    /// # Errors
    /// [`EnrolmentError::Content`] if it enrols no device or its signatures do
    /// not hold.
    pub fn new(act: SignedStatement) -> Result<Self, EnrolmentError> {
        let check = || {
            if !matches!(act.act().body(), StatementBody::Enrol { .. }) {
                return Err(Refusal::with_detail(Rule::Q2, "only enrolments are carried so"));
            }
            act.check()
        };
        check().map_err(EnrolmentError::Content)?;
        Ok(Self { act })
    }

    /// Seals it for the members of the group.
    #[must_use]
    pub fn seal(&self, key: &EpochKey) -> Vec<u8> {
        let mut w = Writer::new();
        self.act.write(&mut w);
        let digest = self.act.act().digest();
        let form = MessageKind::Enrolment.form();
        let sealed = key.seal_padded(form, Tag::CARRY, &[digest.as_bytes()], w.as_bytes(), &[]);
        let body = sealed.get(1..).unwrap_or_default();
        MessageKind::Enrolment.frame(&[body]).to_vec()
    }

    /// The topic whose key opens a request.
    ///
    /// # Errors
    /// [`EnrolmentError`] if it is something else, or not whole.
    pub fn topic(message: &[u8]) -> Result<Topic, EnrolmentError> {
        Ok(sealed(message)?.0)
    }

    /// Opens a request, and checks the signatures in it.
    ///
    /// # Errors
    /// [`EnrolmentError`] says what is wrong with it.
    pub fn open(message: &[u8], key: &EpochKey) -> Result<Self, EnrolmentError> {
        let parts = sealed(message)?;
        let form = MessageKind::Enrolment.form();
        let act = key.open_padded(form, Tag::CARRY, parts, 0, |bytes, _| {
            let act = decode(bytes)?;
            let expected = key.nonce(&[act.act().digest().as_bytes()]);
            if expected == parts.1 { Ok(act) } else { Err(EnvelopeError::Nonce) }
        })?;
        if act.act().group() != key.group() {
            let refusal = Refusal::with_detail(Rule::K3, "a statement for another group");
            return Err(EnrolmentError::Content(refusal));
        }
        Self::new(act)
    }

    /// The statement, for [`Draft::carry`](crate::engine::Draft::carry).
    #[must_use]
    pub fn act(&self) -> &SignedStatement {
        &self.act
    }
}

fn sealed(message: &[u8]) -> Result<(Topic, [u8; 24], &[u8]), EnrolmentError> {
    // Without the check, it is laid out as an envelope.
    MessageKind::Enrolment.open(message)?;
    let (envelope, _) = message.split_last_chunk::<4>().ok_or(MessageError::Damaged)?;
    Ok(parse(MessageKind::Enrolment.form(), envelope)?)
}

fn decode(bytes: &[u8]) -> Result<SignedStatement, Refusal> {
    let mut r = Reader::new(bytes);
    let act = SignedStatement::read(&mut r)?;
    r.finish()?;
    Ok(act)
}

/// What a request holds, without its signatures.
pub(crate) fn read_enrolment(bytes: &[u8]) -> Result<(), Refusal> {
    decode(bytes).map(|_| ())
}
