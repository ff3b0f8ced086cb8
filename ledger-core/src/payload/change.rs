//! Corrections, cancellations, restorations and copies (SPEC §4.6 to §4.8, §4.14).

use super::{RefIndex, Transaction};
use crate::base::codec::{Reader, Writer};
use crate::base::limits::MAX_TEXT_BYTES;
use crate::base::rule::{Refusal, Rule};
use crate::header::Kind;

/// Correction that replaces the whole content of a transaction:
/// `[target, kind, content]`. An expense may become a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    pub(crate) target: RefIndex,
    pub(crate) transaction: Transaction<RefIndex>,
}

impl Correction {
    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(3)?;
        let target = RefIndex::read(r)?;
        let kind = u16::try_from(r.uint()?).map_err(|_| Refusal::new(Rule::H6))?;
        let transaction = Transaction::read(Kind::from_number(kind), r)?;
        Ok(Self { target, transaction })
    }

    pub(super) fn write(&self, w: &mut Writer) {
        w.array(3);
        self.target.write(w);
        w.uint(u64::from(self.transaction.kind().number()));
        self.transaction.write(w);
    }

    pub(super) fn each_ref(&self, visit: &mut dyn FnMut(RefIndex)) {
        visit(self.target);
        self.transaction.members().for_each(visit);
    }

    /// The entry that first recorded the transaction.
    #[must_use]
    pub fn target(&self) -> RefIndex {
        self.target
    }

    /// The new content.
    #[must_use]
    pub fn transaction(&self) -> &Transaction<RefIndex> {
        &self.transaction
    }
}

/// Cancellation that ends a transaction until a restoration: `[target, reason]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cancellation {
    pub(crate) target: RefIndex,
    pub(crate) reason: Option<String>,
}

impl Cancellation {
    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(2)?;
        let target = RefIndex::read(r)?;
        let reason = r.optional(|r| r.text(MAX_TEXT_BYTES).map(str::to_owned))?;
        Ok(Self { target, reason })
    }

    pub(super) fn write(&self, w: &mut Writer) {
        w.array(2);
        self.target.write(w);
        w.optional(self.reason.as_deref(), Writer::text);
    }

    /// The entry that first recorded the transaction.
    #[must_use]
    pub fn target(&self) -> RefIndex {
        self.target
    }

    /// The reason, if the author gave one.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }
}

/// Restoration that takes back the cancellations of a transaction: `[target]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restoration {
    pub(crate) target: RefIndex,
}

impl Restoration {
    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(1)?;
        Ok(Self { target: RefIndex::read(r)? })
    }

    pub(super) fn write(&self, w: &mut Writer) {
        w.array(1);
        self.target.write(w);
    }

    /// The entry that first recorded the transaction.
    #[must_use]
    pub fn target(&self) -> RefIndex {
        self.target
    }
}

/// Copy that records the content of a void entry again, by another author:
/// `[original, kind, content]`. It names the original, never another copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copy {
    pub(crate) original: RefIndex,
    pub(crate) transaction: Transaction<RefIndex>,
}

impl Copy {
    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        // Copies and corrections have one layout.
        let Correction { target: original, transaction } = Correction::read(r)?;
        Ok(Self { original, transaction })
    }

    pub(super) fn write(&self, w: &mut Writer) {
        let Self { original, transaction } = self.clone();
        Correction { target: original, transaction }.write(w);
    }

    pub(super) fn each_ref(&self, visit: &mut dyn FnMut(RefIndex)) {
        visit(self.original);
        self.transaction.members().for_each(visit);
    }

    /// The entry that first recorded the transaction.
    #[must_use]
    pub fn original(&self) -> RefIndex {
        self.original
    }

    /// The content.
    #[must_use]
    pub fn transaction(&self) -> &Transaction<RefIndex> {
        &self.transaction
    }
}
