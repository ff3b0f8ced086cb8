//! The records of a file.

use std::io::Read;

use ledger_core::bundle::Records;

use crate::StoreError;

/// Bytes that are read at a time.
const BUFFER: usize = 128 * 1024;

/// Reads the framed records of a file, and skips damaged bytes between them.
pub(crate) struct RecordReader<'a> {
    input: &'a mut dyn Read,
    records: Records,
    buffer: Vec<u8>,
    at_end: bool,
}

impl<'a> RecordReader<'a> {
    pub(crate) fn new(input: &'a mut dyn Read) -> Self {
        Self { input, records: Records::new(), buffer: vec![0; BUFFER], at_end: false }
    }

    /// The next intact record; none at the end of the file.
    ///
    /// # Errors
    /// [`StoreError::Bundle`] if the file cannot be read.
    pub(crate) fn next_record(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        loop {
            if let Some(record) = self.records.next_record() {
                return Ok(Some(record));
            }
            if self.at_end {
                return Ok(None);
            }
            let read = match self.input.read(&mut self.buffer) {
                Ok(read) => read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(StoreError::Bundle(error)),
            };
            // Pushing nothing tells the reader of records that the file ends here.
            self.records.push(self.buffer.get(..read).unwrap_or_default());
            self.at_end = read == 0;
        }
    }

    /// Number of bytes so far that belong to no intact record.
    pub(crate) fn skipped(&self) -> u64 {
        self.records.skipped()
    }
}
