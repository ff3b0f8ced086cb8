//! Framed records: writing them, and finding them again in damaged bytes (SPEC §12).

use crate::base::hash::{Tag, digest};
use crate::seal::{MAX_ENVELOPE_BYTES, is_envelope_len, is_key_envelope_len};

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
    framed.extend_from_slice(&check_of(len));
    framed.extend_from_slice(record);
    framed
}

/// The check of a length. It covers the length alone, so that finding a frame costs the same
/// whatever the body holds.
fn check_of(len: [u8; 4]) -> [u8; 4] {
    let [a, b, c, d, ..] = digest(Tag::FRAME, &[&len]);
    [a, b, c, d]
}

/// Reader of records from bytes that come piece by piece. Skips bytes that belong to no frame, one
/// by one, and steps over each frame whole. So its work is in proportion to the bytes.
#[derive(Clone, Debug, Default)]
pub struct Records {
    buffer: Vec<u8>,
    start: usize,
    ended: bool,
    skipped: u64,
    /// Bytes of the last record with its frame, which end at `start`; 0 if it may not be searched.
    last: usize,
    /// Bytes behind `start` that are searched now: they were part of a damaged record.
    searched: usize,
    /// Whether that record is damaged for sure.
    is_damaged: bool,
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
        (self.start, self.last) = (0, 0);
        self.ended |= bytes.is_empty();
        self.buffer.extend_from_slice(bytes);
    }

    /// Number of bytes that belonged to no whole record, or to a damaged one that was searched.
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// The next record. `None` if more bytes are needed or, after the end, if there is no more.
    ///
    /// The body of the record may be damaged or anything else: whoever opens it finds out.
    pub fn next_record(&mut self) -> Option<Vec<u8>> {
        loop {
            let rest = self.buffer.get(self.start..).unwrap_or_default();
            match read(rest) {
                Found::Record(record) => {
                    let record = record.to_vec();
                    let used = record.len().saturating_add(FRAME_BYTES);
                    // A record that begins in searched bytes is not searched itself.
                    self.last = if self.searched == 0 { used } else { 0 };
                    self.advance(used);
                    return Some(record);
                }
                Found::Short if !self.ended || rest.is_empty() => return None,
                // A damaged length says nothing about where the next record begins.
                Found::Short | Found::Nothing => self.skip_byte(),
            }
        }
    }

    /// Goes back into the last record, which is damaged or may be, to find frames in it: where bytes
    /// are gone, the next frames stand inside of it. Does nothing if the bytes were searched
    /// before, so that no byte is in more than two records. Call it before any other.
    ///
    /// Bytes of a record that `is_damaged` count as skipped.
    pub fn search_last(&mut self, is_damaged: bool) {
        if self.last == 0 {
            return;
        }
        self.start = self.start.saturating_sub(self.last);
        self.searched = self.last;
        self.last = 0;
        self.is_damaged = is_damaged;
        self.skip_byte();
    }

    fn skip_byte(&mut self) {
        if self.searched == 0 || self.is_damaged {
            self.skipped = self.skipped.saturating_add(1);
        }
        self.advance(1);
    }

    fn advance(&mut self, bytes: usize) {
        self.start = self.start.saturating_add(bytes);
        self.searched = self.searched.saturating_sub(bytes);
    }
}

enum Found<'a> {
    Record(&'a [u8]),
    /// More bytes may make it a frame with its record.
    Short,
    Nothing,
}

fn read(bytes: &[u8]) -> Found<'_> {
    let Some((len, rest)) = bytes.split_first_chunk::<4>() else { return Found::Short };
    let size = usize::try_from(u32::from_be_bytes(*len)).unwrap_or(usize::MAX);
    if size == 0 || size > MAX_RECORD_BYTES {
        return Found::Nothing;
    }
    let Some((check, rest)) = rest.split_first_chunk::<4>() else { return Found::Short };
    let Some(kind) = rest.first() else { return Found::Short };
    if !is_legal(*kind, size) || check_of(*len) != *check {
        return Found::Nothing;
    }
    rest.split_at_checked(size).map_or(Found::Short, |(record, _)| Found::Record(record))
}

/// Whether a record of this kind can have this length, which is at most the greatest. Of kinds
/// that later versions add, every length is legal.
pub(crate) fn is_legal(kind: u8, len: usize) -> bool {
    match kind {
        1 | 3 => is_envelope_len(len),
        2 => is_key_envelope_len(len),
        _ => true,
    }
}
