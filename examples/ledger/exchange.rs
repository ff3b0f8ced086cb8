//! `ledger invite`, `join`, `admit`, `enter`, `bundle`, `phrase`, `recover`, `approve`,
//! `reset-keys`: groups on several devices, by files alone.

use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Read as _, Write};
use std::path::Path;

use ledger_core::bundle::Summary;
use ledger_core::messages::invite::InviteLink;
use ledger_core::messages::{message_from_text, message_to_text};
use ledger_store::{Group, Imported, NewInvite, Received, RequestId, Since, Store};

use crate::args::{
    Admit, Approve, BundleCommand, Enter, GoOn, GroupToRestore, Invite, Join, Phrase, Recover,
    ResetKeys,
};
use crate::context::{People, open, open_or_create, the_group};
use crate::failure::Failure;
use crate::show::{one_line, print_waiting, progress_bar};

/// The part of a link in front of the `#`; the invite is behind it.
const PREFIX: &str = "ledger://join";

pub(crate) fn invite(arguments: &Invite, out: &mut dyn Write) -> Result<(), Failure> {
    let store = open(&arguments.location)?;
    let group = the_group(&store, &arguments.location)?;
    let people = People::of(&*group.state()?);
    let claims = match &arguments.for_member {
        Some(name) => Some(people.find(name)?),
        None => None,
    };
    let link = group.invites().create(&NewInvite {
        note: arguments.note.clone().unwrap_or_default(),
        requires_approval: !arguments.no_approval,
        max_uses: arguments.max_uses,
        for_member: claims,
        ..NewInvite::default()
    })?;
    writeln!(out, "{}", *link.reveal(PREFIX))?;
    Ok(())
}

pub(crate) fn join(arguments: &Join, out: &mut dyn Write) -> Result<(), Failure> {
    let link = InviteLink::parse(&arguments.link)
        .map_err(|error| Failure::Usage(format!("the link: {error}")))?;
    let store = open_or_create(&arguments.location)?;
    let request = store.joining().join(&link, &arguments.name)?;
    write(&arguments.request, &request)?;
    for join in store.joining().pending_joins()?.iter().filter(|join| join.group == link.group()) {
        if join.name != arguments.name {
            writeln!(
                out,
                "you asked before, as {}; this is the same request",
                one_line(&join.name)
            )?;
        }
        writeln!(out, "your keys for this group: {}", join.fingerprint)?;
    }
    writeln!(out, "send {} to the person who invited you", arguments.request.display())?;
    Ok(())
}

pub(crate) fn admit(arguments: &Admit, out: &mut dyn Write) -> Result<(), Failure> {
    let store = open(&arguments.location)?;
    let (group, admitted) = match store.joining().receive_request(&read(&arguments.request)?)? {
        Received::Admitted(admitted) => (the_group(&store, &arguments.location)?, admitted),
        Received::Waiting(group, id) => {
            let group = store.group(group)?;
            let proposal = group.invites().propose_admission(id)?;
            describe(&group, id, out)?;
            if let Some(proposal) = &proposal {
                writeln!(out, "{}", one_line(proposal.text()))?;
            }
            if !arguments.yes && !confirmed("Admit this person?", out)? {
                writeln!(out, "nobody was admitted; the request waits")?;
                return Ok(());
            }
            let admitted = group.invites().admit(id, proposal.as_ref())?;
            (group, admitted)
        }
        _ => return Err(Failure::Ledger("this needs a newer version".to_owned())),
    };
    let mut file = create(&arguments.welcome)?;
    let exported = group.invites().write_welcome(&admitted, &mut file, &mut progress_bar())?;
    let path = arguments.welcome.display();
    writeln!(out, "admitted; send {path} back, with {} entries", exported.entries)?;
    Ok(())
}

fn describe(group: &Group, id: RequestId, out: &mut dyn Write) -> Result<(), Failure> {
    let invites = group.invites().list()?;
    for request in group.invites().join_requests()?.iter().filter(|request| request.id == id) {
        let name = one_line(&request.name);
        writeln!(out, "{name} asks to join, with the keys {}", request.fingerprint)?;
        let invite = invites.iter().find(|invite| invite.id == request.invite);
        let note = invite.map(|invite| one_line(&invite.policy.note));
        if let Some(note) = note.filter(|note| !note.is_empty()) {
            writeln!(out, "by the invite with the note: {note}")?;
        }
    }
    Ok(())
}

pub(crate) fn enter(arguments: &Enter, out: &mut dyn Write) -> Result<(), Failure> {
    let store = open(&arguments.location)?;
    let mut file = open_file(&arguments.welcome)?;
    let before = store.group_ids()?;
    let (group, imported) = store.joining().enter_with_bundle(&mut file, &mut progress_bar())?;
    let name = one_line(group.state()?.name());
    match before.contains(&group.id()) {
        true => writeln!(out, "you are in {name} already; this imports what is new in the answer")?,
        false => writeln!(out, "joined {name}")?,
    }
    report(&imported, out)
}

pub(crate) fn bundle(command: &BundleCommand, out: &mut dyn Write) -> Result<(), Failure> {
    match command {
        BundleCommand::Export { location, since, file } => {
            let store = open(location)?;
            let group = the_group(&store, location)?;
            let known = match since {
                Some(text) => Some(summary(group.id(), text)?),
                None => None,
            };
            let since = known.as_ref().map_or(Since::Beginning, Since::Known);
            let mut target = create(file)?;
            let exported = group.bundles().export(since, &mut target, &mut progress_bar())?;
            writeln!(
                out,
                "{} entries in {} bytes, for {} devices and phrases",
                exported.entries, exported.bytes, exported.recipients
            )?;
            Ok(())
        }
        BundleCommand::Import { location, file } => {
            let store = open(location)?;
            let group = the_group(&store, location)?;
            let mut source = BufReader::new(open_file(file)?);
            report(&group.bundles().import(&mut source, &mut progress_bar())?, out)
        }
        BundleCommand::Summary { location } => {
            let store = open(location)?;
            let summary = the_group(&store, location)?.bundles().summary()?;
            writeln!(out, "{}", *message_to_text(&summary.to_bytes()))?;
            Ok(())
        }
    }
}

fn summary(group: ledger_core::GroupId, text: &str) -> Result<Summary, Failure> {
    let wrong = || Failure::Usage("--since is not what `ledger bundle summary` prints".to_owned());
    let bytes = message_from_text(text).map_err(|_| wrong())?;
    Summary::from_bytes(group, &bytes).map_err(|_| wrong())
}

/// Prints the result of an import, and what is still missing.
fn report(imported: &Imported, out: &mut dyn Write) -> Result<(), Failure> {
    writeln!(out, "{} entries are new, {} were here", imported.added, imported.duplicates)?;
    let counts = [
        (imported.missing.len(), "entries of the bundle are damaged: import an intact copy"),
        (imported.needed.len(), "entries are needed from another bundle"),
        (
            imported.unknown_topics.len(),
            "keys are not here; the next bundle from here asks for them",
        ),
        (imported.false_keys.len(), "keys were false: somebody hands out different keys"),
        (imported.broken.len(), "sealed entries do not open"),
        (imported.refused.len(), "entries break a rule"),
    ];
    for (count, words) in counts {
        if count > 0 {
            writeln!(out, "{count} {words}")?;
        }
    }
    Ok(())
}

pub(crate) fn phrase(arguments: &Phrase, out: &mut dyn Write) -> Result<(), Failure> {
    let store = open(&arguments.location)?;
    writeln!(out, "{}", *store.recovery().reveal_phrase()?)?;
    Ok(())
}

pub(crate) fn recover(arguments: &Recover, out: &mut dyn Write) -> Result<(), Failure> {
    writeln!(out, "Type the 24 words:")?;
    out.flush()?;
    let mut typed = zeroize::Zeroizing::new(String::new());
    std::io::stdin().lock().read_line(&mut typed)?;
    let store = open_or_create(&arguments.location)?;
    store.recovery().restore_phrase(&typed)?;
    restore(&store, &arguments.restore, out)
}

/// Restores a group with the keys of a person who was restored, and writes the request
/// to approve this device.
pub(crate) fn restore(
    store: &Store,
    arguments: &GroupToRestore,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let mut file = open_file(&arguments.bundle)?;
    // Anybody who knows a person's public recovery key can make a bundle for it.
    let preview = store.recovery().preview_group(&mut file, &mut progress_bar())?;
    writeln!(out, "the bundle is of {}, group {}", one_line(&preview.name), preview.id.short())?;
    writeln!(out, "with {}", one_line(&preview.members.join(", ")))?;
    if !arguments.yes && !confirmed("Is that your group?", out)? {
        writeln!(out, "nothing was restored")?;
        return Ok(());
    }
    let (group, imported) = store.recovery().restore_group(&mut file, &mut progress_bar())?;
    writeln!(out, "restored {}", one_line(group.state()?.name()))?;
    report(&imported, out)?;
    write(&arguments.request, &group.keys().request_approval()?)?;
    let path = arguments.request.display();
    writeln!(out, "to write from this device, let any member run `ledger approve` with {path}")?;
    Ok(())
}

pub(crate) fn approve(arguments: &Approve, out: &mut dyn Write) -> Result<(), Failure> {
    let store = open(&arguments.location)?;
    let (_, entry) = store.recovery().approve_device(&read(&arguments.request)?)?;
    writeln!(out, "approved by entry {entry}; the next bundle from here has it")?;
    Ok(())
}

pub(crate) fn reset_keys(arguments: &ResetKeys, out: &mut dyn Write) -> Result<(), Failure> {
    let group = the_group(&open(&arguments.location)?, &arguments.location)?;
    writeln!(out, "this replaces this device's keys; it writes again once a member approved it")?;
    if !arguments.yes && !confirmed("Replace them?", out)? {
        writeln!(out, "nothing was changed")?;
        return Ok(());
    }
    let group = group.keys().reset_device_keys()?;
    write(&arguments.request, &group.keys().request_approval()?)?;
    let path = arguments.request.display();
    writeln!(out, "this device has new keys; export a bundle, and send it with {path}")?;
    writeln!(out, "let any member import the bundle, and run `ledger approve` with {path}")?;
    Ok(())
}

pub(crate) fn go_on(arguments: &GoOn, out: &mut dyn Write) -> Result<(), Failure> {
    let group = the_group(&open(&arguments.location)?, &arguments.location)?;
    print_waiting(group.waiting()?, out)?;
    writeln!(out, "to go on without what is missing, this device takes new keys")?;
    if !arguments.yes && !confirmed("Go on?", out)? {
        writeln!(out, "nothing was changed")?;
        return Ok(());
    }
    let before = group.device();
    let text = match group.keys().go_on_without_missing()?.device() == before {
        true => "nothing of this device is missing; it goes on as before",
        false => "this device has new keys, and records again",
    };
    writeln!(out, "{text}")?;
    Ok(())
}

/// Asks a question, and returns whether the answer is yes.
pub(crate) fn confirmed(question: &str, out: &mut dyn Write) -> Result<bool, Failure> {
    write!(out, "{question} [y/N] ")?;
    out.flush()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn open_file(path: &Path) -> Result<File, Failure> {
    File::open(path).map_err(|source| Failure::Read { path: path.to_owned(), source })
}

fn create(path: &Path) -> Result<BufWriter<File>, Failure> {
    let file = File::create(path);
    Ok(BufWriter::new(file.map_err(|source| Failure::Read { path: path.to_owned(), source })?))
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = open_file(path)?.read_to_end(&mut bytes);
    read.map_err(|source| Failure::Read { path: path.to_owned(), source })?;
    Ok(bytes)
}

pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    std::fs::write(path, bytes).map_err(|source| Failure::Read { path: path.to_owned(), source })
}
