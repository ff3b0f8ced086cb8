//! One digest over everything that happened.

use sha2::{Digest, Sha256};

/// A running digest.
#[derive(Clone, Default)]
pub(crate) struct Trace(Sha256);

impl Trace {
    /// Takes note of something.
    pub(crate) fn note(&mut self, bytes: &[u8]) {
        self.0.update(bytes.len().to_string());
        self.0.update([0]);
        self.0.update(bytes);
    }

    /// Takes note of something that has words of its own: no addresses, clocks or hash maps in them.
    pub(crate) fn debug(&mut self, what: &impl std::fmt::Debug) {
        self.note(format!("{what:?}").as_bytes());
    }

    /// The digest so far.
    #[must_use]
    pub(crate) fn end(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}
