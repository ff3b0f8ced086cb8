//! Opening the file with its raw key, and refusing what is not ours.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use zeroize::Zeroizing;

use super::schema;
use crate::environment::random;
use crate::{Environment, Secret, SecretName, SecretStore, StoreError};

/// How long a writer waits for another process before it gives up.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Statements kept prepared: more than the library has, so that a write never
/// prepares one anew.
const STATEMENTS: usize = 64;

/// Bytes of a page, as SQLCipher has them unless told otherwise.
const PAGE_BYTES: u64 = 4096;

/// Bytes of the salt with which every SQLCipher file begins.
type Salt = [u8; 16];

/// Opens a database that must exist.
pub(crate) fn open_existing(
    path: &Path,
    secrets: &dyn SecretStore,
) -> Result<Connection, StoreError> {
    match read_salt(path)? {
        Some(salt) => open_with_key_of(path, secrets, &salt),
        None => Err(StoreError::NotFound(path.to_owned())),
    }
}

/// Opens a database, or makes one if there is no file or an empty one (which a
/// crash at the right instant can leave).
pub(crate) fn open_or_create(
    path: &Path,
    secrets: &dyn SecretStore,
    environment: &dyn Environment,
) -> Result<Connection, StoreError> {
    if let Some(salt) = read_salt(path)? {
        return open_with_key_of(path, secrets, &salt);
    }
    // Before a key is kept that would open nothing.
    require_cipher(&Connection::open_in_memory()?)?;
    let salt: Zeroizing<Salt> = random(environment)?;
    let key: Zeroizing<[u8; 32]> = random(environment)?;
    // The key is durable before anything is encrypted with it.
    secrets.set(&SecretName::database(&salt), &Secret::new(key.to_vec()))?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    connect(path, flags, &key, &salt)
}

fn open_with_key_of(
    path: &Path,
    secrets: &dyn SecretStore,
    salt: &Salt,
) -> Result<Connection, StoreError> {
    let key = key_of(path, secrets, salt)?;
    refuse_cut_short(path)?;
    connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE, &key, salt)
}

fn key_of(
    path: &Path,
    secrets: &dyn SecretStore,
    salt: &Salt,
) -> Result<Zeroizing<[u8; 32]>, StoreError> {
    let wrong_key = || StoreError::WrongKey(path.to_owned());
    let secret = secrets.get(&SecretName::database(salt))?.ok_or_else(wrong_key)?;
    let key: &[u8; 32] = secret.expose().try_into().map_err(|_| wrong_key())?;
    Ok(Zeroizing::new(*key))
}

/// SQLite rounds the file's size up and would notice a last page that is cut
/// only when it reads that page. While there is a write-ahead log, the end of
/// the file may honestly be unfinished.
fn refuse_cut_short(path: &Path) -> Result<(), StoreError> {
    let mut log = path.to_owned().into_os_string();
    log.push("-wal");
    if std::fs::metadata(log).is_ok_and(|log| log.len() > 0) {
        return Ok(());
    }
    let io = |source| StoreError::Io { path: path.to_owned(), source };
    if std::fs::metadata(path).map_err(io)?.len().is_multiple_of(PAGE_BYTES) {
        return Ok(());
    }
    Err(StoreError::Damaged("the file is cut short".to_owned()))
}

/// The first 16 bytes of a file; none if it is missing or empty.
fn read_salt(path: &Path) -> Result<Option<Salt>, StoreError> {
    let io = |source| StoreError::Io { path: path.to_owned(), source };
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io(error)),
    };
    if file.metadata().map_err(io)?.len() == 0 {
        return Ok(None);
    }
    let mut salt = [0; 16];
    file.read_exact(&mut salt).map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof => StoreError::Damaged("the file is cut short".to_owned()),
        _ => io(error),
    })?;
    if salt == *b"SQLite format 3\0" {
        return Err(StoreError::Damaged("the file is an SQLite database without a cipher".into()));
    }
    Ok(Some(salt))
}

/// Opens a database once more, and a new file with the same key and salt, as
/// yet without settings or tables.
pub(crate) fn open_pair(
    path: &Path,
    secrets: &dyn SecretStore,
    target: &Path,
) -> Result<(Connection, Connection), StoreError> {
    let salt = read_salt(path)?.ok_or_else(|| StoreError::NotFound(path.to_owned()))?;
    let key = key_of(path, secrets, &salt)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
    let source = unlock(path, flags, &key, &salt)?;
    let target = unlock(target, flags | OpenFlags::SQLITE_OPEN_CREATE, &key, &salt)?;
    Ok((source, target))
}

fn connect(
    path: &Path,
    flags: OpenFlags,
    key: &[u8; 32],
    salt: &Salt,
) -> Result<Connection, StoreError> {
    let mut connection = unlock(path, flags, key, salt)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.execute_batch(
        // `synchronous = FULL`: a committed entry survives a loss of power.
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA secure_delete = ON;
         PRAGMA cell_size_check = ON;
         PRAGMA temp_store = MEMORY;",
    )?;
    schema::migrate(&mut connection)?;
    Ok(connection)
}

/// Opens the file and gives the cipher its key.
fn unlock(
    path: &Path,
    flags: OpenFlags,
    key: &[u8; 32],
    salt: &Salt,
) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // Wrong keys are our errors to report, not lines on somebody's terminal.
    connection.execute_batch("PRAGMA cipher_log_level = NONE;")?;
    require_cipher(&connection)?;
    // A raw key with its salt: no passphrase derivation, which costs 100 ms.
    let mut pragma = Zeroizing::new(String::with_capacity(128));
    pragma.push_str("PRAGMA key = \"x'");
    for byte in key.iter().chain(salt) {
        // Writing to a string cannot fail.
        let _ = write!(pragma, "{byte:02x}");
    }
    pragma.push_str("'\";");
    connection.execute_batch(&pragma)?;
    Ok(connection)
}

/// Refuses an SQLite that does not encrypt: plain SQLite silently ignores keys,
/// and does not know this pragma.
fn require_cipher(connection: &Connection) -> Result<(), StoreError> {
    let mut statement = connection.prepare("PRAGMA cipher_version")?;
    let mut rows = statement.query([])?;
    rows.next()?.map(|_| ()).ok_or(StoreError::NoCipher)
}
