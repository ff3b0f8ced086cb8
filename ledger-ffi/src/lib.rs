//! Group ledgers for Swift, Kotlin and Python, through UniFFI. No logic: each
//! call is one of `ledger-store` or `ledger-core`, in types that every
//! language has.
//!
//! Ids are 64 hexadecimal digits, days are `2026-11-21`, times are milliseconds
//! since 1970, money is whole minor units: what every language can hold without
//! loss. The Swift and Kotlin layers beside this crate turn them into the types
//! of their language.
//!
//! Every call returns an error rather than ending the process, and may wait for
//! the disk. None calls back while it holds a lock, except progress listeners,
//! which run inside of the call that they tell of.

mod details;
mod environment;
mod error;
mod files;
mod group;
mod ledger;
mod message;
mod money;
mod open;
mod pairing;
mod progress;
mod recovery;
mod repair;
mod secrets;
mod timestamp;
mod watch;

pub use details::{Details, Expense, Part, Transfer};
pub use environment::TestClock;
pub use error::{Blame, CallbackError, ErrorCode, LedgerError};
pub use group::{
    Act, ActivityRow, Admitted, Agreement, BundleExport, BundleImport, Device, EntryKind,
    ExpenseFilter, ExpenseRow, FoundBy, GroupInfo, ImportSummary, Invite, InviteInfo, InvitePolicy,
    JoinRequest, JoinRequestInfo, JoinedGroup, LedgerGroup, Member, MemberBalance, OpinionRow,
    Payment, PendingJoin, Problem, Proposal, RefusedEntry, RequestOutcome, Role, Verdict,
    Verification, VersionRow,
};
pub use ledger::{GroupOverview, Ledger};
pub use message::{MessageKind, message_from_text, message_kind, message_to_text};
pub use money::{Money, currency_exponent, format_money, parse_money, split_equally};
pub use pairing::{
    AcceptingGroups, AwaitingEnrolment, EnrollingDevice, EnteringDigits, NewDevice, OldDevice,
    PairedGroup, PairingMode, ShowingCode,
};
pub use progress::{Phase, ProgressListener, WorkProgress};
pub use recovery::{
    CarriedEnrolment, GroupPreview, KeptShare, KeptShareInfo, RecoveryProgress, RecoveryRequest,
    RestoredGroup, ReturnedShare, read_recovery_request,
};
pub use repair::{RepairReport, RepairedGroup, repair_database, repair_database_with_key_file};
pub use secrets::SecretStore;
pub use watch::{Change, ChangeListener, Watch};

uniffi::setup_scaffolding!("group_ledger");
