//! The keys under which entries travel (SPEC §11), and the guard that keeps an old copy of a
//! database from signing.
//!
//! Epoch keys live in the database, which is encrypted and overwrites what it deletes: it holds
//! in clear all that they seal, and a key must appear and vanish in one transaction with the
//! entry that begins its epoch. X25519 keys live in the secret store, because they would open
//! what comes in the future.

mod device_keys;
mod enrolment;
mod epoch_graph;
mod epoch_keyring;
mod epochs;
mod go_on;
mod guard;
mod heeding;

pub(crate) use device_keys::{exchange_keys, rotate_device_key};
pub(crate) use enrolment::sign_enrolment;
pub(crate) use epoch_keyring::{EpochKeyring, ExportedKeys};
pub(crate) use epochs::{
    begin_epoch, begin_epoch_after_cut, prepare_to_leave, rotate_group_key, sealing_key_or_new,
};
pub(crate) use go_on::go_on_without_missing;
pub(crate) use guard::{note_published_tip, reset_device_keys, signing_key};
pub(crate) use heeding::DAY_MS;
