//! What a check can find.

use ledger_core::{EntryId, GroupId, Refusal, Rule};

/// A table of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Table {
    /// The groups, and the last entry of each that changed verdicts.
    Groups,
    /// The entries: the truth, with columns derived from them beside.
    Entries,
    /// Entries that wait for others.
    Pending,
    /// The list of expenses.
    Expenses,
    /// What expenses are found by: members, categories, currencies.
    FoundBy,
    /// The words that expenses are found by.
    Texts,
    /// Which entries change or endorse an original.
    Named,
    /// Which rows of other programs' exports are known.
    Origins,
    /// Ledgers as they were after some entry.
    Checkpoints,
    /// Keys under which entries travel.
    Epochs,
    /// Under which of them each entry travels.
    Sealed,
    /// Sealed entries whose key is not here.
    Quarantine,
}

impl Table {
    /// Its name in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Groups => "groups",
            Self::Entries => "entries",
            Self::Pending => "pending",
            Self::Expenses => "expenses",
            Self::FoundBy => "found_by",
            Self::Texts => "texts",
            Self::Named => "named",
            Self::Origins => "origins",
            Self::Checkpoints => "checkpoints",
            Self::Epochs => "epochs",
            Self::Sealed => "sealed",
            Self::Quarantine => "quarantine",
        }
    }
}

/// What helps against a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Remedy {
    /// Only what is derived from the entries is wrong:
    /// [`Store::repair_derived`](crate::Store::repair_derived) writes it anew.
    Rebuild,
    /// Entries, or pages of the file, are damaged:
    /// [`Store::repair`](crate::Store::repair) saves the rest into a new
    /// database, or a backup takes its place.
    Repair,
}

impl Remedy {
    /// What to do, in words.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Rebuild => "rebuild what is derived from the entries",
            Self::Repair => "restore a backup, or save what is sound into a new database",
        }
    }
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The group, if it is of one.
    pub group: Option<GroupId>,
    /// The table, if it is of one; else it is of the file.
    pub table: Option<Table>,
    /// The entry as the database names it, if one is concerned.
    pub entry: Option<EntryId>,
    /// The rule that is broken, if it is one of the format.
    pub rule: Option<Rule>,
    /// What helps.
    pub remedy: Remedy,
    /// What was found.
    pub found: String,
}

impl Problem {
    /// In what is derived from the entries.
    pub(crate) fn derived(table: Table, entry: Option<EntryId>, found: impl Into<String>) -> Self {
        let (table, found) = (Some(table), found.into());
        Self { group: None, table, entry, rule: None, remedy: Remedy::Rebuild, found }
    }

    /// In the entries themselves.
    pub(crate) fn entry(entry: Option<EntryId>, found: impl Into<String>) -> Self {
        let derived = Self::derived(Table::Entries, entry, found);
        Self { remedy: Remedy::Repair, ..derived }
    }

    /// In an entry that breaks a rule.
    pub(crate) fn refused(entry: Option<EntryId>, refusal: &Refusal) -> Self {
        Self { rule: Some(refusal.rule()), ..Self::entry(entry, refusal.to_string()) }
    }

    /// In the file as such.
    pub(crate) fn file(found: impl Into<String>) -> Self {
        Self { table: None, ..Self::entry(None, found) }
    }
}
