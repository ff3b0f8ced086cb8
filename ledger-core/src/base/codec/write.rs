//! Writer of canonical CBOR.

use core::convert::Infallible;

use ciborium_io::Write;
use ciborium_ll::{Encoder, Header, simple};

/// Writer of fields, one after another, each in its only encoding.
#[derive(Clone, Debug, Default)]
pub struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// Creates a writer.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a writer with room for `bytes` bytes. Growing a buffer takes longer than
    /// writing the fields.
    #[must_use]
    pub fn with_room(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes) }
    }

    /// The bytes so far.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Writes the head of an array.
    pub fn array(&mut self, len: usize) {
        self.head(Header::Array(Some(len)));
    }

    /// Writes an integer.
    pub fn uint(&mut self, n: u64) {
        self.head(Header::Positive(n));
    }

    /// Writes a byte string.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.head(Header::Bytes(Some(bytes.len())));
        self.bytes.extend_from_slice(bytes);
    }

    /// Writes text.
    pub fn text(&mut self, text: &str) {
        self.head(Header::Text(Some(text.len())));
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// Writes an array, its elements with `write`.
    pub fn list<T>(
        &mut self,
        items: impl ExactSizeIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) {
        self.array(items.len());
        items.for_each(|item| write(self, item));
    }

    /// Writes 0 or 1.
    pub fn flag(&mut self, flag: bool) {
        self.uint(u64::from(flag));
    }

    /// Writes null.
    pub fn null(&mut self) {
        self.head(Header::Simple(simple::NULL));
    }

    /// Writes null for `None`, anything else with `write`.
    pub fn optional<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        match value {
            Some(value) => write(self, value),
            None => self.null(),
        }
    }

    pub(super) fn head(&mut self, head: Header) {
        let Ok(()) = Encoder::from(Sink(&mut self.bytes)).push(head);
    }
}

/// Adapter that lets `ciborium-ll` write to a vector, which cannot fail.
struct Sink<'a>(&'a mut Vec<u8>);

impl Write for Sink<'_> {
    type Error = Infallible;

    fn write_all(&mut self, data: &[u8]) -> Result<(), Infallible> {
        self.0.extend_from_slice(data);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}
