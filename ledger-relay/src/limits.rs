//! Limits of a relay. Each has a number, under which `hello` tells its value (SPEC §18.4).

/// Most bytes of a frame. Not configurable: both sides rely on it.
pub const MAX_FRAME_BYTES: usize = 262_144;

/// Most records that one frame names or holds.
pub const MAX_FRAME_RECORDS: usize = 1_000;

/// Most bytes of records in one frame. What stands around them fits into the rest of a frame.
pub const MAX_FRAME_RECORD_BYTES: usize = 240_000;

/// Most bytes of what is said and forgotten.
pub const MAX_SAID_BYTES: usize = 1_200;

macro_rules! limits {
    ($($(#[$doc:meta])* $number:literal $name:ident = $value:literal)*) => {
        /// Configurable limits.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[cfg_attr(feature = "server", derive(serde::Deserialize))]
        #[cfg_attr(feature = "server", serde(default, deny_unknown_fields))]
        pub struct Limits {
            $($(#[$doc])* pub $name: u64,)*
        }

        impl Default for Limits {
            fn default() -> Self {
                Self { $($name: $value,)* }
            }
        }

        impl Limits {
            /// Numbers and values, ascending, as `hello` tells them.
            #[must_use]
            pub fn told(&self) -> Vec<(u64, u64)> {
                vec![$(($number, self.$name),)*]
            }
        }
    };
}

limits! {
    /// Topics that one connection follows at a time.
    1 topics_per_connection = 256
    /// Records of a log, without those of its lane of key envelopes.
    2 records_per_topic = 1_000_000
    /// Bytes of these records.
    3 bytes_per_topic = 1_073_741_824
    /// Key envelopes in the lane of a log; the oldest go.
    4 keys_per_topic = 1_024
    /// Bytes of these key envelopes.
    5 key_bytes_per_topic = 8_388_608
    /// Key envelopes that one address puts into one log in a day.
    6 keys_per_address = 64
    /// Logs that one address begins in a day.
    7 topics_per_address = 256
    /// Records that one connection puts in a second; those of ten seconds may come at once.
    8 records_per_second = 1_000
    /// Bytes of credit that a connection can have.
    9 credit_bytes = 16_777_216
    /// Seconds that a ticket holds.
    10 ticket_seconds = 2_592_000
    /// Seconds after which a connection without a frame is closed.
    11 idle_seconds = 300
    /// Seconds after which a connection is closed that does not take what is sent.
    12 send_seconds = 30
    /// Frames of what is said that one connection sends in a minute.
    13 said_per_minute = 60
    /// Connections of one address (IPv6: of a /64).
    14 connections_per_address = 256
    /// Connections in all.
    15 connections = 20_000
}
