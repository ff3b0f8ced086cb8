//! Codes of refusals (SPEC §18.6).

macro_rules! codes {
    ($($(#[$doc:meta])* $number:literal $name:ident $text:literal)*) => {
        /// Reason of a refusal. A number keeps its meaning for ever.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$doc])* $name,)*
            /// One of a later version.
            Other(u64),
        }

        impl Code {
            /// Every code of this version.
            pub const ALL: &'static [Code] = &[$(Code::$name,)*];

            /// The number on the wire.
            #[must_use]
            pub const fn number(self) -> u64 {
                match self { $(Code::$name => $number,)* Code::Other(number) => number }
            }

            /// The code of a number.
            #[must_use]
            pub const fn from_number(number: u64) -> Self {
                match number { $($number => Code::$name,)* other => Code::Other(other) }
            }

            /// What happened and what to do, in a sentence.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Code::$name => $text,)* Code::Other(_) => "refused" }
            }
        }
    };
}

codes! {
    /// The frame breaks a rule of its form. The connection ends.
    1 Malformed "the frame is not one of this protocol; the connection ends"
    /// No common version. The connection ends.
    2 Version "no common version; update the app or the relay"
    /// No valid ticket came with the frame.
    3 Ticket "the topic must be proved first"
    /// The proof is another relay's, another topic's, or too old.
    4 Proof "the proof is not for this relay, challenge and topic"
    /// The record is none of the log's.
    5 Record "no log of this topic takes the record"
    /// The log is full.
    6 Full "the log of the topic is full; begin a new epoch"
    /// Too much from one address or connection.
    7 Rate "too much at once; try again later"
    /// Too many topics on this connection.
    8 Topics "too many topics on one connection"
    /// The client does not take what is sent to it. The connection ends.
    9 Slow "the connection takes too little; it ends"
    /// The relay shuts down or has too many connections. The connection ends.
    10 Closing "the relay cannot serve now; try again later"
    /// The relay failed, and nothing was stored.
    11 Failed "the relay failed; try again later"
}
