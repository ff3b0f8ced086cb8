//! What entries say: one type per kind (SPEC §4).

mod change;
mod content;
mod genesis;
mod placeholder;

pub use change::{Cancellation, Correction};
pub use content::{Content, Expense, Part, Transfer};
pub use genesis::Genesis;
pub use placeholder::Placeholder;

use crate::codec::{Reader, Writer};
use crate::entry::Header;
use crate::limits::MAX_NAME_BYTES;
use crate::rule::{Refusal, Rule};

/// The number of a kind of entry. Numbers never change their meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind(u16);

impl Kind {
    /// The beginning of a group.
    pub const GENESIS: Kind = Kind(0);
    /// Joins many heads into one.
    pub const MERGE: Kind = Kind(1);
    /// Introduces somebody without a key.
    pub const PLACEHOLDER: Kind = Kind(3);
    /// Money spent for several people.
    pub const EXPENSE: Kind = Kind(16);
    /// Money given from one member to another.
    pub const TRANSFER: Kind = Kind(17);
    /// Replaces the content of an expense or transfer.
    pub const CORRECTION: Kind = Kind(18);
    /// Ends an expense or transfer.
    pub const CANCELLATION: Kind = Kind(19);

    /// Takes a number as it stands in a header.
    pub(crate) const fn from_number(number: u16) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }

    /// A word for people to read.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::GENESIS => "genesis",
            Self::MERGE => "merge",
            Self::PLACEHOLDER => "placeholder",
            Self::EXPENSE => "expense",
            Self::TRANSFER => "transfer",
            Self::CORRECTION => "correction",
            Self::CANCELLATION => "cancellation",
            _ => "unknown",
        }
    }
}

/// The place of an id among its entry's refs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RefIndex(u16);

impl RefIndex {
    pub(crate) const fn new(place: u16) -> Self {
        Self(place)
    }

    /// The place as an index into [`Header::refs`].
    #[must_use]
    pub const fn place(self) -> usize {
        self.0 as usize
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        let number = r.uint()?;
        u16::try_from(number).map(Self).map_err(|_| Refusal::new(Rule::P1))
    }

    fn write(self, w: &mut Writer) {
        w.uint(u64::from(self.0));
    }
}

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Payload {
    /// The beginning of a group, with its founder.
    Genesis(Box<Genesis>),
    /// Joins many heads into one; says nothing else.
    Merge,
    /// Introduces somebody without a key.
    Placeholder(Placeholder),
    /// An expense or a transfer.
    Content(Content),
    /// Replaces the content of an expense or transfer.
    Correction(Correction),
    /// Ends an expense or transfer.
    Cancellation(Cancellation),
    /// Of a kind or version that this build does not know: kept, passed on,
    /// without effect.
    Opaque,
}

impl Payload {
    /// Reads the payload of an entry with this header, checking every rule
    /// that needs no other entry.
    pub(crate) fn decode(header: &Header, bytes: &[u8]) -> Result<Self, Refusal> {
        if !header.is_known_version() {
            return Ok(Self::Opaque);
        }
        let mut r = Reader::new(bytes);
        let payload = match header.kind() {
            Kind::GENESIS => Self::Genesis(Box::new(Genesis::read(&mut r, header)?)),
            Kind::MERGE => {
                r.array(0)?;
                Self::Merge
            }
            Kind::PLACEHOLDER => Self::Placeholder(Placeholder::read(&mut r, header)?),
            Kind::EXPENSE => Self::Content(Content::Expense(Expense::read(&mut r)?)),
            Kind::TRANSFER => Self::Content(Content::Transfer(Transfer::read(&mut r)?)),
            Kind::CORRECTION => Self::Correction(Correction::read(&mut r)?),
            Kind::CANCELLATION => Self::Cancellation(Cancellation::read(&mut r)?),
            _ => return Ok(Self::Opaque),
        };
        r.finish()?;
        payload.check_refs(header.refs().len())?;
        Ok(payload)
    }

    /// Writes the payload; an opaque one has no writer and gives no bytes.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut w = Writer::new();
        match self {
            Self::Genesis(genesis) => genesis.write(&mut w),
            Self::Merge => w.array(0),
            Self::Placeholder(placeholder) => placeholder.write(&mut w),
            Self::Content(content) => content.write(&mut w),
            Self::Correction(correction) => correction.write(&mut w),
            Self::Cancellation(cancellation) => cancellation.write(&mut w),
            Self::Opaque => {}
        }
        w.into_bytes()
    }

    /// The expense or transfer that this records or replaces, if it does.
    #[must_use]
    pub fn content(&self) -> Option<&Content> {
        match self {
            Self::Content(content) => Some(content),
            Self::Correction(correction) => Some(correction.content()),
            _ => None,
        }
    }

    /// The kind under which the payload travels.
    pub(crate) fn kind(&self) -> Option<Kind> {
        Some(match self {
            Self::Genesis(_) => Kind::GENESIS,
            Self::Merge => Kind::MERGE,
            Self::Placeholder(_) => Kind::PLACEHOLDER,
            Self::Content(content) => content.kind(),
            Self::Correction(_) => Kind::CORRECTION,
            Self::Cancellation(_) => Kind::CANCELLATION,
            Self::Opaque => return None,
        })
    }

    /// Rules P1 and P2: every index has a ref, every ref an index.
    fn check_refs(&self, refs: usize) -> Result<(), Refusal> {
        let mut used = vec![false; refs];
        let mut outside = false;
        self.each_ref(&mut |index| match used.get_mut(index.place()) {
            Some(slot) => *slot = true,
            None => outside = true,
        });
        if outside {
            return Err(Refusal::new(Rule::P1));
        }
        match used.iter().position(|used| !used) {
            None => Ok(()),
            Some(place) => Err(Refusal::with_detail(Rule::P2, format!("ref {place} is not used"))),
        }
    }

    fn each_ref(&self, visit: &mut dyn FnMut(RefIndex)) {
        match self {
            Self::Genesis(_) | Self::Merge | Self::Placeholder(_) | Self::Opaque => {}
            Self::Content(content) => content.each_ref(visit),
            Self::Correction(correction) => correction.each_ref(visit),
            Self::Cancellation(cancellation) => visit(cancellation.target()),
        }
    }
}

/// Reads a name: not empty, at most 256 bytes (rule P3).
pub(crate) fn read_name(r: &mut Reader<'_>) -> Result<String, Refusal> {
    let name = r.text(MAX_NAME_BYTES)?;
    if name.is_empty() {
        return Err(Refusal::with_detail(Rule::P3, "an empty name"));
    }
    Ok(name.to_owned())
}
