//! Record of a statement.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::located_entry::LocatedEntry;
use super::verdict_bytes::{read_reason, read_verdict, write_reason};
use super::version_vector::{VersionVector, read_seqs, write_seqs};
use crate::base::codec::{Reader, Writer};
use crate::base::id::{EntryId, MemberId, RootId, StatementId};
use crate::base::rule::Refusal;
use crate::statement::{Statement, StatementBody};
use crate::verdict::{ChainPosition, Verdict, VoidReason};

/// A statement, kept once however many entries carry it, with what follows from
/// the causal past of its base.
///
/// The base is signed, so it and everything computed from it never changes. A later
/// carrier adds itself to [`carriers`](Self::carriers) and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StatementRecord {
    pub(crate) id: StatementId,
    pub(crate) signer: RootId,
    pub(crate) body: StatementBody,
    /// Subject of the statement: the target of a removal or bind, else the member
    /// of the generation that signs. `None` if no entry had introduced the member
    /// when the statement arrived; then nothing follows from the statement.
    pub(crate) member: Option<MemberId>,
    /// Entries that carry the statement, in the order of their arrival.
    pub(crate) carriers: Vec<LocatedEntry>,
    /// First part of the statement order: 1 + the largest clock in the base.
    pub(crate) clock: u64,
    pub(crate) fault: Option<VoidReason>,
    /// Whether the past of the base holds an entry that starts the generation.
    pub(crate) knows_start: bool,
    /// Of a removal, bind or revocation: the past of its base on the chains of the
    /// devices that it cuts. It spares these entries and cuts all later ones.
    ///
    /// Shared, because replay copies the authority state before a change that may
    /// flip verdicts, and vectors are the largest part of it.
    pub(crate) spared: Arc<VersionVector>,
    /// Of a revocation: whether the past of its base holds a carrier of a revocation of the
    /// same device that nothing but a hard cut can reject.
    ///
    /// The past of that carrier holds its base (rule Q3). So this revocation spares all that
    /// the other one spares, and a hard cut that has this one within it has the other one
    /// within it, too: this one is never accepted without the other one. It cuts nothing that
    /// the other one does not, and `spared` is left empty.
    pub(crate) repeats: bool,
    /// Of a revocation that repeats no other and knows the start of its generation: its base, if
    /// that is one entry.
    pub(crate) base: Option<EntryId>,
    /// Of a removal or bind: the statements about its target that have a carrier in
    /// the past of the base.
    pub(crate) within: BTreeSet<StatementId>,
    /// Of a leave: for each chain, the first `seq` whose entry has the leave in its
    /// past. Entries add themselves as they arrive.
    pub(crate) left: BTreeMap<u32, u64>,
    /// Reason for which step 1 or 3 of the resolution rejects the statement; `None`
    /// if the step accepts it. Recomputed when a hard cut on its member arrives.
    pub(crate) rejection: Option<VoidReason>,
    /// Verdict on all carriers: step 1 or 3, then whether the generation is started.
    pub(crate) verdict: Verdict,
}

impl StatementRecord {
    /// Returns the place in the statement order: by clock, then by id.
    pub(crate) fn order(&self) -> (u64, StatementId) {
        (self.clock, self.id)
    }

    /// Returns whether it is a removal or bind that step 1 accepts.
    pub(crate) fn is_hard_cut(&self) -> bool {
        let cuts = matches!(self.body, StatementBody::Remove { .. } | StatementBody::Bind { .. });
        cuts && self.rejection.is_none()
    }

    /// Returns whether a revocation that has a carrier of this one in the past of its base
    /// repeats this one, see [`repeats`](Self::repeats).
    pub(crate) fn is_repeated_by(&self, other: &Statement) -> bool {
        let is_revocation = matches!(self.body, StatementBody::Revoke { .. });
        is_revocation && self.body == *other.body() && self.may_be_accepted()
    }

    /// Returns whether it is accepted, or would be without hard cuts. All other reasons to reject
    /// it stay for ever.
    fn may_be_accepted(&self) -> bool {
        matches!(self.rejection, None | Some(VoidReason::HardCut))
    }

    /// Returns whether it may cut something that no other statement cuts.
    pub(crate) fn may_cut(&self) -> bool {
        !self.repeats && self.may_be_accepted()
    }

    /// Returns whether it cuts the entry at a position of a chain that it concerns. One that
    /// repeats another cuts nothing itself.
    pub(crate) fn cuts(&self, position: ChainPosition) -> bool {
        self.cuts_from(position.chain).is_some_and(|from| position.seq >= from)
    }

    /// Returns the first `seq` that it cuts on a chain that it concerns; `None` if
    /// it cuts nothing there yet, or repeats another.
    pub(crate) fn cuts_from(&self, chain: u32) -> Option<u64> {
        match self.body {
            StatementBody::Leave { .. } => self.left.get(&chain).copied(),
            _ if self.repeats => None,
            _ => Some(self.spared.0.get(&chain).map_or(0, |seq| seq.saturating_add(1))),
        }
    }

    pub(crate) fn write(w: &mut Writer, statement: &Self) {
        w.array(16);
        w.bytes(statement.id.as_bytes());
        w.bytes(statement.signer.as_bytes());
        w.uint(statement.body.kind());
        statement.body.write(w);
        w.optional(statement.member, |w, member| w.bytes(member.as_bytes()));
        w.list(statement.carriers.iter(), LocatedEntry::write);
        w.uint(statement.clock);
        write_reason(w, statement.fault);
        w.flag(statement.knows_start);
        write_seqs(w, &statement.spared.0);
        w.flag(statement.repeats);
        w.optional(statement.base, |w, base| w.bytes(base.as_bytes()));
        w.list(statement.within.iter(), |w, id| w.bytes(id.as_bytes()));
        write_seqs(w, &statement.left);
        write_reason(w, statement.rejection);
        w.uint(u64::from(statement.verdict.code()));
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(16)?;
        let id = StatementId::from_bytes(r.bytes_n()?);
        let signer = RootId::from_bytes(r.bytes_n()?);
        let kind = r.uint()?;
        Ok(Self {
            id,
            signer,
            body: StatementBody::read(kind, r)?,
            member: r.optional(|r| r.bytes_n().map(MemberId::from_bytes))?,
            carriers: r.list(LocatedEntry::read)?,
            clock: r.uint()?,
            fault: read_reason(r)?,
            knows_start: r.flag()?,
            spared: Arc::new(VersionVector(read_seqs(r)?)),
            repeats: r.flag()?,
            base: r.optional(|r| r.bytes_n().map(EntryId::from_bytes))?,
            within: r.list(|r| r.bytes_n().map(StatementId::from_bytes))?,
            left: read_seqs(r)?,
            rejection: read_reason(r)?,
            verdict: read_verdict(r)?,
        })
    }
}
