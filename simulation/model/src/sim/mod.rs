//! Random adversarial histories from a seed, and checks of the properties of the design.
//!
//! * [`world`]: several replicas with partial knowledge, and their people.
//! * [`honest`], [`plain`]: entries of people who follow the rules as their replica shows them.
//! * [`evil`]: entries of people who use their keys against the rules.
//! * [`plots`]: planned sequences of entries that chance alone produces too seldom.
//! * [`arrival`], [`flips`], [`invariants`], [`promises`]: the checks.
//! * [`replay`]: runs a history in some order of arrival under some [`Rules`](crate::Rules).
//! * [`second_opinion`]: the same verdicts by a different algorithm.
//! * [`minimize`]: the smallest history that still fails.

pub mod arrival;
pub mod evil;
pub mod flips;
pub mod honest;
pub mod invariants;
pub mod minimize;
pub mod plain;
pub mod plots;
pub mod prng;
pub mod promises;
pub mod replay;
pub mod second_opinion;
pub mod tally;
pub mod world;
