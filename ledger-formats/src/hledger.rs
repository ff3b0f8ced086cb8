//! Writer of hledger journals.
//!
//! Each member has an account. What a member pays is added to it and the member's shares are taken
//! from it, so hledger's balance of the account is the member's balance.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use ledger_core::{Currency, GroupState, MemberId, Transaction};

use crate::one_line;
use crate::rows::{Labels, Row};

/// Writes rows, oldest first, as a journal.
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
    writeln!(out, "; {}", one_line(state.name()))?;
    writeln!(out, "decimal-mark .")?;
    for currency in state.currencies() {
        // hledger wants a decimal mark here even where there are no decimals.
        let places = usize::try_from(currency.exponent()).unwrap_or(0);
        writeln!(out, "commodity 1000.{} {}", "0".repeat(places), commodity(currency))?;
    }
    // hledger lists accounts in the order of their declarations.
    for account in labels.members().filter_map(|member| accounts.get(&member)) {
        writeln!(out, "account {account}")?;
    }
    for row in rows {
        write_transaction(&row, &accounts, out)?;
    }
    Ok(())
}

fn write_transaction(
    row: &Row,
    accounts: &BTreeMap<MemberId, String>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let Row { id, transaction } = row;
    let currency = transaction.currency();
    let symbol = commodity(currency);
    // The code in brackets keeps a description that begins with one intact.
    let (date, code) = (transaction.date(), id.short());
    writeln!(out, "\n{date} * ({code}) {}", description(transaction.description()))?;
    writeln!(out, "    ; entry:{id}")?;
    if let Transaction::Expense(expense) = transaction
        && let Some(category) = &expense.category
    {
        // A comma would end the value of the tag.
        writeln!(out, "    ; category:{}", description(category).replace(',', " "))?;
    }
    let account = |member: &MemberId| accounts.get(member).map_or("members:?", String::as_str);
    for (member, amount) in transaction.credited() {
        writeln!(out, "    {}  {} {symbol}", account(&member), amount.format(currency))?;
    }
    for (member, amount) in transaction.debited() {
        writeln!(out, "    {}  -{} {symbol}", account(&member), amount.format(currency))?;
    }
    Ok(())
}

/// The symbol of a commodity. A unit has a slash and a digit, and so stands in quotes; no name of a unit
/// has a quote.
fn commodity(currency: Currency) -> String {
    match currency.unit_name() {
        Some(_) => format!("\"{currency}\""),
        None => currency.to_string(),
    }
}

/// One account for each member, all different even where hledger's syntax makes two names alike.
fn accounts(labels: &Labels) -> BTreeMap<MemberId, String> {
    let mut taken = BTreeSet::new();
    let mut accounts = BTreeMap::new();
    for member in labels.members() {
        let name = account_name(labels.label(member));
        let numbered = (2u64..).map(|n| format!("{name} ({n})"));
        let mut candidates = std::iter::once(name.clone()).chain(numbered);
        if let Some(name) = candidates.find(|name| taken.insert(name.clone())) {
            accounts.insert(member, format!("members:{name}"));
        }
    }
    accounts
}

/// A name within an account. A colon would begin a sub-account, two spaces would end the name, and
/// a semicolon could begin a comment.
fn account_name(label: &str) -> String {
    let name = one_line(label).replace(':', "-").replace(';', ",");
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A description. A semicolon would begin a comment, and a bar would split it.
fn description(text: &str) -> String {
    let text = one_line(text).replace(';', ",").replace('|', "/");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
