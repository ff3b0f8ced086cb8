//! A journal of hledger. Each member has an account; what they pay is added
//! to it, their shares are taken from it, so that hledger's balance of the
//! account is the member's balance.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use ledger_core::{MemberId, Transaction};
use ledger_store::Recorded;

use super::Exported;
use crate::failure::Failure;
use crate::show::one_line;

pub(super) fn write(exported: &Exported, out: &mut dyn Write) -> Result<(), Failure> {
    let accounts = accounts(exported);
    writeln!(out, "; {}", one_line(exported.state.name()))?;
    writeln!(out, "decimal-mark .")?;
    for currency in exported.state.currencies() {
        // hledger wants a decimal mark here even where there are no decimals.
        let places = usize::try_from(currency.exponent()).unwrap_or(0);
        writeln!(out, "commodity 1000.{} {currency}", "0".repeat(places))?;
    }
    // hledger lists accounts in the order of their declarations.
    for account in exported.people.in_order().filter_map(|member| accounts.get(&member)) {
        writeln!(out, "account {account}")?;
    }
    for row in exported.effective()? {
        transaction(&row, &accounts, out)?;
    }
    Ok(())
}

fn transaction(
    row: &Recorded,
    accounts: &BTreeMap<MemberId, String>,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let details = &row.details;
    let currency = details.currency();
    // The code in brackets keeps a description that begins with one intact.
    let code = row.original.short();
    writeln!(out, "\n{} * ({code}) {}", details.date(), description(details.description()))?;
    writeln!(out, "    ; entry:{}", row.original)?;
    if let Transaction::Expense(expense) = details
        && let Some(category) = &expense.category
    {
        writeln!(out, "    ; category:{}", description(category).replace(',', " "))?;
    }
    let account = |member: &MemberId| accounts.get(member).map_or("members:?", String::as_str);
    for (member, amount) in details.paid() {
        writeln!(out, "    {}  {} {currency}", account(&member), amount.format(currency))?;
    }
    for (member, amount) in details.owed() {
        writeln!(out, "    {}  -{} {currency}", account(&member), amount.format(currency))?;
    }
    Ok(())
}

/// One account per member, told apart even where hledger's syntax makes two
/// names alike.
fn accounts(exported: &Exported) -> BTreeMap<MemberId, String> {
    let mut taken = BTreeSet::new();
    let mut accounts = BTreeMap::new();
    for member in exported.people.in_order() {
        let name = account_name(exported.people.label(member));
        let numbered = (2u64..).map(|n| format!("{name} ({n})"));
        let mut free = std::iter::once(name.clone()).chain(numbered);
        if let Some(name) = free.find(|name| taken.insert(name.clone())) {
            accounts.insert(member, format!("members:{name}"));
        }
    }
    accounts
}

/// A name within an account: a colon would begin a sub-account, two spaces
/// would end the name, a semicolon could begin a comment.
fn account_name(label: &str) -> String {
    let name = one_line(label).replace(':', "-").replace(';', ",");
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A description: a semicolon would begin a comment, a bar would split it.
fn description(text: &str) -> String {
    let text = one_line(text).replace(';', ",").replace('|', "/");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
