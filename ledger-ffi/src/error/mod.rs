//! Errors as other languages see them.

mod code;
mod from;

pub use code::{Blame, ErrorCode};

use ledger_core::EntryId;

/// Why a call did not do what it was asked. Nothing is half-done: whatever fails
/// leaves the ledger as it was, unless the code says otherwise.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum LedgerError {
    /// The call failed.
    // One variant, so that each language reads the code in one way.
    #[error("{reason} [{}]", code.slug())]
    Failed {
        /// What went wrong, for the app to decide by.
        code: ErrorCode,
        /// What happened, in English, for logs and developers. It holds no
        /// secret, but may hold names and paths. The words may change.
        reason: String,
        /// Whose fault it is.
        blame: Blame,
        /// What to do, in English. The words may change.
        advice: String,
        /// The entry at fault, if it is one.
        entry: Option<String>,
        /// The rule of SPEC.md that was broken (`P6`), or why an entry would not
        /// count (`target-is-owner`).
        rule: Option<String>,
    },
}

impl LedgerError {
    /// With a reason of this crate's or a lower layer's.
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

    /// With what the code means as its reason.
    pub(crate) fn plain(code: ErrorCode) -> Self {
        Self::new(code, code.meaning())
    }

    fn naming(mut self, id: Option<EntryId>, broken: Option<&str>) -> Self {
        let Self::Failed { entry, rule, .. } = &mut self;
        *entry = id.map(|id| id.to_string());
        *rule = broken.map(str::to_owned);
        self
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        let Self::Failed { code, .. } = self;
        *code
    }
}

/// What an app's own code reports when it is called back. Only the kind reaches
/// the library: text could hold secrets, which would end up in logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum CallbackError {
    /// The key store is locked for now, as before the first unlock of a phone.
    #[error("locked")]
    Locked,
    /// The person or the system said no.
    #[error("denied")]
    Denied,
    /// Anything else.
    #[error("failed")]
    Failed,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for CallbackError {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed
    }
}
