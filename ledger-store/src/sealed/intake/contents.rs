//! Entries and parts that the manifests of bundles announce.

use std::collections::{BTreeMap, BTreeSet};

use ledger_core::EntryId;
use ledger_core::bundle::{BundleId, Manifest};

/// Most missing parts that are reported of each bundle.
const MAX_GAPS: usize = 1_000;

/// Most bundles in one file whose parts are told apart.
const MAX_BUNDLES: usize = 1_000;

/// Most entries that are announced or have come, and that are not stored: 32 bytes each.
const MAX_EXPECTED: usize = 20_000;

/// The announced contents of one or several bundles. Bounded, whatever manifests say: anybody who
/// ever had a key can write them.
#[derive(Default)]
pub(in crate::sealed) struct Contents {
    /// Entries that were announced and have not been stored so far, each with whether it came.
    expected: BTreeMap<EntryId, bool>,
    /// Entries that came without being announced, and have not been stored so far.
    came: BTreeSet<EntryId>,
    /// Number of announced entries that found no room in `expected`.
    unlisted: u64,
    bundles: BTreeMap<BundleId, Parts>,
    /// Number of manifests that found no room in `bundles`.
    unlisted_bundles: u64,
}

/// The parts of one bundle that were read.
#[derive(Default)]
struct Parts {
    total: u64,
    entries: u64,
    numbers: BTreeSet<u64>,
    /// All heads of the exporting device, if they were so few that the manifest lists them all.
    heads: Option<Vec<EntryId>>,
}

impl Contents {
    /// Adds the manifest of a part.
    pub(in crate::sealed) fn add(&mut self, manifest: Manifest) {
        for id in manifest.ids {
            let came = self.came.remove(&id);
            if self.expected.len() < MAX_EXPECTED || self.expected.contains_key(&id) {
                *self.expected.entry(id).or_default() |= came;
            } else {
                self.unlisted = self.unlisted.saturating_add(1);
            }
        }
        if self.bundles.len() >= MAX_BUNDLES && !self.bundles.contains_key(&manifest.bundle) {
            self.unlisted_bundles = self.unlisted_bundles.saturating_add(1);
            return;
        }
        let bundle = self.bundles.entry(manifest.bundle).or_default();
        bundle.total = bundle.total.max(manifest.part.total);
        bundle.entries = bundle.entries.max(manifest.entries);
        if bundle.numbers.len() < MAX_EXPECTED {
            bundle.numbers.insert(manifest.part.number);
        }
        if !manifest.heads.is_empty() && manifest.heads.len() < Manifest::MAX_LISTED {
            bundle.heads = Some(manifest.heads);
        }
    }

    /// Notes that an entry came, intact.
    pub(in crate::sealed) fn note_came(&mut self, id: EntryId) {
        if let Some(came) = self.expected.get_mut(&id) {
            *came = true;
        } else if self.came.len() < MAX_EXPECTED {
            self.came.insert(id);
        }
    }

    /// Notes that an entry is stored.
    pub(in crate::sealed) fn note_stored(&mut self, id: &EntryId) {
        self.expected.remove(id);
        self.came.remove(id);
    }

    /// Announced entries that have not been stored, each with whether it came.
    pub(in crate::sealed) fn expected(&self) -> impl Iterator<Item = (EntryId, bool)> + '_ {
        self.expected.iter().map(|(id, came)| (*id, *came))
    }

    /// Whether any manifest was read, and room was found for all that they announce.
    pub(in crate::sealed) fn is_known(&self) -> bool {
        !self.bundles.is_empty() && self.unlisted == 0 && self.unlisted_bundles == 0
    }

    /// Number of entries that all bundles announce.
    pub(in crate::sealed) fn entries(&self) -> u64 {
        self.bundles.values().fold(0, |sum, bundle| sum.saturating_add(bundle.entries))
    }

    /// Number of parts that were not read, of bundles that would bring something new: a bundle
    /// whose heads are all stored (`is_stored`) has nothing new, whichever of its parts are lost.
    /// Lists their numbers, too.
    pub(in crate::sealed) fn missing_parts<E>(
        &self,
        mut is_stored: impl FnMut(&EntryId) -> Result<bool, E>,
    ) -> Result<(u64, BTreeSet<u64>), E> {
        let (mut count, mut missing) = (0u64, BTreeSet::new());
        for bundle in self.bundles.values() {
            let mut has_all = bundle.heads.is_some();
            for head in bundle.heads.iter().flatten() {
                has_all = has_all && is_stored(head)?;
            }
            if !has_all {
                let read = u64::try_from(bundle.numbers.len()).unwrap_or(u64::MAX);
                count = count.saturating_add(bundle.total.saturating_sub(read));
                let gaps = (0..bundle.total).filter(|number| !bundle.numbers.contains(number));
                missing.extend(gaps.take(MAX_GAPS));
            }
        }
        Ok((count, missing))
    }
}

#[cfg(test)]
mod tests {
    use ledger_core::GroupId;
    use ledger_core::bundle::Part;

    use super::*;

    fn id(n: usize) -> EntryId {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&n.to_be_bytes());
        EntryId::from_bytes(bytes)
    }

    fn manifest(bundle: usize, ids: impl IntoIterator<Item = usize>) -> Manifest {
        let mut name = [0; 16];
        name[..8].copy_from_slice(&bundle.to_be_bytes());
        Manifest {
            group: GroupId::from_bytes([1; 32]),
            bundle: BundleId::from_bytes(name),
            part: Part { number: 0, total: 1 },
            entries: 1,
            heads: Vec::new(),
            wanted: Vec::new(),
            ids: ids.into_iter().map(id).collect(),
        }
    }

    #[test]
    fn announced_entries_are_bounded_and_the_rest_is_told() {
        let mut contents = Contents::default();
        contents.add(manifest(0, 0..MAX_EXPECTED));
        assert!(contents.is_known());
        contents.add(manifest(0, [MAX_EXPECTED]));
        assert_eq!(contents.expected().count(), MAX_EXPECTED);
        assert!(!contents.is_known(), "an import does not say that it has all");
        contents.note_stored(&id(0));
        contents.add(manifest(0, [MAX_EXPECTED]));
        assert!(contents.expected().any(|(expected, _)| expected == id(MAX_EXPECTED)));
    }

    #[test]
    fn unannounced_entries_are_bounded() {
        let mut contents = Contents::default();
        for n in 0..=MAX_EXPECTED {
            contents.note_came(id(n));
        }
        assert_eq!(contents.came.len(), MAX_EXPECTED);
    }

    #[test]
    fn bundles_and_their_parts_are_bounded() {
        let mut contents = Contents::default();
        for bundle in 0..=MAX_BUNDLES {
            contents.add(manifest(bundle, []));
        }
        assert_eq!(contents.entries(), 1_000);
        assert!(!contents.is_known());
        let mut contents = Contents::default();
        for number in 0..=20_000 {
            let part = Part { number, total: u64::MAX };
            contents.add(Manifest { part, ..manifest(0, []) });
        }
        assert!(contents.bundles.values().all(|parts| parts.numbers.len() == MAX_EXPECTED));
        let (count, listed) = contents.missing_parts(|_| Ok::<_, ()>(false)).unwrap();
        assert_eq!((count, listed.len()), (u64::MAX - 20_000, MAX_GAPS));
    }
}
