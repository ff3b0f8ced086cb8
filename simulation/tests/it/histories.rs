//! Histories for other implementations: they agree with the model, and have what an implementation
//! must get right.

use std::collections::BTreeSet;

use ledger_simulation::histories::{JudgedEntry, history, json, judge};
use serde_json::Value;

const ENTRIES: usize = 40;

#[test]
fn a_seed_gives_one_history_and_one_judgement() {
    let lines = |seed| {
        let history = history(seed, ENTRIES).unwrap();
        let judgement = judge(&history).unwrap();
        (json::entries(&history).to_string(), json::verdicts(seed, &judgement).to_string())
    };
    assert_eq!(lines(3), lines(3));
    assert_ne!(lines(3).0, lines(4).0);
}

#[test]
fn entries_are_admitted_late_refused_and_left_waiting() {
    let (mut codes, mut rules, mut waiting) = (BTreeSet::new(), BTreeSet::new(), 0u32);
    for seed in 1..=60 {
        let history = history(seed, ENTRIES).unwrap();
        let judgement = judge(&history).unwrap_or_else(|why| panic!("seed {seed}: {why}"));
        assert_eq!(judgement.results.len(), history.arrivals.len());
        for (_, judged) in &judgement.results {
            match judged {
                JudgedEntry::Admitted(verdict) => drop(codes.insert(verdict.code())),
                JudgedEntry::Refused(rule) => drop(rules.insert(rule.code())),
                JudgedEntry::Waiting => waiting += 1,
            }
        }
    }
    assert!(codes.is_superset(&[0, 12, 31, 40, 41, 42, 60].into()), "{codes:?}");
    assert!(rules.is_superset(&["A2", "A3", "S1"].into()), "{rules:?}");
    assert!(waiting > 0);
}

#[test]
fn a_line_has_the_promised_fields() {
    let history = history(1, ENTRIES).unwrap();
    let (entries, verdicts) = (json::entries(&history), {
        let judgement = judge(&history).unwrap();
        json::verdicts(1, &judgement)
    });
    let fields = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(fields(&entries), ["seed", "entries"]);
    assert_eq!(fields(&entries["entries"][0]), ["hex", "sig"]);
    let named = ["seed", "results", "digest", "heads", "balances", "members"];
    assert_eq!(fields(&verdicts), named);
    for result in verdicts["results"].as_array().unwrap() {
        assert_eq!(fields(result), ["id", "admitted", "refused", "waiting", "code", "rule"]);
        let one = ["admitted", "refused", "waiting"].map(|field| result[field].as_bool().unwrap());
        assert_eq!(one.into_iter().filter(|is| *is).count(), 1, "{result}");
        assert_eq!(result["code"].is_u64(), one[0]);
        assert_eq!(result["rule"].is_string(), one[1]);
    }
    assert_eq!(verdicts["members"][0].as_array().unwrap().len(), 4);
}
