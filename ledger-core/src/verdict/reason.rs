//! Verdict on an admitted entry, and the reasons of void ones (SPEC §6).

use core::fmt;

/// Verdict on an admitted entry. Never an error: a void entry stays in the ledger, with
/// its reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The entry counts.
    Applied,
    /// The entry has no effect.
    Void(VoidReason),
    /// The entry is of a kind or version that this build does not know. It is kept and
    /// passed on; only an update can judge it.
    Unknown,
}

impl Verdict {
    /// Returns whether the entry counts.
    #[must_use]
    pub fn is_applied(self) -> bool {
        self == Self::Applied
    }

    /// Returns the verdict as one number: 0 applied, 1 unknown, else the code of the reason.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Applied => 0,
            Self::Unknown => 1,
            Self::Void(reason) => reason.code(),
        }
    }

    /// Returns the verdict with a code, `None` if no verdict has it.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Applied),
            1 => Some(Self::Unknown),
            _ => VoidReason::ALL.iter().find(|r| r.code() == code).map(|r| Self::Void(*r)),
        }
    }
}

macro_rules! reasons {
    ($($name:ident $code:literal $slug:literal $text:literal)*) => {
        /// Reason of a void entry: the first check that fails, in the order of SPEC §6.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum VoidReason {
            $(#[doc = $text] $name,)*
        }

        impl VoidReason {
            /// All reasons in the order of the checks.
            pub const ALL: &'static [VoidReason] = &[$(Self::$name,)*];

            /// Returns the reason as a number that never changes its meaning.
            #[must_use]
            pub const fn code(self) -> u8 {
                match self { $(Self::$name => $code,)* }
            }

            /// Returns the reason as a word for programs.
            #[must_use]
            pub const fn slug(self) -> &'static str {
                match self { $(Self::$name => $slug,)* }
            }

            /// Returns the reason in words.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

reasons! {
    NotSignedByOwner 10 "not-signed-by-owner"
        "only the owner's root key can do this"
    TargetIsOwner 11 "target-is-owner"
        "nobody can remove or bind the owner"
    UnknownMember 12 "unknown-member"
        "the entry names as a member what nothing in its past introduces"
    WrongCard 13 "wrong-card"
        "the placeholder's card is for another group"
    NotTheIntroducer 14 "not-the-introducer"
        "the placeholder's card names another introducer"
    AdoptsItself 15 "adopts-itself"
        "nobody can adopt themselves"
    KeyReused 16 "key-reused"
        "the key was introduced before as somebody else's or another device's"
    SameMember 17 "same-member"
        "both parties of the transfer are the same member"
    WrongTarget 18 "wrong-target"
        "the entry changes or endorses what is not an expense or a transfer"
    StartNotInBase 30 "start-not-in-base"
        "the statement was made before the keys that sign it were introduced"
    NotSignedByRoot 31 "not-signed-by-root"
        "the statement is not signed by the root key of its generation"
    HardCut 40 "hard-cut"
        "the author was removed or bound anew, and the removal or bind did not know of this"
    Revoked 41 "revoked"
        "the device was revoked, and the revocation did not know of this"
    Left 42 "left"
        "the author had left the group"
    StartVoid 50 "start-void"
        "the keys that sign the statement were never accepted"
    EnrolmentVoid 60 "enrolment-void"
        "the device that signed was never accepted"
}

impl VoidReason {
    /// Returns whether the reason is a fault (SPEC §6.1). A fault follows from the entry's own
    /// past alone, so an entry that has one has it for ever.
    pub(crate) fn is_fault(self) -> bool {
        self < Self::StartNotInBase
    }
}

impl fmt::Display for VoidReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_read_back_and_stand_in_the_spec() {
        let spec = include_str!("../../../SPEC.md");
        let mut last = 1;
        for reason in VoidReason::ALL {
            assert!(reason.code() > last, "codes ascend in the order of the checks");
            last = reason.code();
            assert_eq!(Verdict::from_code(reason.code()), Some(Verdict::Void(*reason)));
            let row = format!("| {} | `{}` | {} |", reason.code(), reason.slug(), reason.text());
            assert!(spec.contains(&row), "SPEC.md lacks: {row}");
            assert_eq!(reason.to_string(), reason.text());
        }
        for verdict in [Verdict::Applied, Verdict::Unknown] {
            assert_eq!(Verdict::from_code(verdict.code()), Some(verdict));
        }
        assert_eq!(Verdict::from_code(255), None);
    }
}
