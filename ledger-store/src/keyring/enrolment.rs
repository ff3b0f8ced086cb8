//! The enrolment of a further device of this person.

use ledger_core::engine::{Draft, Ledger};
use ledger_core::keys::{DeviceKey, RootKey, SignedDevice};
use ledger_core::statement::{NewStatement, SignedStatement};

use crate::StoreError;
use crate::entries::index::StoredIndex;

/// Signs the enrolment of a device with the person's root key, after all known heads.
///
/// # Errors
/// [`StoreError::NoRootKey`] if the root key counts in the group no more, [`StoreError::Draft`] if the
/// person has too many devices.
pub(crate) fn sign_enrolment(
    ledger: &Ledger,
    index: &StoredIndex<'_>,
    root: &RootKey,
    device: &DeviceKey,
    nonce: [u8; 16],
) -> Result<SignedStatement, StoreError> {
    let group = ledger.group();
    let (_, generation) = ledger.member_of_root(root.id()).ok_or(StoreError::NoRootKey)?;
    let device = SignedDevice::new(group, root, device)?;
    let enrol = NewStatement::Enrol { generation, device: &device };
    Draft::check_limits(&enrol, ledger.state())?;
    let base = ledger.statement_base(&enrol, None, index)?;
    Ok(SignedStatement::new(root, group, &enrol, base, nonce)?)
}
