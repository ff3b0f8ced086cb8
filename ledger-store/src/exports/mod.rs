//! Exports of a group: our own files (SPEC §10.4), and those of accounting programs.

mod rows;

use std::io::{self, Write};
use std::sync::Arc;

use ledger_core::engine::Ledger;
use ledger_core::{GroupId, GroupState};
use ledger_formats::{
    ExportDifference, ImportFile, Row, beancount, hledger, json, own, splitwise, verify,
};

use crate::StoreError;
use crate::lists::{Activity, Lists};
use crate::session::GroupSession;

/// Program for which a group is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExportFormat {
    /// A table with payers, shares, notes and entries in columns. An import reads all of it again.
    Csv,
    /// Members, balances, what counts with every field, and every entry with its verdict. An import reads
    /// it again.
    Json,
    /// A journal of hledger.
    Hledger,
    /// A ledger of beancount.
    Beancount,
    /// The layout of a Splitwise export, which has nets and neither payers nor shares.
    Splitwise,
}

/// Exports of one group. Borrowed from a `Group`.
#[derive(Clone, Copy)]
pub struct Exports<'a> {
    group: &'a GroupSession,
}

/// A group as it is at one moment, to be written.
pub struct Export {
    format: ExportFormat,
    group: GroupId,
    ledger: Arc<Ledger>,
    rows: Vec<Row>,
    /// Of the formats that have them.
    entries: Vec<Activity>,
}

impl<'a> Exports<'a> {
    pub(crate) fn new(group: &'a GroupSession) -> Self {
        Self { group }
    }

    /// Reads what a format has of the group. Nothing is written before all could be read.
    ///
    /// ```
    /// # use ledger_core::{Amount, Currency, Expense};
    /// # use ledger_store::{NewEntry, StoreOptions};
    /// use ledger_store::ExportFormat;
    /// # let group = StoreOptions::new().in_memory()?.create_group("Flat", "Anna")?;
    /// # let (anna, ten) = (group.members()?[0].0, Amount::from_minor_units(1000)?);
    /// # let tea = Expense::new("2026-11-21".parse()?, "Tea", Currency::from_code("EUR")?, ten);
    /// # let tea = tea.paid_by(anna, ten).split_equally(&[anna], 0);
    /// # group.entries().append(vec![NewEntry::Record(tea.into())])?;
    /// let mut file = Vec::new();
    /// group.exports().read(ExportFormat::Csv)?.write(&mut file)?;
    /// let file = ledger_formats::read_export(&file)?;
    /// assert_eq!(group.exports().verify(&file)?, []);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn read(&self, format: ExportFormat) -> Result<Export, StoreError> {
        let ledger = self.group.ledger()?;
        let rows = rows::read(self.group)?;
        let entries = match format {
            ExportFormat::Json => self.entries()?,
            _ => Vec::new(),
        };
        Ok(Export { format, group: self.group.id, ledger, rows, entries })
    }

    /// Compares a file that was exported as CSV or JSON, and read by `ledger_formats::read_export`, with the
    /// group as it is now.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn verify(&self, file: &ImportFile) -> Result<Vec<ExportDifference>, StoreError> {
        let ledger = self.group.ledger()?;
        Ok(verify(ledger.state(), rows::read(self.group)?, file))
    }

    /// All entries, oldest first.
    fn entries(&self) -> Result<Vec<Activity>, StoreError> {
        let mut entries = Vec::new();
        let mut after = None;
        loop {
            let page = Lists::new(self.group).activity(after, rows::PAGE)?;
            let Some(last) = page.last() else { break };
            after = Some(last.cursor);
            entries.extend(page);
        }
        entries.reverse();
        Ok(entries)
    }
}

impl Export {
    /// Writes it.
    ///
    /// # Errors
    /// The error of `out`.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let (state, rows): (&GroupState, _) = (self.ledger.state(), self.rows.iter().cloned());
        match self.format {
            ExportFormat::Csv => own::write(state, rows, out),
            ExportFormat::Hledger => hledger::write(state, rows, out),
            ExportFormat::Beancount => beancount::write(state, rows, out),
            ExportFormat::Splitwise => splitwise::write(state, rows, out),
            ExportFormat::Json => {
                let entries = self.entries.iter().map(|row| json::Entry {
                    decoded: row.entry.decoded(),
                    author: row.author,
                    verdict: row.verdict,
                    cursor: row.cursor.to_string(),
                });
                let heads = self.ledger.frontier().heads();
                json::write(self.group, state, heads, rows, entries, out)
            }
        }
    }
}
