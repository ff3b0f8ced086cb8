//! Framed records: writing them, and finding them again in damaged bytes (SPEC §12).

use crate::base::check::check_bytes;
use crate::seal::MAX_ENVELOPE_BYTES;

/// Most bytes of a record.
pub const MAX_RECORD_BYTES: usize = MAX_ENVELOPE_BYTES;

/// Bytes before a record: its length and its check.
pub const FRAME_BYTES: usize = 8;

/// Frames a record: `len32 ‖ check4 ‖ record`.
#[must_use]
pub fn frame(record: &[u8]) -> Vec<u8> {
    let len = u32::try_from(record.len()).unwrap_or(u32::MAX).to_be_bytes();
    let mut framed = Vec::with_capacity(record.len().saturating_add(FRAME_BYTES));
    framed.extend_from_slice(&len);
    framed.extend_from_slice(&check_bytes(&[&len, record]));
    framed.extend_from_slice(record);
    framed
}

/// Reader of records from bytes that come piece by piece. Skips damaged bytes up to the next
/// record whose check fits.
#[derive(Clone, Debug, Default)]
pub struct Records {
    buffer: Vec<u8>,
    start: usize,
    ended: bool,
    skipped: u64,
}

impl Records {
    /// Creates a reader that has got no bytes yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next bytes of the input; an empty slice marks its end.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.start);
        self.start = 0;
        self.ended |= bytes.is_empty();
        self.buffer.extend_from_slice(bytes);
    }

    /// Number of bytes that belonged to no record whose check fits.
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// The next record. `None` if more bytes are needed or, after the end, if there is no more.
    pub fn next_record(&mut self) -> Option<Vec<u8>> {
        loop {
            let rest = self.buffer.get(self.start..).unwrap_or_default();
            if rest.is_empty() {
                return None;
            }
            match read(rest) {
                Found::Record(record) => {
                    let used = record.len().saturating_add(FRAME_BYTES);
                    let record = record.to_vec();
                    self.start = self.start.saturating_add(used);
                    return Some(record);
                }
                Found::Short if !self.ended => return None,
                Found::Short | Found::Nothing => {
                    // A damaged length says nothing about where the next record begins.
                    self.start = self.start.saturating_add(1);
                    self.skipped = self.skipped.saturating_add(1);
                }
            }
        }
    }
}

enum Found<'a> {
    Record(&'a [u8]),
    /// More bytes may make it a record.
    Short,
    Nothing,
}

fn read(bytes: &[u8]) -> Found<'_> {
    let Some((len, rest)) = bytes.split_first_chunk::<4>() else { return Found::Short };
    let size = usize::try_from(u32::from_be_bytes(*len)).unwrap_or(usize::MAX);
    if size == 0 || size > MAX_RECORD_BYTES {
        return Found::Nothing;
    }
    let Some((sum, rest)) = rest.split_first_chunk::<4>() else { return Found::Short };
    let Some((record, _)) = rest.split_at_checked(size) else { return Found::Short };
    if check_bytes(&[len, record]) == *sum { Found::Record(record) } else { Found::Nothing }
}
