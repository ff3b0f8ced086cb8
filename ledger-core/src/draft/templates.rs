//! Drafts of templates for recurring expenses and transfers.

use super::refs::{Refs, fitting};
use super::{Draft, DraftError};
use crate::base::id::EntryId;
use crate::base::limits::MAX_OCCURRENCE;
use crate::base::rule::{Refusal, Rule};
use crate::money::Recurrence;
use crate::payload::{Payload, Template, TemplateChange, Transaction};
use crate::state::GroupState;

impl Draft {
    /// Begins a series: the content recurs by the rule, first on its own day, with the numbers from
    /// 0 on and before `end`. The origin of the content is left out.
    ///
    /// # Errors
    /// [`DraftError`] if the transaction names an unknown member, or a member twice, or if the end
    /// is above 1,000,000.
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
    ///
    /// # Errors
    /// As [`Draft::template`], and if `base` is above `from`.
    pub fn template_change(
        state: &GroupState,
        series: EntryId,
        (from, base): (u64, u64),
        transaction: &Transaction,
        rule: Recurrence,
        end: Option<u64>,
    ) -> Result<Self, DraftError> {
        if base > from {
            return Err(Refusal::new(Rule::P10).into());
        }
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
    let numbers = end.into_iter().chain(change.map(|(_, from, _)| from));
    if numbers.into_iter().any(|number| number > MAX_OCCURRENCE) {
        return Err(Refusal::new(Rule::P10).into());
    }
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
        Ok(Draft { payload: Payload::Template(template), refs: refs.ids })
    })
}
