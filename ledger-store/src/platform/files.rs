//! Names of files, and making them durable.

use std::fs::File;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

use super::Environment;
use super::environment::random;
use super::hex::hex;
use crate::StoreError;

/// The path with `ending` added to the file name.
pub(crate) fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// A name for a file that is not finished yet: the path with `.partial-` and random digits.
pub(crate) fn unfinished(
    path: &Path,
    environment: &dyn Environment,
) -> Result<PathBuf, StoreError> {
    let digits = hex(&*random::<8>(environment)?);
    Ok(with_ending(path, &format!(".partial-{}", digits.as_str())))
}

/// Makes a rename durable: flushes the folder of a file to the disk.
pub(crate) fn sync_folder(path: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// Gives a complete file its final name; fails if a file of that name exists.
pub(crate) fn publish(partial: &Path, path: &Path) -> std::io::Result<()> {
    // A link fails if the name is taken; a rename would replace the other file.
    match std::fs::hard_link(partial, path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(error),
        Ok(()) => Ok(()),
        // Some file systems have no links, as on memory cards. Between this check and the
        // rename, another process can take the name; there is no better way there.
        Err(_) if path.symlink_metadata().is_ok() => Err(Error::from(ErrorKind::AlreadyExists)),
        Err(_) => std::fs::rename(partial, path),
    }
}
