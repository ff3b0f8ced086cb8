//! One call for any file that reached this device.

use std::sync::Arc;

use ledger_core::{GroupId, MemberId};
use ledger_store::{Receipt, Received};

use super::Ledger;
use super::joining::RequestOutcome;
use super::recovery::ReturnedShare;
use crate::error::{ErrorCode, LedgerError};
use crate::group::BundleImport;
use crate::platform::{ProgressListener, open_file, with_progress};
use crate::values::MessageKind;

/// Result of receiving a file: its kind, and what was done with it.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum FileReceipt {
    /// A bundle; it was imported.
    Imported {
        /// The groups that it is of, mostly one, each with the result.
        imports: Vec<ImportedGroup>,
    },
    /// The answer to a request to join. The group was entered, and what came with the answer
    /// was imported.
    Entered {
        /// The group.
        group: GroupId,
        /// The result of importing what came with the answer; none if nothing did. Then the
        /// entries come in a bundle.
        report: Option<BundleImport>,
    },
    /// A bundle of no group that is here, or sealed under keys that this device lacks. Nothing
    /// was imported.
    OtherGroup,
    /// A request to join by an invite of this device.
    JoinRequest {
        /// What became of it.
        outcome: RequestOutcome,
    },
    /// A friend's share, which this device keeps now.
    KeptShare {
        /// The group in which they are friends.
        group: GroupId,
        /// The friend whose phrase it is a share of.
        friend: MemberId,
    },
    /// A share of this person's phrase, which a friend returned.
    ReturnedShare {
        /// Whose it was, and how far the recovery is.
        share: ReturnedShare,
    },
    /// A message for which nothing was done, because a person must look at it first, or because
    /// nothing is left to do: an answer without entries, whose group was entered before.
    Message {
        /// Its kind, which tells the call that takes it.
        kind: MessageKind,
    },
}

/// A group into which a file was imported.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ImportedGroup {
    /// The group.
    pub group: GroupId,
    /// The result.
    pub report: BundleImport,
}

#[uniffi::export]
impl Ledger {
    /// Takes any file that somebody sent: finds out what it is, and does what needs no
    /// decision of a person. Bundles are imported into their groups, groups are entered,
    /// requests to join are received, shares are kept. It takes long.
    ///
    /// # Errors
    /// `NoBundle` if the file is nothing of this library, `Cancelled`, `CallbackFailed`, and
    /// the errors of the call for what it is.
    #[uniffi::method(default(listener = None))]
    pub fn receive_file(
        &self,
        path: &str,
        listener: Option<Arc<dyn ProgressListener>>,
    ) -> Result<FileReceipt, LedgerError> {
        let (store, mut file) = (self.store.store()?, open_file(path)?);
        let receipt = with_progress(listener, |progress| store.receive(&mut file, progress))?;
        Ok(match receipt {
            Receipt::Imported(all) => FileReceipt::Imported {
                imports: all.into_iter().map(ImportedGroup::from).collect(),
            },
            Receipt::Entered(group, report) => {
                FileReceipt::Entered { group, report: report.map(BundleImport::from) }
            }
            Receipt::OtherGroup => FileReceipt::OtherGroup,
            Receipt::JoinRequest(Received::Admitted(admitted)) => FileReceipt::JoinRequest {
                outcome: RequestOutcome::Admitted { admitted: admitted.into() },
            },
            Receipt::JoinRequest(Received::Waiting(group, _)) => {
                FileReceipt::JoinRequest { outcome: RequestOutcome::Waiting { group } }
            }
            Receipt::KeptShare(share) => {
                FileReceipt::KeptShare { group: share.group, friend: share.member }
            }
            Receipt::ReturnedShare(added) => FileReceipt::ReturnedShare { share: added.into() },
            Receipt::Message(kind) => FileReceipt::Message { kind: kind.try_into()? },
            _ => return Err(LedgerError::plain(ErrorCode::Internal)),
        })
    }
}

impl From<(GroupId, ledger_store::Imported)> for ImportedGroup {
    fn from((group, imported): (GroupId, ledger_store::Imported)) -> Self {
        Self { group, report: imported.into() }
    }
}
