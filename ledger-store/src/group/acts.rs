//! Owner and self acts: first what one would bring about, then signing it.

use ledger_core::engine::{Admission, Draft};
use ledger_core::keys::{DeviceKey, Fingerprint, RootEntropy, SignedCard, SignedDevice};
use ledger_core::statement::{Generation, NewStatement};
use ledger_core::{DeviceId, DraftError, EntryId, GroupState, MemberId, Verdict, VoidReason};

use super::{Group, GroupTransaction};
use crate::StoreError;
use crate::environment::random;

/// What the owner says of others, or a member of themselves, under a root key.
///
/// A removal, a bind and a revocation spare what is known here when they are
/// signed. With `since`, they spare nothing that was signed from that entry on,
/// or knowing of it: for a phone that was in the wrong hands for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StatementIntent {
    /// Owner: remove a member.
    Remove {
        /// The member.
        member: MemberId,
        /// The first entry that is not to count.
        since: Option<EntryId>,
    },
    /// Owner: give a member new keys; the earlier ones end.
    Bind {
        /// The member.
        member: MemberId,
        /// What the person sent.
        card: Box<SignedCard>,
        /// The first entry that is not to count.
        since: Option<EntryId>,
    },
    /// Owner: rename the group.
    RenameGroup {
        /// The new name.
        name: String,
    },
    /// Rename oneself.
    Rename {
        /// The new name.
        name: String,
    },
    /// Leave the group.
    Leave,
    /// Enrol a further device of one's own.
    Enrol {
        /// The device, certified by one's root key.
        device: Box<SignedDevice>,
    },
    /// A device of one's own signs no more.
    Revoke {
        /// The device.
        device: DeviceId,
        /// The first entry that is not to count.
        since: Option<EntryId>,
    },
}

/// An act before it is signed: to be shown to the person who signs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    act: StatementIntent,
    fingerprint: Option<Fingerprint>,
    voids: Vec<EntryId>,
    revives: Vec<EntryId>,
    text: String,
}

impl Proposal {
    /// What is to be signed.
    #[must_use]
    pub fn act(&self) -> &StatementIntent {
        &self.act
    }

    /// The fingerprint of the new keys, to be compared by voice.
    #[must_use]
    pub fn fingerprint(&self) -> Option<Fingerprint> {
        self.fingerprint
    }

    /// Entries that count now and would not any more. Members named in them can
    /// record them again ([`NewEntry::Copy`](crate::NewEntry::Copy)).
    #[must_use]
    pub fn voids(&self) -> &[EntryId] {
        &self.voids
    }

    /// Entries that do not count now and would.
    #[must_use]
    pub fn revives(&self) -> &[EntryId] {
        &self.revives
    }

    /// All of it in English.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl Group {
    /// Says what an act would bring about, for a person to read before signing.
    ///
    /// # Errors
    /// [`StoreError::WouldBeVoid`] if it would bring about nothing, as with the
    /// removal of a member by somebody who is not the owner.
    /// [`StoreError::NoRootKey`] if this device cannot sign acts.
    /// [`StoreError::Draft`] if it names somebody unknown or breaks a limit.
    pub fn propose(&self, act: StatementIntent) -> Result<Proposal, StoreError> {
        let keys = self.keys()?;
        self.write(|writer| Ok(self.weigh(writer, &keys, act)?.1))
    }

    /// Signs what was proposed, durably. What else came in since is spared by
    /// it, too.
    ///
    /// # Errors
    /// [`StoreError::ProposalOutdated`] if it would by now bring about
    /// something else. Otherwise as [`Group::propose`].
    pub fn sign(&self, proposal: &Proposal) -> Result<EntryId, StoreError> {
        self.sign_and(proposal, |_, entry| Ok(entry))
    }

    /// As [`Group::sign`], with more to do in the same transaction.
    pub(crate) fn sign_and<T>(
        &self,
        proposal: &Proposal,
        then: impl FnOnce(&mut GroupTransaction<'_>, EntryId) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let keys = self.keys()?;
        self.write(|writer| {
            let (draft, now) = self.weigh(writer, &keys, proposal.act.clone())?;
            if now != *proposal {
                return Err(StoreError::ProposalOutdated);
            }
            let entry = self.keep(writer, &keys.device, draft)?;
            self.after_act(writer, &keys.device, &proposal.act)?;
            then(writer, entry)
        })
    }

    /// Drafts an act where the writer stands, and replays it on a copy.
    fn weigh(
        &self,
        writer: &mut GroupTransaction<'_>,
        keys: &Keys,
        act: StatementIntent,
    ) -> Result<(Draft, Proposal), StoreError> {
        self.merge_heads(writer, &keys.device)?;
        let ledger = writer.ledger();
        let index = writer.index();
        let base = match act.since() {
            Some(entry) => ledger.heads_before(index, &entry)?,
            None => ledger.frontier().heads().collect(),
        };
        let new = act.draft(ledger.state(), self.device)?;
        Draft::check_limits(&new, ledger.state())?;
        let root = keys.entropy.root_key(writer.root_index()?);
        let nonce = *random(writer.environment())?;
        let draft = Draft::act(&root, self.id(), &new, base, nonce)?;
        let position = ledger.next_position(self.device).ok_or(DraftError::ForeignDevice)?;
        let signed = draft.clone().sign(&keys.device, &position, writer.environment().now_ms())?;
        let admitted = match ledger.admit(signed, index)? {
            Admission::Admitted(admitted) => admitted,
            Admission::Refused(refusal) => return Err(StoreError::Refused(refusal)),
            Admission::Missing(ids) => {
                return Err(StoreError::UnknownEntry(ids.into_iter().collect()));
            }
            // A fresh nonce makes an entry that nobody has.
            Admission::Duplicate => return Err(StoreError::ProposalOutdated),
        };
        let replayed = ledger.clone().replay(&admitted, index)?;
        if let Verdict::Void(reason) = replayed.verdict() {
            return Err(StoreError::WouldBeVoid(reason));
        }
        let (mut voids, mut revives) = (Vec::new(), Vec::new());
        for flip in replayed.flips() {
            match (writer.verdict(&flip.id)?.is_applied(), flip.verdict.is_applied()) {
                (true, false) => voids.push(flip.id),
                (false, true) => revives.push(flip.id),
                _ => {}
            }
        }
        let fingerprint = act.fingerprint();
        let text = describe(&act, ledger.state(), voids.len(), revives.len());
        Ok((draft, Proposal { act, fingerprint, voids, revives, text }))
    }

    fn keys(&self) -> Result<Keys, StoreError> {
        let entropy = self.store.known_entropy()?.ok_or(StoreError::NoRootKey)?;
        Ok(Keys { device: self.signing_key()?, entropy })
    }
}

/// What acts are signed with, looked up before the database is locked.
struct Keys {
    device: DeviceKey,
    entropy: RootEntropy,
}

impl StatementIntent {
    fn since(&self) -> Option<EntryId> {
        match self {
            Self::Remove { since, .. } | Self::Bind { since, .. } | Self::Revoke { since, .. } => {
                *since
            }
            _ => None,
        }
    }

    fn fingerprint(&self) -> Option<Fingerprint> {
        match self {
            Self::Bind { card, .. } => Some(card.card().fingerprint()),
            Self::Enrol { device } => Some(device.certificate().fingerprint()),
            _ => None,
        }
    }

    /// The statement, with the generation of this device for self acts.
    fn draft(&self, state: &GroupState, me: DeviceId) -> Result<NewStatement<'_>, StoreError> {
        let known = |member: MemberId| match state.member(member) {
            Some(_) => Ok(member),
            None => Err(DraftError::UnknownMember(member)),
        };
        let own = || -> Result<Generation, DraftError> {
            let mine = state.devices().find(|(_, device, _)| *device == me);
            mine.map(|(generation, ..)| generation).ok_or(DraftError::ForeignDevice)
        };
        Ok(match self {
            Self::Remove { member, .. } => NewStatement::Remove { member: known(*member)? },
            Self::Bind { member, card, .. } => NewStatement::Bind { member: known(*member)?, card },
            Self::RenameGroup { name } => NewStatement::RenameGroup { name },
            Self::Rename { name } => NewStatement::Rename { generation: own()?, name },
            Self::Leave => NewStatement::Leave { generation: own()? },
            Self::Enrol { device } => NewStatement::Enrol { generation: own()?, device },
            Self::Revoke { device, .. } => {
                let generation = own()?;
                // Only one's own devices can be; a typing mistake stays one.
                let mine =
                    |(of, id, _): (Generation, DeviceId, _)| of == generation && id == *device;
                if !state.devices().any(mine) {
                    return Err(StoreError::WouldBeVoid(VoidReason::EnrolmentVoid));
                }
                NewStatement::Revoke { generation, device: *device }
            }
        })
    }
}

fn describe(act: &StatementIntent, state: &GroupState, voids: usize, revives: usize) -> String {
    let labels = state.labels();
    let name = |member: &MemberId| labels.get(member).cloned().unwrap_or_else(|| member.short());
    let mut text = match act {
        StatementIntent::Remove { member, .. } => {
            format!("Remove {} from the group.", name(member))
        }
        StatementIntent::Bind { member, card, .. } => format!(
            "Give {} new keys, and end all earlier ones. Their fingerprint: {}.",
            name(member),
            card.card().fingerprint()
        ),
        StatementIntent::RenameGroup { name } => format!("Rename the group to “{name}”."),
        StatementIntent::Rename { name } => format!("Rename yourself to “{name}”."),
        StatementIntent::Leave => "Leave the group.".to_owned(),
        StatementIntent::Enrol { device } => format!(
            "Let a further device sign for you. Its fingerprint: {}.",
            device.certificate().fingerprint()
        ),
        StatementIntent::Revoke { device, .. } => {
            format!("Device {} signs no more for you.", device.short())
        }
    };
    let mut entries = |count: usize, what: &str| {
        if count > 0 {
            let noun = if count == 1 { "entry" } else { "entries" };
            text.push_str(&format!(" {count} {noun} {what}."));
        }
    };
    entries(voids, "will not count any more");
    entries(revives, "will count again");
    text
}
