//! Seeded random adversarial histories, and the checks that the properties of the design become.
//!
//! * [`world`], [`honest`], [`plain`], [`evil`]: several replicas with partial knowledge; people who follow the
//!   rules as their own replica shows them; and people who hold keys and do what they like.
//! * [`plots`]: turns that chance alone takes too seldom.
//! * [`arrival`], [`flips`], [`invariants`], [`promises`]: the checks.
//! * [`replay`]: runs a history in some order of arrival under some [`Rules`](crate::Rules).
//! * [`second`]: the same verdicts by another road.
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
pub mod second;
pub mod tally;
pub mod world;
