//! `ledger`: shared expenses on the command line, kept as a signed, encrypted
//! ledger. Over the public API only; `ledger --help` teaches its use.

mod args;
mod context;
mod export;
mod failure;
mod fsck;
mod import;
mod read;
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
        Command::Verify(list) => verify::run(list, &mut out),
        Command::Fsck(fsck) => fsck::run(fsck, &mut out),
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
