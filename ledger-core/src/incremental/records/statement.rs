//! Statements, each once, with what follows from its base.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::verdict_bytes::{read_reason, read_verdict, write_reason};
use super::version_vector::{Located, VersionVector, read_seqs, write_seqs};
use crate::codec::{Reader, Writer};
use crate::id::{MemberId, RootId, StatementId};
use crate::rule::Refusal;
use crate::statement::StatementBody;
use crate::verdict::{ChainPosition, Verdict, VoidReason};

/// A statement with what follows from its base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StatementRecord {
    pub(crate) digest: StatementId,
    pub(crate) signer: RootId,
    pub(crate) body: StatementBody,
    /// Whom it is about: the target of a remove or bind, else the member of the
    /// generation, if an entry that starts it came before.
    pub(crate) member: Option<MemberId>,
    pub(crate) carriers: Vec<Located>,
    /// 1 + the largest clock in the base.
    pub(crate) clock: u64,
    pub(crate) fault: Option<VoidReason>,
    /// Whether an entry that starts its generation is within it.
    pub(crate) knows_start: bool,
    /// Of a cut: how far it reaches on the chains that it concerns. Never
    /// changes, and is shared with what is saved in case of an error.
    pub(crate) reach: Arc<VersionVector>,
    /// Of a removal or bind: the statements about its target within it.
    pub(crate) within: BTreeSet<StatementId>,
    /// Of a leave: from which seq on the entries of a chain have it in their
    /// past.
    pub(crate) left: BTreeMap<u32, u64>,
    /// What step 1 or 3 says.
    pub(crate) standing: Option<VoidReason>,
    pub(crate) verdict: Verdict,
}

impl StatementRecord {
    /// Statements sort by (1 + largest clock in base, digest).
    pub(crate) fn order(&self) -> (u64, StatementId) {
        (self.clock, self.digest)
    }

    /// Whether it is a removal or bind that step 1 accepts.
    pub(crate) fn is_hard_cut(&self) -> bool {
        let cuts = matches!(self.body, StatementBody::Remove { .. } | StatementBody::Bind { .. });
        cuts && self.standing.is_none()
    }

    /// Whether it takes the entry at this point with it, if it concerns it.
    pub(crate) fn cuts(&self, point: ChainPosition) -> bool {
        match self.body {
            StatementBody::Leave { .. } => {
                self.left.get(&point.chain).is_some_and(|from| point.seq >= *from)
            }
            _ => !self.reach.covers(point),
        }
    }

    /// The first seq on a chain that it takes with it.
    pub(crate) fn cuts_from(&self, chain: u32) -> Option<u64> {
        match self.body {
            StatementBody::Leave { .. } => self.left.get(&chain).copied(),
            _ => Some(self.reach.0.get(&chain).map_or(0, |seq| seq.saturating_add(1))),
        }
    }
}

impl StatementRecord {
    pub(crate) fn write(w: &mut Writer, stated: &Self) {
        w.array(14);
        w.bytes(stated.digest.as_bytes());
        w.bytes(stated.signer.as_bytes());
        w.uint(stated.body.kind());
        stated.body.write(w);
        w.optional(stated.member, |w, member| w.bytes(member.as_bytes()));
        w.list(stated.carriers.iter(), Located::write);
        w.uint(stated.clock);
        write_reason(w, stated.fault);
        w.flag(stated.knows_start);
        write_seqs(w, &stated.reach.0);
        w.list(stated.within.iter(), |w, digest| w.bytes(digest.as_bytes()));
        write_seqs(w, &stated.left);
        write_reason(w, stated.standing);
        w.uint(u64::from(stated.verdict.code()));
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(14)?;
        let digest = StatementId::from_bytes(r.bytes_n()?);
        let signer = RootId::from_bytes(r.bytes_n()?);
        let kind = r.uint()?;
        Ok(Self {
            digest,
            signer,
            body: StatementBody::read(kind, r)?,
            member: r.optional(|r| r.bytes_n().map(MemberId::from_bytes))?,
            carriers: r.list(Located::read)?,
            clock: r.uint()?,
            fault: read_reason(r)?,
            knows_start: r.flag()?,
            reach: Arc::new(VersionVector(read_seqs(r)?)),
            within: r.list(|r| r.bytes_n().map(StatementId::from_bytes))?,
            left: read_seqs(r)?,
            standing: read_reason(r)?,
            verdict: read_verdict(r)?,
        })
    }
}
