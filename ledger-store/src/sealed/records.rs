//! The records of a file.

use std::io::Read;

use ledger_core::bundle::Records;

use crate::StoreError;
use crate::platform::progress::{OnProgress, Pulse};

/// Bytes that are read at a time, and between two steps without a record.
const BUFFER: usize = 32 * 1024;

/// Reads the framed records of a file, and skips damaged bytes between them.
pub(crate) struct RecordReader<'a> {
    input: &'a mut dyn Read,
    records: Records,
    buffer: Vec<u8>,
    at_end: bool,
}

/// Step of reading a file. Each takes the work of a few bytes at most, so that the caller can stop
/// whatever the bytes are.
pub(crate) enum Step {
    /// The next record.
    Record(Vec<u8>),
    /// Some bytes were read.
    Bytes,
    /// The file is at its end.
    End,
}

impl<'a> RecordReader<'a> {
    pub(crate) fn new(input: &'a mut dyn Read) -> Self {
        Self { input, records: Records::new(), buffer: vec![0; BUFFER], at_end: false }
    }

    /// Reads on, up to the next record or for a few bytes.
    ///
    /// # Errors
    /// [`StoreError::Bundle`] if the file cannot be read.
    pub(crate) fn next_step(&mut self) -> Result<Step, StoreError> {
        if let Some(record) = self.records.next_record() {
            return Ok(Step::Record(record));
        }
        if self.at_end {
            return Ok(Step::End);
        }
        let read = match self.input.read(&mut self.buffer) {
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {
                return Ok(Step::Bytes);
            }
            Err(error) => return Err(StoreError::Bundle(error)),
        };
        // Pushing nothing tells the reader of records that the file ends here.
        self.records.push(self.buffer.get(..read).unwrap_or_default());
        self.at_end = read == 0;
        Ok(Step::Bytes)
    }

    /// The next record for which `find` returns something; none at the end of the file.
    ///
    /// # Errors
    /// [`StoreError::Bundle`] if the file cannot be read, [`StoreError::Cancelled`].
    pub(crate) fn find<T>(
        &mut self,
        progress: OnProgress<'_>,
        mut find: impl FnMut(Vec<u8>) -> Option<T>,
    ) -> Result<Option<T>, StoreError> {
        let mut pulse = Pulse::new(progress);
        loop {
            match self.next_step()? {
                Step::Record(record) => {
                    if let Some(found) = find(record) {
                        return Ok(Some(found));
                    }
                    pulse.count(0)?;
                }
                Step::Bytes => pulse.say(0)?,
                Step::End => return Ok(None),
            }
        }
    }

    /// Goes back into the last record, which is damaged or may be: see [`Records::search_last`].
    pub(crate) fn search_last(&mut self, is_damaged: bool) {
        self.records.search_last(is_damaged);
    }

    /// Number of bytes so far that belong to no intact record.
    pub(crate) fn skipped(&self) -> u64 {
        self.records.skipped()
    }
}
