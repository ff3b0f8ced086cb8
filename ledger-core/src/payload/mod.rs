//! Payloads: the contents of entries, one type per kind (SPEC §4).

mod change;
mod endorsement;
mod epoch;
mod fields;
mod genesis;
mod introduce;
mod ref_index;
mod rotation;
mod setting;
mod speaks;
mod template;
mod transaction;

pub use change::{Cancellation, Copy, Correction, Restoration};
pub use endorsement::Endorsement;
pub use epoch::Epoch;
pub(crate) use fields::read_currency;
pub use genesis::{Genesis, Opening, Predecessor};
pub use introduce::{AddMember, Claim, Placeholder};
pub use ref_index::RefIndex;
pub use rotation::Rotation;
pub use setting::{Setting, SettingError, SettingValue};
pub use speaks::Speaks;
pub use template::{Template, TemplateChange};
pub use transaction::{
    Difference, Expense, HintError, Hints, PaidIn, Receipt, Transaction, Transfer,
};

use crate::base::codec::{Reader, Writer};
use crate::base::rule::{Refusal, Rule};
use crate::header::{Header, Kind};
use crate::statement::SignedStatement;

/// Content of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Payload {
    /// The beginning of a group, with its founder.
    Genesis(Box<Genesis>),
    /// Merges several heads into one; has no content.
    Merge,
    /// Introduces a person with a card.
    AddMember(Box<AddMember>),
    /// Introduces a person who has no key.
    Placeholder(Placeholder),
    /// Hands a placeholder to a person.
    Claim(Box<Claim>),
    /// Vouches for the member that the entry at this ref introduces.
    Adopt(RefIndex),
    /// Carries a statement of the owner or of a member.
    Statement(Box<SignedStatement>),
    /// An expense or a transfer.
    Transaction(Transaction<RefIndex>),
    /// Replaces the content of an expense or transfer.
    Correction(Correction),
    /// Ends an expense or transfer.
    Cancellation(Cancellation),
    /// Takes back the cancellations of an expense or transfer.
    Restoration(Restoration),
    /// Records again what a void entry said.
    Copy(Copy),
    /// Confirms or disputes an expense or transfer.
    Endorsement(Endorsement),
    /// Announces the device's new X25519 key.
    Rotation(Rotation),
    /// Begins an epoch: a new key that seals entries in transport.
    Epoch(Epoch),
    /// Sets something for the whole group.
    Setting(Setting),
    /// Template of recurring expenses or transfers.
    Template(Box<Template>),
    /// Says what the device reads.
    Speaks(Speaks),
    /// Payload of a kind or version that this build does not know. The entry is kept and
    /// passed on, and has no effect.
    Opaque,
}

impl Payload {
    /// Reads the payload of an entry with this header, checking every rule
    /// that needs no other entry.
    pub(crate) fn decode(header: &Header, bytes: &[u8]) -> Result<Self, Refusal> {
        if !header.is_known_version() {
            return Ok(Self::Opaque);
        }
        let mut r = Reader::new(bytes);
        let payload = match header.kind() {
            Kind::GENESIS => Self::Genesis(Box::new(Genesis::read(&mut r, header)?)),
            Kind::MERGE => {
                r.array(0)?;
                Self::Merge
            }
            Kind::ADD_MEMBER => Self::AddMember(Box::new(AddMember::read(&mut r, header)?)),
            Kind::PLACEHOLDER => Self::Placeholder(Placeholder::read(&mut r)?),
            Kind::CLAIM => Self::Claim(Box::new(Claim::read(&mut r, header)?)),
            Kind::ADOPT => {
                r.array(1)?;
                Self::Adopt(RefIndex::read(&mut r)?)
            }
            Kind::STATEMENT => Self::Statement(Box::new(SignedStatement::read(&mut r)?)),
            Kind::EXPENSE => Self::Transaction(Expense::read(&mut r)?.into()),
            Kind::TRANSFER => Self::Transaction(Transfer::read(&mut r)?.into()),
            Kind::CORRECTION => Self::Correction(Correction::read(&mut r)?),
            Kind::CANCELLATION => Self::Cancellation(Cancellation::read(&mut r)?),
            Kind::RESTORATION => Self::Restoration(Restoration::read(&mut r)?),
            Kind::COPY => Self::Copy(Copy::read(&mut r)?),
            Kind::ENDORSEMENT => Self::Endorsement(Endorsement::read(&mut r)?),
            Kind::ROTATION => Self::Rotation(Rotation::read(&mut r)?),
            Kind::EPOCH => Self::Epoch(Epoch::read(&mut r, header)?),
            Kind::SETTING => Self::Setting(Setting::read(&mut r)?),
            Kind::TEMPLATE => Self::Template(Box::new(Template::read(&mut r)?)),
            Kind::SPEAKS => Self::Speaks(Speaks::read(&mut r)?),
            _ => return Ok(Self::Opaque),
        };
        r.finish()?;
        payload.check_refs(header)?;
        Ok(payload)
    }

    /// Writes the payload. An opaque payload gives no bytes, as its layout is unknown.
    pub(crate) fn encode(&self) -> Vec<u8> {
        // Most payloads are shorter.
        let mut w = Writer::with_room(256);
        match self {
            Self::Genesis(genesis) => genesis.write(&mut w),
            Self::Merge => w.array(0),
            Self::AddMember(add) => add.write(&mut w),
            Self::Placeholder(placeholder) => placeholder.write(&mut w),
            Self::Claim(claim) => claim.write(&mut w),
            Self::Adopt(target) => {
                w.array(1);
                target.write(&mut w);
            }
            Self::Statement(signed) => signed.write(&mut w),
            Self::Transaction(transaction) => transaction.write(&mut w),
            Self::Correction(correction) => correction.write(&mut w),
            Self::Cancellation(cancellation) => cancellation.write(&mut w),
            Self::Restoration(restoration) => restoration.write(&mut w),
            Self::Copy(copy) => copy.write(&mut w),
            Self::Endorsement(endorsement) => endorsement.write(&mut w),
            Self::Rotation(rotation) => rotation.write(&mut w),
            Self::Epoch(epoch) => epoch.write(&mut w),
            Self::Setting(setting) => setting.write(&mut w),
            Self::Template(template) => template.write(&mut w),
            Self::Speaks(speaks) => speaks.write(&mut w),
            Self::Opaque => {}
        }
        w.into_bytes()
    }

    /// The transaction that the entry records, replaces or copies. `None` for other kinds, also
    /// for a template, which moves no money.
    #[must_use]
    pub fn transaction(&self) -> Option<&Transaction<RefIndex>> {
        match self {
            Self::Transaction(transaction) => Some(transaction),
            Self::Correction(correction) => Some(correction.transaction()),
            Self::Copy(copy) => Some(copy.transaction()),
            _ => None,
        }
    }

    /// The kind of the payload. `None` if the payload is opaque.
    pub(crate) fn kind(&self) -> Option<Kind> {
        Some(match self {
            Self::Genesis(_) => Kind::GENESIS,
            Self::Merge => Kind::MERGE,
            Self::AddMember(_) => Kind::ADD_MEMBER,
            Self::Placeholder(_) => Kind::PLACEHOLDER,
            Self::Claim(_) => Kind::CLAIM,
            Self::Adopt(_) => Kind::ADOPT,
            Self::Statement(_) => Kind::STATEMENT,
            Self::Transaction(transaction) => transaction.kind(),
            Self::Correction(_) => Kind::CORRECTION,
            Self::Cancellation(_) => Kind::CANCELLATION,
            Self::Restoration(_) => Kind::RESTORATION,
            Self::Copy(_) => Kind::COPY,
            Self::Endorsement(_) => Kind::ENDORSEMENT,
            Self::Rotation(_) => Kind::ROTATION,
            Self::Epoch(_) => Kind::EPOCH,
            Self::Setting(_) => Kind::SETTING,
            Self::Template(_) => Kind::TEMPLATE,
            Self::Speaks(_) => Kind::SPEAKS,
            Self::Opaque => return None,
        })
    }

    /// Checks rules P1, P2, Q3, E1 and E2: every index has a ref and every ref an index; the refs of
    /// a carrier are the base of its statement; an epoch's refs are as many as the keys in its box.
    fn check_refs(&self, header: &Header) -> Result<(), Refusal> {
        if let Self::Statement(signed) = self {
            // The base must be in the past of every carrier, and refs are dependencies.
            if signed.statement().base() != header.refs() {
                return Err(Refusal::new(Rule::Q3));
            }
            if header.group() != Some(signed.statement().group()) {
                return Err(Refusal::with_detail(Rule::K3, "a statement for another group"));
            }
            return Ok(());
        }
        if let Self::Epoch(epoch) = self {
            return epoch.check();
        }
        let mut used = vec![false; header.refs().len()];
        let mut outside = false;
        self.each_ref(&mut |index| match used.get_mut(index.as_usize()) {
            Some(slot) => *slot = true,
            None => outside = true,
        });
        if outside {
            return Err(Refusal::new(Rule::P1));
        }
        match used.iter().position(|used| !used) {
            None => Ok(()),
            Some(place) => Err(Refusal::with_detail(Rule::P2, format!("ref {place} is not used"))),
        }
    }

    fn each_ref(&self, visit: &mut dyn FnMut(RefIndex)) {
        match self {
            Self::Genesis(_)
            | Self::Merge
            | Self::AddMember(_)
            | Self::Placeholder(_)
            | Self::Statement(_)
            | Self::Rotation(_)
            | Self::Epoch(_)
            | Self::Setting(_)
            | Self::Speaks(_)
            | Self::Opaque => {}
            Self::Claim(claim) => visit(claim.target()),
            Self::Adopt(target) => visit(*target),
            Self::Transaction(transaction) => transaction.members().for_each(visit),
            Self::Correction(correction) => correction.each_ref(visit),
            Self::Cancellation(cancellation) => visit(cancellation.target()),
            Self::Restoration(restoration) => visit(restoration.target()),
            Self::Copy(copy) => copy.each_ref(visit),
            Self::Endorsement(endorsement) => visit(endorsement.target()),
            Self::Template(template) => template.each_ref(visit),
        }
    }

    /// Checks the certificates and statements that the payload carries (rule
    /// K4).
    pub(crate) fn check_signatures(&self) -> Result<(), Refusal> {
        match self {
            Self::Genesis(genesis) => genesis.check_signatures(),
            Self::AddMember(add) => add.check_signatures(),
            Self::Claim(claim) => claim.check_signatures(),
            Self::Statement(signed) => signed.check(),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every entry in memory holds a payload. So rare and large contents are boxed.
    #[test]
    fn an_expense_sets_the_size_of_all_payloads() {
        let expense = size_of::<Expense<RefIndex>>();
        assert!(size_of::<Payload>() <= expense + 16, "{} of {expense}", size_of::<Payload>());
        assert!(expense <= 184, "{expense}");
    }
}
