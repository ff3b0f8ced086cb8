//! The keys of a database file, as the secret store has them.

use zeroize::Zeroizing;

use super::cipher::Key;
use crate::secrets::Secret;

/// The keys in the secret of a file.
pub(super) enum Keys {
    One(Key),
    /// During a change of the key, or after an interrupted one.
    Changing {
        old: Key,
        new: Key,
    },
}

impl Keys {
    pub(super) fn parse(secret: &Secret) -> Option<Self> {
        let key = |bytes: &[u8; 32]| Zeroizing::new(*bytes);
        match secret.expose().as_chunks::<32>() {
            ([one], []) => Some(Self::One(key(one))),
            ([old, new], []) => Some(Self::Changing { old: key(old), new: key(new) }),
            _ => None,
        }
    }
}
