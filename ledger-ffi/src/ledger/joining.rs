//! Joining groups by invites, and the requests of others to join.

use std::sync::Arc;

use ledger_core::GroupId;
use ledger_core::messages::invite::InviteLink;
use ledger_store::Received;

use crate::error::{ErrorCode, LedgerError};
use crate::group::{Admitted, BundleImport, LedgerGroup};
use crate::platform::{ProgressListener, open_file, with_progress};
use crate::store_handle::StoreHandle;
use crate::values::Instant;

/// Joining groups by invites: this device's requests, and requests that come from
/// others.
#[derive(uniffi::Object)]
pub struct Joining {
    store: StoreHandle,
}

impl Joining {
    pub(super) fn new(store: StoreHandle) -> Self {
        Self { store }
    }
}

/// Result of receiving a request to join.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum RequestOutcome {
    /// The person is in the group.
    Admitted {
        /// The entry, and the message for the person.
        admitted: Admitted,
    },
    /// The request waits for approval: show `Invites.join_requests` of the group.
    Waiting {
        /// The group.
        group: GroupId,
    },
}

/// A group that this device has asked to join.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct PendingJoin {
    /// The group.
    pub group: GroupId,
    /// The name that this person wants to have in it.
    pub name: String,
    /// The fingerprint that the inviter sees, to be compared by voice.
    pub fingerprint: String,
    /// When this device asked.
    pub requested_at: Instant,
}

/// A group that was joined with a file.
#[derive(uniffi::Record)]
pub struct JoinedGroup {
    /// The group.
    pub group: Arc<LedgerGroup>,
    /// The result of importing the entries in the file.
    pub report: BundleImport,
}

#[uniffi::export]
impl Joining {
    /// Asks to join a group by an invite's link, under the name `name`. Returns the
    /// message for the inviter's device. Asking again with the same name gives a message
    /// with the same keys.
    ///
    /// # Errors
    /// `InvalidMessage` if the text is no link, `AlreadyIn`, `InvalidJoin` if the name is
    /// empty or too long, or any error of writing the database.
    pub fn join(&self, link: &str, name: &str) -> Result<Vec<u8>, LedgerError> {
        let link = InviteLink::parse(link).map_err(ledger_store::StoreError::from)?;
        Ok(self.store.store()?.joining().join(&link, name)?)
    }

    /// The groups that this device has asked to join, oldest request first.
    ///
    /// # Errors
    /// Any error of reading the database.
    pub fn pending_joins(&self) -> Result<Vec<PendingJoin>, LedgerError> {
        let pending = |join: ledger_store::Join| PendingJoin {
            group: join.group,
            name: join.name,
            fingerprint: join.fingerprint.to_string(),
            requested_at: Instant::from_ms(join.made_ms),
        };
        Ok(self.store.store()?.joining().pending_joins()?.into_iter().map(pending).collect())
    }

    /// Withdraws this device's request to join a group. A welcome that comes later is of
    /// no use.
    ///
    /// # Errors
    /// `UnknownGroup` if this device did not ask to join the group, or any error of
    /// writing the database.
    pub fn cancel_join(&self, group: GroupId) -> Result<(), LedgerError> {
        Ok(self.store.store()?.joining().cancel_join(group)?)
    }

    /// Enters a group with the welcome that answers this device's request. From then on
    /// the group is in this database, at first with its first entry only: import a
    /// bundle of another device.
    ///
    /// # Errors
    /// `InvalidJoin` or `InvalidMessage` if the welcome is for none of this device's
    /// requests, or not genuine.
    pub fn enter(&self, welcome: Vec<u8>) -> Result<Arc<LedgerGroup>, LedgerError> {
        let group = self.store.store()?.joining().enter(&welcome)?;
        Ok(Arc::new(LedgerGroup::new(self.store.clone(), group.id())))
    }

    /// Enters a group with a file that `Invites.write_welcome` wrote, and imports the
    /// entries in it. It takes long.
    ///
    /// # Errors
    /// `InvalidJoin` if the file holds no welcome for this device, and as `enter` and
    /// `Bundles.import_file`. If only the import failed, the group is in this database,
    /// and `Bundles.import_file` takes the file again.
    #[uniffi::method(default(listener = None))]
    pub fn enter_with_bundle(
        &self,
        path: &str,
        listener: Option<Arc<dyn ProgressListener>>,
    ) -> Result<JoinedGroup, LedgerError> {
        let (store, mut file) = (self.store.store()?, open_file(path)?);
        let (group, report) = with_progress(listener, |progress| {
            store.joining().enter_with_bundle(&mut file, progress)
        })?;
        let group = Arc::new(LedgerGroup::new(self.store.clone(), group.id()));
        Ok(JoinedGroup { group, report: report.into() })
    }

    /// Receives the request of another person to join by an invite of this device. A
    /// request that came before has the same result as then.
    ///
    /// # Errors
    /// `InvalidMessage`, `InvalidJoin`, `UnknownInvite`, `InviteExpired`,
    /// `InviteUsedUp`, or as every call that records.
    pub fn receive_request(&self, message: Vec<u8>) -> Result<RequestOutcome, LedgerError> {
        Ok(match self.store.store()?.joining().receive_request(&message)? {
            Received::Admitted(admitted) => RequestOutcome::Admitted { admitted: admitted.into() },
            Received::Waiting(group, _) => RequestOutcome::Waiting { group },
            _ => return Err(LedgerError::plain(ErrorCode::Internal)),
        })
    }
}
