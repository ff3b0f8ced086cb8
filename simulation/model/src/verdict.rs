//! Verdicts on entries and statements, with their reasons.

use crate::entry::Digest;
use crate::history::form::Fault;
use crate::rules::Rules;

/// "The first failing check, in the order of the steps."
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// A fault of form, judged in its own past.
    Form(Fault),
    /// Step 3: the generation does not start in the base's past.
    StartNotInBase,
    /// Step 3: not signed by the generation's root key.
    NotSignedByRoot,
    /// Steps 2 and 3: outside this removal or bind.
    HardCut(Digest),
    /// Step 3: outside this revocation.
    Revoked(Digest),
    /// Step 3: after this leave.
    Left(Digest),
    /// Step 4: a self statement of a generation whose start is not accepted.
    StartVoid,
    /// Steps 4 and 5: the author's enrolment is not accepted.
    EnrolmentVoid,
    /// Only with step 1 switched off.
    SwitchedOff,
}

/// "Whether an entry is Applied or Void."
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The entry counts.
    Applied,
    /// The entry stays in the ledger and has no effect.
    Void(Reason),
}

/// The first fault of form that is not switched off.
pub(crate) fn form(r: &Rules, faults: &[Fault]) -> Option<Reason> {
    let ignored = |f: &Fault| match f {
        Fault::NotSignedByOwner => !r.owner_signature,
        Fault::TargetIsOwner => !r.owner_untouchable,
        Fault::UnknownMember => !r.adopt_knows_member,
        Fault::NotTheIntroducer => !r.claim_by_introducer,
        Fault::KeyReused => !r.keys_once,
        Fault::BadSum => !r.money_sums,
        _ => false,
    };
    faults.iter().find(|f| !ignored(f)).map(|&f| Reason::Form(f))
}
