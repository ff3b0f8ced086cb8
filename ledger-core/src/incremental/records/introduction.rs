//! Introductions.

use super::verdict_bytes::{read_reason, read_verdict, write_reason};
use crate::codec::{Reader, Writer};
use crate::id::{EntryId, MemberId};
use crate::rule::{Refusal, Rule};
use crate::verdict::{ChainPosition, Enrolment, Verdict, VoidReason};

/// How an introduction introduces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IntroductionKind {
    Genesis,
    Add,
    /// By the member who is named on the placeholder's card.
    Placeholder(MemberId),
    Claim,
    Adopt,
}

impl IntroductionKind {
    /// Whether refs to such an entry mean a member.
    pub(crate) fn introduces(self) -> bool {
        matches!(self, Self::Genesis | Self::Add | Self::Placeholder(_))
    }
}

/// The genesis entry, an add, placeholder, claim or adopt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Introduction {
    pub(crate) manner: IntroductionKind,
    /// Who is introduced, claimed or adopted, if the entry names anybody.
    pub(crate) member: Option<MemberId>,
    pub(crate) author: Enrolment,
    pub(crate) point: ChainPosition,
    pub(crate) clock: u64,
    pub(crate) fault: Option<VoidReason>,
    pub(crate) verdict: Verdict,
}

impl IntroductionKind {
    pub(crate) fn write(self, w: &mut Writer) {
        match self {
            Self::Genesis => w.uint(0),
            Self::Add => w.uint(1),
            Self::Claim => w.uint(2),
            Self::Adopt => w.uint(3),
            Self::Placeholder(introducer) => w.bytes(introducer.as_bytes()),
        }
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        let mut ahead = Reader::new(r.rest());
        if ahead.bytes().is_ok() {
            return Ok(Self::Placeholder(MemberId::from_bytes(r.bytes_n()?)));
        }
        Ok(match r.uint()? {
            0 => Self::Genesis,
            1 => Self::Add,
            2 => Self::Claim,
            3 => Self::Adopt,
            _ => return Err(Refusal::new(Rule::Q2)),
        })
    }
}

impl Introduction {
    pub(crate) fn write(w: &mut Writer, id: EntryId, introduction: &Self) {
        w.array(8);
        w.bytes(id.as_bytes());
        introduction.manner.write(w);
        w.optional(introduction.member, |w, member| w.bytes(member.as_bytes()));
        introduction.author.write(w);
        introduction.point.write(w);
        w.uint(introduction.clock);
        write_reason(w, introduction.fault);
        w.uint(u64::from(introduction.verdict.code()));
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Result<(EntryId, Self), Refusal> {
        r.array(8)?;
        let id = EntryId::from_bytes(r.bytes_n()?);
        let introduction = Self {
            manner: IntroductionKind::read(r)?,
            member: r.optional(|r| r.bytes_n().map(MemberId::from_bytes))?,
            author: Enrolment::read(r)?,
            point: ChainPosition::read(r)?,
            clock: r.uint()?,
            fault: read_reason(r)?,
            verdict: read_verdict(r)?,
        };
        Ok((id, introduction))
    }
}
