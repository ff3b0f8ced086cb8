//! Acts of the liar, and of a carrier who makes keys: entries of later versions and unknown kinds, with
//! many refs, under many fresh keys, with ids that begin alike.

use ledger_core::engine::{DecodedEntry, Payload, VerifiedEntry};
use ledger_core::{EntryId, Verdict};
use ledger_model::sim::arrival::violation;
use ledger_store::{NewEntry, StatementIntent, StoreError};

use super::actions::sign;
use super::carrier::Carrier;
use super::check;
use super::leaving::NOBODY;
use super::liar::Liar;
use super::play::{Play, STEPS, StepResult};

const LIES: &str = "lies";
const HELD: &str = "held in the end";

/// Kinds that version 1 has no payload for.
const FREE_KINDS: [u16; 3] = [7, 999, 65_535];

/// Kinds under which a later version may have another payload.
const LATER_KINDS: [u16; 6] = [2, 6, 16, 23, 999, 65_535];

/// Numbers of refs: within the bounds of what may wait, beyond those of a member, and beyond all.
const ABSENT: [usize; 5] = [1, 20, 100, 200, 1_024];

/// The most pairs of ids that begin alike. Of a chain that forks more often, a summary does not name
/// each branch.
const MOST_PAIRS: usize = 3;

/// The most sock puppets.
const MOST_PUPPETS: usize = 3;

/// More refs than an expense of the honest has here.
const MANY_REFS: usize = 8;

impl Play {
    /// The founder introduces the liar.
    pub(super) fn add_liar(&mut self) -> Result<(), StoreError> {
        let group = self.phone(0)?.group.id();
        let (mut liar, card) = Liar::new(group, &mut self.rng)?;
        let added = self
            .phone(0)?
            .group
            .entries()
            .append(vec![NewEntry::Member { card: Box::new(card) }])?;
        liar.introduced(added.last().copied().ok_or(StoreError::UnknownRequest)?);
        self.liar = Some(liar);
        Ok(())
    }

    /// The liar hands something out.
    pub(super) fn lie(&mut self) -> StepResult {
        let Some(at) = self.anchor(NOBODY) else { return Ok(None) };
        let Some(mut liar) = self.liar.take() else { return Ok(None) };
        let found = self.lie_as(&mut liar, at);
        self.liar = Some(liar);
        found
    }

    /// The liar knows what the phone at `at` knows.
    fn lie_as(&mut self, liar: &mut Liar, at: usize) -> StepResult {
        liar.learn(&self.phone(at)?.entries()?, &self.sent);
        if !liar.is_ready() {
            return Ok(None);
        }
        let parents = if self.rng.chance(50) { 0 } else { self.rng.below(6) };
        let parents = liar.some(parents, &mut self.rng);
        let rng = &mut self.rng;
        let mut further = Vec::new();
        let row = match rng.below(7) {
            0 => {
                let version = rng.pick(&[2, 3, 255, 1 << 40]).unwrap_or(2);
                for kind in [rng.pick(&LATER_KINDS), rng.pick(&LATER_KINDS)].into_iter().flatten() {
                    liar.opaque((version, kind), parents.clone(), Vec::new(), rng)?;
                }
                "entries of a later version"
            }
            1 => {
                let kind = rng.pick(&FREE_KINDS).unwrap_or(999);
                let refs = liar.some(rng.below(3), rng);
                liar.opaque((1, kind), parents, refs, rng)?;
                "entry of an unknown kind"
            }
            2 => {
                let refs = liar.some(1_024, rng);
                liar.opaque((1, 999), parents, refs, rng)?;
                "entry that names all others"
            }
            3 => {
                for _ in 0..=rng.below(3) {
                    further.push(liar.absent(rng.pick(&ABSENT).unwrap_or(1_024), rng)?);
                }
                "entries that name up to 1,024 absent ones"
            }
            4 => {
                let count = 10 + rng.below(70);
                further = (0..count).map(|_| liar.stranger(rng)).collect::<Result<_, _>>()?;
                "entries under fresh keys"
            }
            5 if liar.alike.len() < MOST_PAIRS => return self.show_two(liar, parents),
            _ => {
                if liar.puppets() < MOST_PUPPETS {
                    liar.puppet(parents, rng)?;
                }
                liar.puppet_writes(1 + rng.below(12), rng)?;
                "entries of a sock puppet"
            }
        };
        self.tally.add(LIES, row, 1);
        if liar.removed {
            self.tally.add(LIES, "by somebody removed", 1);
        }
        let bundle = liar.bundle(&[], &further, &mut self.rng);
        self.carrier.take(at, bundle);
        Ok(None)
    }

    /// The liar shows two phones different entries, whose ids begin alike, for one place.
    fn show_two(&mut self, liar: &mut Liar, parents: Vec<EntryId>) -> StepResult {
        let [first, second] = liar.sign_alike(parents)?.map(|entry| entry.id());
        self.tally.add(LIES, "two ids that begin alike", 1);
        let one = self.rng.below(self.phones.len());
        let other = self.rng.below(self.phones.len());
        for (to, hidden) in [(one, second), (other, first)] {
            let bundle = liar.bundle(&[hidden], &[], &mut self.rng);
            let found = self.import(to, &bundle)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// The owner removes the liar.
    pub(super) fn remove_liar(&mut self) -> StepResult {
        let member = self.liar.as_ref().filter(|liar| !liar.removed).map(|liar| liar.member);
        let Some(member) = member else { return Ok(None) };
        sign(&self.phone(0)?.group, StatementIntent::Remove { member, since: None })?;
        self.liar.iter_mut().for_each(|liar| liar.removed = true);
        self.tally.add(STEPS, "liar removed", 1);
        Ok(None)
    }

    /// Gives the carrier a bundle with a key that no epoch entry announces, and with envelopes of
    /// unknown topics.
    pub(super) fn forge(&mut self, at: usize) -> StepResult {
        let phone = self.phone(at)?;
        let (group, recipients) = (phone.group.id(), phone.group.state()?.recipients());
        let (key, bundle) = Carrier::forgery(group, &recipients, &mut self.rng);
        self.forged.insert(key.topic());
        self.carrier.take(at, bundle);
        self.tally.add(STEPS, "key forged", 1);
        Ok(None)
    }

    /// Counts what a phone holds of the lies, and checks that entries nobody can read are judged
    /// unknown.
    pub(super) fn count_lies(&mut self, at: usize) -> StepResult {
        let phone = self.phone(at)?;
        let rows = phone.group.lists().activity(None, u32::MAX)?;
        let waiting = phone.group.waiting()?.total;
        let wrong = rows
            .iter()
            .find(|row| is_opaque(row.entry.decoded()) != (row.verdict == Verdict::Unknown));
        if let Some(wrong) = wrong {
            let detail = format!("{} is {:?}", wrong.entry.id(), wrong.verdict);
            return Ok(violation(check::OPAQUE, detail));
        }
        let held = |id: &EntryId| rows.iter().any(|row| row.entry.id() == *id);
        let alike = self.liar.iter().flat_map(|liar| &liar.alike);
        let pairs = alike.filter(|pair| pair.iter().all(held)).count();
        let count = |is: fn(&DecodedEntry) -> bool| {
            rows.iter().filter(|row| is(row.entry.decoded())).count()
        };
        let found = [
            ("entries of a later version", count(|entry| entry.header().version() > 1)),
            (
                "entries of an unknown kind",
                count(|entry| is_opaque(entry) && entry.header().version() == 1),
            ),
            (
                "entries with many refs",
                count(|entry| is_opaque(entry) && entry.header().refs().len() > MANY_REFS),
            ),
            ("two ids that begin alike", pairs),
            ("entries that wait", usize::try_from(waiting).unwrap_or(usize::MAX)),
        ];
        found.into_iter().for_each(|(row, count)| self.tally.add(HELD, row, count));
        Ok(None)
    }
}

/// Whether nobody of this version can read an entry's payload.
pub(super) fn is_opaque(entry: &DecodedEntry) -> bool {
    matches!(entry.payload(), Payload::Opaque)
}

/// Whether every entry is one that this version cannot read.
pub(super) fn all_opaque(entries: &[VerifiedEntry]) -> bool {
    entries.iter().all(|entry| is_opaque(entry.decoded()))
}
