//! The layout of a Splitwise export, which `ledger import` reads back.

use std::io::Write;

use ledger_core::{Balance, Transaction};

use super::Exported;
use crate::failure::Failure;

pub(super) fn write(exported: &Exported, out: &mut dyn Write) -> Result<(), Failure> {
    let members: Vec<_> = exported.people.in_order().collect();
    let mut writer = csv::Writer::from_writer(out);
    let fixed = ["Date", "Description", "Category", "Cost", "Currency"].map(str::to_owned);
    let names = members.iter().map(|member| exported.people.label(*member).to_owned());
    writer.write_record(fixed.into_iter().chain(names))?;
    let mut last = String::new();
    for row in exported.effective()? {
        let details = &row.details;
        let category = match details {
            Transaction::Expense(expense) => expense.category.clone().unwrap_or_default(),
            Transaction::Transfer(_) => "Payment".to_owned(),
        };
        last = details.date().to_string();
        let currency = details.currency();
        let fixed = [
            last.clone(),
            details.description().to_owned(),
            category,
            details.amount().format(currency),
            currency.to_string(),
        ];
        let nets = members.iter().map(|member| {
            let sum = |parts: Vec<(_, ledger_core::Amount)>| {
                let own = parts.into_iter().filter(|(who, _)| who == member);
                own.fold(Balance::ZERO, |sum, (_, amount)| sum.plus(amount.into()))
            };
            sum(details.paid()).minus(sum(details.owed())).format(currency)
        });
        writer.write_record(fixed.into_iter().chain(nets))?;
    }
    for currency in exported.state.currencies() {
        let fixed = [&last, "Total balance", " ", " ", currency.code()].map(str::to_owned);
        let balances =
            members.iter().map(|member| exported.state.balance(*member, currency).format(currency));
        writer.write_record(fixed.into_iter().chain(balances))?;
    }
    Ok(writer.flush()?)
}
