//! Secrets in a file that only its owner can read, for programs and tests.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use zeroize::Zeroizing;

use super::{Secret, SecretName, SecretStore};
use crate::error::SecretError;
use crate::platform::files::{sync_folder, with_ending};
use crate::platform::hex::{from_hex, hex};
use crate::platform::lock_file::LockFile;

/// First line of every key file.
const TITLE: &str = "group-ledger keys 1: whoever reads this file can read and sign the ledger";

/// Time that a writer waits for writers of other processes.
const LONGEST_TURN: Duration = Duration::from_secs(5);

/// A secret store in a text file of mode 0600: a title, then one line `name hexadecimal` for each
/// secret.
///
/// A file that others may read or write is refused. A symbolic link is followed, and stays.
///
/// Every change replaces the whole file, so a crash leaves the old or the new one. Writers of all
/// processes take turns: each locks an empty file beside it, named with `.lock` at the end, for
/// that moment.
#[derive(Debug)]
pub struct FileSecrets {
    path: PathBuf,
    /// Held by the writer of this process.
    turn: Mutex<()>,
}

impl FileSecrets {
    /// Uses the file at `path`, which is created with the first secret.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), turn: Mutex::new(()) }
    }

    /// The path of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn error(&self, reason: impl ToString) -> SecretError {
        SecretError::new(self.path.display().to_string(), reason.to_string())
    }

    /// The salts of the databases whose keys are in the file: the first bytes of each.
    ///
    /// # Errors
    /// [`SecretError`] if the file cannot be read.
    pub fn database_salts(&self) -> Result<Vec<[u8; 16]>, SecretError> {
        let secrets = self.read()?;
        let names = secrets.keys().filter_map(|name| name.strip_prefix("database-"));
        Ok(names.filter_map(|digits| from_hex(digits)?.as_slice().try_into().ok()).collect())
    }

    /// Refuses a file that others than its owner may read or write, as ssh does: the mode is all
    /// that protects it.
    fn refuse_exposed(&self, file: &File) -> Result<(), SecretError> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = file.metadata().map_err(|error| self.error(error))?.permissions().mode();
            if mode & 0o077 != 0 {
                return Err(SecretError::exposed(self.path.display().to_string(), mode & 0o777));
            }
        }
        #[cfg(not(unix))]
        let _ = file;
        Ok(())
    }

    fn lock(&self) -> Result<LockFile, SecretError> {
        let path = real_path(&self.path).map_err(|error| self.error(error))?;
        LockFile::beside(&path, LONGEST_TURN).map_err(|error| self.error(error))
    }

    fn read(&self) -> Result<BTreeMap<String, Secret>, SecretError> {
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeMap::new()),
            Err(error) => return Err(self.error(error)),
        };
        let mut text = Zeroizing::new(Vec::new());
        file.read_to_end(&mut text).map_err(|error| self.error(error))?;
        let not_ours = || self.error("it is not a key file of this program");
        let text = core::str::from_utf8(&text).map_err(|_| not_ours())?;
        let mut lines = text.lines();
        if lines.next() != Some(TITLE) {
            return Err(not_ours());
        }
        self.refuse_exposed(&file)?;
        lines
            .filter(|line| !line.is_empty())
            .map(|line| {
                let (name, digits) = line.split_once(' ').ok_or_else(not_ours)?;
                Ok((
                    name.to_owned(),
                    Secret::new(std::mem::take(&mut *from_hex(digits).ok_or_else(not_ours)?)),
                ))
            })
            .collect()
    }

    fn write(&self, secrets: &BTreeMap<String, Secret>) -> std::io::Result<()> {
        // A link stays, and leads to the new file.
        let path = real_path(&self.path)?;
        let mut text = Zeroizing::new(format!("{TITLE}\n"));
        for (name, secret) in secrets {
            text.push_str(name);
            text.push(' ');
            text.push_str(&hex(secret.expose()));
            text.push('\n');
        }
        let beside = with_ending(&path, ".new");
        match std::fs::remove_file(&beside) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = create_private(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&beside, &path)?;
        sync_folder(&path)
    }
}

impl SecretStore for FileSecrets {
    fn get(&self, name: &SecretName) -> Result<Option<Secret>, SecretError> {
        Ok(self.read()?.remove(name.as_str()))
    }

    fn set(&self, name: &SecretName, secret: &Secret) -> Result<(), SecretError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let _lock = self.lock()?;
        let mut secrets = self.read()?;
        secrets.insert(name.as_str().to_owned(), secret.clone());
        self.write(&secrets).map_err(|error| self.error(error))
    }

    fn add(&self, name: &SecretName, secret: &Secret) -> Result<Secret, SecretError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let _lock = self.lock()?;
        let mut secrets = self.read()?;
        if let Some(there) = secrets.remove(name.as_str()) {
            return Ok(there);
        }
        secrets.insert(name.as_str().to_owned(), secret.clone());
        self.write(&secrets).map_err(|error| self.error(error))?;
        Ok(secret.clone())
    }

    fn remove(&self, name: &SecretName) -> Result<(), SecretError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let _lock = self.lock()?;
        let mut secrets = self.read()?;
        if secrets.remove(name.as_str()).is_none() {
            return Ok(());
        }
        self.write(&secrets).map_err(|error| self.error(error))
    }
}

/// Most links that are followed to a file that does not exist yet.
const MOST_LINKS: u8 = 40;

/// The path behind symbolic links, also if no file is there yet.
fn real_path(path: &Path) -> std::io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        match std::fs::read_link(&path) {
            // A relative link is relative to the folder that it is in.
            Ok(target) => path = path.parent().unwrap_or(Path::new("")).join(target),
            // No link, or nothing there.
            Err(_) => return Ok(path),
        }
    }
    Err(std::io::Error::other("too many links lead to each other"))
}

/// Creates a file that only its owner can read; fails if it exists.
fn create_private(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::SecretErrorKind;

    #[test]
    fn keeps_secrets_in_a_private_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        let secrets = FileSecrets::new(&path);
        let (one, two) = (SecretName::entropy(), SecretName::database(&[7; 16]));
        assert_eq!(secrets.get(&one).unwrap(), None);
        secrets.set(&one, &Secret::new(vec![0, 255, 16])).unwrap();
        secrets.set(&two, &Secret::new(vec![1])).unwrap();
        let again = FileSecrets::new(&path);
        assert_eq!(again.get(&one).unwrap(), Some(Secret::new(vec![0, 255, 16])));
        assert_eq!(again.get(&two).unwrap(), Some(Secret::new(vec![1])));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn refuses_a_file_that_is_something_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        for content in ["", "hello", &format!("{TITLE}\nentropy zz\n"), &format!("{TITLE}\nx\n")] {
            std::fs::write(&path, content).unwrap();
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt as _;
                std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
            }
            let error = FileSecrets::new(&path).get(&SecretName::entropy()).unwrap_err();
            assert!(error.to_string().contains("not a key file"), "{error}");
            let kept = FileSecrets::new(&path).set(&SecretName::entropy(), &Secret::new(vec![1]));
            assert!(kept.is_err(), "what is not ours is never overwritten");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), content);
        }
    }

    #[cfg(unix)]
    #[test]
    fn refuses_a_file_that_others_may_read_or_write() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        let secrets = FileSecrets::new(&path);
        secrets.set(&SecretName::entropy(), &Secret::new(vec![1])).unwrap();
        let set_mode = |mode| {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        for mode in [0o644, 0o666, 0o640, 0o602, 0o601] {
            set_mode(mode);
            let error = secrets.get(&SecretName::entropy()).unwrap_err();
            assert_eq!(error.kind(), SecretErrorKind::Exposed, "{mode:o}");
            assert!(error.to_string().contains(&format!("{mode:04o}")), "{error}");
            let set = secrets.set(&SecretName::recovery(), &Secret::new(vec![2]));
            assert_eq!(set.unwrap_err().kind(), SecretErrorKind::Exposed);
        }
        for mode in [0o600, 0o400] {
            set_mode(mode);
            assert!(secrets.get(&SecretName::entropy()).unwrap().is_some(), "{mode:o}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn follows_a_link_and_leaves_it() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = folder.path().join("stick");
        std::fs::create_dir(&elsewhere).unwrap();
        let (link, file) = (folder.path().join("keys"), elsewhere.join("real.keys"));
        // Relative, to a link, to a file that is not there yet.
        symlink("stick/link", &link).unwrap();
        symlink("real.keys", elsewhere.join("link")).unwrap();
        let secrets = FileSecrets::new(&link);
        for number in 1..=2 {
            secrets.set(&SecretName::database(&[number; 16]), &Secret::new(vec![number])).unwrap();
            assert!(link.symlink_metadata().unwrap().is_symlink());
            assert!(file.symlink_metadata().unwrap().is_file());
        }
        assert_eq!(FileSecrets::new(&file).database_salts().unwrap(), [[1; 16], [2; 16]]);
        let left: Vec<_> = std::fs::read_dir(&elsewhere).unwrap().collect();
        assert_eq!(left.len(), 2, "no lock or unfinished file is left");
        symlink("loop", folder.path().join("loop")).unwrap();
        let circle = FileSecrets::new(folder.path().join("loop"));
        assert!(circle.set(&SecretName::entropy(), &Secret::new(vec![1])).is_err());
    }
}
