//! `ledger`: shared expenses on the command line, as a signed, encrypted ledger. It uses
//! the public API only. `ledger --help` explains its use.

mod agree;
mod args;
mod as_of;
mod ask;
mod care;
mod change;
mod check_database;
mod context;
mod debts;
mod due;
mod entry;
mod exchange;
mod export;
mod failure;
mod filter;
mod history;
mod import;
mod import_plan;
mod in_use;
mod invites;
mod output;
mod pair;
mod parts;
mod people;
mod rates;
mod read;
mod record;
mod recurring;
mod salvage;
mod settings;
mod settle;
mod shares;
mod sharing;
mod show;
mod sign;
mod split;
mod statement;
mod totals;
mod undo;
mod unread;
mod verify_history;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{Arguments, Command};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut out = std::io::stdout().lock();
    let result = match &arguments.command {
        Command::Import(import) => import::run(import, &mut out),
        Command::Balances(list) => read::balances(list, &mut out),
        Command::SettleUp(settle_up) => settle::settle_up(settle_up, &mut out),
        Command::Debts(member) => debts::debts(member, &mut out),
        Command::Statement(member) => statement::statement(member, &mut out),
        Command::Expenses(list) => read::expenses(list, &mut out),
        Command::Totals(totals) => totals::totals(totals, &mut out),
        Command::Categories(list) => in_use::categories(list, &mut out),
        Command::Tags(list) => in_use::tags(list, &mut out),
        Command::Activity(list) => read::activity(list, &mut out),
        Command::Unread(unread) => unread::unread(unread, &mut out),
        Command::New(new) => record::new(new, &mut out),
        Command::Record(record) => record::record(record, &mut out),
        Command::Split(split) => split::run(split, &mut out),
        Command::Pay(pay) => record::pay(pay, &mut out),
        Command::Correct(correct) => change::correct(correct, &mut out),
        Command::Cancel(cancel) => change::cancel(cancel, &mut out),
        Command::Restore(entry) => change::restore(entry, &mut out),
        Command::Undo(location) => undo::run(location, &mut out),
        Command::Confirm(review) => change::review(review, true, &mut out),
        Command::Dispute(review) => change::review(review, false, &mut out),
        Command::Copy(entry) => change::copy(entry, &mut out),
        Command::History(history) => history::run(history, &mut out),
        Command::Groups(list) => people::groups(list, &mut out),
        Command::Members(list) => people::members(list, &mut out),
        Command::Devices(list) => people::devices(list, &mut out),
        Command::Invite(invite) => exchange::invite(invite, &mut out),
        Command::Invites(command) => invites::invites(command, &mut out),
        Command::Requests(command) => invites::requests(command, &mut out),
        Command::Join(join) => exchange::join(join, &mut out),
        Command::Admit(admit) => exchange::admit(admit, &mut out),
        Command::Enter(enter) => exchange::enter(enter, &mut out),
        Command::Bundle(command) => exchange::bundle(command, &mut out),
        Command::Receive(receive) => exchange::receive(receive, &mut out),
        Command::Pair(command) => pair::run(command, &mut out),
        Command::Shares(command) => shares::run(command, &mut out),
        Command::Phrase(phrase) => exchange::phrase(phrase, &mut out),
        Command::Recover(recover) => exchange::recover(recover, &mut out),
        Command::Approve(approve) => exchange::approve(approve, &mut out),
        Command::ResetKeys(reset) => exchange::reset_keys(reset, &mut out),
        Command::GoOn(go_on) => exchange::go_on(go_on, &mut out),
        Command::Remove(remove) => sign::remove(remove, &mut out),
        Command::Revoke(revoke) => sign::revoke(revoke, &mut out),
        Command::Leave(leave) => sign::leave(leave, &mut out),
        Command::Rename(rename) => sign::rename(rename, &mut out),
        Command::Successor(successor) => sign::successor(successor, &mut out),
        Command::CompareOpening(location) => sign::compare_opening(location, &mut out),
        Command::Agree(agree) => agree::run(agree, &mut out),
        Command::VerifyHistory(list) => verify_history::run(list, &mut out),
        Command::CheckDatabase(check) => check_database::run(check, &mut out),
        Command::Salvage(salvage) => salvage::run(salvage, &mut out),
        Command::Recurring(command) => recurring::run(command, &mut out),
        Command::Settings(settings) => settings::settings(settings, &mut out),
        Command::Export(export) => export::run(export, &mut out),
        Command::VerifyExport(verify) => export::verify(verify, &mut out),
        Command::Backup(backup) => care::backup(backup, &mut out),
        Command::Rekey(rekey) => care::rekey(rekey, &mut out),
        Command::DeleteGroup(delete) => care::delete_group(delete, &mut out),
    };
    let result = result.and_then(|()| Ok(out.flush()?));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of the output has seen enough (`ledger expenses | head`).
        Err(failure) if failure.is_closed_output() => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("ledger: {}", show::printable(&failure.to_string()));
            failure.exit_code()
        }
    }
}
