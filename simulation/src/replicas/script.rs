//! What is written in a history: the script, and the real entries made from it.

use std::collections::BTreeMap;

use ledger_core::EntryId;
use ledger_core::engine::{DecodedEntry, VerifiedEntry, verify_batch};

use super::Settings;
use crate::Error;
use crate::real_entries::{Lies, Made, Scene, script};
use ledger_model::Card;
use ledger_model::sim::minimize::spliced;
use ledger_model::sim::replay::generate_with;
use ledger_model::sim::world::{Cast, Step};

/// Names an entry: twice the number of its step in the script, and one more for a lie about its
/// place. So an entry keeps its name when steps are left out.
pub(super) type Name = usize;

/// A script: what people do, in which order, knowing what.
#[derive(Clone)]
pub(super) struct Script {
    settings: Settings,
    steps: Vec<(usize, Step)>,
    whole: bool,
    cards: Vec<Card>,
}

/// The entries of a script.
pub(super) struct Entries {
    /// In both worlds.
    pub(super) scene: Scene,
    /// Whether no step was left out. If one was, frontiers are no longer what the authors saw.
    pub(super) whole: bool,
    names: BTreeMap<Name, usize>,
    ids: BTreeMap<EntryId, usize>,
}

impl Script {
    /// The script for these settings.
    #[must_use]
    pub(super) fn of(settings: &Settings) -> Script {
        let evil = if settings.lies() { 40 } else { 0 };
        let plots = if settings.adversary >= 2 { 2 } else { 0 };
        let cast = Cast { people: settings.members, evil, plots };
        let world = generate_with(settings.seed, settings.entries.max(2), cast);
        let steps = script(&world).into_iter().enumerate().collect();
        Script { settings: *settings, steps, whole: true, cards: world.cards }
    }

    /// The script without a step, whose place in chains and frontiers its own dependencies take;
    /// `None` where that cannot be.
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
    /// If one cannot be written, which is a bug of the translation.
    pub(super) fn entries(&self) -> Result<Entries, Error> {
        let lies = if self.settings.lies() { Lies::ByLiars } else { Lies::None };
        let scene = Scene::of(&self.steps, &self.cards, self.settings.seed, lies)?;
        let (mut names, mut ids) = (BTreeMap::new(), BTreeMap::new());
        for (place, made) in scene.made.iter().enumerate() {
            names.insert(name(made), place);
            ids.insert(made.real.id(), place);
        }
        if self.settings.seed.is_multiple_of(VERIFIED) {
            let decoded = |made: &Made| {
                let entry = made.real.decoded();
                DecodedEntry::decode(entry.as_bytes(), entry.signature())
            };
            let decoded = scene.made.iter().map(decoded).collect::<Result<Vec<_>, _>>()?;
            for (read, made) in verify_batch(decoded, &[1; 32]).into_iter().zip(&scene.made) {
                if read? != made.real {
                    return Err(format!("{} reads back as something else", made.real.id()).into());
                }
            }
        }
        Ok(Entries { scene, whole: self.whole, names, ids })
    }
}

/// Of every so many seeds one has its entries decoded and verified, as on another device: once
/// each, after which the replicas share them. It takes as long as half of everything else.
const VERIFIED: u64 = 4;

/// The name of an entry.
#[must_use]
pub(super) fn name(made: &Made) -> Name {
    made.script.saturating_mul(2).saturating_add(usize::from(made.lie))
}

impl Entries {
    /// The entry of this name, if its step is in the script and could be written.
    #[must_use]
    pub(super) fn get(&self, name: Name) -> Option<&Made> {
        self.scene.made.get(*self.names.get(&name)?)
    }

    /// The entry with this id.
    #[must_use]
    pub(super) fn by_id(&self, id: &EntryId) -> Option<&Made> {
        self.scene.made.get(*self.ids.get(id)?)
    }

    /// The genesis entry.
    ///
    /// # Errors
    /// If there is none.
    pub(super) fn genesis(&self) -> Result<&VerifiedEntry, Error> {
        self.scene.made.first().map(|made| &made.real).ok_or_else(|| "no genesis entry".into())
    }
}
