//! Whether an admitted entry counts (SPEC §6).

use core::fmt;

/// What replay says of an admitted entry. Never an error: a void entry stays
/// in the ledger, with its reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The entry counts.
    Applied,
    /// The entry has no effect.
    Void(VoidReason),
    /// The entry is of a kind or version that this build does not know. It is
    /// kept and passed on; an update is needed to judge it.
    Unknown,
}

impl Verdict {
    /// Whether the entry counts.
    #[must_use]
    pub fn is_applied(self) -> bool {
        self == Self::Applied
    }

    /// The verdict as one number: 0 applied, 1 unknown, else the reason's.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Applied => 0,
            Self::Unknown => 1,
            Self::Void(reason) => reason.code(),
        }
    }

    /// Reads what [`Verdict::code`] wrote.
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
        /// Why an entry is void: the first check that fails, in the order of
        /// SPEC §6. The author of the entry is at fault.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum VoidReason {
            $(#[doc = $text] $name,)*
        }

        impl VoidReason {
            /// Every reason, in the order in which they are checked.
            pub const ALL: &'static [VoidReason] = &[$(Self::$name,)*];

            /// The reason as a number that never changes its meaning.
            #[must_use]
            pub const fn code(self) -> u8 {
                match self { $(Self::$name => $code,)* }
            }

            /// The reason as a word for programs.
            #[must_use]
            pub const fn slug(self) -> &'static str {
                match self { $(Self::$name => $slug,)* }
            }

            /// The reason in words.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

reasons! {
    ForeignIntroducer 10 "foreign-introducer"
        "the placeholder's card names an introducer other than the entry's author"
    NotAMember 20 "not-a-member"
        "the entry names as a member what is not an introduction"
    SameMember 21 "same-member"
        "both parties of the transfer are the same member"
    NotRecorded 30 "not-recorded"
        "the entry changes what is not an expense or a transfer"
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
        }
        for verdict in [Verdict::Applied, Verdict::Unknown] {
            assert_eq!(Verdict::from_code(verdict.code()), Some(verdict));
        }
        assert_eq!(Verdict::from_code(255), None);
    }
}
