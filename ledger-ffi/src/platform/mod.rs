//! The app's side of the library: its secret store, its progress listeners, and
//! its files.

mod files;
mod progress;
mod secrets;

pub(crate) use files::{create_file, open_file};
pub(crate) use progress::with_progress;
pub use progress::{Phase, ProgressListener, WorkProgress};
pub use secrets::SecretStore;
pub(crate) use secrets::{AppSecrets, Secrets};
