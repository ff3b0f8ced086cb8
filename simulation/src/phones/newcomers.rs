//! People who come to a group in which nobody writes: they must read everything.

use std::collections::BTreeSet;
use std::io::Cursor;
use std::sync::atomic::Ordering;

use ledger_core::bundle::Summary;
use ledger_core::engine::Payload;
use ledger_core::seal::Topic;
use ledger_model::sim::arrival::violation;
use ledger_store::{Imported, Since, StoreError};

use super::check::NOTHING_LOST;
use super::phone::go_on;
use super::play::{Play, STEPS, StepResult};

impl Play {
    /// A person joins by one of these phones, and gets a bundle of each of them.
    pub(super) fn newcomer(&mut self, inside: &[usize]) -> StepResult {
        let Some(at) = self.rng.pick(inside) else { return Ok(None) };
        self.join(at)?;
        let new = self.phones.len().saturating_sub(1);
        for from in [at, self.rng.pick(inside).unwrap_or(at)] {
            // The others learn of the person by a bundle of the inviter's.
            let bundle = self.phones.get_mut(at).ok_or(StoreError::UnknownRequest)?;
            let (bundle, ..) = bundle.export(Since::Beginning)?;
            self.phone(from)?.import(&bundle)?;
            let mut report = self.read_all(from, new)?;
            if self.may_wait(from, &report)? {
                self.clock.fetch_add(DAY_MS, Ordering::Relaxed);
                self.tally.add(STEPS, "newcomer who waits for a day", 1);
                report = self.read_all(from, new)?;
            }
            let (phone, newcomer) = (self.phone(from)?, self.phone(new)?);
            let same = newcomer.digest()? == phone.digest()?
                && newcomer.group.agreed_heads()? == phone.group.agreed_heads()?;
            if !same || !has_everything(&report) {
                let detail = format!("a newcomer does not read everything: {report:?}");
                return Ok(violation(NOTHING_LOST, detail));
            }
        }
        self.tally.add(STEPS, "newcomer at a quiet point", 1);
        Ok(None)
    }

    /// Imports a bundle of everything that a phone has.
    fn read_all(&mut self, from: usize, to: usize) -> Result<Imported, StoreError> {
        let phone = self.phones.get_mut(from).ok_or(StoreError::UnknownRequest)?;
        let (bundle, ..) = phone.export(Since::Beginning)?;
        self.phone(to)?.import(&bundle)
    }

    /// Whether keys are lacking, and all of them are of no epoch entry that the exporting phone
    /// holds. What came to it under such a key stays under the key for a day (SPEC §11.2).
    fn may_wait(&self, from: usize, report: &Imported) -> Result<bool, StoreError> {
        let entries = self.phone(from)?.entries()?;
        let named = entries.iter().filter_map(|entry| match entry.decoded().payload() {
            Payload::Epoch(epoch) => Some(epoch.topic()),
            _ => None,
        });
        let named: BTreeSet<Topic> = named.collect();
        Ok(!report.unknown_topics.is_empty() && report.unknown_topics.is_disjoint(&named))
    }

    /// A person who lost everything but the phrase reads a bundle of one of these phones.
    pub(super) fn phrase(&mut self, inside: &[usize]) -> StepResult {
        let (Some(lost), Some(from)) = (self.rng.pick(inside), self.rng.pick(inside)) else {
            return Ok(None);
        };
        // A phone that records only has no phrase.
        let Ok(words) = self.phone(lost)?.store.recovery().reveal_phrase() else { return Ok(None) };
        let store = self.database()?;
        store.recovery().restore_phrase(&words)?;
        let phone = self.phones.get_mut(from).ok_or(StoreError::UnknownRequest)?;
        let (bundle, ..) = phone.export(Since::Beginning)?;
        let (group, report) =
            match store.recovery().restore_group(&mut Cursor::new(&bundle), &mut go_on) {
                Ok(restored) => restored,
                Err(error) => {
                    return Ok(violation(NOTHING_LOST, format!("a phrase reads nothing: {error}")));
                }
            };
        let same = group.ledger()?.state().digest() == self.phone(from)?.digest()?;
        if !same || !has_everything(&report) {
            let detail = format!("a phrase does not read everything: {report:?}");
            return Ok(violation(NOTHING_LOST, detail));
        }
        self.tally.add(STEPS, "phrase at a quiet point", 1);
        Ok(None)
    }

    /// Phones that hold the same exchange nothing more: no phone begins an epoch, and a bundle by
    /// summary holds no entry, but for such as the receiver leaves out again.
    pub(super) fn stillness(&mut self, inside: &[usize]) -> StepResult {
        let Some(first) = inside.first().copied() else { return Ok(None) };
        let group = self.phone(first)?.group.id();
        for from in inside {
            let held = self.phone(*from)?.ids()?.len();
            let summary = self.phone(first)?.group.bundles().summary()?.to_bytes();
            let Ok(known) = Summary::from_bytes(group, &summary) else {
                return Ok(violation("a summary reads back", String::new()));
            };
            let phone = self.phones.get_mut(*from).ok_or(StoreError::UnknownRequest)?;
            let (bundle, exported, _) = phone.export(Since::Known(&known))?;
            let entries = exported.entries;
            let has_begun = phone.ids()?.len() != held;
            let forked = self.phone(*from)?.shared_forked_entries(self.phone(first)?)?;
            let small = entries == 0 || self.is_left_out_again(first, &bundle, forked)?;
            if has_begun || !small {
                let detail = format!("{entries} entries for a phone that has everything");
                return Ok(violation(SMALL_DELTAS, detail));
            }
        }
        Ok(None)
    }

    /// Whether a phone takes nothing out of a bundle, and has none of it but entries of chains that
    /// forked: it holds idle entries for which there is no room here (SPEC §5.3), and what waits behind
    /// them.
    fn is_left_out_again(
        &mut self,
        at: usize,
        bundle: &[u8],
        forked: usize,
    ) -> Result<bool, StoreError> {
        let phone = self.phone(at)?;
        let report = phone.import(bundle)?;
        let is_idle = report.left_out > 0 || phone.group.waiting()?.total > 0;
        self.tally.add(STEPS, "idle entries offered again", usize::from(is_idle));
        let again = usize::try_from(report.duplicates).unwrap_or(usize::MAX);
        Ok(is_idle && report.added == 0 && again <= forked)
    }
}

/// A day of the clock that all phones share.
const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// Whether an import brought everything but what a device may leave out.
fn has_everything(report: &Imported) -> bool {
    let left_out = usize::try_from(report.left_out).unwrap_or(usize::MAX);
    let mut rest = report.clone();
    rest.missing.clear();
    rest.is_complete() && report.missing.len() <= left_out
}

/// A bundle by summary holds what the receiver lacks, and nothing else.
pub(super) const SMALL_DELTAS: &str = "deltas are small";
