//! People of a file, and the keys that recognise them.

use std::collections::BTreeMap;

use super::identity::person_nonce;
use super::program::Program;

/// Suffix that Splitwise adds to the name of a member who left the group.
const REMOVED: &str = "(removed)";

/// Person of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    name: String,
    key: PersonKey,
}

/// Key that recognises a person in later files of the same group, as far as a file allows. A suffix
/// `(removed)` does not change it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonKey {
    name: String,
    ordinal: u32,
    program: Program,
}

impl Person {
    /// The people with these names, in the order of the file.
    pub(crate) fn of_names<'a>(
        program: Program,
        names: impl IntoIterator<Item = &'a str> + Clone,
    ) -> Vec<Self> {
        let keys = PersonKey::of_names(program, names.clone());
        let person = |(name, key): (&str, _)| Self { name: name.trim().to_owned(), key };
        names.into_iter().zip(keys).map(person).collect()
    }

    /// The name as it stands in the file, without space around it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key that recognises the person in another file.
    #[must_use]
    pub const fn key(&self) -> &PersonKey {
        &self.key
    }
}

impl PersonKey {
    /// The keys of people with these names, in this order: the first of a name has the ordinal 0, the
    /// second 1, and so on.
    #[must_use]
    pub fn of_names<'a>(program: Program, names: impl IntoIterator<Item = &'a str>) -> Vec<Self> {
        let mut met: BTreeMap<&str, u32> = BTreeMap::new();
        let mut key = |name: &'a str| {
            // Nobody leaves a group of this program by another name.
            let is_own = program == Program::Ledger;
            let name = if is_own { name.trim() } else { without_removed(name.trim()) };
            let next = met.entry(name).or_default();
            let ordinal = *next;
            *next = next.saturating_add(1);
            Self { name: name.to_owned(), ordinal, program }
        };
        names.into_iter().map(&mut key).collect()
    }

    /// The name without a suffix `(removed)` and space around it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Number of people before this one in the file with the same [`PersonKey::name`].
    #[must_use]
    pub const fn ordinal(&self) -> u32 {
        self.ordinal
    }

    /// The number that distinguishes the person on the card of a placeholder (SPEC §10.1): the same in
    /// every file of the program and for whoever imports it.
    #[must_use]
    pub fn nonce(&self) -> [u8; 16] {
        person_nonce(self.program, self)
    }
}

/// The name of a member who may have left. A member may well be called "(removed)"; then that is the
/// name.
fn without_removed(name: &str) -> &str {
    match name.strip_suffix(REMOVED).map(str::trim_end) {
        Some(rest) if !rest.is_empty() => rest,
        _ => name,
    }
}
