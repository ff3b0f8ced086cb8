//! Announcement of a device: the version of the format that it reads, and features (SPEC §4.17).

use crate::base::codec::{Reader, Writer};
use crate::base::limits::{MAX_FEATURES, MAX_INTEGER};
use crate::base::rule::{Refusal, Rule};

/// Version and features that the device which signs the entry reads: `[version, features]`. Others
/// learn by it whether all devices of a group read a later kind of entry, or an app's own hints.
///
/// ```
/// use ledger_core::Speaks;
/// let speaks = Speaks::new(1, [2_000, 1_024])?;
/// assert_eq!((speaks.version(), speaks.features()), (1, &[1_024, 2_000][..]));
/// assert!(speaks.has(2_000) && !speaks.has(7));
/// # Ok::<(), ledger_core::Refusal>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Speaks {
    version: u64,
    features: Vec<u64>,
}

impl Speaks {
    /// The version of the format that this library reads.
    pub const VERSION: u64 = 1;

    /// Smallest number of a feature that belongs to apps. Smaller ones belong to SPEC.md, which lists
    /// none yet.
    pub const FIRST_OF_APPS: u64 = 1_024;

    /// Creates what a device says. The order of features has no influence.
    ///
    /// # Errors
    /// [`Refusal`] with rule P11 for version 0, or more than 64 features; with C7 for a number above
    /// 2^63 - 1.
    pub fn new(version: u64, features: impl IntoIterator<Item = u64>) -> Result<Self, Refusal> {
        let features: std::collections::BTreeSet<u64> = features.into_iter().collect();
        if version == 0 || features.len() > MAX_FEATURES {
            return Err(Refusal::new(Rule::P11));
        }
        if features.last().is_some_and(|last| *last > MAX_INTEGER) || version > MAX_INTEGER {
            return Err(Refusal::new(Rule::C7));
        }
        Ok(Self { version, features: features.into_iter().collect() })
    }

    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(2)?;
        let version = r.uint()?;
        if version == 0 {
            return Err(Refusal::with_detail(Rule::P11, "version 0"));
        }
        let len = r.array_up_to(MAX_FEATURES, Rule::P11)?;
        let mut features: Vec<u64> = Vec::with_capacity(len);
        for _ in 0..len {
            let feature = r.uint()?;
            if features.last().is_some_and(|last| *last >= feature) {
                return Err(Refusal::with_detail(Rule::P11, "features that do not ascend"));
            }
            features.push(feature);
        }
        Ok(Self { version, features })
    }

    pub(super) fn write(&self, w: &mut Writer) {
        w.array(2);
        w.uint(self.version);
        w.list(self.features.iter(), |w, feature| w.uint(*feature));
    }

    /// The latest version of the format that the device reads.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The features that it reads, ascending.
    #[must_use]
    pub fn features(&self) -> &[u64] {
        &self.features
    }

    /// Whether the device reads a feature.
    #[must_use]
    pub fn has(&self, feature: u64) -> bool {
        self.features.binary_search(&feature).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_device_says_reads_back() {
        for features in [vec![], vec![0], vec![1, 2, MAX_INTEGER], (0..64).collect()] {
            let speaks = Speaks::new(3, features.clone()).unwrap();
            let mut w = Writer::new();
            speaks.write(&mut w);
            let mut r = Reader::new(w.as_bytes());
            assert_eq!(Speaks::read(&mut r).unwrap(), speaks);
            r.finish().unwrap();
            assert_eq!(speaks.features(), features);
        }
    }

    #[test]
    fn what_is_out_of_bounds_is_neither_written_nor_read() {
        let rule = |result: Result<Speaks, Refusal>| result.map_err(|error| error.rule());
        assert_eq!(rule(Speaks::new(0, [])), Err(Rule::P11));
        assert_eq!(rule(Speaks::new(1, 0..65)), Err(Rule::P11));
        assert_eq!(rule(Speaks::new(1, [1 << 63])), Err(Rule::C7));
        for bytes in [&[0x82, 0, 0x80][..], &[0x82, 1, 0x82, 2, 2], &[0x82, 1, 0x82, 2, 1]] {
            assert_eq!(rule(Speaks::read(&mut Reader::new(bytes))), Err(Rule::P11));
        }
        let mut many = vec![0x82, 1, 0x98, 65];
        many.extend((0..65).flat_map(|n| if n < 24 { vec![n] } else { vec![0x18, n] }));
        assert_eq!(rule(Speaks::read(&mut Reader::new(&many))), Err(Rule::P11));
    }
}
