//! The position where a page of a list ended.

use core::fmt;

use ledger_core::{EntryId, GroupId};

use crate::StoreError;

/// A position in a list, from which the next page continues. It stays valid while entries are
/// added, and is a position in that list only: any other list, and the lists of another group,
/// refuse it. Its text, such as `e3fa91c02-20260115-42`, means nothing to callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    list: ListId,
    pub(super) position: Position,
}

/// The text is not a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("that is not a cursor; use the one that the last page printed")]
pub struct ParseCursorError;

/// A position in the order of a list: what the list is sorted by, and then a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) major: u64,
    pub(super) minor: u64,
}

impl Position {
    /// Before every row of a list that shows the largest first.
    pub(super) const START: Self = Self { major: i64::MAX as u64, minor: i64::MAX as u64 };
}

/// Kind of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ListKind {
    Expenses,
    Activity,
    Void,
    History,
    Groups,
    Arrived,
}

impl ListKind {
    const ALL: [(Self, char); 6] = [
        (Self::Expenses, 'e'),
        (Self::Activity, 'a'),
        (Self::Void, 'v'),
        (Self::History, 'h'),
        (Self::Groups, 'g'),
        (Self::Arrived, 'n'),
    ];

    fn letter(self) -> char {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or('?', |(_, letter)| *letter)
    }

    fn from_letter(letter: char) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == letter).map(|(kind, _)| *kind)
    }
}

/// A list: what it shows, and the first bytes of the id of what it is about. These keep a person
/// from a mistake; they are no protection against somebody who makes up a cursor, who gets a page of
/// the same list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ListId {
    kind: ListKind,
    scope: u32,
}

impl ListId {
    /// A list of one group.
    pub(super) fn of_group(kind: ListKind, group: GroupId) -> Self {
        Self { kind, scope: beginning(group.as_bytes()) }
    }

    /// The versions of one expense or transfer.
    pub(super) fn of_history(original: EntryId) -> Self {
        Self { kind: ListKind::History, scope: beginning(original.as_bytes()) }
    }

    /// The list of groups.
    pub(super) const GROUPS: Self = Self { kind: ListKind::Groups, scope: 0 };

    pub(super) fn cursor(self, major: u64, minor: u64) -> Cursor {
        Cursor { list: self, position: Position { major, minor } }
    }

    /// The position after which a page begins, if a cursor is given.
    ///
    /// # Errors
    /// [`StoreError::CursorOfAnotherList`].
    pub(super) fn position(self, after: Option<Cursor>) -> Result<Option<Position>, StoreError> {
        match after {
            Some(cursor) if cursor.list != self => Err(StoreError::CursorOfAnotherList),
            after => Ok(after.map(|cursor| cursor.position)),
        }
    }

    /// The same of a list that shows the largest first.
    pub(super) fn before(self, after: Option<Cursor>) -> Result<Position, StoreError> {
        Ok(self.position(after)?.unwrap_or(Position::START))
    }
}

fn beginning(id: &[u8; 32]) -> u32 {
    u32::from_be_bytes(id.first_chunk().copied().unwrap_or_default())
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { list: ListId { kind, scope }, position: Position { major, minor } } = self;
        write!(f, "{}{scope:08x}-{major}-{minor}", kind.letter())
    }
}

impl core::str::FromStr for Cursor {
    type Err = ParseCursorError;

    fn from_str(text: &str) -> Result<Self, ParseCursorError> {
        let parse = || {
            let mut letters = text.chars();
            let kind = ListKind::from_letter(letters.next()?)?;
            let mut parts = letters.as_str().split('-');
            let scope = u32::from_str_radix(parts.next()?, 16).ok()?;
            let (major, minor) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
            // SQLite's integers are signed.
            let fits = i64::try_from(major).is_ok() && i64::try_from(minor).is_ok();
            let position = Position { major, minor };
            fits.then_some(Self { list: ListId { kind, scope }, position })
        };
        // One text for each cursor.
        parse().filter(|cursor| cursor.to_string() == text).ok_or(ParseCursorError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_what_it_prints() {
        for (kind, _) in ListKind::ALL {
            let cursor = ListId { kind, scope: 0x3f }.cursor(20_260_115, 42);
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
            assert_eq!(cursor.list.kind, kind);
        }
        for bad in [
            "",
            "e",
            "1-1",
            "e0000003f-1",
            "e0000003f-1-",
            "x0000003f-1-1",
            "e3f-1-1",
            "e0000003F-1-1",
            "e0000003f-1-1-1",
            "e0000003f-+1-1",
            "e0000003f-99999999999999999999-1",
            "e0000003f-9223372036854775808-1",
        ] {
            assert_eq!(bad.parse::<Cursor>(), Err(ParseCursorError), "{bad}");
        }
    }

    #[test]
    fn a_list_refuses_the_cursor_of_another() {
        let (one, other) = (GroupId::from_bytes([1; 32]), GroupId::from_bytes([2; 32]));
        let list = ListId::of_group(ListKind::Expenses, one);
        let cursor = list.cursor(5, 6);
        assert_eq!(list.before(Some(cursor)).unwrap(), Position { major: 5, minor: 6 });
        assert_eq!(list.before(None).unwrap(), Position::START);
        for wrong in [
            ListId::of_group(ListKind::Activity, one),
            ListId::of_group(ListKind::Expenses, other),
            ListId::of_history(EntryId::from_bytes([1; 32])),
            ListId::GROUPS,
        ] {
            let refused =
                matches!(wrong.position(Some(cursor)), Err(StoreError::CursorOfAnotherList));
            assert!(refused, "{wrong:?}");
        }
    }
}
