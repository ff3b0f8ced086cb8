//! Verified entries: their signatures are valid under ZIP 215 (rules S1 and K4).

use chacha20::ChaCha20Rng;
use chacha20::rand_core::SeedableRng;
use ed25519_zebra::batch::{Item, Verifier};
use ed25519_zebra::{Signature, VerificationKeyBytes};

use super::DecodedEntry;
use crate::base::hash::{Tag, digest};
use crate::base::id::EntryId;
use crate::base::rule::{Refusal, Rule};
use crate::keys::entry_message;

/// Entry with a valid signature of its device. Only [`verify_batch`], signing a draft, and
/// the functions [`trust_stored`] and [`read_stored`] for storage create one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedEntry(DecodedEntry);

impl VerifiedEntry {
    /// Wraps an entry that this device has just signed.
    pub(crate) fn signed_here(entry: DecodedEntry) -> Self {
        Self(entry)
    }

    /// The entry's id.
    #[must_use]
    pub fn id(&self) -> EntryId {
        self.0.id()
    }

    /// The entry.
    #[must_use]
    pub fn decoded(&self) -> &DecodedEntry {
        &self.0
    }
}

/// Accepts an entry from storage that holds verified entries only, without a check of its
/// signature.
///
/// Use it for such storage only: no later check would notice a forged entry.
#[must_use]
pub fn trust_stored(entry: DecodedEntry) -> VerifiedEntry {
    VerifiedEntry(entry)
}

/// Reads an entry from storage that holds verified entries only, under its stored id, without
/// hashing or encoding it again. `cargo bench -p ledger-benches --bench rebuild_target`
/// measures the gain.
///
/// The function trusts the id: that it is the hash of the header and, through the header,
/// that the payload is the signed one. Other means must detect changes of the storage:
/// authenticated pages detect damage, and a full verification from time to time detects the
/// rest.
///
/// Use it for such storage only, like [`trust_stored`].
///
/// # Errors
/// The first rule of form that the bytes break: the storage is damaged.
pub fn read_stored(
    id: EntryId,
    bytes: &[u8],
    signature: &[u8; 64],
) -> Result<VerifiedEntry, Refusal> {
    DecodedEntry::decode_stored(id, bytes, signature).map(VerifiedEntry)
}

/// Reads the dependencies of an entry from such storage, without its payload.
///
/// # Errors
/// As [`read_stored`], of the header alone.
pub fn read_stored_dependencies(bytes: &[u8]) -> Result<Vec<EntryId>, Refusal> {
    DecodedEntry::stored_dependencies(bytes)
}

/// Checks the signatures of many entries at once. The results keep the order of the entries.
///
/// A batch takes about half the time of single checks, and accepts exactly the same
/// signatures (ZIP 215). `seed` must be 32 fresh random bytes: a forger who can predict the
/// coefficients can make a false batch pass. To use several threads,
/// split the entries and pass each part its own seed.
#[must_use]
pub fn verify_batch(
    entries: Vec<DecodedEntry>,
    seed: &[u8; 32],
) -> Vec<Result<VerifiedEntry, Refusal>> {
    let items: Vec<Item> = entries.iter().map(item).collect();
    let mut rng = coefficients(&entries, seed);
    let mut valid = vec![false; items.len()];
    mark_valid(&items, &mut valid, &mut rng);
    entries
        .into_iter()
        .zip(valid)
        .map(|(entry, valid)| {
            let id = entry.id();
            if !valid {
                return Err(Refusal::new(Rule::S1).in_entry(id));
            }
            entry.payload().check_signatures().map_err(|refusal| refusal.in_entry(id))?;
            Ok(VerifiedEntry(entry))
        })
        .collect()
}

fn item(entry: &DecodedEntry) -> Item {
    let key = VerificationKeyBytes::from(*entry.header().device().as_bytes());
    let signature = Signature::from(*entry.signature());
    Item::from((key, signature, &entry_message(&entry.id())))
}

/// Generator of the batch coefficients: ChaCha20, keyed by the seed and by all ids and
/// signatures. So even a repeated seed gives other coefficients for other signatures.
fn coefficients(entries: &[DecodedEntry], seed: &[u8; 32]) -> ChaCha20Rng {
    let mut parts: Vec<&[u8]> = vec![seed];
    let ids: Vec<EntryId> = entries.iter().map(DecodedEntry::id).collect();
    for (entry, id) in entries.iter().zip(&ids) {
        parts.extend([id.as_bytes().as_slice(), entry.signature()]);
    }
    // The id is a hash of the header, which holds the key.
    ChaCha20Rng::from_seed(digest(Tag::BATCH, &parts))
}

/// Marks the valid items. A batch that fails is halved, again and again, until every invalid
/// item is in a batch of its own.
fn mark_valid(items: &[Item], valid: &mut [bool], rng: &mut ChaCha20Rng) {
    match items {
        [] => return,
        [only] => {
            valid.fill(only.clone().verify_single().is_ok());
            return;
        }
        _ => {}
    }
    let mut verifier = Verifier::new();
    items.iter().cloned().for_each(|item| verifier.queue(item));
    if verifier.verify(&mut *rng).is_ok() {
        valid.fill(true);
        return;
    }
    let middle = items.len() / 2;
    let (left, right) = items.split_at(middle);
    let (valid_left, valid_right) = valid.split_at_mut(middle);
    mark_valid(left, valid_left, rng);
    mark_valid(right, valid_right, rng);
}
