//! Opening the ledger that the command line names.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ledger_core::{GroupState, MemberId, visible_form};
use ledger_store::{FileSecrets, Group, Opening, Standing, Store, StoreError};

use crate::args::{Database, Location};
use crate::failure::Failure;
use crate::show::{one_line, printable};

/// The keys beside a database, unless the command line names a file.
pub(crate) fn secrets(location: &Database) -> Arc<FileSecrets> {
    let path = location.key_file.clone().unwrap_or_else(|| {
        let mut beside = location.db.clone().into_os_string();
        beside.push(".keys");
        PathBuf::from(beside)
    });
    Arc::new(FileSecrets::new(path))
}

/// Opens the database, which must exist.
pub(crate) fn open(location: &Database) -> Result<Store, Failure> {
    let secrets = secrets(location);
    Store::open(&location.db, secrets.clone()).map_err(|error| explain(error, location, &secrets))
}

/// Opens the database, or makes it.
pub(crate) fn open_or_create(location: &Database) -> Result<Store, Failure> {
    let secrets = secrets(location);
    Store::open_or_create(&location.db, secrets.clone())
        .map_err(|error| explain(error, location, &secrets))
}

/// Says which of several causes keeps a database from opening, and names the key file.
pub(crate) fn explain(error: StoreError, location: &Database, secrets: &FileSecrets) -> Failure {
    let (db, keys) = (location.db.display(), secrets.path().display());
    let folder = location.db.parent().filter(|folder| *folder != Path::new(""));
    let text = match &error {
        StoreError::NotFound(_) | StoreError::Io { .. } | StoreError::CannotOpen
            if folder.is_some_and(|folder| !folder.is_dir()) =>
        {
            let folder = folder.unwrap_or(Path::new(".")).display();
            format!(
                "there is no folder {folder} for {db}; check the path, or make the folder first"
            )
        }
        _ if location.db.is_dir() => {
            format!("{db} is a folder; --db names a file, which is made if there is none")
        }
        StoreError::WrongKey(_) | StoreError::Damaged(_) if is_text(&location.db) => {
            format!("{db} is a text file, and no database of this program")
        }
        StoreError::WrongKey(_) if !secrets.path().exists() => {
            format!("there is no key file at {keys}; --key-file says where it is")
        }
        StoreError::WrongKey(_) if has_damaged_salt(&location.db, secrets) => format!(
            "the first bytes of {db} are damaged, though {keys} is its key file; restore a backup"
        ),
        StoreError::WrongKey(_) => format!(
            "the key file {keys} has no key for {db}, but perhaps for another database; --key-file \
             names the one that was made with it (or the beginning of the database is damaged)"
        ),
        StoreError::Damaged(_) => {
            format!("{db}: {error}; its key is in {keys}; `ledger salvage` saves the sound parts")
        }
        _ => return error.into(),
    };
    Failure::Ledger(text)
}

/// Whether a file begins with text, as no encrypted page does.
fn is_text(path: &Path) -> bool {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(4096).read_to_end(&mut bytes));
    let text = match core::str::from_utf8(&bytes) {
        Ok(_) => true,
        // A character that is cut off at the end.
        Err(error) => error.error_len().is_none(),
    };
    read.is_ok() && text && !bytes.contains(&0)
}

/// Whether most of the first bytes of a file are those of a database whose key is here.
fn has_damaged_salt(path: &Path, secrets: &FileSecrets) -> bool {
    let mut found = [0; 16];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut found));
    let alike = |salt: &[u8; 16]| salt.iter().zip(found).filter(|(a, b)| **a == *b).count() >= 8;
    read.is_ok() && secrets.database_salts().is_ok_and(|salts| salts.iter().any(alike))
}

/// The group that the command line names, else the only one.
pub(crate) fn the_group(store: &Store, location: &Location) -> Result<Group, Failure> {
    let groups = store.group_ids()?;
    if groups.is_empty() && location.group.is_none() {
        refuse_without_genesis(store)?;
    }
    let group = match (groups.as_slice(), &location.group) {
        ([], Some(named)) => group_by_name(store, named)?,
        ([], None) => {
            let db = location.db.display();
            let text = format!(
                "{db} has no group yet; import a file, or create a group with `ledger new`"
            );
            return Err(Failure::Ledger(text));
        }
        ([one], None) => store.group(*one)?,
        (_, None) => {
            let text = "the database holds several groups; choose one with --group";
            return Err(Failure::Usage(text.to_owned()));
        }
        (_, Some(named)) => group_by_name(store, named)?,
    };
    if location.verbose {
        // A group that does not open is reported where it is used; verify-history works.
        match group.opening() {
            Ok(opening) => print_opening(opening),
            Err(error) => eprintln!("not opened: {}", printable(&error.to_string())),
        }
    }
    Ok(group)
}

/// Refuses to go on as if the database were empty, if a salvage saved entries of a group and not its
/// first one: what is recorded in another group would stand twice later.
pub(crate) fn refuse_without_genesis(store: &Store) -> Result<(), Failure> {
    let Some(group) = store.groups_without_genesis()?.pop() else { return Ok(()) };
    let text = format!(
        "group {} waits for its first entry, which was lost: `ledger bundle import --group {group}` \
         takes it from a bundle of another device; nothing is recorded until then",
        group.short()
    );
    Err(Failure::Ledger(text))
}

/// A group by its name, or the beginning of its id.
pub(crate) fn group_by_name(store: &Store, named: &str) -> Result<Group, Failure> {
    if named.is_empty() {
        return Err(Failure::Usage(
            "--group is empty; `ledger groups` lists the groups".to_owned(),
        ));
    }
    let waiting = store.groups_without_genesis()?;
    if let Some(group) = waiting.into_iter().find(|group| group.to_string() == named) {
        return Ok(store.group(group)?);
    }
    let mut found = store.groups()?;
    found.retain(|group| group.name == named || group.id.to_string().starts_with(named));
    match found.as_slice() {
        [one] => Ok(store.group(one.id)?),
        [] => Err(Failure::Usage(format!("no group is called {named:?} or has an id like it"))),
        _ => Err(Failure::Usage(format!(
            "several groups are called {named:?} or have an id like it; use an id"
        ))),
    }
}

fn print_opening(opening: Opening) {
    let (covered, replayed) = (opening.from_checkpoint, opening.replayed);
    eprintln!("opened from a checkpoint of {covered} entries, replayed {replayed} after it");
    if opening.dropped_checkpoints > 0 {
        eprintln!("dropped {} damaged checkpoints", opening.dropped_checkpoints);
    }
}

/// Members with labels that no other member has, in the order of their introduction.
pub(crate) struct People {
    labels: BTreeMap<MemberId, String>,
    order: Vec<MemberId>,
    /// The place of each in this order.
    ranks: BTreeMap<MemberId, usize>,
    standings: BTreeMap<MemberId, Standing>,
}

impl People {
    pub(crate) fn of(state: &GroupState) -> Self {
        let order: Vec<MemberId> = state.members().into_iter().map(|(id, _)| id).collect();
        let ranks = order.iter().copied().zip(0..).collect();
        let standings = Standing::of_members(state);
        Self { labels: state.labels(), order, ranks, standings }
    }

    /// The place of a member in the order of their introduction; nowhere is first.
    pub(crate) fn rank(&self, member: MemberId) -> Option<usize> {
        self.ranks.get(&member).copied()
    }

    /// What the member is in the group, in a word.
    pub(crate) fn standing(&self, member: MemberId) -> &'static str {
        match self.standings.get(&member) {
            Some(Standing::Removed) => "removed",
            Some(Standing::Left) => "left",
            Some(Standing::Placeholder) => "placeholder",
            Some(Standing::Active) => "member",
            Some(_) | None => "unknown",
        }
    }

    /// Whether the member was removed, left, or revoked every device.
    pub(crate) fn is_gone(&self, member: MemberId) -> bool {
        let standing = self.standings.get(&member);
        matches!(standing, Some(Standing::Removed | Standing::Left))
    }

    /// The label, for a terminal, and whether the member is gone: `Ben (removed)`.
    pub(crate) fn shown(&self, member: MemberId) -> String {
        let label = one_line(self.label(member));
        match self.is_gone(member) {
            true => format!("{label} ({})", self.standing(member)),
            false => label,
        }
    }

    pub(crate) fn label(&self, member: MemberId) -> &str {
        self.labels.get(&member).map_or("?", String::as_str)
    }

    /// The member with this label, however it is spaced: nobody can type what does not show.
    pub(crate) fn find(&self, name: &str) -> Result<MemberId, Failure> {
        let form = visible_form(name);
        // No two labels have one form.
        let mut found = self.labels.iter().filter(|(_, label)| visible_form(label) == form);
        let one = found.next().map(|(member, _)| *member);
        one.ok_or_else(|| {
            let names: Vec<&str> = self.in_order().map(|member| self.label(member)).collect();
            Failure::Usage(format!("{name:?} is no member; there are {}", names.join(", ")))
        })
    }

    pub(crate) fn in_order(&self) -> impl Iterator<Item = MemberId> + '_ {
        self.order.iter().copied()
    }
}
