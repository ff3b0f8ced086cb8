//! Feed of changes for the app.

use std::sync::Arc;
use std::time::Duration;

use ledger_core::GroupId;
use ledger_store::Changes;

use crate::error::{CallbackError, ErrorCode, LedgerError};
use crate::group::Arrival;

/// Changes in one group since the last report.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Change {
    /// The group.
    pub group: GroupId,
    /// How many entries are new.
    pub new_entries: u64,
    /// The last of them, at most 256, in the order in which they came.
    /// `Lists.arrived` has all.
    pub arrivals: Vec<Arrival>,
    /// Whether members, their names or devices, or the group's name changed.
    pub members: bool,
    /// Whether balances changed.
    pub balances: bool,
    /// Whether verdicts on earlier entries changed, so that any list may show other
    /// rows.
    pub verdicts: bool,
    /// Whether the group was deleted from this device.
    pub deleted: bool,
}

impl From<ledger_store::Change> for Change {
    fn from(change: ledger_store::Change) -> Self {
        Self {
            group: change.group,
            new_entries: change.new_entries,
            arrivals: change.arrivals.into_iter().map(Into::into).collect(),
            members: change.members,
            balances: change.balances,
            verdicts: change.verdicts,
            deleted: change.deleted,
        }
    }
}

/// Listener for changes in groups.
#[uniffi::export(foreign)]
pub trait ChangeListener: Send + Sync {
    /// Takes a change after it was written. The library calls this on a thread of its
    /// own, one call at a time. Changes that come while a call runs are joined into one
    /// per group. The listener may call the ledger. It must not stop its own watch.
    ///
    /// # Errors
    /// An error that the listener throws ends the watch.
    fn on_change(&self, change: Change) -> Result<(), CallbackError>;
}

/// Watch over a ledger: it reports changes to a listener until it is stopped or
/// released, or the ledger is closed.
#[derive(uniffi::Object)]
pub struct Watch {
    changes: Arc<Changes>,
}

/// Time that the thread sleeps if nothing changes.
const HOUR: Duration = Duration::from_secs(3600);

impl Watch {
    pub(crate) fn start(
        changes: Changes,
        listener: Arc<dyn ChangeListener>,
    ) -> Result<Self, LedgerError> {
        let changes = Arc::new(changes);
        let mailbox = Arc::clone(&changes);
        std::thread::Builder::new()
            .name("ledger-watch".to_owned())
            .spawn(move || {
                while !mailbox.is_closed() {
                    let Some(change) = mailbox.next(HOUR) else { continue };
                    if listener.on_change(change.into()).is_err() {
                        mailbox.close();
                    }
                }
            })
            .map_err(|error| LedgerError::new(ErrorCode::Internal, error.to_string()))?;
        Ok(Self { changes })
    }
}

#[uniffi::export]
impl Watch {
    /// Stops the watch. A call of the listener that is under way may end after this.
    ///
    /// # Errors
    /// None; as with every call, a binding may report [`LedgerError`].
    pub fn stop(&self) -> Result<(), LedgerError> {
        self.changes.close();
        Ok(())
    }

    /// Whether the watch has ended: it was stopped, the listener threw an error, or the
    /// ledger was closed.
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
