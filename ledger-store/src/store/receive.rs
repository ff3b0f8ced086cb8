//! One call for any file or message that reached this device.

use std::io::{Read, Seek, SeekFrom};
use std::ops::ControlFlow;

use ledger_core::GroupId;
use ledger_core::messages::invite::JoinError;
use ledger_core::messages::recovery::Added;
use ledger_core::messages::{MessageKind, message_from_text};
use zeroize::Zeroizing;

use super::Store;
use crate::StoreError;
use crate::admitting::{KeptShare, Received};
use crate::platform::progress::Progress;
use crate::sealed::{Imported, RecordReader, find_addressee, import_records};

/// Most bytes of a message, as bytes or as text. Larger files are bundles.
const MAX_MESSAGE_BYTES: u64 = 256 << 10;

/// Result of receiving a file or message: its kind, and what was done with it.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[expect(clippy::large_enum_variant, reason = "there is one of it for each file")]
pub enum Receipt {
    /// A bundle; it was imported. A file of several bundles may be of several groups.
    Imported(Vec<(GroupId, Imported)>),
    /// The answer to a request to join; the group was entered, and what came with the answer was
    /// imported. `None` if nothing came with it: the entries come in a bundle.
    Entered(GroupId, Option<Imported>),
    /// A bundle of no group that is here, or sealed under keys that this device lacks. Nothing was
    /// imported.
    OtherGroup,
    /// A request to join by an invite that was made here.
    JoinRequest(Received),
    /// A friend's share, which is kept now.
    KeptShare(KeptShare),
    /// A share of this person's own phrase, which a friend returned.
    ReturnedShare(Added),
    /// A message for which nothing was done, because a person must look at it first (an invite, a
    /// step of a pairing, a friend's recovery request, a restored device to be approved), or because
    /// nothing is left to do (an answer without entries, whose group was entered before).
    Message(MessageKind),
}

impl Store {
    /// Takes any file or message, finds out what it is, and does what needs no decision of a
    /// person: imports bundles, enters groups, takes requests, keeps shares.
    ///
    /// A bundle whose records came in an order that fits no memory is read twice.
    ///
    /// # Errors
    /// [`StoreError::NoBundle`] if it is nothing of this library or nothing of it is intact,
    /// [`StoreError::Cancelled`], and the errors of the call for what it is.
    pub fn receive(
        &self,
        input: &mut (impl Read + Seek),
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Receipt, StoreError> {
        if let Some(message) = message(input)? {
            let kind = MessageKind::from_message(&message)?;
            return self.receive_message(kind, &message);
        }
        let (before, mut entered) = (self.group_ids()?, None);
        let found = find_addressee(&self.0, RecordReader::new(input), progress, |answer| {
            match self.joining().enter(answer) {
                Ok(group) => {
                    // An answer is good a second time, for what came behind it.
                    entered = Some(group.id()).filter(|id| !before.contains(id));
                    Ok(Some(group.id()))
                }
                // The records behind it tell the group, if it is here.
                Err(StoreError::Join(JoinError::NotForUs)) => Ok(None),
                Err(error) => Err(error),
            }
        })?;
        let Some(group) = found else { return Ok(Receipt::OtherGroup) };
        let mut imported = self.import(group, input, progress)?;
        if entered == Some(group) {
            imported.is_ours = true;
            return Ok(Receipt::Entered(group, Some(imported)));
        }
        let others: Vec<GroupId> = imported.other_groups.iter().copied().collect();
        let mut all = vec![(group, imported)];
        for other in others {
            all.push((other, self.import(other, input, progress)?));
        }
        Ok(Receipt::Imported(all))
    }

    fn receive_message(&self, kind: MessageKind, message: &[u8]) -> Result<Receipt, StoreError> {
        match kind {
            MessageKind::JoinRequest => {
                Ok(Receipt::JoinRequest(self.joining().receive_request(message)?))
            }
            MessageKind::JoinAnswer => {
                let before = self.group_ids()?;
                let group = self.joining().enter(message)?.id();
                Ok(match before.contains(&group) {
                    true => Receipt::Message(kind),
                    false => Receipt::Entered(group, None),
                })
            }
            MessageKind::Share => Ok(Receipt::KeptShare(self.recovery().keep_share(message)?)),
            MessageKind::ShareReturn => {
                Ok(Receipt::ReturnedShare(self.recovery().add_returned_share(message)?))
            }
            _ => Ok(Receipt::Message(kind)),
        }
    }

    /// Imports a file into a group, and reads it once more where that brings more: records found no
    /// room to wait for keys that came behind them, or what was left out in one batch turned out in a
    /// later one to be needed.
    fn import(
        &self,
        group: GroupId,
        input: &mut (impl Read + Seek),
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Imported, StoreError> {
        let group = self.0.group(group)?;
        input.seek(SeekFrom::Start(0)).map_err(StoreError::Bundle)?;
        let first = import_records(&group, RecordReader::new(input), progress)?;
        let no_room = first.not_kept > 0 && (first.added > 0 || first.incomplete > 0);
        let needed_later = first.left_out > 0 && first.incomplete > 0;
        if !no_room && !needed_later {
            return Ok(first);
        }
        input.seek(SeekFrom::Start(0)).map_err(StoreError::Bundle)?;
        let second = import_records(&group, RecordReader::new(input), progress)?;
        Ok(second.after(first))
    }
}

/// The message that a file holds, as bytes or as text; `None` if it holds something else.
fn message(input: &mut (impl Read + Seek)) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
    input.seek(SeekFrom::Start(0)).map_err(StoreError::Bundle)?;
    let mut bytes = Zeroizing::new(Vec::new());
    let limit = MAX_MESSAGE_BYTES.saturating_add(1);
    input.by_ref().take(limit).read_to_end(&mut bytes).map_err(StoreError::Bundle)?;
    input.seek(SeekFrom::Start(0)).map_err(StoreError::Bundle)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > MAX_MESSAGE_BYTES {
        return Ok(None);
    }
    if MessageKind::from_message(&bytes).is_ok() {
        return Ok(Some(bytes));
    }
    let text = std::str::from_utf8(&bytes).ok().and_then(|text| message_from_text(text).ok());
    Ok(text.filter(|message| MessageKind::from_message(message).is_ok()))
}
