//! Record of an introduction.

use super::verdict_bytes::{read_reason, read_verdict, write_reason};
use crate::base::codec::{Reader, Writer};
use crate::base::id::{EntryId, MemberId};
use crate::base::rule::{Refusal, Rule};
use crate::verdict::{ChainPosition, Enrolment, Verdict, VoidReason};

/// Kind of an introduction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IntroductionKind {
    /// The genesis entry.
    Genesis,
    /// Adds a member with a card.
    Add,
    /// Adds a member without keys. Holds the introducer on the placeholder's card; a person from a
    /// file has none.
    Placeholder(Option<MemberId>),
    /// Gives keys to a member without keys.
    Claim,
    /// Vouches for an introduction by somebody else.
    Adopt,
}

impl IntroductionKind {
    /// Returns whether a ref to such an entry stands for a member.
    pub(crate) fn introduces(self) -> bool {
        matches!(self, Self::Genesis | Self::Add | Self::Placeholder(_))
    }

    fn write(self, w: &mut Writer) {
        match self {
            Self::Genesis => w.uint(0),
            Self::Add => w.uint(1),
            Self::Claim => w.uint(2),
            Self::Adopt => w.uint(3),
            Self::Placeholder(None) => w.uint(4),
            Self::Placeholder(Some(introducer)) => w.bytes(introducer.as_bytes()),
        }
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        // Only a placeholder with an introducer is written as bytes, all others as a number.
        let mut ahead = Reader::new(r.rest());
        if ahead.bytes().is_ok() {
            return Ok(Self::Placeholder(Some(MemberId::from_bytes(r.bytes_n()?))));
        }
        Ok(match r.uint()? {
            0 => Self::Genesis,
            1 => Self::Add,
            2 => Self::Claim,
            3 => Self::Adopt,
            4 => Self::Placeholder(None),
            _ => return Err(Refusal::new(Rule::Q2)),
        })
    }
}

/// Introduction: the genesis entry, an add, a placeholder, a claim or an adoption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Introduction {
    pub(crate) kind: IntroductionKind,
    /// Member who is introduced, claimed or adopted; `None` if the entry's target
    /// introduces nobody.
    pub(crate) member: Option<MemberId>,
    pub(crate) author: Enrolment,
    pub(crate) position: ChainPosition,
    pub(crate) clock: u64,
    pub(crate) fault: Option<VoidReason>,
    /// Verdict of step 4. Recomputed with the acceptance of its member.
    pub(crate) verdict: Verdict,
}

impl Introduction {
    pub(crate) fn write(w: &mut Writer, id: EntryId, introduction: &Self) {
        w.array(8);
        w.bytes(id.as_bytes());
        introduction.kind.write(w);
        w.optional(introduction.member, |w, member| w.bytes(member.as_bytes()));
        introduction.author.write(w);
        introduction.position.write(w);
        w.uint(introduction.clock);
        write_reason(w, introduction.fault);
        w.uint(u64::from(introduction.verdict.code()));
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Result<(EntryId, Self), Refusal> {
        r.array(8)?;
        let id = EntryId::from_bytes(r.bytes_n()?);
        let introduction = Self {
            kind: IntroductionKind::read(r)?,
            member: r.optional(|r| r.bytes_n().map(MemberId::from_bytes))?,
            author: Enrolment::read(r)?,
            position: ChainPosition::read(r)?,
            clock: r.uint()?,
            fault: read_reason(r)?,
            verdict: read_verdict(r)?,
        };
        Ok((id, introduction))
    }
}
