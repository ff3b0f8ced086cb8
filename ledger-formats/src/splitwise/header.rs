//! Header of an export: its columns and members.

use std::collections::BTreeMap;

use super::error::{Error, ErrorKind, shorten};
use super::origin::person_nonce;
use super::table::Record;
use ledger_core::limits::{MAX_MEMBERS, MAX_NAME_BYTES};

pub(super) const DATE: usize = 0;
pub(super) const DESCRIPTION: usize = 1;
pub(super) const CATEGORY: usize = 2;
pub(super) const COST: usize = 3;
pub(super) const CURRENCY: usize = 4;
/// The first column of a member.
pub(super) const MEMBERS: usize = 5;

pub(super) const FIXED: [&str; MEMBERS] = ["Date", "Description", "Category", "Cost", "Currency"];

/// Suffix that Splitwise adds to the name of a member who left the group.
const REMOVED: &str = "(removed)";

/// A member's column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    name: String,
    key: MemberKey,
}

/// Key that recognises a member in later exports of the same group, as far as an export allows. A
/// suffix `(removed)` does not change it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberKey {
    name: String,
    ordinal: u32,
}

/// The header of a file.
pub(super) struct Header {
    pub(super) line: u64,
    pub(super) members: Vec<Member>,
}

impl Member {
    /// The name as it stands in the header, without space around it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key that recognises the member in another export.
    #[must_use]
    pub const fn key(&self) -> &MemberKey {
        &self.key
    }
}

impl MemberKey {
    /// The keys of members with these names, in this order: the first of a
    /// name has the ordinal 0, the second 1, and so on.
    #[must_use]
    pub fn of_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<Self> {
        let mut met: BTreeMap<&str, u32> = BTreeMap::new();
        let mut key = |name: &'a str| {
            let name = without_removed(name.trim());
            let next = met.entry(name).or_default();
            let ordinal = *next;
            *next = next.saturating_add(1);
            Self { name: name.to_owned(), ordinal }
        };
        names.into_iter().map(&mut key).collect()
    }

    /// The name without a suffix `(removed)` and space around it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number that distinguishes the person on the card of a placeholder (SPEC §10): the same in
    /// every export and for whoever imports it.
    #[must_use]
    pub fn nonce(&self) -> [u8; 16] {
        person_nonce(self)
    }

    /// Number of columns further left with the same [`MemberKey::name`].
    #[must_use]
    pub const fn ordinal(&self) -> u32 {
        self.ordinal
    }
}

impl Header {
    pub(super) fn read(record: &Record) -> Result<Self, Error> {
        let error = |index, kind| {
            Error::new(record.line, kind).in_column(index, record.field(index).trim())
        };
        for (index, expected) in FIXED.into_iter().enumerate() {
            let found = record.field(index).trim();
            if found != expected {
                let found = shorten(found);
                return Err(error(index, ErrorKind::NotSplitwise { found, expected }));
            }
        }
        let found = record.len().saturating_sub(MEMBERS);
        if found == 0 {
            return Err(Error::new(record.line, ErrorKind::NoMembers));
        }
        if found > MAX_MEMBERS {
            let kind = ErrorKind::TooManyMembers { found, allowed: MAX_MEMBERS };
            return Err(Error::new(record.line, kind));
        }
        let names: Vec<&str> = record.fields().skip(MEMBERS).map(str::trim).collect();
        for (index, name) in (MEMBERS..).zip(&names) {
            if name.is_empty() {
                return Err(error(index, ErrorKind::NoName));
            }
            check_length(name, MAX_NAME_BYTES).map_err(|kind| error(index, kind))?;
        }
        let keys = MemberKey::of_names(names.iter().copied());
        let member = |(name, key): (&str, _)| Member { name: name.to_owned(), key };
        let members = names.into_iter().zip(keys).map(member).collect();
        Ok(Self { line: record.line, members })
    }

    /// Number of columns of the file.
    pub(super) fn columns(&self) -> usize {
        self.members.len().saturating_add(MEMBERS)
    }

    /// An error in the column at `index`.
    pub(super) fn error(&self, line: u64, index: usize, kind: ErrorKind) -> Error {
        let member = |index: usize| self.members.get(index.checked_sub(MEMBERS)?);
        let fixed = FIXED.get(index).copied();
        let name = fixed.or_else(|| member(index).map(Member::name)).unwrap_or_default();
        Error::new(line, kind).in_column(index, name)
    }
}

/// Refuses a text that an entry could not hold.
pub(super) fn check_length(text: &str, allowed: usize) -> Result<(), ErrorKind> {
    let found = text.len();
    if found > allowed { Err(ErrorKind::TooLong { found, allowed }) } else { Ok(()) }
}

/// The name of a member who may have left. A member may well be called
/// "(removed)"; then that is the name.
fn without_removed(name: &str) -> &str {
    match name.strip_suffix(REMOVED).map(str::trim_end) {
        Some(rest) if !rest.is_empty() => rest,
        _ => name,
    }
}
