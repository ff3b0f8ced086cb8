//! From stored bytes to balances, one step per stage of `ledger-core`.

use ledger_core::engine::{
    Admission, DecodedEntry, Ledger, MemoryIndex, VerifiedEntry, verify_batch,
};
use ledger_core::hazmat;

use crate::Error;

/// An entry as a store keeps it: header and payload, and the signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Header and payload.
    pub bytes: Vec<u8>,
    /// The signature over the id of the entry.
    pub signature: [u8; 64],
}

/// Decodes the entries.
///
/// # Errors
/// The first entry that breaks a rule.
pub fn decode(entries: &[Stored]) -> Result<Vec<DecodedEntry>, Error> {
    let decode = |entry: &Stored| Ok(DecodedEntry::decode(&entry.bytes, &entry.signature)?);
    entries.iter().map(decode).collect()
}

/// Checks all signatures in one batch.
///
/// # Errors
/// The first entry whose signature is not valid.
pub fn verify(entries: Vec<DecodedEntry>) -> Result<Vec<VerifiedEntry>, Error> {
    // Real callers pass fresh random bytes; a bench must repeat itself.
    verify_batch(entries, &[7; 32]).into_iter().map(|entry| Ok(entry?)).collect()
}

/// Trusts the entries without checking signatures, as a store does for entries that it verified
/// when they came in.
#[must_use]
pub fn trust(entries: Vec<DecodedEntry>) -> Vec<VerifiedEntry> {
    entries.into_iter().map(hazmat::trust_stored).collect()
}

/// Admits and replays the entries, genesis first, on an index in memory.
///
/// # Errors
/// If an entry is not admitted; in a generated ledger all are.
pub fn replay(entries: Vec<VerifiedEntry>) -> Result<Ledger, Error> {
    let mut entries = entries.into_iter();
    let genesis = entries.next().ok_or("no genesis entry")?;
    let mut index = MemoryIndex::new();
    let mut ledger = Ledger::begin(&genesis, &mut index)?;
    for entry in entries {
        match ledger.admit(entry, &index)? {
            Admission::Admitted(entry) => {
                let replayed = ledger.replay(&entry, &index)?;
                index.insert(&entry, &replayed);
            }
            other => return Err(format!("not admitted: {other:?}").into()),
        }
    }
    Ok(ledger)
}
