//! A copy of a damaged file to work on, in which any page can be read as the
//! root of a table.
//!
//! Pages are decrypted, checked and parsed by SQLCipher alone: the first page of
//! the copy, with the schema in it, is replaced by one that was made with the
//! same key, and its two tables are pointed at one page after the other.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::StoreError;
use crate::database::{FileKey, PAGE_BYTES};
use crate::platform::files::with_ending;

/// Columns that a row is read with; those that it lacks are null.
pub(super) const COLUMNS: usize = 16;

/// Bytes of one row that makes the template large.
const CHUNK: u64 = 1 << 26;

/// A damaged file's copy.
pub(super) struct Scratch {
    path: PathBuf,
    key: FileKey,
    pub(super) pages: u64,
    /// Pages that do not check out, the first one as well if it does not.
    pub(super) damaged: BTreeSet<u64>,
}

impl Scratch {
    /// Copies a file and its log into `folder`, and applies the log.
    pub(super) fn new(file: &Path, folder: &Path, key: FileKey) -> Result<Self, StoreError> {
        let path = folder.join("damaged.db");
        copy(file, &path)?;
        let log = with_ending(file, "-wal");
        let has_log = std::fs::metadata(&log).is_ok_and(|log| log.len() > 0);
        let mut scratch = Self { path, key, pages: 0, damaged: BTreeSet::new() };
        scratch.whole_pages()?;
        if has_log {
            copy(&log, &with_ending(&scratch.path, "-wal"))?;
            if scratch.apply_log().is_err() {
                // The log may have a sound first page, and is applied over this.
                let spliced = scratch.splice(folder, true)?;
                if scratch.apply_log().is_err() {
                    // A log that cannot be applied is as good as none.
                    copy(file, &scratch.path)?;
                }
                if scratch.first_page()? == spliced {
                    scratch.damaged.insert(1);
                }
            }
            for ending in ["-wal", "-shm"] {
                let _ = std::fs::remove_file(with_ending(&scratch.path, ending));
            }
            scratch.whole_pages()?;
        }
        scratch.find_damaged()?;
        scratch.splice(folder, false)?;
        Ok(scratch)
    }

    /// Has the log applied, which a transaction begins and closing ends. Reads
    /// the first page, and no schema.
    fn apply_log(&self) -> Result<(), StoreError> {
        let copy = self.open()?;
        copy.execute_batch("BEGIN IMMEDIATE; COMMIT")?;
        copy.close().map_err(|(_, error)| error)?;
        match with_ending(&self.path, "-wal").exists() {
            false => Ok(()),
            true => Err(StoreError::Busy),
        }
    }

    fn first_page(&self) -> Result<Vec<u8>, StoreError> {
        first_page(&self.path)
    }

    fn io(&self) -> impl Fn(std::io::Error) -> StoreError + '_ {
        |source| StoreError::Io { path: self.path.clone(), source }
    }

    /// Leaves off what does not fill a page.
    fn whole_pages(&mut self) -> Result<(), StoreError> {
        let file = OpenOptions::new().write(true).open(&self.path).map_err(self.io())?;
        let length = file.metadata().map_err(self.io())?.len();
        self.pages = length.checked_div(PAGE_BYTES).unwrap_or(0);
        file.set_len(self.pages.saturating_mul(PAGE_BYTES)).map_err(self.io())?;
        Ok(())
    }

    /// Replaces the first page by one with our two tables, which says that
    /// there are as many pages as there are.
    fn splice(&self, folder: &Path, log: bool) -> Result<Vec<u8>, StoreError> {
        let path = folder.join("template.db");
        let template = self.key.unlock(&path)?;
        template.execute_batch(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
             CREATE TABLE r (c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15);
             CREATE TABLE w (a, b, PRIMARY KEY (a, b)) WITHOUT ROWID;
             CREATE TABLE filler (bytes);",
        )?;
        let mut left = self.pages.saturating_mul(PAGE_BYTES);
        while left > 0 {
            let chunk = left.min(CHUNK);
            template.execute("INSERT INTO filler VALUES (zeroblob(?1))", [chunk])?;
            left = left.saturating_sub(chunk);
        }
        if log {
            template.execute_batch("PRAGMA journal_mode = WAL")?;
        }
        let pages: u64 = template.query_row("PRAGMA page_count", [], |row| row.get(0))?;
        template.close().map_err(|(_, error)| error)?;
        let first = first_page(&path)?;
        let mut copy = OpenOptions::new().write(true).open(&self.path).map_err(self.io())?;
        copy.write_all(&first).map_err(self.io())?;
        if !log {
            // Nobody looks at the pages beyond, which are zeros.
            copy.set_len(pages.saturating_mul(PAGE_BYTES)).map_err(self.io())?;
        }
        for ending in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(with_ending(&path, ending));
        }
        Ok(first)
    }

    fn find_damaged(&mut self) -> Result<(), StoreError> {
        let copy = self.open()?;
        let mut statement = copy.prepare("PRAGMA cipher_integrity_check")?;
        let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
        for line in rows {
            // "HMAC verification failed for page 7"
            let page: Option<u64> = line?.rsplit(' ').next().and_then(|page| page.parse().ok());
            self.damaged.extend(page.filter(|page| *page <= self.pages));
        }
        Ok(())
    }

    fn open(&self) -> Result<Connection, StoreError> {
        self.key.unlock(&self.path)
    }

    /// Opens the copy for reading pages.
    pub(super) fn reader(&self) -> Result<Reader, StoreError> {
        let connection = self.open()?;
        connection.execute_batch(
            "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;",
        )?;
        Ok(Reader { connection, at: None })
    }
}

/// A page as the root of a table, or of an index.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Root {
    Table(u64),
    Index(u64),
}

/// Reads pages of a scratch copy.
pub(super) struct Reader {
    connection: Connection,
    /// Where the tables point, and whether it can be read there.
    at: Option<(Root, bool)>,
}

impl Reader {
    /// Points a table at a page. Whether it can be read: an inner page of a
    /// table would only give once more what its leaves give.
    pub(super) fn point(&mut self, root: Root) -> Result<bool, StoreError> {
        if let Some((_, readable)) = self.at.filter(|(at, _)| *at == root) {
            return Ok(readable);
        }
        let (table, page) = match root {
            Root::Table(page) => ("r", page),
            Root::Index(page) => ("w", page),
        };
        self.connection.execute_batch("PRAGMA writable_schema = ON")?;
        self.connection
            .prepare_cached("UPDATE sqlite_schema SET rootpage = ?2 WHERE name = ?1")?
            .execute((table, page))?;
        self.connection.execute_batch("PRAGMA writable_schema = RESET")?;
        let kind: String = self
            .connection
            .prepare_cached("SELECT pagetype FROM dbstat WHERE name = ?1 LIMIT 1")?
            .query_row([table], |row| row.get(0))?;
        let readable = kind == "leaf" || (kind == "internal" && matches!(root, Root::Index(_)));
        self.at = Some((root, readable));
        Ok(readable)
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }
}

/// Copies a file, but not its permissions, which may forbid to write.
fn copy(from: &Path, to: &Path) -> Result<(), StoreError> {
    let of = |path: &Path| {
        let path = path.to_owned();
        move |source| StoreError::Io { path, source }
    };
    let mut source = File::open(from).map_err(of(from))?;
    let mut target = File::create(to).map_err(of(to))?;
    std::io::copy(&mut source, &mut target).map_err(of(to))?;
    Ok(())
}

/// The first page of a file.
fn first_page(path: &Path) -> Result<Vec<u8>, StoreError> {
    let mut page = vec![0; usize::try_from(PAGE_BYTES).unwrap_or(0)];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut page));
    read.map_err(|source| StoreError::Io { path: path.to_owned(), source })?;
    Ok(page)
}
