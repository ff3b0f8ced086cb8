//! Counts of everything that happened.

use std::collections::{BTreeMap, BTreeSet};

use crate::entry::{Body, Generation, Kind, MemberId};
use crate::history::{History, StatementRecord};
use crate::sim::arrival::{Before, carried_in, name, owner_statements};
use crate::sim::flips::to_the_letter;
use crate::sim::invariants::equivocations;
use crate::sim::world::{Step, World};
use crate::state::Resolution;
use crate::verdict::Verdict;

/// Counts by table and row.
#[derive(Clone, Debug, Default)]
pub struct Tally(pub BTreeMap<&'static str, BTreeMap<String, u64>>);

impl Tally {
    /// Adds `n` to a row.
    pub fn add(&mut self, table: &'static str, row: impl Into<String>, n: usize) {
        if n > 0 {
            *self.0.entry(table).or_default().entry(row.into()).or_insert(0) += n as u64;
        }
    }

    /// Counts an arrival and the verdicts that it flipped.
    pub fn arrival(
        &mut self,
        history: &History,
        before: &Before,
        step: &Step,
        old: &Resolution,
        new: &Resolution,
    ) {
        if let Some(why) = before.powerless {
            self.add("arrivals that may change nothing", why, 1);
        }
        let changed = before.elsewhere && old.state != new.state;
        let row = "W1: state changed with a key that was cut in another generation";
        self.add("arrivals against the letter of the design", row, usize::from(changed));
        let changed = old.verdicts.iter().filter(|(id, v)| new.verdicts.get(id) != Some(v));
        let letter = changed
            .filter_map(|(&id, _)| to_the_letter(&before.flips, history, &step.entry, id))
            .collect::<BTreeSet<_>>();
        for row in letter {
            self.add("arrivals against the letter of the design", row, 1);
        }
        let flips = |to: bool| {
            let of = old.verdicts.iter().filter(|(_, v)| (**v == Verdict::Applied) != to);
            of.filter(|(id, _)| new.applied(**id) == to).count()
        };
        let kind = name(&step.entry.kind);
        self.add(
            "arrivals that flip verdicts",
            format!("{kind}: void -> applied"),
            flips(true).min(1),
        );
        self.add(
            "arrivals that flip verdicts",
            format!("{kind}: applied -> void"),
            flips(false).min(1),
        );
    }

    /// Counts the entries and races of a finished history.
    pub fn history(&mut self, world: &World, resolution: &Resolution) {
        self.add("histories", "refused at admission", world.refused.len());
        self.set(&world.all, &world.steps, resolution);
    }

    /// Counts the entries and races of a set.
    pub fn set(&mut self, history: &History, steps: &[Step], resolution: &Resolution) {
        self.add("histories", "histories", 1);
        self.add("histories", "entries", history.admitted.len());
        for s in steps {
            let verdict = resolution.verdicts.get(&s.entry.id);
            let applied = if verdict == Some(&Verdict::Applied) { "applied" } else { "void" };
            self.add(
                "entries by kind and verdict",
                format!("{} {applied}", name(&s.entry.kind)),
                1,
            );
            if s.tag.starts_with("evil") || s.tag.contains("again") {
                self.add("attacks", format!("{} ({applied})", s.tag), 1);
            }
            if let Some(Verdict::Void(reason)) = verdict {
                let reason = format!("{reason:?}");
                let reason = match reason.split_once('(') {
                    Some(("Form", rest)) => format!("Form {}", rest.trim_end_matches(')')),
                    Some((word, _)) => word.to_string(),
                    None => reason,
                };
                self.add("reasons", reason, 1);
            }
        }
        self.races(history, resolution);
    }

    fn races(&mut self, history: &History, resolution: &Resolution) {
        let mut race = |row: &str, n: usize| self.add("races", row, n);
        race("equivocations", equivocations(history));
        race(
            "statements with several carriers",
            history.statements.values().filter(|s| s.carriers.len() > 1).count(),
        );
        race("members adopted (no add of theirs stands by itself)", adopted(history, resolution));
        let claims = |m: MemberId| {
            history
                .generations
                .iter()
                .filter(|(g, x)| matches!(g, Generation::Claim(_)) && x.member == m)
                .count()
        };
        race(
            "members with several claims",
            resolution.introduced.iter().filter(|&&m| claims(m) > 1).count(),
        );
        race(
            "members with several current generations",
            resolution.state.members.values().filter(|m| m.current.len() > 1).count(),
        );
        let twice = history
            .generations
            .iter()
            .filter(|(g, x)| matches!(g, Generation::Card(_)) && x.starts.len() > 1)
            .count();
        race("cards admitted more than once", twice);
        let acts: Vec<&StatementRecord> = owner_statements(history).collect();
        let accepted = |s: &&StatementRecord| resolution.accepted(s.statement.digest);
        let selves: Vec<&StatementRecord> = history
            .statements
            .values()
            .filter(|s| s.statement.body.generation().is_some())
            .filter(accepted)
            .collect();
        let apart = |a: &StatementRecord, b: &StatementRecord| {
            !carried_in(a, &b.within) && !carried_in(b, &a.within)
        };
        for (i, a) in acts.iter().enumerate() {
            for b in acts.iter().skip(i + 1).filter(|b| apart(a, b)) {
                match (a.statement.body, b.statement.body) {
                    (Body::Bind { member: x, .. }, Body::Bind { member: y, .. }) if x == y => {
                        race("bind | bind", 1)
                    }
                    (Body::Remove { member: x }, Body::Remove { member: y }) if x == y => {
                        race("remove | remove", 1)
                    }
                    (Body::Bind { member: x, .. }, Body::Remove { member: y })
                    | (Body::Remove { member: x }, Body::Bind { member: y, .. })
                        if x == y =>
                    {
                        race("remove | bind", 1)
                    }
                    (Body::RenameGroup { .. }, Body::RenameGroup { .. }) => {
                        race("rename group | rename group", 1)
                    }
                    _ => {}
                }
            }
            for s in history.statements.values().filter(|s| apart(a, s)) {
                let target = match a.statement.body {
                    Body::Remove { member } | Body::Bind { member, .. } => member,
                    _ => continue,
                };
                let own = s
                    .statement
                    .body
                    .generation()
                    .and_then(|g| history.generations.get(&g))
                    .map(|g| g.member);
                if own == Some(target) {
                    let row = format!(
                        "remove or bind | own {}",
                        name(&Kind::Statement(s.statement.clone()))
                    );
                    race(&row, 1);
                }
            }
        }
        for (i, a) in selves.iter().enumerate() {
            for b in selves.iter().skip(i + 1).filter(|b| apart(a, b)) {
                if a.statement.body.generation() == b.statement.body.generation() {
                    let (x, y) = (
                        name(&Kind::Statement(a.statement.clone())),
                        name(&Kind::Statement(b.statement.clone())),
                    );
                    race(&format!("{} | {}, one generation", x.min(y), x.max(y)), 1);
                }
            }
        }
    }

    /// Adds the counts of another tally.
    pub fn merge(&mut self, other: Tally) {
        for (table, rows) in other.0 {
            let mine = self.0.entry(table).or_default();
            for (row, n) in rows {
                *mine.entry(row).or_insert(0) += n;
            }
        }
    }

    /// The count in a row.
    pub fn count(&self, table: &str, row: &str) -> u64 {
        self.0.get(table).and_then(|rows| rows.get(row)).copied().unwrap_or(0)
    }

    /// The tables as text.
    pub fn show(&self) -> String {
        let mut out = String::new();
        for (table, rows) in &self.0 {
            out.push_str(&format!("\n{table}\n"));
            for (row, n) in rows {
                out.push_str(&format!("  {n:>10}  {row}\n"));
            }
        }
        out
    }
}

/// Members introduced though each of their adds has an author who is cut or not accepted.
fn adopted(history: &History, resolution: &Resolution) -> usize {
    let stands = |m: MemberId| {
        history.admitted.iter().enumerate().any(|(i, a)| {
            a.entry.introduces().is_some_and(|c| c.id == m)
                && resolution.enrolments.contains(&a.author)
                && crate::cuts::first_cut(history, &crate::Rules::ALL, &resolution.cuts(), i)
                    .is_none()
        })
    };
    resolution.introduced.iter().filter(|&&m| !stands(m)).count()
}
