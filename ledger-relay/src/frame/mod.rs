//! Frames: canonical CBOR arrays that begin with their type (SPEC §18.4).

mod code;
mod reply;
mod request;
#[cfg(test)]
mod tests;

pub use code::Code;
pub use reply::{PutResult, RelayHello, Reply};
pub use request::{ClientHello, FrameError, Request};

use ledger_core::Refusal;
use ledger_core::Rule;
use ledger_core::relay::{Lane, Reader, Writer};

/// Version of the frames.
pub const VERSION: u64 = 1;

/// Place in a lane of a log: the number of a record, and the first 8 bytes of its link. It stands
/// for all records up to it, so a log that was wiped or restored cannot match it by chance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// Number of the record; 0 stands before the first.
    pub seq: u64,
    /// First bytes of its link; zeros before the first record.
    pub link: [u8; 8],
}

impl Cursor {
    fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(2)?;
        Ok(Self { seq: r.uint()?, link: r.bytes_n()? })
    }

    fn write(self, w: &mut Writer) {
        w.array(2);
        w.uint(self.seq);
        w.bytes(&self.link);
    }
}

fn lane_number(lane: Lane) -> u64 {
    match lane {
        Lane::Entries => 0,
        Lane::Keys => 1,
    }
}

fn read_lane(r: &mut Reader<'_>) -> Result<Lane, Refusal> {
    Ok(if r.flag()? { Lane::Keys } else { Lane::Entries })
}

/// Reads an array of at most `most` elements; memory grows only as elements are there.
fn read_list<T>(
    r: &mut Reader<'_>,
    most: usize,
    mut read: impl FnMut(&mut Reader<'_>) -> Result<T, Refusal>,
) -> Result<Vec<T>, Refusal> {
    let len = r.array_up_to(most, Rule::C6)?;
    (0..len).map(|_| read(r)).collect()
}
