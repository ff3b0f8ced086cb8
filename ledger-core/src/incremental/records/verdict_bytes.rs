//! Verdicts and reasons as bytes of a checkpoint.

use crate::base::codec::{Reader, Writer};
use crate::base::rule::{Refusal, Rule};
use crate::verdict::{Verdict, VoidReason};

/// Reads the code of a verdict.
pub(crate) fn read_verdict(r: &mut Reader<'_>) -> Result<Verdict, Refusal> {
    let code = u8::try_from(r.uint()?).ok().and_then(Verdict::from_code);
    code.ok_or_else(|| Refusal::new(Rule::Q2))
}

/// Writes a reason as the code of its verdict, `None` as the code of `Applied`.
pub(crate) fn write_reason(w: &mut Writer, reason: Option<VoidReason>) {
    w.uint(u64::from(reason.map_or(Verdict::Applied, Verdict::Void).code()));
}

/// Reads what [`write_reason`] wrote.
pub(crate) fn read_reason(r: &mut Reader<'_>) -> Result<Option<VoidReason>, Refusal> {
    Ok(match read_verdict(r)? {
        Verdict::Void(reason) => Some(reason),
        Verdict::Applied | Verdict::Unknown => None,
    })
}
