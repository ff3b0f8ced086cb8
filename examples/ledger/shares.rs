//! `ledger shares`: shares of the recovery phrase, which friends keep.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use ledger_core::MemberId;
use ledger_core::messages::recovery::RecoveryRequest;
use ledger_store::{KeptShare, Store, StoreError};

use crate::args::{Database, GroupToRestore, Location, Replace};
use crate::ask::confirm;
use crate::context::{People, open, open_or_create, the_group};
use crate::exchange::{self, check_restore, read};
use crate::failure::Failure;
use crate::output::{Output, check};
use crate::show::one_line;

#[derive(Debug, Subcommand)]
pub(crate) enum SharesCommand {
    /// Split your phrase among friends in the group
    Make {
        #[command(flatten)]
        location: Location,
        /// How many of them together can restore you
        #[arg(long, value_name = "N")]
        needed: u8,
        #[command(flatten)]
        replace: Replace,
        /// A folder for the shares, one for each friend
        #[arg(value_name = "FOLDER")]
        folder: PathBuf,
        /// The friends
        #[arg(required = true, value_name = "NAME")]
        friends: Vec<String>,
    },
    /// Keep a share that a friend handed to you
    Keep {
        #[command(flatten)]
        location: Database,
        /// The share
        share: PathBuf,
    },
    /// List the shares that you keep for friends
    List {
        #[command(flatten)]
        location: Location,
    },
    /// After you lost everything: write a request to show to friends
    Request {
        #[command(flatten)]
        location: Database,
        #[command(flatten)]
        replace: Replace,
        /// Where to write it; it holds no secret
        #[arg(value_name = "REQUEST")]
        request: PathBuf,
    },
    /// Return a friend's share
    Return {
        #[command(flatten)]
        location: Location,
        /// Do not ask whether the request is the friend's
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        replace: Replace,
        /// Whose share
        #[arg(value_name = "NAME")]
        friend: String,
        /// The friend's request
        request: PathBuf,
        /// Where to write the share, sealed to the request
        #[arg(value_name = "SHARE")]
        share: PathBuf,
    },
    /// Add a share that a friend returned
    Add {
        #[command(flatten)]
        location: Database,
        /// The share
        share: PathBuf,
    },
    /// Print how many of the shares are here
    Progress {
        #[command(flatten)]
        location: Database,
    },
    /// Restore yourself from the shares, and a group from a bundle
    Restore {
        #[command(flatten)]
        location: Database,
        /// Whom to restore, by fingerprint, if the shares of several people suffice
        #[arg(long, value_name = "FINGERPRINT")]
        person: Option<String>,
        #[command(flatten)]
        restore: GroupToRestore,
    },
}

pub(crate) fn run(command: &SharesCommand, out: &mut dyn Write) -> Result<(), Failure> {
    match command {
        SharesCommand::Make { location, needed, replace, folder, friends } => {
            make(location, *needed, *replace, folder, friends, out)
        }
        SharesCommand::Keep { location, share } => {
            let store = open(location)?;
            let kept = store.recovery().keep_share(&read(share)?)?;
            let state = store.group(kept.group)?.state()?;
            let owner = People::of(&state).label(kept.member).to_owned();
            writeln!(out, "kept a share of {}", one_line(&owner))?;
            Ok(())
        }
        SharesCommand::List { location } => {
            let group = the_group(&open(location)?, location)?;
            let people = People::of(&*group.state()?);
            for kept in group.shares().list()? {
                writeln!(out, "a share of {}", one_line(people.label(kept.member)))?;
            }
            Ok(())
        }
        SharesCommand::Request { location, replace, request } => {
            let file = Output::create(location, request, None, *replace)?;
            let asked = open_or_create(location)?.recovery().request()?;
            file.write(&asked.encode())?;
            writeln!(out, "show {} to your friends", request.display())?;
            writeln!(out, "tell them by voice that its fingerprint is {}", asked.fingerprint())?;
            Ok(())
        }
        SharesCommand::Return { location, yes, replace, friend, request, share } => {
            let file = Output::create(location, share, Some(request), *replace)?;
            let request = RecoveryRequest::decode(&read(request)?).map_err(StoreError::from)?;
            let group = the_group(&open(location)?, location)?;
            let owner = People::of(&*group.state()?).find(friend)?;
            let kept = newest(group.shares().list()?, owner);
            let kept =
                kept.ok_or_else(|| Failure::Ledger(format!("no share of {friend} is kept here")))?;
            writeln!(out, "the request has the fingerprint {}", request.fingerprint())?;
            let question = format!("Does {friend} say the same, by voice or face?");
            if !yes {
                confirm(&one_line(&question), "nothing was returned", out)?;
            }
            file.write(&group.shares().return_share(kept.id, &request)?)?;
            writeln!(out, "send {} to {}", share.display(), one_line(friend))?;
            Ok(())
        }
        SharesCommand::Add { location, share } => {
            let store = open(location)?;
            let added = store.recovery().add_returned_share(&read(share)?)?;
            writeln!(out, "{} shares are here", added.progress)?;
            if store.recovery().people()?.len() > 1 {
                writeln!(out, "of the person with the fingerprint {}", added.fingerprint())?;
            }
            print_people(&store, out)
        }
        SharesCommand::Progress { location } => {
            let store = open(location)?;
            match store.recovery().progress()? {
                Some(progress) => writeln!(out, "{progress} shares are here")?,
                None => writeln!(out, "no share is here yet")?,
            }
            print_people(&store, out)
        }
        SharesCommand::Restore { location, person, restore } => {
            check_restore(location, restore)?;
            let store = open(location)?;
            if store.recovery().reveal_phrase().is_err() {
                match person {
                    Some(person) => {
                        let root = store.recovery().person(person)?.root;
                        store.recovery().recover_person_from_shares(root)?;
                    }
                    None => store.recovery().recover_from_shares()?,
                }
            }
            exchange::restore(&store, location, restore, out)
        }
    }
}

fn make(
    location: &Location,
    needed: u8,
    replace: Replace,
    folder: &Path,
    friends: &[String],
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let group = the_group(&open(location)?, location)?;
    let people = People::of(&*group.state()?);
    let members: Vec<MemberId> =
        friends.iter().map(|name| people.find(name)).collect::<Result<_, _>>()?;
    let paths: Vec<PathBuf> =
        (1u32..).zip(friends).map(|(number, _)| folder.join(format!("share-{number}"))).collect();
    for path in &paths {
        check(location, path, None, replace)?;
    }
    let shares = group.shares().share_phrase(needed, &members)?;
    for ((path, share), friend) in paths.iter().zip(shares).zip(friends) {
        Output::create(location, path, None, replace)?.write(&share)?;
        writeln!(out, "give {} to {}", path.display(), one_line(friend))?;
    }
    writeln!(out, "any {needed} of them together can restore you, and become you")?;
    Ok(())
}

/// Lists the people whom the shares name, if there are several: one of them is false.
fn print_people(store: &Store, out: &mut dyn Write) -> Result<(), Failure> {
    let people = store.recovery().people()?;
    if people.len() > 1 {
        writeln!(out, "the shares are of several people; somebody made up their own:")?;
        for person in people {
            writeln!(out, "  {}: {} shares", person.fingerprint(), person.progress)?;
        }
        writeln!(out, "trust the one whose shares came from friends whom you trust")?;
    }
    Ok(())
}

/// The newest share of a member.
fn newest(kept: Vec<KeptShare>, owner: MemberId) -> Option<KeptShare> {
    kept.into_iter().filter(|kept| kept.member == owner).max_by_key(|kept| kept.made_ms)
}
