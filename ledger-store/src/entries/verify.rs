//! Verification of signatures on several threads.

use std::sync::{Mutex, PoisonError};
use std::thread;

use ledger_core::Refusal;
use ledger_core::engine::{DecodedEntry, VerifiedEntry, verify_batch};

/// Entries that a thread verifies at once. It takes about as long as a person notices on a slow
/// phone, and a batch of twice the size is hardly cheaper.
const PART: usize = 256;

/// Entries that one call should get, so that each thread has one part and the caller can look
/// between two calls whether it was cancelled.
pub(crate) fn verify_step(threads: usize) -> usize {
    PART.saturating_mul(threads.max(1))
}

/// Checks signatures on up to `threads` threads, the caller's included, as [`verify_batch`] does
/// on one. The results keep the order of the entries.
///
/// A part shares its coefficients with no other: `verify_batch` derives them from the part's
/// signatures, too.
pub(crate) fn verify_on(
    threads: usize,
    mut entries: Vec<DecodedEntry>,
    seed: &[u8; 32],
) -> Vec<Result<VerifiedEntry, Refusal>> {
    // Less than this a thread would not be worth its start.
    let size = entries.len().div_ceil(threads.max(1)).clamp(PART / 4, PART);
    if entries.len() <= size {
        return verify_batch(entries, seed);
    }
    let mut parts = Vec::with_capacity(entries.len().div_ceil(size));
    while !entries.is_empty() {
        let rest = entries.split_off(size.min(entries.len()));
        parts.push(std::mem::replace(&mut entries, rest));
    }
    let results: Vec<Mutex<Vec<_>>> = parts.iter().map(|_| Mutex::default()).collect();
    let jobs = Mutex::new(parts.into_iter().zip(&results));
    let work = || {
        loop {
            let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some((part, result)) = job else { break };
            let verified = verify_batch(part, seed);
            *result.lock().unwrap_or_else(PoisonError::into_inner) = verified;
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads.min(results.len()) {
            // Where the system gives no thread, the others do its part.
            let _ = thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
    results
        .into_iter()
        .flat_map(|result| result.into_inner().unwrap_or_else(PoisonError::into_inner))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{NewEntry, StoreOptions};

    #[test]
    fn threads_change_neither_results_nor_their_order() {
        let store = StoreOptions::new().in_memory().unwrap();
        let group = store.create_group("Flat", "Anna").unwrap();
        let guest = |n: u32| NewEntry::Placeholder { name: format!("Guest {n}") };
        group.entries().append((0..150).map(guest).collect()).unwrap();
        let mut entries: Vec<DecodedEntry> = Vec::new();
        for (n, row) in group.lists().activity(None, 1_000).unwrap().into_iter().enumerate() {
            let entry = row.entry.decoded();
            let mut signature = *entry.signature();
            signature[0] ^= u8::from(n % 40 == 7);
            entries.push(DecodedEntry::decode(entry.as_bytes(), &signature).unwrap());
        }
        let expected = verify_batch(entries.clone(), &[1; 32]);
        assert_eq!(expected.iter().filter(|result| result.is_err()).count(), 4);
        for threads in [0, 1, 2, 3, 8] {
            assert_eq!(verify_on(threads, entries.clone(), &[1; 32]), expected);
        }
        assert!(verify_on(2, Vec::new(), &[1; 32]).is_empty());
    }
}
