//! `ledger invite`, `join`, `admit`, `enter`, `bundle`, `phrase`, `recover`, `approve`,
//! `reset-device-keys`: groups on several devices, by files alone.

use std::io::{BufRead as _, BufReader, Read as _, Write};
use std::path::Path;

use ledger_core::bundle::{Records, Summary};
use ledger_core::messages::invite::{InviteLink, JoinError};
use ledger_core::messages::{MessageKind, message_from_text, message_to_text};
use ledger_store::{
    Group, Imported, NewInvite, Receipt, Received, RequestId, Since, Store, StoreError,
};

use crate::args::{
    Admit, Approve, BundleCommand, Database, Enter, GoOn, GroupToRestore, Invite, Join, Phrase,
    Receive, Recover, ResetKeys,
};
use crate::ask::confirm;
use crate::context::{People, open, open_or_create, the_group};
use crate::failure::Failure;
use crate::invites::end_of;
use crate::output::{Output, check, open_file};
use crate::parts::check_name;
use crate::settings::name_device;
use crate::show::{one_line, print_waiting, progress_bar};

/// The part of a link in front of the `#`; the invite is behind it.
const PREFIX: &str = "ledger://join";

/// Most bytes of an answer without entries.
const MAX_MESSAGE: u64 = 256 << 10;

const OTHER_GROUP: &str =
    "the bundle is of another group, or sealed under keys that this device lacks";

pub(crate) fn invite(arguments: &Invite, out: &mut dyn Write) -> Result<(), Failure> {
    let store = open(&arguments.location)?;
    let group = the_group(&store, &arguments.location)?;
    let people = People::of(&*group.state()?);
    let claims = match &arguments.for_member {
        Some(name) => Some(people.find(name)?),
        None => None,
    };
    let link = group.invites().create(
        &NewInvite::default()
            .note(arguments.note.clone().unwrap_or_default())
            .requires_approval(!arguments.no_approval)
            .max_uses(arguments.max_uses)
            .expires_ms(arguments.expires.map(end_of).transpose()?)
            .for_member(claims),
    )?;
    writeln!(out, "{}", *link.reveal(PREFIX))?;
    Ok(())
}

pub(crate) fn join(arguments: &Join, out: &mut dyn Write) -> Result<(), Failure> {
    let link = InviteLink::parse(&arguments.link)
        .map_err(|error| Failure::Usage(format!("the link: {error}")))?;
    check_name(&arguments.name)?;
    let file = Output::create(&arguments.location, &arguments.request, None, arguments.replace)?;
    let store = open_or_create(&arguments.location)?;
    file.write(&store.joining().join(&link, &arguments.name)?)?;
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
    let (request, replace) = (arguments.request.as_path(), arguments.replace);
    let mut file = Output::create(&arguments.location, &arguments.welcome, Some(request), replace)?;
    let (group, admitted) = match store.joining().receive_request(&read(request)?)? {
        Received::Admitted(admitted) => (store.group(admitted.group)?, admitted),
        Received::Waiting(group, id) => {
            let group = store.group(group)?;
            let proposal = group.invites().propose_admission(id)?;
            describe(&group, id, out)?;
            if let Some(proposal) = &proposal {
                writeln!(out, "{}", one_line(proposal.text()))?;
            }
            if !arguments.yes {
                confirm("Admit this person?", "nobody was admitted; the request waits", out)?;
            }
            let admitted = group.invites().admit(id, proposal.as_ref())?;
            (group, admitted)
        }
        _ => return Err(Failure::Ledger("this needs a newer version".to_owned())),
    };
    let exported = group.invites().write_welcome(&admitted, file.file(), &mut progress_bar())?;
    file.finish()?;
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
    if let Some(name) = &arguments.device_name {
        check_name(name)?;
    }
    let store = open(&arguments.location)?;
    let mut file = open_file(&arguments.welcome)?;
    let before = store.group_ids()?;
    let entered = store.joining().enter_with_bundle(&mut file, &mut progress_bar());
    let (group, imported) = entered.map_err(|error| explain_enter(error, &arguments.welcome))?;
    let name = one_line(group.state()?.name());
    match before.contains(&group.id()) {
        true => writeln!(out, "you are in {name} already; this imports what is new in the answer")?,
        false => writeln!(out, "joined {name}")?,
    }
    name_device(&group, group.device(), arguments.device_name.as_ref())?;
    report(&imported, out)
}

/// Tells a file that is no welcome from one that is for somebody else.
fn explain_enter(error: StoreError, welcome: &Path) -> Failure {
    let StoreError::Join(JoinError::NotForUs) = error else { return error.into() };
    let path = welcome.display();
    let mut start = Vec::new();
    let read = open_file(welcome).map(|file| file.take(MAX_MESSAGE).read_to_end(&mut start));
    if !matches!(read, Ok(Ok(_))) {
        return error.into();
    }
    let mut records = Records::new();
    records.push(&start);
    match MessageKind::from_message(&start) {
        Ok(kind) if kind != MessageKind::JoinAnswer => Failure::Ledger(format!(
            "{path} is a {}, and no answer to a request to join; `ledger receive` says what to do with it",
            kind.name()
        )),
        Err(_) if records.next_record().is_none() => Failure::Ledger(format!(
            "{path} is no answer to a request to join, or the answer was cut or altered on the way; ask \
             for it again"
        )),
        _ => error.into(),
    }
}

pub(crate) fn bundle(command: &BundleCommand, out: &mut dyn Write) -> Result<(), Failure> {
    match command {
        BundleCommand::Export { location, since, replace, file } => {
            let store = open(location)?;
            let group = the_group(&store, location)?;
            let known = match since {
                Some(text) => Some(summary(group.id(), text)?),
                None => None,
            };
            let since = known.as_ref().map_or(Since::Beginning, Since::Known);
            let mut target = Output::create(location, file, None, *replace)?;
            let exported = group.bundles().export(since, target.file(), &mut progress_bar())?;
            target.finish()?;
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

pub(crate) fn receive(arguments: &Receive, out: &mut dyn Write) -> Result<(), Failure> {
    let store = open(&arguments.location)?;
    let mut file = BufReader::new(open_file(&arguments.file)?);
    match store.receive(&mut file, &mut progress_bar())? {
        Receipt::Imported(all) => {
            let mut result = Ok(());
            for (group, imported) in all {
                let group = store.group(group)?;
                writeln!(out, "a bundle of {}", one_line(group.state()?.name()))?;
                let reported = report(&imported, out);
                result = result.and(reported);
            }
            result
        }
        Receipt::Entered(group, imported) => {
            writeln!(out, "joined {}", one_line(store.group(group)?.state()?.name()))?;
            match imported {
                Some(imported) => report(&imported, out),
                None => Ok(writeln!(out, "its entries come in a bundle: ask for one")?),
            }
        }
        Receipt::OtherGroup => Err(Failure::Ledger(OTHER_GROUP.to_owned())),
        Receipt::JoinRequest(Received::Admitted(admitted)) => {
            let path = arguments.file.display();
            let group = store.group(admitted.group)?.state()?;
            writeln!(out, "a request to join {}; the person was admitted", one_line(group.name()))?;
            writeln!(out, "write the welcome for them by `ledger admit {path} WELCOME`")?;
            Ok(())
        }
        Receipt::JoinRequest(_) => {
            let path = arguments.file.display();
            writeln!(out, "a request to join; answer it by `ledger admit {path} WELCOME`")?;
            Ok(())
        }
        Receipt::KeptShare(share) => {
            let group = store.group(share.group)?.state()?;
            let friend = group.labels().remove(&share.member).unwrap_or_default();
            let (friend, group) = (one_line(&friend), one_line(group.name()));
            Ok(writeln!(out, "a share of the phrase of {friend} ({group}), which is kept now")?)
        }
        Receipt::ReturnedShare(_) => {
            Ok(writeln!(out, "a share of your phrase that a friend returned")?)
        }
        Receipt::Message(kind) => {
            Ok(writeln!(out, "{}; nothing was done: see `ledger --help`", kind.name())?)
        }
        _ => Err(Failure::Ledger("this needs a newer version".to_owned())),
    }
}

fn summary(group: ledger_core::GroupId, text: &str) -> Result<Summary, Failure> {
    let wrong = || Failure::Usage("--since is not what `ledger bundle summary` prints".to_owned());
    let bytes = message_from_text(text).map_err(|_| wrong())?;
    Summary::from_bytes(group, &bytes).map_err(|_| wrong())
}

/// Prints the result of an import, and what is still missing.
///
/// # Errors
/// [`Failure::Ledger`] if anything is: the program ends with exit code 1.
fn report(imported: &Imported, out: &mut dyn Write) -> Result<(), Failure> {
    writeln!(out, "{} entries are new, {} were here", imported.added, imported.duplicates)?;
    let broken = count(imported.broken.len()).saturating_add(imported.more_broken);
    let refused = count(imported.refused.len()).saturating_add(imported.more_refused);
    let counts = [
        (imported.damaged_bytes, "bytes of the file are damaged, or no part of a bundle"),
        (count(imported.missing.len()), "entries are missing: import an intact copy"),
        (imported.missing_part_count, "parts of the bundle are missing: import an intact copy"),
        (imported.incomplete, "entries wait for others that are not here"),
        (count(imported.needed.len()), "entries are needed from another bundle"),
        (imported.waiting, "records wait for a key; the next bundle from here asks for it"),
        (imported.not_kept, "records found no room to wait: import the bundle again later"),
        (count(imported.false_keys.len()), "keys were false: somebody hands out different keys"),
        (broken, "records do not open"),
        (refused, "entries break a rule"),
        (imported.left_out, "entries were left out: their authors were removed or never accepted"),
        (imported.unknown_records, "records need a newer version"),
    ];
    for (count, words) in counts {
        if count > 0 {
            writeln!(out, "{count} {words}")?;
        }
    }
    for group in &imported.other_groups {
        writeln!(out, "records of group {} were not imported", group.short())?;
    }
    if !imported.is_ours {
        return Err(Failure::Ledger(OTHER_GROUP.to_owned()));
    }
    if !imported.is_complete() {
        return Err(Failure::Ledger("the bundle is not here as a whole".to_owned()));
    }
    Ok(())
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

pub(crate) fn phrase(arguments: &Phrase, out: &mut dyn Write) -> Result<(), Failure> {
    let store = open(&arguments.location)?;
    writeln!(out, "{}", *store.recovery().reveal_phrase()?)?;
    Ok(())
}

pub(crate) fn recover(arguments: &Recover, out: &mut dyn Write) -> Result<(), Failure> {
    check_restore(&arguments.location, &arguments.restore)?;
    writeln!(out, "Type the 24 words:")?;
    out.flush()?;
    let mut typed = zeroize::Zeroizing::new(String::new());
    std::io::stdin().lock().read_line(&mut typed)?;
    let store = open_or_create(&arguments.location)?;
    store.recovery().restore_phrase(&typed)?;
    restore(&store, &arguments.location, &arguments.restore, out)
}

/// Refuses a request that must not be written, before anything is restored.
pub(crate) fn check_restore(
    database: &Database,
    arguments: &GroupToRestore,
) -> Result<(), Failure> {
    check(database, &arguments.request, Some(&arguments.bundle), arguments.replace)
}

/// Restores a group with the keys of a person who was restored, and writes the request
/// to approve this device.
pub(crate) fn restore(
    store: &Store,
    database: &Database,
    arguments: &GroupToRestore,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let mut file = open_file(&arguments.bundle)?;
    let (input, replace) = (arguments.bundle.as_path(), arguments.replace);
    let request = Output::create(database, &arguments.request, Some(input), replace)?;
    // Anybody who knows a person's public recovery key can make a bundle for it.
    let preview = store.recovery().preview_group(&mut file, &mut progress_bar())?;
    writeln!(out, "the bundle is of {}, group {}", one_line(&preview.name), preview.id.short())?;
    writeln!(out, "with {}", one_line(&preview.members.join(", ")))?;
    if !arguments.yes {
        confirm("Is that your group?", "nothing was restored", out)?;
    }
    let (group, imported) = store.recovery().restore_group(&mut file, &mut progress_bar())?;
    writeln!(out, "restored {}", one_line(group.state()?.name()))?;
    report(&imported, out)?;
    request.write(&group.keys().request_approval()?)?;
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
    let request = Output::create(&arguments.location, &arguments.request, None, arguments.replace)?;
    writeln!(out, "this replaces this device's keys; it writes again once a member approved it")?;
    if !arguments.yes {
        confirm("Replace them?", "nothing was changed", out)?;
    }
    let group = group.keys().reset_device_keys()?;
    request.write(&group.keys().request_approval()?)?;
    let path = arguments.request.display();
    writeln!(out, "this device has new keys; export a bundle, and send it with {path}")?;
    writeln!(out, "let any member import the bundle, and run `ledger approve` with {path}")?;
    Ok(())
}

pub(crate) fn go_on(arguments: &GoOn, out: &mut dyn Write) -> Result<(), Failure> {
    let group = the_group(&open(&arguments.location)?, &arguments.location)?;
    print_waiting(group.waiting()?, out)?;
    writeln!(out, "to go on without what is missing, this device takes new keys")?;
    if !arguments.yes {
        confirm("Go on?", "nothing was changed", out)?;
    }
    let before = group.device();
    let text = match group.keys().go_on_without_missing()?.device() == before {
        true => "nothing of this device is missing; it goes on as before",
        false => "this device has new keys, and records again",
    };
    writeln!(out, "{text}")?;
    Ok(())
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = open_file(path)?.read_to_end(&mut bytes);
    read.map_err(|source| Failure::Read { path: path.to_owned(), source })?;
    Ok(bytes)
}
