//! The problems that a check can find.

use ledger_core::{EntryId, GroupId, Refusal, Rule};

/// A table of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Table {
    /// The groups, and for each the last entry that changed verdicts.
    Groups,
    /// The entries, the only table that is trusted, with derived columns beside them.
    Entries,
    /// Entries that wait for others.
    Pending,
    /// The list of expenses.
    Expenses,
    /// The conditions by which expenses are found: members, categories, currencies.
    FoundBy,
    /// The words by which expenses are found.
    Texts,
    /// The entries that change or endorse an original.
    Named,
    /// The imported rows of other programs.
    Origins,
    /// Saved ledgers, each as of some entry.
    Checkpoints,
    /// Keys under which entries travel.
    Epochs,
    /// The key under which each entry travels.
    Sealed,
    /// When entries came here that concern keys.
    Arrivals,
    /// Ids of entries that were left out.
    LeftOut,
    /// Sealed records whose key is not here.
    Quarantine,
}

impl Table {
    /// The name of the table in the database.
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
            Self::Arrivals => "arrivals",
            Self::LeftOut => "left_out",
            Self::Quarantine => "quarantine",
        }
    }
}

/// The remedy for a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Remedy {
    /// Derived data is wrong: [`Maintenance::rebuild_indexes`](crate::Maintenance::rebuild_indexes)
    /// writes it again.
    RebuildIndexes,
    /// Entries, or pages of the file, are damaged:
    /// [`Store::salvage_database`](crate::Store::salvage_database) saves the rest into a new
    /// database, or a backup takes its place.
    SalvageDatabase,
}

impl Remedy {
    /// The remedy in words.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::RebuildIndexes => "rebuild what is derived from the entries",
            Self::SalvageDatabase => "restore a backup, or save what is sound into a new database",
        }
    }
}

/// A deviation from the expected content of a database.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The group, if the problem is in one.
    pub group: Option<GroupId>,
    /// The table, if the problem is in one; otherwise it is in the file.
    pub table: Option<Table>,
    /// The id of the entry, as the database has it, if one is concerned.
    pub entry: Option<EntryId>,
    /// The rule of the format that is broken, if it is one.
    pub rule: Option<Rule>,
    /// The remedy.
    pub remedy: Remedy,
    /// A description of the problem.
    pub found: String,
}

impl Problem {
    /// A problem of derived data.
    pub(crate) fn derived(table: Table, entry: Option<EntryId>, found: impl Into<String>) -> Self {
        let (table, found) = (Some(table), found.into());
        Self { group: None, table, entry, rule: None, remedy: Remedy::RebuildIndexes, found }
    }

    /// A problem of the entries themselves.
    pub(crate) fn entry(entry: Option<EntryId>, found: impl Into<String>) -> Self {
        let derived = Self::derived(Table::Entries, entry, found);
        Self { remedy: Remedy::SalvageDatabase, ..derived }
    }

    /// A problem of an entry that breaks a rule.
    pub(crate) fn refused(entry: Option<EntryId>, refusal: &Refusal) -> Self {
        Self { rule: Some(refusal.rule()), ..Self::entry(entry, refusal.to_string()) }
    }

    /// A problem of the file itself.
    pub(crate) fn file(found: impl Into<String>) -> Self {
        Self { table: None, ..Self::entry(None, found) }
    }
}
