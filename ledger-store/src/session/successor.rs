//! A group that continues another one, for when the owner's key is lost for good or stolen.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ledger_core::engine::{Draft, EntryIndex as _, Payload, VerifiedEntry};
use ledger_core::keys::{DeviceKey, PlaceholderCard};
use ledger_core::limits::MAX_REFS;
use ledger_core::{Balance, Currency, DraftError, GroupId, GroupState, MemberId};

use super::{Founding, GroupSession};
use crate::StoreError;
use crate::entries::GroupTransaction;
use crate::entries::index::StoredIndex;

/// Comparison of a successor group's opening balances with the balances of the group that it
/// continues, as they are here.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpeningComparison {
    /// The group that it continues.
    pub predecessor: GroupId,
    /// The balances that differ; empty if all are equal.
    pub differences: Vec<OpeningDifference>,
    /// Whether the old group has the very state here that the founder continued. Otherwise its
    /// entries differ: some came later, or some are missing here.
    pub is_same_state: bool,
}

/// A balance with which a successor group opens, and which the old group has otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpeningDifference {
    /// The person's name.
    pub name: String,
    /// The currency.
    pub currency: Currency,
    /// The balance with which the successor group opens.
    pub opening: Balance,
    /// The balance in the old group.
    pub before: Balance,
}

impl GroupSession {
    /// Creates a group with all members of this one and their balances; the person of this
    /// device owns it. The other members come as placeholders.
    pub(crate) fn create_successor(&self, name: &str) -> Result<Self, StoreError> {
        let mut ledger = self.ledger()?;
        if ledger.frontier().heads().nth(MAX_REFS).is_some()
            && ledger.state().may_write(self.device)
        {
            // A genesis entry names at most so many heads. A device that may not write in the old
            // group names those that fit.
            let device = self.device_key()?;
            self.write(|transaction| transaction.prepare_to_sign(&device))?;
            ledger = self.ledger()?;
        }
        let state = ledger.state();
        let me = state.device_owner(self.device).ok_or(DraftError::ForeignDevice)?;
        let founder = state.member(me).ok_or(DraftError::UnknownMember(me))?;
        let from_files = self.people_from_files(state)?;
        self.session.create_group(&Founding {
            name,
            founder: founder.name(),
            others: &[],
            successor_of: Some((ledger.view(), me, &from_files)),
            only_first: false,
        })
    }

    /// The cards of the members who came from files of other programs.
    fn people_from_files(
        &self,
        state: &GroupState,
    ) -> Result<BTreeMap<MemberId, PlaceholderCard>, StoreError> {
        self.read(|connection, _| {
            let index = StoredIndex::whole(connection, self.key);
            let mut cards = BTreeMap::new();
            for (id, _) in state.members() {
                let Some(entry) = state.first_introduction(id) else { continue };
                let entry = index.entry(&entry)?;
                let Some(Payload::Placeholder(introduced)) =
                    entry.as_ref().map(|entry| entry.decoded().payload())
                else {
                    continue;
                };
                if introduced.card().introducer().is_none() {
                    cards.insert(id, introduced.card().clone());
                }
            }
            Ok(cards)
        })
    }

    /// The genesis entry.
    fn genesis(&self) -> Result<Arc<VerifiedEntry>, StoreError> {
        self.read(|connection, _| {
            let genesis = StoredIndex::whole(connection, self.key).entry(&self.id.genesis())?;
            genesis.ok_or_else(|| StoreError::Damaged("the genesis entry is gone".to_owned()))
        })
    }

    /// Compares the opening balances of this group with the group that it continues. `None` if it
    /// continues none.
    pub(crate) fn compare_opening(&self) -> Result<Option<OpeningComparison>, StoreError> {
        let genesis = self.genesis()?;
        let Payload::Genesis(genesis) = genesis.decoded().payload() else { return Ok(None) };
        let Some(opened) = genesis.predecessor() else { return Ok(None) };
        let predecessor = self.session.group(opened.group)?;
        let old_genesis = predecessor.genesis()?;
        let old = predecessor.ledger()?;
        let state = old.state();
        let mut left = state.members();
        let mut differences = Vec::new();
        let mut founder = None;
        for opening in &opened.opening {
            let Some(card) = &opening.card else {
                founder = Some(opening);
                continue;
            };
            let from_file = from_file(&old_genesis, card);
            let place = left.iter().position(|(id, _)| match from_file {
                Some(member) => *id == member,
                None => id.as_bytes().starts_with(card.nonce()),
            });
            let before = place.map(|place| left.remove(place).0);
            compare(state, card.name(), before, &opening.balances, &mut differences);
        }
        // The founder is the person without a card: by name, if others were left out as well.
        let name = genesis.card().name();
        let by_name = left.iter().position(|(_, member)| member.name() == name);
        let place = by_name.or_else(|| (left.len() == 1).then_some(0));
        let before = place.map(|place| left.remove(place).0);
        let none = BTreeMap::new();
        let balances = founder.map_or(&none, |opening| &opening.balances);
        compare(state, name, before, balances, &mut differences);
        for (id, member) in left {
            compare(state, member.name(), Some(id), &none, &mut differences);
        }
        Ok(Some(OpeningComparison {
            predecessor: opened.group,
            differences,
            is_same_state: state.digest() == opened.digest,
        }))
    }
}

/// The member of a group whom a file introduced there, by the card that the file gives in another
/// group. `None` if the card is not of a person from a file.
fn from_file(genesis: &VerifiedEntry, card: &PlaceholderCard) -> Option<MemberId> {
    let Payload::Genesis(genesis) = genesis.decoded().payload() else { return None };
    card.introducer().is_none().then_some(())?;
    let there = PlaceholderCard::from_file(*genesis.salt(), card.name(), *card.nonce());
    there.ok().map(|card| card.member())
}

/// Adds the currencies in which a person opens with another balance than before.
fn compare(
    old: &GroupState,
    name: &str,
    before: Option<MemberId>,
    opening: &BTreeMap<Currency, Balance>,
    differences: &mut Vec<OpeningDifference>,
) {
    let currencies: BTreeSet<Currency> = old.currencies().chain(opening.keys().copied()).collect();
    for currency in currencies {
        let opening = opening.get(&currency).copied().unwrap_or_default();
        let before = before.map(|member| old.balance(member, currency)).unwrap_or_default();
        if opening != before {
            differences.push(OpeningDifference {
                name: name.to_owned(),
                currency,
                opening,
                before,
            });
        }
    }
}

/// Appends an introduction of each member that the genesis entry brings along, so that entries
/// can name them (SPEC §4.1). Appends nothing for a group that continues no other one.
pub(super) fn introduce_members(
    transaction: &mut GroupTransaction<'_>,
    device: &DeviceKey,
    genesis: &VerifiedEntry,
) -> Result<(), StoreError> {
    let Payload::Genesis(genesis) = genesis.decoded().payload() else { return Ok(()) };
    let openings = genesis.predecessor().into_iter().flat_map(|old| &old.opening);
    for card in openings.filter_map(|opening| opening.card.as_ref()) {
        transaction.sign_and_append(device, Draft::carried_over(card))?;
    }
    Ok(())
}
