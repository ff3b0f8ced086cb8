//! The cipher: SQLCipher with a raw key.

use std::fmt::Write as _;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use zeroize::Zeroizing;

use crate::StoreError;
use crate::platform::hex::hex;

/// Bytes of a plaintext header: as many as iOS looks at.
const PLAINTEXT_BYTES: u32 = 32;

/// The salt from which, with the key, SQLCipher derives how it authenticates pages.
pub(super) type Salt = [u8; 16];

/// A raw key.
pub(super) type Key = Zeroizing<[u8; 32]>;

/// Opens the file, and gives the cipher its key.
pub(super) fn unlock(
    path: &Path,
    flags: OpenFlags,
    key: &[u8; 32],
    salt: &Salt,
    plaintext_header: bool,
) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    // A wrong key is an error of this library, not a line on a terminal.
    connection.execute_batch("PRAGMA cipher_log_level = NONE;")?;
    require_cipher(&connection)?;
    connection.execute_batch(&pragma_with_key("key", key, salt))?;
    if plaintext_header {
        let pragma = format!("PRAGMA cipher_plaintext_header_size = {PLAINTEXT_BYTES};");
        connection.execute_batch(&pragma)?;
    }
    Ok(connection)
}

/// A pragma with a raw key and its salt. A raw key saves the derivation from a passphrase, which
/// costs 100 ms.
pub(super) fn pragma_with_key(name: &str, key: &[u8; 32], salt: &Salt) -> Zeroizing<String> {
    let mut pragma = Zeroizing::new(String::with_capacity(128));
    // Writing to a string cannot fail.
    let _ = write!(pragma, "PRAGMA {name} = \"x'");
    pragma.push_str(&hex(key));
    pragma.push_str(&hex(salt));
    pragma.push_str("'\";");
    pragma
}

/// Refuses an SQLite that does not encrypt: plain SQLite silently ignores keys, and does not know
/// this pragma.
pub(super) fn require_cipher(connection: &Connection) -> Result<(), StoreError> {
    let mut statement = connection.prepare("PRAGMA cipher_version")?;
    let mut rows = statement.query([])?;
    rows.next()?.map(|_| ()).ok_or(StoreError::NoCipher)
}
