//! Programs whose files can be imported.

use core::fmt;

/// Program that wrote a file. It is part of the identity of its rows and people (SPEC §10.1), so the
/// same evening out, kept in two programs, is two rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Program {
    /// Splitwise.
    Splitwise,
    /// Spliit.
    Spliit,
    /// Cospend.
    Cospend,
    /// ihatemoney.
    IHateMoney,
    /// Settle Up and Splid.
    SettleUp,
    /// Tricount and Sesterce.
    Tricount,
    /// This one: a file that [`own`](crate::own) or `json` wrote.
    Ledger,
}

impl Program {
    /// The word in the identity of rows and people. It never changes.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Splitwise => "splitwise",
            Self::Spliit => "spliit",
            Self::Cospend => "cospend",
            Self::IHateMoney => "ihatemoney",
            Self::SettleUp => "settle-up",
            Self::Tricount => "tricount",
            Self::Ledger => "ledger",
        }
    }

    /// The name, for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Splitwise => "Splitwise",
            Self::Spliit => "Spliit",
            Self::Cospend => "Cospend",
            Self::IHateMoney => "ihatemoney",
            Self::SettleUp => "Settle Up",
            Self::Tricount => "Tricount",
            Self::Ledger => "this program",
        }
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
