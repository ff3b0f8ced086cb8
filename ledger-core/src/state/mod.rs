//! The state of a group, and what replay needs of older entries.

mod bytes;
mod entry_index;
mod frontier;
mod group_state;
mod view;

pub use entry_index::{ChainEntry, EntryIndex, Link};
pub use frontier::{Frontier, NextEntryPosition, any_position};
pub(crate) use group_state::NameIndex;
pub use group_state::{Device, GroupState, Member, UsableEpoch, any_names};
pub use view::View;
