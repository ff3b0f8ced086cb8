//! The operating system: clock and randomness, files, lock files, and progress of
//! long work; hexadecimal text.

pub(crate) mod environment;
pub(crate) mod files;
pub(crate) mod hex;
pub(crate) mod lock_file;
pub(crate) mod progress;

pub use environment::{Environment, SystemEnvironment};
pub use progress::{Phase, Progress};
