//! Recording.

use ledger_core::EntryId;
use ledger_store::NewEntry;

use super::LedgerGroup;
use crate::LedgerError;
use crate::details::{Details, Expense, Transfer};

#[uniffi::export]
impl LedgerGroup {
    /// Adds somebody who has no app yet. They can claim the place later.
    /// Returns the new member's id.
    ///
    /// # Errors
    /// `InvalidEntry` if the name is empty or too long, `TooManyMembers`, or as
    /// every call that records: `NotEnrolled`, `WouldBeVoid`, or what writing says.
    pub fn add_placeholder(&self, name: &str) -> Result<String, LedgerError> {
        let group = self.inner()?;
        let entry = self.one(NewEntry::Placeholder { name: name.to_owned() })?;
        let member = group.ledger()?.state().introduced_by(entry);
        member.map(|member| member.to_string()).ok_or_else(nothing)
    }

    /// Records an expense. Returns the entry, by which corrections name it.
    ///
    /// # Errors
    /// `InvalidEntry`, `UnknownMember`, `DuplicateMember`, `InvalidDate`,
    /// `InvalidCurrency`, `InvalidAmount`, `InvalidId`, or as every call that
    /// records.
    pub fn record_expense(&self, expense: Expense) -> Result<String, LedgerError> {
        let details = Details::Expense { expense }.try_into()?;
        self.text_of(NewEntry::Record(details))
    }

    /// Records that somebody gave somebody money. Returns the entry.
    ///
    /// # Errors
    /// As `record_expense`.
    pub fn record_transfer(&self, transfer: Transfer) -> Result<String, LedgerError> {
        let details = Details::Transfer { transfer }.try_into()?;
        self.text_of(NewEntry::Record(details))
    }

    /// Records many expenses and transfers, all or none, in one transaction.
    ///
    /// # Errors
    /// As `record_expense`.
    pub fn record_all(&self, all: Vec<Details>) -> Result<Vec<String>, LedgerError> {
        let entry = |details: Details| Ok(NewEntry::Record(details.try_into()?));
        let entries = all.into_iter().map(entry).collect::<Result<Vec<_>, LedgerError>>()?;
        let ids = self.inner()?.append(entries)?;
        Ok(ids.iter().map(ToString::to_string).collect())
    }

    /// Replaces all that an expense or transfer says. `original` is the entry
    /// that first recorded it. Returns the correction's entry.
    ///
    /// # Errors
    /// `UnknownEntry`, `WouldBeVoid` if it is no expense or transfer, or as
    /// `record_expense`.
    pub fn correct(&self, original: &str, details: Details) -> Result<String, LedgerError> {
        let (original, details) = (original.parse()?, details.try_into()?);
        self.text_of(NewEntry::Correction { original, details })
    }

    /// Ends an expense or transfer: it counts nothing from now on, and stays in
    /// the list. Returns the cancellation's entry.
    ///
    /// # Errors
    /// `UnknownEntry`, `WouldBeVoid` if it is no expense or transfer, or as
    /// every call that records.
    #[uniffi::method(default(reason = None))]
    pub fn cancel(&self, original: &str, reason: Option<String>) -> Result<String, LedgerError> {
        self.text_of(NewEntry::Cancellation { original: original.parse()?, reason })
    }

    /// Confirms an expense or transfer, or disputes it. It counts nothing and
    /// is shown with the entry. Returns the endorsement's entry.
    ///
    /// # Errors
    /// As `cancel`.
    #[uniffi::method(default(note = None))]
    pub fn endorse(
        &self,
        target: &str,
        confirms: bool,
        note: Option<String>,
    ) -> Result<String, LedgerError> {
        self.text_of(NewEntry::Endorsement { target: target.parse()?, confirms, note })
    }

    /// Records a void entry again under this device's hand, as it stood: what
    /// somebody who was removed wrote, and is still true. Returns the copy.
    ///
    /// # Errors
    /// As `cancel`.
    pub fn record_again(&self, void_entry: &str) -> Result<String, LedgerError> {
        self.text_of(NewEntry::Copy { original: void_entry.parse()? })
    }

    /// Vouches for a member whose introduction is void. Returns the entry.
    ///
    /// # Errors
    /// `InvalidId`, `UnknownMember`, or as every call that records.
    pub fn adopt(&self, member: &str) -> Result<String, LedgerError> {
        self.text_of(NewEntry::Adoption { member: member.parse()? })
    }
}

impl LedgerGroup {
    fn one(&self, entry: NewEntry) -> Result<EntryId, LedgerError> {
        self.inner()?.append(vec![entry])?.pop().ok_or_else(nothing)
    }

    fn text_of(&self, entry: NewEntry) -> Result<String, LedgerError> {
        Ok(self.one(entry)?.to_string())
    }
}

/// The store recorded nothing, and said nothing.
fn nothing() -> LedgerError {
    LedgerError::new(crate::ErrorCode::Internal, "nothing was recorded")
}

#[cfg(test)]
mod tests {
    use super::nothing;
    use crate::{Blame, ErrorCode, LedgerError};

    #[test]
    fn a_bug_of_the_library_is_the_library_s_fault() {
        let LedgerError::Failed { code, blame, .. } = nothing();
        assert_eq!((code, blame), (ErrorCode::Internal, Blame::Library));
    }
}
