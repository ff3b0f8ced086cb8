//! Recording what another program exported.

use std::ops::ControlFlow;

use ledger_formats::ImportFile;

use super::Group;
use crate::StoreError;
use crate::imports::{ImportChoice, ImportReport, ImportTarget, Imports};
use crate::platform::progress::Progress;

impl Group {
    /// Records the rows of a Splitwise export that are not in the ledger yet, if the file has all rows
    /// of earlier exports as they were: [`Imports::plan`] and [`Imports::apply`] at once, for callers
    /// who know that the file is of this group.
    ///
    /// # Errors
    /// As [`Imports::apply`].
    pub fn import_splitwise(
        &self,
        export: &ImportFile,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<ImportReport, StoreError> {
        let imports = Imports::new(&self.0.session);
        let plan = imports.plan(export.clone(), ImportTarget::Group(self.0.id), [].into())?;
        let choice = ImportChoice { other_group: true, ..ImportChoice::default() };
        Ok(imports.apply(&plan, choice, progress)?.report)
    }
}
