//! New keys for a device whose own entries are missing here or wait, without anybody's approval.

use ledger_core::engine::Draft;

use super::{sign_enrolment, signing_key};
use crate::StoreError;
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
    let root = entropy.root_key(group.root_index()?);
    let old = group.device_key()?;
    let new = session.with_new_device(|new| {
        group.write(|transaction| {
            if transaction.ledger().has_forked(old.id()) {
                return Err(StoreError::Forked(old.id()));
            }
            let nonce = *random(transaction.environment())?;
            let (ledger, index) = (transaction.ledger(), transaction.index());
            let enrolment = sign_enrolment(ledger, index, &root, new, nonce)?;
            transaction.sign_after_known(&old, Draft::carry(&enrolment))?;
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
