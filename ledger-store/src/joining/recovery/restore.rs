//! Restoring a group from a restored person and a bundle alone (SPEC §16.1).

use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

use ledger_core::engine::Draft;
use ledger_core::messages::recovery::EnrolmentRequest;
use ledger_core::{EntryId, GroupId};

use crate::StoreError;
use crate::keyring::{EpochKeyring, signing_key};
use crate::platform::environment::random;
use crate::platform::progress::OnProgress;
use crate::sealed::{Imported, RecordReader, find_genesis, import_records};
use crate::session::{GroupSession, MembershipRow, ROOT_KEYS, Session};

pub(super) fn restore_group(
    session: &Arc<Session>,
    bundle: &mut (impl Read + Seek),
    progress: OnProgress<'_>,
) -> Result<(GroupSession, Imported), StoreError> {
    let turn = session.turn()?;
    let entropy = session.known_entropy()?.ok_or(StoreError::NoRootKey)?;
    let keys = (0..ROOT_KEYS).map(|index| entropy.recovery_key(index)).collect();
    let seed = random(session.environment())?;
    let (genesis, root_index) = find_genesis(RecordReader::new(bundle), keys, &seed, progress)?;
    let id = GroupId::from(genesis.id());
    let group = match session.group(id) {
        Ok(group) => group,
        Err(StoreError::UnknownGroup(_)) => {
            let (mut groups, _) = session.with_new_device(|device| {
                let device = device.id();
                let membership = MembershipRow { genesis: &genesis, device, root_index };
                session.enter(&[membership], |_| session.check_turn(turn))
            })?;
            groups.pop().ok_or(StoreError::UnknownGroup(id))?
        }
        Err(error) => return Err(error),
    };
    bundle.seek(SeekFrom::Start(0)).map_err(StoreError::Bundle)?;
    let imported = import_records(&group, RecordReader::new(bundle), progress)?;
    Ok((group, imported))
}

pub(super) fn approve_device(
    session: &Arc<Session>,
    message: &[u8],
) -> Result<(GroupId, EntryId), StoreError> {
    let topic = EnrolmentRequest::topic(message)?;
    for id in session.group_ids()? {
        let group = session.group(id)?;
        let key = session.read(|connection| {
            EpochKeyring { connection, group: group.key, id: group.id }.find(&topic)
        })?;
        let Some((_, key)) = key else { continue };
        let request = EnrolmentRequest::open(message, &key)?;
        let device = signing_key(&group)?;
        let entry = group.write(|transaction| {
            transaction.prepare_to_sign(&device)?;
            transaction.sign_and_append(&device, Draft::carry(request.statement()))
        })?;
        return Ok((id, entry));
    }
    Err(StoreError::NoKey)
}
