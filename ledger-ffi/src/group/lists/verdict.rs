//! Verdicts on entries, as apps read them.

/// Verdict on an entry: whether it counts.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Verdict {
    /// The entry counts.
    Applied,
    /// The entry does not count. It stays in the ledger, and may count again after a
    /// later entry.
    Void {
        /// Why, as a word for programs, such as `hard-cut`.
        code: String,
        /// Why, in English.
        reason: String,
    },
    /// The entry needs a newer version of the app to be judged.
    NeedsUpdate,
}

impl From<ledger_core::Verdict> for Verdict {
    fn from(verdict: ledger_core::Verdict) -> Self {
        match verdict {
            ledger_core::Verdict::Applied => Self::Applied,
            ledger_core::Verdict::Void(reason) => {
                Self::Void { code: reason.slug().to_owned(), reason: reason.text().to_owned() }
            }
            ledger_core::Verdict::Unknown => Self::NeedsUpdate,
        }
    }
}
