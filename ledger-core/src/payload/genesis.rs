//! Genesis entries, which create groups (SPEC §4.1).

use std::collections::{BTreeMap, BTreeSet};

use super::fields::read_currency;
use crate::base::codec::{Reader, Writer};
use crate::base::id::{EntryId, GroupId, MemberId, StateDigest};
use crate::base::limits::{MAX_MEMBERS, MAX_REFS};
use crate::base::rule::{Refusal, Rule};
use crate::header::Header;
use crate::keys::{Card, CardSignatures, PlaceholderCard};
use crate::money::{Balance, Currency};

/// Beginning of a group: `[group name, card, signatures, predecessor|null]`. The founder's
/// root key is the owner's key for the life of the group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Genesis {
    group_name: String,
    card: Card,
    signatures: CardSignatures,
    predecessor: Option<Predecessor>,
}

/// Old group that a successor group continues:
/// `[group, state digest, heads, opening]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Predecessor {
    /// The old group.
    pub group: GroupId,
    /// The digest of its state.
    pub digest: StateDigest,
    /// Its heads, ascending.
    pub heads: Vec<EntryId>,
    /// Its people with their balances, the founder first.
    pub opening: Vec<Opening>,
}

/// Opening balances of one person: `[card|null, [[currency, balance], …]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// A placeholder card whose scope is the new group's salt. `None` for the founder.
    pub card: Option<PlaceholderCard>,
    /// The balance of the person per currency, never zero.
    pub balances: BTreeMap<Currency, Balance>,
}

impl Genesis {
    pub(crate) fn new(
        group_name: &str,
        card: Card,
        signatures: CardSignatures,
        predecessor: Option<Predecessor>,
    ) -> Self {
        Self { group_name: group_name.to_owned(), card, signatures, predecessor }
    }

    pub(super) fn read(r: &mut Reader<'_>, header: &Header) -> Result<Self, Refusal> {
        r.array(4)?;
        let group_name = r.name()?;
        let card = Card::decode(r.bytes()?)?;
        let signatures = CardSignatures::read(r)?;
        // The entry's signature must be one of the founder's first device.
        if card.certificate().device() != header.device() {
            return Err(Refusal::new(Rule::K5));
        }
        let predecessor = r.optional(Predecessor::read)?;
        if let Some(predecessor) = &predecessor {
            predecessor.check(&card)?;
        }
        Ok(Self { group_name, card, signatures, predecessor })
    }

    pub(super) fn write(&self, w: &mut Writer) {
        w.array(4);
        w.text(&self.group_name);
        w.bytes(self.card.as_bytes());
        self.signatures.write(w);
        w.optional(self.predecessor.as_ref(), |w, predecessor| predecessor.write(w));
    }

    /// Checks the certificates' signatures (rule K4).
    pub(crate) fn check_signatures(&self) -> Result<(), Refusal> {
        self.card.check(&self.signatures)
    }

    /// The group's first name.
    #[must_use]
    pub fn group_name(&self) -> &str {
        &self.group_name
    }

    /// The founder's card.
    #[must_use]
    pub fn card(&self) -> &Card {
        &self.card
    }

    /// The salt: 32 random bytes that stand for the group on cards made before it has an id.
    #[must_use]
    pub fn salt(&self) -> &[u8; 32] {
        self.card().scope()
    }

    /// The group that this one succeeds, if any.
    #[must_use]
    pub fn predecessor(&self) -> Option<&Predecessor> {
        self.predecessor.as_ref()
    }

    /// Members from the beginning, with their names: the founder, and in a successor group the other
    /// people of the old group.
    pub(crate) fn people(&self) -> Vec<(MemberId, &str)> {
        let founder = (self.card.member(), self.card.name());
        let opening = self.predecessor.iter().flat_map(|predecessor| &predecessor.opening);
        let others = opening.filter_map(|opening| opening.card.as_ref());
        std::iter::once(founder).chain(others.map(|card| (card.member(), card.name()))).collect()
    }

    /// The balances with which the group begins: none, unless it continues another one.
    #[must_use]
    pub fn opening_balances(&self) -> Vec<(MemberId, Currency, Balance)> {
        let mut balances = Vec::new();
        for opening in self.predecessor.iter().flat_map(|predecessor| &predecessor.opening) {
            let card = opening.card.as_ref();
            let member = card.map_or_else(|| self.card.member(), PlaceholderCard::member);
            for (currency, balance) in &opening.balances {
                balances.push((member, *currency, *balance));
            }
        }
        balances
    }
}

impl Predecessor {
    fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(4)?;
        let group = GroupId::from_bytes(r.bytes_n()?);
        let digest = StateDigest::from_bytes(r.bytes_n()?);
        let len = r.array_up_to(MAX_REFS, Rule::G1)?;
        let heads: Vec<EntryId> =
            (0..len).map(|_| r.bytes_n().map(EntryId::from_bytes)).collect::<Result<_, _>>()?;
        if !heads.is_sorted_by(|a, b| a < b) {
            return Err(Refusal::with_detail(Rule::G1, "heads are not ascending"));
        }
        let len = r.array_up_to(MAX_MEMBERS, Rule::G1)?;
        let opening = (0..len).map(|_| Opening::read(r)).collect::<Result<_, _>>()?;
        Ok(Self { group, digest, heads, opening })
    }

    fn write(&self, w: &mut Writer) {
        w.array(4);
        w.bytes(self.group.as_bytes());
        w.bytes(self.digest.as_bytes());
        w.array(self.heads.len());
        self.heads.iter().for_each(|head| w.bytes(head.as_bytes()));
        w.array(self.opening.len());
        self.opening.iter().for_each(|opening| opening.write(w));
    }

    /// Checks rule G1: the opening balances sum to zero. The founder's come first, then those of
    /// distinct people whose cards are under the salt, and name the founder as introducer or are of a
    /// person from a file.
    fn check(&self, founder: &Card) -> Result<(), Refusal> {
        let refused = |what: &str| Err(Refusal::with_detail(Rule::G1, what));
        let mut sums: BTreeMap<Currency, Balance> = BTreeMap::new();
        let mut met = BTreeSet::new();
        for (place, opening) in self.opening.iter().enumerate() {
            match &opening.card {
                None if place == 0 => {}
                Some(card) if place > 0 => {
                    let introducer = card.introducer();
                    let ours = card.scope() == founder.scope()
                        && introducer.is_none_or(|introducer| introducer == founder.member());
                    if !ours || !met.insert(card.member()) {
                        return refused("a card that is not a placeholder's of this group");
                    }
                }
                _ => return refused("the founder comes first, without a card"),
            }
            for (currency, balance) in &opening.balances {
                let sum = sums.entry(*currency).or_default();
                *sum = sum.plus(*balance);
            }
        }
        if self.opening.is_empty() || sums.values().any(|sum| !sum.is_zero()) {
            return refused("opening balances do not sum to zero");
        }
        Ok(())
    }
}

impl Opening {
    fn read(r: &mut Reader<'_>) -> Result<Self, Refusal> {
        r.array(2)?;
        let card = r.optional(|r| PlaceholderCard::decode(r.bytes()?))?;
        let len = r.array_up_to(MAX_REFS, Rule::G1)?;
        let mut balances = BTreeMap::new();
        let mut last = None;
        for _ in 0..len {
            r.array(2)?;
            let currency = read_currency(r)?;
            let balance = Balance::from_minor_units(i128::from_be_bytes(r.bytes_n()?));
            let too_large = balance.minor_units().unsigned_abs() > u128::from(u64::MAX);
            if balance.is_zero() || too_large || last.is_some_and(|last| last >= currency) {
                return Err(Refusal::with_detail(Rule::G1, "balances are ascending, not zero"));
            }
            last = Some(currency);
            balances.insert(currency, balance);
        }
        Ok(Self { card, balances })
    }

    fn write(&self, w: &mut Writer) {
        w.array(2);
        w.optional(self.card.as_ref(), |w, card| w.bytes(&card.encode()));
        w.array(self.balances.len());
        for (currency, balance) in &self.balances {
            w.array(2);
            w.text(currency.code());
            w.bytes(&balance.minor_units().to_be_bytes());
        }
    }
}
