//! Digest over everything that happened in a history.

use sha2::{Digest, Sha256};

/// A running digest.
#[derive(Clone, Default)]
pub(crate) struct Trace(Sha256);

impl Trace {
    /// Adds some bytes, framed by their length.
    pub(crate) fn note(&mut self, bytes: &[u8]) {
        self.0.update(bytes.len().to_string());
        self.0.update([0]);
        self.0.update(bytes);
    }

    /// Adds the debug text of a value. The text must hold no address, clock or order of a hash map.
    pub(crate) fn debug(&mut self, what: &impl std::fmt::Debug) {
        self.note(format!("{what:?}").as_bytes());
    }

    /// The digest so far.
    #[must_use]
    pub(crate) fn end(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}
