//! Repairs: what a reader had to mend, which people are told.

use core::fmt;

/// Change that a reader made to what stands in a file, so that it could be read. Every one is exact or
/// bounded, and people are told.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Repair {}

impl fmt::Display for Repair {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}
