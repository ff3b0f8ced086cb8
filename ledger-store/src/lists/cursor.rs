//! The position where a page of a list ended.

use core::fmt;

/// A position in a list, from which the next page continues. It stays valid while entries are
/// added. Its text is two numbers, such as `20260115-42`, which mean nothing to callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub(super) major: u64,
    pub(super) minor: u64,
}

/// The text is not a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("that is not a cursor; use the one that the last page printed")]
pub struct ParseCursorError;

impl Cursor {
    /// Before every row.
    pub(super) const START: Self = Self { major: i64::MAX as u64, minor: i64::MAX as u64 };
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.major, self.minor)
    }
}

impl core::str::FromStr for Cursor {
    type Err = ParseCursorError;

    fn from_str(text: &str) -> Result<Self, ParseCursorError> {
        let (major, minor) = text.split_once('-').ok_or(ParseCursorError)?;
        let number = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            let number: Option<u64> = text.parse().ok().filter(|_| digits);
            number.filter(|n| i64::try_from(*n).is_ok()).ok_or(ParseCursorError)
        };
        Ok(Self { major: number(major)?, minor: number(minor)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_what_it_prints() {
        let cursor = Cursor { major: 20_260_115, minor: 42 };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for bad in ["", "1", "-", "1-", "a-1", "1-1-1", "+1-1", "99999999999999999999-1"] {
            assert_eq!(bad.parse::<Cursor>(), Err(ParseCursorError), "{bad}");
        }
    }
}
