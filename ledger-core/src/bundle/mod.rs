//! Bundles: files of sealed entries (SPEC §12).

mod manifest;
mod record;
mod summary;

pub use crate::base::id::RecordId;
pub use manifest::{BundleId, MAX_PART_ENTRIES, Manifest, Part};
pub(crate) use record::is_legal;
pub use record::{FRAME_BYTES, MAX_RECORD_BYTES, Records, frame};
pub use summary::{ChainItem, Summary, SummaryError};

#[cfg(test)]
mod tests;
