//! Makes databases for the scenario of the bindings that they cannot make
//! themselves: one that a newer version of the library wrote, two that somebody
//! with the key altered, and one to which another process, this one, writes for as
//! long as it runs.
//!
//! ```text
//! fixtures FOLDER         make them
//! fixtures FOLDER hold    write until the input ends
//! ```

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ledger_store::{FileSecrets, NewEntry, Store};
use rusqlite::Connection;

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    let folder = std::env::args().nth(1).ok_or("usage: fixtures FOLDER")?;
    let folder = Path::new(&folder);
    if std::env::args().nth(2).as_deref() == Some("hold") {
        return hold(folder);
    }
    std::fs::create_dir_all(folder)?;
    open(folder, "busy.db")?.create_group("Flat", "Anna")?;
    from_the_future(folder)?;
    without_a_table(folder)?;
    with_a_strange_entry(folder)
}

fn keys(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.keys"))
}

fn open(folder: &Path, name: &str) -> Result<Store, Box<dyn Error>> {
    let secrets = FileSecrets::new(keys(folder, name));
    Ok(Store::open_or_create(&folder.join(name), Arc::new(secrets))?)
}

/// Opens a database behind the back of the library.
fn connect(folder: &Path, name: &str) -> Result<Connection, Box<dyn Error>> {
    let file = std::fs::read(folder.join(name))?;
    let salt = base16ct::lower::encode_string(file.get(..16).ok_or("the file has no salt")?);
    let keys = std::fs::read_to_string(keys(folder, name))?;
    let prefix = format!("database-{salt} ");
    let key = keys.lines().find_map(|line| line.strip_prefix(&prefix)).ok_or("no key")?;
    let connection = Connection::open(folder.join(name))?;
    connection.execute_batch(&format!("PRAGMA key = \"x'{key}{salt}'\""))?;
    Ok(connection)
}

/// A database to which somebody writes.
fn hold(folder: &Path) -> Outcome {
    let connection = connect(folder, "busy.db")?;
    connection.execute_batch("BEGIN IMMEDIATE")?;
    println!("holding");
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink())?;
    Ok(connection.execute_batch("ROLLBACK")?)
}

/// A database whose schema is beyond all that is known.
fn from_the_future(folder: &Path) -> Outcome {
    drop(open(folder, "future.db")?);
    Ok(connect(folder, "future.db")?.execute_batch("PRAGMA user_version = 1000000")?)
}

/// A database whose list of expenses is gone.
fn without_a_table(folder: &Path) -> Outcome {
    open(folder, "incomplete.db")?.create_group("Flat", "Anna")?;
    Ok(connect(folder, "incomplete.db")?.execute_batch("DROP TABLE expenses")?)
}

/// A database in which an entry of one group stands in another.
fn with_a_strange_entry(folder: &Path) -> Outcome {
    let store = open(folder, "strange.db")?;
    store.create_group("Flat", "Anna")?;
    let other = store.create_group("Trip", "Anna")?;
    other.entries().append(vec![NewEntry::Placeholder { name: "Ben".into() }])?;
    drop((other, store));
    Ok(connect(folder, "strange.db")?.execute_batch(
        "UPDATE entries SET grp = (SELECT min(grp) FROM groups) WHERE n = (SELECT max(n) FROM entries);
         DELETE FROM checkpoints",
    )?)
}
