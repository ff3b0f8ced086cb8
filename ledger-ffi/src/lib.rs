//! Group ledgers for Swift, Kotlin and Python, through UniFFI. No logic: each call is
//! one call of `ledger-store` or `ledger-core`, with types that every language has.
//!
//! A [`Ledger`] is an open database, a [`LedgerGroup`] one group of it. Both have
//! sub-handles by topic, such as [`Joining`], [`Lists`] or [`Bundles`]. Ids, days and
//! instants are types of their own; money is whole minor units, so no language loses a
//! cent. The Swift and Kotlin layers beside this crate add what each language expects.
//!
//! Every call returns an error rather than ending the process, and may wait for the
//! disk. Only progress listeners and secret stores are called during a call.

mod error;
mod group;
mod ledger;
mod platform;
mod store_handle;
mod values;

pub use error::{Blame, CallbackError, ErrorCode, LedgerError};
pub use group::{
    ActivityRow, Admitted, Agreement, Arrival, AsOf, BundleExport, BundleImport, BundleParts,
    Bundles, CancelledRow, CategoryInUse, Condition, ConvertedBalances, DefaultWeight, Device,
    DueList, DueOccurrence, Edit, EntryKind, ExpenseFilter, ExpenseRow, GroupBalances,
    GroupEntries, GroupInfo, GroupKeys, GroupMaintenance, GroupSettings, GroupStatements,
    ImportSummary, Invite, InviteInfo, InvitePolicy, Invites, JoinRequest, JoinRequestInfo,
    KeptShare, KeptShareInfo, LedgerGroup, Lists, Member, MemberBalance, Payment, Problem,
    Proposal, ProposedRelays, ProposedStatement, RecordedDue, RecoveryRequest, RecurringExpenses,
    RecurringSeries, RefusedEntry, ReviewCounts, ReviewRow, SettingChange, Settings, Shares,
    SignedStatement, Speaks, StatementIntent, StatementRow, StatementRowDetails, TagInUse,
    TemplateDetails, Total, TotalsBy, Undone, UndoneBy, UnfinishedImport, Unread, Verdict,
    Verification, VersionKind, VersionRow, read_recovery_request,
};
pub use ledger::{
    AcceptingGroups, AppliedImport, ApprovedDevice, AwaitingEnrolment, Change, ChangeListener,
    ChangedRow, ColumnMember, EnrollingDevice, EnteringDigits, FileReceipt, GroupOverview,
    GroupPreview, ImportChoice, ImportPlan, ImportPreview, ImportTarget, ImportedGroup, Imports,
    JoinedGroup, Joining, Ledger, Maintenance, NewDevice, OldDevice, OldRows, PairedGroup, Pairing,
    PairingMode, PendingJoin, PlannedPerson, PlannedTotal, Recovery, RecoveryProgress,
    RenamedPerson, RequestOutcome, RestoredGroup, ReturnedShare, SalvageReport, SalvagedGroup,
    ShowingCode, TotalDifference, UndoneImport, Watch, salvage_database,
    salvage_database_with_key_file,
};
pub use platform::{Phase, ProgressListener, SecretStore, WorkProgress};
pub use values::{
    Age, CurrencyInfo, Day, Difference, Direction, ExchangeRate, Expense, ExpenseId, Hints,
    Instant, MessageKind, Money, PaidIn, Part, Receipt, RecurrenceRule, RecurrenceUnit, Split,
    SplitItem, SplitKind, SplitPart, Transaction, Transfer, currencies, currency_exponent,
    format_money, message_from_text, message_kind, message_to_text, parse_money, parse_rate,
    shares_of, split_equally, unit_code, unit_name,
};

pub use ledger_core::{DeviceId, EntryId, GroupId, MemberId};

uniffi::setup_scaffolding!("group_ledger");
