//! Writer of beancount ledgers.
//!
//! Each member has an account below `Assets:Members`. What a member pays is added to it and the member's
//! shares are taken from it, so beancount's balance of the account is the member's balance.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use ledger_core::{Currency, Date, GroupState, MemberId, Transaction};

use crate::one_line;
use crate::rows::{Labels, Row};

/// Bytes of the longest name of a commodity.
const LONGEST: usize = 24;

/// The day on which accounts open: before any row.
const FIRST_DAY: &str = "0001-01-01";

/// Writes rows, oldest first, as a ledger for beancount.
///
/// # Errors
/// The error of `out`.
pub fn write(
    state: &GroupState,
    rows: impl IntoIterator<Item = Row>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let labels = Labels::new(state);
    let accounts = accounts(&labels);
    let commodities = commodities(state);
    writeln!(out, "option \"title\" {}", quoted(state.name()))?;
    // Amounts are exact, so no difference is too small to matter.
    for (currency, name) in &commodities {
        writeln!(out, "{FIRST_DAY} commodity {name}\n  name: {}", quoted(currency.code()))?;
    }
    for (member, account) in labels.members().filter_map(|id| Some((id, accounts.get(&id)?))) {
        writeln!(out, "{FIRST_DAY} open {account}\n  name: {}", quoted(labels.label(member)))?;
    }
    for row in rows {
        write_transaction(&row, &accounts, &commodities, out)?;
    }
    Ok(())
}

fn write_transaction(
    row: &Row,
    accounts: &BTreeMap<MemberId, String>,
    commodities: &BTreeMap<Currency, String>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let Row { id, transaction, .. } = row;
    let currency = transaction.currency();
    let symbol = commodities.get(&currency).map_or("XXX", String::as_str);
    let date: Date = transaction.date();
    writeln!(out, "\n{date} * {}", quoted(transaction.description()))?;
    writeln!(out, "  entry: \"{id}\"")?;
    if let Transaction::Expense(expense) = transaction
        && let Some(category) = &expense.category
    {
        writeln!(out, "  category: {}", quoted(category))?;
    }
    let account =
        |member: &MemberId| accounts.get(member).map_or("Assets:Members:X", String::as_str);
    for (member, amount) in transaction.credited() {
        writeln!(out, "  {}  {} {symbol}", account(&member), amount.format(currency))?;
    }
    for (member, amount) in transaction.debited() {
        writeln!(out, "  {}  -{} {symbol}", account(&member), amount.format(currency))?;
    }
    Ok(())
}

/// Text between quotation marks.
fn quoted(text: &str) -> String {
    format!("\"{}\"", one_line(text).replace('\\', "\\\\").replace('"', "\\\""))
}

/// One account for each member. A part of an account's name has letters, digits and hyphens, and begins
/// with a capital or a digit; the name itself stands beside it.
fn accounts(labels: &Labels) -> BTreeMap<MemberId, String> {
    let mut taken = BTreeSet::new();
    let mut accounts = BTreeMap::new();
    for member in labels.members() {
        let name = account_name(labels.label(member));
        let numbered = (2u64..).map(|n| format!("{name}-{n}"));
        let mut candidates = std::iter::once(name.clone()).chain(numbered);
        if let Some(name) = candidates.find(|name| taken.insert(name.clone())) {
            accounts.insert(member, format!("Assets:Members:{name}"));
        }
    }
    accounts
}

fn account_name(label: &str) -> String {
    let parts = label.split(|c: char| !c.is_ascii_alphanumeric());
    let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    let mut name = parts.join("-");
    match name.get_mut(..1) {
        Some(first) => first.make_ascii_uppercase(),
        // Letters that beancount does not have everywhere: the name beside the account says who it is.
        None => "Member".clone_into(&mut name),
    }
    name
}

/// The name of each currency, all different. A unit such as `beers/0` has letters that a commodity has not.
fn commodities(state: &GroupState) -> BTreeMap<Currency, String> {
    let mut taken = BTreeSet::new();
    let currencies: Vec<Currency> = state.currencies().collect();
    let codes = currencies.iter().filter(|currency| currency.unit_name().is_none());
    let mut commodities: BTreeMap<Currency, String> =
        codes.map(|currency| (*currency, currency.code().to_owned())).collect();
    taken.extend(commodities.values().cloned());
    for currency in currencies.iter().filter(|currency| currency.unit_name().is_some()) {
        let name = commodity_name(currency.code());
        let numbered = (2u64..).map(|n| format!("{name}-X{n}"));
        let mut candidates = std::iter::once(name.clone()).chain(numbered);
        if let Some(name) = candidates.find(|name| taken.insert(name.clone())) {
            commodities.insert(*currency, name);
        }
    }
    commodities
}

fn commodity_name(code: &str) -> String {
    let kept = code.chars().map(|c| if c == '/' { '-' } else { c.to_ascii_uppercase() });
    let kept: String = kept.filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    let kept: String = kept.trim_matches('-').chars().take(LONGEST.saturating_sub(10)).collect();
    // It begins with a letter, and ends with a letter or digit.
    if kept.starts_with(|c: char| c.is_ascii_uppercase()) {
        return format!("{}-U", kept.trim_end_matches('-'));
    }
    format!("U-{}-U", kept.trim_end_matches('-'))
}
