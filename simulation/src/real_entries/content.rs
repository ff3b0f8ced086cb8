//! Drafts about money: which entry names each member, and amounts that sum up.

use std::collections::{BTreeMap, BTreeSet};

use ledger_core::engine::Draft;
use ledger_core::{
    Amount, Currency, Date, Direction, EntryId, Expense, MemberId as RealMember, Origin,
    Recurrence, RecurrenceUnit, Transaction, Transfer, hazmat,
};
use ledger_model::{Content, Kind, MemberId};

use super::Error;
use super::{NamedMember, PayloadDraft, RealHistory, model_id};

/// The currencies of the model: a code, and a unit of a group's own.
pub(super) const CURRENCIES: [&str; 2] = ["EUR", "beers/0"];

/// One side of an expense: for each entry that names a member, the member and the sum.
type Parts = BTreeMap<EntryId, (MemberId, u64)>;

impl RealHistory {
    /// Drafts an expense or transfer, or with a target a correction or copy.
    pub(super) fn money(
        &mut self,
        kind: &Kind,
        script: &Content,
        target: Option<EntryId>,
        past: &BTreeSet<EntryId>,
    ) -> Result<PayloadDraft, Error> {
        let (mut paid, mut shares) =
            (self.parts(&script.paid, past), self.parts(&script.shares, past));
        let code = CURRENCIES.get(usize::from(script.currency)).ok_or("which currency?")?;
        let currency = Currency::from_code(code)?;
        let wants_transfer = match kind {
            Kind::Transfer(_) => true,
            Kind::Expense(_) | Kind::Template { .. } => false,
            // An expense may become a transfer.
            _ => self.rng.chance(25),
        };
        let transfer = Some(())
            .filter(|()| wants_transfer)
            .and_then(|()| self.parties(&paid, &shares, past, matches!(kind, Kind::Transfer(_))));
        let origin = script.origin.filter(|_| target.is_none());
        let real_origin = origin.map(|origin| Origin::from_bytes([origin; 16]));
        let names = |parts: &Parts| parts.keys().copied().collect::<BTreeSet<_>>();
        let date = Date::from_ymd(2026, 11, 21)?;
        let (details, content, mut refs) = if let Some((from, to)) = transfer {
            let total = paid.values().map(|(_, amount)| *amount).sum::<u64>().max(1);
            let amount = Amount::from_minor_units(total)?;
            let mut details =
                Transfer::new(date, currency, amount, member(from.entry), member(to.entry));
            details.origin = real_origin;
            let details = Transaction::Transfer(details);
            paid = [(from.entry, (from.member, total))].into();
            shares = [(to.entry, (to.member, total))].into();
            let content = Content { incoming: false, origin, ..content(script, &paid, &shares) };
            (details, content, [from.entry, to.entry].into())
        } else {
            let total = level(&mut paid, &mut shares);
            let real = |parts: &Parts| {
                parts
                    .iter()
                    .map(|(id, (_, n))| Ok((member(*id), Amount::from_minor_units(*n)?)))
                    .collect::<Result<Vec<_>, Error>>()
            };
            let direction = if script.incoming { Direction::Incoming } else { Direction::Outgoing };
            let mut details =
                Expense::new(date, String::new(), currency, Amount::from_minor_units(total)?)
                    .payers(real(&paid)?)
                    .shares(real(&shares)?)
                    .direction(direction);
            details.origin = real_origin;
            let details = Transaction::Expense(details);
            let content = Content { origin, ..content(script, &paid, &shares) };
            let refs: BTreeSet<EntryId> = &names(&paid) | &names(&shares);
            (details, content, refs)
        };
        refs.extend(target);
        let state = hazmat::any_names(self.group, refs.iter().copied());
        let (draft, kind) = match (kind, target) {
            (Kind::Correction { .. }, Some(target)) => {
                let kind = Kind::Correction { target: model_id(target), content };
                (Draft::correction(&state, target, &details)?, kind)
            }
            (Kind::Copy { .. }, Some(target)) => {
                let kind = Kind::Copy { copied_from: model_id(target), content };
                (Draft::copy(&state, target, &details)?, kind)
            }
            (Kind::Template { from, end, .. }, target) => {
                let rule = Recurrence::new(RecurrenceUnit::Months, 1)?;
                let real_end = end.map(u64::from);
                let draft = match target {
                    None => Draft::template(&state, &details, rule, real_end)?,
                    Some(series) => {
                        let numbers = (u64::from(*from), 0);
                        Draft::template_change(&state, series, numbers, &details, rule, real_end)?
                    }
                };
                let changes = target.map(model_id);
                // A first template holds from 0 on, whatever a liar meant.
                let from = if target.is_none() { 0 } else { *from };
                (draft, Kind::Template { content, changes, from, end: *end })
            }
            _ if transfer.is_some() => (Draft::record(&state, &details)?, Kind::Transfer(content)),
            _ => (Draft::record(&state, &details)?, Kind::Expense(content)),
        };
        Ok(PayloadDraft { draft, refs, kind })
    }

    /// One side of an expense, without parts of zero.
    fn parts(&mut self, script: &[(MemberId, i64)], past: &BTreeSet<EntryId>) -> Parts {
        let mut parts = Parts::new();
        for &(member, amount) in script.iter().filter(|(_, amount)| *amount > 0) {
            let named = self.introduction(member, past, false);
            let part = parts.entry(named.entry).or_insert((named.member, 0));
            part.1 += amount.unsigned_abs();
        }
        parts
    }

    /// The two members of a transfer. With `slips`, both may be the same member under two names.
    fn parties(
        &mut self,
        paid: &Parts,
        shares: &Parts,
        past: &BTreeSet<EntryId>,
        slips: bool,
    ) -> Option<(NamedMember, NamedMember)> {
        let named = |(entry, (member, _)): (&EntryId, &(MemberId, u64))| NamedMember {
            entry: *entry,
            member: *member,
        };
        let from = paid.iter().next().map(named)?;
        let again = self.introduction(from.member, past, false);
        if slips && self.may_slip && again.entry != from.entry && self.rng.chance(50) {
            return Some((from, again));
        }
        let differs = |to: &NamedMember| {
            let one = from.member == to.member;
            to.entry != from.entry && (slips || !one)
        };
        shares.iter().map(named).find(differs).map(|to| (from, to))
    }
}

/// The member that [`hazmat::any_names`] assigns to an entry.
fn member(entry: EntryId) -> RealMember {
    RealMember::from_bytes(*entry.as_bytes())
}

/// Raises the smaller side to the sum of the larger one. Returns that sum.
fn level(paid: &mut Parts, shares: &mut Parts) -> u64 {
    let sum = |parts: &Parts| parts.values().map(|(_, amount)| *amount).sum::<u64>();
    let (left, right) = (sum(paid), sum(shares));
    let lacking = if left < right { paid } else { shares };
    if let Some((_, first)) = lacking.values_mut().next() {
        *first += left.abs_diff(right);
    }
    left.max(right)
}

fn content(script: &Content, paid: &Parts, shares: &Parts) -> Content {
    let side = |parts: &Parts| {
        parts.values().map(|(member, amount)| (*member, amount.cast_signed())).collect::<Vec<_>>()
    };
    let total = paid.values().map(|(_, amount)| amount.cast_signed()).sum();
    let (paid, shares) = (side(paid), side(shares));
    let Content { currency, incoming, origin, .. } = *script;
    Content { currency, total, paid, shares, incoming, origin }
}
