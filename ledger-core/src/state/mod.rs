//! State of a group, how far it goes, and what replay asks of an index.
//!
//! [`View`] is what both evaluations compute: the [`GroupState`] and the [`Frontier`].
//! [`EntryIndex`] is what replay asks of the keeper of entries.

mod bytes;
mod device;
mod entry_index;
mod frontier;
mod group_state;
mod member;
mod name_index;
mod series;
mod settings;
mod speaks;
mod view;

pub use device::{Device, SetAside, UsableEpoch};
pub use entry_index::{ChainEntry, EntryIndex, Link};
pub use frontier::{Frontier, NextEntryPosition, any_position};
pub use group_state::{GroupState, any_names};
pub use member::Member;
pub(crate) use name_index::{IntroductionPlace, IntroductionStanding, NameIndex};
pub use series::{Occurrence, Segment, Series, TemplateVersion};
pub use settings::{Settings, SettingsInForce};
pub use speaks::SpeaksInForce;
pub use view::View;
