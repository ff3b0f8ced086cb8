//! Ids, each a type of its own in every language, so that the compiler refuses a
//! member's id where an entry's is wanted. They travel as text of 64 hexadecimal
//! digits.

use std::fmt;
use std::str::FromStr;

use ledger_core::{DeviceId, EntryId, GroupId, MemberId, ParseIdError};

use crate::error::LedgerError;

/// Id of an expense or transfer: that of the entry which first recorded it. It
/// stays the same when corrections and cancellations come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExpenseId(EntryId);

impl ExpenseId {
    /// The entry that first recorded the expense or transfer.
    #[must_use]
    pub const fn entry(self) -> EntryId {
        self.0
    }
}

impl From<EntryId> for ExpenseId {
    fn from(original: EntryId) -> Self {
        Self(original)
    }
}

impl From<ExpenseId> for String {
    fn from(id: ExpenseId) -> Self {
        id.0.into()
    }
}

impl fmt::Display for ExpenseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ExpenseId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        text.parse().map(Self)
    }
}

uniffi::custom_type!(
    /// Id of an expense or transfer. It stays the same when corrections and
    /// cancellations come: corrections, reviews and the history name it.
    ExpenseId,
    String,
    {
        lower: |id| String::from(id),
        try_lift: |text| Ok(text.parse::<ExpenseId>().map_err(LedgerError::from)?),
    }
);

uniffi::custom_type!(
    /// Id of one entry, which never changes.
    EntryId,
    String,
    {
        remote,
        lower: |id| String::from(id),
        try_lift: |text| Ok(text.parse::<EntryId>().map_err(LedgerError::from)?),
    }
);

uniffi::custom_type!(
    /// Id of a member of a group. It stays the same when the member's name, keys or
    /// devices change.
    MemberId,
    String,
    {
        remote,
        lower: |id| String::from(id),
        try_lift: |text| Ok(text.parse::<MemberId>().map_err(LedgerError::from)?),
    }
);

uniffi::custom_type!(
    /// Id of a device in one group. A device has another id in every group.
    DeviceId,
    String,
    {
        remote,
        lower: |id| String::from(id),
        try_lift: |text| Ok(text.parse::<DeviceId>().map_err(LedgerError::from)?),
    }
);

uniffi::custom_type!(
    /// Id of a group, the same on every device.
    GroupId,
    String,
    {
        remote,
        lower: |id| String::from(id),
        try_lift: |text| Ok(text.parse::<GroupId>().map_err(LedgerError::from)?),
    }
);

#[cfg(test)]
mod tests {
    use uniffi::{Lift, Lower};

    use super::*;
    use crate::error::ErrorCode;

    /// The id of a call from another language.
    fn lift<T: Lift<crate::UniFfiTag>>(text: &str) -> uniffi::Result<T>
    where
        String: Lower<crate::UniFfiTag, FfiType = T::FfiType>,
    {
        T::try_lift(<String as Lower<crate::UniFfiTag>>::lower(text.to_owned()))
    }

    #[test]
    fn a_text_that_is_no_id_is_an_error_of_the_call() {
        let error = |lifted: uniffi::Result<()>| {
            lifted.unwrap_err().downcast::<LedgerError>().unwrap().code()
        };
        for bad in ["", "Ben", &"g".repeat(64)] {
            assert_eq!(error(lift::<MemberId>(bad).map(|_| ())), ErrorCode::InvalidId);
            assert_eq!(error(lift::<ExpenseId>(bad).map(|_| ())), ErrorCode::InvalidId);
        }
        let id = lift::<ExpenseId>(&"ab".repeat(32)).unwrap();
        assert_eq!((id.to_string(), String::from(id)), ("ab".repeat(32), "ab".repeat(32)));
    }
}
