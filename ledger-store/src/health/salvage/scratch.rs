//! A working copy of a damaged file, in which any page can be read as the root of a table.
//!
//! Only SQLCipher decrypts, checks and parses pages: the first page of the copy, with the schema in
//! it, is replaced by one that was made with the same key, and its two tables are pointed at one
//! page after the other.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::StoreError;
use crate::database::{FileKey, PAGE_BYTES};
use crate::platform::files::with_ending;

/// Number of columns that are read of a row; missing ones are null.
pub(super) const COLUMNS: usize = 16;

/// Bytes of one row that makes the template large.
const CHUNK: u64 = 1 << 26;

/// The working copy of a damaged file.
pub(super) struct Scratch {
    path: PathBuf,
    key: FileKey,
    pub(super) pages: u64,
    /// Pages that are not authentic, including the first one if it is not.
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
                // The log may have a sound first page, and is applied over this one.
                let spliced = scratch.splice(folder, true)?;
                if scratch.apply_log().is_err() {
                    // A log that cannot be applied is left out.
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

    /// Applies the log: a transaction begins it, and closing ends it. Reads the first page, and no
    /// schema.
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

    /// Cuts off an incomplete last page.
    fn whole_pages(&mut self) -> Result<(), StoreError> {
        let file = OpenOptions::new().write(true).open(&self.path).map_err(self.io())?;
        let length = file.metadata().map_err(self.io())?.len();
        self.pages = length.checked_div(PAGE_BYTES).unwrap_or(0);
        file.set_len(self.pages.saturating_mul(PAGE_BYTES)).map_err(self.io())?;
        Ok(())
    }

    /// Replaces the first page by one with two tables of ours, which says that the file has as many
    /// pages as it has.
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
            // The pages beyond are zeros, and nobody reads them.
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
            // The line is "HMAC verification failed for page 7".
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

/// A reader of the pages of a working copy.
pub(super) struct Reader {
    connection: Connection,
    /// The page that the tables point at, and whether it can be read.
    at: Option<(Root, bool)>,
}

impl Reader {
    /// Points a table at a page. Returns whether it can be read: an inner page of a table would
    /// only repeat what its leaves give.
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

/// Copies a file, but not its permissions, which may forbid writing.
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
