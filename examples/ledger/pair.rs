//! `ledger pair new` and `pair old`: a further device of the same person, by files that
//! pass between the two. Each side runs until the pairing is over, as the state of a
//! pairing is in memory only.

use std::collections::BTreeSet;
use std::io::{BufRead as _, Write};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use ledger_core::{DeviceId, GroupId};
use ledger_store::{PairingMode, Store};

use crate::args::{Database, Replace};
use crate::ask::confirm;
use crate::context::{open, open_or_create};
use crate::exchange::read;
use crate::failure::Failure;
use crate::output::{Output, check};
use crate::parts::check_name;
use crate::settings::name_device;
use crate::show::one_line;

#[derive(Debug, Subcommand)]
pub(crate) enum PairCommand {
    /// On the new device: show six digits, and enter the groups
    New {
        #[command(flatten)]
        location: Database,
        #[command(flatten)]
        files: Files,
        /// Enter the groups without asking
        #[arg(long)]
        yes: bool,
    },
    /// On a device that you have: type the digits, and enrol the new one
    Old {
        #[command(flatten)]
        location: Database,
        #[command(flatten)]
        files: Files,
        /// Let the new device record only: it does not get your root key, and cannot
        /// enrol, revoke, leave, rename or show the phrase
        #[arg(long)]
        record_only: bool,
        /// A name of the new device that everybody sees, such as "Anna's tablet"
        #[arg(long, value_name = "NAME")]
        device_name: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Files {
    #[command(flatten)]
    replace: Replace,
    /// A folder for the messages, pair-1 to pair-6, that pass between the devices
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

impl Files {
    fn path(&self, number: u8) -> PathBuf {
        self.folder.join(format!("pair-{number}"))
    }

    /// Refuses to begin if the messages that this side writes are of another pairing.
    fn check(&self, database: &Database, numbers: [u8; 3]) -> Result<(), Failure> {
        numbers
            .into_iter()
            .try_for_each(|number| check(database, &self.path(number), None, self.replace))
    }

    /// Leaves a message for the other device.
    fn put(
        &self,
        database: &Database,
        number: u8,
        message: &[u8],
        out: &mut dyn Write,
    ) -> Result<(), Failure> {
        let path = self.path(number);
        Output::create(database, &path, None, self.replace)?.write(message)?;
        writeln!(out, "carry {} to the other device", path.display())?;
        Ok(())
    }

    /// Waits for one of the other device.
    fn take(&self, number: u8, out: &mut dyn Write) -> Result<Vec<u8>, Failure> {
        let path = self.path(number);
        loop {
            prompt(&format!("press Enter when {} is here", path.display()), out)?;
            if path.exists() {
                return read(&path);
            }
            writeln!(out, "it is not here yet")?;
        }
    }
}

pub(crate) fn run(command: &PairCommand, out: &mut dyn Write) -> Result<(), Failure> {
    match command {
        PairCommand::New { location, files, yes } => new(location, files, *yes, out),
        PairCommand::Old { location, files, record_only, device_name } => {
            if let Some(name) = device_name {
                check_name(name)?;
            }
            let mode = match record_only {
                true => PairingMode::RecordOnly,
                false => PairingMode::Standard,
            };
            old(location, files, mode, device_name.as_ref(), out)
        }
    }
}

fn new(location: &Database, files: &Files, yes: bool, out: &mut dyn Write) -> Result<(), Failure> {
    files.check(location, [1, 3, 5])?;
    let store = open_or_create(location)?;
    let (pairing, offer) = store.pairing().start_on_new_device()?;
    files.put(location, 1, &offer, out)?;
    let (showing, revealed) = pairing.receive(&files.take(2, out)?)?;
    files.put(location, 3, &revealed, out)?;
    writeln!(out, "the digits are {}; type them into the other device", *showing.reveal_code())?;
    let offered = showing.receive(&files.take(4, out)?)?;
    for group in offered.groups() {
        writeln!(out, "this device will be in {}", one_line(&group.name))?;
    }
    if !yes {
        let question = "Did the other device say that the digits are right?";
        confirm(question, "nothing was paired", out)?;
    }
    let (awaiting, devices) = offered.accept()?;
    files.put(location, 5, &devices, out)?;
    let groups = awaiting.receive(&files.take(6, out)?)?;
    writeln!(out, "paired; {} groups wait for a bundle of the other device", groups.len())?;
    Ok(())
}

fn old(
    location: &Database,
    files: &Files,
    mode: PairingMode,
    name: Option<&String>,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    files.check(location, [2, 4, 6])?;
    let store = open(location)?;
    let (pairing, reply) = store.pairing().start_on_old_device(&files.take(1, out)?)?;
    files.put(location, 2, &reply, out)?;
    let entering = pairing.receive(&files.take(3, out)?)?;
    let typed = prompt("type the six digits that the new device shows", out)?;
    let (enrolling, groups) = entering.enter(typed.trim())?;
    writeln!(out, "the digits are right")?;
    files.put(location, 4, &groups, out)?;
    let message = files.take(5, out)?;
    let before = devices(&store)?;
    let granted = enrolling.receive(&message, mode)?;
    for (group, device) in devices(&store)?.difference(&before) {
        name_device(&store.group(*group)?, *device, name)?;
    }
    files.put(location, 6, &granted, out)?;
    writeln!(out, "enrolled; export a bundle of each group for it")?;
    Ok(())
}

/// The devices of all groups that may write.
fn devices(store: &Store) -> Result<BTreeSet<(GroupId, DeviceId)>, Failure> {
    let mut found = BTreeSet::new();
    for id in store.group_ids()? {
        let state = store.group(id)?.state()?;
        found.extend(state.devices().map(|(_, device, _)| (id, device)));
    }
    Ok(found)
}

/// Says what is wanted, and reads a line.
fn prompt(text: &str, out: &mut dyn Write) -> Result<String, Failure> {
    writeln!(out, "{text}")?;
    out.flush()?;
    let mut line = String::new();
    match std::io::stdin().lock().read_line(&mut line)? {
        0 => Err(Failure::Usage("the input ended before the pairing was over".to_owned())),
        _ => Ok(line),
    }
}
