//! Statements: what owners and members say under their root key (SPEC §3.3).
//!
//! A statement stands on its own. Whoever carries it in an entry is a courier;
//! what it spares is decided by its `base`, never by the carrier.

mod body;
mod new;

pub use crate::base::id::StatementId;
pub use body::{Generation, StatementBody};
pub use new::NewStatement;

use crate::base::codec::{Reader, Writer};
use crate::base::hash::{Tag, digest};
use crate::base::id::{EntryId, GroupId, RootId};
use crate::base::limits::MAX_PARENTS;
use crate::base::rule::{Refusal, Rule};
use crate::keys::{CardSignatures, DeviceSignatures, RootKey, check_signature};

/// Version of statements.
const VERSION: u64 = 1;

/// A statement: `[1, group, signer, kind, body, base, nonce16]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    group: GroupId,
    signer: RootId,
    body: StatementBody,
    base: Vec<EntryId>,
    nonce: [u8; 16],
    digest: StatementId,
    bytes: Vec<u8>,
}

/// The signatures that come with a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StatementSignatures {
    /// Nothing beside the signer's.
    Plain,
    /// Of an enrolment: the certificate's, and the device's acceptance.
    Device(DeviceSignatures),
    /// Of a bind: the card's, its certificate's, and the device's acceptance.
    Card(CardSignatures),
}

/// A statement with its signatures, as an entry carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedStatement {
    act: Statement,
    signature: [u8; 64],
    more: StatementSignatures,
}

impl Statement {
    fn new(
        group: GroupId,
        signer: RootId,
        body: StatementBody,
        base: Vec<EntryId>,
        nonce: [u8; 16],
    ) -> Result<Self, Refusal> {
        let mut w = Writer::new();
        w.array(7);
        w.uint(VERSION);
        w.bytes(group.as_bytes());
        w.bytes(signer.as_bytes());
        w.uint(body.kind());
        body.write(&mut w);
        w.array(base.len());
        base.iter().for_each(|id| w.bytes(id.as_bytes()));
        w.bytes(&nonce);
        // Through the same checks as what comes from elsewhere.
        Self::decode(&w.into_bytes())
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        let mut r = Reader::new(bytes);
        r.array(7)?;
        match r.uint()? {
            VERSION => {}
            other => return Err(Refusal::with_detail(Rule::K3, format!("version {other}"))),
        }
        let group = GroupId::from_bytes(r.bytes_n()?);
        let signer = RootId::from_bytes(r.bytes_n()?);
        let kind = r.uint()?;
        let body = StatementBody::read(kind, &mut r)?;
        let len = r.array_up_to(MAX_PARENTS, Rule::Q1)?;
        let base = (0..len)
            .map(|_| r.bytes_n().map(EntryId::from_bytes))
            .collect::<Result<Vec<_>, _>>()?;
        if base.is_empty() || !base.is_sorted_by(|a, b| a < b) {
            return Err(Refusal::new(Rule::Q1));
        }
        let nonce = r.bytes_n()?;
        r.finish()?;
        body.check_place(group, signer)?;
        let digest = StatementId::from_bytes(digest(Tag::ACT, &[bytes]));
        Ok(Self { group, signer, body, base, nonce, digest, bytes: bytes.to_vec() })
    }

    /// The statement's digest, to which its verdict belongs.
    #[must_use]
    pub fn digest(&self) -> StatementId {
        self.digest
    }

    /// The group it is for.
    #[must_use]
    pub fn group(&self) -> GroupId {
        self.group
    }

    /// The root key that signs it.
    #[must_use]
    pub fn signer(&self) -> RootId {
        self.signer
    }

    /// What it says.
    #[must_use]
    pub fn body(&self) -> &StatementBody {
        &self.body
    }

    /// The frontier at which it was made.
    #[must_use]
    pub fn base(&self) -> &[EntryId] {
        &self.base
    }
}

impl SignedStatement {
    /// Signs a statement. Enrolments and binds need more signatures: see
    /// [`crate::engine::Draft`].
    pub(crate) fn sign(
        root: &RootKey,
        group: GroupId,
        body: StatementBody,
        more: StatementSignatures,
        base: Vec<EntryId>,
        nonce: [u8; 16],
    ) -> Result<Self, Refusal> {
        let act = Statement::new(group, root.id(), body, base, nonce)?;
        let signature = root.sign(Tag::ACT, &act.bytes);
        Ok(Self { act, signature, more })
    }

    /// The statement.
    #[must_use]
    pub fn act(&self) -> &Statement {
        &self.act
    }

    /// Reads `[statement, signature, more]`.
    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(3)?;
        let act = Statement::decode(r.bytes()?)?;
        let signature = r.bytes_n()?;
        let more = match act.body {
            StatementBody::Enrol { .. } => StatementSignatures::Device(DeviceSignatures::read(r)?),
            StatementBody::Bind { .. } => StatementSignatures::Card(CardSignatures::read(r)?),
            _ => {
                r.array(0)?;
                StatementSignatures::Plain
            }
        };
        Ok(Self { act, signature, more })
    }

    pub(crate) fn write(&self, w: &mut Writer) {
        w.array(3);
        w.bytes(&self.act.bytes);
        w.bytes(&self.signature);
        match &self.more {
            StatementSignatures::Plain => w.array(0),
            StatementSignatures::Device(signatures) => signatures.write(w),
            StatementSignatures::Card(signatures) => signatures.write(w),
        }
    }

    /// Checks every signature (rule K4).
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        let signer = self.act.signer.as_bytes();
        check_signature(signer, Tag::ACT, &self.act.bytes, &self.signature, "the statement")?;
        match (&self.act.body, &self.more) {
            (StatementBody::Enrol { certificate, .. }, StatementSignatures::Device(signatures)) => {
                certificate.check(signatures)
            }
            (StatementBody::Bind { card, .. }, StatementSignatures::Card(signatures)) => {
                card.check(signatures)
            }
            _ => Ok(()),
        }
    }
}
