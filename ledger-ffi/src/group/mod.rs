//! One group: who is in it, and who owes what.

mod acts;
mod bundles;
mod invites;
mod lists;
mod long;
mod record;
mod rows;

use std::sync::Arc;

use ledger_core::{GroupId, MemberId, settle_up};

use crate::LedgerError;
use crate::money::Money;
use crate::open::Open;

pub use acts::{Act, Proposal};
pub use bundles::{BundleExport, BundleImport, JoinedGroup, RefusedEntry};
pub use invites::{
    Admitted, Invite, InviteInfo, InvitePolicy, JoinRequest, JoinRequestInfo, PendingJoin,
    RequestOutcome,
};
pub use lists::{
    ActivityRow, EntryKind, ExpenseFilter, ExpenseRow, FoundBy, OpinionRow, Role, Verdict,
    VersionRow,
};
pub use long::{ImportSummary, Problem, Verification};
pub use rows::{Agreement, Device, GroupInfo, Member, MemberBalance, Payment};

/// One group of an open ledger. A handle: cheap, and of no use once the ledger
/// is closed.
#[derive(Clone, uniffi::Object)]
pub struct LedgerGroup {
    open: Open,
    id: GroupId,
}

impl LedgerGroup {
    pub(crate) fn new(open: Open, id: GroupId) -> Self {
        Self { open, id }
    }

    pub(crate) fn inner(&self) -> Result<ledger_store::Group, LedgerError> {
        self.open.group(self.id)
    }

    /// The ledger, whose state is not copied.
    fn ledger(&self) -> Result<Arc<ledger_core::Ledger>, LedgerError> {
        self.open.reading(self.id, ledger_store::Group::ledger)
    }
}

#[uniffi::export]
impl LedgerGroup {
    /// The group's id.
    ///
    /// # Errors
    /// None; as with every call, a binding may report [`LedgerError`].
    pub fn id(&self) -> Result<String, LedgerError> {
        Ok(self.id.to_string())
    }

    /// Name, size and digest.
    ///
    /// # Errors
    /// What reading the database says.
    pub fn info(&self) -> Result<GroupInfo, LedgerError> {
        let group = self.inner()?;
        let ledger = group.ledger()?;
        let state = ledger.state();
        Ok(GroupInfo {
            id: self.id.to_string(),
            name: state.name().to_owned(),
            me: group.me()?.map(|me| me.to_string()),
            entries: ledger.frontier().entries(),
            entries_needing_update: state.entries_needing_update(),
        })
    }

    /// The members in the order of their introduction, removed ones too.
    ///
    /// # Errors
    /// What reading the database says.
    pub fn members(&self) -> Result<Vec<Member>, LedgerError> {
        let group = self.inner()?;
        Ok(rows::members(group.ledger()?.state(), group.me()?))
    }

    /// The devices that may write.
    ///
    /// # Errors
    /// What reading the database says.
    pub fn devices(&self) -> Result<Vec<Device>, LedgerError> {
        let group = self.inner()?;
        Ok(rows::devices(group.ledger()?.state(), group.device()))
    }

    /// Every member's balance in every currency, zeros too: by currency, then
    /// in the order of the members.
    ///
    /// # Errors
    /// `BalanceTooLarge`, or what reading the database says.
    pub fn balances(&self) -> Result<Vec<MemberBalance>, LedgerError> {
        let ledger = self.ledger()?;
        let state = ledger.state();
        let members: Vec<MemberId> = state.members().iter().map(|(id, _)| *id).collect();
        let mut balances = Vec::new();
        for currency in state.currencies() {
            for member in &members {
                let balance = Money::of_balance(state.balance(*member, currency), currency)?;
                balances.push(MemberBalance { member: (*member).into(), balance });
            }
        }
        Ok(balances)
    }

    /// Who pays whom so that everybody is settled, with the fewest payments
    /// where they can be computed. The same balances give the same plan.
    ///
    /// # Errors
    /// `BalanceTooLarge`, or what reading the database says.
    pub fn settle_up(&self) -> Result<Vec<Payment>, LedgerError> {
        let ledger = self.ledger()?;
        let state = ledger.state();
        let mut payments = Vec::new();
        for currency in state.currencies() {
            for step in settle_up(state.open_balances(currency)) {
                payments.push(Payment {
                    from_member: step.from.into(),
                    to_member: step.to.into(),
                    money: Money::of_balance(step.amount, currency)?,
                });
            }
        }
        Ok(payments)
    }

    /// The digest of the state in hexadecimal: devices with equal digests agree
    /// on every member and balance.
    ///
    /// # Errors
    /// What reading the database says.
    pub fn state_digest(&self) -> Result<String, LedgerError> {
        Ok(self.ledger()?.state().digest().to_string())
    }

    /// Saves a checkpoint if entries came since the last one, so that the next
    /// opening is quick. By itself the library saves one every 500 entries.
    ///
    /// # Errors
    /// What writing says.
    pub fn checkpoint(&self) -> Result<(), LedgerError> {
        Ok(self.inner()?.checkpoint()?)
    }

    /// Founds a group with everybody of this one and their balances: for when
    /// the owner's key is lost or stolen. Whoever calls this owns it; the others
    /// come as placeholders, and follow by an invite. This group stays.
    ///
    /// # Errors
    /// `InvalidEntry` if the name is empty or too long, `NotEnrolled`, or what
    /// writing says.
    pub fn found_successor(&self, name: &str) -> Result<Arc<Self>, LedgerError> {
        let group = self.inner()?.create_successor_group(name)?;
        Ok(Arc::new(Self::new(self.open.clone(), group.id())))
    }

    /// What two devices compare: with equal digests and heads, they have the
    /// same entries and agree on what they mean.
    ///
    /// # Errors
    /// What reading the database says.
    pub fn agreement(&self) -> Result<Agreement, LedgerError> {
        let group = self.inner()?;
        Ok(Agreement {
            state_digest: group.ledger()?.state().digest().to_string(),
            heads: group.agreed_heads()?.iter().map(ToString::to_string).collect(),
        })
    }
}
