//! A member who signs what no app would, with real keys, and seals it under the group's own.

use std::collections::BTreeMap;

use ed25519_zebra::SigningKey;
use ledger_core::bundle::frame;
use ledger_core::engine::{DecodedEntry, Draft, VerifiedEntry};
use ledger_core::hazmat::{any_names, any_position};
use ledger_core::keys::{DeviceKey, RootEntropy, SignedCard};
use ledger_core::seal::{EpochKey, KeyEnvelope};
use ledger_core::{EntryId, GroupId, MemberId};
use ledger_model::sim::prng::Prng;
use ledger_store::StoreError;

use super::carrier::{fill, records};
use super::raw::RawEntry;

/// The number of a merge entry's kind, and its payload.
const MERGE: (u16, [u8; 1]) = (1, [0x80]);

/// Keys of a device, and the end of its chain.
struct Chain {
    signing: SigningKey,
    device: DeviceKey,
    /// Number of the next entry.
    next: u64,
    /// The last entry; at first the one that enrols the device.
    last: EntryId,
}

impl Chain {
    /// Fresh keys, which `last` enrols.
    fn new(rng: &mut Prng, last: EntryId) -> Self {
        let mut bytes = [0; 64];
        fill(&mut bytes, rng);
        let seed: [u8; 32] = bytes.first_chunk().copied().unwrap_or_default();
        let (signing, device) = (SigningKey::from(seed), DeviceKey::from_bytes(&bytes));
        Self { signing, device, next: 0, last }
    }

    fn goes_on(&mut self, entry: &DecodedEntry) {
        (self.next, self.last) = (entry.header().seq() + 1, entry.id());
    }
}

/// The liar: keys, entries so far, and what the liar knows of the group.
pub(super) struct Liar {
    group: GroupId,
    pub(super) member: MemberId,
    /// The entry that introduces the liar.
    introduction: EntryId,
    chain: Chain,
    /// Sock puppets: keys that the liar introduced.
    puppets: Vec<Chain>,
    /// Entries that can be admitted, which each bundle brings again.
    made: Vec<DecodedEntry>,
    /// Clocks of the entries that the liar knows.
    clocks: BTreeMap<EntryId, u64>,
    /// The group's keys that were wrapped for the liar, and how many bundles were searched for them.
    keys: Vec<EpochKey>,
    searched: usize,
    /// Pairs of ids that begin alike.
    pub(super) alike: Vec<[EntryId; 2]>,
    /// Whether the owner removed the liar.
    pub(super) removed: bool,
}

impl Liar {
    /// Fresh keys, and the card by which somebody introduces the liar.
    pub(super) fn new(group: GroupId, rng: &mut Prng) -> Result<(Self, SignedCard), StoreError> {
        let chain = Chain::new(rng, group.genesis());
        let card = card(group, "Liar", &chain.device, rng)?;
        let liar = Self {
            group,
            member: card.card().member(),
            introduction: group.genesis(),
            chain,
            puppets: Vec::new(),
            made: Vec::new(),
            clocks: BTreeMap::new(),
            keys: Vec::new(),
            searched: 0,
            alike: Vec::new(),
            removed: false,
        };
        Ok((liar, card))
    }

    /// Tells the liar which entry introduces them.
    pub(super) fn introduced(&mut self, introduction: EntryId) {
        self.introduction = introduction;
        self.chain.last = introduction;
    }

    /// Learns of entries, and takes the keys out of bundles that are wrapped for the liar.
    pub(super) fn learn(&mut self, entries: &[VerifiedEntry], sent: &[Vec<u8>]) {
        let clocks = entries.iter().map(|entry| (entry.id(), entry.decoded().header().lamport()));
        self.clocks.extend(clocks);
        let new = sent.get(self.searched..).unwrap_or_default();
        for record in new.iter().flat_map(|bundle| records(bundle)) {
            let Ok(envelope) = KeyEnvelope::parse(&record) else { continue };
            let known = self.keys.iter().any(|key| key.topic() == envelope.topic());
            let opened = envelope.open(self.group, [self.chain.device.exchange_key()]);
            if let (false, Ok(Some(key))) = (known, opened) {
                self.keys.push(key);
            }
        }
        self.searched = sent.len();
    }

    /// Whether the liar can hand out anything yet.
    pub(super) fn is_ready(&self) -> bool {
        !self.keys.is_empty() && self.clocks.contains_key(&self.introduction)
    }

    /// Some of the entries that the liar knows, ascending.
    pub(super) fn some(&self, most: usize, rng: &mut Prng) -> Vec<EntryId> {
        let mut ids: Vec<EntryId> = self.clocks.keys().copied().collect();
        rng.shuffle(&mut ids);
        ids.truncate(most);
        ids.sort_unstable();
        ids
    }

    /// The next entry of the liar's chain, or of a puppet's.
    fn next(&self, chain: &Chain, parents: Vec<EntryId>, refs: Vec<EntryId>) -> RawEntry {
        let parents: Vec<EntryId> = parents.into_iter().filter(|id| *id != chain.last).collect();
        let named = parents.iter().chain(&refs).chain([&chain.last]);
        let clock = named.filter_map(|id| self.clocks.get(id)).max().copied().unwrap_or(1);
        let (kind, payload) = (MERGE.0, MERGE.1.to_vec());
        let (version, group, seq) = (1, self.group, chain.next);
        let (backlink, lamport) = (chain.last, clock + 1);
        RawEntry { version, group, seq, backlink, parents, refs, lamport, kind, payload }
    }

    fn keep(&mut self, entry: DecodedEntry) {
        self.clocks.insert(entry.id(), entry.header().lamport());
        self.made.push(entry);
    }

    /// Signs an entry with an opaque payload on the liar's chain.
    pub(super) fn opaque(
        &mut self,
        (version, kind): (u64, u16),
        parents: Vec<EntryId>,
        refs: Vec<EntryId>,
        rng: &mut Prng,
    ) -> Result<(), StoreError> {
        let mut payload = vec![0; rng.below(200)];
        fill(&mut payload, rng);
        let entry = RawEntry { version, kind, payload, ..self.next(&self.chain, parents, refs) };
        let entry = entry.sign(&self.chain.signing)?;
        self.chain.goes_on(&entry);
        self.keep(entry);
        Ok(())
    }

    /// Signs an entry that names so many others that do not exist. It waits for ever, and nothing
    /// goes on behind it.
    pub(super) fn absent(&self, refs: usize, rng: &mut Prng) -> Result<DecodedEntry, StoreError> {
        let mut refs: Vec<EntryId> = (0..refs).map(|_| no_entry(rng)).collect();
        refs.sort_unstable();
        let entry = RawEntry { kind: 999, ..self.next(&self.chain, Vec::new(), refs) };
        Ok(entry.sign(&self.chain.signing)?)
    }

    /// Signs an entry under keys that nobody knows, behind an entry that does not exist.
    pub(super) fn stranger(&self, rng: &mut Prng) -> Result<DecodedEntry, StoreError> {
        let tip = no_entry(rng);
        let chain = Chain::new(rng, tip);
        Ok(self.next(&chain, Vec::new(), Vec::new()).sign(&chain.signing)?)
    }

    /// Signs two entries for one place of the liar's chain, whose ids begin alike. The liar goes on
    /// behind the first.
    pub(super) fn sign_alike(
        &mut self,
        parents: Vec<EntryId>,
    ) -> Result<[DecodedEntry; 2], StoreError> {
        let pair = self.next(&self.chain, parents, Vec::new()).sign_alike(&self.chain.signing)?;
        let [first, second] = &pair;
        self.alike.push([first.id(), second.id()]);
        self.chain.goes_on(first);
        pair.iter().for_each(|entry| self.keep(entry.clone()));
        Ok(pair)
    }

    /// Number of sock puppets.
    pub(super) fn puppets(&self) -> usize {
        self.puppets.len()
    }

    /// Introduces a sock puppet, behind these entries.
    pub(super) fn puppet(
        &mut self,
        parents: Vec<EntryId>,
        rng: &mut Prng,
    ) -> Result<(), StoreError> {
        let mut puppet = Chain::new(rng, self.introduction);
        let card = card(self.group, "Puppet", &puppet.device, rng)?;
        let RawEntry { seq, backlink, parents, lamport, .. } =
            self.next(&self.chain, parents, Vec::new());
        let key = &self.chain.device;
        let at = any_position(self.group, key.id(), seq, backlink, parents, lamport);
        let draft = Draft::add_member(&any_names(self.group, []), &card)?;
        let added = draft.sign(key, &at, 0)?.decoded().clone();
        puppet.last = added.id();
        self.chain.goes_on(&added);
        self.keep(added);
        self.puppets.push(puppet);
        Ok(())
    }

    /// Signs some entries with the keys of a sock puppet.
    pub(super) fn puppet_writes(&mut self, count: usize, rng: &mut Prng) -> Result<(), StoreError> {
        if self.puppets.is_empty() {
            return Ok(());
        }
        let mut puppet = self.puppets.remove(rng.below(self.puppets.len()));
        for _ in 0..count {
            let entry = self.next(&puppet, Vec::new(), Vec::new()).sign(&puppet.signing)?;
            puppet.goes_on(&entry);
            self.keep(entry);
        }
        self.puppets.push(puppet);
        Ok(())
    }

    /// A bundle of all that the liar's chains hold, without some entries, and of further ones, under
    /// one of the group's keys.
    pub(super) fn bundle(
        &self,
        without: &[EntryId],
        further: &[DecodedEntry],
        rng: &mut Prng,
    ) -> Vec<u8> {
        // As a rule the newest key, which most phones hold.
        let newest = self.keys.len().saturating_sub(1);
        let number = if rng.chance(70) { newest } else { rng.below(self.keys.len()) };
        let Some(key) = self.keys.get(number) else { return Vec::new() };
        let made = self.made.iter().filter(|entry| !without.contains(&entry.id()));
        made.chain(further).flat_map(|entry| frame(&key.seal(entry))).collect()
    }
}

fn card(
    group: GroupId,
    name: &str,
    device: &DeviceKey,
    rng: &mut Prng,
) -> Result<SignedCard, StoreError> {
    let mut entropy = [0; 32];
    fill(&mut entropy, rng);
    Ok(SignedCard::new(group, name, &RootEntropy::from_bytes(entropy), 0, device)?)
}

/// An id that no entry has.
fn no_entry(rng: &mut Prng) -> EntryId {
    let mut bytes = [0; 32];
    fill(&mut bytes, rng);
    EntryId::from_bytes(bytes)
}
