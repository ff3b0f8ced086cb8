//! Admitting a person who asked.

use std::io::Write;
use std::sync::Arc;

use ledger_core::bundle::{MAX_RECORD_BYTES, frame};
use ledger_core::engine::Payload;
use ledger_core::keys::DeviceKey;
use ledger_core::messages::invite::{JoinAnswer, JoinRequest};
use ledger_core::{EntryId, GroupId, MemberId};

use super::request_rows::{RequestId, note_admitted, waiting};
use crate::StoreError;
use crate::entries::{GroupTransaction, NewEntry};
use crate::keyring::signing_key;
use crate::platform::environment::random;
use crate::platform::progress::OnProgress;
use crate::sealed::{Exported, Since, export_bundle};
use crate::session::GroupSession;
use crate::statements::{Proposal, StatementIntent, propose, sign_and};

/// Result of admitting a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admitted {
    /// The group.
    pub group: GroupId,
    /// The entry that admits the person.
    pub entry: EntryId,
    /// The message to send back, with a bundle of the group. The person's device enters the group
    /// with it.
    pub answer: Vec<u8>,
}

/// The kind of entry that admits a person.
pub(super) enum AdmissionPath {
    /// Adds a new member.
    Add,
    /// Claims a placeholder that this device's member introduced.
    Claim(MemberId),
    /// Binds a member to new keys, signed by the owner; earlier keys end.
    Bind(MemberId),
}

pub(super) fn propose_admission(
    group: &GroupSession,
    id: RequestId,
) -> Result<Option<Proposal>, StoreError> {
    let kept = waiting(group, id)?;
    match group
        .try_and_roll_back(|transaction| admission_path(transaction, group, kept.for_member))?
    {
        AdmissionPath::Add | AdmissionPath::Claim(_) => Ok(None),
        AdmissionPath::Bind(member) => {
            let card = Box::new(kept.request.card().clone());
            propose(group, StatementIntent::Bind { member, card, since: None }).map(Some)
        }
    }
}

pub(super) fn admit(
    group: &GroupSession,
    id: RequestId,
    proposal: Option<&Proposal>,
) -> Result<Admitted, StoreError> {
    let kept = waiting(group, id)?;
    let device = signing_key(group)?;
    let Some(proposal) = proposal else {
        return group.write(|transaction| {
            let path = admission_path(transaction, group, kept.for_member)?;
            let entry = append_admission(transaction, &device, &path, &kept.request)?;
            note_admitted(transaction.connection(), id, entry)?;
            seal_answer(transaction, &kept.request, entry)
        });
    };
    let is_this = matches!(proposal.intent(), StatementIntent::Bind { member, card, since: None }
        if Some(*member) == kept.for_member && **card == *kept.request.card());
    if !is_this {
        return Err(StoreError::ProposalOutdated);
    }
    sign_and(group, proposal, |transaction, entry| {
        note_admitted(transaction.connection(), id, entry)?;
        seal_answer(transaction, &kept.request, entry)
    })
}

pub(super) fn write_welcome(
    group: &GroupSession,
    admitted: &Admitted,
    out: &mut dyn Write,
    progress: OnProgress<'_>,
) -> Result<Exported, StoreError> {
    if admitted.answer.len() > MAX_RECORD_BYTES {
        return Err(StoreError::Bundle(std::io::ErrorKind::FileTooLarge.into()));
    }
    out.write_all(&frame(&admitted.answer)).map_err(StoreError::Bundle)?;
    export_bundle(group, Since::Beginning, out, progress)
}

/// The kind of entry that admits a person who asks for the identity of `for_member`.
pub(super) fn admission_path(
    transaction: &GroupTransaction<'_>,
    group: &GroupSession,
    for_member: Option<MemberId>,
) -> Result<AdmissionPath, StoreError> {
    let Some(member) = for_member else { return Ok(AdmissionPath::Add) };
    let state = transaction.ledger().state();
    let placeholder = state.member(member).filter(|member| member.is_placeholder());
    let first = state.first_introduction(member);
    let (Some(_), Some(first)) = (placeholder, first) else {
        return Ok(AdmissionPath::Bind(member));
    };
    let me = state.device_owner(group.device);
    let introducer = match transaction.stored(first)?.decoded().payload() {
        Payload::Placeholder(placeholder) => placeholder.card().introducer(),
        _ => None,
    };
    Ok(if introducer.is_some() && introducer == me {
        AdmissionPath::Claim(member)
    } else {
        AdmissionPath::Bind(member)
    })
}

/// Appends the entry that admits a person.
///
/// # Errors
/// [`StoreError::NeedsProposal`] if only the owner can admit them.
pub(super) fn append_admission(
    transaction: &mut GroupTransaction<'_>,
    device: &DeviceKey,
    path: &AdmissionPath,
    request: &JoinRequest,
) -> Result<EntryId, StoreError> {
    let card = Box::new(request.card().clone());
    let entry = match path {
        AdmissionPath::Add => NewEntry::Member { card },
        AdmissionPath::Claim(member) => NewEntry::Claim { member: *member, card },
        AdmissionPath::Bind(member) => return Err(StoreError::NeedsProposal(*member)),
    };
    transaction.record(device, &entry)
}

/// Seals the answer to a request that was granted.
pub(super) fn seal_answer(
    transaction: &GroupTransaction<'_>,
    request: &JoinRequest,
    entry: EntryId,
) -> Result<Admitted, StoreError> {
    let genesis = transaction.stored(transaction.ledger().group().genesis())?;
    let seed = random(transaction.environment())?;
    let answer = JoinAnswer { genesis: &Arc::unwrap_or_clone(genesis), admitted_by: entry };
    let answer = answer.seal(request.card().card(), &seed)?;
    Ok(Admitted { group: transaction.ledger().group(), entry, answer })
}
