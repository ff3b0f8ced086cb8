//! Hints: fields of an expense or transfer from which no balance follows (SPEC §4.12).

use std::collections::{BTreeMap, BTreeSet};

use crate::base::limits::{MAX_HINT_BYTES, MAX_HINTS, MAX_INTEGER};

/// First key of a hint. Smaller keys are those of origin and direction, from which money follows.
pub(super) const FIRST_HINT: u64 = 2;

/// Hints of an expense or transfer: bytes by key. They are for people; no balance and no verdict
/// follows from them, so whatever they hold, the entry counts.
///
/// Keys below 64 belong to SPEC.md, the others to apps. A correction keeps the hints of the content
/// shown that its author neither sets nor removes: a later version or another app may have written them.
///
/// ```
/// use ledger_core::{HintError, Hints};
/// let mut hints = Hints::default();
/// hints.set(64, *b"of an app")?;
/// assert_eq!(hints.get(64), Some(&b"of an app"[..]));
/// assert_eq!(hints.set(1, [1]), Err(HintError::Key(1)));
/// # Ok::<(), HintError>(())
/// ```
///
/// A correction with these hints does not bring back what was removed here. So an app reads the hints
/// of the content shown, changes them, and sends them back.
#[derive(Clone, Debug, Default)]
pub struct Hints(Option<Box<Fields>>);

/// Fields of hints. They are boxed, because most transactions have none.
#[derive(Clone, Debug, Default)]
struct Fields {
    bytes: BTreeMap<u64, Vec<u8>>,
    /// Keys that were removed, for [`Hints::keep`]. They are no part of the content.
    removed: BTreeSet<u64>,
}

static NO_FIELDS: Fields = Fields { bytes: BTreeMap::new(), removed: BTreeSet::new() };

impl PartialEq for Hints {
    fn eq(&self, other: &Self) -> bool {
        self.fields().bytes == other.fields().bytes
    }
}

impl Eq for Hints {}

/// Error of a hint that cannot be set. The caller is at fault. The hints are as before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HintError {
    /// The key is that of the origin or direction, or above 2^63 - 1.
    #[error("{0} is no key of a hint; use one from 2 to 2^63 - 1, and 64 or more for an app's own")]
    Key(u64),
    /// The transaction has as many hints as it can hold.
    #[error("a transaction has at most {MAX_HINTS} hints; remove one")]
    TooMany,
    /// The value is out of bounds.
    #[error("{0}")]
    Value(&'static str),
    /// The hints would be longer than allowed, by this many bytes.
    #[error("the hints of a transaction have at most {MAX_HINT_BYTES} bytes, these {0} more")]
    TooLong(usize),
}

impl Hints {
    /// Returns whether there are no hints.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields().bytes.is_empty()
    }

    /// Returns the bytes of a hint.
    #[must_use]
    pub fn get(&self, key: u64) -> Option<&[u8]> {
        self.fields().bytes.get(&key).map(Vec::as_slice)
    }

    /// Returns all hints, ascending by key.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &[u8])> {
        self.fields().bytes.iter().map(|(key, bytes)| (*key, bytes.as_slice()))
    }

    /// Sets a hint, in place of one with the same key.
    ///
    /// # Errors
    /// [`HintError`] if the key is none of a hint, or the hints would exceed a limit.
    pub fn set(&mut self, key: u64, bytes: impl Into<Vec<u8>>) -> Result<(), HintError> {
        let bytes = bytes.into();
        if !(FIRST_HINT..=MAX_INTEGER).contains(&key) {
            return Err(HintError::Key(key));
        }
        let others = || self.iter().filter(|(other, _)| *other != key);
        if others().count() >= MAX_HINTS {
            return Err(HintError::TooMany);
        }
        let sum = others().fold(bytes.len(), |sum, (_, other)| sum.saturating_add(other.len()));
        if let Some(excess) = sum.checked_sub(MAX_HINT_BYTES).filter(|excess| *excess > 0) {
            return Err(HintError::TooLong(excess));
        }
        let fields = self.fields_mut();
        fields.bytes.insert(key, bytes);
        fields.removed.remove(&key);
        Ok(())
    }

    /// Removes a hint, also from what a correction with these hints replaces.
    pub fn remove(&mut self, key: u64) {
        let fields = self.fields_mut();
        fields.bytes.remove(&key);
        fields.removed.insert(key);
    }

    /// Takes a hint away as if it had never been set: a correction may bring back what it replaces.
    pub(super) fn drop_hint(&mut self, key: u64) {
        if let Some(fields) = self.0.as_deref_mut() {
            fields.bytes.remove(&key);
            fields.removed.remove(&key);
        }
    }

    /// Whether the author set the hint, or removed it on purpose.
    pub(super) fn says_about(&self, key: u64) -> bool {
        self.get(key).is_some() || self.fields().removed.contains(&key)
    }

    /// Adds the hints of `before` that are neither set nor removed here, as far as they fit into
    /// these hints: the duty of a corrector. Returns their keys.
    pub(crate) fn keep(&mut self, before: &Self) -> Vec<u64> {
        let mut kept = Vec::new();
        for (key, bytes) in before.iter() {
            // What does not fit is left out: the new content goes first.
            if !self.says_about(key) && self.set(key, bytes).is_ok() {
                kept.push(key);
            }
        }
        kept
    }

    fn fields(&self) -> &Fields {
        self.0.as_deref().unwrap_or(&NO_FIELDS)
    }

    fn fields_mut(&mut self) -> &mut Fields {
        self.0.get_or_insert_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hints_stay_within_their_limits() {
        let mut hints = Hints::default();
        assert_eq!(hints.set(0, []), Err(HintError::Key(0)));
        assert_eq!(hints.set(1 << 63, []), Err(HintError::Key(1 << 63)));
        hints.set(2, vec![0; MAX_HINT_BYTES - 5]).unwrap();
        assert_eq!(hints.set(3, [0; 6]), Err(HintError::TooLong(1)));
        hints.set(3, [0; 5]).unwrap();
        hints.set(2, vec![1; MAX_HINT_BYTES - 5]).unwrap();
        hints.remove(2);
        for key in 4..(MAX_HINTS as u64 + 3) {
            hints.set(key, []).unwrap();
        }
        assert_eq!(hints.set(1000, []), Err(HintError::TooMany));
        hints.set(3, []).unwrap();
        assert_eq!(hints.iter().count(), MAX_HINTS);
    }

    #[test]
    fn hints_are_kept_where_they_fit_and_are_not_replaced() {
        let mut before = Hints::default();
        before.set(63, *b"later").unwrap();
        before.set(70, *b"old").unwrap();
        before.set(80, vec![0; MAX_HINT_BYTES - 8]).unwrap();
        let mut after = Hints::default();
        after.set(70, *b"new").unwrap();
        after.keep(&before);
        assert_eq!(after.get(63), Some(&b"later"[..]));
        assert_eq!(after.get(70), Some(&b"new"[..]));
        let kept: Vec<u64> = after.iter().map(|(key, _)| key).collect();
        assert_eq!(kept, [63, 70, 80], "8 bytes beside the long one are within the limit");
        after.set(71, [0]).unwrap_err();
        let mut full = Hints::default();
        full.set(64, [0; 9]).unwrap();
        assert_eq!(full.keep(&before), [63, 70]);
        assert_eq!(full.get(80), None, "the new content goes first");
        assert_eq!(full.get(63), Some(&b"later"[..]));
    }

    #[test]
    fn a_hint_that_was_removed_is_not_kept() {
        let mut before = Hints::default();
        before.set(64, *b"of this app").unwrap();
        before.set(65, *b"of another").unwrap();
        let mut after = before.clone();
        after.remove(64);
        assert_eq!(after.keep(&before), []);
        assert_eq!((after.get(64), after.get(65)), (None, Some(&b"of another"[..])));
        // Set again, it is as if it had never been removed.
        after.set(64, *b"new").unwrap();
        let mut again = Hints::default();
        again.set(65, *b"of another").unwrap();
        again.set(64, *b"new").unwrap();
        assert_eq!(after, again);
    }

    fn size(fields: &BTreeMap<u64, Vec<u8>>) -> usize {
        fields.values().map(Vec::len).sum()
    }

    /// Lengths from nothing to all that fits.
    fn length() -> impl Strategy<Value = usize> {
        prop_oneof![Just(0), 1usize..9, Just(MAX_HINT_BYTES / 3), Just(MAX_HINT_BYTES)]
    }

    proptest! {
        /// Whatever is set, removed and kept, in any order: no limit is exceeded, what is refused
        /// changes nothing, and of what is kept nothing that fits is left out.
        #[test]
        fn whatever_changes_hints_keep_their_limits(
            full in any::<bool>(),
            changes in proptest::collection::vec((0u8..4, 0u64..9, length()), 0..20),
            others in proptest::collection::btree_map(2u64..300, length(), 0..90),
        ) {
            let (mut hints, mut before) = (Hints::default(), Hints::default());
            for key in 10..(if full { MAX_HINTS as u64 + 8 } else { 10 }) {
                hints.set(key, []).unwrap();
            }
            for (key, length) in others {
                let _ = before.set(key, vec![1; length]);
            }
            for (change, key, length) in changes {
                let old = hints.clone();
                match change {
                    0 | 1 => {
                        if hints.set(key, vec![0; length]).is_err() {
                            prop_assert_eq!(&hints.fields().removed, &old.fields().removed);
                            prop_assert_eq!(&hints, &old);
                        } else {
                            prop_assert_eq!(hints.get(key).map(<[u8]>::len), Some(length));
                        }
                    }
                    2 => {
                        hints.remove(key);
                        prop_assert_eq!(hints.get(key), None);
                    }
                    _ => {
                        let kept = hints.keep(&before);
                        // The plain rule: by key, each that was not named here and still fits.
                        let mut expected = old.fields().bytes.clone();
                        for (key, bytes) in &before.fields().bytes {
                            let named = expected.contains_key(key) || old.fields().removed.contains(key);
                            let fits = expected.len() < MAX_HINTS
                                && size(&expected) + bytes.len() <= MAX_HINT_BYTES;
                            if !named && fits {
                                expected.insert(*key, bytes.clone());
                            }
                        }
                        let new = expected.keys().copied();
                        let new: Vec<u64> = new.filter(|key| old.get(*key).is_none()).collect();
                        prop_assert_eq!(kept, new);
                        prop_assert_eq!(&hints.fields().bytes, &expected);
                    }
                }
                prop_assert!(hints.iter().count() <= MAX_HINTS);
                prop_assert!(size(&hints.fields().bytes) <= MAX_HINT_BYTES);
                prop_assert!(hints.iter().all(|(key, _)| key >= FIRST_HINT));
            }
        }
    }
}
