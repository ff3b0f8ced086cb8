//! Result of a scenario: verdicts, members, devices, balances, digest.

use std::collections::{BTreeMap, BTreeSet};

use ledger_core::engine::{
    Admission, AsOf, Evaluation, Ledger, MemoryIndex, Payload, VerifiedEntry, evaluate,
};
use ledger_core::statement::Generation;
use ledger_core::{
    Currency, Date, Device, DeviceId, EntryId, GroupState, Member, MemberId, Series, Transaction,
};
use serde_json::{Value, json};

use crate::vectors::world::{World, hex};

impl World {
    /// The scenario, with what evaluation says of it; the expected verdicts
    /// stand beside the scenario in the code.
    pub(crate) fn scenario(&self, name: &str, about: &str, expected: &[(&str, u8)]) -> Value {
        let evaluation = self.evaluation();
        assert_eq!(evaluation.refused(), [], "{name}");
        assert!(evaluation.missing().is_empty(), "{name}: {:?}", evaluation.missing());
        let verdict = |id| evaluation.verdict(id).unwrap().code();
        for (label, code) in expected {
            assert_eq!(verdict(self.id(label)), *code, "{name}: {label}");
        }
        for (label, entry) in &self.entries {
            let listed = expected.iter().any(|(name, _)| name == label);
            assert!(listed || verdict(entry.id()) == 0, "{name}: {label} is void");
        }
        let agreed_heads = self.arrives(name, &evaluation);
        let (ledger, state) = (evaluation.view(), evaluation.view().state());
        let entries: Vec<Value> = self
            .entries
            .iter()
            .map(|(label, entry)| {
                let (decoded, id) = (entry.decoded(), entry.id());
                json!({
                    "name": label,
                    "id": id.to_string(),
                    "verdict": verdict(id),
                    "bytes": hex(decoded.as_bytes()),
                    "signature": hex(decoded.signature()),
                })
            })
            .collect();
        let mut scenario = json!({
            "name": name,
            "about": about,
            "entries": entries,
            "group_name": state.name(),
            "members": members(state),
            "devices": devices(state),
            "balances": balances(state),
            "usable_epochs": state.usable_epochs().map(|(id, _)| id.to_string()).collect::<Vec<_>>(),
            "recipients": state.recipients().iter().map(|key| hex(key)).collect::<Vec<_>>(),
            "all_heads": ids(ledger.frontier().heads()),
            "agreed_heads": ids(agreed_heads),
            "state_digest": state.digest().to_string(),
            "as_of_entries": self.as_of_entries(&evaluation),
            "as_of_days": as_of_days(&evaluation),
        });
        let settings = settings(&evaluation);
        if !settings.is_empty() {
            scenario["settings"] = json!(settings);
        }
        let speaks = speaks(&evaluation);
        if !speaks.is_empty() {
            scenario["speaks"] = json!(speaks);
        }
        let series = series(&evaluation);
        if !series.is_empty() {
            scenario["series"] = json!(series);
        }
        scenario
    }

    fn as_of_entries(&self, evaluation: &Evaluation) -> Vec<Value> {
        let digest = |id| evaluation.as_of(AsOf::Entry(id)).unwrap().digest().to_string();
        let ids = self.entries.iter().map(|(_, entry)| entry.id());
        ids.map(|id| json!(digest(id))).collect()
    }

    /// Other roads to the same state: turned round, and one by one. Returns the agreed heads.
    fn arrives(&self, name: &str, evaluation: &Evaluation) -> BTreeSet<EntryId> {
        let mut turned: Vec<VerifiedEntry> = self.entries.iter().map(|(_, e)| e.clone()).collect();
        turned.reverse();
        let turned = evaluate(self.group, turned).unwrap();
        let state = evaluation.view().state();
        assert_eq!(turned.state().digest(), state.digest(), "{name}: order of arrival");
        let mut index = MemoryIndex::new();
        let mut ledger = Ledger::begin(&self.entries[0].1, &mut index).unwrap();
        for (place, (label, entry)) in self.entries.iter().enumerate().skip(1) {
            let known = self.entries[..=place].iter().map(|(_, entry)| entry.clone()).collect();
            let whole = evaluate(self.group, known).unwrap();
            let Ok(admission) = ledger.admit(entry.clone(), &index);
            let Admission::Admitted(admitted) = admission else { panic!("{name}: {label}") };
            let Ok(replayed) = ledger.replay(&admitted, &index);
            index.insert(&admitted, &replayed);
            assert_eq!(ledger.view(), whole.view(), "{name}: {label}");
            let verdicts = whole.verdicts().map(|(entry, verdict)| (entry.id(), verdict));
            let verdicts: BTreeMap<_, _> = verdicts.collect();
            assert!(index.verdicts().eq(verdicts), "{name}: {label}");
        }
        ledger.agreed_heads()
    }
}

fn ids(ids: impl IntoIterator<Item = EntryId>) -> Vec<String> {
    ids.into_iter().map(|id| id.to_string()).collect()
}

/// The first occurrences of each series: number, day and origin.
fn series(evaluation: &Evaluation) -> Vec<Value> {
    let one = |series: Series| {
        let occurrences: Vec<Value> = (0..12)
            .filter_map(|number| series.occurrence(number))
            .map(|found| {
                let origin = found.transaction.origin().unwrap();
                let mut shares: Vec<(String, u64)> = match &found.transaction {
                    Transaction::Expense(expense) => expense.shares.iter(),
                    Transaction::Transfer(_) => [].iter(),
                }
                .map(|(member, share)| (member.to_string(), share.minor_units()))
                .collect();
                shares.sort_unstable();
                let day = found.day.yyyymmdd();
                json!([found.number, day, hex(origin.as_bytes()), shares])
            })
            .collect();
        json!({ "id": series.id().to_string(), "occurrences": occurrences })
    };
    evaluation.series().into_iter().map(one).collect()
}

/// The settings in force, of fields that nobody knows as well: `[field, subject, value]`.
fn settings(evaluation: &Evaluation) -> Vec<Value> {
    let mut last = BTreeMap::new();
    for (entry, verdict) in evaluation.verdicts() {
        let Payload::Setting(setting) = entry.decoded().payload() else { continue };
        let author = evaluation.author(entry.id()).unwrap();
        let key = (setting.field(), setting.subject().to_vec());
        let is_own = match key.0 {
            2 => key.1 == author.as_bytes(),
            4 => key.1.as_slice().try_into().is_ok_and(|device| {
                evaluation.state().uses_device(author, DeviceId::from_bytes(device))
            }),
            _ => true,
        };
        if verdict.is_applied() && is_own {
            last.insert(key, setting.value_bytes().to_vec());
        }
    }
    let row = |((field, subject), value): ((u64, Vec<u8>), Vec<u8>)| {
        json!([field, hex(&subject), hex(&value)])
    };
    last.into_iter().map(row).collect()
}

/// What each device that may write reads: `[device, version, features]`.
fn speaks(evaluation: &Evaluation) -> Vec<Value> {
    let said = evaluation.speaks().into_iter();
    said.map(|(device, said)| json!([device.to_string(), said.version(), said.features()]))
        .collect()
}

/// The day before everything, the first day, and the last.
fn as_of_days(evaluation: &Evaluation) -> Vec<Value> {
    let of = |day: u32| {
        let date = Date::from_ymd(2026, 11, day).unwrap();
        let state = evaluation.as_of(AsOf::Date(date)).unwrap();
        json!({ "day": date.yyyymmdd(), "state_digest": state.digest().to_string() })
    };
    [20, 21, 22].map(of).to_vec()
}

fn generation(generation: Generation) -> Value {
    match generation {
        Generation::Card(member) => json!([0, member.to_string()]),
        Generation::Claim(entry) => json!([1, entry.to_string()]),
        Generation::Bind(statement) => json!([2, statement.to_string()]),
    }
}

fn members(state: &GroupState) -> Vec<Value> {
    let mut members = state.members();
    members.sort_by_key(|(id, _)| *id);
    let one = |(id, member): (MemberId, &Member)| {
        json!({
            "id": id.to_string(),
            "name": member.name(),
            "introduced": member.is_introduced(),
            "removed": member.is_removed(),
            "generations": member.generations().map(generation).collect::<Vec<_>>(),
        })
    };
    members.into_iter().map(one).collect()
}

fn devices(state: &GroupState) -> Vec<Value> {
    let one = |(owner, id, device): (Generation, DeviceId, &Device)| {
        json!({
            "generation": generation(owner),
            "device": id.to_string(),
            "exchange_generation": device.exchange_generation(),
            "exchange": hex(device.exchange_public_key()),
        })
    };
    state.devices().map(one).collect()
}

fn balances(state: &GroupState) -> Vec<Value> {
    let of = |currency: Currency| {
        state.open_balances(currency).map(move |(member, balance)| {
            let minor_units = i64::try_from(balance.minor_units()).unwrap();
            json!({
                "currency": currency.code(),
                "member": member.to_string(),
                "balance": minor_units,
            })
        })
    };
    state.currencies().flat_map(of).collect()
}
