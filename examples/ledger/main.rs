//! `ledger`: shared expenses on the command line, kept as a signed, encrypted
//! ledger. Over the public API only; `ledger --help` teaches its use.

mod acts;
mod agree;
mod args;
mod context;
mod exchange;
mod export;
mod failure;
mod fsck;
mod import;
mod pair;
mod people;
mod read;
mod record;
mod repair;
mod shares;
mod show;
mod verify;

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
        Command::SettleUp(list) => read::settle_up(list, &mut out),
        Command::Expenses(list) => read::expenses(list, &mut out),
        Command::Activity(list) => read::activity(list, &mut out),
        Command::New(new) => record::new(new, &mut out),
        Command::Record(record) => record::record(record, &mut out),
        Command::Pay(pay) => record::pay(pay, &mut out),
        Command::Groups(list) => people::groups(list, &mut out),
        Command::Members(list) => people::members(list, &mut out),
        Command::Devices(list) => people::devices(list, &mut out),
        Command::Invite(invite) => exchange::invite(invite, &mut out),
        Command::Join(join) => exchange::join(join, &mut out),
        Command::Admit(admit) => exchange::admit(admit, &mut out),
        Command::Enter(enter) => exchange::enter(enter, &mut out),
        Command::Bundle(command) => exchange::bundle(command, &mut out),
        Command::Pair(command) => pair::run(command, &mut out),
        Command::Shares(command) => shares::run(command, &mut out),
        Command::Phrase(phrase) => exchange::phrase(phrase, &mut out),
        Command::Recover(recover) => exchange::recover(recover, &mut out),
        Command::Carry(carry) => exchange::carry(carry, &mut out),
        Command::Remove(remove) => acts::remove(remove, &mut out),
        Command::Revoke(revoke) => acts::revoke(revoke, &mut out),
        Command::Leave(sign) => acts::leave(sign, &mut out),
        Command::Rename(rename) => acts::rename(rename, &mut out),
        Command::Successor(successor) => acts::successor(successor, &mut out),
        Command::Agree(agree) => agree::run(agree, &mut out),
        Command::Verify(list) => verify::run(list, &mut out),
        Command::Fsck(fsck) => fsck::run(fsck, &mut out),
        Command::Repair(repair) => repair::run(repair, &mut out),
        Command::Export(export) => export::run(export, &mut out),
    };
    let result = result.and_then(|()| Ok(out.flush()?));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads our output has seen enough (`ledger expenses | head`).
        Err(failure) if failure.is_closed_output() => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("ledger: {}", show::printable(&failure.to_string()));
            failure.exit_code()
        }
    }
}
