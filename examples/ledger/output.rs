//! Files that commands write: complete, or not at all.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::args::Database;
use crate::context::secrets;
use crate::failure::Failure;

/// A file to be written. It has its name only when it is complete; before, the name is what it was.
///
/// Commands make it before they sign or change anything, so that a wrong path changes nothing.
pub(crate) struct Output {
    path: PathBuf,
    partial: BufWriter<Target>,
}

/// Where the content goes.
enum Target {
    /// A file beside the one to be written.
    Beside(NamedTempFile),
    /// A pipe or a device, which cannot be replaced.
    Itself(File),
}

impl Output {
    /// Begins a file at `path`.
    ///
    /// # Errors
    /// [`Failure::Usage`] if that is a file of the database; [`Failure::Read`] if its folder cannot
    /// be written.
    pub(crate) fn create(database: &Database, path: &Path) -> Result<Self, Failure> {
        if is_own(database, path) {
            let path = path.display();
            let text = format!("{path} holds the database or its keys; name another file to write");
            return Err(Failure::Usage(text));
        }
        if path.is_dir() {
            let text = format!("{} is a folder; name a file to write", path.display());
            return Err(Failure::Usage(text));
        }
        // A link stays, and what it leads to is replaced.
        let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let target = match std::fs::metadata(&target) {
            Ok(there) if !there.is_file() => {
                File::options().write(true).open(&target).map(Target::Itself)
            }
            _ => builder().tempfile_in(folder(&target)).map(Target::Beside),
        };
        let partial = BufWriter::new(target.map_err(|source| failed(path, source))?);
        Ok(Self { path: path.to_owned(), partial })
    }

    /// Where the content is to be written.
    pub(crate) fn file(&mut self) -> &mut dyn Write {
        &mut self.partial
    }

    /// Gives the complete file its name, in place of a file that had it.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        let Self { path, partial } = self;
        let partial = partial.into_inner().map_err(|error| failed(&path, error.into_error()))?;
        let Target::Beside(partial) = partial else { return Ok(()) };
        let target = path.canonicalize().unwrap_or_else(|_| path.clone());
        partial.as_file().sync_all().map_err(|source| failed(&path, source))?;
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

fn failed(path: &Path, source: std::io::Error) -> Failure {
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
    let same_file = |own: &PathBuf| {
        let names = real(path).is_some() && real(path) == real(own);
        // A link leads to the same file by another name.
        let links =
            path.canonicalize().is_ok_and(|path| own.canonicalize().is_ok_and(|own| own == path));
        names || links
    };
    own.iter().any(same_file)
}

/// Opens a file to be read.
pub(crate) fn open_file(path: &Path) -> Result<File, Failure> {
    File::open(path).map_err(|source| failed(path, source))
}
