//! The error of a bundle cursor.

/// A bundle export cannot continue from the given cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BundleCursorError {
    /// The bytes are something else, damaged, or of a newer version.
    #[error("this is no cursor of a bundle, or it is damaged; begin the bundle again")]
    Form,
    /// The cursor belongs to another group.
    #[error("the cursor is of another group; use the one of this group, or begin again")]
    OtherGroup,
    /// The cursor belongs to another device, or to this database before it was replaced.
    #[error(
        "the cursor was made with another database; begin again, or export what the \
         receiver's summary lacks"
    )]
    OtherDatabase,
}
