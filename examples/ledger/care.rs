//! `ledger backup`, `rekey`, `delete-group`: the database itself.

use std::io::Write;

use ledger_store::StoreError;

use crate::args::{Backup, DeleteGroup, Rekey, Replace};
use crate::ask::{ask, confirm};
use crate::context::{open, secrets, the_group};
use crate::failure::Failure;
use crate::output::check;
use crate::show::{one_line, progress_bar};

pub(crate) fn backup(arguments: &Backup, out: &mut dyn Write) -> Result<(), Failure> {
    let store = open(&arguments.location)?;
    let to = &arguments.to;
    // Nothing is replaced: what exists is told below.
    check(&arguments.location, to, None, Replace { force: true })?;
    if to.symlink_metadata().is_ok() {
        let text = format!("{} exists already; name a new file for the backup", to.display());
        return Err(Failure::Usage(text));
    }
    let made = store.maintenance().backup(to, &mut progress_bar());
    made.map_err(|error| match error {
        StoreError::CannotOpen => Failure::Ledger(format!(
            "{} cannot be made; check that its folder exists, and its permissions",
            to.display()
        )),
        error => error.into(),
    })?;
    let keys = secrets(&arguments.location);
    let (to, keys) = (to.display(), keys.path().display());
    writeln!(out, "{to} is a copy of the database; it opens with --key-file {keys}")?;
    writeln!(out, "without that file nobody can open it: keep a copy of both in another place")?;
    Ok(())
}

pub(crate) fn rekey(arguments: &Rekey, out: &mut dyn Write) -> Result<(), Failure> {
    let store = open(&arguments.location)?;
    if !arguments.yes {
        writeln!(out, "backups from before will not open any more")?;
        confirm("Encrypt the database anew?", "nothing was changed", out)?;
    }
    store.maintenance().rekey()?;
    let keys = secrets(&arguments.location);
    let (db, keys) = (arguments.location.db.display(), keys.path().display());
    writeln!(out, "{db} has a new key, which is in {keys}")?;
    writeln!(out, "backups from before do not open any more: make one by `ledger backup`")?;
    Ok(())
}

pub(crate) fn delete_group(arguments: &DeleteGroup, out: &mut dyn Write) -> Result<(), Failure> {
    let store = open(&arguments.location)?;
    let group = the_group(&store, &arguments.location)?;
    let (id, name) = (group.id(), group.state()?.name().to_owned());
    let entries = group.ledger()?.frontier().entries();
    drop(group);
    let shown = one_line(&name);
    writeln!(
        out,
        "this deletes {shown}, group {}, from this device: {entries} entries",
        id.short()
    )?;
    writeln!(
        out,
        "others keep theirs; what nobody else has is lost, as are the keys of this device in it"
    )?;
    match ask("Type the group's name to delete it:", out)?.as_str() {
        "" => Err(Failure::Declined("nothing was deleted")),
        typed if typed == name || typed == shown => {
            store.delete_group(id)?;
            writeln!(out, "deleted {shown}")?;
            Ok(())
        }
        typed => Err(Failure::Usage(format!(
            "{typed:?} is not the group's name, {shown:?}; nothing was deleted"
        ))),
    }
}
