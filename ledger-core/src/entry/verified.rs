//! Entries whose signatures are valid under ZIP 215 (rules S1 and K4).

use ed25519_zebra::batch::{Item, Verifier};
use ed25519_zebra::{Signature, VerificationKeyBytes};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use super::DecodedEntry;
use crate::base::hash::{Tag, digest};
use crate::base::id::EntryId;
use crate::base::rule::{Refusal, Rule};
use crate::keys::entry_message;

/// An entry that its device has signed. Made only by [`verify_batch`], by
/// signing, or by [`trust_stored`] and [`read_stored`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedEntry(DecodedEntry);

impl VerifiedEntry {
    /// For entries signed here a moment ago.
    pub(crate) fn signed_here(entry: DecodedEntry) -> Self {
        Self(entry)
    }

    /// The entry's name.
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

/// Takes an entry from storage that only ever held verified ones, without
/// checking its signature again.
///
/// This is dangerous anywhere else: whatever passes here is believed.
#[must_use]
pub fn trust_stored(entry: DecodedEntry) -> VerifiedEntry {
    VerifiedEntry(entry)
}

/// Reads an entry from storage that only ever held verified ones, under the id
/// that it had then, without hashing and writing it again. What that saves:
/// `cargo bench -p ledger-benches --bench rebuild_target`.
///
/// The id is believed: that it is the hash of the header, and through it that
/// the payload is the one that was signed. So whatever else could have changed
/// the storage must be caught elsewhere: by authenticated pages, which tell
/// damage, and from time to time by decoding and verifying everything.
///
/// This is dangerous anywhere else, as is [`trust_stored`].
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

/// Checks the signatures of many entries at once; the results keep the order.
///
/// A batch is about twice as fast as one by one, and accepts exactly the same
/// signatures (ZIP 215). `seed` must be 32 fresh random bytes: against
/// predictable coefficients a batch could be forged. To use several threads,
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
                return Err(Refusal::new(Rule::S1).of(id));
            }
            entry.payload().check_signatures().map_err(|refusal| refusal.of(id))?;
            Ok(VerifiedEntry(entry))
        })
        .collect()
}

fn item(entry: &DecodedEntry) -> Item {
    let key = VerificationKeyBytes::from(*entry.header().device().as_bytes());
    let signature = Signature::from(*entry.signature());
    Item::from((key, signature, &entry_message(&entry.id())))
}

/// The generator of the batch coefficients: ChaCha20 keyed by the seed and
/// everything that is checked.
fn coefficients(entries: &[DecodedEntry], seed: &[u8; 32]) -> ChaCha20Rng {
    let mut parts: Vec<&[u8]> = vec![seed];
    let ids: Vec<EntryId> = entries.iter().map(DecodedEntry::id).collect();
    for (entry, id) in entries.iter().zip(&ids) {
        parts.extend([id.as_bytes().as_slice(), entry.signature()]);
    }
    // The id is a hash of the header, which holds the key.
    ChaCha20Rng::from_seed(digest(Tag::BATCH, &parts))
}

/// Marks the valid items. A batch that fails is halved until the culprits
/// stand alone.
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
