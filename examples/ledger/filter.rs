//! Filters of expenses and transfers, as options say them.

use ledger_core::{Currency, Direction, GroupState};
use ledger_store::{Condition, Filter};

use crate::args::{Expenses, Filters, OfKind, Way, YesOrNo};
use crate::context::People;
use crate::failure::Failure;
use crate::parts::{amount, said, usage};
use crate::statement::currency_of;

/// The filter of the list of expenses.
///
/// # Errors
/// As [`filter`].
pub(crate) fn of_expenses(
    arguments: &Expenses,
    state: &GroupState,
    people: &People,
) -> Result<Filter, Failure> {
    let mut filter = filter(&arguments.filters, state, people)?;
    filter.conditions.extend(arguments.kind.map(|kind| match kind {
        OfKind::Expense => Condition::Transfer(false),
        OfKind::Transfer => Condition::Transfer(true),
    }));
    let cancelled = arguments.cancelled.map(|answer| answer == YesOrNo::Yes);
    filter.conditions.extend(cancelled.map(Condition::Cancelled));
    Ok(filter)
}

/// The filter that the options say.
///
/// # Errors
/// [`Failure::Usage`] if one of them can let nothing through.
pub(crate) fn filter(
    arguments: &Filters,
    state: &GroupState,
    people: &People,
) -> Result<Filter, Failure> {
    let (from, to) = (arguments.from, arguments.to);
    if let (Some(from), Some(to)) = (from, to)
        && from > to
    {
        return usage(format!("no day is from {from} on and up to {to}; turn them round"));
    }
    let mut conditions = Vec::new();
    if let Some(name) = &arguments.member {
        conditions.push(Condition::Member(people.find(name)?));
    }
    if let Some(name) = &arguments.payer {
        conditions.push(Condition::Payer(people.find(name)?));
    }
    let category = said("--category", arguments.category.as_ref())?;
    conditions.extend(category.cloned().map(Condition::Category));
    for tag in &arguments.tag {
        conditions.extend(said("--tag", Some(tag))?.cloned().map(Condition::Tag));
    }
    let currency = arguments.currency.as_ref().map(|code| currency_of(state, code)).transpose()?;
    conditions.extend(currency.map(Condition::Currency));
    conditions.extend(amounts(arguments, currency, state)?);
    conditions.extend(arguments.direction.map(|way| {
        Condition::Direction(match way {
            Way::Spent => Direction::Outgoing,
            Way::Received => Direction::Incoming,
        })
    }));
    if let Some(text) = &arguments.text {
        if !text.contains(char::is_alphanumeric) {
            return usage("--text has no word in it; leave it out, or write one".to_owned());
        }
        conditions.push(Condition::Text(text.clone()));
    }
    Ok(Filter::default().since(from).until(to).conditions(conditions))
}

/// The bounds of amounts. How many decimals an amount has depends on its currency.
fn amounts(
    arguments: &Filters,
    currency: Option<Currency>,
    state: &GroupState,
) -> Result<Vec<Condition>, Failure> {
    let (least, most) = (&arguments.at_least, &arguments.at_most);
    if least.is_none() && most.is_none() {
        return Ok(Vec::new());
    }
    let mut all = state.currencies();
    let currency = match (currency, all.next(), all.next()) {
        (Some(currency), ..) | (None, Some(currency), None) => currency,
        (None, None, _) => return Ok(Vec::new()),
        (None, Some(_), Some(_)) => {
            return usage(
                "the group has several currencies; say by --currency in which one --at-least and \
                 --at-most are"
                    .to_owned(),
            );
        }
    };
    let amount = |text: &Option<String>| text.as_ref().map(|t| amount(t, currency)).transpose();
    let (least, most) = (amount(least)?, amount(most)?);
    if let (Some(least), Some(most)) = (least, most)
        && least > most
    {
        let (least, most) = (least.format(currency), most.format(currency));
        return usage(format!("no amount is at least {least} and at most {most}; turn them round"));
    }
    let least = least.map(Condition::AtLeast);
    Ok(least.into_iter().chain(most.map(Condition::AtMost)).collect())
}
