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
mod group;
mod ledger;
mod money;
mod open;
mod progress;
mod secrets;
mod timestamp;
mod watch;

pub use details::{Details, Expense, Part, Transfer};
pub use environment::TestClock;
pub use error::{Blame, CallbackError, ErrorCode, LedgerError};
pub use group::{
    Act, ActivityRow, Agreement, Device, EntryKind, ExpenseFilter, ExpenseRow, FoundBy, GroupInfo,
    ImportSummary, Invite, InviteInfo, InvitePolicy, JoinRequest, JoinRequestInfo, LedgerGroup,
    Member, MemberBalance, OpinionRow, Payment, PendingJoin, Problem, Proposal, RequestOutcome,
    Role, Verdict, Verification, VersionRow,
};
pub use ledger::{GroupOverview, Ledger};
pub use money::{Money, currency_exponent, format_money, parse_money, split_equally};
pub use progress::{Phase, ProgressListener, WorkProgress};
pub use secrets::SecretStore;
pub use watch::{Change, ChangeListener, Watch};

uniffi::setup_scaffolding!("group_ledger");
