//! What the manifests of bundles announce.

use std::collections::{BTreeMap, BTreeSet};

use ledger_core::EntryId;
use ledger_core::bundle::Manifest;

/// Most missing parts that are reported of each bundle.
const MAX_GAPS: usize = 1_000;

/// Number of parts and of entries of a bundle. Tells bundles apart that were joined to one file.
type BundleSize = (u64, u64);

/// The announced contents of one or several bundles.
#[derive(Default)]
pub(in crate::sealed) struct Contents {
    /// Entries that were announced and have not been stored so far.
    pub(in crate::sealed) expected: BTreeSet<EntryId>,
    bundles: BTreeMap<BundleSize, Parts>,
}

/// The parts of one bundle that were read.
#[derive(Default)]
struct Parts {
    numbers: BTreeSet<u64>,
    /// All heads of the exporting device, if they were so few that the manifest lists them all.
    heads: Option<BTreeSet<EntryId>>,
}

impl Contents {
    /// Adds the manifest of a part.
    pub(in crate::sealed) fn add(&mut self, manifest: Manifest) {
        self.expected.extend(manifest.ids);
        let size = (manifest.part.total, manifest.entries);
        let bundle = self.bundles.entry(size).or_default();
        bundle.numbers.insert(manifest.part.number);
        if !manifest.heads.is_empty() && manifest.heads.len() < Manifest::MAX_LISTED {
            bundle.heads = Some(manifest.heads.into_iter().collect());
        }
    }

    /// Number of entries that all bundles announce.
    pub(in crate::sealed) fn entries(&self) -> u64 {
        self.bundles.keys().fold(0, |sum, (_, entries)| sum.saturating_add(*entries))
    }

    /// The parts that were not read, of bundles that would bring something new: a bundle whose
    /// heads are all stored (`is_stored`) has nothing new, whichever of its parts are lost.
    pub(in crate::sealed) fn missing_parts<E>(
        &self,
        mut is_stored: impl FnMut(&EntryId) -> Result<bool, E>,
    ) -> Result<BTreeSet<u64>, E> {
        let mut missing = BTreeSet::new();
        for ((parts, _), bundle) in &self.bundles {
            let mut has_all = bundle.heads.is_some();
            for head in bundle.heads.iter().flatten() {
                has_all = has_all && is_stored(head)?;
            }
            if !has_all {
                let gaps = (0..*parts).filter(|number| !bundle.numbers.contains(number));
                missing.extend(gaps.take(MAX_GAPS));
            }
        }
        Ok(missing)
    }
}
