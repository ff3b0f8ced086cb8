//! Imports that stopped half-way.

/// Import of a file that stopped half-way: balances and lists are not those of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct UnfinishedImport {
    /// How many rows of the file were gone through, or how many entries were undone.
    pub done: u64,
    /// How many rows the file has, or how many entries the import wrote.
    pub total: u64,
    /// Whether the import is being undone.
    pub is_undone: bool,
}

impl From<ledger_store::UnfinishedImport> for UnfinishedImport {
    fn from(import: ledger_store::UnfinishedImport) -> Self {
        let ledger_store::UnfinishedImport { done, total, is_undone, .. } = import;
        Self { done, total, is_undone }
    }
}
