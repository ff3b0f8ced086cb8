//! Telling the app what changed.

use std::sync::Arc;
use std::time::Duration;

use ledger_store::Changes;

use crate::{CallbackError, ErrorCode, LedgerError};

/// What changed in one group since its last change was told.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Change {
    /// The group's id.
    pub group: String,
    /// How many entries are new.
    pub new_entries: u64,
    /// Whether members, their names or devices, or the group's name changed.
    pub members: bool,
    /// Whether balances changed.
    pub balances: bool,
    /// Whether verdicts on earlier entries changed, so that any list may show
    /// other rows.
    pub verdicts: bool,
    /// Whether the group was deleted from this device.
    pub deleted: bool,
}

impl From<ledger_store::Change> for Change {
    fn from(change: ledger_store::Change) -> Self {
        Self {
            group: change.group.to_string(),
            new_entries: change.new_entries,
            members: change.members,
            balances: change.balances,
            verdicts: change.verdicts,
            deleted: change.deleted,
        }
    }
}

/// Is told what changed.
#[uniffi::export(foreign)]
pub trait ChangeListener: Send + Sync {
    /// Called after a commit, on a thread of the library's own, one call at a
    /// time. Changes that come while a call runs are joined into one per group.
    /// It may call the ledger, but not stop its own watch.
    ///
    /// # Errors
    /// Whatever the listener throws ends the watch.
    fn on_change(&self, change: Change) -> Result<(), CallbackError>;
}

/// Tells a listener what changes, until it is stopped or let go, or the ledger
/// is closed.
#[derive(uniffi::Object)]
pub struct Watch {
    changes: Arc<Changes>,
}

/// How long the thread sleeps if nothing changes and nobody wakes it.
const HOUR: Duration = Duration::from_secs(3600);

impl Watch {
    pub(crate) fn start(
        changes: Changes,
        listener: Arc<dyn ChangeListener>,
    ) -> Result<Self, LedgerError> {
        let changes = Arc::new(changes);
        let told = Arc::clone(&changes);
        std::thread::Builder::new()
            .name("ledger-watch".to_owned())
            .spawn(move || {
                while !told.is_closed() {
                    let Some(change) = told.next(HOUR) else { continue };
                    if listener.on_change(change.into()).is_err() {
                        told.close();
                    }
                }
            })
            .map_err(|error| LedgerError::new(ErrorCode::Internal, error.to_string()))?;
        Ok(Self { changes })
    }
}

#[uniffi::export]
impl Watch {
    /// Tells nothing more; a call that is under way may still end after this.
    ///
    /// # Errors
    /// None; as with every call, a binding may report [`LedgerError`].
    pub fn stop(&self) -> Result<(), LedgerError> {
        self.changes.close();
        Ok(())
    }

    /// Whether nothing more will be told: it was stopped, the listener threw,
    /// or the ledger was closed.
    ///
    /// # Errors
    /// None; as with every call, a binding may report [`LedgerError`].
    pub fn is_stopped(&self) -> Result<bool, LedgerError> {
        Ok(self.changes.is_closed())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.changes.close();
    }
}
