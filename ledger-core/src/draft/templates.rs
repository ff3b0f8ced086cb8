//! Drafts of templates for recurring expenses and transfers.

use super::refs::{Refs, fitting};
use super::{Draft, DraftError};
use crate::base::id::EntryId;
use crate::money::Recurrence;
use crate::payload::{Payload, Template, TemplateChange, Transaction};
use crate::state::GroupState;

impl Draft {
    /// Begins a series: the content recurs by the rule, first on its own day, with the numbers from
    /// 0 on and before `end`. The origin of the content is left out. [`Draft::sign`] refuses numbers
    /// that break rule P10.
    ///
    /// # Errors
    /// [`DraftError`] if the transaction names an unknown member, or a member twice.
    pub fn template(
        state: &GroupState,
        transaction: &Transaction,
        rule: Recurrence,
        end: Option<u64>,
    ) -> Result<Self, DraftError> {
        draft(state, transaction, rule, end, None)
    }

    /// Changes a series, which the template `series` began: from the number `from` on, the content
    /// recurs by the rule. Number `base` falls on the content's own day; it is not above `from`.
    /// [`Draft::sign`] refuses numbers that break rule P10.
    ///
    /// # Errors
    /// As [`Draft::template`].
    pub fn template_change(
        state: &GroupState,
        series: EntryId,
        (from, base): (u64, u64),
        transaction: &Transaction,
        rule: Recurrence,
        end: Option<u64>,
    ) -> Result<Self, DraftError> {
        draft(state, transaction, rule, end, Some((series, from, base)))
    }
}

fn draft(
    state: &GroupState,
    transaction: &Transaction,
    rule: Recurrence,
    end: Option<u64>,
    change: Option<(EntryId, u64, u64)>,
) -> Result<Draft, DraftError> {
    let transaction = transaction.clone().recorded_as(transaction.date(), None);
    fitting(&transaction, |transaction| {
        let refs = Refs::collect(state, transaction, change.map(|(series, ..)| series))?;
        let change = match change {
            Some((series, from, base)) => {
                Some(TemplateChange { target: refs.entry(series)?, from, base })
            }
            None => None,
        };
        let template = Template { transaction: refs.transaction(transaction)?, rule, end, change };
        Ok(Draft { payload: Payload::Template(Box::new(template)), refs: refs.ids })
    })
}
