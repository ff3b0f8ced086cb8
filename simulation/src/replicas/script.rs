//! The script of a history, and the real entries made from it.

use std::collections::BTreeMap;

use ledger_core::EntryId;
use ledger_core::engine::{DecodedEntry, VerifiedEntry, verify_batch};
use ledger_model::Card;
use ledger_model::sim::minimize::spliced;
use ledger_model::sim::replay::generate_with;
use ledger_model::sim::world::{Cast, Step};

use super::Settings;
use crate::Error;
use crate::real_entries::{Lies, RealHistory, ScriptedEntry, script};

/// Name of an entry: twice the number of its step in the script, plus one for a lie about its
/// position. So an entry keeps its name when steps are left out.
pub(super) type Name = usize;

/// A script: who writes what, in which order, and with which knowledge.
#[derive(Clone)]
pub(super) struct Script {
    settings: Settings,
    steps: Vec<(usize, Step)>,
    whole: bool,
    cards: Vec<Card>,
}

/// The entries of a script.
pub(super) struct Entries {
    /// The history with its real entries.
    pub(super) real_history: RealHistory,
    /// Whether no step was left out. Otherwise the frontiers are not those that the authors saw.
    pub(super) whole: bool,
    names: BTreeMap<Name, usize>,
    ids: BTreeMap<EntryId, usize>,
}

impl Script {
    /// The script for these settings.
    #[must_use]
    pub(super) fn new(settings: &Settings) -> Script {
        let evil = if settings.lies() { 40 } else { 0 };
        let plots = if settings.adversary >= 2 { 2 } else { 0 };
        let cast = Cast { people: settings.members, evil, plots };
        let world = generate_with(settings.seed, settings.entries.max(2), cast);
        let steps = script(&world).into_iter().enumerate().collect();
        Script { settings: *settings, steps, whole: true, cards: world.cards }
    }

    /// The script without a step, whose dependencies take its place in chains and frontiers; `None`
    /// if the step cannot be left out.
    #[must_use]
    pub(super) fn without(&self, number: usize) -> Option<Script> {
        let place = self.steps.iter().position(|(n, _)| *n == number).filter(|place| *place > 0)?;
        let id = self.steps.get(place)?.1.entry.id;
        let steps: Vec<Step> = self.steps.iter().map(|(_, step)| step.clone()).collect();
        let numbers = self.steps.iter().map(|(n, _)| *n).filter(|n| *n != number);
        let steps = numbers.zip(spliced(&steps, id)?).collect();
        Some(Script { steps, whole: false, ..self.clone() })
    }

    /// Signs the entries.
    ///
    /// # Errors
    /// If an entry cannot be written, which is a mistake of the translation.
    pub(super) fn entries(&self) -> Result<Entries, Error> {
        let lies = if self.settings.lies() { Lies::ByLiars } else { Lies::None };
        let real_history = RealHistory::new(&self.steps, &self.cards, self.settings.seed, lies)?;
        let (mut names, mut ids) = (BTreeMap::new(), BTreeMap::new());
        for (place, made) in real_history.made.iter().enumerate() {
            names.insert(name(made), place);
            ids.insert(made.real.id(), place);
        }
        if self.settings.seed.is_multiple_of(VERIFIED) {
            let decoded = |made: &ScriptedEntry| {
                let entry = made.real.decoded();
                DecodedEntry::decode(entry.as_bytes(), entry.signature())
            };
            let decoded = real_history.made.iter().map(decoded).collect::<Result<Vec<_>, _>>()?;
            for (read, made) in verify_batch(decoded, &[1; 32]).into_iter().zip(&real_history.made)
            {
                if read? != made.real {
                    return Err(format!("{} reads back as something else", made.real.id()).into());
                }
            }
        }
        Ok(Entries { real_history, whole: self.whole, names, ids })
    }
}

/// One seed in so many has its entries decoded and verified, as another device would, before the
/// replicas share them. Not every seed, as this takes half as long as everything else.
const VERIFIED: u64 = 4;

/// The name of an entry.
#[must_use]
pub(super) fn name(made: &ScriptedEntry) -> Name {
    made.script.saturating_mul(2).saturating_add(usize::from(made.lie))
}

impl Entries {
    /// The entry of this name, if its step is in the script and could be written.
    #[must_use]
    pub(super) fn get(&self, name: Name) -> Option<&ScriptedEntry> {
        self.real_history.made.get(*self.names.get(&name)?)
    }

    /// The entry with this id.
    #[must_use]
    pub(super) fn by_id(&self, id: &EntryId) -> Option<&ScriptedEntry> {
        self.real_history.made.get(*self.ids.get(id)?)
    }

    /// The genesis entry.
    ///
    /// # Errors
    /// If there is none.
    pub(super) fn genesis(&self) -> Result<&VerifiedEntry, Error> {
        self.real_history
            .made
            .first()
            .map(|made| &made.real)
            .ok_or_else(|| "no genesis entry".into())
    }
}
