//! Statements: decisions of the owner or of a member, signed by a root key (SPEC §3.3).
//!
//! A statement is valid independently of the entries that carry it; anybody may carry it.
//! Its `base`, not its carrier, decides which entries a cut spares.

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

/// Statement: `[1, group, signer, kind, body, base, nonce16]`.
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

/// Signatures that a statement needs beside the one of its signer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StatementSignatures {
    /// No others.
    Plain,
    /// For an enrolment: the signatures of the device certificate.
    Device(DeviceSignatures),
    /// For a bind: the signatures of the card.
    Card(CardSignatures),
}

/// Statement with its signatures, as an entry carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedStatement {
    statement: Statement,
    signature: [u8; 64],
    extra: StatementSignatures,
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
        // Our own statements pass the same checks as those of others.
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
        body.check_scope(group, signer)?;
        let digest = StatementId::from_bytes(digest(Tag::STATEMENT, &[bytes]));
        Ok(Self { group, signer, body, base, nonce, digest, bytes: bytes.to_vec() })
    }

    /// The statement's id, to which its verdict belongs.
    #[must_use]
    pub fn id(&self) -> StatementId {
        self.digest
    }

    /// The group that the statement is for.
    #[must_use]
    pub fn group(&self) -> GroupId {
        self.group
    }

    /// The root key that signs the statement.
    #[must_use]
    pub fn signer(&self) -> RootId {
        self.signer
    }

    /// Kind and content.
    #[must_use]
    pub fn body(&self) -> &StatementBody {
        &self.body
    }

    /// The entries that the signer knew as heads. Cuts spare entries in the past of the base.
    #[must_use]
    pub fn base(&self) -> &[EntryId] {
        &self.base
    }
}

impl SignedStatement {
    /// Signs a statement. `extra` holds the further signatures of enrolments and binds.
    pub(crate) fn sign(
        root: &RootKey,
        group: GroupId,
        body: StatementBody,
        extra: StatementSignatures,
        base: Vec<EntryId>,
        nonce: [u8; 16],
    ) -> Result<Self, Refusal> {
        let statement = Statement::new(group, root.id(), body, base, nonce)?;
        let signature = root.sign(Tag::STATEMENT, &statement.bytes);
        Ok(Self { statement, signature, extra })
    }

    /// The statement.
    #[must_use]
    pub fn statement(&self) -> &Statement {
        &self.statement
    }

    /// Reads `[statement, signature, more]`.
    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(3)?;
        let statement = Statement::decode(r.bytes()?)?;
        let signature = r.bytes_n()?;
        let extra = match statement.body {
            StatementBody::Enrol { .. } => StatementSignatures::Device(DeviceSignatures::read(r)?),
            StatementBody::Bind { .. } => StatementSignatures::Card(CardSignatures::read(r)?),
            _ => {
                r.array(0)?;
                StatementSignatures::Plain
            }
        };
        Ok(Self { statement, signature, extra })
    }

    pub(crate) fn write(&self, w: &mut Writer) {
        w.array(3);
        w.bytes(&self.statement.bytes);
        w.bytes(&self.signature);
        match &self.extra {
            StatementSignatures::Plain => w.array(0),
            StatementSignatures::Device(signatures) => signatures.write(w),
            StatementSignatures::Card(signatures) => signatures.write(w),
        }
    }

    /// Checks every signature (rule K4).
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        let signer = self.statement.signer.as_bytes();
        check_signature(
            signer,
            Tag::STATEMENT,
            &self.statement.bytes,
            &self.signature,
            "the statement",
        )?;
        match (&self.statement.body, &self.extra) {
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
