//! New keys for a device whose own entries are missing here or wait, without anybody's approval.

use ledger_core::GroupId;
use ledger_core::engine::Draft;
use ledger_core::keys::{DeviceKey, RootEntropy, SignedDevice};
use ledger_core::statement::NewStatement;

use super::signing_key;
use crate::StoreError;
use crate::entries::GroupTransaction;
use crate::platform::environment::random;
use crate::session::GroupSession;

/// Gives this device new keys, with which it writes at once. The old key signs one last entry, the
/// enrolment of the new one: if the missing entries come later, the old chain has a fork, which
/// voids nothing (SPEC §5.2), and nobody signs with it any more. All in one transaction.
pub(crate) fn go_on_without_missing(group: &GroupSession) -> Result<GroupSession, StoreError> {
    match signing_key(group) {
        Err(StoreError::RolledBack(_)) => {}
        Err(error) => return Err(error),
        Ok(_) if group.waiting()?.own > 0 => {}
        Ok(_) => return Ok(group.clone()),
    }
    let session = &group.session;
    let entropy = session.known_entropy()?.ok_or(StoreError::NoRootKey)?;
    let old = group.device_key()?;
    let new = session.with_new_device(|new| {
        group.write(|transaction| {
            if transaction.ledger().has_forked(old.id()) {
                return Err(StoreError::Forked(old.id()));
            }
            let draft = enrolment(transaction, &entropy, group.id, new)?;
            transaction.sign_after_known(&old, draft)?;
            transaction.connection().execute(
                "UPDATE groups SET device = ?2 WHERE grp = ?1",
                (group.key.0, new.id().as_bytes()),
            )?;
            Ok(new.id())
        })
    })?;
    session.forget_device(&old.id())?;
    Ok(GroupSession { device: new, ..group.clone() })
}

/// The enrolment of a new device of this person.
fn enrolment(
    transaction: &GroupTransaction<'_>,
    entropy: &RootEntropy,
    group: GroupId,
    new: &DeviceKey,
) -> Result<Draft, StoreError> {
    let root = entropy.root_key(transaction.root_index()?);
    let ledger = transaction.ledger();
    let (_, generation) = ledger.member_of_root(root.id()).ok_or(StoreError::NoRootKey)?;
    let device = SignedDevice::new(group, &root, new)?;
    let enrol = NewStatement::Enrol { generation, device: &device };
    Draft::check_limits(&enrol, ledger.state())?;
    let nonce = *random(transaction.environment())?;
    let base = ledger.statement_base(&enrol, None, transaction.index())?;
    Ok(Draft::statement(&root, group, &enrol, base, nonce)?)
}
