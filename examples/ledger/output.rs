//! Files that commands write: complete, or not at all.

use std::fs::File;
use std::io::{BufWriter, Read as _, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::args::{Database, Replace};
use crate::context::secrets;
use crate::failure::Failure;
use crate::parts::usage;

/// A file to be written. It has its name only when it is complete; before, the name is what it was.
///
/// Commands make it before they sign or change anything, so that a wrong path changes nothing.
pub(crate) struct Output {
    path: PathBuf,
    partial: BufWriter<Target>,
    replace: Replace,
}

/// Where the content goes.
enum Target {
    /// A file beside the one to be written.
    Beside(NamedTempFile),
    /// A pipe or a device, which cannot be replaced.
    Itself(File),
}

impl Output {
    /// Begins a file at `path`, by a command that reads `input`.
    ///
    /// # Errors
    /// As [`check`]; [`Failure::Read`] if the folder cannot be written.
    pub(crate) fn create(
        database: &Database,
        path: &Path,
        input: Option<&Path>,
        replace: Replace,
    ) -> Result<Self, Failure> {
        check(database, path, input, replace)?;
        // A link stays, and what it leads to is replaced.
        let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let target = match std::fs::metadata(&target) {
            Ok(there) if !there.is_file() => {
                File::options().write(true).open(&target).map(Target::Itself)
            }
            _ => builder().tempfile_in(folder(&target)).map(Target::Beside),
        };
        let partial = BufWriter::new(target.map_err(|source| failed(path, source))?);
        Ok(Self { path: path.to_owned(), partial, replace })
    }

    /// Where the content is to be written.
    pub(crate) fn file(&mut self) -> &mut dyn Write {
        &mut self.partial
    }

    /// Gives the complete file its name.
    ///
    /// # Errors
    /// [`Failure::Usage`] if a file has the name by now, which only `--force` replaces.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        let Self { path, partial, replace } = self;
        let partial = partial.into_inner().map_err(|error| failed(&path, error.into_error()))?;
        let Target::Beside(partial) = partial else { return Ok(()) };
        let target = path.canonicalize().unwrap_or_else(|_| path.clone());
        partial.as_file().sync_all().map_err(|source| failed(&path, source))?;
        // Not every file system can do this in one step, as FAT on some systems.
        let partial = match partial.persist_noclobber(&target) {
            Ok(_) => return Ok(()),
            Err(error) => error.file,
        };
        refuse_existing(&target, replace)?;
        partial.persist(target).map_err(|error| failed(&path, error.error))?;
        Ok(())
    }

    /// Writes the whole content.
    pub(crate) fn write(mut self, bytes: &[u8]) -> Result<(), Failure> {
        let written = self.partial.write_all(bytes);
        written.map_err(|source| failed(&self.path, source))?;
        self.finish()
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            Self::Beside(file) => file.write(bytes),
            Self::Itself(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Self::Beside(file) => file.flush(),
            Self::Itself(file) => file.flush(),
        }
    }
}

/// Refuses a file that a command must not write: one of the database, the command's own input, and,
/// without `--force`, any that exists. A pipe or a device is written as it is.
///
/// # Errors
/// [`Failure::Usage`], which says what the file is.
pub(crate) fn check(
    database: &Database,
    path: &Path,
    input: Option<&Path>,
    replace: Replace,
) -> Result<(), Failure> {
    let shown = path.display();
    if is_own(database, path) {
        return usage(format!(
            "{shown} holds the database or its keys; name another file to write"
        ));
    }
    if let Some(what) = other_database(path) {
        return usage(format!("{shown} is {what}; name another file to write"));
    }
    if path.is_dir() {
        return usage(format!("{shown} is a folder; name a file to write"));
    }
    if path.is_file() && input.is_some_and(|input| is_same(path, input)) {
        return usage(format!("{shown} is what this command reads; name another file to write"));
    }
    refuse_existing(path, replace)
}

fn refuse_existing(path: &Path, replace: Replace) -> Result<(), Failure> {
    // A link that leads nowhere is a file, too.
    let exists = match path.metadata() {
        Ok(there) => there.is_file(),
        Err(_) => path.symlink_metadata().is_ok(),
    };
    if exists && !replace.force {
        let path = path.display();
        return usage(format!("{path} exists already; name a new file, or replace it by --force"));
    }
    Ok(())
}

/// What a file is that belongs to another database: nothing replaces it, whatever is asked for.
fn other_database(path: &Path) -> Option<&'static str> {
    // A link is replaced where it leads to.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let name = path.to_string_lossy().into_owned();
    if is_key_file(&path) {
        return Some("a key file");
    }
    let has_keys =
        |of: &str| Path::new(of).is_file() && is_key_file(Path::new(&format!("{of}.keys")));
    let beside = ["-wal", "-shm", "-journal", ".lock"];
    if beside.iter().any(|ending| name.strip_suffix(ending).is_some_and(has_keys)) {
        return Some("a name that a database needs for its log or lock");
    }
    has_keys(&name).then_some("a database")
}

/// Whether a file begins as key files do, whatever its mode.
fn is_key_file(path: &Path) -> bool {
    let mut start = [0; 19];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut start));
    path.is_file() && read.is_ok() && start == *b"group-ledger keys 1"
}

fn failed(path: &Path, source: std::io::Error) -> Failure {
    if source.kind() == std::io::ErrorKind::NotFound && !folder(path).is_dir() {
        let (folder, path) = (folder(path).display(), path.display());
        return Failure::Ledger(format!("there is no folder {folder} for {path}; make it first"));
    }
    Failure::Read { path: path.to_owned(), source }
}

/// Others may read what is sealed for them, as with any new file.
fn builder() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// Whether a path names the database, a file that SQLite keeps beside it, or the key file.
fn is_own(database: &Database, path: &Path) -> bool {
    let beside = |ending: &str| {
        let mut name = database.db.clone().into_os_string();
        name.push(ending);
        PathBuf::from(name)
    };
    let mut own: Vec<PathBuf> = ["", "-wal", "-shm", "-journal", ".lock"].map(beside).into();
    own.push(secrets(database).path().to_owned());
    let real = |path: &Path| {
        let folder = folder(path).canonicalize().ok()?;
        Some(folder.join(path.file_name()?))
    };
    let is_named = |own: &PathBuf| real(path).is_some() && real(path) == real(own);
    own.iter().any(|own| is_named(own) || is_same(path, own))
}

/// Whether both paths lead to one file, by whatever links.
fn is_same(path: &Path, other: &Path) -> bool {
    path.canonicalize().is_ok_and(|path| other.canonicalize().is_ok_and(|other| other == path))
}

/// Opens a file to be read.
pub(crate) fn open_file(path: &Path) -> Result<File, Failure> {
    File::open(path).map_err(|source| failed(path, source))
}
