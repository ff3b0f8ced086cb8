//! The numbered rules of SPEC.md, and the error of an entry that breaks one.

use core::fmt;

use crate::base::id::EntryId;

macro_rules! rules {
    ($($(#[$doc:meta])* $code:ident $text:literal)*) => {
        /// A numbered rule of SPEC.md. Its code is part of the protocol and
        /// never changes its meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Rule {
            $(#[doc = $text] $code,)*
        }

        impl Rule {
            /// Every rule, in the order of SPEC.md.
            pub const ALL: &'static [Rule] = &[$(Rule::$code,)*];

            /// The rule's number in SPEC.md, such as `H6`.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Rule::$code => stringify!($code),)* }
            }

            /// The rule in one sentence, as SPEC.md states it.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Rule::$code => $text,)* }
            }
        }
    };
}

rules! {
    C1 "only unsigned integers, byte strings, text strings, arrays and null occur, each where its field says"
    C2 "every integer and length is in its shortest form"
    C3 "every length is definite"
    C4 "text is valid UTF-8"
    C5 "nothing follows the last field"
    C6 "an array has exactly the stated number of elements"
    C7 "an integer is at most 2^63 - 1"
    H1 "an entry is at most 65,468 bytes"
    H2 "group and backlink are both null with seq 0 in a genesis entry, and both present in any other"
    H3 "parents are at most 16, strictly ascending, and do not hold the backlink"
    H4 "refs are at most 1,024 and strictly ascending"
    H5 "lamport is at least 1"
    H6 "kind is at most 65,535"
    H7 "payload_len and payload hash are those of the payload"
    H8 "version is at least 1"
    H9 "a genesis entry has no parents, no refs and lamport 1"
    S1 "the signature over the entry id is valid under ZIP 215"
    K1 "a key being introduced is a canonical encoding of a point of prime order"
    K2 "an X25519 key being introduced is a canonical encoding and not of low order"
    K3 "a certificate has version 1, a known kem_id, and the group or salt of its place"
    K4 "card, device certificate and acceptance are signed by the keys they name"
    K5 "the device key of a genesis certificate is the entry's own device"
    P1 "a payload indexes only into its entry's refs"
    P2 "a payload uses each of its entry's refs"
    P3 "a text is at most as long as its field allows, and a name is not empty"
    P4 "a date is a day of the Gregorian calendar between 0001-01-01 and 9999-12-31"
    P5 "a currency is three letters A to Z, or a unit: a name of 1 to 16 bytes, a slash, and a digit"
    P6 "an amount is at most 10^15 minor units, and at least 1 where money moves"
    P7 "payers and shares are strictly ascending by ref and each sum to the amount"
    P8 "a transfer has two different parties"
    P9 "more holds 1 to 64 fields with ascending keys: an origin of 16 bytes, a direction that is 01 and of an expense, and at most 62 hints of at most 32,768 bytes together"
    P10 "a template recurs every 1 to 1,000 units, its numbers are at most 1,000,000, and the number of its first day is not behind the first for which it holds"
    P11 "a device speaks a version of at least 1, and at most 64 features, strictly ascending"
    G1 "a predecessor's heads are ascending, and its opening balances are of the founder and of distinct placeholders under the salt, ascending by currency, not zero, and sum to zero"
    Q1 "a statement's base holds 1 to 16 ids, strictly ascending"
    Q2 "a number that stands for a choice is one of those listed"
    Q3 "the refs of an entry that carries a statement are the statement's base"
    E1 "an epoch entry has at most 64 refs"
    E2 "an epoch's box has 16 bytes and 32 for each ref of its entry, or none at all without one"
    A1 "the entry belongs to this group"
    A2 "the backlink is the device's entry with the preceding seq, or, with seq 0, the entry that enrols the device"
    A3 "lamport is exactly 1 + the largest lamport among backlink, parents and refs"
    A4 "all dependencies are admitted before the entry"
    M1 "a message is of a known form, and ends with its check"
    M2 "a message has the fields of its form, and nothing else"
    J1 "a join request names the invite that it answers, and is signed by its key"
    J2 "a join request is sealed for the invite's device, an answer for the card's"
    J3 "a join request holds one card for the invite's group whose signatures hold, an answer one genesis entry"
    J4 "an answer leads into the group of the invite"
    N1 "a pairing ends before it expires, and expires at most ten minutes after it was scanned"
    N2 "every message of a pairing names its session"
    N3 "the new device reveals what it committed to"
    N4 "the keys of a pairing are not of low order"
    N5 "the digits typed into the old device are those that both devices compute"
    N6 "a sealed message of a pairing opens under the key of its step"
    N7 "certificates and grants are for the groups that the old device offered, one each in their order"
    R1 "a recovery phrase is 24 words of the English list of BIP 39"
    R2 "a recovery phrase has the checksum of BIP 39"
    R3 "a set has 2 to 32 shares for different friends, of which 2 to all are needed, numbered from 1"
    R4 "a share is sealed for its recipient"
    R5 "a share is signed by the root key that it names"
    R6 "no two returned shares of one set have the same number"
    R7 "the shares together give the entropy of the root key that they name"
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Error of an entry that breaks a rule and cannot be part of the ledger.
///
/// The author of the entry or its carrier is at fault. Nothing changes on this device.
/// Another device may have an intact copy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} breaks rule {}: {}{}", Subject(.0.entry), .0.rule, .0.rule.text(), Detail(&.0.detail))]
pub struct Refusal(Box<Broken>);

/// Contents of a [`Refusal`]. They are in a box so that results of the reading functions,
/// which are in hot paths, stay small.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Broken {
    entry: Option<EntryId>,
    rule: Rule,
    detail: Option<String>,
}

impl Refusal {
    pub(crate) fn new(rule: Rule) -> Self {
        Self(Box::new(Broken { entry: None, rule, detail: None }))
    }

    pub(crate) fn with_detail(rule: Rule, detail: impl Into<String>) -> Self {
        Self(Box::new(Broken { entry: None, rule, detail: Some(detail.into()) }))
    }

    /// Adds the id of the entry that breaks the rule.
    #[must_use]
    pub(crate) fn in_entry(mut self, entry: EntryId) -> Self {
        self.0.entry = Some(entry);
        self
    }

    /// The id of the entry. `None` if the header could not be read far enough to compute it.
    #[must_use]
    pub fn entry(&self) -> Option<EntryId> {
        self.0.entry
    }

    /// What was found in place of what the rule asks for, if that is told.
    pub(crate) fn detail(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    /// The first rule that the entry breaks.
    #[must_use]
    pub fn rule(&self) -> Rule {
        self.0.rule
    }
}

struct Subject(Option<EntryId>);

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(id) => write!(f, "entry {id}"),
            None => f.write_str("the entry"),
        }
    }
}

struct Detail<'a>(&'a Option<String>);

impl fmt::Display for Detail<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(detail) => write!(f, " ({detail})"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spec_states_every_rule_in_the_same_words() {
        let spec = include_str!("../../../SPEC.md");
        for rule in Rule::ALL {
            let line = format!("**{}** {}", rule.code(), rule.text());
            assert!(spec.contains(&line), "SPEC.md lacks: {line}");
        }
    }

    #[test]
    fn a_refusal_says_which_entry_and_which_rule() {
        let id = EntryId::from_bytes([7; 32]);
        let text = Refusal::with_detail(Rule::A3, "5 instead of 4").in_entry(id).to_string();
        assert!(text.starts_with(&format!("entry {id} breaks rule A3: lamport is exactly")));
        assert!(text.ends_with("(5 instead of 4)"));
    }
}
