//! The error of a secret store.

/// A failure of a secret store, or a stored secret that cannot be used. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the secrets in {place} cannot be used: {reason}")]
pub struct SecretError {
    kind: SecretErrorKind,
    place: String,
    reason: String,
}

/// The kind of a [`SecretError`], for code that decides what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecretErrorKind {
    /// The store could not be read or written, or lacks a secret.
    Failed,
    /// The secrets are sealed under another app key than the one given, or no app key was
    /// given.
    WrongAppKey,
    /// A sealed secret was altered, moved to another name, comes from other secrets,
    /// or is not sealed; or the key under which all are sealed is gone.
    Damaged,
    /// Others than its owner may read or write the file with the secrets.
    Exposed,
}

impl SecretError {
    /// An error of the kind [`SecretErrorKind::Failed`]: which store failed, and why. Put no
    /// secret into either text.
    #[must_use]
    pub fn new(place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { kind: SecretErrorKind::Failed, place: place.into(), reason: reason.into() }
    }

    /// The kind of the error.
    #[must_use]
    pub fn kind(&self) -> SecretErrorKind {
        self.kind
    }

    pub(crate) fn wrong_app_key(reason: &str) -> Self {
        let kind = SecretErrorKind::WrongAppKey;
        Self { kind, ..Self::new("the sealed store", reason) }
    }

    /// Others may read or write the file with the secrets.
    pub(crate) fn exposed(place: impl Into<String>, mode: u32) -> Self {
        let kind = SecretErrorKind::Exposed;
        let reason = format!(
            "others than its owner may read or write it (mode {mode:04o}); let only its owner, as \
             with chmod 600, and take new keys if others may have read it"
        );
        Self { kind, ..Self::new(place, reason) }
    }

    /// The named secret is damaged.
    pub(crate) fn damaged(name: &str, reason: impl Into<String>) -> Self {
        let kind = SecretErrorKind::Damaged;
        Self { kind, ..Self::new(format!("secret {name}"), reason) }
    }
}
