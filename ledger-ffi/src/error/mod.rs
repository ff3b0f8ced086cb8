//! Errors as other languages see them.

mod code;
mod from;

pub use code::{Blame, ErrorCode};

use ledger_core::EntryId;

/// Error of a call. A call that fails leaves the ledger as it was, unless the code says
/// otherwise.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum LedgerError {
    /// The call failed.
    // There is one variant, so that each language reads the code in the same way.
    #[error("{reason} [{}]", code.slug())]
    Failed {
        /// The code, for the app to decide by.
        code: ErrorCode,
        /// What happened, in English, for logs and developers. It holds no
        /// secret, but may hold names and paths. The words may change.
        reason: String,
        /// The party that is at fault.
        blame: Blame,
        /// What to do, in English. The words may change.
        advice: String,
        /// The entry at fault, if there is one.
        entry: Option<EntryId>,
        /// The rule of SPEC.md that was broken, such as `P6`, or the reason why an entry
        /// would not count, such as `target-is-owner`.
        rule: Option<String>,
    },
}

impl LedgerError {
    /// An error with a reason of this crate or of a lower layer.
    pub(crate) fn new(code: ErrorCode, reason: impl Into<String>) -> Self {
        Self::Failed {
            code,
            reason: reason.into(),
            blame: code.blame(),
            advice: code.advice().to_owned(),
            entry: None,
            rule: None,
        }
    }

    /// An error whose reason is the meaning of its code.
    pub(crate) fn plain(code: ErrorCode) -> Self {
        Self::new(code, code.meaning())
    }

    fn naming(mut self, id: Option<EntryId>, broken: Option<&str>) -> Self {
        let Self::Failed { entry, rule, .. } = &mut self;
        *entry = id;
        *rule = broken.map(str::to_owned);
        self
    }

    /// The code of the error.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        let Self::Failed { code, .. } = self;
        *code
    }
}

/// Error of an app's own code, when the library calls it. Only the kind reaches the
/// library: a text could hold secrets, which would end up in logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum CallbackError {
    /// The key store is locked for now, as it is before a phone is first unlocked.
    #[error("locked")]
    Locked,
    /// The person or the system refused.
    #[error("denied")]
    Denied,
    /// Any other error.
    #[error("failed")]
    Failed,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for CallbackError {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed
    }
}
