//! Resolution of authority (SPEC §6): the meaning of a set of admitted entries.
//!
//! "Resolution, a pure function of the set of admitted entries; each step reads only what earlier
//! steps decided, so it terminates and cannot contradict itself." It is done from scratch, step by
//! step, without optimisation. `docs/authority-questions.md` has the decisions on open questions.

use std::collections::BTreeMap;

use crate::cuts::{Cuts, first_cut, hard_cuts_on, sorted, statement_within};
use crate::entry::{Body, Digest};
use crate::history::{History, StatementRecord, owner_statements, self_statements};
use crate::introductions::{Standing, introductions};
use crate::rules::Rules;
use crate::slots::slots;
use crate::state::{Resolution, State, state};
use crate::verdict::{Reason, Verdict, form};

/// Resolves the set of admitted entries.
pub fn resolve(history: &History) -> Resolution {
    resolve_with(history, &Rules::ALL)
}

/// Resolves the set with some rules switched off, to test that the checks notice that.
pub fn resolve_with(history: &History, r: &Rules) -> Resolution {
    // Step 1. "Owner acts: well-formed ones are accepted (the key is in the genesis entry)."
    let mut statement_verdicts: BTreeMap<Digest, Verdict> = BTreeMap::new();
    for (&digest, s) in owner_statements(history) {
        let form = form(r, &s.faults);
        let off = (!r.owner_statements).then_some(Reason::SwitchedOff);
        statement_verdicts.insert(digest, form.or(off).map_or(Verdict::Applied, Verdict::Void));
    }
    let accepted = |statement_verdicts: &BTreeMap<Digest, Verdict>, digest: &Digest| {
        statement_verdicts.get(digest) == Some(&Verdict::Applied)
    };

    // Step 2. "Hard cuts: removals and binds." Whom each concerns: `cuts::concerns`.
    let mut cuts = Cuts::default();
    let hard = owner_statements(history).filter(|(d, s)| {
        let cuts = matches!(s.statement.body, Body::Remove { .. } | Body::Bind { .. });
        r.hard_cuts && cuts && accepted(&statement_verdicts, d)
    });
    cuts.hard = sorted(history, &hard.map(|(&d, _)| d).collect());

    // Step 3. "Self acts: accepted if signed by a generation's root key, with that generation's
    // start in the base's past, and within every hard cut on it."
    for (&digest, s) in self_statements(history) {
        let failing = self_statement(history, r, &cuts, s);
        statement_verdicts.insert(digest, failing.map_or(Verdict::Applied, Verdict::Void));
    }
    let own = self_statements(history).filter(|(d, s)| {
        let cuts = matches!(s.statement.body, Body::Revoke { .. } | Body::Leave { .. });
        cuts && accepted(&statement_verdicts, d)
    });
    cuts.own = sorted(history, &own.map(|(&d, _)| d).collect());

    // Step 4. "Introductions, least fixpoint."
    let standing = Standing { history, r, statement_verdicts: &statement_verdicts, cuts: &cuts };
    let intros = introductions(&standing);

    // Step 3 again: "An enrolment counts as accepted only if its generation's start (genesis,
    // introduction, bind) is accepted too." F1: and so does every other self statement.
    for (&digest, s) in self_statements(history) {
        let is_enrolment = matches!(s.statement.body, Body::Enrol { .. });
        let needed = if is_enrolment { r.enrol_needs_start } else { r.self_needs_start };
        let started = s.statement.body.generation().is_some_and(|g| intros.started.contains(&g));
        if accepted(&statement_verdicts, &digest) && needed && !started {
            statement_verdicts.insert(digest, Verdict::Void(Reason::StartVoid));
        }
    }

    // Step 5. "Plain entries: applied if their enrolment (the one at the root of their backlink
    // chain) is accepted and nothing cuts them." With the verdicts of steps 1 to 4.
    let mut verdicts = BTreeMap::new();
    for (index, a) in history.admitted.iter().enumerate() {
        let verdict = match a.entry.statement() {
            // "The verdict belongs to the digest."
            Some(s) => statement_verdicts.get(&s.digest).copied().unwrap_or(Verdict::Applied),
            None => intros.verdicts.get(&index).copied().unwrap_or_else(|| {
                let form = form(r, &a.faults);
                let cut = || first_cut(history, r, &cuts, index).filter(|_| r.plain_cuts);
                let accepted = intros.enrolments.contains(&a.author) || !r.plain_needs_enrolment;
                let void = || (!accepted).then_some(Reason::EnrolmentVoid);
                form.or_else(cut).or_else(void).map_or(Verdict::Applied, Verdict::Void)
            }),
        };
        verdicts.insert(a.entry.id, verdict);
    }

    // Step 6. "Slots."
    let slots = slots(history, r, &verdicts);
    let mut resolution = Resolution {
        verdicts,
        statements: statement_verdicts,
        introduced: intros.members,
        started: intros.started,
        enrolments: intros.enrolments,
        hard: cuts.hard,
        own: cuts.own,
        slots,
        state: State::default(),
    };
    resolution.state = state(history, r, &resolution);
    resolution
}

/// Step 3: the first failing check of a self statement.
fn self_statement(
    history: &History,
    r: &Rules,
    cuts: &Cuts,
    s: &StatementRecord,
) -> Option<Reason> {
    if let Some(reason) = form(r, &s.faults) {
        return Some(reason);
    }
    let generation = s.statement.body.generation()?;
    let started = history.generations.get(&generation);
    let in_base = started.is_some_and(|g| g.starts.iter().any(|&i| s.within.contains(i)));
    if r.start_in_base && !in_base {
        return Some(Reason::StartNotInBase);
    }
    if r.self_signature && started.is_none_or(|g| g.root != s.statement.signer) {
        return Some(Reason::NotSignedByRoot);
    }
    hard_cuts_on(history, r, cuts, generation)
        .into_iter()
        .find(|cut| r.self_within_cuts && !statement_within(history, r, s, cut))
        .map(|cut| Reason::HardCut(cut.statement.digest))
}
