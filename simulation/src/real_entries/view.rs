//! Verdicts and state of the ledger and of the model in one form, so that they can be compared.

use std::collections::{BTreeMap, BTreeSet};

use ledger_core::engine::Evaluation;
use ledger_core::{Currency, Verdict as RealVerdict, VoidReason};
use ledger_model::history::form::Fault;
use ledger_model::state::NUMBERS;
use ledger_model::{Device, Generation, Id, MemberId, Reason, Resolution, Verdict};

use super::Error;
use super::content::CURRENCIES;
use super::{RealHistory, model_id, settings};

/// A member: name, introduced, removed, current generations.
type Who = (String, bool, bool, BTreeSet<Generation>);

/// Verdicts and state that are compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct View {
    verdicts: BTreeMap<Id, u8>,
    name: String,
    members: BTreeMap<MemberId, Who>,
    devices: BTreeMap<(Generation, Device), u64>,
    /// Shown, corrected by, cancelled.
    slots: BTreeMap<Id, (Id, Option<Id>, bool)>,
    epochs: BTreeMap<Id, ()>,
    /// By series and number, the template that holds.
    series: BTreeMap<(Id, u32), Id>,
    /// By field and subject, the number of the value.
    settings: BTreeMap<(u8, MemberId), u32>,
    /// By device, the feature that it says it reads.
    speaks: BTreeMap<Device, u32>,
    balances: BTreeMap<(MemberId, u8), i128>,
}

/// The ledger's reason for a reason of the model. `None` for wrong sums, which do not decode, and for
/// rules that are switched off.
fn reason(reason: Reason) -> Option<VoidReason> {
    Some(match reason {
        Reason::Form(Fault::NotSignedByOwner) => VoidReason::NotSignedByOwner,
        Reason::Form(Fault::TargetIsOwner) => VoidReason::TargetIsOwner,
        Reason::Form(Fault::UnknownMember) => VoidReason::UnknownMember,
        Reason::Form(Fault::WrongCard) => VoidReason::WrongCard,
        Reason::Form(Fault::NotTheIntroducer) => VoidReason::NotTheIntroducer,
        Reason::Form(Fault::AdoptsItself) => VoidReason::AdoptsItself,
        Reason::Form(Fault::KeyReused) => VoidReason::KeyReused,
        Reason::Form(Fault::SameMember) => VoidReason::SameMember,
        Reason::Form(Fault::WrongTarget) => VoidReason::WrongTarget,
        Reason::Form(Fault::BadSum) | Reason::SwitchedOff => return None,
        Reason::StartNotInBase => VoidReason::StartNotInBase,
        Reason::NotSignedByRoot => VoidReason::NotSignedByRoot,
        Reason::HardCut(_) => VoidReason::HardCut,
        Reason::Revoked(_) => VoidReason::Revoked,
        Reason::Left(_) => VoidReason::Left,
        Reason::StartVoid => VoidReason::StartVoid,
        Reason::EnrolmentVoid => VoidReason::EnrolmentVoid,
    })
}

impl View {
    /// The view of the model.
    pub(super) fn of_model(resolution: &Resolution) -> View {
        let code = |verdict: &Verdict| match verdict {
            Verdict::Applied => RealVerdict::Applied.code(),
            Verdict::Void(why) => reason(*why).map_or(u8::MAX, VoidReason::code),
        };
        let state = &resolution.state;
        let who = |m: &ledger_model::state::Member| {
            (m.name.to_string(), m.introduced, m.removed, m.current.clone())
        };
        View {
            verdicts: resolution.verdicts.iter().map(|(id, v)| (*id, code(v))).collect(),
            name: state.group_name.to_string(),
            members: state.members.iter().map(|(id, m)| (*id, who(m))).collect(),
            devices: state.devices.iter().map(|(d, x)| (*d, u64::from(*x))).collect(),
            slots: state
                .slots
                .iter()
                .map(|(id, slot)| (*id, (slot.shown, slot.correction, slot.cancelled)))
                .collect(),
            epochs: state.epochs.iter().map(|id| (*id, ())).collect(),
            series: state.series.clone(),
            settings: state.settings.clone(),
            speaks: state.speaks.clone(),
            balances: state.balances.clone(),
        }
    }

    /// The view of the ledger.
    pub(super) fn of_ledger(
        real_history: &RealHistory,
        evaluation: &Evaluation,
    ) -> Result<View, Error> {
        let keys = &real_history.keys;
        let state = evaluation.view().state();
        let mut view = View { name: state.name().to_owned(), ..View::default() };
        for (entry, verdict) in evaluation.verdicts() {
            view.verdicts.insert(model_id(entry.id()), verdict.code());
        }
        for (id, member) in state.members() {
            let generations: Option<BTreeSet<Generation>> =
                member.generations().map(|g| keys.generation_number(g)).collect();
            let who = (
                member.name().to_owned(),
                member.is_introduced(),
                member.is_removed(),
                generations.ok_or("an unheard-of generation")?,
            );
            view.members.insert(keys.member_number(id).ok_or("an unheard-of member")?, who);
        }
        for (generation, id, device) in state.devices() {
            let generation = keys.generation_number(generation).ok_or("whose device?")?;
            let number = keys.device_number(id).ok_or("an unheard-of device")?;
            view.devices.insert((generation, number), device.exchange_generation());
        }
        for (original, slot) in evaluation.slots() {
            if let Some(shown) = slot.shown() {
                let content = slot.content().filter(|id| *id != shown).map(model_id);
                let slot = (model_id(shown), content, slot.is_cancelled());
                view.slots.insert(model_id(original), slot);
            }
        }
        for series in evaluation.series() {
            for number in 0..NUMBERS {
                if let Some(found) = series.occurrence(u64::from(number)) {
                    view.series.insert((model_id(series.id()), number), model_id(found.version));
                }
            }
        }
        view.settings = settings::numbers(keys, &evaluation.settings())?;
        for (device, speaks) in evaluation.speaks() {
            let number = keys.device_number(device).ok_or("an unheard-of device")?;
            let feature = *speaks.features().first().ok_or("a device that reads nothing")?;
            view.speaks.insert(number, u32::try_from(feature)?);
        }
        view.epochs.extend(state.usable_epochs().map(|(id, _)| (model_id(id), ())));
        for (currency, code) in (0u8..).zip(CURRENCIES) {
            for (id, balance) in state.open_balances(Currency::from_code(code)?) {
                let member = keys.member_number(id).ok_or("an unheard-of debtor")?;
                view.balances.insert((member, currency), balance.minor_units());
            }
        }
        Ok(view)
    }

    /// The first difference, in words.
    pub(super) fn difference(&self, ledger: &View) -> Option<String> {
        fn first<K: Ord + Copy + std::fmt::Debug, V: PartialEq + std::fmt::Debug>(
            what: &str,
            model: &BTreeMap<K, V>,
            ledger: &BTreeMap<K, V>,
        ) -> Option<String> {
            let keys: BTreeSet<K> = model.keys().chain(ledger.keys()).copied().collect();
            let differs = |key: &K| model.get(key) != ledger.get(key);
            let key = keys.into_iter().find(differs)?;
            let (model, ledger) = (model.get(&key), ledger.get(&key));
            Some(format!("{what} {key:x?}: the model says {model:x?}, the ledger {ledger:x?}"))
        }
        let names = (self.name != ledger.name)
            .then(|| format!("the group's name: {} and {}", self.name, ledger.name));
        first("entry", &self.verdicts, &ledger.verdicts)
            .or_else(|| first("member", &self.members, &ledger.members))
            .or_else(|| first("device", &self.devices, &ledger.devices))
            .or_else(|| first("slot", &self.slots, &ledger.slots))
            .or_else(|| first("usable epoch", &self.epochs, &ledger.epochs))
            .or_else(|| first("occurrence", &self.series, &ledger.series))
            .or_else(|| first("setting", &self.settings, &ledger.settings))
            .or_else(|| first("device's feature", &self.speaks, &ledger.speaks))
            .or_else(|| first("balance", &self.balances, &ledger.balances))
            .or(names)
    }
}
