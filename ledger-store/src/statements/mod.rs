//! Statements of the owner and of members: proposed first, then signed.

mod intent;

use std::sync::Arc;

use ledger_core::engine::{Admission, Draft, VerifiedEntry};
use ledger_core::keys::{DeviceKey, Fingerprint, RootEntropy, SignedDevice};
use ledger_core::{DraftError, EntryId, Verdict};

pub use self::intent::StatementIntent;
use crate::StoreError;
use crate::entries::GroupTransaction;
use crate::keyring::{begin_epoch_after_cut, prepare_to_leave, signing_key};
use crate::platform::environment::random;
use crate::session::GroupSession;

/// A statement with its effects, to be shown to the person before they sign it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    intent: StatementIntent,
    fingerprint: Option<Fingerprint>,
    voids: Vec<EntryId>,
    revives: Vec<EntryId>,
    text: String,
    /// Whether the signer has to confirm it, and whether they did.
    needs_confirmation: bool,
    confirmed: bool,
}

impl Proposal {
    /// The statement to be signed.
    #[must_use]
    pub fn intent(&self) -> &StatementIntent {
        &self.intent
    }

    /// The fingerprint of the new keys, to be compared by voice.
    #[must_use]
    pub fn fingerprint(&self) -> Option<Fingerprint> {
        self.fingerprint
    }

    /// Entries that count now and would become void. Members named in them can copy them with
    /// [`NewEntry::VoidEntryCopy`](crate::NewEntry::VoidEntryCopy).
    #[must_use]
    pub fn voids(&self) -> &[EntryId] {
        &self.voids
    }

    /// Entries that are void now and would count.
    #[must_use]
    pub fn revives(&self) -> &[EntryId] {
        &self.revives
    }

    /// Whether the statement has consequences that nobody can take back, so that it is signed only
    /// after [`Proposal::confirm`]: the owner's leave. Nobody else can remove members, and what the
    /// owner signs afterwards reaches others only by hand.
    #[must_use]
    pub fn needs_confirmation(&self) -> bool {
        self.needs_confirmation
    }

    /// Confirms that the signer knows what cannot be taken back.
    pub fn confirm(&mut self) {
        self.confirmed = true;
    }

    /// The statement and its effects in English.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Works out the effects of a statement, for a person to read before signing. Stores nothing.
pub(crate) fn propose(
    group: &GroupSession,
    intent: StatementIntent,
) -> Result<Proposal, StoreError> {
    let keys = Keys::load(group)?;
    // Merge entries that signing needs are signed here as well, and rolled back with the transaction.
    group.try_and_roll_back(|transaction| Ok(weigh(transaction, &keys, intent)?.1))
}

/// Signs a proposal, and runs `then` in the same transaction.
///
/// # Errors
/// [`StoreError::ProposalOutdated`] if the statement would now have other effects,
/// [`StoreError::NotConfirmed`] if it cannot be taken back and was not confirmed.
pub(crate) fn sign_and<T>(
    group: &GroupSession,
    proposal: &Proposal,
    then: impl FnOnce(&mut GroupTransaction<'_>, EntryId) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let keys = Keys::load(group)?;
    group.write(|transaction| {
        if proposal.intent.ends(keys.device.id()) {
            prepare_to_leave(transaction, &keys.device)?;
        }
        let (draft, mut now) = weigh(transaction, &keys, proposal.intent.clone())?;
        now.confirmed = proposal.confirmed;
        if now != *proposal {
            return Err(StoreError::ProposalOutdated);
        }
        if now.needs_confirmation && !now.confirmed {
            return Err(StoreError::NotConfirmed);
        }
        let entry = transaction.sign_and_append(&keys.device, draft)?;
        if proposal.intent.cuts() {
            begin_epoch_after_cut(transaction, &keys.device)?;
        }
        then(transaction, entry)
    })
}

/// Signs the enrolment of a further device in several groups, and runs `then` with the entries in
/// the same transaction: all or nothing.
pub(crate) fn enrol_in_all<T>(
    groups: &[GroupSession],
    devices: Vec<SignedDevice>,
    then: impl FnOnce(Vec<(Arc<VerifiedEntry>, EntryId)>) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    let Some(first) = groups.first() else { return Ok(None) };
    let keys: Vec<Keys> = groups.iter().map(Keys::load).collect::<Result<_, _>>()?;
    let mut rest = keys.iter().zip(devices);
    let enrol = |transaction: &mut GroupTransaction<'_>| {
        let (keys, device) = rest.next().ok_or(StoreError::ProposalOutdated)?;
        let intent = StatementIntent::Enrol { device: Box::new(device) };
        let (draft, _) = weigh(transaction, keys, intent)?;
        let genesis = transaction.stored(transaction.ledger().group().genesis())?;
        Ok((genesis, transaction.sign_and_append(&keys.device, draft)?))
    };
    first.session.write_groups(groups, enrol, then).map(Some)
}

/// Drafts a statement after the current heads, and replays it on a copy of the ledger.
fn weigh(
    transaction: &mut GroupTransaction<'_>,
    keys: &Keys,
    intent: StatementIntent,
) -> Result<(Draft, Proposal), StoreError> {
    transaction.prepare_to_sign(&keys.device)?;
    let (ledger, index) = (transaction.ledger(), transaction.index());
    let new = intent.draft(ledger.state(), keys.device.id())?;
    Draft::check_limits(&new, ledger.state())?;
    let root = keys.entropy.root_key(transaction.root_index()?);
    let nonce = *random(transaction.environment())?;
    let base = ledger.statement_base(&new, intent.since().as_ref(), index)?;
    let draft = Draft::statement(&root, ledger.group(), &new, base, nonce)?;
    let position = ledger.position_of_draft(keys.device.id(), &draft, index)?;
    let position = position.ok_or(DraftError::ForeignDevice)?;
    let now_ms = transaction.environment().now_ms();
    let signed = draft.clone().sign(&keys.device, &position, now_ms)?;
    let admitted = match ledger.admit(signed, index)? {
        Admission::Admitted(admitted) => admitted,
        Admission::Refused(refusal) => return Err(StoreError::Refused(refusal)),
        Admission::Missing(ids) => {
            return Err(StoreError::UnknownEntry(ids.into_iter().collect()));
        }
        // Cannot happen: a fresh nonce makes an entry that nobody has.
        Admission::Duplicate => return Err(StoreError::ProposalOutdated),
    };
    let replayed = ledger.clone().replay(&admitted, index)?;
    if let Verdict::Void(reason) = replayed.verdict() {
        return Err(StoreError::WouldBeVoid(reason));
    }
    let (mut voids, mut revives) = (Vec::new(), Vec::new());
    for flip in replayed.flips() {
        match (transaction.verdict(&flip.id)?.is_applied(), flip.verdict.is_applied()) {
            (true, false) => voids.push(flip.id),
            (false, true) => revives.push(flip.id),
            _ => {}
        }
    }
    let needs_confirmation = intent == StatementIntent::Leave && ledger.is_owner(root.id());
    let effects = (voids.len(), revives.len());
    let text = intent::describe(&intent, ledger.state(), effects, needs_confirmation);
    let fingerprint = intent.fingerprint();
    let proposal = Proposal {
        intent,
        fingerprint,
        voids,
        revives,
        text,
        needs_confirmation,
        confirmed: false,
    };
    Ok((draft, proposal))
}

/// The keys that sign statements. Looked up before the database is locked, because the secret
/// store may take long.
struct Keys {
    device: DeviceKey,
    entropy: RootEntropy,
}

impl Keys {
    fn load(group: &GroupSession) -> Result<Self, StoreError> {
        let entropy = group.session.known_entropy()?.ok_or(StoreError::NoRootKey)?;
        Ok(Self { device: signing_key(group)?, entropy })
    }
}
