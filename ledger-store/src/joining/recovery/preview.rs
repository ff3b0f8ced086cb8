//! A preview of a group in a bundle.

use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

use ledger_core::GroupId;

use super::restore::restore_group;
use crate::StoreError;
use crate::database::Settings;
use crate::platform::progress::OnProgress;
use crate::session::Session;

/// Preview of the group that a bundle would restore, for the person to look at first.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupPreview {
    /// The group.
    pub id: GroupId,
    /// Its name.
    pub name: String,
    /// The names of its members, each different from the others'.
    pub members: Vec<String>,
    /// Number of entries that the bundle brings.
    pub entries: u64,
}

pub(super) fn preview_group(
    session: &Arc<Session>,
    bundle: &mut (impl Read + Seek),
    progress: OnProgress<'_>,
) -> Result<GroupPreview, StoreError> {
    let entropy = session.known_entropy()?.ok_or(StoreError::NoRootKey)?;
    let scratch = Session::in_memory(Settings::default())?;
    scratch.become_person(&entropy)?;
    let (group, _) = restore_group(&scratch, bundle, progress)?;
    bundle.seek(SeekFrom::Start(0)).map_err(StoreError::Bundle)?;
    let ledger = group.ledger()?;
    let (state, labels) = (ledger.state(), ledger.state().labels());
    let name = |id| labels.get(&id).cloned().unwrap_or_default();
    Ok(GroupPreview {
        id: group.id,
        name: state.name().to_owned(),
        members: state.members().into_iter().map(|(id, _)| name(id)).collect(),
        entries: ledger.frontier().entries(),
    })
}
