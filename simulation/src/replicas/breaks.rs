//! Faults put into the replicas on purpose, each of which the checks must notice.

use ledger_core::engine::{Payload, VerifiedEntry};
use ledger_core::statement::StatementBody;
use ledger_core::{EntryId, Verdict, VoidReason};

macro_rules! breaks {
    ($($(#[doc = $doc:literal])* $name:ident)*) => {
        /// A fault that is put into every replica on purpose.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Break { $($(#[doc = $doc])* $name,)* }

        impl Break {
            /// All faults, with their names.
            pub const ALL: &'static [(&'static str, Break)] =
                &[$((stringify!($name), Break::$name),)*];
        }
    };
}

breaks! {
    /// Now and then a wrong verdict is stored.
    WrongVerdict
    /// A removal changes the ledger, but no stored verdict.
    SkippedCut
    /// A checkpoint from before the last flip is used.
    OldCheckpoint
    /// A restart from a checkpoint forgets the rows after it.
    ForgottenTail
    /// A checkpoint says that it covers a row more than it does.
    ShortCheckpoint
    /// A crash in a batch leaves the ledger in memory where it was, and takes the rows away.
    HalfBatch
    /// A commit loses the last row of the batch.
    LostRow
    /// Signatures are not checked.
    AnySignature
    /// What waits is dropped when what it waits for comes, and never asked for again.
    DroppedPending
}

impl Break {
    /// The verdict that is stored in place of the right one.
    pub(super) fn verdict(this: Option<Break>, id: EntryId, verdict: Verdict) -> Verdict {
        match (this, id.as_bytes()[0], verdict) {
            (Some(Break::WrongVerdict), 0..=31, Verdict::Applied) => {
                Verdict::Void(VoidReason::HardCut)
            }
            (Some(Break::WrongVerdict), 0..=31, _) => Verdict::Applied,
            _ => verdict,
        }
    }

    /// Whether the verdicts that this entry changes are not stored.
    pub(super) fn skips(this: Option<Break>, entry: &VerifiedEntry) -> bool {
        let Payload::Statement(signed) = entry.decoded().payload() else { return false };
        let removes = matches!(signed.statement().body(), StatementBody::Remove { .. });
        this == Some(Break::SkippedCut) && removes
    }
}
