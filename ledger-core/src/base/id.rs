//! Ids: 32-byte digests and public keys, each kind a type of its own.

use core::cmp::Ordering;
use core::fmt;

use super::hash::{Tag, digest};

/// Compares two ids in the order of their bytes.
///
/// Four comparisons of numbers replace a call of `memcmp`: replay spends most of its time
/// in maps that have ids as keys.
#[inline]
fn compare(a: &[u8; 32], b: &[u8; 32]) -> Ordering {
    let ([a, x, y, z], [b, u, v, w]) = (numbers(a), numbers(b));
    a.cmp(&b).then_with(|| x.cmp(&u)).then_with(|| y.cmp(&v)).then_with(|| z.cmp(&w))
}

#[inline]
fn numbers(bytes: &[u8; 32]) -> [u64; 4] {
    let mut numbers = [0; 4];
    for (number, bytes) in numbers.iter_mut().zip(bytes.as_chunks().0) {
        *number = u64::from_be_bytes(*bytes);
    }
    numbers
}

/// Writes up to 32 bytes as lower-case hexadecimal digits.
fn write_hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    let mut digits = [0; 64];
    f.write_str(base16ct::lower::encode_str(bytes, &mut digits).map_err(|_| fmt::Error)?)
}

/// Reads exactly 64 hexadecimal digits, of either case.
fn parse_hex(text: &str) -> Result<[u8; 32], ParseIdError> {
    let mut bytes = [0; 32];
    let decoded = base16ct::mixed::decode(text, &mut bytes).map_err(|_| ParseIdError)?;
    decoded.try_into().map_err(|_| ParseIdError)
}

/// Error of reading an id from text that is not 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an id is written as 64 hexadecimal digits")]
pub struct ParseIdError;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name([u8; 32]);

        impl Ord for $name {
            fn cmp(&self, other: &Self) -> Ordering {
                compare(&self.0, &other.0)
            }
        }

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl $name {
            /// Creates the id from its 32 bytes.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// The 32 bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }

            /// The first eight hexadecimal digits, for people to read. They are not unique.
            #[must_use]
            pub fn short(&self) -> String {
                self.to_string().chars().take(8).collect()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_hex(f, &self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.short())
            }
        }

        /// The same text as `Display` writes, a little faster.
        impl From<$name> for String {
            fn from(id: $name) -> String {
                base16ct::lower::encode_string(&id.0)
            }
        }

        impl core::str::FromStr for $name {
            type Err = ParseIdError;
            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                parse_hex(text).map(Self)
            }
        }
    };
}

id! {
    /// Id of an entry: `D("entry", header)`.
    EntryId
}
id! {
    /// Id of a group: the id of its genesis entry.
    GroupId
}
id! {
    /// Permanent id of a member: `D("member", card)` of the card that introduces the member.
    MemberId
}
id! {
    /// Id of a device: its Ed25519 public key.
    DeviceId
}
id! {
    /// Id of a root key: a member's Ed25519 root public key.
    RootId
}
id! {
    /// Id of a statement: `D("act", statement)`. The verdict on a statement belongs to this id,
    /// whichever entries carry the statement.
    StatementId
}
id! {
    /// Commitment to an epoch's key: `KDF(key, "commit" ‖ group)`.
    EpochCommit
}
id! {
    /// Id of an epoch for carriers of envelopes: `D("topic", commit ‖ access key)`.
    Topic
}
id! {
    /// Id of an invite: the public key that belongs to the secret in its link.
    InviteId
}
id! {
    /// Id of a sealed record: `D("record", record)`.
    RecordId
}
id! {
    /// Digest of a group's state. Equal digests mean equal states.
    StateDigest
}

impl From<EntryId> for GroupId {
    /// The id of the group that a genesis entry begins.
    fn from(genesis: EntryId) -> Self {
        Self(genesis.0)
    }
}

impl GroupId {
    /// The id of the genesis entry, which is the same as the group's id.
    #[must_use]
    pub const fn genesis(&self) -> EntryId {
        EntryId(self.0)
    }
}

impl RecordId {
    /// Computes the id of a record, without its frame.
    #[must_use]
    pub fn compute(record: &[u8]) -> Self {
        Self(digest(Tag::RECORD, &[record]))
    }
}

/// Id of one row of an imported file. It prevents that a second import adds the row again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin([u8; 16]);

impl Origin {
    /// The origin of a row: the first 16 bytes of `D("origin", row)`.
    #[must_use]
    pub fn of_row(row: &[u8]) -> Self {
        let digest = digest(Tag::ORIGIN, &[row]);
        Self(digest.first_chunk().copied().unwrap_or_default())
    }

    /// The origin of an occurrence: the first 16 bytes of `D("occurrence", series ‖ number)`.
    #[must_use]
    pub fn of_occurrence(series: EntryId, number: u64) -> Self {
        let digest = digest(Tag::OCCURRENCE, &[series.as_bytes(), &number.to_be_bytes()]);
        Self(digest.first_chunk().copied().unwrap_or_default())
    }

    /// Creates the id from its 16 bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Origin(")?;
        write_hex(f, &self.0)?;
        f.write_str(")")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ids_have_the_order_of_their_bytes(
            a: [u8; 32],
            b: [u8; 32],
            same in 0usize..=32,
        ) {
            let mut b = b;
            b[..same].copy_from_slice(&a[..same]);
            prop_assert_eq!(EntryId(a).cmp(&EntryId(b)), a.cmp(&b));
            prop_assert_eq!(EntryId(a).partial_cmp(&EntryId(b)), a.partial_cmp(&b));
        }
    }

    #[test]
    fn ids_read_back_what_they_print() {
        let id = EntryId::from_bytes([0xab; 32]);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(String::from(id), id.to_string());
        assert_eq!(id.short(), "abababab");
        let origin = Origin::from_bytes([0xab; 16]);
        assert_eq!(format!("{origin:?}"), format!("Origin({})", "ab".repeat(16)));
        for bad in ["", "ab", &"g".repeat(64), &"é".repeat(32), &"+1".repeat(32)] {
            assert_eq!(bad.parse::<EntryId>(), Err(ParseIdError), "{bad}");
        }
    }
}
