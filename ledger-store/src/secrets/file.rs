//! Secrets in a file that only its owner can read, for programs and tests.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use zeroize::{Zeroize as _, Zeroizing};

use super::{Secret, SecretName, SecretStore};
use crate::error::SecretError;
use crate::platform::files::{sync_folder, with_ending};
use crate::platform::lock_file::LockFile;

/// First line of every key file.
const TITLE: &str = "group-ledger keys 1: whoever reads this file can read and sign the ledger";

/// Time that a writer waits for writers of other processes.
const LONGEST_TURN: Duration = Duration::from_secs(5);

/// A secret store in a text file of mode 0600: a title, then one line `name hexadecimal` for each
/// secret.
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

    fn read(&self) -> Result<BTreeMap<String, Secret>, SecretError> {
        let text = match std::fs::read(&self.path) {
            Ok(bytes) => Zeroizing::new(bytes),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeMap::new()),
            Err(error) => return Err(self.error(error)),
        };
        let not_ours = || self.error("it is not a key file of this program");
        let text = core::str::from_utf8(&text).map_err(|_| not_ours())?;
        let mut lines = text.lines();
        if lines.next() != Some(TITLE) {
            return Err(not_ours());
        }
        lines
            .filter(|line| !line.is_empty())
            .map(|line| {
                let (name, hex) = line.split_once(' ').ok_or_else(not_ours)?;
                Ok((name.to_owned(), Secret::new(from_hex(hex).ok_or_else(not_ours)?)))
            })
            .collect()
    }

    fn write(&self, secrets: &BTreeMap<String, Secret>) -> std::io::Result<()> {
        let mut text = Zeroizing::new(format!("{TITLE}\n"));
        for (name, secret) in secrets {
            text.push_str(name);
            text.push(' ');
            push_hex(&mut text, secret.expose());
            text.push('\n');
        }
        let beside = with_ending(&self.path, ".new");
        match std::fs::remove_file(&beside) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = create_private(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&beside, &self.path)?;
        sync_folder(&self.path)
    }
}

impl SecretStore for FileSecrets {
    fn get(&self, name: &SecretName) -> Result<Option<Secret>, SecretError> {
        Ok(self.read()?.remove(name.as_str()))
    }

    fn set(&self, name: &SecretName, secret: &Secret) -> Result<(), SecretError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let _lock = LockFile::beside(&self.path, LONGEST_TURN).map_err(|e| self.error(e))?;
        let mut secrets = self.read()?;
        secrets.insert(name.as_str().to_owned(), secret.clone());
        self.write(&secrets).map_err(|error| self.error(error))
    }

    fn add(&self, name: &SecretName, secret: &Secret) -> Result<Secret, SecretError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let _lock = LockFile::beside(&self.path, LONGEST_TURN).map_err(|e| self.error(e))?;
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
        let _lock = LockFile::beside(&self.path, LONGEST_TURN).map_err(|e| self.error(e))?;
        let mut secrets = self.read()?;
        if secrets.remove(name.as_str()).is_none() {
            return Ok(());
        }
        self.write(&secrets).map_err(|error| self.error(error))
    }
}

/// Creates a file that only its owner can read; fails if it exists.
fn create_private(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn push_hex(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        for nibble in [byte >> 4, byte & 0x0f] {
            text.extend(char::from_digit(u32::from(nibble), 16));
        }
    }
}

fn from_hex(hex: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(hex.len() / 2);
    let mut digits = hex.chars().map(|digit| digit.to_digit(16));
    while let Some(high) = digits.next() {
        let value = high
            .zip(digits.next().flatten())
            .and_then(|(high, low)| u8::try_from(high.checked_mul(16)?.checked_add(low)?).ok());
        let Some(value) = value else {
            bytes.zeroize();
            return None;
        };
        bytes.push(value);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let error = FileSecrets::new(&path).get(&SecretName::entropy()).unwrap_err();
            assert!(error.to_string().contains("not a key file"), "{error}");
            let kept = FileSecrets::new(&path).set(&SecretName::entropy(), &Secret::new(vec![1]));
            assert!(kept.is_err(), "what is not ours is never overwritten");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), content);
        }
    }
}
