//! Recovery of a person who lost all devices (SPEC §16).

mod collect;
mod preview;
mod restore;

use std::io::{Read, Seek};
use std::ops::ControlFlow;
use std::sync::Arc;

use ledger_core::keys::{RootEntropy, RootId};
use ledger_core::messages::recovery::{Added, RecoveryRequest, SharedPerson};
use ledger_core::{EntryId, GroupId};
use zeroize::Zeroizing;

pub use preview::GroupPreview;

use crate::StoreError;
use crate::admitting::{KeptShare, keep_share};
use crate::group::Group;
use crate::platform::progress::Progress;
use crate::sealed::Imported;
use crate::session::Session;

/// Recovery by phrase or by the shares of friends. Borrowed from a `Store`.
#[derive(Clone, Copy)]
pub struct Recovery<'a> {
    session: &'a Arc<Session>,
}

impl<'a> Recovery<'a> {
    pub(crate) fn new(session: &'a Arc<Session>) -> Self {
        Self { session }
    }

    /// The 24 words that restore this person on a new device. For the eyes of the person
    /// only; to be written down on paper.
    ///
    /// # Errors
    /// [`StoreError::NoRootKey`] if this device does not hold the entropy, or
    /// nobody has used it yet.
    pub fn reveal_phrase(&self) -> Result<Zeroizing<String>, StoreError> {
        Ok(self.session.known_entropy()?.ok_or(StoreError::NoRootKey)?.reveal_phrase())
    }

    /// Makes this device that of the person whose phrase was typed.
    ///
    /// # Errors
    /// [`StoreError::Phrase`] says what is wrong with the words;
    /// [`StoreError::OtherPerson`] if this device belongs to another person.
    pub fn restore_phrase(&self, typed: &str) -> Result<(), StoreError> {
        self.session.become_person(&RootEntropy::from_phrase(typed)?)
    }

    /// Reads a bundle that [`Recovery::restore_group`] would open, and keeps
    /// nothing of it: the group is read into memory. Anybody who knows a person's
    /// public recovery key can make a group and a bundle for it, so show the preview to the person
    /// before the group is restored.
    ///
    /// # Errors
    /// As [`Recovery::restore_group`].
    pub fn preview_group(
        &self,
        bundle: &mut (impl Read + Seek),
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<GroupPreview, StoreError> {
        preview::preview_group(self.session, bundle, progress)
    }

    /// Opens a group from a bundle, with nothing but the entropy that a phrase or
    /// friends restored: it can be read at once. To write in it, the device asks
    /// a member for approval (`GroupKeys::request_approval`).
    /// [`Recovery::preview_group`] shows beforehand which group it is.
    ///
    /// A bundle of a group that is here already is imported.
    ///
    /// # Errors
    /// [`StoreError::NoRootKey`] if no entropy was restored,
    /// [`StoreError::NoKey`] if the bundle holds no key for this person,
    /// and as `Bundles::import`.
    pub fn restore_group(
        &self,
        bundle: &mut (impl Read + Seek),
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<(Group, Imported), StoreError> {
        let (group, imported) = restore::restore_group(self.session, bundle, progress)?;
        Ok((Group::new(group), imported))
    }

    /// Approves a member's restored device: appends its enrolment, which the member's root key
    /// has signed. The approval adds nothing to it.
    ///
    /// # Errors
    /// [`StoreError::Enrolment`] if it is not whole or not honest,
    /// [`StoreError::NoKey`] if it is for no group of this device,
    /// [`StoreError::WouldBeVoid`] if it would not count.
    pub fn approve_device(&self, message: &[u8]) -> Result<(GroupId, EntryId), StoreError> {
        restore::approve_device(self.session, message)
    }

    /// Keeps a share that a friend handed over, after checking that it is the
    /// friend's and for this person. It is stored as it came, sealed.
    ///
    /// # Errors
    /// [`StoreError::Share`] if it is for another person or not what it claims to
    /// be, [`StoreError::NoRootKey`] if this device cannot open shares.
    pub fn keep_share(&self, message: &[u8]) -> Result<KeptShare, StoreError> {
        keep_share(self.session, message)
    }

    /// Begins to recover by friends, or shows the request of a recovery that is
    /// under way. The request holds no secret; friends compare its fingerprint
    /// by voice.
    ///
    /// # Errors
    /// [`StoreError`] if the secrets cannot be used.
    pub fn request(&self) -> Result<RecoveryRequest, StoreError> {
        collect::request(self.session)
    }

    /// Adds a share that a friend returned. It is kept as it came, sealed,
    /// until there are enough.
    ///
    /// # Errors
    /// [`StoreError::Share`] says what is wrong with it, and whose it is;
    /// nothing has changed.
    pub fn add_returned_share(&self, message: &[u8]) -> Result<Added, StoreError> {
        collect::add_returned_share(self.session, message)
    }

    /// Progress of the recovery. `None` before the first share.
    ///
    /// # Errors
    /// [`StoreError`] if the database or the secrets cannot be read.
    pub fn progress(
        &self,
    ) -> Result<Option<ledger_core::messages::recovery::Progress>, StoreError> {
        collect::progress(self.session)
    }

    /// The people whom the returned shares name. Honest friends return shares of one person; a
    /// false one can return shares that they made themselves.
    ///
    /// # Errors
    /// [`StoreError`] if the database or the secrets cannot be read.
    pub fn people(&self) -> Result<Vec<SharedPerson>, StoreError> {
        collect::people(self.session)
    }

    /// The person with this fingerprint, with or without its spaces, out of [`Recovery::people`].
    ///
    /// # Errors
    /// [`StoreError::UnknownPerson`] if no share names them, [`StoreError`] if the database or the
    /// secrets cannot be read.
    pub fn person(&self, fingerprint: &str) -> Result<SharedPerson, StoreError> {
        collect::person(self.session, fingerprint)
    }

    /// Puts the shares together, and makes this device that of the only person whose shares
    /// suffice.
    ///
    /// # Errors
    /// [`StoreError::Share`] if there are too few, they do not fit, or those of several people
    /// suffice; [`StoreError::OtherPerson`] if this device belongs to another person.
    pub fn recover_from_shares(&self) -> Result<(), StoreError> {
        collect::recover_from_shares(self.session, None)
    }

    /// Like [`Recovery::recover_from_shares`], for the person with this root key, out of
    /// [`Recovery::people`].
    ///
    /// # Errors
    /// As [`Recovery::recover_from_shares`].
    pub fn recover_person_from_shares(&self, root: RootId) -> Result<(), StoreError> {
        collect::recover_from_shares(self.session, Some(root))
    }

    /// Ends a recovery: shares that come later can no longer be used.
    ///
    /// # Errors
    /// [`StoreError`] if the database or the secrets cannot be written.
    pub fn cancel(&self) -> Result<(), StoreError> {
        collect::cancel(self.session)
    }
}
