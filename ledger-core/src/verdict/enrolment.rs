//! Enrolment of a device: the author of every entry of its chain.

use crate::base::codec::{Reader, Writer};
use crate::base::id::StatementId;
use crate::base::rule::Refusal;
use crate::statement::Generation;

/// Enrolment of a device in a key generation, by what made the device a device.
///
/// It stands at the root of the device's chain: the backlink of the chain's first
/// entry names an entry that enrols. Verdicts on data entries follow from the
/// enrolment and the position alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Enrolment {
    /// The first device of a generation, named on the card that started it.
    First(Generation),
    /// A device that a statement enrols in a generation.
    Enrolled(StatementId),
}

impl Enrolment {
    pub(crate) fn write(self, w: &mut Writer) {
        match self {
            Self::First(generation) => generation.write(w),
            Self::Enrolled(statement) => w.bytes(statement.as_bytes()),
        }
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        // A generation is an array, a statement id is bytes.
        let mut ahead = Reader::new(r.rest());
        if ahead.bytes().is_ok() {
            return Ok(Self::Enrolled(StatementId::from_bytes(r.bytes_n()?)));
        }
        Ok(Self::First(Generation::read(r)?))
    }
}
