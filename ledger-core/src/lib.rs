//! Meaning of the entries of a group ledger: shared expenses of a few people, recorded offline on
//! every device, with the same result on all of them.
//!
//! This crate is pure: no I/O, no clock, no threads, no global randomness.
//! Time and randomness are arguments. `SPEC.md` describes bytes and rules;
//! `ledger-store` keeps entries in an encrypted database.
//!
//! The root of the crate holds what every app meets: amounts, transactions, ids, the
//! group's state, verdicts, settling up. Modules by topic hold the rest:
//!
//! | module | holds |
//! |---|---|
//! | [`keys`] | secret keys, recovery phrases, cards, certificates, fingerprints |
//! | [`statement`] | what the owner and members sign under a root key |
//! | [`seal`] | epoch keys, envelopes, sealed secrets |
//! | [`bundle`] | files of sealed entries |
//! | [`messages`] | invites, pairing of devices, recovery |
//! | [`relay`] | proofs for relays, and which records their logs take |
//! | [`limits`] | every limit, with its reason |
//! | [`engine`] | entries, drafts, replay: what a store needs |
//! | [`hazmat`] | calls that are dangerous outside of a store |

#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss
    )
)]

mod authority;
mod base;
pub mod bundle;
mod draft;
pub mod engine;
mod entry;
pub mod hazmat;
mod header;
mod incremental;
pub mod keys;
pub mod messages;
mod money;
mod payload;
pub mod relay;
mod replay;
pub mod seal;
mod state;
pub mod statement;
mod verdict;

pub use base::id::{DeviceId, EntryId, GroupId, MemberId, Origin, ParseIdError, StateDigest};
pub use base::limits;
pub use base::name::{NameError, check_name, visible_form};
pub use base::rule::{Refusal, Rule};
pub use draft::DraftError;
pub use money::{
    Amount, AmountError, Balance, Converted, Currency, CurrencyError, Date, DateError, Debts,
    Direction, Itemised, PairRate, Percent, PercentError, Rate, RateError, Rates, RatesError,
    Recurrence, RecurrenceError, RecurrenceUnit, Settlement, Split, SplitError, SplitItem,
    SplitKind, settle_up, split_equally,
};
pub use payload::{
    Difference, Expense, HintError, Hints, PaidIn, Receipt, Setting, SettingError, SettingValue,
    Speaks, Transaction, Transfer,
};
pub use state::{
    Device, GroupState, Member, Occurrence, Segment, Series, Settings, TemplateVersion,
};
pub use verdict::{Verdict, VoidReason};
